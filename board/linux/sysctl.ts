// Kernel switches under /proc/sys, read and written on the calling thread: an asynchronous write would happen on a pool thread,
// which may stand in another network namespace.

import { readFileSync, writeFileSync } from 'node:fs';

import { codeOf, textOf } from './failure.ts';

/** The value of a switch, 'net/ipv4/ip_forward' for one; undefined where the kernel has none of that name. */
export function readSwitch(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, 'latin1').trim();
  } catch {
    return undefined;
  }
}

/** Returns the sentence why it could not be set. */
export function writeSwitch(name: string, value: string): string | undefined {
  try {
    writeFileSync(`/proc/sys/${name}`, value);
    return undefined;
  } catch (error) {
    if (codeOf(error) === 'EROFS') return `/proc/sys is read-only here, so ${name} stays as it is`;
    if (codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM') return `This user may not set ${name} (CAP_NET_ADMIN is needed)`;
    return `${name} cannot be set: ${textOf(error)}`;
  }
}

// What a test needs of the machine. A test whose needs are not met skips and says why; in CI as root it fails instead.

import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'uvu';

/** 'root', 'tun' (a /dev/net/tun that opens), 'netns' (iproute2 and the right to make namespaces), or the name of a command. */
export type Need = 'root' | 'tun' | 'netns' | (string & {});

const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

/** Whether a command can be found, also in the system folders that a plain user's PATH leaves out. */
export function hasCommand(name: string): boolean {
  return PATH.split(':').some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function unmet(need: Need): string | undefined {
  if (need === 'root') return process.getuid?.() === 0 ? undefined : 'needs root';
  if (need === 'tun') {
    try {
      accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
      return undefined;
    } catch {
      return 'needs /dev/net/tun';
    }
  }
  if (need === 'netns') {
    if (!hasCommand('ip')) return 'needs the command ip (iproute2)';
    const made = Bun.spawnSync(['unshare', '-n', 'true']);
    return made.exitCode === 0 ? undefined : 'needs the right to make network namespaces';
  }
  return hasCommand(need) ? undefined : `needs the command ${need}`;
}

/** The first need that this machine does not meet, in words; undefined where all are met. */
export function missing(...needs: Need[]): string | undefined {
  for (const need of needs) {
    const reason = unmet(need);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Adds a test that runs only where `needs` are met. */
export function when(needs: readonly Need[], test: Test, name: string, body: () => void | Promise<void>): void {
  const reason = missing(...needs);
  if (reason === undefined) {
    test(name, body);
    return;
  }
  console.log(`SKIP ${name}: ${reason}`);
  if (process.env['CI'] === 'true' && process.getuid?.() === 0) {
    test(name, () => {
      throw new Error(`must not skip in CI: ${reason}`);
    });
  } else test.skip(name);
}

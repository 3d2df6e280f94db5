// What hashi changed in the kernel and must put back. The changes that carry no mark of their own in the kernel are written down,
// so that the next start finds them after a crash.

import { mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { C, pinned } from './ffi/libc.ts';
import { AF, SOCK } from './ffi/socket.ts';

/** The values before hashi changed them. */
export interface Before {
  forwarding?: string;
  /** ICMP redirects of all devices. */
  redirects?: string;
  /** Administrative state of devices. */
  links: Record<string, boolean>;
}

/** Which kernel, and which network namespace of it, a record speaks of: neither switches nor links survive a restart. */
function place(): string {
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${readlinkSync('/proc/thread-self/ns/net')}`;
}

/** The record file; `path` undefined keeps it in memory only. */
export class Traces {
  readonly #path: string | undefined;
  readonly #place = place();
  #before: Before = { links: {} };

  constructor(path: string | undefined) {
    this.#path = path;
  }

  get before(): Readonly<Before> {
    return this.#before;
  }

  /** What a crashed run noted in this same place; the record itself starts empty. */
  leftover(): Before | undefined {
    if (this.#path === undefined) return undefined;
    try {
      const noted: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      if (typeof noted !== 'object' || noted === null || !('place' in noted) || noted.place !== this.#place || !('before' in noted)) return undefined;
      return readBefore(noted.before);
    } catch {
      // No record, or one that a cut left unreadable: nothing is known, so nothing is put back.
      return undefined;
    }
  }

  noteForwarding(value: string): void {
    if (this.#before.forwarding !== undefined) return;
    this.#before.forwarding = value;
    this.#save();
  }

  noteRedirects(value: string): void {
    if (this.#before.redirects !== undefined) return;
    this.#before.redirects = value;
    this.#save();
  }

  noteLink(device: string, admin: boolean): void {
    if (this.#before.links[device] !== undefined) return;
    this.#before.links[device] = admin;
    this.#save();
  }

  /** Everything has been put back. */
  clear(): void {
    this.#before = { links: {} };
    if (this.#path !== undefined) rmSync(this.#path, { force: true });
  }

  #save(): void {
    if (this.#path === undefined) return;
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      writeFileSync(this.#path, JSON.stringify({ place: this.#place, before: this.#before }), { mode: 0o600 });
    } catch {
      // A read-only flash: an orderly end still puts everything back from memory.
    }
  }
}

function readBefore(noted: unknown): Before {
  const before: Before = { links: {} };
  if (typeof noted !== 'object' || noted === null) return before;
  if ('forwarding' in noted && typeof noted.forwarding === 'string') before.forwarding = noted.forwarding;
  if ('redirects' in noted && typeof noted.redirects === 'string') before.redirects = noted.redirects;
  if ('links' in noted && typeof noted.links === 'object' && noted.links !== null) {
    for (const [device, admin] of Object.entries(noted.links)) if (typeof admin === 'boolean') before.links[device] = admin;
  }
  return before;
}

/**
 * A name that exists once per network namespace and goes with the process: an abstract unix socket. Undefined where another hashi
 * holds it, whose routes and addresses must then be left alone. `close` gives the name back.
 */
export function claimNamespace(): { close(): void } | undefined {
  const fd = C.socket(AF.UNIX, SOCK.DGRAM | SOCK.CLOEXEC, 0);
  const name = new TextEncoder().encode('\0hashi');
  const at = pinned(2 + name.length);
  at.view.setUint16(0, AF.UNIX, true);
  at.bytes.set(name, 2);
  if (C.bind(fd, at.at, 2 + name.length) === 0) return { close: () => void C.close(fd) };
  C.close(fd);
  return undefined;
}

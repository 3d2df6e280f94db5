// DHCP clients of ports by busybox udhcpc. It sets nothing: its script prints what it learned, and hashi hears its output.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ANY_IPV4, type Ipv4, lengthOf, maskOf, parseIpv4 } from '../../firmware/bytes/ip.ts';
import type { Millis } from '../../firmware/bytes/time.ts';
import type { Refusal } from '../../firmware/hal/dataplane.ts';
import type { DhcpAsking, DhcpClients, DhcpEvents, DhcpLease } from '../../firmware/hal/dhcp.ts';
import { Kept, PATH, endLeftover, prepare } from './child.ts';
import { textOf } from './failure.ts';

/**
 * The file for each event that udhcpc reports. It runs `sh EVENT` in their folder, which needs neither an executable file system nor a mode:
 * flash may be mounted without either. $0 is the event; everything that a server names is held to the letters of addresses and domains.
 */
const SCRIPT = `printf 'lease\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\n' "$0" "\${ip:--}" "\${subnet:--}" "\${router:--}" "\${dns:--}" "\${serverid:--}" "\${lease:--}" "\${domain%%[!A-Za-z0-9._-]*}"\n`;
const EVENTS = ['deconfig', 'bound', 'renew', 'nak', 'leasefail'] as const;
/** Questions of one try, seconds between them, and between tries. */
const TIMES = ['-t', '3', '-T', '3', '-A', '10'] as const;
const NO_UDHCPC = 'This machine has no udhcpc (Debian: package busybox), which asks DHCP servers for addresses';
/** A lease of all ones never ends (RFC 2131 3.3). */
const FOREVER = 0xffffffff;

export interface UdhcpcOptions {
  /** The operator's port names and the kernel's devices. */
  readonly ports: ReadonlyMap<string, string>;
  /** Of this router alone. */
  readonly folder: string;
  now(): Millis;
  /** How the program is called, where it is not to be looked for; empty = it is not there. */
  readonly command?: readonly string[];
}

export class UdhcpcClients implements DhcpClients {
  readonly #options: UdhcpcOptions;
  readonly #running = new Set<Kept>();
  readonly #ending = new Set<Promise<void>>();
  #ready = false;

  constructor(options: UdhcpcOptions) {
    this.#options = options;
    removeLeftovers(options.folder);
  }

  get missing(): string | undefined {
    return this.#command === undefined ? NO_UDHCPC : undefined;
  }

  ask(name: string, hostName: string, events: DhcpEvents): DhcpAsking | Refusal {
    const { ports, folder, now } = this.#options;
    const command = this.#command;
    const device = ports.get(name);
    if (command === undefined) return { refused: NO_UDHCPC };
    if (device === undefined) return { refused: `There is no port ${name}` };
    const failure = this.#prepare();
    if (failure !== undefined) return { refused: failure };
    const host = /^[A-Za-z0-9._-]{1,63}$/.test(hostName) ? ['-x', `hostname:${hostName}`] : [];
    const words = [...command, '-f', '-R', '-i', device, '-p', join(folder, `${name}.pid`), '-s', '/bin/sh', ...TIMES, ...host];
    const kept = new Kept(words, folder, {
      line: (text) => tell(text, events, now()),
      down: (why) => {
        events.failed(why, now());
        events.unbound(now());
      },
    });
    this.#running.add(kept);
    return {
      renew: () => kept.renew(),
      stop: () => {
        if (this.#running.delete(kept)) this.#end(kept);
      },
    };
  }

  /** Ends all of them. */
  async close(): Promise<void> {
    for (const kept of this.#running) this.#end(kept);
    this.#running.clear();
    await Promise.all(this.#ending);
  }

  #end(kept: Kept): void {
    const over = kept.stop().then(() => void this.#ending.delete(over));
    this.#ending.add(over);
  }

  get #command(): readonly string[] | undefined {
    const { command } = this.#options;
    if (command !== undefined) return command.length === 0 ? undefined : command;
    const alone = Bun.which('udhcpc', { PATH });
    if (alone !== null) return [alone];
    const busybox = Bun.which('busybox', { PATH });
    return busybox === null ? undefined : [busybox, 'udhcpc'];
  }

  #prepare(): string | undefined {
    if (this.#ready) return undefined;
    const { folder } = this.#options;
    try {
      prepare(folder);
      for (const event of EVENTS) writeFileSync(join(folder, event), SCRIPT, { mode: 0o600 });
    } catch (error) {
      return `The script of udhcpc cannot be written: ${textOf(error)}`;
    }
    this.#ready = true;
    return undefined;
  }
}

function removeLeftovers(folder: string): void {
  let files: string[];
  try {
    files = readdirSync(folder);
  } catch {
    return;
  }
  for (const file of files) if (file.endsWith('.pid')) endLeftover(join(folder, file), folder);
}

const addresses = (text: string | undefined): Ipv4[] => (text ?? '').split(' ').map(parseIpv4).filter((one) => one !== undefined);

/** The lease in a line of the script; undefined where it names no address. */
export function readLease(line: string): DhcpLease | undefined {
  const [, , ip, subnet, router, dns, server, seconds, domain] = line.split('\t');
  const address = parseIpv4(ip ?? '');
  if (address === undefined) return undefined;
  const mask = parseIpv4(subnet ?? '');
  const span = /^\d{1,10}$/.test(seconds ?? '') ? Number(seconds) : 0;
  return {
    address,
    length: lengthOf(mask ?? maskOf(32)) ?? 32,
    routers: addresses(router),
    dns: addresses(dns),
    domain: domain ?? '',
    server: parseIpv4(server ?? '') ?? ANY_IPV4,
    seconds: span === FOREVER ? Infinity : span,
  };
}

function tell(line: string, events: DhcpEvents, now: Millis): void {
  // What udhcpc itself says begins with its name.
  if (!line.startsWith('lease\t')) return;
  const [, event] = line.split('\t');
  if (event === 'bound' || event === 'renew') {
    const lease = readLease(line);
    if (lease !== undefined) events.bound(lease, now);
  } else if (event === 'deconfig') events.unbound(now);
  else if (event === 'leasefail') events.unanswered(now);
}

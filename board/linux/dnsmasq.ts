// DHCP server and DNS relay by one dnsmasq, which reads nothing of the host's own configuration and serves only the interfaces it is told.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { NameServices, ServedLease, ServicesConfig } from '../../firmware/hal/dhcp.ts';
import { Child, type ChildEvents, PATH, endLeftover, prepare } from './child.ts';
import { LEASES, PID, type Surroundings, readLeases, renderServices } from './dnsmasq.text.ts';
import { textOf } from './failure.ts';

const NO_DNSMASQ = 'This machine has no dnsmasq (Debian: package dnsmasq-base), which serves DHCP and relays DNS';
const CONFIG = 'dnsmasq.conf';
/** It says that it has started within milliseconds. */
const START_MS = 5000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

export interface DnsmasqOptions {
  /** The operator's port names and the kernel's devices. */
  readonly ports: ReadonlyMap<string, string>;
  /** Of this router alone; leases are kept in it. */
  readonly folder: string;
  /** The command, where it is not to be looked for; '' = it is not there. */
  readonly command?: string;
}

type Done = (failure?: string) => void;

export class DnsmasqServices implements NameServices {
  onTrouble: (why: string | undefined) => void = () => {};
  readonly #options: DnsmasqOptions;
  #config: ServicesConfig | undefined;
  #child: Child | undefined;
  /** The replacement under way; later ones wait for it. */
  #turn: Promise<void> = Promise.resolve();
  /** Rises with every replacement: what belongs to an earlier one is over. */
  #generation = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pause = FIRST_PAUSE_MS;

  constructor(options: DnsmasqOptions) {
    this.#options = options;
    endLeftover(join(options.folder, PID), options.folder);
  }

  get missing(): string | undefined {
    return this.#command === undefined ? NO_DNSMASQ : undefined;
  }

  apply(wanted: ServicesConfig | undefined, done: Done): void {
    // Told of no interface dnsmasq would serve them all.
    const config = wanted?.interfaces.length === 0 ? undefined : wanted;
    const generation = ++this.#generation;
    clearTimeout(this.#timer);
    this.#config = config;
    this.#pause = FIRST_PAUSE_MS;
    this.#turn = this.#turn.then(async () => {
      await this.#child?.stop();
      this.#child = undefined;
      if (config === undefined) return done();
      if (generation !== this.#generation) return done('Another configuration took its place');
      done(await this.#start(config, generation));
    });
  }

  leases(): readonly ServedLease[] {
    try {
      return readLeases(readFileSync(join(this.#options.folder, LEASES), 'latin1'), Date.now() / 1000);
    } catch {
      // It has given none yet.
      return [];
    }
  }

  /** Ends it; leases stay. */
  async close(): Promise<void> {
    this.apply(undefined, () => {});
    await this.#turn;
  }

  get #command(): string | undefined {
    const { command } = this.#options;
    if (command !== undefined) return command === '' ? undefined : command;
    return Bun.which('dnsmasq', { PATH }) ?? undefined;
  }

  /** Settled with nothing once it serves, else with why it does not. */
  #start(config: ServicesConfig, generation: number): Promise<string | undefined> {
    const command = this.#command;
    if (command === undefined) return Promise.resolve(NO_DNSMASQ);
    const { folder, ports } = this.#options;
    const file = join(folder, CONFIG);
    try {
      prepare(folder);
      writeFileSync(file, renderServices(config, { device: (name) => ports.get(name) ?? name, folder, user: whoToBe() }), { mode: 0o600 });
    } catch (error) {
      return Promise.resolve(`The configuration of dnsmasq cannot be written: ${textOf(error)}`);
    }
    return new Promise((settle) => {
      let last = '';
      let serves = false;
      const events: ChildEvents = {
        line: (text) => {
          if (/\bstarted, version\b/.test(text)) {
            serves = true;
            settle(undefined);
          } else if (!serves) last = text;
        },
        ended: (why) => {
          const reason = last === '' ? `dnsmasq: ${why}` : last.trim();
          settle(reason);
          if (generation !== this.#generation) return;
          this.#child = undefined;
          this.#again(generation, serves ? `dnsmasq: ${why}` : undefined);
        },
      };
      try {
        this.#child = new Child([command, '-k', `--conf-file=${file}`], folder, events);
      } catch (error) {
        settle(`dnsmasq cannot be started: ${textOf(error)}`);
      }
      setTimeout(() => settle('dnsmasq did not start in time'), START_MS).unref();
    });
  }

  /** After a pause that grows. `trouble`: why one that served has ended. */
  #again(generation: number, trouble: string | undefined): void {
    if (trouble !== undefined) this.onTrouble(trouble);
    this.#timer = setTimeout(() => {
      this.#turn = this.#turn.then(async () => {
        const config = this.#config;
        if (generation !== this.#generation || config === undefined || this.#child !== undefined) return;
        const failure = await this.#start(config, generation);
        if (failure === undefined && generation === this.#generation) {
          this.#pause = FIRST_PAUSE_MS;
          this.onTrouble(undefined);
        }
      });
    }, this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }
}

/** CAP_SETGID and CAP_SETUID (capabilities(7)) as bits of /proc/self/status. */
const MAY_CHANGE = (1n << 6n) | (1n << 7n);

/** A user without rights, where this process is root and may become one: not inside a user namespace that holds root alone. */
function whoToBe(): Surroundings['user'] {
  try {
    const [, effective = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
    if (process.getuid?.() !== 0 || (BigInt(`0x${effective}`) & MAY_CHANGE) !== MAY_CHANGE) return undefined;
    const passwd = readFileSync('/etc/passwd', 'latin1').split('\n').map((line) => line.split(':'));
    const found = passwd.find(([name]) => name === 'nobody');
    const [name = '', , uid = '', gid = ''] = found ?? [];
    if (found === undefined || !isMapped('/proc/self/uid_map', Number(uid)) || !isMapped('/proc/self/gid_map', Number(gid))) return undefined;
    const group = readFileSync('/etc/group', 'latin1').split('\n').map((line) => line.split(':')).find(([, , id]) => id === gid)?.[0];
    return { name, group };
  } catch {
    // A system without user table has nobody to become.
    return undefined;
  }
}

const isMapped = (file: string, id: number): boolean =>
  readFileSync(file, 'latin1').trim().split('\n').some((line) => {
    const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
    return id >= first && id < first + count;
  });

// The IP module and its commands on a fake kernel in virtual time.

import { type Alarm, type Millis, TimerQueue } from '../../../firmware/bytes/time.ts';
import type { Clock } from '../../../firmware/hal/clock.ts';
import type { IcmpAnswer } from '../../../firmware/hal/io.ts';
import type { Ipv4 } from '../../../firmware/bytes/ip.ts';
import type { Context, Outcome } from '../../../firmware/cli/command.ts';
import { printMessage, type Message } from '../../../firmware/cli/messages.ts';
import { CommandTable } from '../../../firmware/cli/table.ts';
import { ipCommands } from '../../../firmware/ip/ip.commands.ts';
import { ipConfig } from '../../../firmware/ip/ip.config.ts';
import { IpModule } from '../../../firmware/ip/module.ts';
import { Probes } from '../../../firmware/ip/probes.ts';
import type { LogEvent } from '../../../firmware/log/log.ts';
import { FakeHost, ip4 } from './fakehost.ts';

export class VirtualClock implements Clock {
  readonly #queue = new TimerQueue();
  #now: Millis = 0;

  now(): Millis {
    return this.#now;
  }

  at(at: Millis, task: (now: Millis) => void): Alarm {
    return this.#queue.set(Math.max(at, this.#now), task);
  }

  /** Lets time pass to `until`; every alarm runs at its own time. */
  run(until: Millis): void {
    for (let due = this.#queue.deadline(); due <= until; due = this.#queue.deadline()) {
      this.#now = Math.max(this.#now, due);
      this.#queue.run(this.#now);
    }
    this.#now = Math.max(this.#now, until);
  }

  get waiting(): number {
    return this.#queue.size;
  }
}

/** A module with ports eth0 and eth1 and PPP interfaces ppp0 and ppp1; ppp1 dials on demand. */
export class IpRig {
  readonly clock = new VirtualClock();
  readonly host = new FakeHost();
  readonly log: LogEvent[] = [];
  readonly changed: string[] = [];
  readonly demand = new Set(['ppp1']);
  readonly ports = new Set(['eth0', 'eth1', 'ppp0', 'ppp1']);
  readonly outer = new Set<Ipv4>();
  readonly printed: string[] = [];
  /** Probes sent and not answered; `sockets` open. */
  readonly sent: { to: Ipv4; message: Uint8Array; source: Ipv4; ttl: number; tos: number }[] = [];
  sockets = 0;
  onAnswer: (answer: IcmpAnswer, now: Millis) => void = () => {};
  refuseRaw: string | undefined;
  refuseSend: string | undefined;
  readonly names = new Map<string, readonly Ipv4[]>();
  readonly ip: IpModule;
  readonly probes: Probes;
  readonly table: CommandTable;

  constructor() {
    for (const name of this.ports) this.host.plug(name);
    this.ip = new IpModule({
      host: this.host,
      clock: this.clock,
      log: { add: (event) => this.log.push(event) },
      owner: {
        exists: (name) => this.ports.has(name),
        onDemand: (name) => this.demand.has(name),
        underlies: (_name, address) => this.outer.has(address),
        changed: (name) => this.changed.push(name),
      },
    });
    this.host.onLink = (name) => this.ip.onLink(name);
    this.probes = new Probes({
      raw: {
        open: (onAnswer) => {
          if (this.refuseRaw !== undefined) return { refused: this.refuseRaw };
          this.sockets++;
          this.onAnswer = onAnswer;
          return {
            send: (to, message, options) => {
              if (this.refuseSend !== undefined) return { refused: this.refuseSend };
              this.sent.push({ to, message, ...options });
              return undefined;
            },
            close: () => this.sockets--,
          };
        },
      },
      clock: this.clock,
      random: { bytes: (count) => new Uint8Array(count).fill(7) },
      resolver: {
        resolve: (name, done) => {
          this.clock.at(this.clock.now() + 10, (now) => done(this.names.get(name) ?? { refused: `${name} has no address` }, now));
        },
      },
      sourceAddress: (explicit) => this.ip.sourceAddress(explicit),
      routedSource: (target) => this.ip.routedSource(target),
    });
    this.table = new CommandTable(ipCommands(this.ip, this.probes));
  }

  context(kind: Context['kind'] = 'console'): Context {
    return { user: 'manager', level: 'manager', from: 'asyn0', now: this.clock.now(), kind, print: (text) => this.printed.push(text), ask: () => {}, logoff: () => {} };
  }

  outcome(line: string, kind: Context['kind'] = 'console'): Outcome | undefined {
    return this.table.run(line, this.context(kind));
  }

  /** What the console prints for a line. */
  run(line: string): string {
    const outcome = this.outcome(line);
    if (outcome === undefined || outcome === 'silent') return '';
    if ('pending' in outcome) throw new Error(`${line} is pending`);
    return 'text' in outcome && !('severity' in outcome) ? outcome.text : printMessage(outcome as Message);
  }

  runAll(...lines: string[]): string[] {
    return lines.map((line) => this.run(line));
  }

  config(): readonly string[] {
    return ipConfig(this.ip, this.probes).flatMap((section) => section.lines);
  }

  /** An ICMP message that answers the last probe. */
  answer(from: string, type: number, rest: Uint8Array, code = 0): void {
    this.onAnswer({ from: ip4(from), type, code, rest }, this.clock.now());
  }

  /** The echo reply to the last request. */
  reply(from: string): void {
    this.answer(from, 0, this.sent.at(-1)?.message.slice(4) ?? new Uint8Array(0));
  }
}

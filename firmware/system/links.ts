// SHOW INTERFACE (layout after AlliedWare): ports and ppp interfaces, their state and their counters.

import type { Millis } from '../bytes/time.ts';
import type { Clock } from '../hal/clock.ts';
import type { IpHost, LinkState } from '../hal/iphost.ts';
import { formatSpan } from '../log/calendar.ts';

interface Change {
  readonly up: boolean;
  /** Since start. */
  readonly at: Millis;
  readonly index: number;
}

/** ifIndex of ppp0, and how many ppp interfaces there may be. */
const FIRST_PPP = 4;
const PPPS = 512;

const upDown = (up: boolean): string => (up ? 'Up' : 'Down');

/** Remembers when each interface changed and numbers them in the order in which they came. */
export class Links {
  readonly #host: Pick<IpHost, 'links' | 'hardware'>;
  readonly #clock: Clock;
  readonly #started: Millis;
  readonly #changes = new Map<string, Change>();
  #ports = 0;

  constructor(host: Pick<IpHost, 'links' | 'hardware'>, clock: Clock) {
    this.#host = host;
    this.#clock = clock;
    this.#started = clock.now();
    this.note();
  }

  /** Looks at all links; the appliance calls it when one has changed. */
  note(): void {
    const at = this.#clock.now() - this.#started;
    for (const link of this.#host.links()) {
      const old = this.#changes.get(link.name);
      if (old !== undefined && old.up === link.up) continue;
      this.#changes.set(link.name, { up: link.up, at, index: old?.index ?? this.#index(link.name) });
    }
  }

  /** Ports first, in the order in which they came; ppp interfaces as SHOW PPP numbers them. */
  #index(name: string): number {
    const ppp = /^ppp(\d+)$/.exec(name);
    if (ppp !== null) return Number(ppp[1]) + FIRST_PPP;
    this.#ports++;
    return this.#ports < FIRST_PPP ? this.#ports : this.#ports + PPPS;
  }

  get(name: string): LinkState | undefined {
    return this.#host.links().find((link) => link.name.toLowerCase() === name.toLowerCase());
  }

  show(): string {
    this.note();
    const rule = '-'.repeat(78);
    const rows = this.#host.links().map((link) => {
      const change = this.#changes.get(link.name);
      const operating = link.present ? upDown(link.up) : 'Not present';
      return `${String(change?.index ?? 0).padStart(7)} ${link.name.padEnd(14)}${upDown(link.admin).padEnd(17)}${operating.padEnd(17)}${formatSpan(change?.at ?? 0)}`;
    });
    return [
      `Interfaces                              sysUpTime:           ${formatSpan(this.#clock.now() - this.#started)}`,
      '',
      'DynamicLinkTraps......Disabled',
      'TrapLimit.............20',
      '',
      'Number of unencrypted PPP/FR links.....0',
      '',
      'ifIndex Interface     ifAdminStatus   ifOperStatus     ifLastChange',
      rule,
      ...rows,
      rule,
    ].join('\n');
  }

  /** Packets and errors of all interfaces. */
  showCounters(): string {
    const rule = '-'.repeat(78);
    const rows = this.#host.links().map((l) => `${l.name.padEnd(10)}${[l.inPackets, l.inBytes, l.inErrors, l.outPackets, l.outBytes, l.outErrors].map((n) => String(n).padStart(11)).join('')}`);
    return [`Interface ${['In Pkts', 'In Octets', 'In Errors', 'Out Pkts', 'Out Octets', 'Out Errors'].map((label) => label.padStart(11)).join('')}`, rule, ...rows, rule].join('\n');
  }

  /** One interface with its counters. */
  showOne(link: LinkState): string {
    this.note();
    const change = this.#changes.get(link.name);
    const row = (label: string, value: string | number): string => `  ${label.padEnd(30, '.')} ${value}`;
    const { driver, speed, duplex } = this.#host.hardware?.(link.name) ?? {};
    return [
      `Interface............. ${link.name}`,
      row('ifMTU', link.mtu),
      ...(speed === undefined ? [] : [row('ifSpeed', speed)]),
      ...(duplex === undefined ? [] : [row('Duplex', duplex)]),
      ...(driver === undefined ? [] : [row('Driver', driver)]),
      row('ifPhysAddress', link.mac === '' ? '-' : link.mac),
      row('ifAdminStatus', upDown(link.admin)),
      row('ifOperStatus', link.present ? upDown(link.up) : `Not present: there is no device ${link.device}`),
      row('ifLastChange', formatSpan(change?.at ?? 0)),
      row('ifInOctets', link.inBytes),
      row('ifInPkts', link.inPackets),
      row('ifInErrors', link.inErrors),
      row('ifOutOctets', link.outBytes),
      row('ifOutPkts', link.outPackets),
      row('ifOutErrors', link.outErrors),
    ].join('\n');
  }
}

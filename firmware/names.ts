// Name service and DHCP of the router, joined: what the DNS and DHCP rooms and the IP module say becomes what the board serves.

import { ANY_IPV4, inPrefix } from './bytes/ip.ts';
import type { DhcpOwner } from './dhcp/dhcp.commands.ts';
import { type Lan, DhcpServer } from './dhcp/server.ts';
import type { Board } from './hal/board.ts';
import type { DhcpLease, ServicesConfig } from './hal/dhcp.ts';
import type { Translation } from './hal/packetfilter.ts';
import { ANY, Dns } from './ip/dns.ts';
import type { DnsOwner } from './ip/dns.commands.ts';
import type { IpModule } from './ip/module.ts';
import type { Log } from './log/log.ts';

export interface NamesParts {
  readonly board: Board;
  readonly log: Log;
  /** Asked only after the constructor has returned, like `translations`. */
  ip(): IpModule;
  /** Translations of addresses: what they turn to the outside is none of ours. */
  translations(): readonly Translation[];
}

/** The devices that callers share. */
const CALLERS = 'dyn*';

export class Names {
  readonly dns: Dns;
  readonly dhcp: DhcpServer;
  readonly #parts: NamesParts;
  #applied: string | undefined;
  #failure: string | undefined;
  #waiting: ((failure: string | undefined) => void)[] = [];
  #due = false;
  #busy = false;
  /** Something changed while the board was busy with what was before. */
  #stale = false;
  #told = '';
  #closed = false;

  constructor(parts: NamesParts) {
    this.#parts = parts;
    const { board, log } = parts;
    const { clock, random } = board;
    this.dns = new Dns({ clock, random, sockets: board.udp, resolver: board.resolver, log, localAddress: () => parts.ip().localAddress('') });
    this.dhcp = new DhcpServer({
      lans: () => this.#lans(),
      missing: () => board.services.missing,
      leases: () => board.services.leases(),
      relays: () => this.dns.relay,
    });
    this.dns.onChange = () => this.refresh();
    this.dhcp.onChange = () => this.refresh();
    board.services.onTrouble = (why) => this.#trouble(why);
  }

  /** What the DNS commands need. */
  dnsOwner(): DnsOwner {
    return {
      dns: this.dns,
      exists: (name) => this.#parts.ip().owner.exists(name),
      relayRefused: () => this.#parts.board.services.missing,
      settled: (done) => this.settled(done),
    };
  }

  /** What the DHCP commands need. */
  dhcpOwner(): DhcpOwner {
    return { server: this.dhcp, settled: (done) => this.settled(done) };
  }

  /** A DHCP server gave a port another lease, or it has none any more. */
  leased(name: string, lease: DhcpLease | undefined): void {
    this.dns.learned(name, lease?.dns ?? []);
  }

  /** Addresses, interfaces or the configuration changed: the board follows, once for all that change at a time. */
  refresh(): void {
    if (this.#due || this.#closed) return;
    this.#due = true;
    const { clock } = this.#parts.board;
    clock.at(clock.now(), () => {
      this.#due = false;
      this.#load();
    });
  }

  /** Calls `done` once the board serves what is configured, with the reason where it does not. */
  settled(done: (failure: string | undefined) => void): void {
    this.#waiting.push(done);
    this.refresh();
  }

  close(): void {
    this.#closed = true;
    this.dns.close();
    const { services } = this.#parts.board;
    services.onTrouble = () => {};
    if (this.#applied !== undefined || this.#busy) services.apply(undefined, () => {});
    this.#answer();
  }

  // -- private --

  #load(): void {
    if (this.#closed) return;
    if (this.#busy) {
      this.#stale = true;
      return;
    }
    const config = this.#config();
    this.#tellWaiting();
    const text = config === undefined ? undefined : JSON.stringify(config);
    // What failed is tried again: the program may have been installed meanwhile.
    if (text === this.#applied && this.#failure === undefined) return this.#answer();
    this.#busy = true;
    this.#parts.board.services.apply(config, (failure) => {
      this.#busy = false;
      this.#applied = text;
      const { log } = this.#parts;
      if (failure !== undefined && failure !== this.#failure) log.add({ module: 'DHCP', severity: 4, type: 'SERV', subtype: 'FAIL', source: 'names', text: `DHCP server and DNS relay do not run: ${failure}` });
      this.#failure = failure;
      this.dhcp.trouble = failure;
      const stale = this.#stale;
      this.#stale = false;
      if (stale) this.#load();
      else this.#answer();
    });
  }

  #answer(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done(this.#failure);
  }

  #trouble(why: string | undefined): void {
    this.dhcp.trouble = why;
    const text = why === undefined ? 'DHCP server and DNS relay run again' : `DHCP server and DNS relay stopped: ${why}; they are started again`;
    this.#parts.log.add({ module: 'DHCP', severity: 4, type: 'SERV', subtype: why === undefined ? 'UP' : 'DOWN', source: 'names', text });
  }

  /** Names ranges that wait, whenever that changes. */
  #tellWaiting(): void {
    const waiting = this.dhcp.enabled ? this.dhcp.waiting() : [];
    const text = waiting.map(({ range, why }) => `${range.name}: ${why}`).join('\n');
    if (text === this.#told) return;
    this.#told = text;
    for (const { range, why } of waiting) {
      this.#parts.log.add({ module: 'DHCP', severity: 4, type: 'RANGE', subtype: 'WAIT', source: `range ${range.name}`, text: `DHCP range ${range.name} is not served: ${why}` });
    }
  }

  /** Interfaces with hosts: ports that have an address of their own and are up. */
  #lans(): Lan[] {
    const ip = this.#parts.ip();
    return ip.interfaces().flatMap(({ name }) => {
      const on = ip.network(name);
      return on === undefined || name.startsWith('ppp') || ip.condition(name) !== 'up' || ip.isDhcp(name) ? [] : [{ name, ...on }];
    });
  }

  #config(): ServicesConfig | undefined {
    const ip = this.#parts.ip();
    if (!ip.status.enabled) return undefined;
    const ranges = this.dhcp.wanted();
    const { relay } = this.dns;
    if (!relay && ranges.length === 0) return undefined;
    const served = this.#lans().filter((lan) => ranges.some(({ network }) => inPrefix(lan.address, network)));
    const behind = ranges.some(({ network }) => !this.#lans().some((lan) => inPrefix(lan.address, network)));
    const asking = relay || behind ? this.#inside() : [];
    const interfaces = [...new Set([...asking, ...served.map(({ name }) => deviceOf(name)), ...(relay ? [CALLERS] : [])])].sort();
    return { interfaces, relay: relay ? this.#relay() : undefined, ranges };
  }

  /** Where hosts are that this router answers: not where the way to the Internet begins. */
  #inside(): string[] {
    const ip = this.#parts.ip();
    const outside = new Set(this.#parts.translations().map(outsideOf));
    const inside = ip.interfaces().filter(({ name }) => {
      const device = deviceOf(name);
      if (ip.isDhcp(name) || outside.has(device) || ip.leads(device, ANY_IPV4)) return false;
      // A PPP link is a branch's, unless its peer gives the address: then it is a provider's.
      return device.startsWith('ppp') ? ip.link(device)?.assigned !== true && !ip.mayAssign(name) : ip.network(name) !== undefined;
    });
    return inside.map(({ name }) => deviceOf(name));
  }

  #relay(): NonNullable<ServicesConfig['relay']> {
    const entries = this.dns.entries().filter(({ domain }) => domain !== ANY);
    const own = new Set(this.#parts.ip().interfaces().map(({ name }) => this.#parts.ip().ownAddress(name)));
    return {
      servers: [
        { domain: '', servers: this.dns.generalServers() },
        ...entries.map((entry) => ({ domain: entry.domain, servers: this.dns.serversOf(entry) })),
        // A router that names itself would ask itself for ever.
      ].map(({ domain, servers }) => ({ domain, servers: servers.filter((server) => !own.has(server)) })),
      hosts: this.dns.hosts.list(),
    };
  }
}

/** The interface that a translation turns addresses to. */
const outsideOf = (of: Translation): string | undefined =>
  (of.kind === 'masquerade' || of.kind === 'service') && 'interface' in of.outside ? deviceOf(of.outside.interface) : undefined;

/** The device that an IP interface runs on: `eth0` for `eth0-1`. */
const deviceOf = (name: string): string => name.replace(/-\d+$/, '');

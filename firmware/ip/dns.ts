// The router's DNS client (AlliedWare ADD IP DNS, ADD IP HOST; RFC 1035 stub resolver), and what it tells callers and the DNS relay.

import { ANY_IPV4, type Ipv4, formatIpv4, parseIpv4 } from '../bytes/ip.ts';
import type { Alarm, Millis } from '../bytes/time.ts';
import type { Clock, Random } from '../hal/clock.ts';
import type { Resolver, UdpSocket, UdpSockets } from '../hal/io.ts';
import type { Log } from '../log/log.ts';
import { DnsCache, type Known } from './dns.cache.ts';
import { DNS_REFUSALS, type DnsRefusal, dnsName } from './dns.message.ts';
import { DNS_PORT, Query, type QueryOutcome } from './dns.query.ts';
import { Hosts } from './host.ts';

export interface DnsParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly sockets: UdpSockets;
  /** The host's own resolver: asked where the operator has named no server. */
  readonly resolver: Resolver;
  readonly log: Log;
  /** An address of this router that hosts on its LAN and callers reach; 0.0.0.0 = there is none. */
  localAddress(): Ipv4;
}

/** What a name stands for. `life`: how long that holds, in milliseconds. */
export type NameAnswer = { readonly addresses: readonly Ipv4[]; readonly life: Millis } | { readonly refused: string };
type Done = (answer: NameAnswer, now: Millis) => void;

/** The servers for a domain and what is under it; 'ANY' = for all names that no other entry is for. */
export interface DnsEntry {
  /** In lower case, or 'ANY'. */
  readonly domain: string;
  /** 0.0.0.0 = none. */
  readonly primary: Ipv4;
  readonly secondary: Ipv4;
  /** Takes the servers learned on this interface instead; '' = none. */
  readonly interface: string;
}

export type DnsCounter = DnsRefusal | 'dns-sender' | 'questions' | 'answers' | 'silent' | 'cached' | 'shared';
const COUNTERS: readonly DnsCounter[] = ['questions', 'answers', 'silent', 'cached', 'shared', 'dns-sender', ...DNS_REFUSALS];

interface Asking {
  readonly waiting: Done[];
  readonly query: Query;
  socket: UdpSocket | undefined;
  alarm: Alarm | undefined;
}

const HOST_LIFE: Millis = 86_400_000;
/** How long an answer of the host's resolver holds, which does not tell its TTL. */
const RESOLVER_LIFE: Millis = 60_000;
/** Names asked for at a time; each holds a socket. Own limit. */
const ASKING_MOST = 64;
/** Names that wait for one of those. */
const QUEUE_MOST = 1000;

export class Dns {
  readonly hosts = new Hosts();
  readonly cache = new DnsCache();
  readonly counters = new Map<DnsCounter, number>(COUNTERS.map((name) => [name, 0]));
  /** ENABLE IP DNSRELAY: hosts and callers may ask this router. */
  relay = false;
  /** Servers, hosts or the relay have changed: what the board serves has to follow. */
  onChange: () => void = () => {};
  readonly #parts: DnsParts;
  readonly #entries = new Map<string, DnsEntry>();
  readonly #learned = new Map<string, readonly Ipv4[]>();
  readonly #asking = new Map<string, Asking>();
  readonly #queue: (() => void)[] = [];
  #closed = false;

  constructor(parts: DnsParts) {
    this.#parts = parts;
  }

  // -- what the operator sets --

  /** In the order they were added, ANY as any other. */
  entries(): readonly DnsEntry[] {
    return [...this.#entries.values()];
  }

  /** `domain` in any case. */
  entry(domain: string): DnsEntry | undefined {
    return this.#entries.get(keyOf(domain));
  }

  putEntry(entry: DnsEntry): void {
    this.#entries.set(keyOf(entry.domain), { ...entry, domain: keyOf(entry.domain) });
    this.#changed();
  }

  deleteEntry(domain: string): void {
    this.#entries.delete(keyOf(domain));
    this.#changed();
  }

  putHost(name: string, address: Ipv4): void {
    this.hosts.put({ name, address });
    this.onChange();
  }

  deleteHost(name: string): void {
    this.hosts.delete(name);
    this.onChange();
  }

  setRelay(on: boolean): void {
    this.relay = on;
    this.onChange();
  }

  // -- what others learn and ask --

  /** The peer of an interface (IPCP) or a DHCP server on it named these name servers; none = forgets them. */
  learned(name: string, servers: readonly Ipv4[]): void {
    const named = [...new Set(servers.filter((server) => server !== ANY_IPV4))];
    const before = this.#learned.get(name) ?? [];
    if (named.length === before.length && named.every((server, i) => server === before[i])) return;
    if (named.length === 0) this.#learned.delete(name);
    else this.#learned.set(name, named);
    this.#changed();
  }

  learnedOn(name: string): readonly Ipv4[] {
    return this.#learned.get(name) ?? [];
  }

  /** Someone has said to take the servers of this interface: IPCP there should ask its peer for them. */
  wantedFrom(name: string): boolean {
    return this.entries().some((entry) => entry.interface === name);
  }

  /** The servers of an entry as known now, the preferred one first. */
  serversOf(entry: DnsEntry): readonly Ipv4[] {
    if (entry.interface !== '') return this.learnedOn(entry.interface);
    return [entry.primary, entry.secondary].filter((server) => server !== ANY_IPV4);
  }

  /** The servers for all names: of DOMAIN=ANY, else those learned without being asked for (DHCP). */
  generalServers(): readonly Ipv4[] {
    const any = this.entry(ANY);
    return any === undefined ? [...new Set([...this.#learned.values()].flat())] : this.serversOf(any);
  }

  /** The name servers that callers are told by IPCP: this router where it relays, else PRIMARY and SECONDARY of DOMAIN=ANY. Two at most. */
  callerDns(): readonly Ipv4[] {
    const own = this.#parts.localAddress();
    if (this.relay && own !== ANY_IPV4) return [own];
    const any = this.entry(ANY);
    return any === undefined ? [] : this.serversOf(any).slice(0, 2);
  }

  /**
   * The addresses of a host name (or of an address written as text), one at least. `done` is called once, later, never inside this call;
   * the whole takes 10 seconds at most once it is its turn.
   */
  resolve(text: string, done: Done): void {
    const { clock } = this.#parts;
    const later = (answer: NameAnswer): void => void clock.at(clock.now(), (now) => done(answer, now));
    const literal = parseIpv4(text);
    if (literal !== undefined) return later({ addresses: [literal], life: HOST_LIFE });
    const name = dnsName(text);
    if (name === undefined) return later({ refused: `${text} cannot be the name of a host` });
    const host = this.hosts.get(name);
    if (host !== undefined) return later({ addresses: [host.address], life: HOST_LIFE });
    const known = this.cache.get(name, clock.now());
    if (known !== undefined) {
      this.#count('cached');
      return later(answerOf(known, clock.now()));
    }
    this.#ask(name, done);
  }

  /** The same for rooms that need no more than addresses. */
  asResolver(): Resolver {
    return { resolve: (name, done) => this.resolve(name, (answer, now) => done('refused' in answer ? answer : answer.addresses, now)) };
  }

  /** Ends every question; nobody is called back. */
  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    for (const asking of this.#asking.values()) release(asking);
    this.#asking.clear();
  }

  // -- private --

  #ask(name: string, done: Done): void {
    if (this.#closed) return;
    const already = this.#asking.get(name);
    if (already !== undefined) {
      this.#count('shared');
      already.waiting.push(done);
      return;
    }
    const { clock, resolver } = this.#parts;
    const entry = this.#entryFor(name);
    const servers = entry === undefined ? this.generalServers() : this.serversOf(entry);
    if (servers.length === 0 && entry === undefined) {
      resolver.resolve(name, (found, now) => done('refused' in found ? found : { addresses: found, life: RESOLVER_LIFE }, now));
      return;
    }
    if (servers.length === 0) {
      const { interface: over, domain } = entry ?? { interface: '', domain: ANY };
      const why = over === '' ? `no name server is set for ${domain}` : `no name server is known yet on ${over}`;
      clock.at(clock.now(), (now) => done({ refused: `${name} cannot be looked up: ${why}` }, now));
      return;
    }
    if (this.#asking.size < ASKING_MOST) return this.#begin(name, servers, done);
    if (this.#queue.length < QUEUE_MOST) {
      this.#queue.push(() => this.resolve(name, done));
      return;
    }
    clock.at(clock.now(), (now) => done({ refused: `${name} cannot be looked up: too many names are being asked for` }, now));
  }

  #begin(name: string, servers: readonly Ipv4[], done: Done): void {
    const { clock, random, sockets } = this.#parts;
    const query = new Query({ name, servers, random }, {
      send: (server, message) => {
        this.#count('questions');
        asking.socket?.send(server, DNS_PORT, message);
      },
      done: (outcome, now) => this.#done(name, asking, outcome, now),
    });
    const asking: Asking = { waiting: [done], query, socket: undefined, alarm: undefined };
    this.#asking.set(name, asking);
    // A socket for each question: the port it is sent from is one more thing that a forged answer has to guess.
    const socket = sockets.open({
      port: 0,
      received: (from, port, data, now) => {
        const refusal = query.receive(from, port, data, now);
        if (refusal !== undefined) this.#count(refusal);
        this.#arm(asking);
      },
      failed: (why) => this.#done(name, asking, { refused: `${name} cannot be looked up: ${why}` }, clock.now()),
    });
    if (this.#asking.get(name) !== asking) return socket.close();
    asking.socket = socket;
    query.start(clock.now());
    this.#arm(asking);
  }

  #arm(asking: Asking): void {
    asking.alarm?.cancel();
    asking.alarm = undefined;
    const due = asking.query.deadline();
    if (asking.socket === undefined || due === Number.POSITIVE_INFINITY) return;
    asking.alarm = this.#parts.clock.at(due, (now) => {
      asking.query.tick(now);
      this.#arm(asking);
    });
  }

  #done(name: string, asking: Asking, outcome: QueryOutcome, now: Millis): void {
    if (this.#asking.get(name) !== asking) return;
    this.#asking.delete(name);
    release(asking);
    let answer: NameAnswer;
    if ('refused' in outcome) {
      this.#count('silent');
      this.#parts.log.add({ module: 'IP', severity: 4, type: 'DNS', subtype: 'FAIL', source: 'DNS', text: `DNS: ${outcome.refused}` });
      answer = outcome;
    } else {
      this.#count('answers');
      const said = 'none' in outcome ? { addresses: [], none: outcome.none, ttl: outcome.ttl } : { addresses: outcome.addresses, none: undefined, ttl: outcome.ttl };
      answer = answerOf(this.cache.put(name, said, now), now);
    }
    for (const done of asking.waiting) done(answer, now);
    this.#queue.shift()?.();
  }

  /** The entry for the longest domain that the name is under; without any that of ANY. */
  #entryFor(name: string): DnsEntry | undefined {
    let best: DnsEntry | undefined;
    for (const entry of this.#entries.values()) {
      const { domain } = entry;
      if (domain === ANY) best ??= entry;
      else if ((name === domain || name.endsWith(`.${domain}`)) && (best === undefined || best.domain === ANY || domain.length > best.domain.length)) best = entry;
    }
    return best;
  }

  /** What other servers said may not be what those now in charge say. */
  #changed(): void {
    this.cache.clear();
    this.onChange();
  }

  #count(what: DnsCounter): void {
    this.counters.set(what, (this.counters.get(what) ?? 0) + 1);
  }
}

export const ANY = 'ANY';
const keyOf = (domain: string): string => (domain.toUpperCase() === ANY ? ANY : domain.toLowerCase().replace(/\.$/, ''));

const answerOf = ({ addresses, none, until }: Known, now: Millis): NameAnswer => (none === undefined ? { addresses, life: until - now } : { refused: none });

function release(asking: Asking): void {
  asking.alarm?.cancel();
  asking.alarm = undefined;
  asking.socket?.close();
  asking.socket = undefined;
}

/** The servers of an entry in words. */
export const serversText = (servers: readonly Ipv4[]): string => (servers.length === 0 ? 'none' : servers.map(formatIpv4).join(', '));

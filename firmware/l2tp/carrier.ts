// Sessions on the data plane: what an established session is attached as, how it numbers, what its user may change, what it counted.

import { ANY_IPV4 } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import { type DataPlane, type SessionCounters, type SessionKey, type SessionOptions, toSessionKey } from '../hal/dataplane.ts';
import type { Lookup } from '../hal/iphost.ts';
import { type Accm, DISCONNECT } from './catalog.ts';
import type { SessionEntry } from './entry.ts';
import { type L2tpLink, OVERHEAD, type ProxyInfo, SEQUENCE_OVERHEAD } from './link.ts';
import type { DataCounters } from './snapshot.ts';

/** A path MTU that no router can have less than (RFC 791): what a peer cannot push a session below. */
const LEAST_MTU = 576 - OVERHEAD;
/** Of a route that says nothing. */
const USUAL_MTU = 1500;
/** How long what ICMP said of a path is believed (RFC 1191 6.3). */
const PATH_MTU_AGE: Millis = 600_000;
const LAST_KEY = 0x7fffffff;

/** What the carrier needs of the server. */
export interface CarrierHost {
  checksum(): boolean;
  lookup(entry: SessionEntry): Lookup | undefined;
  traced(entry: SessionEntry): boolean;
  /** The user of a session ends it. */
  hangUp(entry: SessionEntry, reason: string, now: Millis): void;
  /** LCP agreed on control characters to escape. */
  accm(entry: SessionEntry, accm: Accm, now: Millis): void;
  /** PPP opened over it. */
  negotiated(entry: SessionEntry, now: Millis): void;
}

export class Carrier {
  readonly #plane: DataPlane;
  readonly #host: CarrierHost;
  readonly #byKey = new Map<SessionKey, SessionEntry>();
  #next = 1;

  constructor(plane: DataPlane, host: CarrierHost) {
    this.#plane = plane;
    this.#host = host;
  }

  get size(): number {
    return this.#byKey.size;
  }

  detachAll(): void {
    for (const entry of this.#byKey.values()) this.detach(entry);
  }

  of(key: SessionKey): SessionEntry | undefined {
    return this.#byKey.get(key);
  }

  /**
   * Puts a session on the plane before it is established: what the peer sends right behind the message that connects the call is
   * there before that message has been looked at, and would be lost. Its frames come up as those of an interface do.
   */
  prepare(entry: SessionEntry): string | undefined {
    if (entry.key !== undefined) return undefined;
    const { session, tunnel } = entry;
    const { at } = tunnel;
    const key = this.#key();
    const refused = this.#plane.attach({
      key,
      leg: {
        kind: 'l2tpv2', underlay: at.underlay, local: at.local, peer: at.peer, peerPort: at.port,
        localTunnel: tunnel.tunnel.id, localSession: session.id, peerTunnel: tunnel.tunnel.peerId, peerSession: session.peerId,
      },
      far: undefined,
      options: {
        ipv4: false, ipv6: false, sequence: sequencing(entry), checksum: this.#host.checksum(), acfc: false, pfc: false, mss: 0, mtu: 0, address: ANY_IPV4, trace: this.#host.traced(entry),
      },
    });
    if (refused !== undefined) return refused.refused;
    entry.key = key;
    this.#byKey.set(key, entry);
    return undefined;
  }

  /** Makes the link of an established session; a text says why the plane cannot carry it. */
  attach(entry: SessionEntry): string | undefined {
    const refused = this.prepare(entry);
    const { key } = entry;
    if (refused !== undefined || key === undefined) return refused;
    // Only the message that connects the call says whether the LAC insists on numbers.
    if (entry.session.sequencingRequired && entry.carriage.number === 'OFF') this.#plane.update(key, { sequence: 'on' });
    entry.link = new Carried(entry, key, this.#host.lookup(entry)?.mtu ?? USUAL_MTU, this.#linkHost(entry, key));
    return undefined;
  }

  detach(entry: SessionEntry): void {
    if (entry.key === undefined) return;
    entry.link?.settle();
    this.#plane.detach(entry.key);
    this.#byKey.delete(entry.key);
    entry.key = undefined;
    entry.link = undefined;
  }

  /** Changes one option of every session (SET L2TP CHECKSUM, ENABLE L2TP DEBUG). */
  updateAll(change: (entry: SessionEntry) => Partial<SessionOptions>): void {
    for (const [key, entry] of this.#byKey) this.#plane.update(key, change(entry));
  }

  /** When data last came in by any session of `entries`; -Infinity = never. */
  lastIn(entries: Iterable<SessionEntry>): Millis {
    let last = Number.NEGATIVE_INFINITY;
    for (const { key } of entries) {
      const at = key === undefined ? 0 : (this.#plane.counters(key)?.lastIn ?? 0);
      if (at > 0) last = Math.max(last, at);
    }
    return last;
  }

  counters(entry: SessionEntry): SessionCounters | undefined {
    return entry.key === undefined ? undefined : this.#plane.counters(entry.key);
  }

  #linkHost(entry: SessionEntry, key: SessionKey): LinkHost {
    return {
      counters: () => (entry.key === key ? this.#plane.counters(key) : undefined),
      update: (change) => {
        if (entry.key === key) this.#plane.update(key, change);
      },
      negotiated: (now) => {
        if (entry.key === key) this.#host.negotiated(entry, now);
      },
      accm: (send, receive, now) => {
        if (entry.key === key) this.#host.accm(entry, { send, receive }, now);
      },
      hangUp: (reason, now) => {
        if (entry.key === key) this.#host.hangUp(entry, reason, now);
      },
    };
  }

  #key(): SessionKey {
    while (this.#byKey.has(toSessionKey(this.#next))) this.#next = this.#next === LAST_KEY ? 1 : this.#next + 1;
    const key = toSessionKey(this.#next);
    this.#next = this.#next === LAST_KEY ? 1 : this.#next + 1;
    return key;
  }
}

/** What a link does to the session under it, as long as that is there. */
interface LinkHost extends Required<Pick<L2tpLink, 'update' | 'negotiated' | 'hangUp' | 'accm'>> {
  counters(): SessionCounters | undefined;
}

/** The link of one session, as its user sees it. */
export class Carried implements L2tpLink {
  readonly session: SessionKey;
  readonly role: L2tpLink['role'];
  readonly peer: L2tpLink['peer'];
  readonly peerName: string;
  readonly proxy: ProxyInfo | undefined;
  readonly #entry: SessionEntry;
  readonly #host: LinkHost;
  /** The MTU of the route to the peer; and what ICMP said is the most that gets there. */
  #route: number;
  #told: { readonly mtu: number; readonly until: Millis } | undefined;
  #last: SessionCounters | undefined;

  constructor(entry: SessionEntry, key: SessionKey, route: number, host: LinkHost) {
    const { session, tunnel } = entry;
    this.#entry = entry;
    this.#host = host;
    this.#route = route;
    this.session = key;
    this.role = session.kind.startsWith('LAC') ? 'lac' : 'lns';
    this.peer = tunnel.at.peer;
    this.peerName = tunnel.tunnel.peer?.hostName ?? '';
    this.proxy = proxyOf(entry);
  }

  get mtu(): number {
    const { path } = this;
    return Math.max(LEAST_MTU, path.mtu - path.overhead);
  }

  get path(): L2tpLink['path'] {
    return { mtu: Math.min(this.#route, this.#told?.mtu ?? this.#route), overhead: overhead(this.#entry) };
  }

  counters(): SessionCounters | undefined {
    return this.#host.counters() ?? this.#last;
  }

  update(change: Parameters<L2tpLink['update']>[0]): void {
    this.#host.update(change);
  }

  negotiated(now: Millis): void {
    // STARTUP numbers only while PPP negotiates, and only where we are the LNS, unless the LAC insists (RFC 2661 5.4).
    const { carriage, session } = this.#entry;
    if (carriage.number === 'STARTUP' && sequencing(this.#entry) === 'on' && !session.sequencingRequired) this.#host.update({ sequence: 'off' });
    this.#host.negotiated(now);
  }

  accm(send: number, receive: number, now: Millis): void {
    this.#host.accm(send, receive, now);
  }

  hangUp(reason: string, now: Millis): void {
    this.#host.hangUp(reason, now);
  }

  /** For the carrier: the session goes, what it counted stays. */
  settle(): void {
    this.#last = this.counters();
  }

  /** ICMP says that datagrams above `mtu` do not get to the peer. True where that changes ours. */
  tooBig(mtu: number, now: Millis): boolean {
    const before = this.mtu;
    this.#told = { mtu, until: now + PATH_MTU_AGE };
    return this.mtu !== before;
  }

  /** The route to the peer has this MTU now. True where that changes ours. */
  routed(mtu: number, now: Millis): boolean {
    const before = this.mtu;
    this.#route = mtu;
    if (this.#told !== undefined && now >= this.#told.until) this.#told = undefined;
    return this.mtu !== before;
  }
}

/** The result of a CDN for a link that PPP ended: it lost its carrier as the peer sees it. */
export const HUNG_UP = DISCONNECT.carrierLost;

/** Octets around an IP packet of this session. Numbering by STARTUP ends before there are any. */
export const overhead = (entry: SessionEntry): number =>
  OVERHEAD + (entry.session.sequencingRequired || entry.carriage.number === 'ON' ? SEQUENCE_OVERHEAD : 0);

/** RFC 2661 5.4: a LAC that requires numbers gets them always; else the LNS decides and the LAC follows. */
export function sequencing({ session, carriage }: SessionEntry): SessionOptions['sequence'] {
  if (session.sequencingRequired) return 'on';
  if (session.kind.startsWith('LAC')) return 'follow';
  return carriage.number === 'OFF' ? 'off' : 'on';
}

function proxyOf({ session }: SessionEntry): ProxyInfo | undefined {
  const c = session.connected;
  if (session.kind !== 'LNS incoming' || c === undefined) return undefined;
  const { initialReceivedConfreq, lastSentConfreq, lastReceivedConfreq, proxyAuthenType } = c;
  if (initialReceivedConfreq === undefined && lastSentConfreq === undefined && lastReceivedConfreq === undefined && proxyAuthenType === undefined) return undefined;
  return {
    initialReceived: initialReceivedConfreq, lastSent: lastSentConfreq, lastReceived: lastReceivedConfreq,
    authenType: proxyAuthenType, authenName: c.proxyAuthenName, authenChallenge: c.proxyAuthenChallenge,
    authenId: c.proxyAuthenId === undefined ? undefined : c.proxyAuthenId & 0xff, authenResponse: c.proxyAuthenResponse,
  };
}

/** The plane's counters of one session in the words of SHOW. */
export const dataOf = (c: SessionCounters): DataCounters => ({
  in: c.inPackets, inWithData: c.inPackets - c.inEmpty, inNoData: c.inEmpty, processed: c.inPackets - c.orderDiscarded - c.inDiscarded,
  inOrder: c.inOrder, outOfOrder: c.outOfOrder, orderDiscarded: c.orderDiscarded, out: c.outPackets, outWithData: c.outPackets, outNoData: 0,
});

// Sessions on the data plane: what an established session is attached as, how it numbers, what its user may change, what it counted.

import type { Millis } from '../bytes/time.ts';
import { type DataPlane, type SessionCounters, type SessionKey, type SessionOptions, toSessionKey } from '../hal/dataplane.ts';
import type { Lookup } from '../hal/iphost.ts';
import { DISCONNECT } from './catalog.ts';
import type { SessionEntry } from './entry.ts';
import { type L2tpLink, OVERHEAD, type ProxyInfo, SEQUENCE_OVERHEAD } from './link.ts';
import type { DataCounters } from './snapshot.ts';

/** A path MTU that no router can have less than (RFC 791): what a peer cannot push a session below. */
const LEAST_MTU = 576 - OVERHEAD;
/** IP and TCP headers without options. */
const TCP_OVERHEAD = 40;
const LAST_KEY = 0x7fffffff;

/** What the carrier needs of the server. */
export interface CarrierHost {
  checksum(): boolean;
  lookup(entry: SessionEntry): Lookup | undefined;
  traced(entry: SessionEntry): boolean;
  /** The user of a session ends it. */
  hangUp(entry: SessionEntry, reason: string, now: Millis): void;
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

  /** Puts an established session on the plane and makes its link; a text says why it cannot be. */
  attach(entry: SessionEntry): string | undefined {
    const { session, tunnel } = entry;
    const { at } = tunnel;
    const sequence = sequencing(entry);
    const mtu = this.#mtu(entry);
    const key = this.#key();
    const refused = this.#plane.attach({
      key,
      leg: {
        kind: 'l2tpv2', underlay: at.underlay, local: at.local, peer: at.peer, peerPort: at.port,
        localTunnel: tunnel.tunnel.id, localSession: session.id, peerTunnel: tunnel.tunnel.peerId, peerSession: session.peerId,
      },
      far: undefined,
      options: {
        ipv4: false, ipv6: false, sequence, checksum: this.#host.checksum(), acfc: false, pfc: false, mss: mtu - TCP_OVERHEAD, trace: this.#host.traced(entry),
      },
    });
    if (refused !== undefined) return refused.refused;
    entry.key = key;
    entry.link = this.#link(entry, key, mtu);
    this.#byKey.set(key, entry);
    return undefined;
  }

  detach(entry: SessionEntry): void {
    if (entry.key === undefined) return;
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

  #mtu(entry: SessionEntry): number {
    const outer = this.#host.lookup(entry)?.mtu ?? 1500;
    return Math.max(LEAST_MTU, outer - overhead(entry));
  }

  #link(entry: SessionEntry, key: SessionKey, mtu: number): L2tpLink {
    const { session, tunnel } = entry;
    return {
      session: key,
      mtu,
      role: session.kind.startsWith('LAC') ? 'lac' : 'lns',
      peer: tunnel.at.peer,
      peerName: tunnel.tunnel.peer?.hostName ?? '',
      proxy: proxyOf(entry),
      update: (change) => {
        if (entry.key === key) this.#plane.update(key, change);
      },
      negotiated: (now) => {
        if (entry.key !== key) return;
        // STARTUP numbers only while PPP negotiates, and only where we are the LNS, unless the LAC insists (RFC 2661 5.4).
        if (entry.carriage.number === 'STARTUP' && sequencing(entry) === 'on' && !session.sequencingRequired) this.#plane.update(key, { sequence: 'off' });
        this.#host.negotiated(entry, now);
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

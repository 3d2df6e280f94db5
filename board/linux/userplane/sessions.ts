// The worker's sessions as the main thread's records make, change and end them. None of it looks at a packet.

import { enterEther, leaveEther } from './etherin.ts';
import { ATTACH, SESSION, UPDATE } from './layout.ts';
import type { RingReader } from './ring.ts';
import { idsOf, leave, pair, Session, type Ether, type Interface, type Underlay } from './session.ts';

/** What a session may be on, each by its index. */
export interface Tables {
  readonly underlays: readonly (Underlay | undefined)[];
  readonly interfaces: readonly (Interface | undefined)[];
  readonly ethers: readonly (Ether | undefined)[];
}

export class Sessions {
  readonly #commands: RingReader;
  readonly #counters: SharedArrayBuffer;
  readonly #tables: Tables;
  readonly #sessions = new Map<number, Session>();
  /** The counters of each slot that was ever used: a storm of calls makes no garbage of them. */
  readonly #slots: (Float64Array<SharedArrayBuffer> | undefined)[] = [];

  constructor(commands: RingReader, counters: SharedArrayBuffer, tables: Tables) {
    this.#commands = commands;
    this.#counters = counters;
    this.#tables = tables;
  }

  /** Obeys an ATTACH record. */
  attach(at: number): void {
    const word = (index: number): number => this.#commands.words[(at >> 2) + index] as number;
    const underlay = this.#tables.underlays[word(ATTACH.UNDERLAY)];
    const ether = this.#tables.ethers[word(ATTACH.ETHER)];
    const slot = word(ATTACH.SLOT);
    const counters = (this.#slots[slot] ??= new Float64Array(this.#counters, slot * SESSION.SIZE * 8, SESSION.SIZE));
    counters.fill(0);
    counters[SESSION.SERIAL] = word(ATTACH.SERIAL);
    const session = new Session({
      key: word(ATTACH.KEY),
      underlay,
      ether,
      counters,
      local: word(ATTACH.LOCAL) >>> 0,
      peer: word(ATTACH.PEER) >>> 0,
      peerPort: word(ATTACH.PEER_PORT),
      localTunnel: word(ATTACH.LOCAL_TUNNEL),
      localSession: word(ATTACH.LOCAL_SESSION),
      peerTunnel: word(ATTACH.PEER_TUNNEL),
      peerSession: word(ATTACH.PEER_SESSION),
    });
    session.set(word(ATTACH.OPTIONS), -1);
    session.mss = word(ATTACH.MSS);
    session.mtu = word(ATTACH.MTU);
    session.address = word(ATTACH.ADDRESS) >>> 0;
    const pairs = at + ATTACH.WORDS * 4;
    session.routes = this.pairs(pairs, word(ATTACH.ROUTES));
    if (word(ATTACH.SOURCES) >= 0) session.sources = this.pairs(pairs + word(ATTACH.ROUTES) * 8, word(ATTACH.SOURCES));
    this.#sessions.set(session.key, session);
    if (ether !== undefined) enterEther(ether, session);
    if (underlay !== undefined) {
      underlay.sessions.set(idsOf(session.localTunnel, session.localSession), session);
      underlay.tunnels.set(session.localTunnel, (underlay.tunnels.get(session.localTunnel) ?? 0) + 1);
    }
    if (word(ATTACH.FAR) > 0) this.#join(session, word(ATTACH.FAR) - 1);
    if (word(ATTACH.RELAY) > 0) this.#relay(session, word(ATTACH.RELAY));
  }

  /** Obeys an UPDATE record. */
  update(at: number): void {
    const ring = this.#commands;
    const session = this.#sessions.get(ring.word(at, 3));
    if (session === undefined) return;
    session.set(ring.word(at, 5), ring.word(at, 6));
    if (ring.word(at, 7) >= 0) session.mss = ring.word(at, 7);
    if (ring.length(at) > 0) this.#limit(session, at);
    if (ring.word(at, 4) > 0) this.#join(session, ring.word(at, 4) - 1);
    const relay = ring.length(at) > 0 ? (ring.words[(at >> 2) + UPDATE.RELAY] as number) : -1;
    if (relay > 0) this.#relay(session, relay);
  }

  detach(key: number): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    leave(session);
    this.#sessions.delete(key);
    if (session.ether !== undefined) leaveEther(session.ether, session);
    const u = session.underlay;
    if (u === undefined) return;
    u.sessions.delete(idsOf(session.localTunnel, session.localSession));
    const left = (u.tunnels.get(session.localTunnel) ?? 1) - 1;
    if (left > 0) u.tunnels.set(session.localTunnel, left);
    else u.tunnels.delete(session.localTunnel);
  }

  /** The session of a key. */
  get(key: number): Session | undefined {
    return this.#sessions.get(key);
  }

  /** A copy of `count` pairs of address and mask in a record's data. */
  pairs(at: number, count: number): Int32Array {
    return this.#commands.words.slice(at >> 2, (at >> 2) + count * 2);
  }

  #relay(session: Session, key: number): void {
    leave(session);
    session.relay = key;
    pair(session, this.#sessions.get(key));
  }

  #join(session: Session, index: number): void {
    leave(session);
    const device = this.#tables.interfaces[index];
    if (device === undefined) return;
    session.far = device;
    device.sessions.add(session);
    device.newest = session;
    device.routes?.add(session);
  }

  /** Gives the session what the data of an UPDATE record says: MTU, routes, sources. */
  #limit(session: Session, at: number): void {
    const { words } = this.#commands;
    const routes = words[(at >> 2) + UPDATE.ROUTES] as number;
    const sources = words[(at >> 2) + UPDATE.SOURCES] as number;
    const mtu = words[(at >> 2) + UPDATE.MTU] as number;
    const address = words[(at >> 2) + UPDATE.ADDRESS] as number;
    if (mtu >= 0) session.mtu = mtu;
    if (address !== -1) session.address = address >>> 0;
    const pairs = at + UPDATE.WORDS * 4;
    if (routes >= 0) {
      session.far?.routes?.remove(session);
      session.routes = this.pairs(pairs, routes);
      session.far?.routes?.add(session);
    }
    if (sources >= 0) session.sources = this.pairs(pairs + Math.max(routes, 0) * 8, sources);
  }
}

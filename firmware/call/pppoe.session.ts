// PPPoE sessions that are up: each has its leg in the data plane and is the link of whoever uses it.

import { hex } from '../bytes/hex.ts';
import { ANY_IPV4 } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import { type DataPlane, type SessionCounters, type SessionKey, type SessionOptions, toSessionKey } from '../hal/dataplane.ts';
import type { CallLink } from './link.ts';
import type { Port, Ports } from './pppoe.ports.ts';

/** Keys of the data plane that are ours: unique among the rooms. */
const FIRST_KEY = 0x6000_0000;
const LAST_KEY = 0x6fff_ffff;

const OPTIONS: SessionOptions = { ipv4: false, ipv6: false, sequence: 'off', checksum: false, acfc: false, pfc: false, mss: 0, mtu: 0, address: ANY_IPV4, trace: false };

/** How a session ends: whether the other side has to be told. */
export type Ending = 'tell' | 'silent';

export interface SessionSpec {
  readonly port: Port;
  /** The other side's Ethernet address; kept. */
  readonly peer: Uint8Array;
  /** 1..65534 */
  readonly number: number;
  /** Largest PPP payload agreed, octets. */
  readonly maxPayload: number;
  /** PPP has opened. */
  negotiated(session: PppoeSession): void;
  /** Called once, when everything of it is given back. */
  ended(session: PppoeSession, reason: string, now: Millis): void;
}

export interface SessionOutput {
  padt(port: Port, peer: Uint8Array, session: number): void;
}

export class PppoeSession implements CallLink {
  readonly session: SessionKey;
  readonly spec: SessionSpec;
  readonly since: Millis;
  readonly #all: Sessions;
  #last: SessionCounters | undefined;

  constructor(all: Sessions, session: SessionKey, spec: SessionSpec, since: Millis) {
    this.#all = all;
    this.session = session;
    this.spec = spec;
    this.since = since;
  }

  /** RFC 2516 7, RFC 4638: what was agreed, and what the port carries now. */
  get mtu(): number {
    return Math.min(this.spec.maxPayload, this.#all.ports.payload(this.spec.port));
  }

  counters(): SessionCounters | undefined {
    return this.#last ?? this.#all.plane.counters(this.session);
  }

  update(change: Parameters<CallLink['update']>[0]): void {
    // Address and control never stand in a PPPoE frame (RFC 2516 7): there is nothing to compress.
    const { acfc: _acfc, ...rest } = change;
    this.#all.plane.update(this.session, rest);
  }

  sendMap(): void {}

  negotiated(): void {
    this.spec.negotiated(this);
  }

  hangUp(reason: string, now: Millis): void {
    this.end(reason, 'tell', now);
  }

  end(reason: string, ending: Ending, now: Millis): void {
    if (!this.#all.has(this)) return;
    this.#last = this.#all.plane.counters(this.session);
    this.#all.remove(this);
    if (ending === 'tell') this.#all.out.padt(this.spec.port, this.spec.peer, this.spec.number);
    this.spec.ended(this, reason, now);
  }
}

/** All sessions, of clients and of the access concentrator. */
export class Sessions {
  readonly plane: DataPlane;
  readonly ports: Ports;
  readonly out: SessionOutput;
  readonly #byKey = new Map<SessionKey, PppoeSession>();
  /** By port, peer and number: what a frame says. */
  readonly #byWire = new Map<string, PppoeSession>();
  #next = FIRST_KEY;

  constructor(plane: DataPlane, ports: Ports, out: SessionOutput) {
    this.plane = plane;
    this.ports = ports;
    this.out = out;
  }

  get size(): number {
    return this.#byKey.size;
  }

  list(): readonly PppoeSession[] {
    return [...this.#byKey.values()];
  }

  /** Attaches a session in the data plane. A text says why it cannot be. */
  open(spec: SessionSpec, now: Millis): PppoeSession | string {
    const { port, peer, number } = spec;
    const wire = wireKey(port, peer, number);
    if (this.#byWire.has(wire)) return `session ${number} with this peer is up already`;
    const session = new PppoeSession(this, this.#freeKey(), spec, now);
    const refusal = this.plane.attach({ key: session.session, leg: { kind: 'pppoe', port: port.id, peer, session: number }, far: undefined, options: { ...OPTIONS } });
    if (refusal !== undefined) return refusal.refused;
    this.#byKey.set(session.session, session);
    this.#byWire.set(wire, session);
    return session;
  }

  find(port: Port, peer: Uint8Array, number: number): PppoeSession | undefined {
    return this.#byWire.get(wireKey(port, peer, number));
  }

  has(session: PppoeSession): boolean {
    return this.#byKey.get(session.session) === session;
  }

  remove(session: PppoeSession): void {
    const { port, peer, number } = session.spec;
    this.#byKey.delete(session.session);
    this.#byWire.delete(wireKey(port, peer, number));
    this.plane.detach(session.session);
  }

  #freeKey(): SessionKey {
    for (;;) {
      const key = toSessionKey(this.#next);
      this.#next = this.#next >= LAST_KEY ? FIRST_KEY : this.#next + 1;
      if (!this.#byKey.has(key)) return key;
    }
  }
}

const wireKey = ({ id }: Port, peer: Uint8Array, number: number): string => `${id}/${hex(peer)}/${number}`;

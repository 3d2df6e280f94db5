// From the worker to the main thread: whatever the plane does not carry itself, as records of the punt ring.

import type { Arena } from '../ffi/arena.ts';
import { PUNT, SESSION, UNDERLAY } from './layout.ts';
import type { RingWriter } from './ring.ts';
import type { Ether, Interface, Session, Underlay } from './session.ts';

/**
 * Eighths of the ring that are left free for what matters more, where the main thread falls behind: control messages may use all of it,
 * copies for the packet trace half of it at most.
 */
const SPARE = { TRACE: 4, LINE: 3, FRAME: 2, NEWS: 1, CONTROL: 0 } as const;

/** Where a datagram came from and was sent to. */
export interface Arrival {
  readonly local: number;
  readonly peer: number;
  readonly peerPort: number;
}

export class Punter {
  readonly #a: Arena;
  readonly #ring: RingWriter;
  readonly #wake: () => void;
  readonly #eighth: number;
  #written = false;

  /** `wake` is called when the main thread sleeps and something waits for it. */
  constructor(a: Arena, ring: RingWriter, wake: () => void) {
    this.#a = a;
    this.#ring = ring;
    this.#wake = wake;
    this.#eighth = ring.capacity / 8;
  }

  /** A control message. Lost, and counted, where the main thread is far behind: the peer sends it again. */
  control(u: Underlay, from: Arrival, at: number, length: number): void {
    if (!this.#put(PUNT.CONTROL, at, length, SPARE.CONTROL)) {
      (u.counters[UNDERLAY.PUNTS_LOST] as number)++;
      return;
    }
    this.#ring.word(3, u.index);
    this.#ring.word(4, from.local);
    this.#ring.word(5, from.peer);
    this.#ring.word(6, from.peerPort);
    this.#commit();
  }

  /** A PPP frame whose protocol number is `protocol` and whose information field has `length` octets at `at`. */
  ppp(session: Session, protocol: number, at: number, length: number): void {
    const to = this.#ring.reserve(PUNT.PPP, length + 2, SPARE.FRAME * this.#eighth);
    if (to < 0) (session.counters[SESSION.IN_DISCARDED] as number)++;
    else this.#frame(to, session, protocol, at, length);
  }

  /** The same of a frame that leaves over a line. */
  line(session: Session, protocol: number, at: number, length: number): void {
    const c = session.counters;
    const to = this.#ring.reserve(PUNT.LINE, length + 2, SPARE.LINE * this.#eighth);
    if (to < 0) {
      (c[SESSION.OUT_DISCARDED] as number)++;
      return;
    }
    this.#frame(to, session, protocol, at, length);
    (c[SESSION.OUT_PACKETS] as number)++;
    (c[SESSION.OUT_BYTES] as number) += length + 2;
  }

  /** A PPPoE discovery frame, from its destination address on. */
  discovery(from: Ether, at: number, length: number): void {
    if (!this.#put(PUNT.DISCOVERY, at, length, SPARE.NEWS)) return;
    this.#ring.word(3, from.index);
    this.#commit();
  }

  /** A PPPoE frame of a session that nobody has; the peer's address split as in ATTACH. */
  noSession(from: Ether, peer: number, peerLast: number, session: number): void {
    if (this.#ring.reserve(PUNT.NO_SESSION, 0, SPARE.NEWS * this.#eighth) < 0) return;
    this.#ring.word(3, from.index);
    this.#ring.word(4, peer);
    this.#ring.word(5, peerLast);
    this.#ring.word(6, session);
    this.#commit();
  }

  demand(from: Interface, at: number, length: number): void {
    if (!this.#put(PUNT.DEMAND, at, length, SPARE.FRAME)) return;
    this.#ring.word(3, from.index);
    this.#commit();
  }

  /** A copy for the packet trace, of `length` octets at `at`. */
  trace(session: Session, direction: 'rx' | 'tx', at: number, length: number): void {
    if (!this.#put(PUNT.TRACE, at, length, SPARE.TRACE)) return;
    this.#ring.word(3, session.key);
    this.#ring.word(4, direction === 'rx' ? 1 : 0);
    this.#commit();
  }

  /** The same of a frame that leaves over a line, its protocol and its information field apart. */
  lineTrace(session: Session, protocol: number, at: number, length: number): void {
    const to = this.#ring.reserve(PUNT.TRACE, length + 2, SPARE.TRACE * this.#eighth);
    if (to < 0) return;
    this.#ring.word(4, 0);
    this.#frame(to, session, protocol, at, length);
  }

  /** Datagrams of `u` to a peer do not arrive; `mtu` > 0: too long for the path; `code` as in the punt. */
  unreachable(u: Underlay, to: { readonly peer: number; readonly port: number }, mtu: number, code: number): void {
    if (this.#ring.reserve(PUNT.UNREACHABLE, 0, SPARE.NEWS * this.#eighth) < 0) return;
    this.#ring.word(3, u.index);
    this.#ring.word(4, to.peer);
    this.#ring.word(5, to.port);
    this.#ring.word(6, mtu);
    this.#ring.word(7, code);
    this.#commit();
  }

  /** Someone sends data to a tunnel that has no session. */
  stray(u: Underlay, from: Arrival): void {
    if (this.#ring.reserve(PUNT.STRAY, 0, SPARE.NEWS * this.#eighth) < 0) return;
    this.#ring.word(3, u.index);
    this.#ring.word(4, from.local);
    this.#ring.word(5, from.peer);
    this.#ring.word(6, from.peerPort);
    this.#commit();
  }

  failed(session: Session, reason: number): void {
    if (this.#ring.reserve(PUNT.FAILED, 0) < 0) return;
    this.#ring.word(3, session.key);
    this.#ring.word(4, reason);
    this.#commit();
  }

  /** Ends a batch: wakes the main thread where it must be woken. */
  flush(): void {
    if (!this.#written) return;
    this.#written = false;
    if (this.#ring.takeSleep()) this.#wake();
  }

  /** Fills a record with a PPP frame and shows it. */
  #frame(to: number, session: Session, protocol: number, at: number, length: number): void {
    this.#ring.bytes[to] = protocol >> 8;
    this.#ring.bytes[to + 1] = protocol;
    this.#ring.bytes.set(this.#a.u8.subarray(at, at + length), to + 2);
    this.#ring.word(3, session.key);
    this.#commit();
  }

  #put(kind: number, at: number, length: number, spare: number): boolean {
    const to = this.#ring.reserve(kind, length, spare * this.#eighth);
    if (to < 0) return false;
    this.#ring.bytes.set(this.#a.u8.subarray(at, at + length), to);
    return true;
  }

  #commit(): void {
    this.#ring.commit();
    this.#written = true;
  }
}

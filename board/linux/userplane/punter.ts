// From the worker to the main thread: whatever the plane does not carry itself, as records of the punt ring.

import type { Arena } from '../ffi/arena.ts';
import { PUNT, UNDERLAY } from './layout.ts';
import type { RingWriter } from './ring.ts';
import type { Interface, Session, Underlay } from './session.ts';

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
  #written = false;

  /** `wake` is called when the main thread sleeps and something waits for it. */
  constructor(a: Arena, ring: RingWriter, wake: () => void) {
    this.#a = a;
    this.#ring = ring;
    this.#wake = wake;
  }

  /** A control message. Lost, and counted, where the main thread is far behind: the peer sends it again. */
  control(u: Underlay, from: Arrival, at: number, length: number): void {
    if (!this.#put(PUNT.CONTROL, at, length)) {
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
    const to = this.#ring.reserve(PUNT.PPP, length + 2);
    if (to < 0) {
      (session.underlay.counters[UNDERLAY.PUNTS_LOST] as number)++;
      return;
    }
    this.#ring.bytes[to] = protocol >> 8;
    this.#ring.bytes[to + 1] = protocol;
    this.#ring.bytes.set(this.#a.u8.subarray(at, at + length), to + 2);
    this.#ring.word(3, session.key);
    this.#commit();
  }

  demand(from: Interface, at: number, length: number): void {
    if (!this.#put(PUNT.DEMAND, at, length)) return;
    this.#ring.word(3, from.index);
    this.#commit();
  }

  /** A copy for the packet trace, of `length` octets at `at`. */
  trace(session: Session, direction: 'rx' | 'tx', at: number, length: number): void {
    if (!this.#put(PUNT.TRACE, at, length)) return;
    this.#ring.word(3, session.key);
    this.#ring.word(4, direction === 'rx' ? 1 : 0);
    this.#commit();
  }

  /** Datagrams of `u` to a peer do not arrive; `mtu` > 0: too long for the path; `code` as in the punt. */
  unreachable(u: Underlay, to: { readonly peer: number; readonly port: number }, mtu: number, code: number): void {
    if (this.#ring.reserve(PUNT.UNREACHABLE, 0) < 0) return;
    this.#ring.word(3, u.index);
    this.#ring.word(4, to.peer);
    this.#ring.word(5, to.port);
    this.#ring.word(6, mtu);
    this.#ring.word(7, code);
    this.#commit();
  }

  /** Someone sends data to a tunnel that has no session. */
  stray(u: Underlay, from: Arrival): void {
    if (this.#ring.reserve(PUNT.STRAY, 0) < 0) return;
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

  #put(kind: number, at: number, length: number): boolean {
    const to = this.#ring.reserve(kind, length);
    if (to < 0) return false;
    this.#ring.bytes.set(this.#a.u8.subarray(at, at + length), to);
    return true;
  }

  #commit(): void {
    this.#ring.commit();
    this.#written = true;
  }
}

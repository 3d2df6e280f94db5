// Out of a session's leg, whichever that is: L2TP messages through the outbox, PPPoE frames through the Ethernet box, a line's frames to
// the main thread.

import type { Arena } from '../ffi/arena.ts';
import type { EtherBox } from './etherbox.ts';
import { ADDRESS_CONTROL, PPP_LCP, type Frame } from './frame.ts';
import { setLength, writeL2tp } from './header.ts';
import type { Outbox } from './outbox.ts';
import type { Punter } from './punter.ts';
import type { Session } from './session.ts';

/** Room for relayed frames whose new header is longer than the old one, between two flushes. */
const ROOM = 512 << 10;
const PROTOCOL_FIELD = 2;

export class Outward {
  readonly #a: Arena;
  readonly #outbox: Outbox;
  readonly #etherBox: EtherBox;
  readonly #punter: Punter;
  readonly #room: number;
  #used = 0;

  constructor(a: Arena, parts: { readonly outbox: Outbox; readonly etherBox: EtherBox; readonly punter: Punter }) {
    this.#a = a;
    this.#outbox = parts.outbox;
    this.#etherBox = parts.etherBox;
    this.#punter = parts.punter;
    this.#room = a.take(ROOM);
  }

  /** True while a message can be added; `flush` when not. */
  get open(): boolean {
    return this.#outbox.open;
  }

  /** What is added from now on belongs to `session`; `now` in monotonic milliseconds. */
  aim(session: Session, now: number): void {
    if (session.underlay !== undefined) this.#outbox.toSession(session, session.underlay, now);
  }

  /** Writes the L2TP header of a message of `length` octets, header included, at `at`, where the leg has one. */
  head(session: Session, at: number, length: number): void {
    if (session.underlay === undefined) return;
    const { view } = this.#a;
    writeL2tp(view, at, session, session.nextNs());
    setLength(view, at, length);
  }

  /** A message as `head` began it: `session.front` octets, then the PPP frame. Its octets stay in place until `flush`. */
  add(session: Session, at: number, length: number): void {
    if (session.trace) this.#punter.trace(session, 'tx', at, length);
    if (session.underlay !== undefined) this.#outbox.add(at, length);
    else if (session.ether !== undefined) this.#etherBox.add(session, session.ether, at, length);
    else this.#punter.line(session, this.#a.view.getUint16(at), at + PROTOCOL_FIELD, length - PROTOCOL_FIELD);
  }

  /** A frame that came by `from`, as it is. It stays in place until `flush`. */
  relay(from: Session, to: Session, f: Frame, now: number): void {
    if (to.underlay !== undefined) {
      this.#l2tp(from, to, f, now);
      return;
    }
    if (to.ether !== undefined) {
      if (to.trace) this.#punter.trace(to, 'tx', f.start, f.end - f.start);
      this.#etherBox.add(to, to.ether, f.start, f.end - f.start);
      return;
    }
    this.#punter.line(to, f.protocol, f.information, f.end - f.information);
    if (to.trace) this.#punter.lineTrace(to, f.protocol, f.information, f.end - f.information);
  }

  flush(): void {
    this.#outbox.flush();
    this.#etherBox.flush();
    this.#used = 0;
  }

  #l2tp(from: Session, to: Session, f: Frame, now: number): void {
    if (!this.#outbox.open) this.flush();
    const { view, u8 } = this.#a;
    // Between tunnels address and control stay as they are; PPPoE and lines may do without them where L2TP may not.
    const addressed = f.addressed || (from.underlay === undefined && (f.protocol === PPP_LCP || !to.acfc));
    const before = to.front + (addressed ? 2 : 0);
    const length = before + f.end - f.start;
    let at = f.start - before;
    if (at < f.lowest) {
      if (this.#used + length > ROOM) this.flush();
      at = this.#room + this.#used;
      u8.copyWithin(at + before, f.start, f.end);
      this.#used += length;
    }
    if (addressed) view.setUint16(at + before - 2, ADDRESS_CONTROL);
    this.aim(to, now);
    this.head(to, at, length);
    this.add(to, at, length);
  }
}

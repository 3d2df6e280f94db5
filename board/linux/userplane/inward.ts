// What becomes of a PPP frame that came by a session's leg, whichever that is: IP packets of an opened session go to its interface, all
// frames of a relay out of the other session, everything else to the main thread.

import type { Arena } from '../ffi/arena.ts';
import type { Coalescer } from './coalesce.ts';
import { Frame } from './frame.ts';
import { SESSION } from './layout.ts';
import { clampMss } from './mss.ts';
import type { Outward } from './outward.ts';
import { PPP_IPV4, PPP_IPV6 } from './packet.ts';
import type { Punter } from './punter.ts';
import { holds } from './routes.ts';
import type { Session } from './session.ts';

const IPV4_SOURCE = 12;

export class Inward {
  readonly #a: Arena;
  readonly #punter: Punter;
  readonly #coalescer: Coalescer;
  readonly #outward: Outward;
  readonly #frame = new Frame();
  /** Monotonic milliseconds of the batch at hand. */
  now = 0;

  constructor(a: Arena, parts: { readonly punter: Punter; readonly coalescer: Coalescer; readonly outward: Outward }) {
    this.#a = a;
    this.#punter = parts.punter;
    this.#coalescer = parts.coalescer;
    this.#outward = parts.outward;
  }

  /** A frame of `length` octets by a leg whose frames carry no numbers, `room` octets before it free: counts it first. */
  arrived(session: Session, at: number, length: number, room: number): void {
    const c = session.counters;
    (c[SESSION.IN_PACKETS] as number)++;
    (c[SESSION.IN_BYTES] as number) += length;
    c[SESSION.LAST_IN] = this.now;
    if (session.trace) this.#punter.trace(session, 'rx', at, length);
    if (length === 0) (c[SESSION.IN_EMPTY] as number)++;
    else this.frame(session, at, at + length, at - room);
  }

  /** A frame from `at` to `end`; the octets from `lowest` on before it are free. It stays in place until `flush`. */
  frame(session: Session, at: number, end: number, lowest: number): void {
    const f = this.#frame;
    const { view } = this.#a;
    if (!f.read(view, at, end, lowest)) return this.#discard(session);
    if (session.relay !== 0) return this.#relay(session, f);
    const { information: p, protocol } = f;
    if (protocol === PPP_IPV4) {
      const length = session.ipv4 && session.far !== undefined ? ipv4Length(view, p, end - p) : 0;
      if (length === 0) return this.#discard(session);
      if (session.sources !== undefined && !holds(session.sources, view.getInt32(p + IPV4_SOURCE))) return this.#discard(session);
      this.#carry(session, p, length, p - lowest);
    } else if (protocol === PPP_IPV6) {
      // A list of IPv4 sources permits no IPv6.
      const length = session.ipv6 && session.far !== undefined && session.sources === undefined ? ipv6Length(view, p, end - p) : 0;
      if (length === 0) return this.#discard(session);
      this.#carry(session, p, length, p - lowest);
    } else this.#punter.ppp(session, protocol, p, end - p);
  }

  /** Ends a batch: all of it has gone, its memory may be used again. */
  flush(): void {
    this.#coalescer.flush();
    this.#outward.flush();
  }

  #carry(session: Session, at: number, length: number, room: number): void {
    session.counters[SESSION.LAST_CARRIED] = this.now;
    if (session.mss !== 0) clampMss(this.#a.view, at, length, session.mss);
    this.#coalescer.add(session, at, length, room);
  }

  #relay(session: Session, f: Frame): void {
    const to = session.other;
    if (to === undefined) return this.#discard(session);
    if (f.protocol === PPP_IPV4 || f.protocol === PPP_IPV6) {
      session.counters[SESSION.LAST_CARRIED] = this.now;
      to.counters[SESSION.LAST_CARRIED] = this.now;
      if (session.mss !== 0) this.#clamp(f, session.mss);
      if (to.mss !== 0) this.#clamp(f, to.mss);
    }
    // The frame waits where it lies: nothing gathered before it may grow over it.
    this.#coalescer.fence();
    this.#outward.relay(session, to, f, this.now);
  }

  #clamp(f: Frame, mss: number): void {
    const { view } = this.#a;
    const available = f.end - f.information;
    const length = f.protocol === PPP_IPV4 ? ipv4Length(view, f.information, available) : ipv6Length(view, f.information, available);
    if (length > 0) clampMss(view, f.information, length, mss);
  }

  #discard(session: Session): void {
    (session.counters[SESSION.IN_DISCARDED] as number)++;
  }
}

/** The length an IPv4 packet states (what follows it is padding), 0 where header and length do not fit into `available` octets. */
function ipv4Length(view: DataView, at: number, available: number): number {
  if (available < 20) return 0;
  const first = view.getUint8(at);
  const header = (first & 15) * 4;
  const total = view.getUint16(at + 2);
  return first >> 4 === 4 && header >= 20 && total >= header && total <= available ? total : 0;
}

function ipv6Length(view: DataView, at: number, available: number): number {
  if (available < 40 || view.getUint8(at) >> 4 !== 6) return 0;
  const total = 40 + view.getUint16(at + 4);
  return total <= available ? total : 0;
}

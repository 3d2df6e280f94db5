// From a TUN device into a session: packets are read behind room for their headers and leave from where they were read.

import type { Arena } from '../ffi/arena.ts';
import { ERRNO } from '../ffi/errno.ts';
import { C, errno, pointer } from '../ffi/libc.ts';
import { pppLength, writePpp } from './header.ts';
import { SESSION } from './layout.ts';
import { clampMss } from './mss.ts';
import type { Outward } from './outward.ts';
import { GSO, MAX_PACKET, PPP_IPV4, PPP_IPV6, VNET, VNET_NEEDS_CSUM } from './packet.ts';
import type { Punter } from './punter.ts';
import type { Routes } from './routes.ts';
import { Segmenter } from './segment.ts';
import { Shortener } from './shortener.ts';
import type { Interface, Session } from './session.ts';
import { complement, type Summing } from './sum.ts';

/** Packets, or super-packets, read from one device before the next descriptor has its turn. */
const BATCH = 32;
/** Where a packet begins in its slot: room for our headers, which overwrite the virtio header; a multiple of 4, for the checksums. */
const HEADROOM = 32;
const SLOT_SIZE = HEADROOM + MAX_PACKET + 33;
const READ_SIZE = VNET.SIZE + MAX_PACKET;
const DEMAND_INTERVAL_MS = 1000;
/** Multicast and link-local chatter of the kernel's IPv6 (RFC 4861, 3810) is no demand for a connection. */
const IPV6_MULTICAST = 0xff;
const UDP_CHECKSUM_OFFSET = 6;
const IPV4_DESTINATION = 16;
const IPV4_HEADER = 20;

/** What became of reading a device; 'gone': somebody deleted it. */
export type Drained = 'ok' | 'gone';

export class Transmitter {
  readonly #a: Arena;
  readonly #outward: Outward;
  readonly #punter: Punter;
  readonly #segmenter: Segmenter;
  readonly #shortener: Shortener;
  readonly #slots: number;
  readonly #sums: Summing;

  constructor(a: Arena, sums: Summing, outward: Outward, punter: Punter) {
    this.#a = a;
    this.#sums = sums;
    this.#outward = outward;
    this.#punter = punter;
    this.#segmenter = new Segmenter(a, sums);
    this.#shortener = new Shortener(a);
    this.#slots = a.take(BATCH * SLOT_SIZE);
  }

  /** Carries what waits in the device, up to a batch. `now`: monotonic milliseconds. */
  drain(from: Interface, now: number): Drained {
    const { routes } = from;
    const only = routes === undefined ? from.newest : undefined;
    let result: Drained = 'ok';
    for (let s = 0; s < BATCH; s++) {
      const at = this.#slots + s * SLOT_SIZE + HEADROOM;
      const n = C.read(from.fd, pointer(this.#a.base + at - VNET.SIZE), READ_SIZE);
      if (n <= VNET.SIZE) {
        if (n < 0 && errno() === ERRNO.EBADFD) result = 'gone';
        break;
      }
      const session = routes === undefined ? only : this.#whose(routes, at, n - VNET.SIZE);
      if (session === undefined) this.#strand(from, at, n - VNET.SIZE, now);
      else this.#carry(session, at, n - VNET.SIZE, now);
    }
    this.#flush();
    return result;
  }

  #flush(): void {
    this.#outward.flush();
    this.#segmenter.reset();
    this.#shortener.reset();
  }

  #carry(session: Session, at: number, length: number, now: number): void {
    const { view } = this.#a;
    const c = session.counters;
    const version = view.getUint8(at) >> 4;
    if (!(version === 4 ? session.ipv4 : version === 6 && session.ipv6)) {
      (c[SESSION.OUT_DISCARDED] as number)++;
      return;
    }
    const isSingle = view.getUint8(at - VNET.SIZE + VNET.GSO_TYPE) === GSO.NONE;
    const isLong = session.mtu !== 0 && version === 4 && (isSingle ? length : this.#segmenter.longest(at)) > session.mtu;
    if (isLong && this.#shortener.refuses(session, at, length, now)) {
      (c[SESSION.OUT_DISCARDED] as number)++;
      return;
    }
    c[SESSION.LAST_CARRIED] = now;
    if (!this.#outward.open) this.#flush();
    this.#outward.aim(session, now);
    if (!isSingle) this.#segments(session, at, length, isLong ? 'fragments' : 'whole', now);
    else {
      this.#finishChecksum(at, length);
      if (session.mss !== 0) clampMss(view, at, length, session.mss);
      if (isLong) this.#fragments(session, at, length, now);
      else this.#single(session, at, length);
    }
  }

  #single(session: Session, at: number, length: number): void {
    const { view } = this.#a;
    const protocol = view.getUint8(at) >> 4 === 4 ? PPP_IPV4 : PPP_IPV6;
    const ppp = at - pppLength(session);
    const start = ppp - session.front;
    const whole = at + length - start;
    this.#outward.head(session, start, whole);
    writePpp(view, ppp, session, protocol);
    this.#outward.add(session, start, whole);
  }

  /** A packet longer than the session takes. */
  #fragments(session: Session, at: number, length: number, now: number): void {
    const cutter = this.#shortener;
    const count = cutter.begin(session, at, length);
    for (let k = 0; k < count; k++) {
      if (!cutter.open || !this.#outward.open) {
        this.#flush();
        this.#outward.aim(session, now);
      }
      cutter.cut(k);
      this.#single(session, cutter.at, cutter.length);
    }
  }

  #segments(session: Session, at: number, length: number, into: 'whole' | 'fragments', now: number): void {
    const outward = this.#outward;
    const cutter = this.#segmenter;
    const count = cutter.begin(into === 'whole' ? session : undefined, at, length);
    if (count === 0) (session.counters[SESSION.OUT_DISCARDED] as number)++;
    for (let k = 0; k < count; k++) {
      if (!cutter.open || !outward.open) {
        this.#flush();
        outward.aim(session, now);
      }
      cutter.cut(k);
      if (into === 'whole') outward.add(session, cutter.at, cutter.length);
      else this.#fragments(session, cutter.at, cutter.length, now);
    }
  }

  /** Completes the transport checksum that the kernel left to the device. */
  #finishChecksum(at: number, length: number): void {
    const a = this.#a;
    const vnet = at - VNET.SIZE;
    if ((a.view.getUint8(vnet + VNET.FLAGS) & VNET_NEEDS_CSUM) === 0) return;
    const start = a.view.getUint16(vnet + VNET.CSUM_START, true);
    const offset = a.view.getUint16(vnet + VNET.CSUM_OFFSET, true);
    if (start + offset + 2 > length) return;
    const value = complement(this.#sums.sum(at + start, length - start));
    a.view.setUint16(at + start + offset, value === 0 && offset === UDP_CHECKSUM_OFFSET ? 0xffff : value);
  }

  /** The session of a shared device that a packet, or super-packet, is for. */
  #whose(routes: Routes, at: number, length: number): Session | undefined {
    const { view } = this.#a;
    return length >= IPV4_HEADER && view.getUint8(at) >> 4 === 4 ? routes.find(view.getInt32(at + IPV4_DESTINATION)) : undefined;
  }

  /** A packet that no session takes. */
  #strand(from: Interface, at: number, length: number, now: number): void {
    const { view } = this.#a;
    const wanted = from.onDemand && from.sessions.size === 0 && now - from.lastDemand >= DEMAND_INTERVAL_MS;
    if (!wanted || (view.getUint8(at) >> 4 === 6 && view.getUint8(at + 24) === IPV6_MULTICAST)) {
      (from.lost[0] as number)++;
      return;
    }
    from.lastDemand = now;
    this.#finishChecksum(at, length);
    this.#punter.demand(from, at, length);
  }
}

// Packets out of a TUN device that are longer than their session takes (SessionOptions.mtu): cut, or refused with a word to the sender.

import { fragments, isUncuttable, isWholeIpv4, LEAST_IPV4_MTU, mayTell, MOST_TOO_BIG, writeFragment, writeTooBig } from '../../../firmware/bytes/fragment.ts';
import { toIpv4 } from '../../../firmware/bytes/ip.ts';
import type { Arena } from '../ffi/arena.ts';
import { C, pointer } from '../ffi/libc.ts';
import { MAX_HEADER } from './header.ts';
import { MAX_PACKET, VNET } from './packet.ts';
import type { Session } from './session.ts';

/** Room for fragments between two flushes; each has room for its headers before it. */
const ROOM = 512 << 10;
const HEADROOM = MAX_HEADER;
/** A sender who hears nothing never learns (RFC 1191): many flows of one session are told at once, a flood is not answered by a flood. */
const TELL_IN_MS = 100;
const TELL_MOST = 10;

export class Shortener {
  readonly #a: Arena;
  readonly #room: number;
  readonly #message: number;
  #used = 0;
  readonly #packet = { at: 0, length: 0, mtu: 0 };
  readonly #to: { readonly bytes: Uint8Array; at: number };

  /** The fragment cut last. */
  at = 0;
  length = 0;

  constructor(a: Arena) {
    this.#a = a;
    this.#room = a.take(ROOM);
    this.#message = a.take(16 + MOST_TOO_BIG) + 16;
    this.#to = { bytes: a.u8, at: 0 };
  }

  /** False where room is used up: flush what was cut, then `reset`. */
  get open(): boolean {
    return this.#used + HEADROOM + this.#packet.mtu <= ROOM;
  }

  reset(): void {
    this.#used = 0;
  }

  /** Whether a packet, or super-packet, that is too long for its session may not be cut; its sender is told then. `now`: monotonic milliseconds. */
  refuses(session: Session, at: number, length: number, now: number): boolean {
    const { u8 } = this.#a;
    if (!isWholeIpv4(u8, at, length)) return true;
    if (!isUncuttable(u8, at)) return false;
    if (session.far !== undefined && session.address !== 0 && mayTell(u8, at, length) && mayTellNow(session, now)) this.#tell(session, session.far.fd, at, length);
    return true;
  }

  /** Begins with a packet; how many fragments it becomes. */
  begin(session: Session, at: number, length: number): number {
    const packet = this.#packet;
    packet.at = at;
    packet.length = length;
    packet.mtu = Math.min(Math.max(session.mtu, LEAST_IPV4_MTU), MAX_PACKET);
    return fragments(this.#a.u8, at, length, packet.mtu);
  }

  /** Cuts fragment `k`: it is at `at`, `length` octets long. */
  cut(k: number): void {
    this.#to.at = this.#room + this.#used + HEADROOM;
    this.at = this.#to.at;
    this.length = writeFragment(this.#a.u8, this.#packet, k, this.#to);
    this.#used += (HEADROOM + this.length + 3) & ~3;
  }

  #tell(session: Session, fd: number, at: number, length: number): void {
    const { u8, base } = this.#a;
    this.#packet.at = at;
    this.#packet.length = length;
    this.#packet.mtu = session.mtu;
    this.#to.at = this.#message;
    const octets = writeTooBig(u8, this.#packet, toIpv4(session.address), this.#to);
    u8.fill(0, this.#message - VNET.SIZE, this.#message);
    C.write(fd, pointer(base + this.#message - VNET.SIZE), VNET.SIZE + octets);
  }
}

function mayTellNow(session: Session, now: number): boolean {
  const time = Math.floor(now / TELL_IN_MS);
  if (session.toldIn !== time) session.told = 0;
  session.toldIn = time;
  return session.told++ < TELL_MOST;
}

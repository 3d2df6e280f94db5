// Cuts a TCP or UDP super-packet from a TUN device (virtio_net_hdr with GSO) into packets with L2TP headers, one behind the other,
// so that a whole burst is one piece of memory. The data is summed up while it is copied.

import type { Arena } from '../ffi/arena.ts';
import { MAX_HEADER, pppLength, setLength, writeL2tp, writePpp } from './header.ts';
import { PPP_IPV4, PPP_IPV6, VNET, GSO } from './packet.ts';
import type { Session } from './session.ts';
import { complement, type Summing } from './sum.ts';

/** Room for what is cut between two flushes. */
const ROOM = 1 << 20;
/** IP and transport headers: 60 + 60, or IPv6 with some extension headers. */
const MAX_INNER = 176;
const FIN_PSH = 0x09;
const CWR = 0x80;

export class Segmenter {
  readonly #a: Arena;
  readonly #sums: Summing;
  readonly #room: number;
  readonly #template: number;
  #used = 0;

  // The super-packet being cut.
  #session: Session | undefined = undefined;
  #packet = 0;
  #whole = 0;
  #size = 0;
  #count = 0;
  #tcp = false;
  #ipv4 = false;
  /** Octets of IP and transport header, of IP header alone, of L2TP and PPP header. */
  #inner = 0;
  #network = 0;
  #outer = 0;
  #id = 0;
  #sequence = 0;
  #flags = 0;
  #ipSum = 0;
  #transportSum = 0;

  /** The datagram cut last. */
  at = 0;
  length = 0;

  constructor(a: Arena, sums: Summing) {
    this.#a = a;
    this.#sums = sums;
    this.#room = a.take(ROOM);
    this.#template = a.take(MAX_HEADER + MAX_INNER);
  }

  /** False where room is used up: flush what was cut, then `reset`. */
  get open(): boolean {
    return this.#used + this.#outer + this.#inner + this.#size <= ROOM;
  }

  reset(): void {
    this.#used = 0;
  }

  /** The length of the packets that the super-packet at `at` will be cut into. */
  longest(at: number): number {
    const { view } = this.#a;
    const vnet = at - VNET.SIZE;
    const network = view.getUint16(vnet + VNET.CSUM_START, true);
    const udp = (view.getUint8(vnet + VNET.GSO_TYPE) & ~GSO.ECN) === GSO.UDP;
    return network + (udp ? 8 : (view.getUint8(at + network + 12) >> 4) * 4) + view.getUint16(vnet + VNET.GSO_SIZE, true);
  }

  /**
   * Begins with the super-packet of `length` octets at `at`, whose virtio header stands right before it; without a session it is cut into bare
   * packets. How many segments; 0 where it makes no sense.
   */
  begin(session: Session | undefined, at: number, length: number): number {
    const { view } = this.#a;
    const vnet = at - VNET.SIZE;
    const type = view.getUint8(vnet + VNET.GSO_TYPE) & ~GSO.ECN;
    const network = view.getUint16(vnet + VNET.CSUM_START, true);
    const size = view.getUint16(vnet + VNET.GSO_SIZE, true);
    const tcp = type !== GSO.UDP;
    const inner = network + (tcp ? (view.getUint8(at + network + 12) >> 4) * 4 : 8);
    if (size === 0 || network < 20 || inner > MAX_INNER || inner >= length) return 0;
    this.#session = session;
    this.#packet = at;
    this.#whole = length;
    this.#size = size;
    this.#tcp = tcp;
    this.#ipv4 = view.getUint8(at) >> 4 === 4;
    this.#inner = inner;
    this.#network = network;
    this.#count = Math.ceil((length - inner) / size);
    this.#prepare();
    return this.#count;
  }

  /** Writes the headers with all that differs between segments zeroed, and sums up the rest. */
  #prepare(): void {
    const a = this.#a;
    const { view } = a;
    const session = this.#session;
    const ip = this.#template + MAX_HEADER;
    const transport = ip + this.#network;
    this.#outer = session === undefined ? 0 : session.front + pppLength(session);
    if (session !== undefined) writePpp(view, ip - pppLength(session), session, this.#ipv4 ? PPP_IPV4 : PPP_IPV6);
    a.u8.copyWithin(ip, this.#packet, this.#packet + this.#inner);
    let pseudo = 0;
    if (this.#ipv4) {
      this.#id = view.getUint16(ip + 4);
      view.setUint16(ip + 2, 0);
      view.setUint32(ip + 4, view.getUint32(ip + 4) & 0xffff);
      view.setUint16(ip + 10, 0);
      this.#ipSum = this.#sums.sum(ip, this.#network);
      pseudo = this.#sums.sum(ip + 12, 8);
    } else {
      view.setUint16(ip + 4, 0);
      pseudo = this.#sums.sum(ip + 8, 32);
    }
    if (this.#tcp) {
      this.#sequence = view.getUint32(transport + 4);
      this.#flags = view.getUint16(transport + 12);
      view.setUint32(transport + 4, 0);
      view.setUint16(transport + 12, 0);
      view.setUint16(transport + 16, 0);
    } else {
      view.setUint16(transport + 4, 0);
      view.setUint16(transport + 6, 0);
    }
    this.#transportSum = pseudo + (this.#tcp ? 6 : 17) + this.#sums.sum(transport, this.#inner - this.#network);
  }

  /** Cuts segment `k`: it is at `at`, `length` octets long. */
  cut(k: number): void {
    const a = this.#a;
    const { view } = a;
    const session = this.#session;
    const front = this.#room + this.#used;
    const ip = front + this.#outer;
    const transport = ip + this.#network;
    const template = this.#template + MAX_HEADER;
    const offset = this.#inner + k * this.#size;
    const dataLength = Math.min(this.#size, this.#whole - offset);
    const ppp = session === undefined ? 0 : pppLength(session);
    a.u8.copyWithin(ip - ppp, template - ppp, template + this.#inner);
    if (session?.underlay !== undefined) writeL2tp(view, front, session, session.nextNs());
    this.at = front;
    this.length = this.#outer + this.#inner + dataLength;
    this.#used += this.length;
    if (session?.underlay !== undefined) setLength(view, front, this.length);
    const upper = this.#inner - this.#network + dataLength;
    if (this.#ipv4) {
      const total = this.#network + upper;
      const id = (this.#id + k) & 0xffff;
      view.setUint16(ip + 2, total);
      view.setUint16(ip + 4, id);
      view.setUint16(ip + 10, complement(this.#ipSum + total + id));
    } else view.setUint16(ip + 4, this.#network - 40 + upper);
    const base = this.#transportSum + upper + this.#sums.copy(ip + this.#inner, this.#packet + offset, dataLength);
    if (this.#tcp) {
      const sequence = (this.#sequence + k * this.#size) >>> 0;
      let flags = this.#flags;
      if (k !== this.#count - 1) flags &= ~FIN_PSH;
      if (k !== 0) flags &= ~CWR;
      view.setUint32(transport + 4, sequence);
      view.setUint16(transport + 12, flags);
      view.setUint16(transport + 16, complement(base + (sequence >>> 16) + (sequence & 0xffff) + flags));
    } else {
      view.setUint16(transport + 4, upper);
      // The length counts twice: in the pseudo header and in the UDP header.
      view.setUint16(transport + 6, complement(base + upper) || 0xffff);
    }
  }
}

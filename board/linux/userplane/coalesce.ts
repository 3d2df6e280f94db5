// Received packets on their way into TUN devices: neighbours of one TCP or UDP flow become one super-packet (virtio_net_hdr with GSO),
// as the kernel's own GRO would make it: the first packet's headers are rewritten, the others' data moves up behind it while its
// checksum is verified.

import { SIZEOF_IOVEC, type Arena } from '../ffi/arena.ts';
import { C, pointer } from '../ffi/libc.ts';
import { SESSION } from './layout.ts';
import { GSO, IP_TCP, IP_UDP, MAX_PACKET, VNET, VNET_NEEDS_CSUM } from './packet.ts';
import type { Interface, Session } from './session.ts';
import { complement, fold, type Summing } from './sum.ts';

/** Flows that are gathered at the same time. */
const RUNS = 16;
/** Packets in one super-packet: UDP_MAX_SEGMENTS of older kernels; at usual sizes 64 KB of TCP have fewer. */
const MAX_PACKETS = 64;
/** Pieces of memory in one super-packet. */
const MAX_PIECES = 32;
const NOT_PSH = 0xf7;
const ACK = 0x10;
const PSH = 0x08;

/** Neighbouring packets of one flow. */
class Run {
  /** Where its iovecs and its own virtio header lie in the arena. */
  readonly iovecs: number;
  readonly vnet: number;
  session: Session | undefined = undefined;
  far: Interface | undefined = undefined;
  protocol = 0;
  /** The first packet: where, its length, its octets of IP header and of all headers, octets before it that may be overwritten. */
  at = 0;
  length = 0;
  network = 0;
  inner = 0;
  room = 0;
  /** Data octets of every packet but the last. */
  size = 0;
  count = 0;
  /** Octets of the super-packet; the pieces of memory it lies in; where the last of them begins and ends. */
  total = 0;
  pieces = 0;
  piece = 0;
  tail = 0;
  /** TCP: the sequence number that goes on from here. */
  next = 0;

  constructor(a: Arena) {
    this.iovecs = a.take((MAX_PIECES + 1) * SIZEOF_IOVEC);
    this.vnet = a.take(VNET.SIZE);
  }
}

export class Coalescer {
  readonly #a: Arena;
  readonly #sums: Summing;
  readonly #runs: Run[] = [];
  readonly #lone: Run;
  /** The run that grew last: between its tail and the packet at hand lies nothing that is still needed. */
  #latest: Run | undefined = undefined;
  #active = 0;
  // The packet being looked at: octets of IP header, of all headers, of data.
  #network = 0;
  #inner = 0;
  #data = 0;

  constructor(a: Arena, sums: Summing) {
    this.#a = a;
    this.#sums = sums;
    for (let i = 0; i < RUNS; i++) this.#runs.push(new Run(a));
    this.#lone = new Run(a);
  }

  /**
   * Takes the IP packet of `length` octets at `at` for the interface of `session`; `room` octets before it may be overwritten.
   * The packet stays in place until `flush`.
   */
  add(session: Session, at: number, length: number, room: number): void {
    const far = session.far;
    if (far === undefined) return;
    const protocol = this.#look(at, length);
    let mergeable = false;
    if (protocol === 0) this.flush();
    else {
      mergeable = protocol === IP_TCP ? this.#tcp(at) : far.udpSegments && this.#udp(at);
      for (let i = 0; i < this.#active; i++) {
        const run = this.#runs[i] as Run;
        if (run.far !== far || run.protocol !== protocol || !this.#sameFlow(run, at)) continue;
        if (mergeable && this.#continues(run, at)) {
          if (run.count > 1 || this.#correct(run)) {
            this.#append(run, i, at);
            return;
          }
        }
        this.#write(i);
        break;
      }
    }
    // A packet that ends its flow's burst goes at once.
    const last = protocol === IP_TCP && (this.#a.view.getUint8(at + this.#network + 13) & PSH) !== 0;
    if (this.#active === RUNS) this.#write(0);
    const run = mergeable && !last ? (this.#runs[this.#active++] as Run) : this.#lone;
    run.session = session;
    run.far = far;
    run.protocol = protocol;
    run.at = at;
    run.length = length;
    run.room = room;
    run.network = this.#network;
    run.inner = this.#inner;
    run.size = this.#data;
    run.count = 1;
    run.total = length;
    run.pieces = 1;
    run.piece = at;
    run.tail = at + length;
    if (protocol === IP_TCP) run.next = (this.#a.view.getUint32(at + this.#network + 4) + this.#data) >>> 0;
    if (run === this.#lone) this.#emit(run);
    else this.#latest = run;
  }

  /** What has just been looked at stays where it is: no run grows over it. */
  fence(): void {
    this.#latest = undefined;
  }

  /** Writes everything gathered. */
  flush(): void {
    for (let i = 0; i < this.#active; i++) this.#emit(this.#runs[i] as Run);
    this.#active = 0;
    this.#latest = undefined;
  }

  /** The transport protocol of a packet with whole TCP or UDP headers and neither options, extension headers nor fragments; else 0. */
  #look(at: number, length: number): number {
    const { view } = this.#a;
    let protocol = 0;
    const first = view.getUint8(at);
    if (first === 0x45) {
      if ((view.getUint16(at + 6) & 0x3fff) !== 0) return 0;
      protocol = view.getUint8(at + 9);
      this.#network = 20;
    } else if (first >> 4 === 6) {
      protocol = view.getUint8(at + 6);
      this.#network = 40;
    } else return 0;
    if (protocol === IP_TCP) {
      if (length < this.#network + 20) return 0;
      this.#inner = this.#network + (view.getUint8(at + this.#network + 12) >> 4) * 4;
      if (this.#inner < this.#network + 20) return 0;
    } else if (protocol === IP_UDP) this.#inner = this.#network + 8;
    else return 0;
    this.#data = length - this.#inner;
    return this.#data < 0 ? 0 : protocol;
  }

  #tcp(at: number): boolean {
    return this.#data > 0 && (this.#a.view.getUint8(at + this.#network + 13) & NOT_PSH) === ACK;
  }

  #udp(at: number): boolean {
    const { view } = this.#a;
    const udp = at + this.#network;
    return this.#data > 0 && view.getUint16(udp + 4) === this.#data + 8 && view.getUint16(udp + 6) !== 0;
  }

  #sameFlow(run: Run, at: number): boolean {
    const { view } = this.#a;
    if (run.network !== this.#network) return false;
    const from = this.#network === 20 ? 12 : 8;
    // Addresses and, right behind them, ports.
    for (let i = this.#network; i >= from; i -= 4) if (view.getInt32(run.at + i) !== view.getInt32(at + i)) return false;
    return true;
  }

  /** Whether the packet is what the kernel would cut as the next segment of the super-packet so far. */
  #continues(run: Run, at: number): boolean {
    const { view } = this.#a;
    if (run.inner !== this.#inner || this.#data > run.size || run.count === MAX_PACKETS || run.pieces === MAX_PIECES || run.total + this.#data > MAX_PACKET) return false;
    if (this.#network === 20) {
      if (view.getUint16(at) !== view.getUint16(run.at) || view.getUint8(at + 8) !== view.getUint8(run.at + 8)) return false;
      const fragment = view.getUint16(at + 6);
      if (fragment !== view.getUint16(run.at + 6)) return false;
      // Without DF the identification matters (RFC 6864 4): segments count it up.
      if (fragment === 0 && view.getUint16(at + 4) !== ((view.getUint16(run.at + 4) + run.count) & 0xffff)) return false;
    } else if (view.getInt32(at) !== view.getInt32(run.at) || view.getUint8(at + 7) !== view.getUint8(run.at + 7)) return false;
    return run.protocol === IP_UDP || this.#continuesTcp(run, at);
  }

  #continuesTcp(run: Run, at: number): boolean {
    const { view } = this.#a;
    const a = run.at + run.network;
    const b = at + run.network;
    if (view.getUint32(b + 4) !== run.next || view.getInt32(b + 8) !== view.getInt32(a + 8)) return false;
    if (view.getUint8(b + 12) !== view.getUint8(a + 12) || view.getUint16(b + 14) !== view.getUint16(a + 14)) return false;
    for (let i = 20; i < run.inner - run.network; i += 4) if (view.getInt32(a + i) !== view.getInt32(b + i)) return false;
    return true;
  }

  /** Whether the checksum of a run's only packet is right: the super-packet's would hide a wrong one. */
  #correct(run: Run): boolean {
    const upper = run.length - run.network;
    return fold(this.#pseudo(run, run.at) + upper + this.#sums.sum(run.at + run.network, upper)) === 0xffff;
  }

  /** Sum of addresses and protocol. */
  #pseudo(run: Run, at: number): number {
    return (run.network === 20 ? this.#sums.sum(at + 12, 8) : this.#sums.sum(at + 8, 32)) + run.protocol;
  }

  /** Adds the packet at hand, whose headers continue run `index`. Where its checksum is wrong, it is dropped: its receiver would. */
  #append(run: Run, index: number, at: number): void {
    const a = this.#a;
    const data = at + run.inner;
    const length = this.#data;
    const headers = this.#pseudo(run, at) + run.inner - run.network + length + this.#sums.sum(at + run.network, run.inner - run.network);
    // Read before the copy, which may go over the headers.
    const flags = run.protocol === IP_TCP ? a.view.getUint8(at + run.network + 13) : 0;
    const follows = run === this.#latest;
    const body = follows ? this.#sums.copy(run.tail, data, length) : this.#sums.sum(data, length);
    if (fold(headers + body) !== 0xffff) {
      if (run.session !== undefined) (run.session.counters[SESSION.IN_DISCARDED] as number)++;
      return;
    }
    if (!follows) {
      a.putIovec(run.iovecs + run.pieces++ * SIZEOF_IOVEC, run.piece, run.tail - run.piece);
      run.piece = data;
      run.tail = data;
      this.#latest = run;
    }
    run.tail += length;
    run.total += length;
    run.count++;
    run.next = (run.next + length) >>> 0;
    if ((flags & PSH) !== 0) a.view.setUint8(run.at + run.network + 13, flags);
    if (length < run.size || (flags & PSH) !== 0) this.#write(index);
  }

  /** Writes run `index` and keeps the others in order. */
  #write(index: number): void {
    const run = this.#runs[index] as Run;
    this.#emit(run);
    this.#active--;
    for (let i = index; i < this.#active; i++) this.#runs[i] = this.#runs[i + 1] as Run;
    this.#runs[this.#active] = run;
  }

  #emit(run: Run): void {
    const a = this.#a;
    const far = run.far;
    if (far === undefined) return;
    const inPlace = run.room >= VNET.SIZE;
    const vnet = inPlace ? run.at - VNET.SIZE : run.vnet;
    a.u8.fill(0, vnet, vnet + VNET.SIZE);
    if (run.count > 1) this.#superHeaders(run, vnet);
    let result = 0;
    if (inPlace && run.pieces === 1) result = C.write(far.fd, pointer(a.base + vnet), VNET.SIZE + run.total);
    else {
      a.putIovec(run.iovecs + run.pieces * SIZEOF_IOVEC, run.piece, run.tail - run.piece);
      // The virtio header goes first; into the first packet's own header room it need not go then.
      a.putIovec(run.iovecs, vnet, VNET.SIZE);
      result = C.writev(far.fd, pointer(a.base + run.iovecs), run.pieces + 1);
    }
    if (result < 0 && run.session !== undefined) (run.session.counters[SESSION.IN_DISCARDED] as number) += run.count;
  }

  /** The headers of a super-packet: total lengths, IP checksum, and the sum of the pseudo header where the kernel will put checksums. */
  #superHeaders(run: Run, vnet: number): void {
    const a = this.#a;
    const { view } = a;
    const tcp = run.protocol === IP_TCP;
    const transport = run.at + run.network;
    const upper = run.total - run.network;
    if (run.network === 20) {
      view.setUint16(run.at + 2, run.total);
      view.setUint16(run.at + 10, 0);
      view.setUint16(run.at + 10, complement(this.#sums.sum(run.at, 20)));
    } else view.setUint16(run.at + 4, upper);
    if (!tcp) view.setUint16(transport + 4, upper);
    view.setUint16(transport + (tcp ? 16 : 6), fold(this.#pseudo(run, run.at) + upper));
    view.setUint8(vnet + VNET.FLAGS, VNET_NEEDS_CSUM);
    view.setUint8(vnet + VNET.GSO_TYPE, tcp ? (run.network === 20 ? GSO.TCPV4 : GSO.TCPV6) : GSO.UDP);
    view.setUint16(vnet + VNET.HDR_LEN, run.inner, true);
    view.setUint16(vnet + VNET.GSO_SIZE, run.size, true);
    view.setUint16(vnet + VNET.CSUM_START, run.network, true);
    view.setUint16(vnet + VNET.CSUM_OFFSET, tcp ? 16 : 6, true);
  }
}

// A data plane under test with a network around it, and the packets that cross it: what the conformance suite is written with.

import * as assert from 'uvu/assert';

import { addChecksum, checksum, foldChecksum } from '../../firmware/bytes/checksum.ts';
import { fromHex, hex } from '../../firmware/bytes/hex.ts';
import { put16, put32 } from '../../firmware/bytes/integers.ts';
import { ANY_IPV4, toIpv4, type Ipv4 } from '../../firmware/bytes/ip.ts';
import type { DataPlane, InterfaceId, L2tpLeg, Punt, SessionCounters, SessionKey, SessionOptions, UnderlayId } from '../../firmware/hal/dataplane.ts';

/** A UDP datagram as a peer sees it. */
export interface Datagram {
  readonly from: Ipv4;
  readonly fromPort: number;
  readonly to: Ipv4;
  readonly toPort: number;
  readonly data: Uint8Array;
}

/** A plane with a network around it: fresh for each test. */
export interface Bench {
  readonly plane: DataPlane;
  /** Two addresses of the router, two of peers. */
  readonly local: readonly [Ipv4, Ipv4];
  readonly peers: readonly [Ipv4, Ipv4];
  /** A peer opens a port: from now on what arrives there is in `received`. */
  listen(peer: Ipv4, port: number): void;
  /** A peer sends from a port opened before. */
  inject(datagram: Datagram): void;
  /** Datagrams that have reached the peers' ports since the last call. */
  received(): Datagram[];
  /** The router's IP stack sends a packet into an interface, which is up. */
  enter(name: string, packet: Uint8Array): void;
  /** Packets that have come out of the interface towards the router's IP stack since the last call. TTL and header checksum may have changed. */
  left(name: string): Uint8Array[];
  /** The router's Ethernet port as the plane is told it, its address, and that of a station beside it. */
  readonly ethernet: { readonly device: string; readonly router: Uint8Array; readonly station: Uint8Array };
  /** The station sends a whole Ethernet frame as it stands. */
  injectFrame(frame: Uint8Array): void;
  /** PPPoE frames, of discovery too, that have reached the station since the last call. */
  frames(): Uint8Array[];
  /** Lets time pass until `done`; false where it did not come true within `ms`. */
  until(done: () => boolean, ms?: number): Promise<boolean>;
  /** Names of all interfaces of the plane that the router's IP stack knows. */
  interfaces(): string[];
  /** Takes everything down. */
  close(): Promise<void>;
}

export const PORT = 1701;
/** The bench's peers have these L2TP ids; what the plane sends carries the peer's, what it receives its own. */
export const IDS = { localTunnel: 0x1122, localSession: 0x3344, peerTunnel: 0x5566, peerSession: 0x7788 } as const;
export const OPEN: SessionOptions = { ipv4: true, ipv6: true, sequence: 'off', checksum: true, acfc: false, pfc: false, mss: 0, mtu: 0, address: ANY_IPV4, trace: false };
export const KEY = 77 as SessionKey;
export const A = toIpv4(0x0a090001);
export const B = toIpv4(0x0a090002);

/** An IPv4 packet with UDP, ports 4000 -> 5000. */
export function udpPacket(data: string, from: Ipv4 = A, to: Ipv4 = B): Uint8Array {
  const p = new Uint8Array(28 + data.length);
  p.set([0x45, 0, 0, 0, 0, 1, 0, 0, 64, 17, 0, 0]);
  put16(p, 2, p.length);
  put32(p, 12, from);
  put32(p, 16, to);
  put16(p, 10, checksum(p, 0, 20));
  put16(p, 20, 4000);
  put16(p, 22, 5000);
  put16(p, 24, 8 + data.length);
  for (let i = 0; i < data.length; i++) p[28 + i] = data.charCodeAt(i);
  put16(p, 26, transportChecksum(p, 17) || 0xffff);
  return p;
}

/** An IPv6 packet with UDP, ports 4000 -> 5000. */
export function udpPacket6(data: string): Uint8Array {
  const p = new Uint8Array(48 + data.length);
  p.set([0x60, 0, 0, 0, 0, 8 + data.length, 17, 64, 0xfd]);
  p[23] = 1;
  p[24] = 0xfd;
  p[39] = 2;
  put16(p, 40, 4000);
  put16(p, 42, 5000);
  put16(p, 44, 8 + data.length);
  for (let i = 0; i < data.length; i++) p[48 + i] = data.charCodeAt(i);
  put16(p, 46, foldChecksum(addChecksum(addChecksum(17 + p.length - 40, p, 8, 40), p, 40, p.length)) || 0xffff);
  return p;
}

/** An IPv4 packet with a TCP SYN that announces an MSS. */
export function synPacket(mss: number): Uint8Array {
  const p = new Uint8Array(44);
  p.set([0x45, 0, 0, 44, 0, 1, 0x40, 0, 64, 6, 0, 0]);
  put32(p, 12, A);
  put32(p, 16, B);
  put16(p, 10, checksum(p, 0, 20));
  p.set([0x0f, 0xa0, 0x13, 0x88, 0, 0, 0, 9, 0, 0, 0, 0, 0x60, 0x02, 0xff, 0xff, 0, 0, 0, 0, 2, 4], 20);
  put16(p, 42, mss);
  put16(p, 36, transportChecksum(p, 6));
  return p;
}

/** What the checksum field of the transport header should hold, or 0 where it holds just that. */
function transportChecksum(p: Uint8Array, protocol: number): number {
  return foldChecksum(addChecksum(addChecksum(protocol + p.length - 20, p, 12, 20), p, 20, p.length));
}

export const octets = (text: string): Uint8Array => {
  const b = fromHex(text);
  if (b === undefined) throw new Error(`${text} is no hex`);
  return b;
};
export const word = (value: number): string => value.toString(16).padStart(4, '0');
export const join = (...parts: (string | Uint8Array)[]): Uint8Array => octets(parts.map((p) => (typeof p === 'string' ? p : hex(p))).join(''));

/** A data message to the plane with FF03, protocol and packet; `ns` numbers it. */
export function message(payload: string | Uint8Array, options: { readonly ns?: number; readonly tunnel?: number; readonly session?: number } = {}): Uint8Array {
  const ids = word(options.tunnel ?? IDS.localTunnel) + word(options.session ?? IDS.localSession);
  return options.ns === undefined ? join('0002', ids, payload) : join('0802', ids, word(options.ns), '0000', payload);
}
export const carrying = (packet: Uint8Array, ns?: number): Uint8Array => message(join('ff030021', packet), ns === undefined ? {} : { ns });

/** The octets behind the IP header: what no router on the way changes. */
export const inside = (packet: Uint8Array): string => hex(packet.subarray(20));

/** One bench with the usual things opened. */
export class Scene {
  readonly bench: Bench;
  readonly plane: DataPlane;
  readonly punts: Punt[] = [];
  readonly underlay: UnderlayId;
  readonly #left: Uint8Array[] = [];
  readonly #received: Datagram[] = [];
  readonly #frames: Uint8Array[] = [];

  constructor(bench: Bench) {
    this.bench = bench;
    this.plane = bench.plane;
    this.plane.onPunt = (batch) => this.punts.push(...batch.map((punt) => ('data' in punt ? { ...punt, data: punt.data.slice() } : punt)));
    this.underlay = this.listen(PORT);
    bench.listen(bench.peers[0], PORT);
    bench.listen(bench.peers[1], PORT);
  }

  listen(port: number): UnderlayId {
    const id = this.plane.listen({ address: ANY_IPV4, port });
    if (typeof id === 'object') throw new Error(id.refused);
    return id;
  }

  interface(name: string, onDemand = 'no'): InterfaceId {
    const id = this.plane.open({ kind: 'tun', name, mtu: 1400, onDemand: onDemand === 'on demand' });
    if (typeof id === 'object') throw new Error(id.refused);
    this.plane.set(id, { up: true });
    return id;
  }

  leg(change: Partial<L2tpLeg> = {}): L2tpLeg {
    return { kind: 'l2tpv2', underlay: this.underlay, local: this.bench.local[0], peer: this.bench.peers[0], peerPort: PORT, ...IDS, ...change };
  }

  /** Attaches KEY to `far`; what the options do not say is open and plain. */
  attach(far: InterfaceId | undefined, options: Partial<SessionOptions> = {}): void {
    assert.is(this.plane.attach({ key: KEY, far, leg: this.leg(), options: { ...OPEN, ...options } }), undefined);
  }

  /** The first peer sends a datagram to the router's first address. */
  inject(data: Uint8Array, change: Partial<Datagram> = {}): void {
    this.bench.inject({ from: this.bench.peers[0], fromPort: PORT, to: this.bench.local[0], toPort: PORT, data, ...change });
  }

  /** The transport parts of packets that came out of the interface, when `count` have. */
  async carried(name: string, count: number): Promise<string[]> {
    await this.bench.until(() => {
      this.#left.push(...this.bench.left(name));
      return this.#left.length >= count;
    });
    return this.#left.splice(0).map(inside);
  }

  /** Datagrams that peers got, when `count` have come. */
  async datagrams(count: number): Promise<Datagram[]> {
    await this.bench.until(() => {
      this.#received.push(...this.bench.received());
      return this.#received.length >= count;
    });
    return this.#received.splice(0);
  }

  /** PPPoE frames that came to the station, when `count` have, as hex from the Ethertype on. */
  async heard(count: number): Promise<string[]> {
    await this.bench.until(() => {
      this.#frames.push(...this.bench.frames());
      return this.#frames.length >= count;
    });
    return this.#frames.splice(0).map((frame) => hex(frame.subarray(12)));
  }

  /** Data messages of the plane that came to peers, as hex. */
  async sent(count: number): Promise<string[]> {
    return (await this.datagrams(count)).map((d) => hex(d.data));
  }

  async punted<K extends Punt['kind']>(kind: K, count: number): Promise<Extract<Punt, { kind: K }>[]> {
    const found = (): Extract<Punt, { kind: K }>[] => this.punts.filter((p): p is Extract<Punt, { kind: K }> => p.kind === kind);
    await this.bench.until(() => found().length >= count);
    return found();
  }

  get counters(): SessionCounters {
    const counters = this.plane.counters(KEY);
    if (counters === undefined) throw new Error('the session has no counters');
    return counters;
  }

  /** Waits until a counter has its value, and says so where it gets another. */
  async counts(what: () => number | undefined, value: number): Promise<void> {
    await this.bench.until(() => what() === value);
    assert.is(what(), value);
  }
}

/** Registers one test of the suite. */
export type Register = (title: string, body: (scene: Scene, bench: Bench) => Promise<void>) => void;

// The IP stack of a simulated node: ports on wires, ppp interfaces, addresses, routes, forwarding, ICMP. Stands in for
// the kernel; a host behind a router is the same thing with one port and a default route.

import { u32 } from '../../firmware/bytes/integers.ts';
import { ANY_IPV4, formatIpv4, inPrefix, networkOf, toIpv4, type Ipv4, type Ipv4Prefix } from '../../firmware/bytes/ip.ts';
import type { Refusal } from '../../firmware/hal/dataplane.ts';
import type { IcmpAnswer, RawIp } from '../../firmware/hal/io.ts';
import type { IpHost, LinkState, Lookup, Neighbour, RouteSpec } from '../../firmware/hal/iphost.ts';
import { hop, icmp, ipPacket, PROTOCOL, readIp, udp, type IpHeader } from './packet.ts';
import { ETHERNET_HEADER, type Tap, type Wire } from './wire.ts';
import type { World } from './world.ts';

interface SimLink {
  readonly name: string;
  readonly kind: 'port' | 'ppp';
  mtu: number;
  admin: boolean;
  readonly addresses: { address: Ipv4; length: number }[];
  /** Addresses it answers for in place of their owners. */
  readonly proxies: Set<Ipv4>;
  /** Sends a packet out of this link towards `next`; false = nobody there. */
  output: (packet: Uint8Array, next: Ipv4) => boolean;
  carrier: () => boolean;
  detach: () => void;
  counters: { inPackets: number; inBytes: number; outPackets: number; outBytes: number };
}

/** A port as whoever speaks Ethernet beside IP sees it. */
export interface SimPort {
  /** Its own address, 6 octets. */
  readonly station: Uint8Array;
  mtu(): number;
  /** Sends a whole frame; the port's own source address is put in. Nothing leaves a port that is down. */
  send(frame: Uint8Array): void;
  /** What came to this port or to a group, from its destination address on. */
  onFrame: (frame: Uint8Array) => void;
}

/** What takes UDP datagrams addressed to this node; false = no such port here. */
export type UdpInput = (header: IpHeader, sourcePort: number, destinationPort: number, data: Uint8Array) => boolean;

/** Where the stack hands ICMP errors about our own UDP: the datagram's source port, its destination, and the path's MTU (0 = not the reason). */
export type UdpError = (sourcePort: number, to: { readonly address: Ipv4; readonly port: number }, mtu: number, code: number) => void;

export class SimIpHost implements IpHost, RawIp {
  onLink: (name: string) => void = () => {};
  onUdp: UdpInput = () => false;
  onUdpError: UdpError = () => {};
  readonly #world: World;
  readonly #links = new Map<string, SimLink>();
  readonly #ports = new Map<string, SimPort>();
  readonly #routes: RouteSpec[] = [];
  readonly #probes = new Set<(answer: IcmpAnswer, now: number) => void>();
  #forwarding = false;
  /** Every address of ours, and on how many links. */
  readonly #own = new Map<Ipv4, number>();
  /** Networks that links are in; undefined where an address has come or gone since. */
  #networks: readonly { readonly link: SimLink; readonly network: Ipv4Prefix }[] | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** Everything set up here: nothing is left of it once the appliance above has closed. */
  get residue(): { routes: number; probes: number; ppp: number; proxies: number } {
    return { proxies: [...this.#links.values()].reduce((sum, l) => sum + l.proxies.size, 0), routes: this.#routes.length, probes: this.#probes.size, ppp: [...this.#links.values()].filter((l) => l.kind === 'ppp').length };
  }

  /** A port on a wire, as `--port eth0=DEV` gives one. */
  plug(name: string, wire: Wire): void {
    const link = this.#add(name, 'port', wire.quality.mtu);
    const station = this.#world.station();
    const tap: Tap = {
      station,
      receiveFrame: (frame) => {
        if (link.admin) port.onFrame(frame);
      },
      owns: (address) => link.admin && (link.addresses.some((a) => a.address === address) || link.proxies.has(address)),
      receive: (packet) => this.#arrived(link, packet),
      carrierChanged: () => this.onLink(name),
    };
    const port: SimPort = {
      station,
      mtu: () => Math.min(link.mtu, wire.quality.mtu),
      send: (frame) => {
        if (!link.admin || frame.length < ETHERNET_HEADER) return;
        const copy = frame.slice();
        copy.set(station, station.length);
        wire.sendFrame(copy, tap);
      },
      onFrame: () => {},
    };
    this.#ports.set(name, port);
    wire.attach(tap);
    link.admin = true;
    link.carrier = () => wire.up;
    link.output = (packet, next) => packet.length <= wire.quality.mtu && wire.send(packet, next);
    link.detach = () => {
      wire.detach(tap);
      link.output = () => false;
      port.send = () => {};
    };
  }

  /** The Ethernet side of a port; undefined where there is none of that name. */
  port(name: string): SimPort | undefined {
    return this.#ports.get(name);
  }

  /** Takes every port off its wire, as when the power is cut. */
  unplug(): void {
    for (const link of this.#links.values()) link.detach();
  }

  /** A ppp interface; the plane feeds it by `inject`. False where the name is taken. */
  addPpp(name: string, mtu: number, output: (packet: Uint8Array) => boolean): boolean {
    if (this.#links.has(name)) return false;
    const link = this.#add(name, 'ppp', mtu);
    link.output = (packet) => output(packet);
    return true;
  }

  setPpp(name: string, change: { readonly mtu?: number; readonly up?: boolean }): void {
    const link = this.#links.get(name);
    if (link === undefined) return;
    if (change.mtu !== undefined) link.mtu = change.mtu;
    if (change.up !== undefined) link.admin = change.up;
  }

  removePpp(name: string): void {
    for (const { address } of this.#links.get(name)?.addresses ?? []) this.#disown(address);
    this.#links.delete(name);
    this.#networks = undefined;
    for (let i = this.#routes.length - 1; i >= 0; i--) if (this.#routes[i]?.name === name) this.#routes.splice(i, 1);
  }

  /** A packet that came out of a ppp interface. */
  inject(name: string, packet: Uint8Array): void {
    const link = this.#links.get(name);
    if (link !== undefined && link.admin) this.#arrived(link, packet);
  }

  links(): readonly LinkState[] {
    return [...this.#links.values()].map((l) => ({
      name: l.name,
      device: l.name,
      mac: [...(this.#ports.get(l.name)?.station ?? [])].map((octet) => octet.toString(16).padStart(2, '0')).join('-'),
      mtu: l.mtu,
      present: true,
      admin: l.admin,
      up: l.admin && l.carrier(),
      ...l.counters,
      inErrors: 0,
      outErrors: 0,
    }));
  }

  setUp(name: string, up: boolean): Refusal | undefined {
    const link = this.#links.get(name);
    if (link === undefined) return { refused: `There is no interface ${name}` };
    link.admin = up;
    return undefined;
  }

  addAddress(name: string, address: Ipv4, length: number): Refusal | undefined {
    const link = this.#links.get(name);
    if (link === undefined) return { refused: `There is no interface ${name}` };
    if (link.addresses.some((a) => a.address === address && a.length === length)) return undefined;
    link.addresses.push({ address, length });
    this.#own.set(address, (this.#own.get(address) ?? 0) + 1);
    if (length < 32) this.#networks = undefined;
    return undefined;
  }

  deleteAddress(name: string, address: Ipv4, length: number): void {
    const list = this.#links.get(name)?.addresses ?? [];
    const index = list.findIndex((a) => a.address === address && a.length === length);
    if (index < 0) return;
    list.splice(index, 1);
    this.#disown(address);
    if (length < 32) this.#networks = undefined;
  }

  addRoute(route: RouteSpec): Refusal | undefined {
    if (!this.#links.has(route.name)) return { refused: `There is no interface ${route.name}` };
    this.deleteRoute(route);
    this.#routes.push(route);
    return undefined;
  }

  deleteRoute(route: RouteSpec): void {
    const index = this.#routes.findIndex(
      (r) => r.destination === route.destination && r.length === route.length && r.via === route.via && r.name === route.name,
    );
    if (index >= 0) this.#routes.splice(index, 1);
  }

  addProxy(name: string, address: Ipv4): Refusal | undefined {
    const link = this.#links.get(name);
    if (link === undefined) return { refused: `There is no interface ${name}` };
    link.proxies.add(address);
    return undefined;
  }

  deleteProxy(name: string, address: Ipv4): void {
    this.#links.get(name)?.proxies.delete(address);
  }

  setForwarding(on: boolean): Refusal | undefined {
    this.#forwarding = on;
    return undefined;
  }

  lookup(destination: Ipv4): Lookup | undefined {
    const found = this.#route(destination);
    if (found === undefined) return undefined;
    return { name: found.link.name, source: this.#sourceOn(found.link), mtu: found.link.mtu };
  }

  neighbours(): readonly Neighbour[] {
    return [];
  }

  // -- raw ICMP --

  open(onAnswer: (answer: IcmpAnswer, now: number) => void): ReturnType<RawIp['open']> {
    this.#probes.add(onAnswer);
    return {
      send: (to, message, options) => {
        const sent = this.#originate({ source: options.source, destination: to, protocol: PROTOCOL.icmp, ttl: options.ttl }, message);
        return sent ? undefined : { refused: `No route to ${formatIpv4(to)}` };
      },
      close: () => this.#probes.delete(onAnswer),
    };
  }

  /** Sends a UDP datagram of ours. Source 0.0.0.0 = as routed. */
  sendUdp(source: Ipv4, sourcePort: number, destination: Ipv4, destinationPort: number, data: Uint8Array): void {
    this.#originate({ source, destination, protocol: PROTOCOL.udp, ttl: 64 }, udp(sourcePort, destinationPort, data));
  }

  // -- private --

  #add(name: string, kind: SimLink['kind'], mtu: number): SimLink {
    const link: SimLink = {
      name,
      kind,
      mtu,
      admin: false,
      addresses: [],
      proxies: new Set(),
      output: () => false,
      carrier: () => true,
      detach: () => {},
      counters: { inPackets: 0, inBytes: 0, outPackets: 0, outBytes: 0 },
    };
    this.#links.set(name, link);
    return link;
  }

  #disown(address: Ipv4): void {
    const left = (this.#own.get(address) ?? 1) - 1;
    if (left > 0) this.#own.set(address, left);
    else this.#own.delete(address);
  }

  #isOurs(address: Ipv4): boolean {
    return this.#own.has(address);
  }

  #sourceOn(link: SimLink): Ipv4 {
    const own = link.addresses[0]?.address;
    if (own !== undefined && own !== ANY_IPV4) return own;
    for (const other of this.#links.values()) for (const a of other.addresses) if (a.address !== ANY_IPV4) return a.address;
    return ANY_IPV4;
  }

  #route(destination: Ipv4): { link: SimLink; next: Ipv4 } | undefined {
    let best: { link: SimLink; next: Ipv4; length: number; metric: number } | undefined;
    const offer = (link: SimLink | undefined, next: Ipv4, length: number, metric: number): void => {
      if (link === undefined || !link.admin) return;
      if (best === undefined || length > best.length || (length === best.length && metric < best.metric)) best = { link, next, length, metric };
    };
    this.#networks ??= [...this.#links.values()].flatMap((link) => link.addresses.filter((a) => a.length < 32).map((a) => ({ link, network: networkOf(a.address, a.length) })));
    for (const { link, network } of this.#networks) if (inPrefix(destination, network)) offer(link, destination, network.length, 0);
    for (const r of this.#routes) {
      if (inPrefix(destination, networkOf(r.destination, r.length))) offer(this.#links.get(r.name), r.via === ANY_IPV4 ? destination : r.via, r.length, r.metric);
    }
    return best;
  }

  #originate(header: IpHeader, payload: Uint8Array): boolean {
    if (this.#isOurs(header.destination)) {
      const packet = ipPacket({ ...header, source: header.source === ANY_IPV4 ? header.destination : header.source }, payload);
      this.#world.at(this.#world.now, () => this.#local(packet));
      return true;
    }
    const found = this.#route(header.destination);
    if (found === undefined) return false;
    const source = header.source === ANY_IPV4 ? this.#sourceOn(found.link) : header.source;
    return this.#output(found, ipPacket({ ...header, source }, payload));
  }

  #output(found: { link: SimLink; next: Ipv4 }, packet: Uint8Array): boolean {
    // What does not fit a ppp interface is never sent there, as the kernel does it: so a tunnel routed into itself ends.
    if (found.link.kind === 'ppp' && packet.length > found.link.mtu) return false;
    found.link.counters.outPackets++;
    found.link.counters.outBytes += packet.length;
    return found.link.output(packet, found.next);
  }

  #arrived(link: SimLink, packet: Uint8Array): void {
    link.counters.inPackets++;
    link.counters.inBytes += packet.length;
    const read = readIp(packet);
    if (read === undefined) return;
    if (this.#isOurs(read.header.destination)) {
      this.#local(packet);
      return;
    }
    if (!this.#forwarding) return;
    if (read.header.ttl <= 1) {
      this.#error(packet, 11, 0, 0);
      return;
    }
    const found = this.#route(read.header.destination);
    if (found === undefined) this.#error(packet, 3, 0, 0);
    else if (packet.length > found.link.mtu) this.#error(packet, 3, 4, found.link.mtu);
    else this.#output(found, hop(packet));
  }

  /** An ICMP error about `packet` back to its source: the type, code, and the MTU where that is the reason. */
  #error(packet: Uint8Array, type: number, code: number, mtu: number): void {
    const read = readIp(packet);
    if (read === undefined || (read.header.protocol === PROTOCOL.icmp && (read.payload[0] ?? 0) !== 8)) return;
    const rest = new Uint8Array(4 + Math.min(packet.length, 28));
    rest[2] = mtu >> 8;
    rest[3] = mtu;
    rest.set(packet.subarray(0, rest.length - 4), 4);
    this.#originate({ source: ANY_IPV4, destination: read.header.source, protocol: PROTOCOL.icmp, ttl: 64 }, icmp(type, code, rest));
  }

  #local(packet: Uint8Array): void {
    const read = readIp(packet);
    if (read === undefined) return;
    const { header, payload } = read;
    if (header.protocol === PROTOCOL.icmp && payload.length >= 8) this.#icmp(header, payload);
    else if (header.protocol === PROTOCOL.udp && payload.length >= 8) {
      const sourcePort = u32(payload, 0) >>> 16;
      const destinationPort = u32(payload, 0) & 0xffff;
      if (!this.onUdp(header, sourcePort, destinationPort, payload.subarray(8))) this.#error(packet, 3, 3, 0);
    }
  }

  #icmp(header: IpHeader, message: Uint8Array): void {
    const type = message[0] ?? 0;
    if (type === 8) {
      this.#originate({ source: header.destination, destination: header.source, protocol: PROTOCOL.icmp, ttl: 64 }, icmp(0, 0, message.subarray(4)));
      return;
    }
    const answer: IcmpAnswer = { from: header.source, type, code: message[1] ?? 0, rest: message.slice(4) };
    for (const probe of this.#probes) probe(answer, this.#world.now);
    if (type !== 3 || message.length < 8 + 28 || (message[8 + 9] ?? 0) !== PROTOCOL.udp) return;
    const ports = u32(message, 8 + 20);
    const mtu = answer.code === 4 ? u32(message, 4) & 0xffff : 0;
    this.onUdpError(ports >>> 16, { address: toIpv4(u32(message, 8 + 16)), port: ports & 0xffff }, mtu, answer.code);
  }
}

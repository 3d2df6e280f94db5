// The data plane in memory: the contract of firmware/hal/dataplane.ts in its plainest form, over the simulated IP stack.

import { put16, u16, u32 } from '../../firmware/bytes/integers.ts';
import { ANY_IPV4, inPrefix, toIpv4, type Ipv4, type Ipv4Prefix } from '../../firmware/bytes/ip.ts';
import type {
  DataPlane,
  EtherId,
  Frame,
  InterfaceCounters, InterfaceId,
  InterfaceSpec,
  L2tpLeg,
  Punt,
  Refusal,
  SessionCounters,
  SessionKey,
  SessionOptions,
  SessionPath,
  Underlay,
  UnderlayCounters,
  UnderlayId,
} from '../../firmware/hal/dataplane.ts';
import { clampMss } from './mss.ts';
import { readDataHeader, type DataHeader } from './dataheader.ts';
import type { SimIpHost } from './iphost.ts';
import type { IpHeader } from './packet.ts';
import type { World } from './world.ts';

const PPP = { ipv4: 0x0021, ipv6: 0x0057 } as const;
const EPHEMERAL = 49152;
/** After so many old sequence numbers in a row the peer is taken to have started again. */
const RESYNC_AFTER = 10;
const DEMAND_INTERVAL = 1000;
const STRAY_INTERVAL = 1000;

interface Service {
  readonly id: UnderlayId;
  readonly address: Ipv4;
  readonly port: number;
  sources: readonly Ipv4Prefix[] | undefined;
  readonly counters: UnderlayCounters;
  strayAt: number;
}

interface Device {
  readonly id: InterfaceId;
  readonly name: string;
  readonly kind: InterfaceSpec['kind'];
  onDemand: boolean;
  /** The one session of a 'tun', the last one that joined. */
  session: Session | undefined;
  /** All sessions of a 'shared-tun'. */
  readonly members: Set<Session>;
  demandAt: number;
  readonly counters: InterfaceCounters;
}

interface Session {
  readonly path: SessionPath;
  readonly leg: L2tpLeg;
  far: InterfaceId | undefined;
  routes: readonly Ipv4Prefix[];
  sources: readonly Ipv4Prefix[] | undefined;
  options: SessionOptions;
  numbered: boolean;
  oldInARow: number;
  /** Whether a numbered message has come in: only then is there a next one to expect. */
  heard: boolean;
  readonly counters: SessionCounters;
}

const noCounters = (): UnderlayCounters => ({
  inData: 0, outData: 0, inDataEmpty: 0, inOrder: 0, outOfOrder: 0, orderDiscarded: 0,
  noSuchTunnel: 0, noSuchCall: 0, malformed: 0, filtered: 0, processed: 0,
});

export class SimPlane implements DataPlane {
  readonly name = 'sim';
  onPunt: (batch: readonly Punt[], now: number) => void = () => {};
  readonly #world: World;
  readonly #host: SimIpHost;
  readonly #services = new Map<number, Service>();
  readonly #devices = new Map<number, Device>();
  readonly #sessions = new Map<number, Session>();
  /** Sessions by the ids in data headers: tunnel * 65536 + session. */
  readonly #byIds = new Map<number, Session>();
  readonly #tunnels = new Map<number, number>();
  #next = 1;

  constructor(world: World, host: SimIpHost) {
    this.#world = world;
    this.#host = host;
    host.onUdp = (header, sourcePort, destinationPort, data) => this.#datagram(header, sourcePort, destinationPort, data);
    host.onUdpError = (sourcePort, to, mtu, code) => {
      const service = this.#serviceAt(sourcePort);
      if (service !== undefined) this.#punt({ kind: 'unreachable', underlay: service.id, peer: to.address, peerPort: to.port, mtu, code });
    };
  }

  /** Nothing is left open once the appliance above has closed. */
  get residue(): { services: number; devices: number; sessions: number } {
    return { services: this.#services.size, devices: this.#devices.size, sessions: this.#sessions.size };
  }

  listen(at: Underlay): UnderlayId | Refusal {
    let { port } = at;
    if (port === 0) {
      port = EPHEMERAL;
      while (this.#serviceAt(port) !== undefined) port++;
    }
    if (this.#serviceAt(port) !== undefined) return { refused: `UDP port ${port} is in use by another program` };
    const id = this.#next++ as UnderlayId;
    this.#services.set(id, { id, address: at.address, port, sources: undefined, counters: noCounters(), strayAt: -STRAY_INTERVAL });
    return id;
  }

  boundPort(id: UnderlayId): number {
    return this.#services.get(id)?.port ?? 0;
  }

  unlisten(id: UnderlayId): void {
    this.#services.delete(id);
  }

  permit(id: UnderlayId, sources: readonly Ipv4Prefix[] | undefined): void {
    const service = this.#services.get(id);
    if (service !== undefined) service.sources = sources;
  }

  open(spec: InterfaceSpec): InterfaceId | Refusal {
    const id = this.#next++ as InterfaceId;
    const device: Device = { id, name: spec.name, kind: spec.kind, onDemand: spec.onDemand, session: undefined, members: new Set(), demandAt: -DEMAND_INTERVAL, counters: { outNoSession: 0 } };
    if (!this.#host.addPpp(spec.name, spec.mtu, (packet) => this.#fromInterface(device, packet))) return { refused: `There is an interface ${spec.name} already` };
    this.#devices.set(id, device);
    return id;
  }

  set(id: InterfaceId, change: { readonly mtu?: number; readonly up?: boolean; readonly onDemand?: boolean }): void {
    const device = this.#devices.get(id);
    if (device === undefined) return;
    if (change.onDemand !== undefined) device.onDemand = change.onDemand;
    this.#host.setPpp(device.name, change);
  }

  close(id: InterfaceId): void {
    const device = this.#devices.get(id);
    if (device === undefined) return;
    if (device.session !== undefined) device.session.far = undefined;
    for (const session of device.members) session.far = undefined;
    this.#host.removePpp(device.name);
    this.#devices.delete(id);
  }

  openEther(): EtherId | Refusal {
    return { refused: 'The data plane serves no Ethernet port' };
  }

  closeEther(): void {}

  ether(): undefined {}

  attach(path: SessionPath): Refusal | undefined {
    const { leg, far } = path;
    if (leg.kind !== 'l2tpv2' || typeof far === 'object') return { refused: 'The data plane carries no such leg' };
    const ids = leg.localTunnel * 65536 + leg.localSession;
    if (this.#sessions.has(path.key)) return { refused: `Session key ${path.key} is attached already` };
    if (this.#byIds.has(ids)) return { refused: `Tunnel ${leg.localTunnel} call ${leg.localSession} is attached already` };
    if (!this.#services.has(leg.underlay)) return { refused: 'The local port is not served' };
    const session: Session = {
      path,
      leg,
      far: undefined,
      routes: path.routes ?? [],
      sources: path.sources,
      options: { ...path.options },
      numbered: path.options.sequence === 'on',
      oldInARow: 0,
      heard: false,
      counters: {
        inPackets: 0, inBytes: 0, inEmpty: 0, inOrder: 0, outOfOrder: 0, orderDiscarded: 0, inDiscarded: 0,
        outPackets: 0, outBytes: 0, nextSent: 0, nextExpected: 0, lastIn: 0, lastCarried: 0,
      },
    };
    this.#sessions.set(path.key, session);
    this.#byIds.set(ids, session);
    this.#tunnels.set(leg.localTunnel, (this.#tunnels.get(leg.localTunnel) ?? 0) + 1);
    this.#join(session, far);
    return undefined;
  }

  update(key: SessionKey, change: Parameters<DataPlane['update']>[1]): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    const { far, routes, sources, ...options } = change;
    if (routes !== undefined) session.routes = routes;
    if (sources !== undefined) session.sources = sources;
    Object.assign(session.options, options);
    if (options.sequence === 'on') session.numbered = true;
    if (options.sequence === 'off') session.numbered = false;
    if (typeof far === 'number') this.#join(session, far);
  }

  detach(key: SessionKey): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    const { localTunnel, localSession } = session.leg;
    this.#sessions.delete(key);
    this.#byIds.delete(localTunnel * 65536 + localSession);
    const left = (this.#tunnels.get(localTunnel) ?? 1) - 1;
    if (left > 0) this.#tunnels.set(localTunnel, left);
    else this.#tunnels.delete(localTunnel);
    this.#leave(session);
  }

  send(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (frame.to === 'peer') {
        const service = this.#services.get(frame.underlay);
        if (service !== undefined) this.#host.sendUdp(frame.local, service.port, frame.peer, frame.peerPort, frame.data.slice());
        continue;
      }
      if (frame.to !== 'session') continue;
      const session = this.#sessions.get(frame.session);
      if (session === undefined || frame.data.length < 2) continue;
      const protocol = u16(frame.data, 0);
      if (protocol === PPP.ipv4) clampMss(frame.data, 2, session.options.mss);
      this.#transmit(session, protocol, frame.data.subarray(2));
    }
  }

  counters(key: SessionKey): SessionCounters | undefined {
    const session = this.#sessions.get(key);
    return session === undefined ? undefined : { ...session.counters };
  }

  underlayCounters(id: UnderlayId): UnderlayCounters | undefined {
    const service = this.#services.get(id);
    return service === undefined ? undefined : { ...service.counters };
  }

  interfaceCounters(id: InterfaceId): InterfaceCounters | undefined {
    const device = this.#devices.get(id);
    return device === undefined ? undefined : { ...device.counters };
  }

  // -- out --

  #fromInterface(device: Device, packet: Uint8Array): boolean {
    const session = device.kind === 'tun' ? device.session : memberTo(device, packet);
    if (session === undefined) {
      if (device.members.size === 0 && device.onDemand && this.#world.now - device.demandAt >= DEMAND_INTERVAL) {
        device.demandAt = this.#world.now;
        this.#punt({ kind: 'demand', interface: device.id, data: packet });
      } else device.counters.outNoSession++;
      return true;
    }
    const six = ((packet[0] ?? 0) >> 4) === 6;
    if (!(six ? session.options.ipv6 : session.options.ipv4)) return true;
    const copy = packet.slice();
    clampMss(copy, 0, session.options.mss);
    session.counters.lastCarried = this.#world.now;
    this.#transmit(session, six ? PPP.ipv6 : PPP.ipv4, copy);
    return true;
  }

  #transmit(session: Session, protocol: number, payload: Uint8Array): void {
    const { leg } = session;
    const service = this.#services.get(leg.underlay);
    if (service === undefined) return;
    const { options, counters } = session;
    const isLcp = protocol === 0xc021;
    const head = options.acfc && !isLcp ? 0 : 2;
    const field = options.pfc && !isLcp && protocol < 0x100 ? 1 : 2;
    const l2tp = session.numbered ? 12 : 8;
    const message = new Uint8Array(l2tp + head + field + payload.length);
    put16(message, 0, session.numbered ? 0x4802 : 0x4002);
    put16(message, 2, message.length);
    put16(message, 4, leg.peerTunnel);
    put16(message, 6, leg.peerSession);
    if (session.numbered) {
      put16(message, 8, counters.nextSent);
      counters.nextSent = (counters.nextSent + 1) & 0xffff;
    }
    let at = l2tp;
    if (head === 2) {
      put16(message, at, 0xff03);
      at += 2;
    }
    if (field === 2) put16(message, at, protocol);
    else message[at] = protocol;
    message.set(payload, at + field);
    counters.outPackets++;
    counters.outBytes += message.length - l2tp;
    service.counters.outData++;
    if (options.trace) this.#punt({ kind: 'trace', session: session.path.key, direction: 'tx', data: message });
    this.#host.sendUdp(leg.local, service.port, leg.peer, leg.peerPort, message);
  }

  // -- in --

  #datagram(header: IpHeader, sourcePort: number, destinationPort: number, data: Uint8Array): boolean {
    const service = this.#serviceAt(destinationPort);
    if (service === undefined || (service.address !== ANY_IPV4 && service.address !== header.destination)) return false;
    if (service.sources !== undefined && !service.sources.some((p) => inPrefix(header.source, p))) {
      service.counters.filtered++;
      return true;
    }
    if (data.length >= 1 && ((data[0] ?? 0) & 0x80) !== 0) {
      this.#punt({ kind: 'control', underlay: service.id, local: header.destination, peer: header.source, peerPort: sourcePort, data });
      return true;
    }
    const read = readDataHeader(data);
    if (read === undefined) {
      service.counters.malformed++;
      return true;
    }
    service.counters.inData++;
    const session = this.#byIds.get(read.tunnel * 65536 + read.session);
    if (session === undefined || session.leg.peer !== header.source) {
      if (this.#tunnels.has(read.tunnel)) service.counters.noSuchCall++;
      else {
        service.counters.noSuchTunnel++;
        this.#stray(service, header, sourcePort);
      }
      return true;
    }
    this.#message(service, session, read, data);
    return true;
  }

  #stray(service: Service, header: IpHeader, sourcePort: number): void {
    if (this.#world.now - service.strayAt < STRAY_INTERVAL) return;
    service.strayAt = this.#world.now;
    this.#punt({ kind: 'stray', underlay: service.id, local: header.destination, peer: header.source, peerPort: sourcePort });
  }

  #message(service: Service, session: Session, read: DataHeader, data: Uint8Array): void {
    const { counters, options } = session;
    counters.lastIn = this.#world.now;
    counters.inPackets++;
    counters.inBytes += read.end - read.payload;
    if (options.trace) this.#punt({ kind: 'trace', session: session.path.key, direction: 'rx', data });
    if (options.sequence === 'follow') session.numbered = read.ns !== undefined;
    if (read.ns !== undefined && !this.#inSequence(service, session, read.ns)) return;
    service.counters.processed++;
    if (read.payload >= read.end) {
      counters.inEmpty++;
      service.counters.inDataEmpty++;
      return;
    }
    this.#frame(session, data.subarray(read.payload, read.end));
  }

  #inSequence(service: Service, session: Session, ns: number): boolean {
    const { counters } = session;
    const ahead = session.heard ? (ns - counters.nextExpected) & 0xffff : 0;
    if (ahead >= 0x8000 && ++session.oldInARow <= RESYNC_AFTER) {
      counters.orderDiscarded++;
      service.counters.orderDiscarded++;
      return false;
    }
    session.oldInARow = 0;
    session.heard = true;
    counters.nextExpected = (ns + 1) & 0xffff;
    if (ahead === 0) {
      counters.inOrder++;
      service.counters.inOrder++;
    } else {
      counters.outOfOrder++;
      service.counters.outOfOrder++;
    }
    return true;
  }

  #frame(session: Session, frame: Uint8Array): void {
    const { counters, options } = session;
    let at = frame.length >= 2 && frame[0] === 0xff && frame[1] === 0x03 ? 2 : 0;
    if (frame.length <= at) {
      counters.inDiscarded++;
      return;
    }
    const short = ((frame[at] ?? 0) & 1) === 1;
    if (!short && frame.length < at + 2) {
      counters.inDiscarded++;
      return;
    }
    const protocol = short ? (frame[at] ?? 0) : u16(frame, at);
    at += short ? 1 : 2;
    if (protocol !== PPP.ipv4 && protocol !== PPP.ipv6) {
      const whole = new Uint8Array(2 + frame.length - at);
      put16(whole, 0, protocol);
      whole.set(frame.subarray(at), 2);
      this.#punt({ kind: 'ppp', session: session.path.key, data: whole });
      return;
    }
    const device = session.far === undefined ? undefined : this.#devices.get(session.far);
    if (device === undefined || !(protocol === PPP.ipv4 ? options.ipv4 : options.ipv6) || !maySend(session, frame, at)) {
      counters.inDiscarded++;
      return;
    }
    const packet = frame.slice(at);
    clampMss(packet, 0, options.mss);
    counters.lastCarried = this.#world.now;
    this.#host.inject(device.name, packet);
  }

  // -- private --

  #join(session: Session, far: InterfaceId | undefined): void {
    this.#leave(session);
    session.far = far;
    const device = far === undefined ? undefined : this.#devices.get(far);
    if (device?.kind === 'tun') device.session = session;
    else device?.members.add(session);
  }

  #leave(session: Session): void {
    const device = session.far === undefined ? undefined : this.#devices.get(session.far);
    if (device?.session === session) device.session = undefined;
    device?.members.delete(session);
  }

  #serviceAt(port: number): Service | undefined {
    for (const service of this.#services.values()) if (service.port === port) return service;
    return undefined;
  }

  #punt(punt: Punt): void {
    this.onPunt([punt], this.#world.now);
  }
}

/** The session of a shared device whose routes hold a packet's destination, the longest prefix first. */
function memberTo(device: Device, packet: Uint8Array): Session | undefined {
  if (packet.length < 20 || (packet[0] ?? 0) >> 4 !== 4) return undefined;
  const destination = toIpv4(u32(packet, 16));
  let best: Session | undefined;
  let length = -1;
  for (const session of device.members) {
    for (const route of session.routes) {
      if (route.length <= length || !inPrefix(destination, route)) continue;
      best = session;
      length = route.length;
    }
  }
  return best;
}

/** Whether an inner packet has a source that its session may use. A list of IPv4 prefixes permits no IPv6. */
function maySend({ sources }: Session, frame: Uint8Array, at: number): boolean {
  if (sources === undefined) return true;
  if (frame.length < at + 20 || (frame[at] ?? 0) >> 4 !== 4) return false;
  const source = toIpv4(u32(frame, at + 12));
  return sources.some((prefix) => inPrefix(source, prefix));
}

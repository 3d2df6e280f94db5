// The data plane in memory: the contract of firmware/hal/dataplane.ts in its plainest form, over the simulated IP stack.

import { put16, u16 } from '../../firmware/bytes/integers.ts';
import { ANY_IPV4, inPrefix, type Ipv4, type Ipv4Prefix } from '../../firmware/bytes/ip.ts';
import type {
  DataPlane,
  EtherCounters,
  EtherId,
  Far,
  Frame,
  InterfaceCounters,
  InterfaceId,
  InterfaceSpec,
  L2tpLeg,
  Punt,
  Refusal,
  SessionCounters,
  SessionKey,
  SessionPath,
  Underlay,
  UnderlayCounters,
  UnderlayId,
} from '../../firmware/hal/dataplane.ts';
import { readDataHeader, type DataHeader } from './dataheader.ts';
import { SimEthers } from './ether.ts';
import type { SimIpHost } from './iphost.ts';
import { clampMss } from './mss.ts';
import type { IpHeader } from './packet.ts';
import { addressedFrame, plainFrame, PPP, readPppFrame, type PppFrame } from './pppframe.ts';
import { maySend, Members, newSession, type Device, type Session } from './session.ts';
import { fitting, tooBig } from './toolong.ts';
import type { World } from './world.ts';

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
  readonly #ethers: SimEthers;
  /** Sessions by the ids in data headers: tunnel * 65536 + session. */
  readonly #byIds = new Map<number, Session>();
  readonly #tunnels = new Map<number, number>();
  #next = 1;

  constructor(world: World, host: SimIpHost) {
    this.#world = world;
    this.#host = host;
    this.#ethers = new SimEthers(world, host, { punt: (punt) => this.#punt(punt), frame: (session, frame) => this.#arrived(session, frame) });
    host.onUdp = (header, sourcePort, destinationPort, data) => this.#datagram(header, sourcePort, destinationPort, data);
    host.onUdpError = (sourcePort, to, mtu, code) => {
      const service = this.#serviceAt(sourcePort);
      if (service !== undefined) this.#punt({ kind: 'unreachable', underlay: service.id, peer: to.address, peerPort: to.port, mtu, code });
    };
  }

  /** Nothing is left open once the appliance above has closed; `services`: local UDP ports and Ethernet ports. */
  get residue(): { services: number; devices: number; sessions: number } {
    return { services: this.#services.size + this.#ethers.size, devices: this.#devices.size, sessions: this.#sessions.size };
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
    const device: Device = { id, name: spec.name, kind: spec.kind, onDemand: spec.onDemand, session: undefined, members: new Members(), demandAt: -DEMAND_INTERVAL, counters: { outNoSession: 0 } };
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
    for (const session of device.members.values()) session.far = undefined;
    this.#host.removePpp(device.name);
    this.#devices.delete(id);
  }

  openEther(device: string): EtherId | Refusal {
    return this.#ethers.open(device, this.#next++);
  }

  closeEther(id: EtherId): void {
    if (!this.#ethers.close(id)) return;
    for (const { path } of this.#sessions.values()) if (path.leg.kind === 'pppoe' && path.leg.port === id) this.detach(path.key);
  }

  ether(id: EtherId): { readonly address: Uint8Array; readonly mtu: number } | undefined {
    return this.#ethers.about(id);
  }

  attach(path: SessionPath): Refusal | undefined {
    const { leg } = path;
    if (this.#sessions.has(path.key)) return { refused: `Session key ${path.key} is attached already` };
    const session = newSession(path);
    const refusal = leg.kind === 'pppoe' ? this.#ethers.attach(leg, session) : leg.kind === 'l2tpv2' ? this.#enter(leg, session) : undefined;
    if (refusal !== undefined) return refusal;
    this.#sessions.set(path.key, session);
    this.#join(session, path.far);
    return undefined;
  }

  update(key: SessionKey, change: Parameters<DataPlane['update']>[1]): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    const { far, routes, sources, ...options } = change;
    if (routes !== undefined) {
      const before = session.far;
      this.#leave(session);
      session.routes = routes;
      this.#join(session, before);
    }
    if (sources !== undefined) session.sources = sources;
    Object.assign(session.options, options);
    if (options.sequence === 'on') session.numbered = true;
    if (options.sequence === 'off') session.numbered = false;
    if (far !== undefined) this.#join(session, far);
  }

  detach(key: SessionKey): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    this.#sessions.delete(key);
    this.#leave(session);
    const { leg } = session.path;
    if (leg.kind === 'pppoe') this.#ethers.detach(leg);
    if (leg.kind !== 'l2tpv2') return;
    const { localTunnel, localSession } = leg;
    this.#byIds.delete(localTunnel * 65536 + localSession);
    const left = (this.#tunnels.get(localTunnel) ?? 1) - 1;
    if (left > 0) this.#tunnels.set(localTunnel, left);
    else this.#tunnels.delete(localTunnel);
  }

  send(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (frame.to === 'peer') {
        const service = this.#services.get(frame.underlay);
        if (service !== undefined) this.#host.sendUdp(frame.local, service.port, frame.peer, frame.peerPort, frame.data.slice());
        continue;
      }
      if (frame.to === 'port') {
        this.#ethers.sendFrame(frame.port, frame.data);
        continue;
      }
      const session = this.#sessions.get(frame.session);
      if (session === undefined) continue;
      if (frame.to === 'arrived') {
        if (session.path.leg.kind !== 'line') continue;
        const data = frame.data.slice();
        // As on a real plane, nothing is heard of it before this call returns.
        this.#world.at(this.#world.now, () => {
          if (this.#sessions.get(frame.session) === session) this.#arrived(session, data);
        });
        continue;
      }
      if (frame.data.length < 2) continue;
      const data = frame.data.slice();
      const protocol = u16(data, 0);
      if (protocol === PPP.ipv4) clampMss(data, 2, session.options.mss);
      this.#transmit(session, protocol, data.subarray(2));
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

  etherCounters(id: EtherId): EtherCounters | undefined {
    return this.#ethers.counters(id);
  }

  interfaceCounters(id: InterfaceId): InterfaceCounters | undefined {
    const device = this.#devices.get(id);
    return device === undefined ? undefined : { ...device.counters };
  }

  // -- out --

  #fromInterface(device: Device, packet: Uint8Array): boolean {
    const session = device.kind === 'tun' ? device.session : device.members.to(packet);
    if (session === undefined) {
      if (device.members.size === 0 && device.onDemand && this.#world.now - device.demandAt >= DEMAND_INTERVAL) {
        device.demandAt = this.#world.now;
        this.#punt({ kind: 'demand', interface: device.id, data: packet });
      } else device.counters.outNoSession++;
      return true;
    }
    const six = ((packet[0] ?? 0) >> 4) === 6;
    if (!(six ? session.options.ipv6 : session.options.ipv4)) {
      session.counters.outDiscarded++;
      return true;
    }
    const copy = packet.slice();
    clampMss(copy, 0, session.options.mss);
    const parts = six ? [copy] : fitting(copy, session.options.mtu);
    if (parts.length === 0) {
      session.counters.outDiscarded++;
      const message = tooBig(session, copy, this.#world.now);
      // As on a real plane, nothing is heard of it before this call returns.
      if (message !== undefined) this.#world.at(this.#world.now, () => this.#host.inject(device.name, message));
      return true;
    }
    session.counters.lastCarried = this.#world.now;
    for (const part of parts) this.#transmit(session, six ? PPP.ipv6 : PPP.ipv4, part);
    return true;
  }

  /** A frame of ours, or a packet out of an interface: framed as the session's options say. */
  #transmit(session: Session, protocol: number, payload: Uint8Array): void {
    const { options, path } = session;
    const isLcp = protocol === PPP.lcp;
    const plain = plainFrame(protocol, payload);
    const frame = options.pfc && path.leg.kind !== 'line' && protocol < 0x100 ? plain.subarray(1) : plain;
    this.#depart(session, path.leg.kind !== 'l2tpv2' || (options.acfc && !isLcp) ? frame : addressedFrame(frame));
  }

  /** Sends a PPP frame as it is out of the session's leg. */
  #depart(session: Session, frame: Uint8Array): void {
    const { leg } = session.path;
    if (leg.kind === 'l2tpv2') this.#message(session, leg, frame);
    else if (leg.kind === 'line') this.#line(session, frame);
    else if (this.#ethers.send(leg, frame)) this.#left(session, frame);
    else session.counters.outDiscarded++;
  }

  #left({ counters, options, path }: Session, frame: Uint8Array): void {
    counters.outPackets++;
    counters.outBytes += frame.length;
    if (options.trace) this.#punt({ kind: 'trace', session: path.key, direction: 'tx', data: frame });
  }

  #line(session: Session, frame: Uint8Array): void {
    const read = readPppFrame(frame);
    if (read === undefined) return;
    const { key } = session.path;
    const data = plainFrame(read.protocol, frame.subarray(read.information));
    this.#left(session, data);
    // As on a real plane, nothing is heard of it before the call returns that sent it.
    this.#world.at(this.#world.now, () => {
      if (this.#sessions.get(key) === session) this.#punt({ kind: 'line', session: key, data });
    });
  }

  #message(session: Session, leg: L2tpLeg, frame: Uint8Array): void {
    const { counters, options } = session;
    const service = this.#services.get(leg.underlay);
    if (service === undefined) {
      counters.outDiscarded++;
      return;
    }
    const l2tp = session.numbered ? 12 : 8;
    const message = new Uint8Array(l2tp + frame.length);
    put16(message, 0, session.numbered ? 0x4802 : 0x4002);
    put16(message, 2, message.length);
    put16(message, 4, leg.peerTunnel);
    put16(message, 6, leg.peerSession);
    if (session.numbered) {
      put16(message, 8, counters.nextSent);
      counters.nextSent = (counters.nextSent + 1) & 0xffff;
    }
    message.set(frame, l2tp);
    counters.outPackets++;
    counters.outBytes += frame.length;
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
    if (session?.path.leg.kind !== 'l2tpv2' || session.path.leg.peer !== header.source) {
      if (this.#tunnels.has(read.tunnel)) service.counters.noSuchCall++;
      else {
        service.counters.noSuchTunnel++;
        this.#stray(service, header, sourcePort);
      }
      return true;
    }
    this.#numbered(service, session, read, data);
    return true;
  }

  #stray(service: Service, header: IpHeader, sourcePort: number): void {
    if (this.#world.now - service.strayAt < STRAY_INTERVAL) return;
    service.strayAt = this.#world.now;
    this.#punt({ kind: 'stray', underlay: service.id, local: header.destination, peer: header.source, peerPort: sourcePort });
  }

  #numbered(service: Service, session: Session, read: DataHeader, data: Uint8Array): void {
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

  /** A PPP frame that came by a leg without numbers. */
  #arrived(session: Session, frame: Uint8Array): void {
    const { counters } = session;
    counters.lastIn = this.#world.now;
    counters.inPackets++;
    counters.inBytes += frame.length;
    if (session.options.trace) this.#punt({ kind: 'trace', session: session.path.key, direction: 'rx', data: frame });
    if (frame.length === 0) counters.inEmpty++;
    else this.#frame(session, frame);
  }

  #frame(session: Session, frame: Uint8Array): void {
    const { counters, options, far } = session;
    const read = readPppFrame(frame);
    if (read === undefined) {
      counters.inDiscarded++;
      return;
    }
    if (typeof far === 'object') {
      this.#relay(session, far.relay, frame, read);
      return;
    }
    const { protocol, information } = read;
    if (protocol !== PPP.ipv4 && protocol !== PPP.ipv6) {
      this.#punt({ kind: 'ppp', session: session.path.key, data: plainFrame(protocol, frame.subarray(information)) });
      return;
    }
    const device = far === undefined ? undefined : this.#devices.get(far);
    if (device === undefined || !(protocol === PPP.ipv4 ? options.ipv4 : options.ipv6) || !maySend(session, frame, information)) {
      counters.inDiscarded++;
      return;
    }
    const packet = frame.slice(information);
    clampMss(packet, 0, options.mss);
    counters.lastCarried = this.#world.now;
    this.#host.inject(device.name, packet);
  }

  /** A frame of whatever protocol out of the other session's leg, as it came. */
  #relay(session: Session, other: SessionKey, frame: Uint8Array, read: PppFrame): void {
    const to = this.#sessions.get(other);
    if (to === undefined || to === session || typeof to.far !== 'object' || to.far.relay !== session.path.key) {
      session.counters.inDiscarded++;
      return;
    }
    const copy = frame.slice(read.start);
    if (read.protocol === PPP.ipv4 || read.protocol === PPP.ipv6) {
      session.counters.lastCarried = this.#world.now;
      to.counters.lastCarried = this.#world.now;
      for (const { options } of [session, to]) clampMss(copy, read.information - read.start, options.mss);
    }
    const wanted = session.path.leg.kind !== 'l2tpv2' && (read.protocol === PPP.lcp || !to.options.acfc);
    this.#depart(to, to.path.leg.kind === 'l2tpv2' && (read.addressed || wanted) ? addressedFrame(copy) : copy);
  }

  // -- private --

  #enter(leg: L2tpLeg, session: Session): Refusal | undefined {
    const ids = leg.localTunnel * 65536 + leg.localSession;
    if (this.#byIds.has(ids)) return { refused: `Tunnel ${leg.localTunnel} call ${leg.localSession} is attached already` };
    if (!this.#services.has(leg.underlay)) return { refused: 'The local port is not served' };
    this.#byIds.set(ids, session);
    this.#tunnels.set(leg.localTunnel, (this.#tunnels.get(leg.localTunnel) ?? 0) + 1);
    return undefined;
  }

  #join(session: Session, far: Far | undefined): void {
    this.#leave(session);
    session.far = far;
    const device = typeof far === 'number' ? this.#devices.get(far) : undefined;
    if (device?.kind === 'tun') device.session = session;
    else device?.members.add(session);
  }

  #leave(session: Session): void {
    const device = typeof session.far === 'number' ? this.#devices.get(session.far) : undefined;
    if (device?.session === session) device.session = undefined;
    device?.members.delete(session);
    session.far = undefined;
  }

  #serviceAt(port: number): Service | undefined {
    for (const service of this.#services.values()) if (service.port === port) return service;
    return undefined;
  }

  #punt(punt: Punt): void {
    this.onPunt([punt], this.#world.now);
  }
}

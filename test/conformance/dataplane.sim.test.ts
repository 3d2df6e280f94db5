// The data plane conformance suite on the simulator's plane: virtual time, a wire in memory.

import { SimIpHost } from '../../board/sim/iphost.ts';
import { icmp, ipPacket, PROTOCOL, readIp, udp } from '../../board/sim/packet.ts';
import { SimPlane } from '../../board/sim/plane.ts';
import { CLEAN, Wire, type Tap } from '../../board/sim/wire.ts';
import { World } from '../../board/sim/world.ts';
import { u16 } from '../../firmware/bytes/integers.ts';
import { toIpv4, type Ipv4 } from '../../firmware/bytes/ip.ts';
import type { Bench, Datagram } from './dataplane.scene.ts';
import { dataPlane } from './dataplane.ts';

/** An IP host whose ppp interfaces end here: what goes in and out of them is the test's. */
class OpenHost extends SimIpHost {
  readonly outputs = new Map<string, (packet: Uint8Array) => boolean>();
  readonly came = new Map<string, Uint8Array[]>();

  override addPpp(name: string, mtu: number, output: (packet: Uint8Array) => boolean): boolean {
    if (!super.addPpp(name, mtu, output)) return false;
    this.outputs.set(name, output);
    return true;
  }

  override removePpp(name: string): void {
    super.removePpp(name);
    this.outputs.delete(name);
  }

  override inject(name: string, packet: Uint8Array): void {
    this.came.set(name, [...(this.came.get(name) ?? []), packet.slice()]);
  }
}

class SimBench implements Bench {
  readonly plane: SimPlane;
  readonly ethernet: Bench['ethernet'];
  readonly local = [toIpv4(0x0a4d0001), toIpv4(0x0a4d0002)] as const;
  readonly peers = [toIpv4(0x0a4d000b), toIpv4(0x0a4d000c)] as const;
  readonly #world = new World(1);
  readonly #wire = new Wire(this.#world, CLEAN);
  readonly #host = new OpenHost(this.#world);
  readonly #open = new Set<string>();
  readonly #tap: Tap;
  #received: Datagram[] = [];
  #frames: Uint8Array[] = [];

  constructor() {
    this.plane = new SimPlane(this.#world, this.#host);
    this.#host.plug('eth0', this.#wire);
    const station = this.#world.station();
    this.ethernet = { device: 'eth0', router: this.#host.port('eth0')?.station ?? station, station };
    for (const address of this.local) this.#host.addAddress('eth0', address, 24);
    this.#tap = {
      owns: (address) => this.peers.some((peer) => peer === address),
      receive: (packet) => this.#arrived(packet),
      carrierChanged: () => {},
      station,
      receiveFrame: (frame) => this.#frames.push(frame),
    };
    this.#wire.attach(this.#tap);
  }

  listen(peer: Ipv4, port: number): void {
    this.#open.add(`${peer} ${port}`);
  }

  inject(d: Datagram): void {
    this.#wire.send(ipPacket({ source: d.from, destination: d.to, protocol: PROTOCOL.udp, ttl: 64 }, udp(d.fromPort, d.toPort, d.data)), d.to);
  }

  received(): Datagram[] {
    return this.#received.splice(0);
  }

  injectFrame(frame: Uint8Array): void {
    this.#wire.sendFrame(frame, this.#tap);
  }

  frames(): Uint8Array[] {
    return this.#frames.splice(0);
  }

  enter(name: string, packet: Uint8Array): void {
    this.#host.outputs.get(name)?.(packet.slice());
  }

  left(name: string): Uint8Array[] {
    const came = this.#host.came.get(name) ?? [];
    this.#host.came.delete(name);
    return came;
  }

  async until(done: () => boolean, ms = 2000): Promise<boolean> {
    return this.#world.run(ms, done);
  }

  interfaces(): string[] {
    return this.#host.links().map((link) => link.name).filter((name) => /^(ppp|dyn)/.test(name));
  }

  async close(): Promise<void> {
    this.#host.unplug();
  }

  #arrived(packet: Uint8Array): void {
    const read = readIp(packet);
    if (read === undefined || read.header.protocol !== PROTOCOL.udp) return;
    const { header, payload } = read;
    const fromPort = u16(payload, 0);
    const toPort = u16(payload, 2);
    if (this.#open.has(`${header.destination} ${toPort}`)) {
      this.#received.push({ from: header.source, fromPort, to: header.destination, toPort, data: payload.slice(8) });
      return;
    }
    const quoted = new Uint8Array(4 + 28);
    quoted.set(packet.subarray(0, 28), 4);
    this.#wire.send(ipPacket({ source: header.destination, destination: header.source, protocol: PROTOCOL.icmp, ttl: 64 }, icmp(3, 3, quoted)), header.source);
  }
}

dataPlane('sim', async () => new SimBench());

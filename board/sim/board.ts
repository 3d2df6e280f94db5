// A whole board in memory: everything the appliance needs, on one virtual clock with its neighbours.

import { formatIpv4, type Ipv4 } from '../../firmware/bytes/ip.ts';
import type { Board } from '../../firmware/hal/board.ts';
import type { WallClock } from '../../firmware/hal/clock.ts';
import type { Refusal } from '../../firmware/hal/dataplane.ts';
import type { Datagrams, Listeners, Resolver, Stream, Transfer } from '../../firmware/hal/io.ts';
import type { System } from '../../firmware/hal/system.ts';
import { libraryCrypto } from '../linux/crypto.ts';
import { RELEASED, VERSION } from '../linux/version.ts';
import { SimCallPorts } from './callports.ts';
import { SimFlash } from './flash.ts';
import { SimIpHost } from './iphost.ts';
import { SimPacketFilter } from './packetfilter.ts';
import { SimPlane } from './plane.ts';
import { SimDhcpClients, SimNameServices } from './services.ts';
import { SimUdpSockets } from './udp.ts';
import { SeededRandom, type World } from './world.ts';

/** What a simulated board is given from outside. */
export interface SimOptions {
  /** Seeds the board's own chance (tunnel ids, challenges); different for every board of a world. */
  readonly seed: number;
}

/** Server sockets that a test connects to by `connect`. */
export class SimListeners implements Listeners {
  readonly #ports = new Map<number, (stream: Stream) => void>();

  listen(port: number, accept: (stream: Stream) => void): { stop(): void } | Refusal {
    if (this.#ports.has(port)) return { refused: `TCP port ${port} is in use by another program` };
    this.#ports.set(port, accept);
    return { stop: () => this.#ports.delete(port) };
  }

  /** False where nothing listens. */
  connect(port: number, stream: Stream): boolean {
    const accept = this.#ports.get(port);
    accept?.(stream);
    return accept !== undefined;
  }
}

export class SimBoard implements Board {
  readonly clock;
  readonly wall: WallClock;
  readonly random: SeededRandom;
  readonly crypto = libraryCrypto;
  readonly ip: SimIpHost;
  readonly rawIp: SimIpHost;
  readonly filter = new SimPacketFilter();
  readonly plane: SimPlane;
  readonly listeners = new SimListeners();
  readonly datagrams: Datagrams;
  /** A test adds ports before the router starts. */
  readonly calls: SimCallPorts;
  readonly udp: SimUdpSockets;
  readonly dhcp = new SimDhcpClients();
  readonly services = new SimNameServices();
  readonly resolver: Resolver;
  readonly transfer: Transfer;
  readonly flash: SimFlash;
  readonly system: System;
  /** Names the resolver knows. */
  readonly names = new Map<string, readonly Ipv4[]>();
  /** What a TFTP or HTTP server would hold: "192.0.2.9/boot.cfg" -> content. */
  readonly remote = new Map<string, Uint8Array>();
  /** Datagrams sent by small clients (syslog). */
  readonly datagramsSent: { readonly to: Ipv4; readonly port: number; readonly data: Uint8Array }[] = [];
  /** How often RESTART REBOOT was asked for. */
  reboots = 0;

  constructor(world: World, options: SimOptions) {
    this.clock = world.clock();
    this.wall = world.wall();
    this.random = new SeededRandom(options.seed);
    this.ip = new SimIpHost(world);
    this.rawIp = this.ip;
    this.plane = new SimPlane(world, this.ip);
    this.udp = new SimUdpSockets(world, this.ip);
    this.calls = new SimCallPorts(world);
    this.flash = new SimFlash(world, this.wall);
    this.datagrams = { send: (to, port, data) => this.datagramsSent.push({ to, port, data: data.slice() }) };
    this.resolver = {
      resolve: (name, done) => {
        const found = this.names.get(name.toLowerCase());
        world.at(world.now + 1, (now) => done(found ?? { refused: `There is no host named ${name}` }, now));
      },
    };
    this.transfer = {
      load: (_method, server, file, done) => {
        const data = this.remote.get(`${formatIpv4(server)}/${file}`);
        const alarm = world.at(world.now + 1, () => done(data ?? { refused: `${formatIpv4(server)} has no file ${file}` }));
        return { cancel: () => alarm.cancel() };
      },
      upload: (_method, server, file, data, done) => {
        const alarm = world.at(world.now + 1, () => {
          this.remote.set(`${formatIpv4(server)}/${file}`, data.slice());
          done(undefined);
        });
        return { cancel: () => alarm.cancel() };
      },
    };
    this.system = {
      board: 'hashi sim',
      serial: '00000001',
      kernel: 'none',
      version: VERSION,
      released: RELEASED,
      usage: () => ({ busy: world.now / 10, elapsed: world.now, memoryTotal: 256 << 20, memoryFree: 128 << 20, memoryOurs: 40 << 20 }),
      reboot: () => {
        this.reboots++;
      },
    };
  }
}

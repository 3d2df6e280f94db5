// PPPoE between boards on one simulated Ethernet, without the router around it: what the room is given is recorded, and any frame can be sent.

import { SimBoard } from '../../board/sim/board.ts';
import { CLEAN, type Tap, Wire, type WireQuality } from '../../board/sim/wire.ts';
import { World } from '../../board/sim/world.ts';
import type { Arrival, CallLink, CallOwner } from '../../firmware/call/link.ts';
import { BROADCAST, type Discovery, readDiscovery, type Tag, TAGS, tagOf, textTag, writeDiscovery } from '../../firmware/call/pppoe.frame.ts';
import { SERVICE_DEFAULTS, type ServiceSettings } from '../../firmware/call/pppoe.services.ts';
import { Pppoe } from '../../firmware/call/pppoe.ts';
import type { LogEvent } from '../../firmware/log/log.ts';

/** A board that speaks PPPoE on eth1. */
export class Station {
  readonly board: SimBoard;
  pppoe: Pppoe;
  readonly log: LogEvent[] = [];
  /** Links of static interfaces by layer in lower case, and why each was lost or not got. */
  readonly links = new Map<string, CallLink>();
  readonly downs: string[] = [];
  /** Callers that were taken, those still there, why those that are not ended. */
  readonly arrivals: Arrival[] = [];
  readonly callers = new Map<string, CallLink>();
  readonly ended: string[] = [];
  readonly mtus: number[] = [];
  /** A sentence: callers are refused with it. */
  refusal: string | undefined;
  /** PPP frames by session. */
  readonly frames: string[] = [];
  ports = ['eth0', 'eth1'];

  constructor(world: World, wire: Wire, seed: number) {
    this.board = new SimBoard(world, { seed });
    const { board } = this;
    board.ip.plug('eth1', wire);
    this.pppoe = this.#start(seed);
    const { plane } = board;
    plane.onPunt = (batch, now) => {
      for (const punt of batch) {
        if (punt.kind === 'ppp') this.frames.push(`${punt.session} ${punt.data.length}`);
        else this.pppoe.punt(punt, now);
      }
    };
    board.ip.onLink = (name) => this.pppoe.linkChanged(name, world.now);
  }

  #start(seed: number): Pppoe {
    const { board } = this;
    const { plane, clock, random, crypto } = board;
    return new Pppoe({
      plane, clock, random, crypto,
      log: { add: (event) => this.log.push(event) },
      owner: this.#owner(seed),
      carrier: (port) => board.ip.links().some((link) => link.name === port && link.up),
      raise: (port) => board.ip.setUp(port, true),
    });
  }

  /** The power fails and comes back: every session is forgotten, nobody is told. */
  crash(seed: number): void {
    for (const { session } of [...this.callers.values(), ...this.links.values()]) this.board.plane.detach(session);
    this.callers.clear();
    this.links.clear();
    this.pppoe = this.#start(seed);
  }

  #owner(seed: number): CallOwner {
    return {
      arrive: (arrival) => {
        if (this.refusal !== undefined) return { refused: this.refusal };
        this.arrivals.push(arrival);
        const name = `ppp${this.arrivals.length - 1}`;
        return {
          name,
          linkUp: (link) => this.callers.set(name, link),
          linkMtu: (mtu) => this.mtus.push(mtu),
          linkDown: (reason) => {
            this.callers.delete(name);
            this.ended.push(reason);
          },
        };
      },
      layerUser: (over) => (over.startsWith('ETH') ? { name: 'ppp0', enabled: true } : undefined),
      linkUp: (over, link) => this.links.set(over.toLowerCase(), link),
      linkDown: (over, reason) => {
        this.links.delete(over.toLowerCase());
        this.downs.push(reason);
      },
      portExists: (name) => this.ports.includes(name),
      hostName: () => `station${seed}`,
    };
  }

  /** Offers a service on eth1 and answers. */
  serve(settings: Partial<ServiceSettings> = {}): void {
    const { maxSessions, macLimit, acradius } = SERVICE_DEFAULTS;
    const { concentrator } = this.pppoe;
    concentrator.services.add({ name: 'ANY', port: 'eth1', template: 0, maxSessions, macLimit, acradius, ...settings });
    concentrator.enable(this.board.clock.now());
  }

  want(over = 'ETH1-any'): void {
    this.pppoe.layers.want(over, this.board.clock.now());
  }

  /** The session of a static interface. */
  link(over = 'ETH1-any'): CallLink | undefined {
    return this.links.get(over.toLowerCase());
  }
}

/** Somebody on the wire without a router: sends any frame, keeps what comes. */
export class Host implements Tap {
  readonly station: Uint8Array;
  readonly got: Discovery[] = [];
  readonly #wire: Wire;

  constructor(wire: Wire, station: Uint8Array) {
    this.#wire = wire;
    this.station = station;
    wire.attach(this);
  }

  owns(): boolean {
    return false;
  }

  receive(): void {}

  receiveFrame(frame: Uint8Array): void {
    const packet = readDiscovery(frame);
    if (typeof packet !== 'string') this.got.push(packet);
  }

  carrierChanged(): void {}

  raw(frame: Uint8Array): void {
    this.#wire.sendFrame(frame, this);
  }

  send(packet: Omit<Discovery, 'source' | 'session'> & { readonly session?: number; readonly source?: Uint8Array }): void {
    this.raw(writeDiscovery({ session: 0, source: this.station, ...packet }) ?? new Uint8Array(0));
  }

  padi(service = '', ...more: readonly Tag[]): void {
    this.send({ code: 'PADI', destination: BROADCAST, tags: [textTag(TAGS.serviceName, service), ...more] });
  }

  /** Asks who offered: with its cookie, unless other tags are given. */
  padr(offer: Discovery, service = '', tags?: readonly Tag[]): void {
    const cookie = tagOf(offer, TAGS.acCookie) ?? new Uint8Array(0);
    this.send({ code: 'PADR', destination: offer.source, tags: [textTag(TAGS.serviceName, service), ...(tags ?? [{ type: TAGS.acCookie, value: cookie }])] });
  }

  last(code: Discovery['code']): Discovery | undefined {
    return this.got.findLast((packet) => packet.code === code);
  }

  /** A session frame with an LCP Echo-Request. */
  ppp(to: Uint8Array, session: number): void {
    const frame = Uint8Array.of(...to, ...this.station, 0x88, 0x64, 0x11, 0, session >> 8, session & 255, 0, 10, 0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0);
    this.raw(frame);
  }
}

export interface Stand {
  readonly world: World;
  readonly wire: Wire;
  /** The access concentrator, already serving ANY where `serve` was not left out. */
  readonly ac: Station;
  readonly client: Station;
  /** Another station on the same wire. */
  station(seed: number): Station;
  /** Somebody with this last octet of an address. */
  host(n: number): Host;
}

export function stand(seed = 1, quality: WireQuality = CLEAN): Stand {
  const world = new World(seed);
  const wire = new Wire(world, quality);
  const station = (n: number): Station => new Station(world, wire, n);
  return { world, wire, ac: station(1), client: station(2), station, host: (n) => new Host(wire, Uint8Array.of(2, 0xee, 0, 0, n >> 8, n & 255)) };
}

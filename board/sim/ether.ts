// PPPoE on the ports of the simulated plane (RFC 2516 4): frames in and out, which session a frame belongs to.

import { put16, u16 } from '../../firmware/bytes/integers.ts';
import type { EtherCounters, EtherId, PppoeLeg, Punt, Refusal } from '../../firmware/hal/dataplane.ts';
import type { SimIpHost, SimPort } from './iphost.ts';
import type { Session } from './session.ts';
import { ETHERNET_HEADER } from './wire.ts';
import type { World } from './world.ts';

const ETHERTYPE = { discovery: 0x8863, session: 0x8864 } as const;
/** Version 1, type 1; then code 0, session number, length. */
const VERSION_TYPE = 0x11;
const PPPOE_HEADER = 6;
const NO_SESSION_INTERVAL = 1000;
const ADDRESS = 6;

interface Ether {
  readonly id: EtherId;
  readonly device: string;
  readonly port: SimPort;
  users: number;
  noSessionAt: number;
  readonly counters: EtherCounters;
}

/** What the frames are for. */
export interface EtherOutput {
  punt(punt: Punt): void;
  /** A PPP frame of a session. */
  frame(session: Session, frame: Uint8Array): void;
}

export class SimEthers {
  readonly #world: World;
  readonly #host: SimIpHost;
  readonly #out: EtherOutput;
  readonly #ethers = new Map<EtherId, Ether>();
  readonly #sessions = new Map<string, Session>();

  constructor(world: World, host: SimIpHost, out: EtherOutput) {
    this.#world = world;
    this.#host = host;
    this.#out = out;
  }

  get size(): number {
    return this.#ethers.size;
  }

  /** `id` is used where the port is not open yet. */
  open(device: string, id: number): EtherId | Refusal {
    for (const ether of this.#ethers.values()) {
      if (ether.device !== device) continue;
      ether.users++;
      return ether.id;
    }
    const port = this.#host.port(device);
    if (port === undefined) return { refused: `There is no Ethernet port ${device}` };
    const ether: Ether = { id: id as EtherId, device, port, users: 1, noSessionAt: -NO_SESSION_INTERVAL, counters: { inFrames: 0, outFrames: 0, malformed: 0, noSession: 0 } };
    this.#ethers.set(ether.id, ether);
    port.onFrame = (frame) => this.#arrived(ether, frame);
    return ether.id;
  }

  /** True where nobody serves the port any more. */
  close(id: EtherId): boolean {
    const ether = this.#ethers.get(id);
    if (ether === undefined || --ether.users > 0) return false;
    ether.port.onFrame = () => {};
    this.#ethers.delete(id);
    return true;
  }

  about(id: EtherId): { readonly address: Uint8Array; readonly mtu: number } | undefined {
    const ether = this.#ethers.get(id);
    return ether === undefined ? undefined : { address: ether.port.station.slice(), mtu: ether.port.mtu() };
  }

  counters(id: EtherId): EtherCounters | undefined {
    const ether = this.#ethers.get(id);
    return ether === undefined ? undefined : { ...ether.counters };
  }

  attach(leg: PppoeLeg, session: Session): Refusal | undefined {
    if (!this.#ethers.has(leg.port)) return { refused: 'The Ethernet port is not served' };
    const key = keyOf(leg.port, leg.session, leg.peer);
    if (this.#sessions.has(key)) return { refused: `PPPoE session ${leg.session} of this peer is attached already` };
    this.#sessions.set(key, session);
    return undefined;
  }

  detach(leg: PppoeLeg): void {
    this.#sessions.delete(keyOf(leg.port, leg.session, leg.peer));
  }

  /** A PPP frame to the peer; false where the port is gone or the frame is beyond its MTU. */
  send(leg: PppoeLeg, frame: Uint8Array): boolean {
    const ether = this.#ethers.get(leg.port);
    if (ether === undefined || frame.length + PPPOE_HEADER > ether.port.mtu()) return false;
    const b = new Uint8Array(ETHERNET_HEADER + PPPOE_HEADER + frame.length);
    b.set(leg.peer);
    put16(b, 12, ETHERTYPE.session);
    b[14] = VERSION_TYPE;
    put16(b, 16, leg.session);
    put16(b, 18, frame.length);
    b.set(frame, ETHERNET_HEADER + PPPOE_HEADER);
    this.sendFrame(leg.port, b);
    return true;
  }

  /** A whole frame, from its destination address on. */
  sendFrame(id: EtherId, frame: Uint8Array): void {
    const ether = this.#ethers.get(id);
    if (ether === undefined) return;
    ether.counters.outFrames++;
    ether.port.send(frame);
  }

  #arrived(ether: Ether, frame: Uint8Array): void {
    const type = u16(frame, 12);
    if (type === ETHERTYPE.discovery) this.#out.punt({ kind: 'discovery', port: ether.id, data: frame });
    else if (type === ETHERTYPE.session) this.#session(ether, frame);
  }

  #session(ether: Ether, frame: Uint8Array): void {
    const { counters } = ether;
    counters.inFrames++;
    const at = ETHERNET_HEADER + PPPOE_HEADER;
    if (frame.length < at || frame[14] !== VERSION_TYPE || frame[15] !== 0 || at + u16(frame, 18) > frame.length) {
      counters.malformed++;
      return;
    }
    const peer = frame.slice(ADDRESS, ADDRESS + ADDRESS);
    const number = u16(frame, 16);
    const session = this.#sessions.get(keyOf(ether.id, number, peer));
    if (session !== undefined) {
      this.#out.frame(session, frame.slice(at, at + u16(frame, 18)));
      return;
    }
    counters.noSession++;
    if (this.#world.now - ether.noSessionAt < NO_SESSION_INTERVAL) return;
    ether.noSessionAt = this.#world.now;
    this.#out.punt({ kind: 'no session', port: ether.id, peer, session: number });
  }
}

const keyOf = (port: EtherId, session: number, peer: Uint8Array): string => `${port} ${session} ${peer.join(':')}`;

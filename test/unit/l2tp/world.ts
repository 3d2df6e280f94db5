// Two or more L2TP servers on a simulated network in virtual time, and what their owners were told. For the server's tests.

import { SimBoard } from '../../../board/sim/board.ts';
import { CLEAN, Wire, type WireQuality } from '../../../board/sim/wire.ts';
import { World } from '../../../board/sim/world.ts';
import { type Ipv4, type Ipv4Prefix, parseIpv4 } from '../../../firmware/bytes/ip.ts';
import type { Millis } from '../../../firmware/bytes/time.ts';
import type { Punt, UnderlayId } from '../../../firmware/hal/dataplane.ts';
import type { AdmissionLimits } from '../../../firmware/l2tp/admission.ts';
import { CALL_DEFAULTS, type CallSettings } from '../../../firmware/l2tp/calls.ts';
import type { ControlMessage } from '../../../firmware/l2tp/catalog.ts';
import { decodeControl, encodeMessage } from '../../../firmware/l2tp/control.ts';
import { decodeHeader, encodeControl, newHeader } from '../../../firmware/l2tp/header.ts';
import type { CallUser, L2tpLink, L2tpOwner, TemplateCall, TemplateUser } from '../../../firmware/l2tp/link.ts';
import { L2tpServer } from '../../../firmware/l2tp/server.ts';
import type { LogEvent } from '../../../firmware/log/log.ts';

export function ip(text: string): Ipv4 {
  const address = parseIpv4(text);
  if (address === undefined) throw new Error(`not an address: ${text}`);
  return address;
}

export const A = '1.1.1.1';
export const B = '2.2.2.2';

export interface NodeOptions {
  readonly name?: string;
  /** Calls that have an interface over them, by call name; default: every configured call has `ppp1`. */
  readonly users?: Readonly<Record<string, CallUser>>;
  readonly limits?: AdmissionLimits;
}

/** One router's L2TP: the server, and an owner that records. */
export class Node implements L2tpOwner {
  readonly board: SimBoard;
  readonly server: L2tpServer;
  readonly address: Ipv4;
  readonly events: string[] = [];
  readonly log: LogEvent[] = [];
  readonly links = new Map<string, L2tpLink>();
  readonly filters = new Map<number, readonly Ipv4Prefix[]>();
  readonly mtus: [string, number][] = [];
  /** PPP frames that arrived, first two octets the protocol. */
  readonly frames: Uint8Array[] = [];
  template: (call: TemplateCall) => { readonly refused: string } | TemplateUser = () => ({ refused: 'dynamic interfaces are not available in this build' });
  users: Readonly<Record<string, CallUser>> | undefined;
  /** What `lookup` gives; undefined: the board's own routes. */
  route: ((to: Ipv4) => ReturnType<L2tpOwner['lookup']>) | undefined;
  readonly #name: string;

  constructor(world: World, wire: Wire, address: string, options: NodeOptions & { readonly seed: number }) {
    this.board = new SimBoard(world, { seed: options.seed });
    this.address = ip(address);
    this.#name = options.name ?? 'hashi';
    this.users = options.users;
    this.board.ip.plug('eth0', wire);
    this.board.ip.setUp('eth0', true);
    this.board.ip.addAddress('eth0', this.address, 1);
    const { clock, wall, random, crypto, plane } = this.board;
    this.server = new L2tpServer({ clock, wall, random, crypto, plane, log: { add: (event) => this.log.push(event) } }, this, { vendor: 'hashi', firmware: 0x0100 }, options.limits);
    plane.onPunt = (batch, now) => this.#punt(batch, now);
  }

  get now(): Millis {
    return this.board.clock.now();
  }

  hostName(): string {
    return this.#name;
  }

  lookup(destination: Ipv4): ReturnType<L2tpOwner['lookup']> {
    return this.route === undefined ? this.board.ip.lookup(destination) : this.route(destination);
  }

  filter(id: number): readonly Ipv4Prefix[] | undefined {
    return this.filters.get(id);
  }

  callUser(call: string): CallUser | undefined {
    if (this.users !== undefined) return this.users[call];
    return this.server.callExists(call) ? { name: 'ppp1', enabled: true } : undefined;
  }

  linkUp(call: string, link: L2tpLink): void {
    this.events.push(`up ${call} ${link.role}`);
    this.links.set(call, link);
  }

  linkDown(call: string, reason: string): void {
    this.events.push(`down ${call}: ${reason}`);
    this.links.delete(call);
  }

  linkMtu(call: string, mtu: number): void {
    this.mtus.push([call, mtu]);
  }

  linkAsk(): boolean {
    return false;
  }

  callMissed(call: string): void {
    this.events.push(`missed ${call}`);
  }

  resolve: L2tpOwner['resolve'] = (_name, done) => done({ refused: 'there is no name server' }, this.now);
  tunnels: L2tpOwner['tunnels'] = (_name, done) => done({ refused: 'no RADIUS server is configured (ADD RADIUS SERVER)' }, this.now);
  outgoingCall: L2tpOwner['outgoingCall'] = () => ({ refused: 'there are no call ports', cause: 6 });

  templateCall(call: TemplateCall): { readonly refused: string } | TemplateUser {
    return this.template(call);
  }

  /** ADD L2TP CALL with the manual's defaults. */
  add(call: Partial<Omit<CallSettings, 'ip'>> & { readonly name: string; readonly ip: string }): void {
    this.server.calls.add({ type: 'VIRTUAL', ...CALL_DEFAULTS, ...call, ip: ip(call.ip) });
  }

  want(call: string): void {
    this.server.want(call, this.now);
  }

  #punt(batch: readonly Punt[], now: Millis): void {
    for (const punt of batch) if (punt.kind === 'ppp') this.frames.push(punt.data.slice());
    this.server.punt(batch, now);
  }
}

/** Two nodes on one wire, A at 1.1.1.1 and B at 2.2.2.2, both with L2TP and server BOTH enabled. */
export function pair(seed = 1, options: { readonly a?: NodeOptions; readonly b?: NodeOptions; readonly quality?: Partial<WireQuality> } = {}): { world: World; wire: Wire; a: Node; b: Node } {
  const world = new World(seed);
  const wire = new Wire(world, { ...CLEAN, ...options.quality });
  const a = new Node(world, wire, A, { ...options.a, seed: seed * 2 + 1 });
  const b = new Node(world, wire, B, { ...options.b, seed: seed * 2 + 2 });
  for (const node of [a, b]) {
    node.server.enable(node.now);
    node.server.enableServer('BOTH');
  }
  return { world, wire, a, b };
}

/** The manual's LAN-to-LAN configuration: calls `remote` at both ends, passwords l2tpA and l2tpB. */
export function configure({ a, b }: { a: Node; b: Node }, change: { readonly a?: Partial<CallSettings>; readonly b?: Partial<CallSettings> } = {}): void {
  a.server.passwords.set('l2tpA');
  b.server.passwords.set('l2tpB');
  const both = { name: 'remote', remote: 'remote' } as const;
  a.server.calls.add({ type: 'VIRTUAL', ...CALL_DEFAULTS, ...both, precedence: 'IN', password: 'l2tpB', ip: ip(B), ...change.a });
  b.server.calls.add({ type: 'VIRTUAL', ...CALL_DEFAULTS, ...both, precedence: 'OUT', password: 'l2tpA', ip: ip(A), ...change.b });
}

/** A peer under the test's control: it answers only what the test says. */
export class RawPeer {
  readonly board: SimBoard;
  readonly address: Ipv4;
  readonly underlay: UnderlayId;
  /** Messages that arrived, ZLBs left out. */
  readonly received: (ControlMessage & { readonly headerTunnel: number; readonly headerSession: number })[] = [];
  /** Every control datagram that arrived, in octets. */
  readonly sizes: number[] = [];
  /** What to send back at once. */
  onMessage: (message: ControlMessage) => void = () => {};
  ns = 0;
  nr = 0;
  acknowledges = true;
  readonly to: Ipv4;
  /** The ids that the router assigned. */
  tunnel = 0;
  session = 0;

  constructor(world: World, wire: Wire, address: string, to: string, port = 1701) {
    this.board = new SimBoard(world, { seed: 99 });
    this.address = ip(address);
    this.to = ip(to);
    this.board.ip.plug('eth0', wire);
    this.board.ip.addAddress('eth0', this.address, 1);
    const bound = this.board.plane.listen({ address: ip('0.0.0.0'), port });
    if (typeof bound !== 'number') throw new Error(bound.refused);
    this.underlay = bound;
    this.board.plane.onPunt = (batch) => {
      for (const punt of batch) if (punt.kind === 'control') this.#take(punt.data);
    };
  }

  /** Sends a message of this peer's one tunnel. */
  send(message: ControlMessage, header: { readonly tunnel?: number; readonly session?: number; readonly ns?: number; readonly nr?: number } = {}): void {
    const body = encodeMessage(message);
    if (body === undefined) throw new Error(`cannot encode ${message.type}`);
    const fields = { tunnelId: header.tunnel ?? this.tunnel, sessionId: header.session ?? 0, ns: header.ns ?? this.ns, nr: header.nr ?? this.nr };
    if (header.ns === undefined) this.ns = (this.ns + 1) & 0xffff;
    this.sendRaw(encodeControl(fields, body));
  }

  sendRaw(data: Uint8Array): void {
    this.board.plane.send([{ to: 'peer', underlay: this.underlay, local: this.address, peer: this.to, peerPort: 1701, data }]);
  }

  /** Opens a tunnel as a peer without password; true once it is established. */
  open(world: World, id = 77): boolean {
    this.send({ type: 'SCCRQ', protocolVersion: 0x0100, framingCapabilities: 3, bearerCapabilities: 3, hostName: 'raw', assignedTunnelId: id }, { tunnel: 0 });
    if (!world.run(2000, () => this.received.some((m) => m.type === 'SCCRP'))) return false;
    this.send({ type: 'SCCCN' });
    world.run(50);
    return true;
  }

  #take(data: Uint8Array): void {
    const h = newHeader();
    this.sizes.push(data.length);
    if (decodeHeader(data, 0, data.length, h) !== undefined || h.payload === h.end) return;
    if (h.ns === this.nr) this.nr = (this.nr + 1) & 0xffff;
    const decoded = decodeControl(data, h.payload, h.end, { crypto: this.board.crypto, secret: undefined, pre13: true });
    if (decoded.kind !== 'message') return;
    const { message } = decoded;
    if (message.type === 'SCCRP' || message.type === 'SCCRQ') this.tunnel = message.assignedTunnelId;
    if ('assignedSessionId' in message && message.assignedSessionId !== undefined) this.session = message.assignedSessionId;
    this.received.push({ ...message, headerTunnel: h.tunnelId, headerSession: h.sessionId });
    const before = this.ns;
    this.onMessage(message);
    if (this.acknowledges && before === this.ns) this.sendRaw(encodeControl({ tunnelId: this.tunnel, sessionId: 0, ns: this.ns, nr: this.nr }, new Uint8Array(0)));
  }
}

/** One node at 1.1.1.1 with a raw peer at 2.2.2.2. */
export function withRaw(seed = 1, options: NodeOptions = {}): { world: World; wire: Wire; a: Node; peer: RawPeer } {
  const world = new World(seed);
  const wire = new Wire(world, CLEAN);
  const a = new Node(world, wire, A, { ...options, seed: seed * 2 + 1 });
  a.server.enable(a.now);
  a.server.enableServer('BOTH');
  return { world, wire, a, peer: new RawPeer(world, wire, B, A) };
}

/** The underlay that a node serves L2TP at. */
export function underlayOf(node: Node): Parameters<Node['board']['plane']['permit']>[0] {
  for (let id = 1; id < 50; id++) {
    const underlay = id as Parameters<Node['board']['plane']['permit']>[0];
    if (node.board.plane.boundPort(underlay) === 1701) return underlay;
  }
  throw new Error('no underlay');
}

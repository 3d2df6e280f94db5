// PPPoE clients: the layers 'ETH1-any', 'ETH0-service' that PPP interfaces are over. Each keeps one session up while it is wanted.

import { equalBytes, u32 } from '../bytes/integers.ts';
import { type Millis, NEVER } from '../bytes/time.ts';
import { messages, type Message } from '../cli/messages.ts';
import type { Random } from '../hal/clock.ts';
import type { Log } from '../log/log.ts';
import type { CallLayers, CallOwner } from './link.ts';
import { Dialer, UNIQ_SIZE } from './pppoe.dialer.ts';
import type { Discovery, Tag } from './pppoe.frame.ts';
import { ETHERNET_MOST } from './pppoe.limits.ts';
import type { Port, Ports } from './pppoe.ports.ts';
import { Redial } from './pppoe.redial.ts';
import type { PppoeSession, Sessions } from './pppoe.session.ts';

/** Nominal speed of an Ethernet port for SHOW PPP UTILISATION, bit/s. */
const SPEED = 100_000_000;
const LAYER = /^(eth\d+)-(.*)$/i;
/** The manual's bound on service names. */
const MOST_SERVICE = 18;

export interface ClientsParts {
  readonly owner: CallOwner;
  readonly random: Random;
  readonly log: Log;
  readonly ports: Ports;
  readonly sessions: Sessions;
  /** Whether the port has a carrier. */
  carrier(port: string): boolean;
  /** Sends a discovery packet of session 0. */
  send(port: Port, code: 'PADI' | 'PADR', destination: Uint8Array, tags: readonly Tag[]): void;
  /** Ends what an access concentrator believes to be a session. */
  padt(port: Port, peer: Uint8Array, session: number): void;
  /** `deadline` may have moved. */
  changed(): void;
}

/** What SHOW PPP PPPOE tells of a client. */
export interface ClientState {
  /** As the PPP interface names it: 'eth1-any'. */
  readonly over: string;
  readonly state: 'PADI sent' | 'PADR sent' | 'Session' | 'Waiting';
  readonly acName: string;
  readonly peer: Uint8Array | undefined;
  readonly session: PppoeSession | undefined;
  /** Why there is no session; empty where nothing went wrong. */
  readonly reason: string;
}

interface Layer {
  readonly port: string;
  /** Empty = any. */
  readonly service: string;
}

/** The port and service that a layer names; undefined = not one of ours. */
function layerOf(over: string): Layer | undefined {
  const [, port, service] = LAYER.exec(over) ?? [];
  if (port === undefined || service === undefined) return undefined;
  return { port: port.toLowerCase(), service: service.toLowerCase() === 'any' ? '' : service };
}

export class PppoeClients implements CallLayers {
  readonly #parts: ClientsParts;
  /** By layer in lower case. */
  readonly #clients = new Map<string, Client>();
  #closed = false;

  constructor(parts: ClientsParts) {
    this.#parts = parts;
  }

  layerExists(over: string): true | Message | undefined {
    const layer = layerOf(over);
    if (layer === undefined) return undefined;
    const length = over.length - layer.port.length - 1;
    if (length < 1 || length > MOST_SERVICE) return messages.parser.badValue(over, 'OVER', `; permitted: an Ethernet port, - and a service name of 1 to ${MOST_SERVICE} characters or ANY, like ETH0-any`);
    return this.#parts.owner.portExists(layer.port) ? true : messages.pppoe.noPort(layer.port.toUpperCase(), '');
  }

  want(over: string, now: Millis): void {
    const key = over.toLowerCase();
    const layer = layerOf(over);
    if (layer === undefined || this.#closed || this.#clients.has(key)) return;
    const client = new Client(this.#parts, over, layer);
    this.#clients.set(key, client);
    client.dial(now);
  }

  unwant(over: string, reason: string, now: Millis): void {
    const key = over.toLowerCase();
    const client = this.#clients.get(key);
    this.#clients.delete(key);
    client?.close(reason, now);
  }

  waiting(over: string, now: Millis): string | undefined {
    return this.#clients.get(over.toLowerCase())?.waiting(now);
  }

  bandwidth(): number {
    return SPEED;
  }

  /** Every client that is wanted, by layer. */
  list(): readonly ClientState[] {
    return [...this.#clients.values()].map((client) => client.state()).sort((a, b) => (a.over.toLowerCase() < b.over.toLowerCase() ? -1 : 1));
  }

  /** A PADO or PADS to our address. */
  receive(port: Port, packet: Discovery, now: Millis): void {
    for (const client of this.#clients.values()) client.receive(port, packet, now);
  }

  /** A client waits for this peer to confirm a session: its first frames may overtake the PADS. */
  expects(port: Port, peer: Uint8Array): boolean {
    return [...this.#clients.values()].some((client) => client.expects(port, peer));
  }

  /** The port came, went or changed. */
  portChanged(port: string, now: Millis): void {
    for (const client of this.#clients.values()) if (client.layer.port === port) client.portChanged(now);
  }

  tick(now: Millis): void {
    for (const client of this.#clients.values()) client.tick(now);
  }

  deadline(): Millis {
    let least = NEVER;
    for (const client of this.#clients.values()) least = Math.min(least, client.deadline());
    return least;
  }

  /** For good. */
  close(reason: string, now: Millis): void {
    this.#closed = true;
    for (const client of this.#clients.values()) this.unwant(client.over, reason, now);
  }
}

class Client {
  readonly over: string;
  readonly layer: Layer;
  readonly #parts: ClientsParts;
  readonly #redial = new Redial();
  #wanted = true;
  #port: Port | undefined;
  #dialer: Dialer | undefined;
  #session: PppoeSession | undefined;
  /** Of the session that is up, or of the one that was asked for last. */
  #ac: { readonly peer: Uint8Array; readonly acName: string } | undefined;
  #reason = '';

  constructor(parts: ClientsParts, over: string, layer: Layer) {
    this.#parts = parts;
    this.over = over;
    this.layer = layer;
  }

  state(): ClientState {
    const phase = this.#dialer?.phase ?? 'idle';
    const state = this.#session !== undefined ? 'Session' : phase === 'idle' ? 'Waiting' : (`${phase} sent` as const);
    const ac = this.#session === undefined ? this.#dialer?.asked : this.#ac;
    return { over: this.over, state, acName: ac?.acName ?? '', peer: ac?.peer, session: this.#session, reason: this.#reason };
  }

  waiting(now: Millis): string | undefined {
    if (this.#session !== undefined) return undefined;
    const before = this.#reason === '' ? '' : `; before: ${this.#reason}`;
    const asked = this.#dialer?.asked;
    if (asked !== undefined) return `waits for a session of access concentrator ${asked.acName}${before}`;
    if (this.#dialer?.phase === 'PADI') return `looks for an access concentrator on ${this.layer.port.toUpperCase()}${before}`;
    const due = this.#redial.deadline();
    return due === NEVER ? this.#reason : `${this.#reason}; calling again in ${seconds(due - now)} s`;
  }

  dial(now: Millis): void {
    const { ports, random, carrier } = this.#parts;
    this.#redial.stop();
    this.#dialer = undefined;
    const port = this.#open();
    if (typeof port === 'string') return this.#failed(port, now);
    if (!carrier(port.name)) return this.#failed(`${port.name.toUpperCase()} is down`, now);
    const dialer = new Dialer(
      {
        send: (code, destination, tags) => this.#parts.send(port, code, destination, tags),
        unwanted: (peer, session) => this.#parts.padt(port, peer, session),
        opened: (confirmed, at) => this.#opened(port, confirmed, at),
        failed: (reason, at) => this.#failed(reason, at),
      },
      { service: this.layer.service, uniq: random.bytes(UNIQ_SIZE), payload: Math.min(ports.payload(port), ETHERNET_MOST) },
    );
    this.#dialer = dialer;
    dialer.start(now);
    this.#parts.changed();
  }

  receive(port: Port, packet: Discovery, now: Millis): void {
    if (this.#port?.id === port.id) this.#dialer?.receive(packet, now);
  }

  expects(port: Port, peer: Uint8Array): boolean {
    const asked = this.#dialer?.asked;
    return this.#port?.id === port.id && asked !== undefined && equalBytes(asked.peer, peer);
  }

  portChanged(now: Millis): void {
    const port = this.#port;
    if (port !== undefined && this.#parts.ports.isGone(port)) {
      const gone = `${port.name.toUpperCase()} is gone`;
      if (this.#session === undefined) this.#failed(gone, now);
      else this.#session.end(gone, 'silent', now);
      return;
    }
    // A cable that was out for a moment does not end a session: LCP finds out whether it is still there.
    if (this.#redial.deadline() !== NEVER && this.#parts.carrier(this.layer.port)) this.dial(now);
  }

  tick(now: Millis): void {
    this.#dialer?.tick(now);
    if (this.#redial.deadline() <= now) this.dial(now);
  }

  deadline(): Millis {
    return Math.min(this.#redial.deadline(), this.#dialer?.deadline() ?? NEVER);
  }

  close(reason: string, now: Millis): void {
    this.#wanted = false;
    this.#redial.stop();
    this.#dialer = undefined;
    this.#session?.end(reason, 'tell', now);
    this.#giveBack();
  }

  #open(): Port | string {
    const { ports } = this.#parts;
    const known = this.#port;
    if (known !== undefined && !ports.isGone(known)) return known;
    this.#giveBack();
    const port = ports.take(this.layer.port);
    if (typeof port !== 'string') this.#port = port;
    return port;
  }

  #giveBack(): void {
    const port = this.#port;
    this.#port = undefined;
    if (port !== undefined) this.#parts.ports.give(port);
  }

  #opened(port: Port, confirmed: { readonly peer: Uint8Array; readonly acName: string; readonly session: number; readonly maxPayload: number }, now: Millis): void {
    const { sessions, owner, padt } = this.#parts;
    const { peer, acName, session: number, maxPayload } = confirmed;
    this.#dialer = undefined;
    this.#ac = confirmed;
    const session = sessions.open(
      { port, peer, number, maxPayload, negotiated: () => this.#worked(), ended: (_session, reason, at) => this.#ended(reason, at) },
      now,
    );
    if (typeof session === 'string') {
      padt(port, peer, number);
      return this.#failed(session, now);
    }
    this.#session = session;
    this.#reason = '';
    this.#log('UP', 3, `${this.over}: session ${number} of access concentrator ${acName}`);
    owner.linkUp(this.over, session, now);
  }

  #worked(): void {
    this.#redial.worked();
  }

  /** The session is over. */
  #ended(reason: string, now: Millis): void {
    this.#session = undefined;
    this.#failed(reason, now);
  }

  #failed(reason: string, now: Millis): void {
    this.#dialer = undefined;
    // Opened anew by the next attempt: the device behind the port may be another one by then.
    this.#giveBack();
    const news = reason !== this.#reason;
    this.#reason = reason;
    const { owner, random } = this.#parts;
    const again = this.#wanted ? this.#redial.failed(u32(random.bytes(4), 0) / 0x1_0000_0000, now) : undefined;
    // A state that lasts is told once.
    if (news) this.#log('DOWN', this.#wanted ? 4 : 3, `${this.over}: ${reason}${again === undefined ? '' : `; calling again in ${seconds(again)} s`}`);
    owner.linkDown(this.over, reason, now);
    this.#parts.changed();
  }

  #log(subtype: string, severity: 3 | 4, text: string): void {
    this.#parts.log.add({ module: 'PPP', severity, type: 'PPPOE', subtype, source: `PPPoE ${this.over}`, text });
  }
}

const seconds = (span: Millis): number => Math.max(1, Math.ceil(span / 1000));

// The PPPoE access concentrator (RFC 2516 5, 8, appendix A; RFC 4638): answers PADI and PADR, gives sessions to whom a template answers.
// Nothing is kept for a peer before it has sent back its cookie; a request that comes again gets the same session again.

import { hex } from '../bytes/hex.ts';
import { u16 } from '../bytes/integers.ts';
import { fromUtf8, printable, utf8 } from '../bytes/text.ts';
import { type Millis, NEVER } from '../bytes/time.ts';
import { Writer } from '../bytes/writer.ts';
import type { Crypto, Random } from '../hal/clock.ts';
import type { Log } from '../log/log.ts';
import type { Arrival, CallOwner } from './link.ts';
import { type Caller, Callers } from './pppoe.callers.ts';
import { Cookies } from './pppoe.cookie.ts';
import { type Code, type Discovery, formatMac, MAX_PAYLOAD, maxPayloadOf, numberTag, type Tag, TAGS, tagOf, textTag } from './pppoe.frame.ts';
import { BUCKETS, ETHERNET_MOST, HALF_OPEN, PER_PEER, PER_PORT, PORT_INTERVAL } from './pppoe.limits.ts';
import type { Port, Ports } from './pppoe.ports.ts';
import { isFull, layerName, type Service, Services } from './pppoe.services.ts';
import type { PppoeSession, Sessions } from './pppoe.session.ts';
import { Throttle } from './pppoe.throttle.ts';

const SPEED = 100_000_000;

/** Why a PADI or PADR got no session; each is a counter of SHOW PPP PPPOE. */
export const DROPS = ['rate', 'no service', 'full', 'cookie', 'half open', 'again', 'refused'] as const;
export type Drop = (typeof DROPS)[number];

export interface ConcentratorParts {
  readonly owner: CallOwner;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly ports: Ports;
  readonly sessions: Sessions;
  /** Sends a discovery packet to a peer. */
  send(port: Port, packet: { readonly code: Code; readonly destination: Uint8Array; readonly session: number; readonly tags: readonly Tag[] }): void;
  count(drop: Drop): void;
  /** `deadline` may have moved without a punt or a tick. */
  changed(): void;
}

/** A session that was given, for SHOW PPP PPPOE. */
export interface CallerState {
  readonly name: string;
  readonly service: string;
  readonly session: PppoeSession;
}

export class Concentrator {
  readonly services = new Services();
  readonly #parts: ConcentratorParts;
  readonly #cookies: Cookies;
  readonly #peers: Throttle;
  readonly #ports: Throttle;
  #enabled = false;
  /** Ports that are served, and why others are not. */
  readonly #served = new Map<string, Port>();
  readonly #failures = new Map<string, string>();
  /** Served ports that changed: the device behind them may be another one, so they are opened anew when no session is in the way. */
  readonly #changed = new Set<string>();
  #retryAt: Millis = NEVER;
  readonly #callers = new Callers();

  constructor(parts: ConcentratorParts, now: Millis) {
    this.#parts = parts;
    const { crypto, random } = parts;
    this.#cookies = new Cookies(crypto, random, now);
    this.#peers = new Throttle({ buckets: BUCKETS, most: PER_PEER, salt: random.bytes(16) });
    this.#ports = new Throttle({ buckets: BUCKETS, most: PER_PORT, salt: random.bytes(16) });
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  /** ENABLE and DISABLE PPP ACCESSCONCENTRATOR; sessions that are up end with DISABLE. */
  enable(now: Millis): void {
    this.#enabled = true;
    this.sync(now);
  }

  disable(reason: string, now: Millis): void {
    this.#enabled = false;
    for (const { session } of this.#callers.values()) session.end(reason, 'tell', now);
    this.sync(now);
  }

  /** Ends the sessions of a service that goes. */
  end(service: Service, reason: string, now: Millis): void {
    for (const { service: of, session } of this.#callers.values()) if (of === service) session.end(reason, 'tell', now);
  }

  /** Serves the ports that have services, and no other. */
  sync(now: Millis): void {
    const { ports } = this.#parts;
    const wanted = this.#enabled ? this.services.ports() : [];
    for (const [name, port] of this.#served) {
      if (wanted.includes(name)) continue;
      this.#served.delete(name);
      this.#changed.delete(name);
      ports.give(port);
    }
    for (const name of this.#failures.keys()) if (!wanted.includes(name)) this.#failures.delete(name);
    for (const name of wanted) if (!this.#served.has(name)) this.#serve(name);
    this.#retryAt = this.#failures.size > 0 ? now + PORT_INTERVAL : NEVER;
    this.#parts.changed();
  }

  /** Why a port is not served; undefined = it is, or need not be. */
  failure(port: string): string | undefined {
    return this.#failures.get(port);
  }

  serves(port: Port): boolean {
    return this.#served.get(port.name) !== undefined;
  }

  portChanged(name: string, now: Millis): void {
    const { ports } = this.#parts;
    const port = this.#served.get(name);
    if (port !== undefined && ports.isGone(port)) {
      const gone = `${name.toUpperCase()} is gone`;
      for (const { session } of this.#callers.values()) if (session.spec.port.id === port.id) session.end(gone, 'silent', now);
      this.#served.delete(name);
      ports.give(port);
    } else if (port !== undefined) this.#changed.add(name);
    this.#reopen(name);
    this.sync(now);
    for (const { session, user } of this.#callers.values()) if (session.spec.port.name === name) user.linkMtu(session.mtu, now);
  }

  #reopen(name: string): void {
    const port = this.#served.get(name);
    if (port === undefined || !this.#changed.has(name) || this.#callers.uses(port)) return;
    this.#changed.delete(name);
    this.#served.delete(name);
    this.#parts.ports.give(port);
    this.#serve(name);
  }

  /** A PADI, or a PADR to our address. */
  receive(port: Port, packet: Discovery, now: Millis): void {
    if (!this.serves(port)) return;
    if (packet.code === 'PADI') this.#asked(port, packet, now);
    else if (packet.code === 'PADR') this.#requested(port, packet, now);
  }

  tick(now: Millis): void {
    if (this.#retryAt <= now) this.sync(now);
  }

  deadline(): Millis {
    return this.#retryAt;
  }

  list(): readonly CallerState[] {
    return [...this.#callers.values()].map(({ user, service, session }) => ({ name: user.name, service: layerName(service.settings), session }));
  }

  close(reason: string, now: Millis): void {
    this.disable(reason, now);
  }

  // -- PADI --

  #asked(port: Port, packet: Discovery, now: Millis): void {
    const { count } = this.#parts;
    const fitting = this.services.fitting(port.name, requestedName(packet));
    // RFC 2516 5.2: who cannot serve the request does not answer.
    const [first] = fitting;
    if (first === undefined) return count('no service');
    if (!this.#peers.take(packet.source, now) || !this.#ports.take(utf8(port.name), now)) return count('rate');
    const free = fitting.find((service) => !isFull(service));
    if (free === undefined) {
      // Another access concentrator may have room: silence leaves the choice to the host.
      count('full');
      return this.#refuse(first, port, packet, ALL_TAKEN);
    }
    const asked = tagOf(packet, TAGS.serviceName) ?? new Uint8Array(0);
    const others = asked.length > 0 ? [] : this.services.names(port.name);
    this.#send(port, packet, 'PADO', 0, [
      textTag(TAGS.acName, this.#parts.owner.hostName()),
      { type: TAGS.serviceName, value: asked },
      ...others.map((name) => textTag(TAGS.serviceName, name)),
      { type: TAGS.acCookie, value: this.#cookies.of(port.name, packet.source, now) },
      ...this.#payloadTag(port, packet),
    ]);
  }

  // -- PADR --

  #requested(port: Port, packet: Discovery, now: Millis): void {
    const { count } = this.#parts;
    if (!this.#peers.take(packet.source, now)) return count('rate');
    const cookie = tagOf(packet, TAGS.acCookie);
    if (!this.#cookies.holds(cookie, port.name, packet.source, now)) return count('cookie');
    const request = this.#requestKey(port, packet);
    const known = this.#callers.requested(request);
    if (known !== undefined && this.#callers.mayRepeat(known, now)) {
      count('again');
      return this.#confirm(port, packet, known.session);
    }
    known?.session.end('the peer asked for a session anew', 'tell', now);
    const fitting = this.services.fitting(port.name, requestedName(packet));
    const [first] = fitting;
    if (first === undefined) {
      count('no service');
      return this.#send(port, packet, 'PADS', 0, [serviceTag(packet), textTag(TAGS.serviceNameError, 'No such service')]);
    }
    const service = fitting.find((one) => !isFull(one));
    if (service === undefined) return this.#full(first, port, packet, ALL_TAKEN);
    if (this.#callers.countOf(port, packet.source) >= service.settings.macLimit) {
      return this.#full(service, port, packet, `${formatMac(packet.source)} has ${service.settings.macLimit} sessions already (MACLIMIT)`);
    }
    // Not answered, a PADR comes again in a moment (RFC 2516 8): a storm is taken in as fast as PPP opens.
    if (this.#callers.halfOpen(now) >= HALF_OPEN) return count('half open');
    this.#begin({ port, packet, service, request }, now);
  }

  #full(service: Service, port: Port, packet: Discovery, why: string): void {
    this.#parts.count('full');
    this.#refuse(service, port, packet, why);
    this.#systemError(port, packet, 'All sessions are taken');
  }

  #begin({ port, packet, service, request }: { readonly port: Port; readonly packet: Discovery; readonly service: Service; readonly request: string }, now: Millis): void {
    const number = this.#callers.freeNumber(port, u16(this.#parts.random.bytes(2), 0));
    const session = number === undefined ? 'no session number is free' : this.#open(port, packet, number, now);
    if (typeof session === 'string') return this.#refused(service, port, packet, session);
    const user = this.#parts.owner.arrive(arrivalOf(service, packet.source), now);
    if ('refused' in user) {
      this.#parts.sessions.remove(session);
      return this.#refused(service, port, packet, user.refused);
    }
    const caller: Caller = { service, session, request, user };
    this.#callers.add(caller, now);
    this.#confirm(port, packet, session);
    const { number: given } = session.spec;
    this.#log(port, 'UP', `${user.name}: PPPoE session ${given} with ${formatMac(packet.source)} over ${layerName(service.settings)}`);
    user.linkUp(session, now);
  }

  #open(port: Port, packet: Discovery, number: number, now: Millis): PppoeSession | string {
    return this.#parts.sessions.open(
      {
        port, number,
        peer: packet.source.slice(),
        maxPayload: this.#agreed(port, packet) ?? MAX_PAYLOAD,
        negotiated: (session) => this.#callers.opened(session),
        ended: (session, reason, at) => this.#ended(session, reason, at),
      },
      now,
    );
  }

  #ended(session: PppoeSession, reason: string, now: Millis): void {
    const caller = this.#callers.of(session);
    if (caller === undefined) return;
    const { port, peer, number } = session.spec;
    this.#callers.remove(caller);
    this.#log(port, 'DOWN', `${caller.user.name}: PPPoE session ${number} with ${formatMac(peer)} over ${layerName(caller.service.settings)} ended: ${reason}`);
    caller.user.linkDown(reason, now);
    if (this.#changed.has(port.name)) {
      this.#reopen(port.name);
      this.sync(now);
    }
  }

  // -- answers --

  #confirm(port: Port, packet: Discovery, { spec }: PppoeSession): void {
    this.#send(port, packet, 'PADS', spec.number, [serviceTag(packet), textTag(TAGS.acName, this.#parts.owner.hostName()), ...this.#payloadTag(port, packet)]);
  }

  /** The reason goes to the operator; to the peer only that it cannot be. */
  #refused(service: Service, port: Port, packet: Discovery, why: string): void {
    this.#parts.count('refused');
    this.#refuse(service, port, packet, why);
    this.#systemError(port, packet, 'The service is not available now');
  }

  #systemError(port: Port, packet: Discovery, text: string): void {
    this.#send(port, packet, 'PADS', 0, [serviceTag(packet), textTag(TAGS.acSystemError, text)]);
  }

  #refuse(service: Service, port: Port, packet: Discovery, why: string): void {
    service.refused++;
    service.lastRefusal = why;
    const text = `${layerName(service.settings)}: no session for ${formatMac(packet.source)}: ${why}`;
    this.#parts.log.add({ module: 'PPP', severity: 4, type: 'PPPOE', subtype: 'REFU', source: `PPPoE ${port.name}`, text });
  }

  /** With what the peer and relays on the way want to see again (RFC 2516 appendix A: Host-Uniq, Relay-Session-Id). */
  #send(port: Port, packet: Discovery, code: 'PADO' | 'PADS', session: number, tags: readonly Tag[]): void {
    const echo = packet.tags.filter(({ type }) => type === TAGS.hostUniq || type === TAGS.relaySessionId);
    this.#parts.send(port, { code, destination: packet.source, session, tags: [...tags, ...echo] });
  }

  /** RFC 4638 2: the largest payload that both can, where the peer asks for more than 1492. */
  #agreed(port: Port, packet: Discovery): number | undefined {
    const asked = maxPayloadOf(packet);
    const { ports } = this.#parts;
    if (asked === undefined || asked <= MAX_PAYLOAD || !ports.isLarge(port)) return undefined;
    return Math.min(asked, ports.payload(port), ETHERNET_MOST);
  }

  #payloadTag(port: Port, packet: Discovery): Tag[] {
    const agreed = this.#agreed(port, packet);
    return agreed === undefined ? [] : [numberTag(TAGS.pppMaxPayload, agreed)];
  }

  // -- requests and ports --

  /** Who sends the same Host-Uniq with the same cookie asks the same thing again. */
  #requestKey(port: Port, packet: Discovery): string {
    const parts = [packet.source, ...[TAGS.hostUniq, TAGS.relaySessionId, TAGS.acCookie].map((type) => tagOf(packet, type) ?? new Uint8Array(0))];
    const data = new Writer().u32(port.id);
    for (const part of parts) data.u16(part.length).bytes(part);
    return hex(this.#parts.crypto.sha256(data.finish()));
  }

  #serve(name: string): void {
    const port = this.#parts.ports.take(name);
    if (typeof port !== 'string') {
      this.#failures.delete(name);
      this.#served.set(name, port);
      return;
    }
    if (this.#failures.get(name) !== port) {
      const text = `${name.toUpperCase()}: PPPoE is not served: ${port}; tried again every ${PORT_INTERVAL / 1000} s`;
      this.#parts.log.add({ module: 'PPP', severity: 4, type: 'PPPOE', subtype: 'FAIL', source: `PPPoE ${name}`, text });
    }
    this.#failures.set(name, port);
  }

  #log(port: Port, subtype: string, text: string): void {
    this.#parts.log.add({ module: 'PPP', severity: 3, type: 'PPPOE', subtype, source: `PPPoE ${port.name}`, text });
  }
}

const ALL_TAKEN = 'all its sessions are taken (MAXSESSIONS)';

const requestedName = (packet: Discovery): string => printable(fromUtf8(tagOf(packet, TAGS.serviceName) ?? new Uint8Array(0)));
const serviceTag = (packet: Discovery): Tag => ({ type: TAGS.serviceName, value: tagOf(packet, TAGS.serviceName) ?? new Uint8Array(0) });

const arrivalOf = ({ settings }: Service, peer: Uint8Array): Arrival => ({
  kind: 'PPPOE',
  call: settings.name,
  over: layerName(settings),
  template: settings.template,
  from: formatMac(peer),
  callingNumber: '',
  calledNumber: '',
  subAddress: '',
  speed: SPEED,
  bearer: 'none',
  framing: 'sync',
});

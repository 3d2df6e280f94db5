// Configured calls and calls of peers, and what brings them together: places ours in tunnels, finds who takes the peers'.

import { type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import { type Alarm, type Millis, NEVER } from '../bytes/time.ts';
import type { UnderlayId } from '../hal/dataplane.ts';
import type { AdmissionLimits } from './admission.ts';
import { type CallSettings, type Calls, calledNumber } from './calls.ts';
import { type Carrier, HUNG_UP } from './carrier.ts';
import { BEARER, DISCONNECT, FRAMING } from './catalog.ts';
import { DialOut, dialFailure, outgoingRequest } from './dialout.ts';
import type { SessionEntry, TunnelEntry } from './entry.ts';
import { Line, type LineHost } from './line.ts';
import type { L2tpOwner } from './link.ts';
import { type Answer, answerIncoming, answerOutgoing, refusal } from './pairing.ts';
import { L2TP_PORT } from './port.ts';
import { Reach } from './reach.ts';
import type { CallReason } from './reason.ts';
import type { ServerRole } from './snapshot.ts';
import { TemplateSession } from './templatecall.ts';
import type { Templates } from './templates.ts';
import { ALL_FRAMING } from './tunnel.ts';
import type { Tunnels, TunnelsBoard } from './tunnels.ts';

/** The least speed an outgoing call asks for: the least that SPEED permits. */
const LEAST_SPEED = 300;
/** Interfaces that calls can carry; a route into any other cannot lead into a tunnel. */
const PPP_NAME = /^(?:ppp|dyn)/i;

export interface ExchangeHost {
  enabled(): boolean;
  /** What ENABLE L2TP SERVER permits peers to ask for. */
  role(): ServerRole | undefined;
  /** The port served; undefined while there is none. */
  underlay(): UnderlayId | undefined;
}

export interface ExchangeParts {
  readonly board: TunnelsBoard;
  readonly owner: L2tpOwner;
  readonly host: ExchangeHost;
  readonly stores: { readonly calls: Calls; readonly templates: Templates };
  readonly tunnels: Tunnels;
  readonly carrier: Carrier;
  readonly limits: AdmissionLimits;
}

interface Runtime {
  readonly line: Line;
  alarm: Alarm | undefined;
}

export class Exchange {
  readonly #board: TunnelsBoard;
  readonly #owner: L2tpOwner;
  readonly #host: ExchangeHost;
  readonly #stores: ExchangeParts['stores'];
  readonly #tunnels: Tunnels;
  readonly #carrier: Carrier;
  /** Finds tunnels for calls of ours. */
  readonly reach: Reach;
  readonly #lines = new Map<string, Runtime>();
  #serial = 0;

  constructor({ board, owner, host, stores, tunnels, carrier, limits }: ExchangeParts) {
    this.#board = board;
    this.#owner = owner;
    this.#host = host;
    this.#stores = stores;
    this.#tunnels = tunnels;
    this.#carrier = carrier;
    this.reach = new Reach(
      { lookup: (peer) => owner.lookup(peer), leadsIntoItself: (name, peer) => this.#leadsIntoItself(name, peer), underlay: () => host.underlay() },
      tunnels,
      limits,
    );
  }

  /** Call Serial Number: counts the calls that we ask for (RFC 2661 4.4.4). */
  newSerial(): number {
    this.#serial = (this.#serial + 1) >>> 0;
    return this.#serial;
  }

  /** The line of a configured call, made where there is none yet; undefined where no call has that name. */
  line(name: string): Line | undefined {
    const key = name.toLowerCase();
    const known = this.#lines.get(key);
    if (known !== undefined) return known.line;
    const call = this.#stores.calls.get(name);
    if (call === undefined) return undefined;
    const line = new Line(this.#lineHost(call));
    this.#lines.set(key, { line, alarm: undefined });
    return line;
  }

  /** The line of a call that somebody ever wanted or called. */
  known(name: string): Line | undefined {
    return this.#lines.get(name.toLowerCase())?.line;
  }

  lines(): Line[] {
    return [...this.#lines.values()].map(({ line }) => line);
  }

  /** The call was deleted. */
  forget(name: string): void {
    this.#lines.get(name.toLowerCase())?.alarm?.cancel();
    this.#lines.delete(name.toLowerCase());
  }

  /** Stops all timers and forgets all lines, without a word to anybody. */
  abandon(): void {
    for (const { alarm } of this.#lines.values()) alarm?.cancel();
    this.#lines.clear();
  }

  #lineHost(first: CallSettings): LineHost {
    const { name } = first;
    return {
      enabled: () => this.#host.enabled(),
      settings: () => this.#stores.calls.get(name) ?? first,
      callUser: () => this.#owner.callUser(name),
      place: (call, now) => this.#place(call, now),
      carry: (entry, call) => this.#carry(entry, call),
      drop: (entry) => this.#carrier.detach(entry),
      linkUp: (entry, now) => {
        if (entry.link !== undefined) this.#owner.linkUp(name, entry.link, now);
      },
      linkDown: (reason, now) => this.#owner.linkDown(name, reason, now),
      probe: (entry, now) => {
        this.#tunnels.touch(entry.tunnel);
        entry.tunnel.tunnel.probe(now);
      },
      linkMtu: (mtu, now) => this.#owner.linkMtu(name, mtu, now),
      linkAsk: (now) => this.#owner.linkAsk(name, now),
      checkRoute: (entry, now) => {
        const { peer } = entry.tunnel.at;
        const route = this.#owner.lookup(peer);
        if (route === undefined) return undefined;
        if (this.#leadsIntoItself(route.name, peer)) return { kind: 'route through itself', peer, name: route.name };
        if (entry.link?.routed(route.mtu, now) === true) entry.user?.resized(entry, now);
        return undefined;
      },
      chance: () => (this.#board.random.bytes(1)[0] ?? 0) / 256,
      log: (subtype, text) => this.#board.log.add({ module: 'L2TP', severity: subtype === 'UP' || subtype === 'DOWN' ? 4 : 3, type: 'CALL', subtype, text, source: `call ${name}` }),
      rearm: () => this.#rearm(name),
    };
  }

  #rearm(name: string): void {
    const runtime = this.#lines.get(name.toLowerCase());
    if (runtime === undefined) return;
    const at = runtime.line.deadline();
    if (runtime.alarm?.at === at) return;
    runtime.alarm?.cancel();
    runtime.alarm = undefined;
    if (at === NEVER) return;
    runtime.alarm = this.#board.clock.at(at, (now) => {
      runtime.alarm = undefined;
      this.#tunnels.enter(() => runtime.line.tick(now));
    });
  }

  /** Places a call of ours in a tunnel to its peer. */
  #place(call: CallSettings, now: Millis): SessionEntry | CallReason {
    const entry = this.reach.tunnel(
      {
        peer: call.ip, port: L2TP_PORT, password: call.password, pre13: call.pre13 === 'ON', theirs: 'established',
        hostName: undefined, assignment: undefined, longestTimeout: undefined, forwards: false,
      },
      now,
    );
    if ('kind' in entry) return entry;
    const serial = this.newSerial();
    const number = calledNumber(call);
    const bearerType = call.type === 'ISDN' ? BEARER.digital : call.type === 'ASYNC' ? BEARER.analog : 0;
    const subAddress = call.subaddress;
    if (number === undefined) {
      const asked = { callSerialNumber: serial, bearerType };
      return this.#placed(this.#tunnels.place(entry, (id) => entry.tunnel.placeIncoming(id, asked, now)), call);
    }
    const framingType = call.type === 'ASYNC' ? FRAMING.async : call.type === 'ISDN' ? FRAMING.sync : ALL_FRAMING;
    const asked = { callSerialNumber: serial, minimumBps: LEAST_SPEED, maximumBps: call.speed, bearerType, framingType, calledNumber: number, subAddress };
    return this.#placed(this.#tunnels.place(entry, (id) => entry.tunnel.placeOutgoing(id, asked, now)), call);
  }

  #placed(placed: SessionEntry | CallReason, call: CallSettings): SessionEntry | CallReason {
    if ('kind' in placed) return placed;
    placed.carriage = { number: call.number, pre13: call.pre13 === 'ON', speed: call.speed };
    return placed;
  }

  /** The route to a peer leads into an interface that a tunnel to this very peer carries. */
  #leadsIntoItself(name: string, peer: Ipv4): boolean {
    if (!PPP_NAME.test(name)) return false;
    return this.#stores.calls.list().some((call) => {
      const to = call.ip === peer ? peer : this.known(call.name)?.session?.tunnel.at.peer;
      return to === peer && this.#owner.callUser(call.name)?.name === name;
    });
  }

  #carry(entry: SessionEntry, call: CallSettings): CallReason | undefined {
    entry.carriage = { number: call.number, pre13: call.pre13 === 'ON', speed: call.speed };
    const refused = this.#carrier.attach(entry);
    return refused === undefined ? undefined : { kind: 'plane', why: refused };
  }

  /** Ends a session; `reason` is one sentence for the log and the peer. */
  hangUp(entry: SessionEntry, reason: string, now: Millis): void {
    this.#tunnels.touch(entry.tunnel);
    entry.end = { kind: 'hung up', why: reason };
    entry.session.close({ code: HUNG_UP, error: 0, message: reason.slice(0, 100) }, now);
  }

  /** The line that a session belongs to; undefined for one by template. */
  lineOf(entry: SessionEntry): Line | undefined {
    return entry.user instanceof Line ? entry.user : undefined;
  }

  /** The session with our id `id`. */
  session(id: number): SessionEntry | undefined {
    for (const entry of this.#tunnels.open()) for (const call of entry.calls.values()) if (call.session.id === id) return call;
    return undefined;
  }

  // -- private: calls of peers --

  /** A peer asks for a call (ICRQ, OCRQ): a configured call takes it, else a template, else it is refused. */
  requested(entry: SessionEntry, now: Millis): void {
    const answer = this.#answer(entry);
    this.#tunnels.touch(entry.tunnel);
    switch (answer.kind) {
      case 'call': {
        const line = this.line(answer.call.name);
        if (line === undefined) return;
        entry.user = line;
        entry.carriage = { number: answer.call.number, pre13: answer.call.pre13 === 'ON', speed: answer.call.speed };
        return line.offer(entry, now);
      }
      case 'template':
        return this.#templateCall(entry, answer.entry, now);
      case 'dial':
        return this.#dialOut(entry, answer, now);
      case 'refuse':
        this.#logRefusal(entry, answer.why);
        return entry.session.refuse(answer.result, now);
    }
  }

  #answer({ session, tunnel }: SessionEntry): Answer {
    const request = session.request;
    if (request === undefined) return refusal(DISCONNECT.administrative, 'no request');
    const role = this.#host.role();
    const needed = request.type === 'OCRQ' ? 'LAC' : 'LNS';
    if (!tunnel.ours && role !== 'BOTH' && role !== needed) return refusal(DISCONNECT.administrative, `this server is not enabled as ${needed}`);
    const { peer } = tunnel.at;
    if (request.type === 'OCRQ') return answerOutgoing(request, peer, this.#stores.calls);
    return answerIncoming(peer, this.#stores, {
      isUp: (name) => this.known(name)?.isUp === true,
      hasUser: (name) => this.#owner.callUser(name) !== undefined,
    });
  }

  #templateCall(entry: SessionEntry, template: Extract<Answer, { kind: 'template' }>['entry'], now: Millis): void {
    const { session, tunnel } = entry;
    const { callingNumber = '', calledNumber: called = '', callSerialNumber: serial = 0 } = session.request ?? {};
    const user = this.#owner.templateCall({ entry: template, peer: tunnel.at.peer, callingNumber, calledNumber: called, serial }, now);
    if ('refused' in user) {
      this.#logRefusal(entry, user.refused);
      return session.refuse({ code: DISCONNECT.temporary, error: 0, message: user.refused.slice(0, 100) }, now);
    }
    entry.template = user;
    entry.carriage = { number: template.number, pre13: template.pre13 === 'ON', speed: entry.carriage.speed };
    entry.user = new TemplateSession(user, this.#carrier);
    session.accept({}, now);
  }

  #dialOut(entry: SessionEntry, { request, unnamed }: Extract<Answer, { kind: 'dial' }>, now: Millis): void {
    const { session, tunnel } = entry;
    const source = `L2TP ${formatIpv4(tunnel.at.peer)}`;
    const one = new DialOut(
      {
        carrier: this.#carrier,
        enter: (task) => this.#tunnels.enter(() => {
          this.#tunnels.touch(tunnel);
          task();
        }),
        log: (subtype, text) => this.#board.log.add({ module: 'L2TP', severity: subtype === 'FAIL' ? 3 : 4, type: 'CALL', subtype, text, source }),
      },
      entry,
    );
    const user = this.#owner.outgoingCall(outgoingRequest(request, tunnel.at.peer), one, now);
    if ('refused' in user) {
      const why = unnamed ?? user.refused;
      this.#logRefusal(entry, why);
      return session.refuse(dialFailure(user.cause, why), now);
    }
    entry.user = one;
    one.begin(user, now);
  }

  #logRefusal({ tunnel }: SessionEntry, why: string): void {
    const text = `call of ${tunnel.tunnel.peer?.hostName ?? ''} at ${formatIpv4(tunnel.at.peer)} refused: ${why}`;
    this.#board.log.add({ module: 'L2TP', severity: 3, type: 'CALL', subtype: 'IN', text, source: `L2TP ${formatIpv4(tunnel.at.peer)}` });
  }

  /** ICMP says that no larger datagram gets to the peer of this tunnel. */
  tooBig(entry: TunnelEntry, mtu: number, now: Millis): void {
    for (const call of entry.calls.values()) if (call.link?.tooBig(mtu, now) === true) call.user?.resized(call, now);
  }
}

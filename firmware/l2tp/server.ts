// The L2TP server of a router: configuration, tunnels, calls and the data plane joined (AR740 command reference 2.6, RFC 2661).

import { ANY_IPV4, type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import { type Alarm, type Millis, NEVER } from '../bytes/time.ts';
import { type Message, messages } from '../cli/messages.ts';
import type { Punt, UnderlayId } from '../hal/dataplane.ts';
import { ADMISSION, type AdmissionLimits } from './admission.ts';
import { type CallChange, type CallSettings, Calls, calledNumber } from './calls.ts';
import { Carrier, HUNG_UP, overhead } from './carrier.ts';
import { BEARER, FRAMING, STOP } from './catalog.ts';
import { addTunnel, controlOf, refusedBy, stateName, tunnelSnapshot, underlayData } from './counters.ts';
import { Debug, type DebugOption, type DebugScope, type Subject, printPacket, printState } from './debug.ts';
import type { SessionEntry, TunnelEntry } from './entry.ts';
import type { CallStatus } from './l2tp.show.ts';
import { Line, type LineHost } from './line.ts';
import type { Identity, L2tpOwner } from './link.ts';
import { type Answer, answerIncoming, answerOutgoing, refusal } from './pairing.ts';
import { Passwords } from './passwords.ts';
import type { CallReason } from './reason.ts';
import { type ControlCounters, type DataCounters, type ModuleSnapshot, type ServerRole, type TunnelSnapshot, addControl, addData, noControl, noData } from './snapshot.ts';
import { TemplateSession } from './templatecall.ts';
import { Templates } from './templates.ts';
import { ALL_FRAMING } from './tunnel.ts';
import { Tunnels, type TunnelsBoard } from './tunnels.ts';
import { Users } from './users.ts';

/** The port both ends use (RFC 2661 8.1). */
export const L2TP_PORT = 1701;

export type { TunnelsBoard as L2tpBoard } from './tunnels.ts';

/** So long after its start a router takes strange messages for those of its former life (our limit: three times what a peer needs to give up). */
const FORMER_LIFE: Millis = 300_000;

interface Runtime {
  readonly line: Line;
  alarm: Alarm | undefined;
}

export class L2tpServer {
  readonly calls = new Calls();
  readonly passwords = new Passwords();
  readonly templates = new Templates();
  readonly users = new Users();
  readonly #board: TunnelsBoard;
  readonly #limits: AdmissionLimits;
  readonly #owner: L2tpOwner;
  readonly #debug = new Debug();
  readonly #tunnels: Tunnels;
  readonly #carrier: Carrier;
  readonly #lines = new Map<string, Runtime>();
  #underlay: UnderlayId | undefined;
  #enabled = false;
  /** When the module was enabled. */
  #since: Millis = 0;
  #server: ServerRole | undefined;
  #filter: number | undefined;
  #checksum = true;
  #serial = 0;
  /** Data messages of ports no longer served, and what RESET L2TP COUNTER subtracts. */
  readonly #past = { data: noData(), filtered: 0, noSuchTunnel: 0, noSuchCall: 0, malformed: 0 };
  #zero = { data: noData(), control: noControl(), filtered: 0, noSuchTunnel: 0, noSuchCall: 0, malformed: 0, disabled: 0, failed: 0 };

  constructor(board: TunnelsBoard, owner: L2tpOwner, identity: Identity, limits: AdmissionLimits = ADMISSION) {
    this.#board = board;
    this.#limits = limits;
    this.#owner = owner;
    this.#tunnels = new Tunnels(board, {
      identity,
      enabled: () => this.#enabled,
      serves: () => this.#server !== undefined,
      hostName: () => owner.hostName(),
      passwordFor: (peer) => this.passwords.find(peer),
      pre13For: (peer) => this.#pre13For(peer),
      requested: (entry, now) => this.#requested(entry, now),
      lastIn: (entries) => this.#carrier.lastIn(entries),
      ended: (entry) => this.#carrier.detach(entry),
      trace: (entry, direction, data) => this.#traceControl(entry, direction, data),
      tunnelState: (entry, old, next) => this.#traceTunnel(entry, old, next),
      sessionState: (entry, old, next) => this.#traceSession(entry, old, next),
      strayed: (peer, now) => this.#strayed(peer, now),
      forgotten: () => this.#maybeUnlisten(),
    }, limits);
    this.#carrier = new Carrier(board.plane, {
      checksum: () => this.#checksum,
      lookup: (entry) => owner.lookup(entry.tunnel.at.peer),
      traced: (entry) => this.#isTraced(entry),
      hangUp: (entry, reason, now) => this.#tunnels.enter(() => this.#hangUp(entry, reason, now)),
      negotiated: (entry) => this.#lineOf(entry)?.worked(),
    });
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  get server(): ServerRole | undefined {
    return this.#server;
  }

  get filter(): number | undefined {
    return this.#filter;
  }

  get checksum(): boolean {
    return this.#checksum;
  }

  /** True once nothing is left to wait for after DISABLE L2TP or `shutdown`: no tunnel lingers, no port is served. */
  get isQuiet(): boolean {
    return this.#tunnels.size === 0 && this.#underlay === undefined;
  }

  // -- the module --

  /** ENABLE L2TP. A port that another program has is replaced by a free one, with a Warning. */
  enable(now: Millis): Message {
    if (this.#enabled) return messages.l2tp.enabledAlready();
    const answer = this.#listen();
    if (answer.severity === 'error') return answer;
    this.#enabled = true;
    this.#since = now;
    this.#tunnels.enter(() => this.#retryAll(now));
    return answer;
  }

  /** DISABLE L2TP: every tunnel is closed by StopCCN; the port is given back when their retransmissions need no answer any more. */
  disable(now: Millis): Message {
    if (!this.#enabled) return messages.l2tp.disabledAlready();
    this.#enabled = false;
    this.#tunnels.enter(() => {
      for (const { line } of this.#lines.values()) line.disabled(now);
      for (const entry of this.#tunnels.open()) this.#tunnels.close(entry, { code: STOP.shutdown }, now);
    });
    this.#maybeUnlisten();
    return messages.l2tp.done();
  }

  /** The router stops: StopCCN on every tunnel, sent before this returns. */
  shutdown(now: Millis): void {
    this.disable(now);
  }

  /** Lets go of everything without another word: no alarm, port or session of ours is left. */
  close(): void {
    for (const runtime of this.#lines.values()) runtime.alarm?.cancel();
    this.#lines.clear();
    this.#carrier.detachAll();
    this.#tunnels.abandon();
    this.#enabled = false;
    this.#maybeUnlisten();
  }

  /** ENABLE L2TP SERVER. LAC and LNS add up to BOTH. */
  enableServer(role: ServerRole): void {
    this.#server = this.#server === undefined || this.#server === role ? role : 'BOTH';
  }

  /** DISABLE L2TP SERVER: what is left of BOTH stays. Tunnels that are open stay open. */
  disableServer(role: ServerRole): void {
    if (role === 'BOTH' || this.#server === role) this.#server = undefined;
    else if (this.#server === 'BOTH') this.#server = role === 'LAC' ? 'LNS' : 'LAC';
  }

  /** SET L2TP FILTER. A number that names no filter lets nothing in. */
  setFilter(filter: number | undefined): void {
    this.#filter = filter;
    this.#permit();
  }

  /** IP filters changed. */
  filtersChanged(): void {
    this.#permit();
  }

  /** SET L2TP CHECKSUM: of data messages; at once, for calls that are up too. */
  setChecksum(on: boolean): void {
    this.#checksum = on;
    this.#carrier.updateAll(() => ({ checksum: on }));
  }

  /** A route, an address or an interface came or went. */
  routesChanged(now: Millis): void {
    this.#tunnels.enter(() => this.#retryAll(now));
  }

  // -- calls --

  callExists(name: string): boolean {
    return this.calls.get(name) !== undefined;
  }

  /** An interface wants the call up from now on. */
  want(name: string, now: Millis): void {
    const line = this.#line(name)?.line;
    if (line !== undefined) this.#tunnels.enter(() => line.want(now));
  }

  /** It does not any more: `reason` ends the session that there may be. */
  unwant(name: string, reason: string, now: Millis): void {
    const line = this.#lines.get(name.toLowerCase())?.line;
    if (line !== undefined) this.#tunnels.enter(() => line.unwant(reason, now));
  }

  /** SET L2TP CALL: for new calls; one that is up stays as it is. */
  setCall(name: string, change: CallChange, now: Millis): void {
    this.calls.set(name, change);
    const line = this.#lines.get(name.toLowerCase())?.line;
    if (line !== undefined) this.#tunnels.enter(() => line.changedSettings(now));
  }

  /** Why the call cannot be deleted. */
  mayRemoveCall(name: string): Message | undefined {
    if (!this.callExists(name)) return messages.l2tp.callNotFound(name);
    const user = this.#owner.callUser(name);
    return user === undefined ? undefined : messages.l2tp.callInUse(name, user.name);
  }

  removeCall(name: string, now: Millis): void {
    const runtime = this.#lines.get(name.toLowerCase());
    if (runtime !== undefined) this.#tunnels.enter(() => runtime.line.unwant('the call was deleted', now));
    runtime?.alarm?.cancel();
    this.#lines.delete(name.toLowerCase());
    this.calls.remove(name);
  }

  /** ACTIVATE L2TP CALL. */
  mayActivate(name: string): Message | undefined {
    const call = this.calls.get(name);
    if (call === undefined) return messages.l2tp.callNotFound(name);
    if (!this.#enabled) return messages.l2tp.notEnabled();
    if (call.ip === ANY_IPV4) return messages.l2tp.callPassive(call.name);
    return this.#lines.get(name.toLowerCase())?.line.isUp === true ? messages.l2tp.callActive(call.name) : undefined;
  }

  /** DEACTIVATE L2TP CALL: by name, else by the local id of an active call. */
  mayDeactivate(nameOrId: string): Message | undefined {
    const line = this.#lines.get(nameOrId.toLowerCase())?.line;
    if (this.callExists(nameOrId)) return line === undefined || (line.session === undefined && !line.wanted) ? messages.l2tp.callNotActive(nameOrId) : undefined;
    if (!/^\d+$/.test(nameOrId)) return messages.l2tp.callNotFound(nameOrId);
    return this.#session(Number(nameOrId)) === undefined ? messages.l2tp.sessionNotFound(nameOrId) : undefined;
  }

  deactivate(nameOrId: string, now: Millis): void {
    const session = this.callExists(nameOrId) ? undefined : this.#session(Number(nameOrId));
    const line = session === undefined ? this.#lines.get(nameOrId.toLowerCase())?.line : this.#lineOf(session);
    this.#tunnels.enter(() => {
      if (line !== undefined) line.deactivate(now);
      else if (session !== undefined) this.#hangUp(session, 'deactivated by the operator', now);
    });
  }

  // -- the data plane's events --

  /** Punts of the kinds control, unreachable, trace and failed; others are not L2TP's. */
  punt(batch: readonly Punt[], now: Millis): void {
    this.#tunnels.enter(() => {
      for (const punt of batch) {
        if (punt.kind === 'control') this.#tunnels.receive(punt, now);
        else if (punt.kind === 'unreachable') this.#unreachable(punt, now);
        else if (punt.kind === 'trace') this.#traceData(punt);
        else if (punt.kind === 'failed') this.#failed(punt, now);
        else if (punt.kind === 'stray') this.#strayed(punt.peer, now);
      }
    });
  }

  // -- debugging and SHOW --

  enableDebug(option: DebugOption, scope: DebugScope, sink: { readonly from: string; readonly print: (text: string) => void }): void {
    this.#debug.enable(option, scope, sink);
    this.#carrier.updateAll((entry) => ({ trace: this.#isTraced(entry) }));
  }

  disableDebug(option: DebugOption, scope: DebugScope): void {
    this.#debug.disable(option, scope);
    this.#carrier.updateAll((entry) => ({ trace: this.#isTraced(entry) }));
  }

  /** Every configured call, with the sentence that says why it is not up where somebody wants it. */
  callStatus(now: Millis): CallStatus[] {
    return this.calls.list().map((call) => ({ call, waiting: this.#lines.get(call.name.toLowerCase())?.line.waiting(now) }));
  }

  /** Why a call is not up. */
  reasonOf(name: string): CallReason | undefined {
    return this.#lines.get(name.toLowerCase())?.line.reason;
  }

  tunnels(): TunnelSnapshot[] {
    return this.#tunnels.open().map((entry) => tunnelSnapshot(entry, this.#debug, (call) => this.#carrier.counters(call)));
  }

  module(): ModuleSnapshot {
    const all = this.#counted();
    const zero = this.#zero;
    return {
      enabled: this.#enabled, server: this.#server, passwords: this.passwords.list(), filter: this.#filter, checksum: this.#checksum,
      failedAuthentications: this.#tunnels.failedAuthentications - zero.failed,
      discards: {
        disabled: all.disabled - zero.disabled, filtered: all.filtered - zero.filtered, noSuchTunnel: all.noSuchTunnel - zero.noSuchTunnel,
        noSuchCall: all.noSuchCall - zero.noSuchCall, malformed: all.malformed - zero.malformed,
      },
      control: all.control, data: less(all.data, zero.data), tunnels: this.#tunnels.open().length,
    };
  }

  /** RESET L2TP COUNTER: all counters begin at zero again, those of tunnels that are open too. */
  resetCounters(): void {
    const all = this.#counted();
    this.#zero = { ...all, failed: this.#tunnels.failedAuthentications };
    Object.assign(this.#tunnels.past, noControl());
    for (const entry of this.#tunnels.all()) entry.baseline = controlOf(entry.tunnel);
  }

  // -- private: calls --

  #line(name: string): Runtime | undefined {
    const key = name.toLowerCase();
    const known = this.#lines.get(key);
    if (known !== undefined) return known;
    const call = this.calls.get(name);
    if (call === undefined) return undefined;
    const runtime: Runtime = { line: new Line(this.#lineHost(call)), alarm: undefined };
    this.#lines.set(key, runtime);
    return runtime;
  }

  #lineHost(first: CallSettings): LineHost {
    const { name } = first;
    return {
      enabled: () => this.#enabled,
      settings: () => this.calls.get(name) ?? first,
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

  #retryAll(now: Millis): void {
    for (const { line } of this.#lines.values()) line.retry(now);
  }

  /** Places a call of ours in a tunnel to its peer: one that is there, else a new one. */
  #place(call: CallSettings, now: Millis): SessionEntry | CallReason {
    const route = this.#owner.lookup(call.ip);
    if (route === undefined) return { kind: 'no route', peer: call.ip };
    if (this.#leadsIntoItself(route.name, call.ip)) return { kind: 'route through itself', peer: call.ip, name: route.name };
    if (this.#tunnels.sessions >= this.#limits.sessions) return { kind: 'too many', what: 'calls' };
    if (this.#underlay === undefined) return { kind: 'module disabled' };
    const entry =
      this.#shared(call) ??
      this.#tunnels.dial(
        { underlay: this.#underlay, local: route.source, peer: call.ip, port: L2TP_PORT },
        { password: call.password, pre13: call.pre13 === 'ON' },
        now,
      );
    const serial = ++this.#serial;
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

  /** A tunnel that the call may use: ours with the same password, or one that the peer opened and that is established. */
  #shared(call: CallSettings): TunnelEntry | undefined {
    const fits = (entry: TunnelEntry): boolean => {
      if (entry.calls.size >= this.#limits.sessionsPerTunnel) return false;
      if (entry.ours) return entry.password === call.password && entry.pre13 === (call.pre13 === 'ON') && entry.tunnel.state !== 'idle';
      return entry.tunnel.state === 'established' || entry.wonTie;
    };
    const usable = this.#tunnels.with(call.ip).filter(fits);
    return usable.find((entry) => entry.tunnel.state === 'established') ?? usable[0];
  }

  /** The route to a peer leads into an interface that a tunnel to this very peer carries. */
  #leadsIntoItself(name: string, peer: Ipv4): boolean {
    return this.calls.list().some((call) => {
      const to = call.ip === peer ? peer : this.#lines.get(call.name.toLowerCase())?.line.session?.tunnel.at.peer;
      return to === peer && this.#owner.callUser(call.name)?.name === name;
    });
  }

  #carry(entry: SessionEntry, call: CallSettings): CallReason | undefined {
    entry.carriage = { number: call.number, pre13: call.pre13 === 'ON', speed: call.speed };
    const refused = this.#carrier.attach(entry);
    return refused === undefined ? undefined : { kind: 'plane', why: refused };
  }

  #hangUp(entry: SessionEntry, reason: string, now: Millis): void {
    this.#tunnels.touch(entry.tunnel);
    entry.end = { kind: 'hung up', why: reason };
    entry.session.close({ code: HUNG_UP, error: 0, message: reason.slice(0, 100) }, now);
  }

  #lineOf(entry: SessionEntry): Line | undefined {
    return entry.user instanceof Line ? entry.user : undefined;
  }

  #session(id: number): SessionEntry | undefined {
    for (const entry of this.#tunnels.open()) for (const call of entry.calls.values()) if (call.session.id === id) return call;
    return undefined;
  }

  // -- private: calls of peers --

  #requested(entry: SessionEntry, now: Millis): void {
    const answer = this.#answer(entry);
    this.#tunnels.touch(entry.tunnel);
    switch (answer.kind) {
      case 'call': {
        const line = this.#line(answer.call.name)?.line;
        if (line === undefined) return;
        entry.user = line;
        entry.carriage = { number: answer.call.number, pre13: answer.call.pre13 === 'ON', speed: answer.call.speed };
        return line.offer(entry, now);
      }
      case 'template':
        return this.#templateCall(entry, answer.entry, now);
      case 'refuse':
        this.#logRefusal(entry, answer.why);
        return entry.session.refuse(answer.result, now);
    }
  }

  #answer({ session, tunnel }: SessionEntry): Answer {
    const request = session.request;
    if (request === undefined) return refusal(3, 'no request');
    const needed = request.type === 'OCRQ' ? 'LAC' : 'LNS';
    if (!tunnel.ours && this.#server !== 'BOTH' && this.#server !== needed) return refusal(3, `this server is not enabled as ${needed}`);
    const { peer } = tunnel.at;
    if (request.type === 'OCRQ') return answerOutgoing(request, peer, this.calls);
    return answerIncoming(peer, this, {
      isUp: (name) => this.#lines.get(name.toLowerCase())?.line.isUp === true,
      hasUser: (name) => this.#owner.callUser(name) !== undefined,
    });
  }

  #templateCall(entry: SessionEntry, template: Extract<Answer, { kind: 'template' }>['entry'], now: Millis): void {
    const { session, tunnel } = entry;
    const { callingNumber = '', calledNumber: called = '' } = session.request ?? {};
    const user = this.#owner.templateCall({ entry: template, peer: tunnel.at.peer, callingNumber, calledNumber: called }, now);
    if ('refused' in user) {
      this.#logRefusal(entry, user.refused);
      return session.refuse({ code: 4, error: 0, message: user.refused.slice(0, 100) }, now);
    }
    entry.template = user;
    entry.carriage = { number: template.number, pre13: template.pre13 === 'ON', speed: entry.carriage.speed };
    entry.user = new TemplateSession(user, this.#carrier);
    session.accept({}, now);
  }

  #logRefusal({ tunnel }: SessionEntry, why: string): void {
    const text = `call of ${tunnel.tunnel.peer?.hostName ?? ''} at ${formatIpv4(tunnel.at.peer)} refused: ${why}`;
    this.#board.log.add({ module: 'L2TP', severity: 3, type: 'CALL', subtype: 'IN', text, source: `L2TP ${formatIpv4(tunnel.at.peer)}` });
  }

  #pre13For(peer: Ipv4): boolean {
    return this.templates.find(peer)?.pre13 === 'ON' || this.calls.list().some((call) => call.ip === peer && call.pre13 === 'ON');
  }

  // -- private: the port --

  #listen(): Message {
    if (this.#underlay !== undefined) return messages.l2tp.done();
    const { plane } = this.#board;
    const usual = plane.listen({ address: ANY_IPV4, port: L2TP_PORT });
    const bound = typeof usual === 'number' ? usual : plane.listen({ address: ANY_IPV4, port: 0 });
    if (typeof bound !== 'number') return messages.l2tp.cannotListen(bound.refused);
    this.#underlay = bound;
    this.#permit();
    return typeof usual === 'number' ? messages.l2tp.done() : messages.l2tp.otherPort(`${usual.refused}.`, plane.boundPort(bound));
  }

  #maybeUnlisten(): void {
    if (this.#enabled || this.#underlay === undefined || this.#tunnels.size > 0) return;
    const c = this.#board.plane.underlayCounters(this.#underlay);
    if (c !== undefined) {
      addData(this.#past.data, underlayData(c));
      this.#past.filtered += c.filtered;
      this.#past.noSuchTunnel += c.noSuchTunnel;
      this.#past.noSuchCall += c.noSuchCall;
      this.#past.malformed += c.malformed;
    }
    this.#board.plane.unlisten(this.#underlay);
    this.#underlay = undefined;
  }

  #permit(): void {
    if (this.#underlay === undefined) return;
    this.#board.plane.permit(this.#underlay, this.#filter === undefined ? undefined : (this.#owner.filter(this.#filter) ?? []));
  }

  #unreachable(punt: Extract<Punt, { kind: 'unreachable' }>, now: Millis): void {
    for (const entry of this.#tunnels.with(punt.peer)) {
      if (entry.at.port !== punt.peerPort || entry.at.underlay !== punt.underlay) continue;
      if (punt.mtu > 0) {
        this.#newMtu(entry, punt.mtu, now);
        continue;
      }
      this.#tunnels.touch(entry);
      entry.tunnel.instead('ICMP port unreachable');
      if (entry.tunnel.state === 'established') entry.tunnel.probe(now);
      for (const call of entry.calls.values()) this.#lineOf(call)?.note({ kind: 'unreachable', peer: punt.peer, port: punt.peerPort });
    }
  }

  /** A peer speaks of a tunnel we do not know. Soon after our start that means that it has not noticed: calls to it are placed again. */
  #strayed(peer: Ipv4, now: Millis): void {
    if (now - this.#since > FORMER_LIFE) return;
    for (const call of this.calls.list()) {
      if (call.ip === peer && this.#lines.get(call.name.toLowerCase())?.line.session === undefined) this.#owner.callMissed(call.name, now);
    }
  }

  #newMtu(entry: TunnelEntry, mtu: number, now: Millis): void {
    for (const { line } of this.#lines.values()) {
      const { session } = line;
      if (session?.tunnel === entry && session.link !== undefined) this.#owner.linkMtu(this.#nameOf(line), mtu - overhead(session), now);
    }
  }

  #nameOf(line: Line): string {
    for (const [key, runtime] of this.#lines) if (runtime.line === line) return this.calls.get(key)?.name ?? key;
    return '';
  }

  #failed(punt: Extract<Punt, { kind: 'failed' }>, now: Millis): void {
    const entry = this.#carrier.of(punt.session);
    if (entry === undefined) return;
    this.#tunnels.touch(entry.tunnel);
    entry.end = { kind: 'plane', why: punt.reason };
    entry.session.close({ code: HUNG_UP }, now);
  }

  // -- private: counters and traces --

  #counted(): { control: ControlCounters; data: DataCounters; filtered: number; noSuchTunnel: number; noSuchCall: number; malformed: number; disabled: number } {
    const control = noControl();
    const data = noData();
    const { discards, past } = this.#tunnels;
    let { noSuchCall, malformed } = discards;
    addControl(control, past);
    for (const entry of this.#tunnels.all()) {
      addTunnel(control, entry);
      const refused = refusedBy(entry.tunnel);
      noSuchCall += refused.noSuchCall;
      malformed += refused.malformed;
    }
    addData(data, this.#past.data);
    const c = this.#underlay === undefined ? undefined : this.#board.plane.underlayCounters(this.#underlay);
    if (c !== undefined) addData(data, underlayData(c));
    return {
      control, data, disabled: discards.disabled,
      filtered: this.#past.filtered + (c?.filtered ?? 0),
      noSuchTunnel: discards.noSuchTunnel + this.#past.noSuchTunnel + (c?.noSuchTunnel ?? 0),
      noSuchCall: noSuchCall + this.#past.noSuchCall + (c?.noSuchCall ?? 0),
      malformed: malformed + this.#past.malformed + (c?.malformed ?? 0),
    };
  }

  #isTraced(entry: SessionEntry): boolean {
    return this.#debug.ofCall(entry.tunnel.tunnel.id, entry.session.id).packet;
  }

  #traceTunnel(entry: TunnelEntry, old: string, next: string): void {
    if (old === next || !this.#debug.ofTunnel(entry.tunnel.id).state) return;
    this.#debug.print(printState(subject(entry, undefined), old, next));
  }

  #traceSession(entry: SessionEntry, old: string, next: string): void {
    const [from, to] = [stateName(old), stateName(next)];
    if (from === to || !this.#debug.ofCall(entry.tunnel.tunnel.id, entry.session.id).state) return;
    this.#debug.print(printState(subject(entry.tunnel, entry.session.peerId), from, to));
  }

  #traceControl(entry: TunnelEntry, direction: 'rx' | 'tx', data: Uint8Array): void {
    const id = ((data[6] ?? 0) << 8) | (data[7] ?? 0);
    const call = id === 0 ? undefined : [...entry.calls.values()].find(({ session }) => (direction === 'rx' ? session.id : session.peerId) === id);
    const wanted = this.#debug.ofTunnel(entry.tunnel.id).packet || (call !== undefined && this.#isTraced(call));
    if (wanted) this.#debug.print(printPacket(direction, subject(entry, call?.session.peerId), data));
  }

  #traceData(punt: Extract<Punt, { kind: 'trace' }>): void {
    const entry = this.#carrier.of(punt.session);
    if (entry !== undefined) this.#debug.print(printPacket(punt.direction, subject(entry.tunnel, entry.session.peerId), punt.data));
  }
}

/** The least speed an outgoing call asks for: the least that SPEED permits. */
const LEAST_SPEED = 300;

const subject = ({ tunnel, at }: TunnelEntry, call: number | undefined): Subject => ({ tunnel: tunnel.peerId, call, peer: at.peer, port: at.port });

function less(all: DataCounters, zero: Readonly<DataCounters>): DataCounters {
  return {
    in: all.in - zero.in, inWithData: all.inWithData - zero.inWithData, inNoData: all.inNoData - zero.inNoData, processed: all.processed - zero.processed,
    inOrder: all.inOrder - zero.inOrder, outOfOrder: all.outOfOrder - zero.outOfOrder, orderDiscarded: all.orderDiscarded - zero.orderDiscarded,
    out: all.out - zero.out, outWithData: all.outWithData - zero.outWithData, outNoData: all.outNoData - zero.outNoData,
  };
}


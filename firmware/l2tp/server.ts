// The L2TP server of a router: its configuration, and tunnels, calls and data plane joined (AR740 command reference 2.6, RFC 2661).

import { ANY_IPV4, type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import { type Message, messages } from '../cli/messages.ts';
import type { Punt } from '../hal/dataplane.ts';
import { ADMISSION, type AdmissionLimits } from './admission.ts';
import { type CallChange, Calls } from './calls.ts';
import { Carrier, HUNG_UP } from './carrier.ts';
import { STOP } from './catalog.ts';
import { tunnelSnapshot } from './counters.ts';
import type { SessionEntry } from './entry.ts';
import { Exchange } from './exchange.ts';
import { type Forwarded, Forwarder } from './forwarder.ts';
import { Intake } from './intake.ts';
import type { CallStatus } from './l2tp.show.ts';
import type { Forward, ForwardUser, Identity, L2tpOwner } from './link.ts';
import { Passwords } from './passwords.ts';
import { Port } from './port.ts';
import { type CallReason, insteadText, unreachableBy } from './reason.ts';
import type { ModuleSnapshot, ServerRole, TunnelSnapshot } from './snapshot.ts';
import { Templates } from './templates.ts';
import { Totals } from './totals.ts';
import { Tracer } from './tracer.ts';
import { Tunnels, type TunnelsBoard, type TunnelsHost } from './tunnels.ts';
import { USER_DEFAULTS, type UserEntry, Users } from './users.ts';

export type { TunnelsBoard as L2tpBoard } from './tunnels.ts';

/** ICMP type 3 (RFC 792). */
const PORT_UNREACHABLE = 3;
/** So long after its start a router takes strange messages for those of its former life (our limit: three times what a peer needs to give up). */
const FORMER_LIFE: Millis = 300_000;

/** The entry of a caller that nobody wants passed on: it names no LNS. */
const NOBODY: UserEntry = { user: 'NONE', action: 'IGNORE', ...USER_DEFAULTS };

export class L2tpServer {
  readonly calls = new Calls();
  readonly passwords = new Passwords();
  readonly templates = new Templates();
  readonly users = new Users();
  /** ENABLE L2TP DEBUG. */
  readonly tracer: Tracer;
  readonly #board: TunnelsBoard;
  readonly #owner: L2tpOwner;
  readonly #port: Port;
  readonly #tunnels: Tunnels;
  readonly #intake: Intake;
  readonly #carrier: Carrier;
  readonly #exchange: Exchange;
  readonly #forwarder: Forwarder;
  readonly #totals: Totals;
  #enabled = false;
  /** When the module was enabled. */
  #since: Millis = 0;
  #server: ServerRole | undefined;
  #filter: number | undefined;
  #checksum = true;

  constructor(board: TunnelsBoard, owner: L2tpOwner, identity: Identity, limits: AdmissionLimits = ADMISSION) {
    this.#board = board;
    this.#owner = owner;
    this.#port = new Port(board.plane);
    this.tracer = new Tracer(board.clock, () => this.#carrier.updateAll((entry) => ({ trace: this.tracer.wants(entry) })));
    const host = this.#tunnelsHost(identity);
    this.#tunnels = new Tunnels(board, host, limits);
    this.#intake = new Intake(board, host, this.#tunnels);
    this.#totals = new Totals(this.#tunnels);
    this.#carrier = new Carrier(board.plane, {
      checksum: () => this.#checksum,
      lookup: (entry) => owner.lookup(entry.tunnel.at.peer),
      traced: (entry) => this.tracer.wants(entry),
      hangUp: (entry, reason, now) => this.#tunnels.enter(() => this.#exchange.hangUp(entry, reason, now)),
      accm: (entry, { send, receive }, now) => this.#tunnels.enter(() => {
        this.#tunnels.touch(entry.tunnel);
        entry.session.setLinkInfo(send, receive, now);
      }),
      negotiated: (entry) => this.#exchange.lineOf(entry)?.worked(),
    });
    this.#exchange = new Exchange({
      board, owner, stores: this, tunnels: this.#tunnels, carrier: this.#carrier, limits,
      host: { enabled: () => this.#enabled, role: () => this.#server, underlay: () => this.#port.id },
    });
    this.#forwarder = new Forwarder({ board, owner, tunnels: this.#tunnels, carrier: this.#carrier, exchange: this.#exchange, enabled: () => this.#enabled });
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
    return this.#tunnels.size === 0 && this.#port.id === undefined;
  }

  // -- the module --

  /** ENABLE L2TP. A port that another program has is replaced by a free one, with a Warning. */
  enable(now: Millis): Message {
    if (this.#enabled) return messages.l2tp.enabledAlready();
    const answer = this.#port.open();
    if (answer.severity === 'error') return answer;
    this.#enabled = true;
    this.#since = now;
    this.routesChanged(now);
    return answer;
  }

  /** DISABLE L2TP: every tunnel is closed by StopCCN; the port is given back when their retransmissions need no answer any more. */
  disable(now: Millis): Message {
    if (!this.#enabled) return messages.l2tp.disabledAlready();
    this.#enabled = false;
    this.#tunnels.enter(() => {
      for (const line of this.#exchange.lines()) line.disabled(now);
      for (const entry of this.#tunnels.open()) this.#tunnels.close(entry, { code: STOP.shutdown }, now);
    });
    this.#maybeClosePort();
    return messages.l2tp.done();
  }

  /** The router stops: StopCCN on every tunnel, sent before this returns. */
  shutdown(now: Millis): void {
    this.disable(now);
  }

  /** Lets go of everything without another word: no alarm, port or session of ours is left. */
  close(): void {
    this.tracer.stop();
    this.#exchange.abandon();
    this.#forwarder.abandon();
    this.#carrier.detachAll();
    this.#tunnels.abandon();
    this.#enabled = false;
    this.#maybeClosePort();
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
    this.filtersChanged();
  }

  /** IP filters changed. */
  filtersChanged(): void {
    this.#port.permit(this.#filter === undefined ? undefined : (this.#owner.filter(this.#filter) ?? []));
  }

  /** SET L2TP CHECKSUM: of data messages; at once, for calls that are up too. */
  setChecksum(on: boolean): void {
    this.#checksum = on;
    this.#carrier.updateAll(() => ({ checksum: on }));
  }

  /** A route, an address or an interface came or went. */
  routesChanged(now: Millis): void {
    this.#tunnels.enter(() => {
      for (const line of this.#exchange.lines()) line.retry(now);
    });
  }

  /** An interface over a call came up and brought its routes: none may lead the tunnel into itself. */
  linkRouted(now: Millis): void {
    this.#tunnels.enter(() => {
      for (const line of this.#exchange.lines()) line.checkPath(now);
    });
  }

  // -- calls --

  /** There is a tunnel to this peer, in any state. */
  hasPeer(peer: Ipv4): boolean {
    return this.#tunnels.with(peer).length > 0;
  }

  callExists(name: string): boolean {
    return this.calls.get(name) !== undefined;
  }

  /** An interface wants the call up from now on. */
  want(name: string, now: Millis): void {
    this.#tunnels.enter(() => this.#exchange.line(name)?.want(now));
  }

  /** It does not any more: `reason` ends the session that there may be. */
  unwant(name: string, reason: string, now: Millis): void {
    this.#tunnels.enter(() => this.#exchange.known(name)?.unwant(reason, now));
  }

  /** SET L2TP CALL: for new calls; one that is up stays as it is. */
  setCall(name: string, change: CallChange, now: Millis): void {
    this.calls.set(name, change);
    this.#tunnels.enter(() => this.#exchange.known(name)?.changedSettings(now));
  }

  /** Why the call cannot be deleted. */
  mayRemoveCall(name: string): Message | undefined {
    if (!this.callExists(name)) return messages.l2tp.callNotFound(name);
    const user = this.#owner.callUser(name);
    return user === undefined ? undefined : messages.l2tp.callInUse(name, user.name);
  }

  removeCall(name: string, now: Millis): void {
    this.unwant(name, 'the call was deleted', now);
    this.#exchange.forget(name);
    this.calls.remove(name);
  }

  /** ACTIVATE L2TP CALL. */
  mayActivate(name: string): Message | undefined {
    const call = this.calls.get(name);
    if (call === undefined) return messages.l2tp.callNotFound(name);
    if (!this.#enabled) return messages.l2tp.notEnabled();
    if (call.ip === ANY_IPV4) return messages.l2tp.callPassive(call.name);
    return this.#exchange.known(name)?.isUp === true ? messages.l2tp.callActive(call.name) : undefined;
  }

  /** DEACTIVATE L2TP CALL: by name, else by the local id of an active call. */
  mayDeactivate(nameOrId: string): Message | undefined {
    const line = this.#exchange.known(nameOrId);
    if (this.callExists(nameOrId)) return line === undefined || (line.session === undefined && !line.wanted) ? messages.l2tp.callNotActive(nameOrId) : undefined;
    if (!/^\d+$/.test(nameOrId)) return messages.l2tp.callNotFound(nameOrId);
    return this.#exchange.session(Number(nameOrId)) === undefined ? messages.l2tp.sessionNotFound(nameOrId) : undefined;
  }

  deactivate(nameOrId: string, now: Millis): void {
    const session = this.callExists(nameOrId) ? undefined : this.#exchange.session(Number(nameOrId));
    const line = session === undefined ? this.#exchange.known(nameOrId) : this.#exchange.lineOf(session);
    this.#tunnels.enter(() => {
      if (line !== undefined) line.deactivate(now);
      else if (session !== undefined) this.#exchange.hangUp(session, 'deactivated by the operator', now);
    });
  }

  // -- the LAC --

  /**
   * Whom ADD L2TP USER lets a caller be passed on to: the entry that is most specific for the name he gave (`name` undefined: nothing had to be
   * proved, only NONE is for him). Undefined: PPP ends here, as no entry is for him, his says IGNORE, or the router is no LAC
   * (ENABLE L2TP, ENABLE L2TP SERVER=LAC or BOTH).
   */
  forwards(name: string | undefined): UserEntry | undefined {
    if (!this.#enabled || this.#server === undefined || this.#server === 'LNS') return undefined;
    const entry = this.users.match(name);
    return entry?.action === 'IGNORE' ? undefined : entry;
  }

  /** Passes a call on to the LNS that `forwards` names, or to the next of them. What becomes of it `user` is told, never from within this call. */
  forward(call: Forward, user: ForwardUser, now: Millis): Forwarded {
    return this.#forwarder.forward(this.forwards(call.name) ?? NOBODY, call, user, now);
  }

  // -- the data plane's events --

  /** Punts of the kinds control, unreachable, stray, trace and failed; others are not L2TP's. */
  punt(batch: readonly Punt[], now: Millis): void {
    this.#tunnels.enter(() => {
      for (const punt of batch) this.#event(punt, now);
    });
  }

  // -- SHOW --

  /** Every configured call, with the sentence that says why it is not up where somebody wants it. */
  callStatus(now: Millis): CallStatus[] {
    return this.calls.list().map((call) => ({ call, waiting: this.waiting(call.name, now) }));
  }

  /** The sentence that says why a call is not up although somebody wants it. */
  waiting(name: string, now: Millis): string | undefined {
    return this.#exchange.known(name)?.waiting(now);
  }

  /** Why a call is not up. */
  reasonOf(name: string): CallReason | undefined {
    return this.#exchange.known(name)?.reason;
  }

  tunnels(): TunnelSnapshot[] {
    return this.#tunnels.open().map((entry) => tunnelSnapshot(entry, this.tracer, (call) => this.#carrier.counters(call)));
  }

  module(): ModuleSnapshot {
    return {
      ...this.#totals.since(this.#port.counters),
      enabled: this.#enabled, server: this.#server, passwords: this.passwords.list(), filter: this.#filter, checksum: this.#checksum,
      tunnels: this.#tunnels.open().length,
    };
  }

  /** RESET L2TP COUNTER. */
  resetCounters(): void {
    this.#totals.reset(this.#port.counters);
  }

  // -- private --

  #tunnelsHost(identity: Identity): TunnelsHost {
    return {
      identity,
      enabled: () => this.#enabled,
      serves: () => this.#server !== undefined,
      hostName: () => this.#owner.hostName(),
      passwordFor: (peer) => this.passwords.find(peer),
      pre13For: (peer) => this.templates.find(peer)?.pre13 === 'ON' || this.calls.to(peer).some((call) => call.pre13 === 'ON'),
      takesCallers: (peer) => this.templates.find(peer) !== undefined,
      requested: (entry, now) => this.#exchange.requested(entry, now),
      lastIn: (entries) => this.#carrier.lastIn(entries),
      ended: (entry) => this.#carrier.detach(entry),
      trace: (entry, call, direction, data) => this.tracer.control(entry, call, direction, data),
      tunnelState: (entry, old, next) => {
        this.tracer.tunnelState(entry, old, next);
        if (next === 'established' && old !== next) this.#forwarder.reached(entry);
      },
      sessionState: (entry, old, next) => {
        this.tracer.sessionState(entry, old, next);
        if (next === 'wait-connect') this.#carrier.prepare(entry);
      },
      strayed: (peer, now) => this.#strayed(peer, now),
      lineErrors: (entry) => this.#lineErrors(entry),
      forgotten: () => this.#maybeClosePort(),
    };
  }

  #event(punt: Punt, now: Millis): void {
    switch (punt.kind) {
      case 'control':
        return this.#intake.receive(punt, now);
      case 'unreachable':
        return this.#unreachable(punt, now);
      case 'stray':
        return this.#strayed(punt.peer, now);
      case 'trace': {
        const entry = this.#carrier.of(punt.session);
        return entry === undefined ? undefined : this.tracer.data(entry, punt.direction, punt.data);
      }
      case 'failed':
        return this.#failed(punt, now);
      case 'ppp':
      case 'demand':
      case 'line':
      case 'discovery':
      case 'no session':
        return;
      default:
        return punt satisfies never;
    }
  }

  #unreachable(punt: Extract<Punt, { kind: 'unreachable' }>, now: Millis): void {
    for (const entry of this.#tunnels.with(punt.peer)) {
      if (entry.at.port !== punt.peerPort || entry.at.underlay !== punt.underlay) continue;
      if (punt.mtu > 0) {
        this.#exchange.tooBig(entry, punt.mtu, now);
        continue;
      }
      this.#tunnels.touch(entry);
      const what = unreachableBy(punt.code);
      entry.tunnel.instead(insteadText(what));
      if (punt.code === PORT_UNREACHABLE) entry.tunnel.closed(now);
      else if (entry.tunnel.state === 'established') entry.tunnel.probe(now);
      const reason: CallReason = { kind: 'unreachable', peer: punt.peer, port: punt.peerPort, what };
      for (const call of entry.calls.values()) call.user?.unreachable?.(call, reason, now);
    }
  }

  /** A peer speaks of a tunnel we do not know. Soon after our start that means that it has not noticed: calls to it are placed again. */
  #strayed(peer: Ipv4, now: Millis): void {
    if (now - this.#since > FORMER_LIFE) return;
    for (const call of this.calls.to(peer)) if (this.#exchange.known(call.name)?.session === undefined) this.#owner.callMissed(call.name, now);
  }

  #failed(punt: Extract<Punt, { kind: 'failed' }>, now: Millis): void {
    const entry = this.#carrier.of(punt.session);
    if (entry === undefined) return;
    this.#tunnels.touch(entry.tunnel);
    entry.end = { kind: 'plane', why: punt.reason };
    entry.session.close({ code: HUNG_UP }, now);
  }

  #lineErrors({ tunnel, session }: SessionEntry): void {
    const text = `call ${session.id} of ${formatIpv4(tunnel.at.peer)}: the LAC reports errors on its line`;
    this.#board.log.add({ module: 'L2TP', severity: 3, type: 'CALL', subtype: 'WEN', text, source: `L2TP ${formatIpv4(tunnel.at.peer)}` });
  }

  #maybeClosePort(): void {
    if (this.#enabled || this.#tunnels.size > 0) return;
    const { counters } = this.#port;
    if (counters !== undefined) this.#totals.retire(counters);
    this.#port.close();
  }
}

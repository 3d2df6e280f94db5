// All tunnels: opens ours, keeps the records of those that run, carries what their machines say to the server and to the wire, and
// runs their timers (RFC 2661 4.4.3, 5.7, 7.2). Which tunnel a message is for, and who may open one: intake.ts.

import { type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import { Secret } from '../bytes/secret.ts';
import { type Millis, NEVER } from '../bytes/time.ts';
import type { Clock, Crypto, Random, WallClock } from '../hal/clock.ts';
import type { DataPlane } from '../hal/dataplane.ts';
import type { Log } from '../log/log.ts';
import type { AdmissionLimits } from './admission.ts';
import { FRAMING, type Result, STOP } from './catalog.ts';
import { addTunnel, refusedBy } from './counters.ts';
import type { PeerAddress, SessionEntry, TunnelEntry } from './entry.ts';
import type { Header } from './header.ts';
import { type SessionId, type TunnelId, toSessionId, toTunnelId } from './ids.ts';
import { CALLERS_WINDOW } from './limits.ts';
import type { Identity } from './link.ts';
import { sessionReason, tunnelReason } from './outcome.ts';
import { type CallReason, sentence } from './reason.ts';
import { noControl } from './snapshot.ts';
import { ALL_BEARERS, ALL_FRAMING, Tunnel, type TunnelDown, type TunnelOutput, type TunnelSettings } from './tunnel.ts';
import type { Session, SessionDown } from './session.ts';
import { Strangers } from './strangers.ts';
import { Turn } from './turn.ts';

/** How long a tunnel that we opened stays without calls. */
const IDLE_TUNNEL = 10_000;
const DEFAULT_SPEED = 64000;
/** The log's source for peers that have proved nothing. */
export const STRANGERS = 'L2TP strangers';

export interface TunnelsBoard {
  readonly plane: DataPlane;
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly log: Log;
}

/** What the tunnels ask of and tell the server. */
export interface TunnelsHost {
  readonly identity: Identity;
  enabled(): boolean;
  /** Peers may open tunnels to us (ENABLE L2TP SERVER). */
  serves(): boolean;
  hostName(): string;
  /** ADD L2TP PASSWORD for a peer that opens a tunnel to us. */
  passwordFor(peer: Ipv4): string | undefined;
  pre13For(peer: Ipv4): boolean;
  /** ADD L2TP IP: the peer may have any number of callers. */
  takesCallers(peer: Ipv4): boolean;
  /** The peer asks for a call. */
  requested(entry: SessionEntry, now: Millis): void;
  /** When data last came in by any of these sessions. */
  lastIn(entries: Iterable<SessionEntry>): Millis;
  ended(entry: SessionEntry): void;
  trace(entry: TunnelEntry, call: SessionEntry | undefined, direction: 'rx' | 'tx', data: Uint8Array): void;
  tunnelState(entry: TunnelEntry, old: string, next: string): void;
  sessionState(entry: SessionEntry, old: string, next: string): void;
  /** A peer speaks of a tunnel that there is not. */
  strayed(peer: Ipv4, now: Millis): void;
  /** What it says of its line (WEN). */
  lineErrors(entry: SessionEntry, now: Millis): void;
  /** A tunnel is gone for good. */
  forgotten(): void;
}

/** What differs from tunnel to tunnel when it is made. */
export type TunnelOrigin = Pick<TunnelSettings, 'role' | 'challenge' | 'tieBreaker'> & Pick<TunnelEntry, 'ours' | 'password' | 'pre13' | 'request' | 'wonTie' | 'purpose'>;

export class Tunnels {
  readonly #board: TunnelsBoard;
  readonly #host: TunnelsHost;
  readonly strangers: Strangers;
  readonly #limits: AdmissionLimits;
  readonly #byId = new Map<number, TunnelEntry>();
  readonly #byPeer = new Map<Ipv4, Set<TunnelEntry>>();
  readonly #sessionIds = new Set<number>();
  readonly #turn: Turn<TunnelEntry>;
  /** Calls of a tunnel that lost a tie, until the winner is there. */
  #moving: SessionEntry[] = [];
  /** The call that is being placed, and why the machine ended it before it was handed out. */
  #placing: SessionId | undefined;
  /** Messages sent for it before its record was made. */
  #sentEarly = 0;
  #early: CallReason | undefined;
  /** Of tunnels that are forgotten, and of messages that belonged to none. */
  readonly past = noControl();
  readonly discards = { disabled: 0, noSuchTunnel: 0, noSuchCall: 0, malformed: 0 };
  failedAuthentications = 0;

  constructor(board: TunnelsBoard, host: TunnelsHost, limits: AdmissionLimits) {
    this.#board = board;
    this.#host = host;
    this.#limits = limits;
    this.strangers = new Strangers(limits);
    this.#turn = new Turn(board.plane, (entry) => this.#arm(entry));
  }

  get size(): number {
    return this.#byId.size;
  }

  get sessions(): number {
    return this.#sessionIds.size;
  }

  /** There are as many sessions as there may be. */
  get full(): boolean {
    return this.#sessionIds.size >= this.#limits.sessions;
  }

  get(id: number): TunnelEntry | undefined {
    return this.#byId.get(id);
  }

  /** Those that are not closed, in the order they were made. */
  open(): TunnelEntry[] {
    return [...this.#byId.values()].filter((entry) => entry.tunnel.phase === 'open');
  }

  all(): Iterable<TunnelEntry> {
    return this.#byId.values();
  }

  /** Those whose peer is at `peer`, not closed. */
  with(peer: Ipv4): TunnelEntry[] {
    return [...(this.#byPeer.get(peer) ?? [])].filter((entry) => entry.tunnel.phase === 'open');
  }

  /** Those whose peer is at `peer`, the closed ones that still answer too. */
  of(peer: Ipv4): Iterable<TunnelEntry> {
    return this.#byPeer.get(peer) ?? [];
  }

  /** Runs `task`; what it makes the machines send leaves when the outermost call ends, and their timers are set anew then. */
  enter<T>(task: () => T): T {
    return this.#turn.take(task);
  }

  touch(entry: TunnelEntry): void {
    this.#turn.touch(entry);
  }

  /** Opens a tunnel to a peer; calls placed in it wait until it is established. */
  dial(at: PeerAddress, call: Pick<TunnelOrigin, 'password' | 'pre13' | 'purpose'>, now: Millis): TunnelEntry {
    const { random } = this.#board;
    const entry = this.make(at, { ...call, role: 'initiator', ours: true, challenge: undefined, tieBreaker: random.bytes(8), request: undefined, wonTie: false });
    this.touch(entry);
    entry.tunnel.open(now);
    return entry;
  }

  /** A control message of the peer for this tunnel; `h` decoded from `data`. */
  deliver(entry: TunnelEntry, h: Header, data: Uint8Array, now: Millis): void {
    this.touch(entry);
    const call = h.sessionId === 0 ? undefined : entry.calls.get(toSessionId(h.sessionId));
    this.#host.trace(entry, call, 'rx', data);
    if (call !== undefined) call.inControl++;
    entry.suspect = false;
    entry.tunnel.receive(h, data, now);
    this.strangers.heard(entry);
  }

  /** Hands over the calls of a tunnel that lost a tie. */
  move(reason: CallReason | 'moved', now: Millis): void {
    const moving = this.#moving;
    this.#moving = [];
    for (const call of moving) call.user?.down(call, reason, now);
  }

  /** A tunnel id that no tunnel has, not even one that only lingers. */
  newTunnelId(): TunnelId {
    return toTunnelId(this.#freeId(this.#byId));
  }

  /** Sends a whole control message that belongs to no tunnel. */
  sendStray(at: PeerAddress, data: Uint8Array): void {
    this.past.out++;
    this.past.outWithData++;
    this.#turn.send(at, data);
  }

  #newSessionId(): SessionId {
    return toSessionId(this.#freeId(this.#sessionIds));
  }

  /** Places a call by `place` and keeps its record; a reason where the machine ended it at once. */
  place(entry: TunnelEntry, place: (id: SessionId) => Session): SessionEntry | CallReason {
    if (this.full) return { kind: 'too many', what: 'calls' };
    const id = this.#newSessionId();
    this.touch(entry);
    this.#early = undefined;
    this.#placing = id;
    this.#sentEarly = 0;
    const session = place(id);
    this.#placing = undefined;
    const record = entry.calls.get(id);
    return session.over || record === undefined ? (this.#early ?? { kind: 'hung up', why: 'the tunnel was closed' }) : record;
  }

  close(entry: TunnelEntry, result: Result, now: Millis): void {
    this.touch(entry);
    entry.tunnel.close(result, now);
  }

  /** Drops everything without a word: the router stops. */
  abandon(): void {
    for (const entry of this.#byId.values()) entry.alarm?.cancel();
    this.#byId.clear();
    this.#byPeer.clear();
    this.strangers.clear();
    this.#sessionIds.clear();
    this.#turn.forgetAll();
  }

  // -- records --

  /** The record of a new tunnel; nothing is sent yet. */
  make(at: PeerAddress, of: TunnelOrigin): TunnelEntry {
    const { random, crypto, wall } = this.#board;
    const { identity } = this.#host;
    const hostName = of.purpose?.hostName ?? this.#host.hostName();
    const { longestTimeout, forwards = false } = of.purpose ?? {};
    const many = of.ours ? forwards : this.#host.takesCallers(at.peer);
    const settings: TunnelSettings = {
      id: this.newTunnelId(),
      role: of.role,
      secret: of.password === undefined ? undefined : new Secret(of.password),
      challenge: of.challenge,
      tieBreaker: of.tieBreaker,
      hostName,
      vendorName: identity.vendor,
      firmwareRevision: identity.firmware,
      framing: ALL_FRAMING,
      bearer: ALL_BEARERS,
      pre13: of.pre13,
      limits: { ...(many ? { receiveWindow: CALLERS_WINDOW } : {}), ...(longestTimeout === undefined ? {} : { longestTimeout }) },
      crypto,
      random,
    };
    const entry: TunnelEntry = {
      tunnel: new Tunnel(settings, this.#output(() => entry)),
      at, ours: of.ours, password: of.password, pre13: of.pre13, hostName, purpose: of.purpose, suspect: false, started: wall.now(), calls: new Map(), request: of.request,
      wasUp: false, wonTie: of.wonTie, fallen: [], idleSince: NEVER, alarm: undefined, baseline: noControl(),
    };
    this.#byId.set(entry.tunnel.id, entry);
    const others = this.#byPeer.get(at.peer) ?? new Set();
    this.#byPeer.set(at.peer, others.add(entry));
    return entry;
  }

  #session(entry: TunnelEntry, session: Session): SessionEntry {
    const call: SessionEntry = {
      session, tunnel: entry, started: this.#board.wall.now(), user: undefined, carriage: { number: 'OFF', pre13: entry.pre13, speed: DEFAULT_SPEED },
      key: undefined, link: undefined, template: undefined, end: undefined, inControl: 0,
      outControl: session.id === this.#placing ? this.#sentEarly : 0,
    };
    entry.calls.set(session.id, call);
    entry.idleSince = NEVER;
    this.#sessionIds.add(session.id);
    return call;
  }

  #output(self: () => TunnelEntry): TunnelOutput {
    const callOf = (session: Session): SessionEntry | undefined =>
      self().calls.get(session.id) ?? (session.id === this.#placing && !session.over ? this.#session(self(), session) : undefined);
    return {
      send: (datagram, _now, about) => this.#sent(self(), datagram, about),
      received: () => {},
      refused: (refusal, what) => this.#log(2, 'BAD', `message of ${formatIpv4(self().at.peer)} not taken (${refusal}): ${what}`, self()),
      changed: (_event, old, next) => this.#host.tunnelState(self(), old, next),
      request: () => undefined,
      up: (now) => {
        const entry = self();
        entry.wasUp = true;
        if (entry.calls.size === 0) entry.idleSince = now;
        this.#log(3, 'UP', `tunnel ${entry.tunnel.id} with ${entry.tunnel.peer?.hostName ?? ''} at ${formatIpv4(entry.at.peer)} is up`, entry);
      },
      down: (reason, now) => this.#tunnelDown(self(), reason, now),
      gone: () => this.#forget(self()),
      lastData: () => this.#host.lastIn(self().calls.values()),
      suspect: (now) => {
        // One that can ask is enough: all go by the same way.
        for (const call of self().calls.values()) if (call.user?.ask(call, now) === true) return;
      },
      newSession: () => (self().calls.size >= this.#limits.sessionsPerTunnel || this.full ? undefined : this.#newSessionId()),
      called: (session, now) => {
        const call = this.#session(self(), session);
        call.inControl = 1;
        this.#host.requested(call, now);
      },
      replied: (session) => this.#connect(callOf(session)),
      sessionChanged: (session, _event, old, next, now) => {
        const call = callOf(session);
        if (call === undefined) return;
        this.#host.sessionState(call, old, next);
        call.user?.changed(call, now);
      },
      sessionUp: (session, now) => {
        const call = callOf(session);
        call?.user?.up(call, now);
      },
      sessionDown: (session, reason, now) => this.#sessionDown(self(), session, reason, now),
      sessionInfo: (session, message, now) => {
        const call = callOf(session);
        if (call === undefined) return;
        if (message.type === 'WEN') this.#host.lineErrors(call, now);
        else call.user?.lineInfo?.(call, message.accm, now);
      },
    };
  }

  /** ICCN: what the user of a call says, else what a VIRTUAL call connects with. */
  #connect(call: SessionEntry | undefined): ReturnType<TunnelOutput['replied']> {
    return (call === undefined ? undefined : call.user?.connect?.(call)) ?? {
      txConnectSpeed: call?.carriage.speed ?? DEFAULT_SPEED,
      framingType: ((call?.tunnel.tunnel.peer?.framing ?? 0) & FRAMING.sync) !== 0 ? FRAMING.sync : FRAMING.async,
      ...(call?.carriage.number === 'ON' ? { sequencingRequired: true } : {}),
    };
  }

  #sessionDown(entry: TunnelEntry, session: Session, down: SessionDown, now: Millis): void {
    const call = entry.calls.get(session.id);
    const wasUp = session.since !== undefined;
    const reason = call?.end ?? sessionReason(down, entry, wasUp);
    this.#sessionIds.delete(session.id);
    if (call?.user === undefined) this.#early = reason;
    if (call === undefined) return;
    entry.calls.delete(session.id);
    if (entry.calls.size === 0) entry.idleSince = now;
    this.#host.ended(call);
    if (reason === undefined) entry.fallen.push(call);
    else call.user?.down(call, reason, now);
  }

  #tunnelDown(entry: TunnelEntry, down: TunnelDown, now: Millis): void {
    const reason = tunnelReason(down, entry);
    const refused = down.cause === 'peer' && down.result.code === STOP.notAuthorised;
    if (refused || (down.cause === 'authentication' && down.what !== 'no password to answer with')) this.failedAuthentications++;
    const text = reason === 'moved' ? 'the tunnel that the peer opened at the same time stays' : sentence(reason);
    this.#log(3, 'DOWN', `tunnel ${entry.tunnel.id} with ${formatIpv4(entry.at.peer)} is down: ${text}`, entry);
    const fallen = entry.fallen.splice(0);
    if (reason === 'moved') this.#moving.push(...fallen);
    else for (const call of fallen) call.user?.down(call, reason, now);
  }

  #forget(entry: TunnelEntry): void {
    this.strangers.settled(entry);
    entry.alarm?.cancel();
    entry.alarm = undefined;
    this.#turn.forget(entry);
    this.#byId.delete(entry.tunnel.id);
    const others = this.#byPeer.get(entry.at.peer);
    others?.delete(entry);
    if (others?.size === 0) this.#byPeer.delete(entry.at.peer);
    addTunnel(this.past, entry);
    const refused = refusedBy(entry.tunnel);
    this.discards.noSuchCall += refused.noSuchCall;
    this.discards.malformed += refused.malformed;
    this.#host.forgotten();
  }

  // -- what is sent, and timers --

  #sent(entry: TunnelEntry, datagram: Uint8Array, about: number | undefined): void {
    this.touch(entry);
    const call = about === undefined ? undefined : entry.calls.get(toSessionId(about));
    if (call !== undefined) call.outControl++;
    else if (about !== undefined && about === this.#placing) this.#sentEarly++;
    this.#host.trace(entry, call, 'tx', datagram);
    this.#turn.send(entry.at, datagram);
  }

  #arm(entry: TunnelEntry): void {
    if (!this.#byId.has(entry.tunnel.id)) return;
    const at = Math.min(entry.tunnel.deadline(), idleDeadline(entry));
    if (entry.alarm?.at === at) return;
    entry.alarm?.cancel();
    entry.alarm = at === NEVER ? undefined : this.#board.clock.at(at, (now) => this.enter(() => this.#tick(entry, now)));
  }

  #tick(entry: TunnelEntry, now: Millis): void {
    entry.alarm = undefined;
    this.touch(entry);
    entry.tunnel.tick(now);
    if (idleDeadline(entry) <= now) entry.tunnel.close({ code: STOP.clear }, now);
  }

  #freeId(used: { has(id: number): boolean }): number {
    for (;;) {
      const [high = 0, low = 0] = this.#board.random.bytes(2);
      const id = (high << 8) | low;
      if (id !== 0 && !used.has(id)) return id;
    }
  }

  #log(severity: 2 | 3, subtype: string, text: string, entry: TunnelEntry): void {
    // Peers that have proved nothing share one source, so that forged ones cannot push all other events out of the log.
    const source = entry.ours || entry.wasUp ? `L2TP ${formatIpv4(entry.at.peer)}` : STRANGERS;
    this.#board.log.add({ module: 'L2TP', severity, type: 'TNL', subtype, text, source });
  }
}

/** Tunnels that we opened are closed when they have been empty for a while; those of peers are the peers' to close. */
const idleDeadline = ({ ours, tunnel, idleSince }: TunnelEntry): Millis =>
  ours && tunnel.phase === 'open' && tunnel.state === 'established' ? idleSince + IDLE_TUNNEL : NEVER;

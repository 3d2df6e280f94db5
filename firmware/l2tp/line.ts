// One configured call at run time: its supervisor, the session we ask for, the one a peer offers, the one that is up.
// Rules for both ends calling at once: pairing.ts.

import type { Millis } from '../bytes/time.ts';
import { type CallSettings, isPassive } from './calls.ts';
import { DISCONNECT, FRAMING, type Result } from './catalog.ts';
import type { SessionEnd, SessionEntry, SessionUser } from './entry.ts';
import type { CallUser } from './link.ts';
import { collide, isHigher } from './pairing.ts';
import { type CallReason, sentence } from './reason.ts';
import { Supervisor, type SupervisorPhase } from './supervisor.ts';

/** What a line needs of the server. */
export interface LineHost {
  enabled(): boolean;
  /** The values of the call as they are now. */
  settings(): CallSettings;
  callUser(): CallUser | undefined;
  /** Places the call in a tunnel to its peer: the session, or why not. */
  place(call: CallSettings, now: Millis): SessionEntry | CallReason;
  /** Puts an established session on the data plane; undefined = done. */
  carry(entry: SessionEntry, call: CallSettings, now: Millis): CallReason | undefined;
  /** Takes it off. */
  drop(entry: SessionEntry): void;
  linkUp(entry: SessionEntry, now: Millis): void;
  linkDown(reason: string, now: Millis): void;
  probe(entry: SessionEntry, now: Millis): void;
  /** Its link takes packets of another size. */
  linkMtu(mtu: number, now: Millis): void;
  /** Asks the peer by PPP whether it is there; false where PPP is not up. */
  linkAsk(now: Millis): boolean;
  /** Looks at the route to the peer anew. Why the packets of an established session cannot reach it any longer; undefined = they can. */
  checkRoute(entry: SessionEntry, now: Millis): CallReason | undefined;
  /** Evenly spread in 0..1. */
  chance(): number;
  log(subtype: 'UP' | 'DOWN' | 'WAIT' | 'IN', text: string): void;
  /** The supervisor's deadline changed. */
  rearm(): void;
}

export class Line implements SessionUser {
  readonly #host: LineHost;
  readonly #supervisor: Supervisor;
  /** Ours, asked for or about to be. */
  #outgoing: SessionEntry | undefined;
  /** The peer's, taken; `#open` says whether it was let through to the end. */
  #incoming: SessionEntry | undefined;
  #open = false;
  /** The peer's, left unanswered until the peer has decided on ours. */
  #held: SessionEntry | undefined;
  #current: SessionEntry | undefined;
  /** The interface knows of the current session. */
  #told = false;

  constructor(host: LineHost) {
    this.#host = host;
    this.#supervisor = new Supervisor({
      dial: (now) => this.#dial(now),
      chance: () => host.chance(),
      failed: (reason, again) => host.log('WAIT', `call ${host.settings().name}: ${sentence(reason, again)}`),
    });
  }

  get phase(): SupervisorPhase {
    return this.#supervisor.phase;
  }

  get isUp(): boolean {
    return this.#current !== undefined;
  }

  get wanted(): boolean {
    return this.#supervisor.wanted;
  }

  /** The established session, else the one on its way. */
  get session(): SessionEntry | undefined {
    return this.#current ?? this.#incoming ?? this.#outgoing;
  }

  /** Why it is not up although somebody wants it; undefined where there is nothing to say. */
  waiting(now: Millis): string | undefined {
    const { reason, phase } = this.#supervisor;
    if (reason === undefined || (!this.wanted && phase.kind === 'idle')) return undefined;
    return sentence(reason, phase.kind === 'waiting' ? phase.until - now : undefined);
  }

  get reason(): CallReason | undefined {
    return this.#supervisor.reason;
  }

  want(now: Millis): void {
    this.#supervisor.want(now);
    if (this.#current !== undefined && !this.#told) this.#tell(this.#current, now);
    this.#host.rearm();
  }

  /** Nobody wants the call: what there is of it ends. */
  unwant(why: string, now: Millis): void {
    this.#supervisor.unwant();
    this.#endAll({ code: DISCONNECT.administrative, error: 0, message: why.slice(0, 100) }, now);
    this.#told = false;
    this.#host.rearm();
  }

  /** DEACTIVATE L2TP CALL. */
  deactivate(now: Millis): void {
    const call = this.#host.settings();
    const reason: CallReason = { kind: 'deactivated', call: call.name };
    this.#supervisor.hold(reason);
    const had = this.session !== undefined;
    this.#endAll({ code: DISCONNECT.administrative, error: 0, message: 'deactivated' }, now);
    this.#told = false;
    if (had) this.#host.linkDown(sentence(reason), now);
    this.#host.rearm();
  }

  /** The L2TP module was disabled: sessions are gone or going with their tunnels. */
  disabled(now: Millis): void {
    const had = this.session !== undefined;
    this.#clear();
    this.#supervisor.stop({ kind: 'module disabled' });
    if (had) this.#host.linkDown(sentence({ kind: 'module disabled' }), now);
    this.#host.rearm();
  }

  /** Something changed that the call may have waited for, or that a session that is up cannot live with. */
  retry(now: Millis): void {
    this.checkPath(now);
    this.#supervisor.retry(now);
    this.#host.rearm();
  }

  /** Ends a session whose packets would come round to itself for ever. */
  checkPath(now: Millis): void {
    const current = this.#current;
    const astray = current === undefined ? undefined : this.#host.checkRoute(current, now);
    if (current === undefined || astray === undefined) return;
    current.end = astray;
    current.session.close({ code: DISCONNECT.administrative, error: 0, message: 'no route to the peer outside the tunnel' }, now);
  }

  /** SET L2TP CALL: the next attempt is made at once, with the new values. */
  changedSettings(now: Millis): void {
    this.#supervisor.reset();
    this.retry(now);
  }

  /** PPP opened over the link. */
  worked(): void {
    this.#supervisor.worked();
  }

  /** ICMP says that the peer is not there. */
  note(reason: CallReason): void {
    this.#supervisor.note(reason);
  }

  tick(now: Millis): void {
    this.#supervisor.tick(now);
    this.#host.rearm();
  }

  deadline(): Millis {
    return this.#supervisor.deadline();
  }

  /** A peer asks for this call. Takes, holds or refuses it. */
  offer(offer: SessionEntry, now: Millis): void {
    const user = this.#host.callUser();
    const { name, precedence } = this.#host.settings();
    if (user === undefined) return this.#refuse(offer, DISCONNECT.administrative, `no interface is configured over call ${name}`, now);
    if (!user.enabled) return this.#refuse(offer, DISCONNECT.administrative, `interface ${user.name} over call ${name} is disabled`, now);
    if (this.phase.kind === 'held') return this.#refuse(offer, DISCONNECT.administrative, `call ${name} is deactivated`, now);
    if (this.#current !== undefined) {
      // A second call through a tunnel that lives is no sign of a restart, unless it names this very call.
      if (offer.tunnel === this.#current.tunnel && offer.session.kind === 'LNS incoming') return this.#refuse(offer, DISCONNECT.busy, `call ${name} is up`, now);
      if (offer.tunnel.password === undefined) {
        // Anybody can say so without a password: the old session has to be proved dead first.
        this.#host.probe(this.#current, now);
        return this.#refuse(offer, DISCONNECT.busy, `call ${name} is up`, now);
      }
      this.#replace(this.#current, now);
    }
    this.#dismiss('incoming', now);
    this.#dismiss('held', now);
    const ours = this.#outgoing;
    if (ours === undefined || !isAsked(ours)) {
      this.#dismiss('outgoing', now);
      return this.#take(offer, now);
    }
    switch (collide(precedence, this.#isHigher(offer))) {
      case 'take':
        this.#dismiss('outgoing', now);
        this.#host.log('IN', `call ${name}: both ends called, the call of the peer stays`);
        return this.#take(offer, now);
      case 'refuse':
        return this.#refuse(offer, DISCONNECT.busy, `both ends called, the call of ${offer.tunnel.hostName} stays`, now);
      case 'answer':
        this.#incoming = offer;
        this.#open = false;
        return offer.session.accept({}, now);
      case 'hold':
        this.#held = offer;
        return;
    }
  }

  changed(entry: SessionEntry, now: Millis): void {
    if (entry !== this.#outgoing) return;
    if (isAsked(entry)) this.#supervisor.note({ kind: 'ringing', peer: entry.tunnel.at.peer });
    // OCRP: the peer takes ours.
    if (entry.session.state !== 'wait-connect') return;
    this.#dismiss('held', now);
    this.#dismiss('incoming', now);
  }

  up(entry: SessionEntry, now: Millis): void {
    if (entry === this.#outgoing) this.#outgoing = undefined;
    else if (entry === this.#incoming) this.#incoming = undefined;
    else return;
    this.#dismiss('outgoing', now);
    this.#dismiss('incoming', now);
    this.#dismiss('held', now);
    const call = this.#host.settings();
    const why = this.#host.carry(entry, call, now);
    if (why !== undefined) {
      entry.session.close({ code: DISCONNECT.error, error: 4, message: 'cannot carry the call' }, now);
      this.#supervisor.down(why, now);
      this.#host.linkDown(sentence(why), now);
      return this.#host.rearm();
    }
    this.#current = entry;
    this.#supervisor.up();
    this.#host.log('UP', `call ${call.name}: up with ${entry.tunnel.tunnel.peer?.hostName ?? 'peer'}, ${entry.session.kind}`);
    this.#tell(entry, now);
    this.#host.rearm();
  }

  resized(entry: SessionEntry, now: Millis): void {
    if (entry === this.#current && entry.link !== undefined) this.#host.linkMtu(entry.link.mtu, now);
  }

  unreachable(_entry: SessionEntry, reason: CallReason): void {
    this.note(reason);
  }

  ask(entry: SessionEntry, now: Millis): boolean {
    return entry === this.#current && this.#told && this.#host.linkAsk(now);
  }

  down(entry: SessionEntry, reason: SessionEnd, now: Millis): void {
    switch (entry) {
      case this.#current:
        this.#lose(entry, reason, now);
        break;
      case this.#outgoing:
        this.#outgoing = undefined;
        this.#outgoingDown(reason, now);
        break;
      case this.#incoming:
        this.#incoming = undefined;
        if (this.#outgoing === undefined) this.#failed(reason, now);
        break;
      case this.#held:
        this.#held = undefined;
        break;
      default:
        return;
    }
    this.#host.rearm();
  }

  // -- private --

  #dial(now: Millis): CallReason | undefined {
    const call = this.#host.settings();
    if (!this.#host.enabled()) return { kind: 'module disabled' };
    if (isPassive(call)) return { kind: 'passive' };
    const placed = this.#host.place(call, now);
    if ('kind' in placed) return placed;
    this.#outgoing = placed;
    placed.user = this;
    this.#supervisor.note(isAsked(placed) ? { kind: 'ringing', peer: call.ip } : { kind: 'opening tunnel', peer: call.ip });
    return undefined;
  }

  #take(offer: SessionEntry, now: Millis): void {
    this.#incoming = offer;
    this.#open = true;
    this.#supervisor.answering({ kind: 'ringing', peer: offer.tunnel.at.peer });
    this.#host.rearm();
    offer.session.accept({}, now);
    this.#letThrough(offer, now);
  }

  /** A call to us as LAC is through as soon as we say so: there is no line behind it that would have to ring. */
  #letThrough(offer: SessionEntry, now: Millis): void {
    if (offer.session.kind !== 'LAC outgoing') return;
    const call = this.#host.settings();
    const asked = offer.session.request;
    if (asked?.type !== 'OCRQ') return;
    offer.session.answered(
      {
        txConnectSpeed: Math.min(call.speed, asked.maximumBps),
        framingType: (asked.framingType & FRAMING.sync) !== 0 ? FRAMING.sync : FRAMING.async,
        ...(call.number === 'ON' ? { sequencingRequired: true } : {}),
      },
      now,
    );
  }

  #outgoingDown(reason: SessionEnd, now: Millis): void {
    if (reason === 'moved') {
      const again = this.#dial(now);
      if (again !== undefined) this.#failed(again, now);
      return;
    }
    if (this.#held !== undefined) {
      const offer = this.#held;
      this.#held = undefined;
      return this.#take(offer, now);
    }
    if (this.#incoming !== undefined) {
      if (this.#open) return;
      this.#open = true;
      return this.#letThrough(this.#incoming, now);
    }
    this.#failed(reason, now);
  }

  #failed(reason: SessionEnd, now: Millis): void {
    const why: CallReason = reason === 'moved' ? { kind: 'protocol error', peer: this.#host.settings().ip, what: 'the tunnel lost a tie' } : reason;
    // The interface first: whether it still wants the call decides whether it is called again.
    this.#host.linkDown(sentence(why), now);
    this.#supervisor.down(why, now);
  }

  #lose(entry: SessionEntry, reason: SessionEnd, now: Millis): void {
    this.#current = undefined;
    this.#told = false;
    this.#host.drop(entry);
    const why = reason === 'moved' ? 'the tunnel is gone' : sentence(reason);
    this.#host.log('DOWN', `call ${this.#host.settings().name}: down, ${why}`);
    this.#failed(reason, now);
  }

  /** The peer called anew on an authenticated tunnel: it has forgotten the old session. */
  #replace(old: SessionEntry, now: Millis): void {
    const reason: CallReason = { kind: 'replaced', peer: old.tunnel.at.peer };
    this.#current = undefined;
    this.#told = false;
    this.#host.drop(old);
    old.session.close({ code: DISCONNECT.administrative, error: 0, message: 'replaced by a new call' }, now);
    this.#host.log('DOWN', `call ${this.#host.settings().name}: down, ${sentence(reason)}`);
    this.#host.linkDown(sentence(reason), now);
  }

  #tell(entry: SessionEntry, now: Millis): void {
    if (this.#host.callUser() === undefined) return;
    this.#told = true;
    this.#host.linkUp(entry, now);
  }

  #refuse(offer: SessionEntry, code: number, why: string, now: Millis): void {
    this.#host.log('IN', `call of ${offer.tunnel.tunnel.peer?.hostName ?? 'a peer'} refused: ${why}`);
    offer.session.refuse({ code, error: 0, message: why.slice(0, 100) }, now);
  }

  /** Ends one that is no longer needed; its end is no event for the supervisor. */
  #dismiss(which: 'outgoing' | 'incoming' | 'held', now: Millis): void {
    const entry = which === 'outgoing' ? this.#outgoing : which === 'incoming' ? this.#incoming : this.#held;
    if (entry === undefined) return;
    if (which === 'outgoing') this.#outgoing = undefined;
    else if (which === 'incoming') this.#incoming = undefined;
    else this.#held = undefined;
    entry.session.close({ code: DISCONNECT.administrative, error: 0, message: 'gave way to another call' }, now);
  }

  #endAll(result: Result, now: Millis): void {
    const all = [this.#current, this.#incoming, this.#outgoing, this.#held];
    this.#clear();
    for (const entry of all) entry?.session.close(result, now);
  }

  /** Forgets all sessions: what still comes of them is no longer this line's. */
  #clear(): void {
    if (this.#current !== undefined) this.#host.drop(this.#current);
    this.#current = this.#incoming = this.#outgoing = this.#held = undefined;
    this.#told = false;
  }

  #isHigher(offer: SessionEntry): boolean {
    const { hostName, at, tunnel } = offer.tunnel;
    return isHigher({ hostName, address: at.local }, { hostName: tunnel.peer?.hostName ?? '', address: at.peer });
  }
}

/** The request is on its way: the peer may be deciding on it. */
const isAsked = (entry: SessionEntry): boolean => entry.session.state !== 'idle' && entry.session.state !== 'wait-tunnel';

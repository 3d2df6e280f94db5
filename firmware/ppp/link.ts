// One PPP link from its first packet to its last (RFC 1661 3): LCP, authentication both ways, then the NCPs. Sans-IO.

import { printable } from '../bytes/text.ts';
import { NEVER, type Millis } from '../bytes/time.ts';
import type { Crypto, Random } from '../hal/clock.ts';
import type { Attempt, AuthMethod, Gate, Judge, Verdict } from './auth.ts';
import { Authentication, type Credentials } from './authentication.ts';
import type { Limits } from './automaton.ts';
import { Control, type ControlOutput } from './control.ts';
import { describePacket } from './describe.ts';
import { Echo } from './echo.ts';
import { LcpExtension } from './extension.ts';
import { encodeFrame, parseFrame, parsePacket, PROTOCOL, protocolName } from './frame.ts';
import type { IpcpAgreement, IpcpSettings } from './ipcp.ts';
import type { Ipv6cpAgreement } from './ipv6cp.ts';
import { LcpOptions, type LcpAgreement, type LcpSettings } from './lcp.ts';
import { Lqr, type LinkCounters, type LqrReport } from './lqr.ts';
import { Network, type ProtocolState } from './network.ts';
import type { PppLower } from './owner.ts';
import { adopt, NO_HISTORY, type LcpHistory, type ProxyCall } from './proxy.ts';

export interface LinkSettings {
  /** MRU to announce; 'path' = what the lower carries, where that is less than 1500. */
  readonly mru: number | 'path';
  readonly lcp: Omit<LcpSettings, 'mru' | 'accm' | 'prove'>;
  readonly limits: Limits;
  /** What we prove ourselves with; undefined = we cannot. */
  readonly credentials: Credentials | undefined;
  /** How we may prove ourselves, best first; absent = every way we can. */
  readonly prove?: readonly AuthMethod[];
  /** How we call ourselves when we challenge. */
  readonly name: string;
  /** Period of echo requests, ms; 0 = none. */
  readonly echo: Millis;
  /** Time between CHAP challenges, ms; 0 = one at the start only. */
  readonly rechallenge: Millis;
  /** TCP MSS = MTU less this; 0 = not clamped. */
  readonly mssHeader: number;
}

export type TraceKind = 'LCP' | 'AUTH' | 'NCP' | 'PKT';

/** What the link asks of and tells its interface. */
export interface LinkOwner {
  readonly judge: Judge;
  /** Asked before the network phase of a peer that had to prove nothing; absent = it may enter. */
  readonly gate?: Gate | undefined;
  /** What was decided about the LCP and authentication that a LAC passed on: one sentence without its full stop. */
  proxied?(text: string): void;
  /** Asked when the network phase begins; `peer` is the name that the peer proved, `verdict` what the database said of it. Refused: the link closes. */
  addresses(verdict: Verdict | undefined, peer: string): IpcpSettings | { readonly refused: string };
  /** The MTU agreed: the lesser of the peer's MRU and the path. */
  mtu(mtu: number): void;
  ipUp(agreement: IpcpAgreement, now: Millis): void;
  ipDown(now: Millis): void;
  ipv6Up(agreement: Ipv6cpAgreement, now: Millis): void;
  ipv6Down(now: Millis): void;
  /** All frames of the link so far, for quality reports. */
  counters(): LinkCounters;
  /** The link has ended by itself or after `close`; the lower has been hung up. One sentence. */
  ended(reason: string, now: Millis): void;
  /** A line of the trace; `text` is only called when somebody listens. */
  trace(kind: TraceKind, text: () => string): void;
}

export type Phase = 'Establish' | 'Authenticate' | 'Network' | 'Terminate' | 'Dead';
/** Why a frame was dropped; each is a counter. */
export type LinkRefusal = 'malformed' | 'not in this phase' | 'protocol not open' | 'protocol unknown';

/** Own limit: how long we let the peer speak first. Not every peer listens at once when the call is up. */
const PATIENCE: Millis = 1000;
/** Own limit: so many packets of our own that come back mean that the line is looped. */
const MAX_LOOPED = 3;

const PROVABLE: readonly AuthMethod[] = ['CHAP-MD5', 'MSCHAPv2', 'PAP'];

export class Link {
  readonly #settings: LinkSettings;
  readonly #lower: PppLower;
  readonly #owner: LinkOwner;
  readonly #crypto: Crypto;
  readonly #random: Random;
  readonly #lcpOptions: LcpOptions;
  readonly #extension: LcpExtension;
  readonly #lcp: Control;
  #phase: Phase = 'Dead';
  #wake: Millis = NEVER;
  #echo: Echo | undefined;
  #lqr: Lqr | undefined;
  #auth: Authentication | undefined;
  #peerName = '';
  #network: Network | undefined;
  #looped = 0;
  #history: LcpHistory = NO_HISTORY;
  /** What the peer proved to a LAC: judged when LCP is open. */
  #proof: Attempt | undefined;
  #reason = '';
  readonly refused: Record<LinkRefusal, number> = { malformed: 0, 'not in this phase': 0, 'protocol not open': 0, 'protocol unknown': 0 };

  constructor(settings: LinkSettings, lower: PppLower, owner: LinkOwner, chance: { readonly crypto: Crypto; readonly random: Random }) {
    this.#settings = settings;
    this.#lower = lower;
    this.#owner = owner;
    this.#crypto = chance.crypto;
    this.#random = chance.random;
    const mru = settings.mru === 'path' ? (lower.mtu < 1500 ? lower.mtu : undefined) : settings.mru;
    this.#lcpOptions = new LcpOptions({ ...settings.lcp, mru, accm: lower.asyncMap, prove: settings.credentials === undefined ? [] : (settings.prove ?? PROVABLE) }, chance.random);
    this.#extension = new LcpExtension(this.#lcpOptions, {
      protocolRejected: (protocol, now) => this.#protocolRejected(protocol, now),
      echoReply: () => this.#echo?.answered(),
      noEcho: () => this.#echo?.stop(),
      looped: (now) => {
        if (++this.#looped === MAX_LOOPED) this.close('The line is looped back: we hear ourselves.', now);
      },
    });
    this.#lcp = new Control(
      {
        name: 'LCP',
        negotiator: this.#lcpOptions,
        limits: settings.limits,
        extension: this.#extension,
        peerMru: () => this.#lcpOptions.room,
      },
      {
        up: (now) => this.#lcpUp(now),
        down: (now) => this.#lcpDown(now),
        finished: (reason, now) => this.#finished(reason, now),
        ...this.#output(PROTOCOL.LCP, 'LCP'),
      },
    );
    this.#extension.control = this.#lcp;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get lcp(): LcpAgreement {
    return this.#lcpOptions.agreement;
  }

  get ipcp(): IpcpAgreement | undefined {
    return this.#network?.ip;
  }

  /** Name that the peer proved; empty where it did not have to. */
  get peerName(): string {
    return this.#peerName;
  }

  get lastReport(): LqrReport | undefined {
    return this.#lqr?.lastReport;
  }

  /** What PPP itself knows about an end of the link, one sentence; empty where it knows nothing. */
  get farewell(): string {
    return this.#reason === '' ? this.#lcp.reason : this.#reason;
  }

  /** The control protocols that exist. */
  states(): ProtocolState[] {
    return [{ name: 'LCP', state: this.#lcp.state, counters: this.#lcp.counters }, ...(this.#network?.states() ?? [])];
  }

  /** What LCP sent and received, as it was when LCP opened last. */
  history(): LcpHistory {
    return this.#history;
  }

  /**
   * The lower is up. What a LAC passed on is taken over where it satisfies our settings; else LCP begins, with a caller of a LAC at once (he
   * is past his LCP and silent), with others after a moment for their first packet.
   */
  start(now: Millis): void {
    this.#phase = 'Establish';
    const { proxy } = this.#lower;
    if (proxy === undefined || (proxy.lastSent === undefined && proxy.lastReceived === undefined)) {
      this.#wake = now + PATIENCE;
      return this.#lcp.open(now);
    }
    const failure = this.#takeOver(proxy, now);
    if (failure === undefined) return;
    this.#decided(`LCP begins anew with the caller, for what the LAC passed on does not do: ${failure}`);
    this.#lcp.open(now);
    this.#begin(now);
  }

  /** Goes silent for good: another one (an LNS) speaks PPP with the peer from now on. Nothing is sent, the lower stays, `ended` is not called. */
  handOver(now: Millis): void {
    this.lowerDown(now);
  }

  /** Ends the link politely; `ended` follows. `words` go to the peer in place of the reason. */
  close(reason: string, now: Millis, words = reason): void {
    if (this.#phase === 'Dead' || this.#phase === 'Terminate') return;
    this.#phase = 'Terminate';
    this.#reason = reason;
    this.#auth?.stop();
    this.#lcp.close(reason, now, words);
  }

  /** The lower is gone. `ended` is not called. */
  lowerDown(now: Millis): void {
    if (this.#phase === 'Dead') return;
    this.#phase = 'Dead';
    this.#wake = NEVER;
    this.#lcp.down(now);
    this.#stopAll(now);
  }

  /** The lower carries packets of another size. */
  resized(): void {
    if (this.#phase === 'Authenticate' || this.#phase === 'Network') this.#size(this.lcp);
  }

  /** Sends one Echo-Request beside those of ECHO; false where LCP is not open. Its answer counts as one of theirs. */
  ask(): boolean {
    if (this.#lcp.state !== 'Opened') return false;
    this.#extension.askEcho();
    return true;
  }

  /** A frame from the lower, in any form (RFC 1661 6.5, 6.6). */
  frame(data: Uint8Array, now: Millis): void {
    const frame = parseFrame(data);
    if (typeof frame === 'string') return this.#refuse('malformed');
    if (frame.protocol === PROTOCOL.LCP) return this.#lcpFrame(frame.body, now);
    if (this.#phase !== 'Authenticate' && this.#phase !== 'Network') return this.#refuse('not in this phase');
    switch (frame.protocol) {
      case PROTOCOL.PAP:
      case PROTOCOL.CHAP:
        return this.#authFrame(frame.protocol, frame.body, now);
      case PROTOCOL.LQR:
        if (this.#lqr !== undefined) return this.#lqr.receive(frame.body, now);
        return this.#unknown(frame.protocol, frame.body);
      case PROTOCOL.IPCP:
      case PROTOCOL.IPV6CP:
        return this.#ncpFrame(frame.protocol, frame.body, now);
      case PROTOCOL.IPv4:
      case PROTOCOL.IPv6:
        return this.#refuse('protocol not open');
      default:
        return this.#unknown(frame.protocol, frame.body);
    }
  }

  deadline(): Millis {
    return Math.min(
      this.#wake,
      this.#lcp.deadline(),
      this.#echo?.deadline() ?? NEVER,
      this.#lqr?.deadline() ?? NEVER,
      this.#auth?.deadline() ?? NEVER,
      this.#network?.deadline() ?? NEVER,
    );
  }

  tick(now: Millis): void {
    if (now >= this.#wake) this.#begin(now);
    this.#lcp.tick(now);
    this.#echo?.tick(now);
    this.#lqr?.tick(now);
    this.#auth?.tick(now);
    this.#network?.tick(now);
  }

  /** Opens LCP with what a LAC agreed. A text: that does not do, and why. */
  #takeOver(proxy: ProxyCall, now: Millis): string | undefined {
    const adopted = adopt(proxy, this.#lcpOptions);
    if (typeof adopted === 'string') return adopted;
    const { sent, received, proof } = adopted;
    this.#proof = proof;
    this.#decided(`LCP is taken over from the LAC, authentication by ${this.lcp.theyProve ?? 'nothing'}${proof === undefined ? '' : ` of ${printable(proof.name)}`} too`);
    this.#lcp.adopt(sent, received, now);
    return undefined;
  }

  #decided(text: string): void {
    this.#owner.trace('LCP', () => text);
    this.#owner.proxied?.(text);
  }

  #begin(now: Millis): void {
    this.#wake = NEVER;
    this.#lcp.up(now);
  }

  #refuse(why: LinkRefusal): void {
    this.refused[why]++;
  }

  #lcpFrame(body: Uint8Array, now: Millis): void {
    const packet = parsePacket(body);
    if (typeof packet === 'string') return this.#refuse('malformed');
    if (this.#phase === 'Dead') return this.#refuse('not in this phase');
    if (this.#wake !== NEVER) this.#begin(now);
    this.#lcp.receive(packet, now);
  }

  #authFrame(protocol: number, body: Uint8Array, now: Millis): void {
    if (this.#auth?.uses(protocol) !== true) return this.#unknown(protocol, body);
    const packet = parsePacket(body);
    if (typeof packet === 'string') return this.#refuse('malformed');
    this.#owner.trace('AUTH', () => `rx ${describePacket(protocol, packet)}`);
    if (!this.#auth.receive(protocol, packet, now)) this.#refuse('not in this phase');
  }

  #ncpFrame(protocol: number, body: Uint8Array, now: Millis): void {
    if (this.#phase !== 'Network') return this.#refuse('not in this phase');
    const packet = parsePacket(body);
    if (typeof packet === 'string') return this.#refuse('malformed');
    this.#network?.receive(protocol, packet, now);
  }

  /** Outside the network phase unknown protocols are dropped (RFC 1661 3.5); in it the peer is told. */
  #unknown(protocol: number, body: Uint8Array): void {
    this.#refuse('protocol unknown');
    if (this.#phase === 'Network') this.#extension.rejectProtocol(protocol, body);
  }

  #protocolRejected(protocol: number, now: Millis): void {
    switch (protocol) {
      case PROTOCOL.IPCP:
      case PROTOCOL.IPv4:
      case PROTOCOL.IPV6CP:
      case PROTOCOL.IPv6:
        return this.#network?.rejected(protocol, now);
      case PROTOCOL.LQR:
        return this.#lqr?.stop();
      case PROTOCOL.PAP:
      case PROTOCOL.CHAP:
        if (this.#phase === 'Authenticate') this.close('The peer does not speak the authentication protocol that it agreed to.', now);
        return;
      default:
        return;
    }
  }

  #lcpUp(now: Millis): void {
    const agreed = this.lcp;
    this.#history = this.#lcp.history;
    this.#lower.configure({ acfc: agreed.sendAcfc, pfc: agreed.sendPfc });
    this.#lower.accm?.(agreed.sendMap, agreed.receiveMap, now);
    this.#size(agreed);
    this.#looped = 0;
    this.#keepAlive(agreed, now);
    this.#phase = 'Authenticate';
    this.#authenticate(agreed, now);
  }

  /** The MTU, and what TCP may send in one segment. */
  #size({ theirMru }: LcpAgreement): void {
    const mtu = Math.min(theirMru, this.#lower.mtu);
    const { mssHeader } = this.#settings;
    this.#lower.configure({ mss: mssHeader === 0 ? 0 : Math.max(0, mtu - mssHeader) });
    this.#owner.mtu(mtu);
  }

  #keepAlive(agreed: LcpAgreement, now: Millis): void {
    if (this.#settings.echo > 0) {
      this.#echo = new Echo(this.#settings.echo, { request: () => this.#extension.askEcho(), dead: (reason, at) => this.close(reason, at) });
      this.#echo.start(now);
    }
    if (agreed.weReport === undefined && agreed.theyReport === undefined) return;
    const every = (period: number | undefined): Millis | undefined => (period === undefined ? undefined : period * 10);
    this.#lqr = new Lqr(
      { sendEvery: every(agreed.weReport), expectEvery: every(agreed.theyReport), magic: agreed.ourMagic },
      {
        send: (report) => this.#lower.send(encodeFrame(PROTOCOL.LQR, report)),
        counters: () => this.#owner.counters(),
        dead: (reason, at) => this.close(reason, at),
      },
    );
    this.#lqr.start(now);
  }

  #authenticate(agreed: LcpAgreement, now: Millis): void {
    const { limits, name, rechallenge, credentials } = this.#settings;
    const { theyProve, weProve } = agreed;
    this.#auth = new Authentication(
      { theyProve, weProve, credentials, name, limits, rechallenge, crypto: this.#crypto, random: this.#random, judge: this.#owner.judge, gate: this.#owner.gate },
      {
        send: (protocol, packet) => {
          this.#owner.trace('AUTH', () => {
            const parsed = parsePacket(packet);
            return typeof parsed === 'string' ? parsed : `tx ${describePacket(protocol, parsed)}`;
          });
          this.#lower.send(encodeFrame(protocol, packet));
        },
        done: (peer, verdict, at) => this.#enterNetwork(peer, verdict, at),
        failed: (reason, at) => this.close(reason, at, 'Authentication failed'),
      },
    );
    const proof = this.#proof;
    this.#proof = undefined;
    this.#auth.start(now, proof);
  }

  #enterNetwork(peer: string, verdict: Verdict | undefined, now: Millis): void {
    if (this.#phase !== 'Authenticate') return;
    this.#phase = 'Network';
    this.#peerName = peer;
    const addresses = this.#owner.addresses(verdict, peer);
    if ('refused' in addresses) return this.close(addresses.refused, now, 'No address for you');
    this.#network = new Network(
      { ip: addresses, limits: this.#settings.limits, random: this.#random, peerMru: () => this.#lcpOptions.room },
      {
        control: (protocol) => this.#output(protocol, 'NCP'),
        ipUp: (agreement, at) => {
          this.#lower.configure({ ipv4: true });
          this.#lower.negotiated();
          this.#owner.ipUp(agreement, at);
        },
        ipDown: (at) => {
          this.#lower.configure({ ipv4: false });
          this.#owner.ipDown(at);
        },
        ipv6Up: (agreement, at) => {
          this.#lower.configure({ ipv6: true });
          this.#owner.ipv6Up(agreement, at);
        },
        ipv6Down: (at) => {
          this.#lower.configure({ ipv6: false });
          this.#owner.ipv6Down(at);
        },
        useless: (reason, at) => {
          if (this.#phase === 'Network') this.close(reason, at);
        },
      },
    );
    this.#network.start(now);
  }

  #lcpDown(now: Millis): void {
    if (this.#phase !== 'Terminate' && this.#phase !== 'Dead') this.#phase = 'Establish';
    this.#stopAll(now);
  }

  #finished(reason: string, now: Millis): void {
    if (this.#phase === 'Dead') return;
    this.#phase = 'Dead';
    this.#wake = NEVER;
    this.#stopAll(now);
    const why = this.#reason === '' ? reason : this.#reason;
    this.#lower.hangUp(why);
    this.#owner.ended(why, now);
  }

  #stopAll(now: Millis): void {
    this.#auth?.stop();
    this.#auth = undefined;
    this.#peerName = '';
    this.#echo = undefined;
    this.#lqr = undefined;
    const network = this.#network;
    this.#network = undefined;
    network?.stop(now);
  }

  #output(protocol: number, kind: TraceKind): Pick<ControlOutput, 'send' | 'packet' | 'state'> {
    return {
      send: (packet) => this.#lower.send(encodeFrame(protocol, packet)),
      packet: (direction, packet) => this.#owner.trace(kind, () => `${direction} ${describePacket(protocol, packet)}`),
      state: (before, event, after) => {
        if (before !== after) this.#owner.trace(kind, () => `${protocolName(protocol)} ${before} ${event} ${after}`);
      },
    };
  }
}

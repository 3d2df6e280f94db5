// One PPP interface over one physical layer: when it wants a link, what it does with the link it gets, and why it has none
// (AlliedWare CREATE PPP; RFC 1661 for the link itself).

import { ANY_IPV4 } from '../bytes/ip.ts';
import { put16, u8 } from '../bytes/integers.ts';
import { NEVER, type Alarm, type Millis } from '../bytes/time.ts';
import type { InterfaceId, Refusal } from '../hal/dataplane.ts';
import type { Verdict } from './auth.ts';
import { Allowance, type SessionLimits } from './allowance.ts';
import { Accounting, NO_TRAFFIC, type LimitCounter } from './accounting.ts';
import { PROTOCOL } from './frame.ts';
import type { IpcpAgreement, IpcpSettings } from './ipcp.ts';
import { Kept } from './kept.ts';
import { Link, type LinkOwner } from './link.ts';
import type { PppLower, PppOwner } from './owner.ts';
import { idleTime, linkSettings, type PppParameters } from './parameters.ts';
import { NO_HISTORY, type LcpHistory } from './proxy.ts';
import { Trace } from './trace.ts';

/** Own limit: how often the counters are read while IP is up. */
const SAMPLE: Millis = 10_000;
/** Own limit: so long after a link has ended traffic does not open it again. */
const HOLD: Millis = 1000;
/** Own limit: so long a caller may be without IP. Every step has its own limit, but who begins LCP again begins them again. */
const UNREADY: Millis = 180_000;
/** The MTU of the device until a link says better: what L2TP over IPv4 leaves of 1500. */
const FIRST_MTU = 1460;

/** What the interface is doing. */
export type Condition =
  | 'disabled'
  /** On demand: waits for a packet. */
  | 'waiting'
  /** A limit is reached. */
  | 'limited'
  /** The layer has been asked for a link. */
  | 'calling'
  | 'negotiating'
  | 'up'
  /** Another one (an LNS) speaks PPP with the peer. */
  | 'handed over';

export class PppInterface {
  readonly number: number;
  readonly name: string;
  /** As the operator wrote it. */
  readonly over: string;
  readonly device: InterfaceId;
  /** The PPP template that a dynamic interface was made from; undefined for one that the operator made. */
  readonly template: number | undefined;
  readonly accounting = new Accounting();
  readonly trace: Trace;
  readonly #owner: PppOwner;
  #parameters: PppParameters;
  #enabled = true;
  #wanted = false;
  /** The layer stays wanted although the link ends (RESET). */
  #again = false;
  #link: Link | undefined;
  #lower: PppLower | undefined;
  #ip: IpcpAgreement | undefined;
  #asked = false;
  /** What LCP had agreed when the peer was handed over; undefined while we speak with it ourselves. */
  #handed: LcpHistory | undefined;
  #allowance = new Allowance();
  /** IP was up on the present link at some time. */
  #wasUp = false;
  #mtu = FIRST_MTU;
  #since: Millis | undefined;
  #sample: Millis = NEVER;
  /** When a caller must have IP. */
  #ready: Millis = NEVER;
  readonly #kept = new Kept();
  #hold: Millis = 0;
  #changes: Millis;
  #reason = '';
  #alarm: Alarm | undefined;
  #destroyed = false;

  constructor(owner: PppOwner, identity: { readonly number: number; readonly over: string; readonly device: InterfaceId; readonly template?: number }, parameters: PppParameters, now: Millis) {
    this.#owner = owner;
    this.number = identity.number;
    this.name = `ppp${identity.number}`;
    this.over = identity.over;
    this.device = identity.device;
    this.template = identity.template;
    this.trace = new Trace(this.name);
    this.#parameters = parameters;
    this.#changes = now;
  }

  /** The MTU that a device starts with under these parameters. */
  static firstMtu(parameters: PppParameters): number {
    return typeof parameters.mru === 'object' ? parameters.mru.value : FIRST_MTU;
  }

  get parameters(): PppParameters {
    return this.#parameters;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  get onDemand(): boolean {
    return idleTime(this.#parameters) > 0;
  }

  get link(): Link | undefined {
    return this.#link;
  }

  /** What the outer path takes; undefined where there is none, or the carrier does not say. */
  get path(): PppLower['path'] {
    return this.#lower?.path;
  }

  get mtu(): number {
    return this.#mtu;
  }

  /** What IPCP agreed; undefined while IP is down. */
  get addresses(): IpcpAgreement | undefined {
    return this.#ip;
  }

  /** When IP came up; undefined while it is down. */
  get upSince(): Millis | undefined {
    return this.#ip === undefined ? undefined : this.#since;
  }

  /** When the interface last came up or went down. */
  get lastChange(): Millis {
    return this.#changes;
  }

  /** Why the last link ended, one sentence; empty before the first end. */
  get lastReason(): string {
    return this.#reason;
  }

  condition(now: Millis): Condition {
    if (this.#handed !== undefined) return 'handed over';
    if (this.#ip !== undefined) return 'up';
    if (this.#link !== undefined) return 'negotiating';
    if (!this.#enabled) return 'disabled';
    if (this.accounting.exceeded(this.#parameters, now) !== undefined) return 'limited';
    return this.#wanted ? 'calling' : 'waiting';
  }

  /** What the user database allows the present link. */
  get allowance(): Allowance {
    return this.#allowance;
  }

  /** When the idle timer closes the link; NEVER while it does not run. */
  idleDeadline(): Millis {
    const idle = this.#allowance.idle(idleTime(this.#parameters));
    if (idle === 0 || this.#ip === undefined) return NEVER;
    return Math.max(this.#since ?? 0, this.accounting.total.lastCarried) + idle * 1000;
  }

  /** Begins: opens at once, or waits for a packet. */
  start(now: Millis): void {
    this.#settleWant(now);
    this.#arm();
  }

  enable(now: Millis): void {
    this.#enabled = true;
    this.#hold = 0;
    this.#owner.setDevice(this.device, { onDemand: this.onDemand });
    this.#settleWant(now);
    this.#arm();
  }

  /** Closes the link and opens none. */
  disable(now: Millis): void {
    this.#enabled = false;
    this.#again = false;
    this.#kept.clear();
    this.#owner.setDevice(this.device, { onDemand: false });
    this.#closeLink('Disabled by the operator.', now);
    this.#settleWant(now);
    this.#arm();
  }

  /** Opens the link as traffic would. */
  activate(now: Millis): void {
    this.#again = true;
    this.#hold = 0;
    this.#settleWant(now);
    this.#arm();
  }

  /** Closes the link and opens it again. */
  reset(now: Millis, reason = 'Reset by the operator.'): void {
    this.#again = this.#enabled;
    this.#hold = 0;
    this.#closeLink(reason, now);
    this.#settleWant(now);
    this.#arm();
  }

  resetLimits(counters: readonly LimitCounter[], now: Millis): void {
    this.#read(now);
    this.accounting.reset(counters, now);
    this.#settleWant(now);
    this.#arm();
  }

  /** Takes new parameters. A link that is up stays; what is negotiated holds from the next one on. */
  set(parameters: PppParameters, now: Millis): void {
    const before = this.onDemand;
    const first = PppInterface.firstMtu(parameters);
    if (this.#link === undefined && first !== PppInterface.firstMtu(this.#parameters)) {
      this.#mtu = first;
      this.#owner.setDevice(this.device, { mtu: first });
    }
    this.#parameters = parameters;
    if (before !== this.onDemand && this.#enabled) this.#owner.setDevice(this.device, { onDemand: this.onDemand });
    this.#settleWant(now);
    this.#arm();
  }

  /** Ends for good: the peer is told, the layer released, the device closed. */
  destroy(now: Millis, reason = 'Destroyed by the operator.'): void {
    this.#enabled = false;
    this.#destroyed = true;
    this.#handed = undefined;
    this.#closeLink(reason, now);
    const lower = this.#lower;
    this.#gone(reason, now);
    lower?.hangUp(reason);
    this.#settleWant(now);
    this.#alarm?.cancel();
    this.#alarm = undefined;
    this.#owner.closeDevice(this.device);
  }

  /** The layer has a link. It may come without having been wanted: the peer called. One that is there already gives way. */
  lowerUp(lower: PppLower, now: Millis): void {
    if (this.#destroyed) return;
    this.#handed = undefined;
    if (this.#link !== undefined) this.#gone('The peer called again.', now);
    const barred = this.#enabled ? this.accounting.exceeded(this.#parameters, now) : `${this.name} is disabled.`;
    if (barred !== undefined) {
      this.#reason = barred;
      lower.hangUp(barred);
      return this.#arm();
    }
    this.#lower = lower;
    this.#ready = this.template === undefined ? NEVER : now + UNREADY;
    const link = this.#newLink(lower);
    this.#link = link;
    link.start(now);
    this.#arm();
  }

  /** The link's carrier is gone. One sentence. */
  lowerDown(reason: string, now: Millis): void {
    if (this.#handed !== undefined) {
      this.#handed = undefined;
      this.#reason = reason;
      this.#changes = now;
      this.#settleWant(now);
    }
    this.#over(reason, now);
    this.#arm();
  }

  /** What LCP has sent and received, as it was when LCP opened last; stays after `handOver`. */
  history(): LcpHistory {
    return this.#handed ?? this.#link?.history() ?? NO_HISTORY;
  }

  /**
   * Goes silent for good, for another one (an LNS) speaks PPP with the peer from now on: nothing is sent, the layer stays, a verdict that is
   * still out is ignored. `lowerDown` or `destroy` ends it.
   */
  handOver(now: Millis): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#handed = link.history();
    link.handOver(now);
    this.#link = undefined;
    this.#lower = undefined;
    this.#changes = now;
    this.#arm();
  }

  /** The path under the link takes packets of another size: the MTU follows, nothing is negotiated anew. */
  resized(): void {
    this.#link?.resized();
  }

  /** Other limits for the present link than its verdict gave (RFC 5176), counted from the start of its network phase. */
  limit(limits: SessionLimits, now: Millis): void {
    if (this.#link === undefined) return;
    this.#allowance.change(limits, now);
    this.#arm();
  }

  /** Sends one LCP Echo-Request, whatever ECHO says; false where LCP is not open. */
  ask(): boolean {
    return this.#link?.ask() ?? false;
  }

  /** A PPP frame that the data plane did not carry itself. */
  frame(data: Uint8Array, now: Millis): void {
    this.trace.frame('rx', data, this.#parameters.debugmaxbytes, now);
    this.#link?.frame(data, now);
    this.#arm();
  }

  /** The first IP packet into the on-demand device: kept until IPCP opens. */
  demand(packet: Uint8Array, now: Millis): void {
    if (!this.#enabled || this.#destroyed) return;
    this.trace.line('DEMAND', () => `a packet of ${packet.length} octets wants the link`, now);
    if (this.#ip !== undefined) {
      this.#sendPacket(packet);
      return;
    }
    this.#kept.add(packet, now);
    if (now < this.#hold) return;
    this.#again = true;
    this.#settleWant(now);
    this.#arm();
  }

  /** Reads the counters now; SHOW commands call it first. */
  refresh(now: Millis): void {
    this.#read(now);
  }

  #newLink(lower: PppLower): Link {
    const owner = this.#owner;
    const alive = (): boolean => this.#link === link;
    const watched: PppLower = {
      get mtu() {
        return lower.mtu;
      },
      proxy: lower.proxy,
      asyncMap: lower.asyncMap,
      ...(lower.accm === undefined ? {} : { accm: (send: number, receive: number, now: Millis): void => lower.accm?.(send, receive, now) }),
      send: (frame) => {
        this.trace.frame('tx', frame, this.#parameters.debugmaxbytes, owner.clock.now());
        lower.send(frame);
      },
      configure: (change) => lower.configure(change),
      negotiated: () => lower.negotiated(),
      hangUp: (reason) => lower.hangUp(reason),
    };
    const gate: LinkOwner['gate'] = owner.mayEnter === undefined ? undefined : (go, now) =>
      owner.mayEnter?.(
        this.name,
        (verdict, later) => {
          go(verdict, later);
          this.#arm();
        },
        now,
      );
    const link: Link = new Link(
      linkSettings(this.#parameters, owner.systemName()),
      watched,
      {
        gate,
        proxied: (text) => this.#log('LCP', `${this.name}: ${text}`),
        judge: (attempt, answer, now) =>
          owner.authenticate(
            this.name,
            attempt,
            (verdict, later) => {
              answer(verdict, later);
              this.#arm();
            },
            now,
          ),
        addresses: (verdict, peer) => this.#addresses(verdict, peer),
        mtu: (mtu) => {
          const other = mtu !== this.#mtu;
          this.#mtu = mtu;
          owner.setDevice(this.device, { mtu });
          if (other && this.#ip !== undefined) owner.resized?.(this.name, mtu);
        },
        ipUp: (agreement, now) => this.#ipUp(agreement, now),
        ipDown: (now) => this.#ipDown(now),
        ipv6Up: (agreement, now) => owner.ipv6Up(this.name, agreement, now),
        ipv6Down: (now) => owner.ipv6Down(this.name, now),
        counters: () => owner.traffic(this.name) ?? NO_TRAFFIC,
        ended: (reason, now) => {
          if (alive()) this.#over(reason, now);
          this.#arm();
        },
        trace: (kind, text) => this.trace.line(kind, text, owner.clock.now()),
      },
      { crypto: owner.crypto, random: owner.random },
    );
    return link;
  }

  #addresses(verdict: Verdict | undefined, peer: string): IpcpSettings | Refusal {
    this.#allowance.grant(verdict, this.#owner.clock.now());
    const known = verdict?.accepted === true ? verdict.address : undefined;
    const given = this.#owner.assign?.(this.name, peer, known);
    if (given !== undefined) {
      if ('refused' in given) return given;
      this.#asked = false;
      return { local: this.#owner.localAddress(this.name), localMode: 'keep', remote: given.address, remoteMode: 'must', dns: given.dns, wantDns: false };
    }
    const ask = this.#parameters.iprequest === 'ON' && this.#owner.mayTakeAddress(this.name);
    this.#asked = ask;
    return { local: ask ? ANY_IPV4 : this.#owner.localAddress(this.name), localMode: ask ? 'ask' : 'keep', remote: known, dns: [], wantDns: ask };
  }

  #ipUp(agreement: IpcpAgreement, now: Millis): void {
    this.#ip = agreement;
    this.#wasUp = true;
    this.#since = now;
    this.#changes = now;
    this.#again = false;
    this.#sample = now + SAMPLE;
    this.#ready = NEVER;
    this.accounting.up(now);
    this.#owner.ipUp(this.name, { ...agreement, assigned: this.#asked, mtu: this.#mtu }, now);
    this.#log('UP', `${this.name}: Interface has come up and is able to send and receive data`);
    for (const packet of this.#kept.take(now)) this.#sendPacket(packet);
  }

  #ipDown(now: Millis): void {
    if (this.#ip === undefined) return;
    this.#read(now);
    this.accounting.down(now);
    this.#ip = undefined;
    this.#since = undefined;
    this.#changes = now;
    this.#sample = NEVER;
    if (this.template !== undefined) this.#ready = now + UNREADY;
    this.#owner.ipDown(this.name, now);
  }

  /** Whether a link should be wanted from the layer now; tells the layer where that changed. */
  #settleWant(now: Millis): void {
    const barred = !this.#enabled || this.accounting.exceeded(this.#parameters, now) !== undefined;
    const want = !barred && (!this.onDemand || this.#again);
    // While there is a link nothing changes: it may be the peer's call, or just be saying goodbye.
    if (want === this.#wanted || this.#link !== undefined || this.#handed !== undefined) return;
    this.#wanted = want;
    if (want) this.#owner.wantLink(this.name, this.over, now);
    else this.#owner.unwantLink(this.name, this.over, this.#enabled ? this.#reason : 'Disabled by the operator.', now);
  }

  /** The link is over: is another one wanted? */
  #over(reason: string, now: Millis): void {
    const endedByPpp = this.#link?.phase === 'Dead';
    const wanted = this.#wanted;
    this.#gone(reason, now);
    this.#settleWant(now);
    // Somebody else may want the call (ACTIVATE L2TP CALL): it is not to be called again for a link that PPP does not want.
    if (endedByPpp && !wanted && !this.#wanted) this.#owner.unwantLink(this.name, this.over, reason, now);
  }

  /** Lets go of the link, whoever ended it. */
  #gone(reason: string, now: Millis): void {
    const link = this.#link;
    if (link === undefined) return;
    const wasUp = this.#ip !== undefined || this.#wasUp;
    this.#wasUp = false;
    this.#read(now);
    this.#link = undefined;
    this.#lower = undefined;
    this.#allowance = new Allowance();
    link.lowerDown(now);
    this.accounting.settle();
    const farewell = link.farewell;
    const why = reason.includes(farewell.replace(/\.$/, '')) ? reason : `${farewell} ${reason}`;
    this.#reason = why;
    this.#changes = now;
    this.#hold = now + HOLD;
    this.#log('DOWN', wasUp ? `${this.name}: Interface has gone down: ${why}` : `${this.name}: The link did not come up: ${why}`);
  }

  #closeLink(reason: string, now: Millis): void {
    if (this.#link === undefined) return;
    this.#link.close(reason, now);
  }

  #sendPacket(packet: Uint8Array): void {
    const version = packet.length > 0 ? u8(packet, 0) >> 4 : 0;
    if (version !== 4) return;
    const frame = new Uint8Array(packet.length + 2);
    put16(frame, 0, PROTOCOL.IPv4);
    frame.set(packet, 2);
    this.#lower?.send(frame);
  }

  #read(now: Millis): void {
    this.accounting.read(this.#lower === undefined ? undefined : this.#owner.traffic(this.name), now);
  }

  #deadline(): Millis {
    return Math.min(this.#link?.deadline() ?? NEVER, this.#sample, this.idleDeadline(), this.#allowance.until, this.#link === undefined ? NEVER : this.#ready);
  }

  #tick(now: Millis): void {
    this.#link?.tick(now);
    if (now >= this.#sample) {
      this.#sample = now + SAMPLE;
      this.#read(now);
      this.trace.line('UTILISATION', () => `${Math.round(this.accounting.bitsPerSecond)} bit/s`, now);
      const exceeded = this.accounting.exceeded(this.#parameters, now);
      if (exceeded !== undefined) this.#closeLink(exceeded, now);
    }
    if (now >= this.idleDeadline()) {
      this.#read(now);
      if (now >= this.idleDeadline()) this.#closeLink(`No traffic for ${this.#allowance.idle(idleTime(this.#parameters))} seconds.`, now);
    }
    if (now >= this.#ready) {
      this.#ready = NEVER;
      this.#closeLink(`The caller has no IP after ${UNREADY / 1000} seconds.`, now);
    }
    if (now >= this.#allowance.until) {
      this.#closeLink(this.#allowance.reason, now);
      this.#allowance.spent();
    }
  }

  #arm(): void {
    if (this.#destroyed) return;
    const due = this.#deadline();
    if (this.#alarm?.at === due) return;
    this.#alarm?.cancel();
    this.#alarm = undefined;
    if (due === NEVER) return;
    this.#alarm = this.#owner.clock.at(due, (now) => {
      this.#alarm = undefined;
      this.#tick(now);
      this.#arm();
    });
  }

  #log(subtype: string, text: string): void {
    this.#owner.log.add({ module: 'PPP', severity: 6, type: 'VINT', subtype, text, source: this.name });
  }
}

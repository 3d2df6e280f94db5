// A caller, a LAC that speaks LCP with him and holds the verdict, and an LNS that goes on with what the LAC passes, in virtual time.

import { TimerQueue, type Millis } from '../../../firmware/bytes/time.ts';
import { utf8 } from '../../../firmware/bytes/text.ts';
import type { Attempt } from '../../../firmware/ppp/auth.ts';
import type { LcpHistory, ProxyCall } from '../../../firmware/ppp/proxy.ts';
import { End, seeded, type EndSettings, type WireSettings } from './wire.ts';

/** What a LAC sends in ICCN of one caller. */
export function proxyOf(history: LcpHistory, attempt: Attempt | undefined): ProxyCall {
  const none = { authenName: undefined, authenChallenge: undefined, authenId: undefined, authenResponse: undefined };
  if (attempt === undefined) return { ...history, ...none, authenType: 4 };
  const known = { authenName: utf8(attempt.name), authenId: attempt.id };
  if (attempt.kind === 'pap') return { ...history, ...none, ...known, authenType: 3, authenResponse: attempt.password.octets() };
  return { ...history, ...none, ...known, authenType: 2, authenChallenge: attempt.challenge, authenResponse: attempt.response };
}

export interface ChainSettings {
  readonly caller: EndSettings;
  readonly lac: EndSettings;
  readonly lns: EndSettings;
  readonly wire?: WireSettings;
  /** How long the LAC calls the LNS, ms. */
  readonly calls?: Millis;
  /** What becomes of the LAC's words on their way; absent = they come as they are. */
  readonly passed?: (proxy: ProxyCall) => ProxyCall | undefined;
}

export class Chain {
  readonly timers = new TimerQueue();
  readonly caller: End;
  readonly lac: End;
  lns: End | undefined;
  now: Millis = 0;
  proxy: ProxyCall | undefined;
  /** Attempts that the LAC saw. */
  attempts = 0;
  readonly #settings: ChainSettings;
  readonly #random;

  constructor(settings: ChainSettings) {
    this.#settings = settings;
    const seed = settings.wire?.seed ?? 1;
    this.#random = seeded(seed);
    this.caller = new End(settings.caller, seeded(seed * 3), this.timers, (frame) => this.#carry(frame, () => this.#far));
    const gate: EndSettings['gate'] = (_go, now) => this.#forward(undefined, now);
    this.lac = new End({ ...settings.lac, gate, hold: (attempt, now) => this.#forward(attempt, now) }, seeded(seed * 3 + 1), this.timers, (frame) => this.#carry(frame, () => this.caller));
  }

  start(): this {
    this.caller.link.start(0);
    this.lac.link.start(0);
    return this;
  }

  run(span: Millis, until: () => boolean = () => false): boolean {
    const end = this.now + span;
    while (!until()) {
      const links = [this.caller, this.lac, this.lns].flatMap((one) => (one === undefined ? [] : [one.link]));
      const next = Math.min(this.timers.deadline(), ...links.map((link) => link.deadline()));
      if (next > end) {
        this.now = end;
        return until();
      }
      this.now = Math.max(this.now, next);
      this.timers.run(this.now);
      for (const link of links) link.tick(this.now);
    }
    return true;
  }

  bothUp(): boolean {
    return this.caller.up !== undefined && this.lns?.up !== undefined;
  }

  get #far(): End {
    return this.lns ?? this.lac;
  }

  #forward(attempt: Attempt | undefined, now: Millis): void {
    const mine = ++this.attempts;
    const { calls = 500, passed = (proxy) => proxy, lns, wire } = this.#settings;
    this.timers.set(now + calls, (later) => {
      if (mine !== this.attempts || this.lns !== undefined) return;
      const proxy = passed(proxyOf(this.lac.link.history(), attempt));
      this.lac.link.handOver(later);
      this.proxy = proxy;
      this.lns = new End(proxy === undefined ? lns : { ...lns, proxy }, seeded((wire?.seed ?? 1) * 3 + 2), this.timers, (frame) => this.#carry(frame, () => this.caller));
      this.lns.link.start(later);
    });
  }

  #carry(frame: Uint8Array, to: () => End): void {
    const { loss = 0, delay = 1, jitter = 0 } = this.#settings.wire ?? {};
    if (this.#random.next() < loss) return;
    this.timers.set(this.now + delay + this.#random.next() * jitter, (now) => to().link.frame(frame, now));
  }
}


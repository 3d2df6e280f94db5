// Two PPP links back to back in virtual time, over a wire that delays, loses, doubles and reorders; and one link with the test as its peer.

import { toIpv4, type Ipv4 } from '../../../firmware/bytes/ip.ts';
import { Secret } from '../../../firmware/bytes/secret.ts';
import { TimerQueue, type Millis } from '../../../firmware/bytes/time.ts';
import type { Random } from '../../../firmware/hal/clock.ts';
import { verifyAttempt, type Attempt, type AuthMethod, type Verdict } from '../../../firmware/ppp/auth.ts';
import { DEFAULT_LIMITS } from '../../../firmware/ppp/automaton.ts';
import { encodeFrame, encodePacket, parseFrame, parsePacket, type ControlPacket } from '../../../firmware/ppp/frame.ts';
import type { IpcpAgreement, IpcpSettings } from '../../../firmware/ppp/ipcp.ts';
import { Link, type LinkOwner, type LinkSettings } from '../../../firmware/ppp/link.ts';
import { encodeOptions, parseOptions, type Option } from '../../../firmware/ppp/option.ts';
import type { PppLower } from '../../../firmware/ppp/owner.ts';
import type { ProxyCall } from '../../../firmware/ppp/proxy.ts';
import { libraryCrypto } from '../../../board/linux/crypto.ts';

/** xorshift32: the same seed gives the same octets. */
export function seeded(seed: number): Random & { next(): number } {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 0x100000000;
  };
  return { next, bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(next() * 256)) };
}

export const UNNUMBERED: IpcpSettings = { local: toIpv4(0), localMode: 'keep', remote: undefined, dns: [], wantDns: false };

export interface EndSettings {
  readonly link?: Partial<LinkSettings>;
  readonly demand?: readonly AuthMethod[];
  readonly accept?: readonly AuthMethod[];
  readonly credentials?: readonly [name: string, password: string];
  readonly users?: Readonly<Record<string, string>>;
  readonly ip?: Partial<IpcpSettings>;
  readonly quality?: number;
  readonly magic?: boolean;
  readonly compression?: 'ask' | 'agree';
  readonly mtu?: number;
  /** How long the user database takes, ms. */
  readonly slow?: Millis;
  readonly asyncMap?: number;
  /** What a LAC passed on. */
  readonly proxy?: ProxyCall;
  readonly gate?: LinkOwner['gate'];
  /** Takes an attempt and gives no verdict: a LAC. */
  readonly hold?: (attempt: Attempt, now: Millis) => void;
}

export function linkSettings(end: EndSettings): LinkSettings {
  return {
    mru: 'path',
    lcp: { magic: end.magic ?? true, compression: end.compression ?? 'agree', demand: end.demand ?? [], accept: end.accept ?? end.demand ?? [], quality: end.quality ?? 0 },
    limits: DEFAULT_LIMITS,
    credentials: end.credentials === undefined ? undefined : { name: end.credentials[0], password: new Secret(end.credentials[1]) },
    name: 'hashi',
    echo: 0,
    rechallenge: 0,
    mssHeader: 40,
    ...end.link,
  };
}

/** One end: a link and what it told its owner. */
export class End {
  readonly link: Link;
  readonly sent: Uint8Array[] = [];
  readonly attempts: Attempt[] = [];
  readonly lines: string[] = [];
  /** What was said about a LAC's LCP and authentication. */
  readonly decided: string[] = [];
  /** Async maps that the line was told. */
  readonly maps: [number, number][] = [];
  /** With what the network phase began. */
  verdict: Verdict | undefined;
  readonly configured: Record<string, boolean | number> = {};
  up: IpcpAgreement | undefined;
  upAt: Millis = -1;
  ups = 0;
  ipv6 = false;
  mtu = 0;
  negotiated = 0;
  ended: string | undefined;
  hungUp: string | undefined;

  constructor(end: EndSettings, random: Random, timers: TimerQueue, emit: (frame: Uint8Array) => void) {
    const lower: PppLower = {
      mtu: end.mtu ?? 1460,
      proxy: end.proxy,
      asyncMap: end.asyncMap,
      accm: (send, receive) => this.maps.push([send, receive]),
      send: (frame) => {
        this.sent.push(frame.slice());
        emit(frame.slice());
      },
      configure: (change) => Object.assign(this.configured, change),
      negotiated: () => this.negotiated++,
      hangUp: (reason) => {
        this.hungUp = reason;
      },
    };
    const verdict = (attempt: Attempt): Verdict => {
      const password = end.users?.[attempt.name];
      return password === undefined ? { accepted: false, reason: `No user ${attempt.name}.` } : verifyAttempt(libraryCrypto, attempt, new Secret(password));
    };
    this.link = new Link(
      linkSettings(end),
      lower,
      {
        judge: (attempt, answer, now) => {
          this.attempts.push(attempt);
          if (end.hold !== undefined) return end.hold(attempt, now);
          if (end.slow === undefined) answer(verdict(attempt), now);
          else timers.set(now + end.slow, (later) => answer(verdict(attempt), later));
        },
        gate: end.gate,
        proxied: (text) => this.decided.push(text),
        addresses: (verdict) => {
          this.verdict = verdict;
          return { ...UNNUMBERED, ...end.ip };
        },
        mtu: (mtu) => {
          this.mtu = mtu;
        },
        ipUp: (agreement, now) => {
          this.up = agreement;
          this.upAt = now;
          this.ups++;
        },
        ipDown: () => {
          this.up = undefined;
        },
        ipv6Up: () => {
          this.ipv6 = true;
        },
        ipv6Down: () => {
          this.ipv6 = false;
        },
        counters: () => ({ inPackets: 0, inOctets: 0, inDiscards: 0, outPackets: this.sent.length, outOctets: 0 }),
        ended: (reason) => {
          this.ended = reason;
        },
        trace: (kind, text) => this.lines.push(`${kind} ${text()}`),
      },
      { crypto: libraryCrypto, random },
    );
  }
}

export interface WireSettings {
  readonly seed?: number;
  /** Shares of packets, 0..1. */
  readonly loss?: number;
  readonly double?: number;
  /** Delay one way, ms: from `delay` to `delay + jitter`; jitter reorders. */
  readonly delay?: Millis;
  readonly jitter?: Millis;
  /** What happens to a frame on its way; undefined = lost. */
  readonly filter?: (frame: Uint8Array, from: 'a' | 'b') => Uint8Array | undefined;
}

/** Two ends and the wire between them. */
export class Pair {
  readonly a: End;
  readonly b: End;
  readonly timers = new TimerQueue();
  now: Millis = 0;
  cut = false;
  readonly #random;
  readonly #wire: WireSettings;

  constructor(a: EndSettings, b: EndSettings, wire: WireSettings = {}) {
    this.#wire = wire;
    this.#random = seeded(wire.seed ?? 1);
    this.a = new End(a, seeded((wire.seed ?? 1) * 2 + 1), this.timers, (frame) => this.#carry(frame, 'a'));
    this.b = new End(b, seeded((wire.seed ?? 1) * 2 + 2), this.timers, (frame) => this.#carry(frame, 'b'));
  }

  start(): this {
    this.a.link.start(this.now);
    this.b.link.start(this.now);
    return this;
  }

  /** Lets virtual time pass until `until` holds, or for `span` ms. True where it holds. */
  run(span: Millis, until: () => boolean = () => false): boolean {
    const end = this.now + span;
    while (!until()) {
      const next = Math.min(this.timers.deadline(), this.a.link.deadline(), this.b.link.deadline());
      if (next > end) {
        this.now = end;
        return until();
      }
      this.now = Math.max(this.now, next);
      this.timers.run(this.now);
      this.a.link.tick(this.now);
      this.b.link.tick(this.now);
    }
    return true;
  }

  bothUp(): boolean {
    return this.a.up !== undefined && this.b.up !== undefined;
  }

  #carry(frame: Uint8Array, from: 'a' | 'b'): void {
    const { loss = 0, double = 0, delay = 1, jitter = 0, filter } = this.#wire;
    const kept = filter === undefined ? frame : filter(frame, from);
    if (kept === undefined || this.cut) return;
    const copies = this.#random.next() < double ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      if (this.#random.next() < loss) continue;
      const to = from === 'a' ? this.b : this.a;
      this.timers.set(this.now + delay + this.#random.next() * jitter, (now) => {
        if (!this.cut) to.link.frame(kept, now);
      });
    }
  }
}

/** A control packet as it went over the wire. */
export interface Seen extends ControlPacket {
  readonly protocol: number;
  readonly options: readonly Option[];
}

export function decode(frame: Uint8Array): Seen {
  const parsed = parseFrame(frame);
  if (typeof parsed === 'string') throw new Error(parsed);
  const packet = parsePacket(parsed.body);
  if (typeof packet === 'string') throw new Error(packet);
  const options = parseOptions(packet.data);
  return { ...packet, protocol: parsed.protocol, options: typeof options === 'string' ? [] : options };
}

/** One link whose peer is the test. */
export class Solo {
  readonly end: End;
  readonly timers = new TimerQueue();
  now: Millis = 0;

  constructor(settings: EndSettings = {}, seed = 7) {
    this.end = new End(settings, seeded(seed), this.timers, () => {});
    this.end.link.start(0);
  }

  /** Packets sent since the last call. */
  taken(): Seen[] {
    return this.end.sent.splice(0).map(decode);
  }

  wait(span: Millis): this {
    const end = this.now + span;
    for (let next = Math.min(this.timers.deadline(), this.end.link.deadline()); next <= end; next = Math.min(this.timers.deadline(), this.end.link.deadline())) {
      this.now = Math.max(this.now, next);
      this.timers.run(this.now);
      this.end.link.tick(this.now);
    }
    this.now = end;
    return this;
  }

  give(protocol: number, code: number, identifier: number, data: Uint8Array | readonly Option[] = []): this {
    const octets = data instanceof Uint8Array ? data : encodeOptions(data);
    return this.frame(encodeFrame(protocol, encodePacket(code, identifier, octets)));
  }

  frame(octets: Uint8Array): this {
    this.end.link.frame(octets, this.now);
    return this;
  }

  /** The same as openLcp when our request has been taken already: it is asked for again. */
  openLcpAgain(): this {
    this.give(0xc021, 1, 200, []);
    this.taken();
    this.wait(3000);
    const request = this.taken().find(({ protocol, code }) => protocol === 0xc021 && code === 1);
    if (request === undefined) throw new Error('no Configure-Request');
    return this.give(0xc021, 2, request.identifier, request.data.slice());
  }

  /** Brings LCP to Opened: takes our request as it is and asks for `options`. */
  openLcp(options: readonly Option[] = []): this {
    this.give(0xc021, 1, 200, options);
    const request = this.taken().find(({ protocol, code }) => protocol === 0xc021 && code === 1);
    if (request === undefined) throw new Error('no Configure-Request');
    return this.give(0xc021, 2, request.identifier, request.data.slice());
  }

  /** The same for IPCP, LCP being open. */
  openIpcp(options: readonly Option[] = []): this {
    const request = this.taken().find(({ protocol, code }) => protocol === 0x8021 && code === 1);
    if (request === undefined) throw new Error('no IPCP Configure-Request');
    this.give(0x8021, 2, request.identifier, request.data.slice());
    return this.give(0x8021, 1, 201, options);
  }
}

export const address = (text: string): Ipv4 => toIpv4(text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0));
export const option = (type: number, ...data: number[]): Option => ({ type, data: Uint8Array.from(data) });

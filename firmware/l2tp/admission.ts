// How many tunnels peers may have half open and how fast they may ask, so that a flood neither fills the table nor is reflected
// at a third party. Limits of this router; RFC 2661 names none.

import { type Ipv4, maskOf } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';

export interface AdmissionLimits {
  /** Tunnels opened by peers and not yet proven by SCCCN or an acknowledgement: of one address, and of all. */
  readonly halfOpenPerSource: number;
  readonly halfOpen: number;
  readonly tunnels: number;
  readonly sessionsPerTunnel: number;
  readonly sessions: number;
  /** SCCRQs of one /24 that are looked at: at once, and per second after that. */
  readonly burst: number;
  readonly perSecond: number;
  /** Refusals sent to peers that have no tunnel, per second. */
  readonly refusalsPerSecond: number;
  /** /24 networks whose rate is remembered; the one heard longest ago is forgotten first. */
  readonly networks: number;
}

export const ADMISSION: AdmissionLimits = {
  halfOpenPerSource: 16, halfOpen: 512, tunnels: 20_000, sessionsPerTunnel: 4096, sessions: 20_000, burst: 64, perSecond: 20, refusalsPerSecond: 20, networks: 4096,
};

export type Admission = 'admit' | 'refuse' | 'drop';

interface Bucket {
  tokens: number;
  at: Millis;
}

export class Gate {
  readonly #halfOpen = new Map<Ipv4, number>();
  #halfOpenAll = 0;
  readonly #networks = new Map<number, Bucket>();
  readonly #limits: AdmissionLimits;
  readonly #refusals: Bucket;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
    this.#refusals = { tokens: limits.refusalsPerSecond, at: 0 };
  }

  get halfOpen(): number {
    return this.#halfOpenAll;
  }

  /** May a new tunnel of `peer` be made while there are `tunnels`? 'refuse': there is no room; say so, if `mayRefuse`. 'drop': say nothing. */
  ask(peer: Ipv4, tunnels: number, now: Millis): Admission {
    if (!take(this.#bucket(peer, now), now, this.#limits.burst, this.#limits.perSecond)) return 'drop';
    if ((this.#halfOpen.get(peer) ?? 0) >= this.#limits.halfOpenPerSource) return 'drop';
    return this.#halfOpenAll >= this.#limits.halfOpen || tunnels >= this.#limits.tunnels ? 'refuse' : 'admit';
  }

  /** Whether one more refusal may go out to a peer without tunnel. */
  mayRefuse(now: Millis): boolean {
    return take(this.#refusals, now, this.#limits.refusalsPerSecond, this.#limits.refusalsPerSecond);
  }

  /** A tunnel of `peer` is half open from now on. */
  opened(peer: Ipv4): void {
    this.#halfOpen.set(peer, (this.#halfOpen.get(peer) ?? 0) + 1);
    this.#halfOpenAll++;
  }

  /** It is proven, or gone. Called once for each `opened`. */
  settled(peer: Ipv4): void {
    const left = (this.#halfOpen.get(peer) ?? 1) - 1;
    if (left > 0) this.#halfOpen.set(peer, left);
    else this.#halfOpen.delete(peer);
    this.#halfOpenAll--;
  }

  #bucket(peer: Ipv4, now: Millis): Bucket {
    const network = peer & maskOf(24);
    const known = this.#networks.get(network) ?? { tokens: this.#limits.burst, at: now };
    this.#networks.delete(network);
    if (this.#networks.size >= this.#limits.networks) {
      const oldest = this.#networks.keys().next();
      if (oldest.done !== true) this.#networks.delete(oldest.value);
    }
    this.#networks.set(network, known);
    return known;
  }
}

/** Takes one token of a bucket that holds `burst` at most and fills by `perSecond`. */
function take(bucket: Bucket, now: Millis, burst: number, perSecond: number): boolean {
  bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) * perSecond) / 1000);
  bucket.at = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

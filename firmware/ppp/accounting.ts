// What a PPP interface has carried and how long it was up, over all its sessions, against its limits (AlliedWare SHOW PPP LIMITS).

import type { Millis } from '../bytes/time.ts';
import type { PppTraffic } from './owner.ts';
import { limitOf, type PppParameters } from './parameters.ts';

export const NO_TRAFFIC: PppTraffic = { inPackets: 0, inOctets: 0, inDiscards: 0, outPackets: 0, outOctets: 0, lastCarried: 0 };
/** Data limits are megabytes, ONLINELIMIT is hours. */
export const MEGABYTE = 1_000_000;
export const HOUR: Millis = 3_600_000;

export const COUNTERS = ['online', 'in', 'out', 'total'] as const;
export type LimitCounter = (typeof COUNTERS)[number];
/** The parameter that limits each counter. */
export const LIMIT_PARAMETER = { online: 'onlinelimit', in: 'indatalimit', out: 'outdatalimit', total: 'totaldatalimit' } as const;
const SAYS: Readonly<Record<LimitCounter, string>> = { online: 'connection time', in: 'data received', out: 'data sent', total: 'data' };

export interface LimitRow {
  readonly counter: LimitCounter;
  /** ms for 'online', octets for the others. */
  readonly current: number;
  readonly limit: number | undefined;
  /** What the counter stood at when it was last reset. */
  readonly previous: number | undefined;
}

export class Accounting {
  /** Sessions that are over. */
  #past: PppTraffic = NO_TRAFFIC;
  /** The present session as last read. */
  #present: PppTraffic = NO_TRAFFIC;
  #online: Millis = 0;
  #since: Millis | undefined;
  readonly #start: Record<LimitCounter, number> = { online: 0, in: 0, out: 0, total: 0 };
  readonly #previous: Partial<Record<LimitCounter, number>> = {};
  /** The last two readings, for the utilisation between them. */
  #rate = { at: 0, octets: 0, bitsPerSecond: 0 };

  /** IP is up from now on. */
  up(now: Millis): void {
    this.#since ??= now;
  }

  down(now: Millis): void {
    if (this.#since !== undefined) this.#online += now - this.#since;
    this.#since = undefined;
  }

  /** The counters of the present session; undefined keeps the last reading. */
  read(traffic: PppTraffic | undefined, now: Millis): void {
    if (traffic !== undefined) this.#present = traffic;
    const octets = this.total.inOctets + this.total.outOctets;
    const span = now - this.#rate.at;
    if (span < 1000) return;
    this.#rate = { at: now, octets, bitsPerSecond: (Math.max(0, octets - this.#rate.octets) * 8000) / span };
  }

  /** The present session is over. */
  settle(): void {
    this.#past = { ...this.total, lastCarried: 0 };
    this.#present = NO_TRAFFIC;
  }

  /** All sessions together. */
  get total(): PppTraffic {
    const [a, b] = [this.#past, this.#present];
    return {
      inPackets: a.inPackets + b.inPackets,
      inOctets: a.inOctets + b.inOctets,
      inDiscards: a.inDiscards + b.inDiscards,
      outPackets: a.outPackets + b.outPackets,
      outOctets: a.outOctets + b.outOctets,
      lastCarried: b.lastCarried,
    };
  }

  /** Bits per second, both ways, between the last two readings. */
  get bitsPerSecond(): number {
    return this.#rate.bitsPerSecond;
  }

  rows(parameters: PppParameters, now: Millis): LimitRow[] {
    return COUNTERS.map((counter) => {
      const set = limitOf(parameters[LIMIT_PARAMETER[counter]]);
      const unit = counter === 'online' ? HOUR : MEGABYTE;
      return {
        counter,
        current: this.#absolute(counter, now) - this.#start[counter],
        limit: set === undefined ? undefined : set * unit,
        previous: this.#previous[counter],
      };
    });
  }

  /** Why the interface may not be up any more, as one sentence; undefined while within all limits. */
  exceeded(parameters: PppParameters, now: Millis): string | undefined {
    if (COUNTERS.every((counter) => limitOf(parameters[LIMIT_PARAMETER[counter]]) === undefined)) return undefined;
    const row = this.rows(parameters, now).find(({ current, limit }) => limit !== undefined && current >= limit);
    if (row === undefined) return undefined;
    const name = LIMIT_PARAMETER[row.counter].toUpperCase();
    return `The limit on ${SAYS[row.counter]} (${name}) is reached: RESET PPP or a higher ${name} opens it again.`;
  }

  /** Counts from nothing again; what was counted becomes the previous value. */
  reset(counters: readonly LimitCounter[], now: Millis): void {
    for (const counter of counters) {
      const absolute = this.#absolute(counter, now);
      this.#previous[counter] = absolute - this.#start[counter];
      this.#start[counter] = absolute;
    }
  }

  #absolute(counter: LimitCounter, now: Millis): number {
    const { inOctets, outOctets } = this.total;
    switch (counter) {
      case 'online':
        return this.#online + (this.#since === undefined ? 0 : now - this.#since);
      case 'in':
        return inOctets;
      case 'out':
        return outOctets;
      case 'total':
        return inOctets + outOctets;
    }
  }
}

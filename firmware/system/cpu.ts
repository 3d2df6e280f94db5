// How busy the processor is: samples of the board's usage counter, once a second, for five minutes (SHOW CPU).

import type { Alarm } from '../bytes/time.ts';
import type { Clock } from '../hal/clock.ts';
import type { System } from '../hal/system.ts';

/** Seconds of samples kept. */
const KEPT = 300;
const SECOND = 1000;

interface Reading {
  readonly busy: number;
  readonly elapsed: number;
}

export class CpuMeter {
  readonly #system: System;
  readonly #clock: Clock;
  readonly #readings: Reading[] = [];
  #first: Reading | undefined;
  #most = 0;
  #alarm: Alarm | undefined;

  constructor(system: System, clock: Clock) {
    this.#system = system;
    this.#clock = clock;
  }

  /** Begins to sample. */
  start(): void {
    this.#first = this.#system.usage();
    this.#readings.push(this.#first);
    this.#next();
  }

  stop(): void {
    this.#alarm?.cancel();
    this.#alarm = undefined;
  }

  #next(): void {
    this.#alarm = this.#clock.at(this.#clock.now() + SECOND, () => {
      this.#readings.push(this.#system.usage());
      if (this.#readings.length > KEPT + 1) this.#readings.shift();
      this.#most = Math.max(this.#most, this.#over(1));
      this.#next();
    });
  }

  /** Percentage over the last `seconds`, or since sampling began where that is less. */
  #over(seconds: number): number {
    const last = this.#readings.at(-1);
    return percent(this.#readings[Math.max(0, this.#readings.length - 1 - seconds)], last);
  }

  #peak(seconds: number): number {
    let most = 0;
    for (let i = Math.max(1, this.#readings.length - seconds); i < this.#readings.length; i++) most = Math.max(most, percent(this.#readings[i - 1], this.#readings[i]));
    return most;
  }

  show(): string {
    const rule = '-'.repeat(40);
    const row = (label: string, value: number): string => `${`${label} `.padEnd(36, '.')} ${String(Math.round(value)).padStart(3)}`;
    return [
      'CPU Utilisation ( as a percentage )',
      rule,
      row('Maximum since router restarted', this.#most),
      row('Maximum over last 5 minutes', this.#peak(KEPT)),
      row('Average since router restarted', percent(this.#first, this.#readings.at(-1))),
      row('Average over last 5 minutes', this.#over(KEPT)),
      row('Average over last minute', this.#over(60)),
      row('Average over last 10 seconds', this.#over(10)),
      row('Average over last second', this.#over(1)),
      rule,
    ].join('\n');
  }
}

function percent(from: Reading | undefined, to: Reading | undefined): number {
  if (from === undefined || to === undefined || to.elapsed <= from.elapsed) return 0;
  return Math.min(100, Math.max(0, (100 * (to.busy - from.busy)) / (to.elapsed - from.elapsed)));
}

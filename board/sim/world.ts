// Virtual time and seeded chance for the simulator: hours pass in milliseconds, and the same seed gives the same run.

import { TimerQueue, type Alarm, type Millis } from '../../firmware/bytes/time.ts';
import type { Clock, Random, WallClock, WallTime } from '../../firmware/hal/clock.ts';

/** A small fast generator (splitmix32): good enough to scatter losses, never for secrets on a network. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Evenly spread in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 0x100000000;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(this.next() * 256));
  }
}

/** One virtual clock for any number of boards and wires. */
export class World {
  readonly random: SeededRandom;
  readonly #timers = new TimerQueue();
  #now: Millis = 1000;
  #stations = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  get now(): Millis {
    return this.#now;
  }

  /** An Ethernet address that no other port of this world has (locally administered). */
  station(): Uint8Array {
    const number = ++this.#stations;
    return Uint8Array.of(2, 0, 0, number >> 16, number >> 8, number);
  }

  /** Tasks that wait: none is left when everything has been closed. */
  get pending(): number {
    return this.#timers.size;
  }

  at(at: Millis, task: (now: Millis) => void): Alarm {
    return this.#timers.set(Math.max(at, this.#now), task);
  }

  /** Lets `span` milliseconds pass, or less where `until` comes true (looked at after every task). Says whether it did. */
  run(span: Millis, until: () => boolean = () => false): boolean {
    const end = this.#now + span;
    while (!until()) {
      const next = this.#timers.deadline();
      if (next > end) {
        this.#now = end;
        return until();
      }
      this.#now = Math.max(this.#now, next);
      this.#timers.runOne(this.#now);
    }
    return true;
  }

  clock(): Clock {
    return { now: () => this.#now, at: (at, task) => this.at(at, task) };
  }

  /** A calendar that starts on the 2nd of October 2001, 11:56:00, and runs with virtual time. */
  wall(): WallClock {
    let offset = Date.UTC(2001, 9, 2, 11, 56, 0);
    return {
      now: () => wallTime(new Date(offset + this.#now - 1000)),
      seconds: () => Math.floor((offset + this.#now - 1000) / 1000),
      set: (change) => {
        const t = { ...wallTime(new Date(offset + this.#now - 1000)), ...change };
        offset = Date.UTC(t.year, t.month - 1, t.day, t.hour, t.minute, t.second) - this.#now + 1000;
      },
    };
  }
}

const wallTime = (d: Date): WallTime => ({
  year: d.getUTCFullYear(),
  month: d.getUTCMonth() + 1,
  day: d.getUTCDate(),
  hour: d.getUTCHours(),
  minute: d.getUTCMinutes(),
  second: d.getUTCSeconds(),
  weekday: d.getUTCDay(),
});

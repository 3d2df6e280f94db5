// The clocks of a Linux board: a monotonic clock with alarms, and the calendar.

import type { Alarm, Millis } from '../../firmware/bytes/time.ts';
import { NEVER, TimerQueue } from '../../firmware/bytes/time.ts';
import type { Clock, WallClock, WallTime } from '../../firmware/hal/clock.ts';
import { monotonic as machineTime } from './ffi/libc.ts';

/** setTimeout fires at once for longer delays than this. */
const LONGEST_DELAY = 0x7fffffff;

/** Whole milliseconds of the kernel's monotonic clock: the same in every thread and process of the machine. */
export const monotonic = (): Millis => Math.floor(machineTime());

/** All alarms of the firmware on one timer of the event loop. */
export class LinuxClock implements Clock {
  readonly #queue = new TimerQueue();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #armed: Millis = NEVER;
  #running = false;

  now(): Millis {
    return monotonic();
  }

  at(at: Millis, task: (now: Millis) => void): Alarm {
    const alarm = this.#queue.set(at, task);
    this.#arm();
    return alarm;
  }

  /** Forgets every alarm, so that nothing keeps the process alive. */
  close(): void {
    clearTimeout(this.#timer);
    this.#armed = NEVER;
    this.#running = true;
  }

  #arm(): void {
    const deadline = this.#queue.deadline();
    if (this.#running || deadline >= this.#armed) return;
    clearTimeout(this.#timer);
    this.#armed = deadline;
    this.#timer = setTimeout(() => this.#fire(), Math.min(LONGEST_DELAY, Math.max(0, deadline - monotonic())));
  }

  #fire(): void {
    this.#armed = NEVER;
    this.#running = true;
    try {
      this.#queue.run(monotonic());
    } finally {
      this.#running = false;
      this.#arm();
    }
  }
}

/** The calendar time of an instant, in the time zone of the process. */
export function wallTimeOf(instant: Date): WallTime {
  return {
    year: instant.getFullYear(),
    month: instant.getMonth() + 1,
    day: instant.getDate(),
    hour: instant.getHours(),
    minute: instant.getMinutes(),
    second: instant.getSeconds(),
    weekday: instant.getDay(),
  };
}

/** The calendar of a host: what the operator sets is an offset inside hashi; the host's own clock is never touched. */
export class OffsetWall implements WallClock {
  #offset = 0;

  now(): WallTime {
    return this.at(Date.now());
  }

  seconds(): number {
    return Math.floor((Date.now() + this.#offset) / 1000);
  }

  /** The calendar time of an instant of the host's clock (milliseconds since 1970), a file's date for one, as this clock shows it. */
  at(instant: number): WallTime {
    return wallTimeOf(new Date(instant + this.#offset));
  }

  set(change: Partial<Omit<WallTime, 'weekday'>>): void {
    const t = { ...this.now(), ...change };
    // Years below 100 mean 19xx to the constructor; setFullYear takes them as they are.
    const wanted = new Date(2000, t.month - 1, t.day, t.hour, t.minute, t.second);
    wanted.setFullYear(t.year, t.month - 1, t.day);
    this.#offset = wanted.getTime() - Date.now();
  }
}

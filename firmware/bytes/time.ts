// Monotonic time, and a queue of things to do at a time.

/** Milliseconds of a monotonic clock; only differences mean anything. Never a calendar time. */
export type Millis = number;
export const NEVER: Millis = Number.POSITIVE_INFINITY;

/** One pending task of a TimerQueue. */
export interface Alarm {
  readonly at: Millis;
  cancel(): void;
}

interface Entry extends Alarm {
  at: Millis;
  order: number;
  index: number;
  task: (now: Millis) => void;
}

/** A binary heap of tasks by time, then by order of setting: the same tasks always run in the same order. O(log n) per call. */
export class TimerQueue {
  readonly #heap: Entry[] = [];
  #order = 0;

  /** How many tasks wait. */
  get size(): number {
    return this.#heap.length;
  }

  /** Runs `task` once when `run` is called with a time not before `at`. */
  set(at: Millis, task: (now: Millis) => void): Alarm {
    const entry: Entry = { at, order: this.#order++, index: this.#heap.length, task, cancel: () => this.#remove(entry) };
    this.#heap.push(entry);
    this.#up(entry.index);
    return entry;
  }

  /** When the next task is due; NEVER when none waits. */
  deadline(): Millis {
    return this.#heap[0]?.at ?? NEVER;
  }

  /** Runs every task due at `now`, those included that the tasks themselves set for `now` or earlier. */
  run(now: Millis): void {
    while (this.runOne(now)) continue;
  }

  /** Runs the first task due at `now`; false when none is. */
  runOne(now: Millis): boolean {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return false;
    this.#remove(first);
    first.task(now);
    return true;
  }

  #remove(entry: Entry): void {
    if (this.#heap[entry.index] !== entry) return;
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    last.index = entry.index;
    this.#heap[entry.index] = last;
    this.#up(last.index);
    this.#down(last.index);
  }

  #before(a: Entry, b: Entry): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #swap(a: Entry, b: Entry): void {
    const index = a.index;
    a.index = b.index;
    b.index = index;
    this.#heap[a.index] = a;
    this.#heap[b.index] = b;
  }

  #up(from: number): void {
    const entry = this.#heap[from];
    while (entry !== undefined && entry.index > 0) {
      const parent = this.#heap[(entry.index - 1) >> 1];
      if (parent === undefined || !this.#before(entry, parent)) return;
      this.#swap(entry, parent);
    }
  }

  #down(from: number): void {
    const entry = this.#heap[from];
    while (entry !== undefined) {
      const left = this.#heap[entry.index * 2 + 1];
      const right = this.#heap[entry.index * 2 + 2];
      const least = right !== undefined && left !== undefined && this.#before(right, left) ? right : left;
      if (least === undefined || !this.#before(least, entry)) return;
      this.#swap(entry, least);
    }
  }
}

// The event log: one line per event into a bounded ring, with a bound on how fast one source may fill it
// (layout and columns: AlliedWare SHOW LOG, Log Message Reference).

import type { WallClock, WallTime } from '../hal/clock.ts';
import type { Millis } from '../bytes/time.ts';
import { printable } from '../bytes/text.ts';

/** 0 (least) .. 7 (most important); 3 is what firewall accounting uses, 6 an interface that comes or goes, 7 a restart. */
export type LogSeverity = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** What a room reports: who, which layer, what, why, next step, in one sentence. Never secrets. */
export interface LogEvent {
  /** Module as the Mod column prints it: 'PPP', 'L2TP', 'USER'. */
  readonly module: string;
  readonly severity: LogSeverity;
  /** Type and subtype columns, up to five letters each: 'VINT' 'UP'. */
  readonly type: string;
  readonly subtype: string;
  readonly text: string;
  /** Whose events share one rate bound and one history: a peer, an interface, a call. Without it the module's type is the source. */
  readonly source?: string;
}

/** What every room is given. */
export interface Log {
  add(event: LogEvent): void;
}

/** An event as the ring keeps it. */
export interface LogRecord extends LogEvent {
  /** Rises by one with every event since start. */
  readonly id: number;
  readonly at: WallTime;
  readonly source: string;
}

/** Reads the monotonic clock. */
interface Now {
  now(): Millis;
}

/** Bounds of the ring; own limits, chosen so that a flood costs at most about 2 MB and leaves older events of other sources readable. */
export interface LogLimits {
  /** Events kept. */
  readonly events: number;
  /** Longest text kept, characters. */
  readonly text: number;
  /** Events that one source may add at once, and per second after that. */
  readonly burst: number;
  readonly perSecond: number;
  /** Sources whose rate is remembered. */
  readonly sources: number;
}

const LIMITS: LogLimits = { events: 2000, text: 500, burst: 60, perSecond: 5, sources: 512 };

interface Bucket {
  tokens: number;
  at: Millis;
  suppressed: number;
  last: LogEvent;
}

/** The event ring (MEMORY). Outputs subscribe by `onRecord`. */
export class EventRing implements Log {
  readonly #wall: WallClock;
  readonly #clock: Now;
  readonly #limits: LogLimits;
  readonly #records: LogRecord[] = [];
  readonly #buckets = new Map<string, Bucket>();
  #next = 0;
  #head = 0;
  #enabled = true;
  /** Called for every event that the rate bound let through, in order. */
  onRecord: (record: LogRecord) => void = () => {};

  constructor(wall: WallClock, clock: Now, limits: Partial<LogLimits> = {}) {
    this.#wall = wall;
    this.#clock = clock;
    this.#limits = { ...LIMITS, ...limits };
  }

  /** ENABLE LOG and DISABLE LOG: while off nothing is recorded. */
  get enabled(): boolean {
    return this.#enabled;
  }

  set enabled(on: boolean) {
    this.#enabled = on;
  }

  add(event: LogEvent): void {
    if (!this.#enabled) return;
    const source = event.source ?? `${event.module} ${event.type}`;
    const bucket = this.#bucket(source, event);
    bucket.last = event;
    if (bucket.tokens < 1) {
      bucket.suppressed++;
      return;
    }
    bucket.tokens -= 1;
    if (bucket.suppressed > 0) this.#report(source, bucket);
    this.#keep(event, source);
  }

  /** All events kept, oldest first. */
  records(): readonly LogRecord[] {
    return [...this.#records.slice(this.#head), ...this.#records.slice(0, this.#head)];
  }

  /** The last `count` events, oldest first; of one source where `source` is given. */
  last(count: number, source?: string): readonly LogRecord[] {
    const all = source === undefined ? this.records() : this.records().filter((r) => r.source === source);
    return all.slice(Math.max(0, all.length - count));
  }

  /** Says of floods that are over how much was left out; without it that is said with the source's next event. SHOW LOG calls it. */
  settle(): void {
    // A copy: looking a bucket up moves it to the end of the map.
    const all = [...this.#buckets];
    for (const [source, { last }] of all) {
      const bucket = this.#bucket(source, last);
      if (bucket.suppressed > 0 && bucket.tokens >= 1) this.#report(source, bucket);
    }
  }

  /** Forgets what is kept (PURGE LOG). */
  clear(): void {
    this.#records.length = 0;
    this.#head = 0;
  }

  #report(source: string, bucket: Bucket): void {
    const count = bucket.suppressed;
    bucket.suppressed = 0;
    const { module, severity, type } = bucket.last;
    this.#keep({ module, severity, type, subtype: 'RATE', text: `${count} further events of ${source} left out: too many in a short time` }, source);
  }

  #keep(event: LogEvent, source: string): void {
    const text = printable(event.text);
    const record: LogRecord = {
      id: this.#next++,
      at: this.#wall.now(),
      module: event.module,
      severity: event.severity,
      type: event.type,
      subtype: event.subtype,
      text: text.length > this.#limits.text ? `${text.slice(0, this.#limits.text - 3)}...` : text,
      source,
    };
    if (this.#records.length < this.#limits.events) this.#records.push(record);
    else {
      this.#records[this.#head] = record;
      this.#head = (this.#head + 1) % this.#limits.events;
    }
    this.onRecord(record);
  }

  /** The source's bucket, refilled to `now`. The least recently used one is forgotten when there are too many. */
  #bucket(source: string, event: LogEvent): Bucket {
    const now = this.#clock.now();
    const { burst, perSecond, sources } = this.#limits;
    const known = this.#buckets.get(source);
    if (known !== undefined) {
      known.tokens = Math.min(burst, known.tokens + (Math.max(0, now - known.at) * perSecond) / 1000);
      known.at = now;
      this.#buckets.delete(source);
      this.#buckets.set(source, known);
      return known;
    }
    if (this.#buckets.size >= sources) {
      const oldest = this.#buckets.keys().next();
      if (oldest.done !== true) this.#buckets.delete(oldest.value);
    }
    const fresh: Bucket = { tokens: burst, at: now, suppressed: 0, last: event };
    this.#buckets.set(source, fresh);
    return fresh;
  }
}

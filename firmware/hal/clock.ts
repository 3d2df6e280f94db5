// Time and chance, given to the firmware by the board.

import type { Alarm, Millis } from '../bytes/time.ts';

/** The monotonic clock and its alarms. Machines never see it: they are given `now`; their owners hold one Alarm each. */
export interface Clock {
  now(): Millis;
  /** Runs `task` once at `at` or as soon after it as the board can; at once, but never inside this call, where `at` has passed. */
  at(at: Millis, task: (now: Millis) => void): Alarm;
}

/** A calendar date and time of day as an operator reads it. */
export interface WallTime {
  readonly year: number;
  /** 1..12 */
  readonly month: number;
  /** 1..31 */
  readonly day: number;
  /** 0..23 */
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0 = Sunday .. 6 = Saturday */
  readonly weekday: number;
}

/** The calendar. Only for display and logs: nothing is timed by it. */
export interface WallClock {
  now(): WallTime;
  /** The same instant in whole seconds since 1970 UTC, as protocols carry it (RADIUS Event-Timestamp). */
  seconds(): number;
  /** Sets the time; only the fields given change. On a host it sets an offset inside hashi, never the host's clock. */
  set(change: Partial<Omit<WallTime, 'weekday'>>): void;
}

/** Unpredictable octets, from the kernel on a real board, seeded in the simulator. */
export interface Random {
  bytes(count: number): Uint8Array;
}

/** The digests that L2TP and PPP authentication need (RFC 2661 4.3, RFC 1994, RFC 2759). Synchronous. */
export interface Crypto {
  md4(data: Uint8Array): Uint8Array;
  md5(data: Uint8Array): Uint8Array;
  sha1(data: Uint8Array): Uint8Array;
  sha256(data: Uint8Array): Uint8Array;
  /** One DES block of 8 octets under a key of 8 octets with parity bits (RFC 2759 8.6). */
  des(key: Uint8Array, block: Uint8Array): Uint8Array;
}

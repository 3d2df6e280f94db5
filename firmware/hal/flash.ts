// The flash file system: flat names, whole-file writes that a power cut cannot tear.

import type { WallTime } from './clock.ts';

export interface FileInfo {
  readonly name: string;
  readonly size: number;
  readonly created: WallTime;
}

/** Undefined = done; else one sentence why not (full, read-only); the old file is then still whole. */
export type FlashDone = (failure: string | undefined) => void;

/** Look-ups are case-insensitive; names keep the case they were made with. */
export interface Flash {
  list(): readonly FileInfo[];
  read(name: string): Uint8Array | undefined;
  /** Replaces the whole file: after a cut at any moment the old or the new content is there. `done` comes later, off the main thread. */
  write(name: string, data: Uint8Array, done: FlashDone): void;
  remove(name: string, done: FlashDone): void;
  rename(from: string, to: string, done: FlashDone): void;
  /** Octets free and in all. */
  space(): { readonly free: number; readonly total: number };
}

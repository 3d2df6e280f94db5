// The two systems of a box with A/B slots: what runs, and putting a new one beside it.

import type { Ipv4 } from '../bytes/ip.ts';
import type { Refusal } from './dataplane.ts';

export type SlotName = 'A' | 'B';

export interface UpdateState {
  /** The slot that runs, and the one that starts when nothing is on trial. */
  readonly running: SlotName;
  readonly active: SlotName;
  /** Is tried at the next start, once. */
  readonly next: SlotName | undefined;
  /** What runs is on trial: unless it is confirmed the next start goes back. */
  readonly trying: boolean;
  /** This slot was tried before this start and did not come up. */
  readonly failed: SlotName | undefined;
  /** Whether this build holds the public key that updates are signed with. */
  readonly key: boolean;
  /** Files that were saved while a system was on trial which did not stay, under the names they have now. */
  readonly aside: readonly string[];
}

/** What was put into the other slot. */
export interface Installed {
  readonly slot: SlotName;
  readonly version: string;
  readonly kernel: string;
  readonly size: number;
}

export interface UpdateRequest {
  readonly server: Ipv4;
  readonly file: string;
  /** Takes an update that nobody signed or whose signer this build does not know; never one whose signature is wrong. */
  readonly unsigned: boolean;
}

/** Absent on boards without slots. */
export interface Updates {
  state(): UpdateState;
  /** Fetches an update by HTTP into the slot that does not run, checks signature and hash, and has it tried at the next start. */
  install(request: UpdateRequest, done: (result: Installed | Refusal) => void, progress: (bytes: number) => void): { cancel(): void };
  /** Keeps the system that is on trial. The sentence why not. */
  confirm(): string | undefined;
  /** Takes the trial back: the next start is that of the confirmed system. The sentence why not. */
  revert(): string | undefined;
}

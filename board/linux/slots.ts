// The two systems of a card and which of them runs: the state records that the loader (board/appliance/init) reads and writes,
// and what it told of this start. Two records of one sector each; the valid one with the higher number counts, and the other is
// overwritten, so that a whole one is there whenever the power goes.

import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';

import { C } from './ffi/libc.ts';

export type Slot = 'a' | 'b';
export const otherSlot = (slot: Slot): Slot => (slot === 'a' ? 'b' : 'a');

/** What the records say. */
export interface SlotState {
  readonly seq: number;
  /** Starts when no update is on trial. */
  readonly active: Slot;
  /** Starts `tries` more times, unconfirmed. */
  readonly trial: Slot | undefined;
  readonly tries: number;
  /** 'failed-b': that one was tried and did not come up. */
  readonly note: string;
}

const SECTOR = 512;
/** In octets from the start of the card (build/image/disk.ts). */
export const RECORDS = [1 << 20, 2 << 20] as const;
const FRESH: SlotState = { seq: 0, active: 'a', trial: undefined, tries: 0, note: '-' };

const sum = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
const isSlot = (text: string | undefined): text is Slot => text === 'a' || text === 'b';

/** One record as it stands on the card. */
export function recordText({ seq, active, trial, tries, note }: SlotState): string {
  const text = `hashi-state 1 seq=${seq} active=${active} trial=${trial ?? '-'} tries=${tries} note=${note}`;
  return `${text} sum=${sum(text)}\n`;
}

/** What a record says; undefined where it is torn or was never written. */
export function parseRecord(sector: Uint8Array): SlotState | undefined {
  const line = Buffer.from(sector).toString('latin1').split('\n')[0] ?? '';
  const found = /^(hashi-state 1 seq=(\d{1,15}) active=([ab]) trial=([ab-]) tries=(\d{1,3}) note=(\S+)) sum=([0-9a-f]{16})$/.exec(line);
  if (found === null) return undefined;
  const [, text = '', seq, active, trial, tries, note = '-', digest] = found;
  if (sum(text) !== digest || !isSlot(active)) return undefined;
  return { seq: Number(seq), active, trial: isSlot(trial) ? trial : undefined, tries: Number(tries), note };
}

/** The state of a card, and which of the records the next one overwrites. */
export function readState(disk: string): { readonly state: SlotState; readonly next: 0 | 1 } {
  const fd = openSync(disk, 'r');
  try {
    const [first, second] = RECORDS.map((at) => {
      const sector = Buffer.alloc(SECTOR);
      readSync(fd, sector, 0, SECTOR, at);
      return parseRecord(sector);
    });
    if (first === undefined && second === undefined) return { state: FRESH, next: 0 };
    return (first?.seq ?? 0) >= (second?.seq ?? 0) ? { state: first ?? FRESH, next: 1 } : { state: second ?? FRESH, next: 0 };
  } finally {
    closeSync(fd);
  }
}

/** Changes the state; when this returns the change is on the card. */
export function writeState(disk: string, change: Partial<Omit<SlotState, 'seq'>>): SlotState {
  const { state, next } = readState(disk);
  const fresh: SlotState = { ...state, ...change, seq: state.seq + 1 };
  const sector = Buffer.alloc(SECTOR);
  sector.write(recordText(fresh), 'latin1');
  const fd = openSync(disk, 'r+');
  try {
    writeSync(fd, sector, 0, SECTOR, RECORDS[next]);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return fresh;
}

/** flock(2): exclusive, not waiting. The lock goes with the process, whatever ends it. */
const LOCK_EX_NB = 2 | 4;

/** Has a card for one update at a time, of the router or of `hashi update`; what gives it back, or undefined where another has it. */
export function lockCard(disk: string): (() => void) | undefined {
  const fd = openSync(disk, 'r');
  if (C.flock(fd, LOCK_EX_NB) === 0) return () => closeSync(fd);
  closeSync(fd);
  return undefined;
}

/** What the loader told of this start. */
export interface BootFacts {
  /** '/dev/mmcblk0' */
  readonly disk: string;
  /** What precedes a partition's number: '/dev/mmcblk0p'. */
  readonly part: string;
  readonly slot: Slot;
  /** An update runs that is not confirmed yet. */
  readonly trying: boolean;
  /** The loader went back: the slot that did not come up. */
  readonly failed: Slot | undefined;
  readonly flash: 'whole' | 'damaged';
}

/** Undefined where no loader started this system. */
export function readBootFacts(path: string): BootFacts | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
  const facts = new Map(text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  const slot = facts.get('slot');
  const disk = facts.get('disk') ?? '';
  if (!isSlot(slot) || disk === '') return undefined;
  const failed = /^failed-([ab])$/.exec(facts.get('note') ?? '')?.[1];
  return { disk, part: facts.get('part') ?? disk, slot, trying: facts.get('trying') === '1', failed: isSlot(failed) ? failed : undefined, flash: facts.get('flash') === 'damaged' ? 'damaged' : 'whole' };
}

/** The partition of a slot. */
export const slotDevice = ({ part }: BootFacts, slot: Slot): string => `${part}${slot === 'a' ? 2 : 3}`;

// Putting a new system into the slot that does not run: streamed, its first block last, read back, then tried once.

import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

import { formatIpv4 } from '../../firmware/bytes/ip.ts';
import type { Installed, SlotName, Updates, UpdateRequest } from '../../firmware/hal/update.ts';
import { textOf } from './failure.ts';
import { forgetFiles, keepFiles, settleFiles } from './kept-files.ts';
import { type BootFacts, lockCard, otherSlot, readState, type Slot, slotDevice, writeState } from './slots.ts';
import { HEADER, readHead, type UpdateHead } from './update-file.ts';

const KEY = '/etc/hashi/update.pub';
/** Seen by the script that ends a trial which nobody confirms (board/appliance). */
const CONFIRMED = '/run/hashi/confirmed';
/** Octets that make a slot a file system: written last. */
const FIRST = 4096;
const SILENCE_MS = 30_000;
const CHUNK = 1 << 20;

export interface InstallOptions {
  readonly facts: BootFacts;
  /** The board that updates must be for. */
  readonly board: string;
  /** PEM text of the public key. */
  readonly key: string | undefined;
  readonly unsigned: boolean;
  progress(bytes: number): void;
  /** The new system is whole on the card; it is put on trial next. */
  prepared?(): void;
}

const BUSY = 'another update is being written to this card';

/** What runs is unconfirmed: the other slot holds the way back. */
const onTrial = ({ trying, slot, disk }: BootFacts): boolean => trying && readState(disk).state.active !== slot;

const nameOf = (slot: Slot): SlotName => (slot === 'a' ? 'A' : 'B');

/** Why an update of this head is not taken. */
function refusalOf(head: UpdateHead, { board, unsigned }: Pick<InstallOptions, 'board' | 'unsigned'>): string | undefined {
  if (head.board !== board) return `it is for the board ${head.board}, and this is ${board}`;
  switch (head.signature) {
    case 'good':
      return undefined;
    case 'bad':
      return 'its signature is wrong';
    case 'none':
      return unsigned ? undefined : 'it is not signed';
    case 'unknown key':
      return unsigned ? undefined : 'this build has no key to check its signature with; UNSIGNED on the console takes it all the same';
    default:
      return head.signature satisfies never;
  }
}

/** Collects the head, then gives octets of the file system as they come. */
async function* bodyOf(stream: AsyncIterable<Uint8Array>, head: (bytes: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  let waiting = Buffer.alloc(0);
  let inside = false;
  for await (const part of stream) {
    if (inside) {
      yield part;
      continue;
    }
    waiting = Buffer.concat([waiting, part]);
    if (waiting.length < HEADER) continue;
    head(waiting);
    inside = true;
    if (waiting.length > HEADER) yield waiting.subarray(HEADER);
  }
  if (!inside) throw new Error('it is too short');
}

async function sizeOf(file: FileHandle): Promise<number> {
  // A block device says 0 here; its end is where reading ends.
  const { size } = await file.stat();
  if (size > 0) return size;
  const one = Buffer.alloc(1);
  let low = 0;
  let high = 2 ** 40;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const { bytesRead } = await file.read(one, 0, 1, middle);
    if (bytesRead === 1) low = middle;
    else high = middle;
  }
  return low + 1;
}

/** Writes the system of `stream` into the slot that does not run and has it tried at the next start. Throws with the reason. */
export async function installFrom(stream: AsyncIterable<Uint8Array>, options: InstallOptions): Promise<Installed> {
  const release = lockCard(options.facts.disk);
  if (release === undefined) throw new Error(BUSY);
  try {
    if (onTrial(options.facts)) throw new Error('the running system is on trial, and the other slot is the way back: CONFIRM UPDATE first');
    return await fill(otherSlot(options.facts.slot), stream, options);
  } finally {
    release();
  }
}

async function fill(slot: Slot, stream: AsyncIterable<Uint8Array>, options: InstallOptions): Promise<Installed> {
  const { facts } = options;
  const file = await open(slotDevice(facts, slot), 'r+');
  try {
    const room = await sizeOf(file);
    let head: UpdateHead | undefined;
    const hash = createHash('sha256');
    const first = Buffer.alloc(FIRST);
    let at = 0;
    const body = bodyOf(stream, (bytes) => {
      const read = readHead(bytes, options.key);
      const why = typeof read === 'string' ? read : (refusalOf(read, options) ?? (read.size > room ? `it has ${read.size} octets and the slot ${room}` : undefined));
      if (why !== undefined || typeof read === 'string') throw new Error(why ?? '');
      head = read;
      // From here on the slot holds nothing that could be started, and no trial of what it held is left.
      if (readState(facts.disk).state.trial === slot) writeState(facts.disk, { trial: undefined, tries: 0 });
    });
    for await (const part of body) {
      if (head === undefined) throw new Error('it is too short');
      if (at === 0) {
        await file.write(Buffer.alloc(FIRST), 0, FIRST, 0);
        await file.sync();
      }
      if (at + part.length > head.size) throw new Error('it is longer than its head says');
      hash.update(part);
      const inFirst = Math.max(0, Math.min(part.length, FIRST - at));
      if (inFirst > 0) first.set(part.subarray(0, inFirst), at);
      if (inFirst < part.length) await file.write(part, inFirst, part.length - inFirst, at + inFirst);
      at += part.length;
      options.progress(at);
    }
    if (head === undefined || at < head.size) throw new Error('it ends too early');
    if (hash.digest('hex') !== head.sha256) throw new Error('its content does not match its hash');
    await file.sync();
    await file.write(first, 0, FIRST, 0);
    await file.sync();
    await readBack(slotDevice(facts, slot), head);
    options.prepared?.();
    writeState(facts.disk, { trial: slot, tries: 1, note: '-' });
    return { slot: nameOf(slot), version: head.version, kernel: head.kernel, size: head.size };
  } finally {
    await file.close();
  }
}

async function readBack(device: string, head: UpdateHead): Promise<void> {
  // Not out of memory: what the card holds is asked.
  Bun.spawnSync(['sh', '-c', 'echo 1 >/proc/sys/vm/drop_caches'], { stdout: 'ignore', stderr: 'ignore' });
  const hash = createHash('sha256');
  for await (const part of createReadStream(device, { end: head.size - 1, highWaterMark: CHUNK })) hash.update(part);
  if (hash.digest('hex') !== head.sha256) throw new Error('the card holds something else than was written: it may be worn out');
}

/** The text of the key of this build. */
const ownKey = (): string | undefined => (existsSync(KEY) ? readFileSync(KEY, 'utf8') : undefined);

/** Opened when it is read first: one that nobody comes to read fails nowhere. */
async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { highWaterMark: CHUNK });
}

export interface FileOptions {
  readonly facts: BootFacts;
  readonly board: string;
  /** The folder whose configuration is kept for the way back. */
  readonly flash: string;
  readonly unsigned: boolean;
  /** PEM text of the public key, where it is not that of this build. */
  readonly key?: string;
  say(text: string): void;
}

/** A file or standard input (-) into the other slot: `hashi update`. The exit code. */
export async function installFile(path: string, options: FileOptions): Promise<number> {
  const { facts, flash, key = ownKey() } = options;
  try {
    const stream: AsyncIterable<Uint8Array> = path === '-' ? Bun.stdin.stream() : piecesOf(path);
    const done = await installFrom(stream, { ...options, key, progress: () => {}, prepared: () => keepFiles(flash, { of: facts.slot, began: false }) });
    options.say(`hashi ${done.version} (kernel ${done.kernel}) is in slot ${done.slot} and is tried at the next start`);
    return 0;
  } catch (error) {
    options.say(`The update was not taken: ${textOf(error)}`);
    return 1;
  }
}

async function* chunks(request: UpdateRequest, signal: AbortSignal, alive: () => void): AsyncGenerator<Uint8Array> {
  const answer = await fetch(`http://${formatIpv4(request.server)}/${request.file.replace(/^\/+/, '')}`, { signal });
  if (!answer.ok || answer.body === null) throw new Error(`the server answered ${answer.status}`);
  for await (const part of answer.body) {
    alive();
    yield part;
  }
}

/** The slots of a card whose loader told `facts`. */
export class CardUpdates implements Updates {
  readonly #facts: BootFacts;
  readonly #board: string;
  readonly #flash: string;
  /** Names of files that were saved on a trial which is over, beside those that were put back. */
  readonly aside: readonly string[];

  /** `flash`: the folder whose configuration is kept while an update is on trial. `say`: to the console. */
  constructor(facts: BootFacts, board: string, flash: string, say: (text: string) => void) {
    this.#facts = facts;
    this.#board = board;
    this.#flash = flash;
    const { slot, disk, failed } = facts;
    try {
      this.aside = settleFiles(flash, { slot, trying: onTrial(facts), pending: readState(disk).state.trial !== undefined });
    } catch (error) {
      // A full flash, for one: the router starts all the same.
      this.aside = [];
      say(`The configuration for the way back from an update cannot be kept or put back: ${textOf(error)}`);
    }
    if (this.aside.length > 0) say(`The configuration from before the update is there again; what was saved meanwhile is kept as ${this.aside.join(', ')}`);
    // The loader's word was heard: said once.
    if (failed !== undefined) writeState(disk, { note: '-' });
  }

  state(): ReturnType<Updates['state']> {
    const { slot, failed, disk } = this.#facts;
    const { active, trial, tries } = readState(disk).state;
    return {
      running: nameOf(slot),
      active: nameOf(active),
      next: trial !== undefined && tries > 0 ? nameOf(trial) : undefined,
      trying: onTrial(this.#facts),
      failed: failed === undefined ? undefined : nameOf(failed),
      key: existsSync(KEY),
      aside: this.aside,
    };
  }

  install(request: UpdateRequest, done: Parameters<Updates['install']>[1], progress: (bytes: number) => void): { cancel(): void } {
    const abort = new AbortController();
    let timer = setTimeout(() => abort.abort(new Error('the server is silent')), SILENCE_MS);
    const alive = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(new Error('the server is silent')), SILENCE_MS);
    };
    const stream = chunks(request, abort.signal, alive);
    const prepared = (): void => keepFiles(this.#flash, { of: this.#facts.slot, began: false });
    installFrom(stream, { facts: this.#facts, board: this.#board, key: ownKey(), unsigned: request.unsigned, progress, prepared })
      .then(done, (error: unknown) => done({ refused: textOf(error) }))
      .finally(() => clearTimeout(timer));
    return { cancel: () => abort.abort(new Error('stopped')) };
  }

  confirm(): string | undefined {
    const { disk, slot } = this.#facts;
    if (!this.state().trying) return 'nothing is on trial';
    writeState(disk, { active: slot, trial: undefined, tries: 0, note: '-' });
    mkdirSync('/run/hashi', { recursive: true });
    writeFileSync(CONFIRMED, '');
    forgetFiles(this.#flash);
    return undefined;
  }

  revert(): string | undefined {
    const { disk } = this.#facts;
    const { next, trying } = this.state();
    if (next === undefined && !trying) return 'nothing is on trial';
    const release = lockCard(disk);
    if (release === undefined) return BUSY;
    try {
      writeState(disk, { trial: undefined, tries: 0 });
    } finally {
      release();
    }
    // What was tried changes the files until the next start puts them back; what was not has changed none.
    if (!trying) forgetFiles(this.#flash);
    return undefined;
  }
}

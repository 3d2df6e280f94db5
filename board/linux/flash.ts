// The flash file system as a folder of the board's file system. A cut at any moment leaves the old or the new file, whole:
// temporary file beside it, write, fsync, rename, fsync of the folder, all of it off the main thread.

import { chmodSync, constants, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import type { WallTime } from '../../firmware/hal/clock.ts';
import type { FileInfo, Flash, FlashDone } from '../../firmware/hal/flash.ts';
import { codeOf, textOf } from './failure.ts';

/** A name an operator may give: no path, no hidden file, nothing a shell or a terminal would trip over. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
/** Names of unfinished files; the dot keeps them out of every listing. */
const UNFINISHED = /^\.[0-9a-z]+\.unfinished$/;

/** Why the file system refused, and that the old content of `name` is untouched. */
function reason(name: string, error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'The flash is full; the file is as it was before';
    case 'EROFS':
      return 'The flash is read-only; the file is as it was before';
    case 'EACCES':
    case 'EPERM':
      return 'The flash may not be written by this user; the file is as it was before';
    case 'EIO':
      return 'The flash reported an input/output error; the file is as it was before';
    default:
      return `${name} was not saved: ${textOf(error)}`;
  }
}

/** The flat file system in one folder, 0700. Changes happen one after the other, in the order they were asked for. */
export class FolderFlash implements Flash {
  readonly #folder: string;
  readonly #toWall: (instant: number) => WallTime;
  #last: Promise<void> = Promise.resolve();
  #unfinished = 0;

  private constructor(folder: string, toWall: (instant: number) => WallTime) {
    this.#folder = folder;
    this.#toWall = toWall;
  }

  /** Makes the folder where there is none and removes what a cut left unfinished. `toWall` turns a file's time (milliseconds
   * since 1970) into what the board's calendar shows. Returns the sentence why the folder cannot be used. */
  static open(folder: string, toWall: (instant: number) => WallTime): FolderFlash | string {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if ((statSync(folder).mode & 0o777) !== 0o700) chmodSync(folder, 0o700);
      for (const name of readdirSync(folder)) if (UNFINISHED.test(name)) rmSync(join(folder, name), { force: true });
    } catch (error) {
      // A read-only flash still boots: it is read, and each save says why it fails.
      if (codeOf(error) !== 'EROFS') return `The flash folder ${folder} cannot be used: ${textOf(error)}`;
    }
    return new FolderFlash(folder, toWall);
  }

  list(): readonly FileInfo[] {
    const files: FileInfo[] = [];
    for (const name of this.#names().sort()) {
      const about = statSync(join(this.#folder, name), { throwIfNoEntry: false });
      if (about !== undefined) files.push({ name, size: about.size, created: this.#toWall(about.mtimeMs) });
    }
    return files;
  }

  read(name: string): Uint8Array | undefined {
    const stored = this.#stored(name);
    if (stored === undefined) return undefined;
    try {
      return Uint8Array.from(readFileSync(join(this.#folder, stored)));
    } catch {
      // Removed meanwhile, or a defect of the medium: the caller says that there is no such file.
      return undefined;
    }
  }

  write(name: string, data: Uint8Array, done: FlashDone): void {
    const copy = data.slice();
    this.#next(name, done, async () => {
      await this.#replace(this.#stored(name) ?? name, copy);
      return undefined;
    });
  }

  remove(name: string, done: FlashDone): void {
    this.#next(name, done, async () => {
      const stored = this.#stored(name);
      if (stored === undefined) return `There is no file ${name}`;
      await unlink(join(this.#folder, stored));
      await this.#syncFolder();
      return undefined;
    });
  }

  rename(from: string, to: string, done: FlashDone): void {
    this.#next(to, done, async () => {
      const stored = this.#stored(from);
      if (stored === undefined) return `There is no file ${from}`;
      const present = this.#stored(to);
      if (present !== undefined && present !== stored) await rename(join(this.#folder, stored), join(this.#folder, present));
      else await rename(join(this.#folder, stored), join(this.#folder, to));
      await this.#syncFolder();
      return undefined;
    });
  }

  space(): { readonly free: number; readonly total: number } {
    const about = statfsSync(this.#folder);
    return { free: about.bavail * about.bsize, total: about.blocks * about.bsize };
  }

  /** Fulfilled when everything asked for so far is on the medium or has failed. */
  flushed(): Promise<void> {
    return this.#last;
  }

  #names(): string[] {
    const entries = readdirSync(this.#folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile() && NAME.test(entry.name)).map((entry) => entry.name);
  }

  /** The name as it is on the medium: exactly as given, else the first that differs in case only. */
  #stored(name: string): string | undefined {
    const wanted = name.toLowerCase();
    const same = this.#names().filter((one) => one.toLowerCase() === wanted);
    return same.find((one) => one === name) ?? same.sort()[0];
  }

  #next(name: string, done: FlashDone, change: () => Promise<string | undefined>): void {
    this.#last = this.#last.then(async () => {
      let failure: string | undefined;
      try {
        failure = NAME.test(name) ? await change() : `"${name}" is no file name: letters, digits, "_", "-" and ".", at most 64`;
      } catch (error) {
        failure = reason(name, error);
      }
      done(failure);
    });
  }

  async #replace(name: string, data: Uint8Array): Promise<void> {
    const temporary = join(this.#folder, `.${process.pid.toString(36)}x${(this.#unfinished++).toString(36)}.unfinished`);
    const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      try {
        await file.writeFile(data);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, join(this.#folder, name));
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
    await this.#syncFolder();
  }

  /** Makes a rename or a removal itself durable. */
  async #syncFolder(): Promise<void> {
    const folder = await open(this.#folder, constants.O_RDONLY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

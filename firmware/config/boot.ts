// Which script the router starts with: the file named by SET CONFIG, else boot.cfg, else the board's factory script.

import { fromUtf8, utf8 } from '../bytes/text.ts';
import { isFileName, type FileDone, type Files } from './files.ts';

/** Holds the name that SET CONFIG stored. */
const POINTER = 'config.ins';
const DEFAULT = 'boot.cfg';

/** A script to run at start. `name` is undefined for the factory script. */
export interface BootScript {
  readonly name: string | undefined;
  readonly text: string;
}

export class BootConfig {
  readonly #files: Files;
  readonly #factory: string;
  /** What RESTART ROUTER CONFIG= asked for, once. */
  #once: string | 'NONE' | undefined;
  #current: string | undefined;

  /** `factory` is the board's script for a box that has no configuration; it may be empty. */
  constructor(files: Files, factory: string) {
    this.#files = files;
    this.#factory = factory;
  }

  /** The file named by SET CONFIG; undefined = none. */
  get bootFile(): string | undefined {
    const data = this.#files.read(POINTER);
    const name = data === undefined ? '' : fromUtf8(data).trim();
    return isFileName(name) ? name : undefined;
  }

  /** The file that this start used; undefined = the factory script. */
  get currentFile(): string | undefined {
    return this.#current;
  }

  /** SET CONFIG: only stores the name; undefined = none. */
  setBootFile(name: string | undefined, done: FileDone): void {
    if (name !== undefined) this.#files.write(POINTER, utf8(`${name}\n`), done);
    else if (this.#files.exists(POINTER)) this.#files.remove([POINTER], done);
    else done(undefined);
  }

  /** The next `next` uses this file, or the factory script for 'NONE', without changing what later starts use. */
  useOnce(name: string | 'NONE' | undefined): void {
    this.#once = name;
  }

  /** The script to start with now. A file that is named but gone is passed over. */
  next(): BootScript {
    const once = this.#once;
    this.#once = undefined;
    const candidates = once === undefined ? [this.bootFile, DEFAULT] : once === 'NONE' ? [] : [once, this.bootFile, DEFAULT];
    for (const name of candidates) {
      const data = name === undefined ? undefined : this.#files.read(name);
      if (data === undefined) continue;
      this.#current = name;
      return { name, text: fromUtf8(data) };
    }
    this.#current = undefined;
    return { name: undefined, text: this.#factory };
  }

  /** A configuration that was given from outside flash (hashi run --config): shown as the current one. */
  usedFrom(name: string): void {
    this.#current = name;
  }

  /** The two lines of SHOW CONFIG, also part of SHOW SYSTEM. */
  show(): string {
    const boot = this.bootFile ?? (this.#files.exists(DEFAULT) ? DEFAULT : undefined);
    const first = boot === undefined ? 'Not set' : `${boot} (${this.#files.exists(boot) ? 'exists' : 'does not exist'})`;
    return `Boot configuration file: ${first}\nCurrent configuration: ${this.#current ?? 'None'}`;
  }
}

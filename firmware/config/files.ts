// The files of the flash as commands see them: names with a device, wildcards, and one change after another, so that two
// sessions that edit one file never lose each other's change (AR740 command reference, "Operation": files).

import type { FileInfo, Flash } from '../hal/flash.ts';
import { messages, type Message } from '../cli/messages.ts';

/** Undefined = done; else what to answer. */
export type FileDone = (failure: Message | undefined) => void;

/** A name without its device: 'flash:boot.cfg' and 'boot.cfg' are the same; other devices are refused. */
export function flashName(text: string): string | Message {
  const colon = text.indexOf(':');
  if (colon < 0) return text;
  const device = text.slice(0, colon).toLowerCase();
  return device === 'flash' || device === '*' ? text.slice(colon + 1) : messages.file.noDevice(device);
}

/** The names that a wildcard stands for; * is a whole field. A name without dot means any extension. */
export function matchesSpec(name: string, spec: string): boolean {
  const [wantedBase = '*', wantedExtension = '*'] = spec.toLowerCase().split('.');
  const dot = name.lastIndexOf('.');
  const base = name.slice(0, dot < 0 ? name.length : dot).toLowerCase();
  const extension = dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
  return (wantedBase === '*' || wantedBase === base) && (wantedExtension === '*' || wantedExtension === extension);
}

/** Whether a text is a file name as commands take it. */
export const isFileName = (text: string): boolean => /^[A-Za-z0-9_~-]{1,28}\.[A-Za-z0-9]{1,3}$/.test(text);

/** The extension in lower case. */
export const extensionOf = (name: string): string => name.slice(name.lastIndexOf('.') + 1).toLowerCase();

export class Files {
  readonly #flash: Flash;
  readonly #queue: (() => void)[] = [];
  readonly #locks = new Map<string, number>();
  #busy = false;

  constructor(flash: Flash) {
    this.#flash = flash;
  }

  /** By name, case left out. */
  list(spec = '*.*'): readonly FileInfo[] {
    const key = (file: FileInfo): string => file.name.toLowerCase();
    return this.#flash
      .list()
      .filter((file) => matchesSpec(file.name, spec))
      .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }

  exists(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  /** The name with the case it was made with. */
  nameOf(name: string): string {
    return this.#find(name)?.name ?? name;
  }

  read(name: string): Uint8Array | undefined {
    return this.#flash.read(name);
  }

  space(): { readonly free: number; readonly total: number } {
    return this.#flash.space();
  }

  /** How many run or use the file now (column Locks). */
  locks(name: string): number {
    return this.#locks.get(name.toLowerCase()) ?? 0;
  }

  /** Marks a file as in use; returns how to end that. */
  lock(name: string): () => void {
    const key = name.toLowerCase();
    this.#locks.set(key, this.locks(key) + 1);
    return () => {
      const left = this.locks(key) - 1;
      if (left > 0) this.#locks.set(key, left);
      else this.#locks.delete(key);
    };
  }

  /** Replaces the whole file; the old one stays where that fails. */
  write(name: string, data: Uint8Array, done: FileDone): void {
    this.update(name, () => data, done);
  }

  /** Replaces a file by what `change` makes of its content at that time (undefined = there was none). `change` may refuse. */
  update(name: string, change: (old: Uint8Array | undefined) => Uint8Array | Message, done: FileDone): void {
    this.#run((end) => {
      const data = change(this.#flash.read(name));
      if ('severity' in data) end(data);
      else this.#flash.write(name, data, (failure) => end(failure === undefined ? undefined : messages.file.failed(name, sentence(failure))));
    }, done);
  }

  /** Removes all of `names`, going on after one that fails; the first failure is answered. */
  remove(names: readonly string[], done: FileDone): void {
    let first: Message | undefined;
    const next = (left: readonly string[]): void => {
      const [name, ...rest] = left;
      if (name === undefined) return done(first);
      this.#run(
        (end) => {
          if (this.locks(name) > 0) end(messages.file.inUse(name, 'a running script'));
          else this.#flash.remove(name, (failure) => end(failure === undefined ? undefined : messages.file.failed(name, sentence(failure))));
        },
        (failure) => {
          first ??= failure;
          next(rest);
        },
      );
    };
    next(names);
  }

  /** Gives a file another name, which must be free. */
  rename(from: string, to: string, done: FileDone): void {
    this.#run((end) => {
      if (!this.exists(from)) return end(messages.file.notFound(from));
      if (this.exists(to) && from.toLowerCase() !== to.toLowerCase()) return end(messages.file.exists(to));
      if (this.locks(from) > 0) return end(messages.file.inUse(from, 'a running script'));
      this.#flash.rename(from, to, (failure) => end(failure === undefined ? undefined : messages.file.failed(from, sentence(failure))));
    }, done);
  }

  /** Copies a file to a name that must be free. */
  copy(from: string, to: string, done: FileDone): void {
    const source = this.#flash.read(from);
    if (source === undefined) return done(messages.file.notFound(from));
    this.update(to, (old) => (old === undefined ? source : messages.file.exists(to)), done);
  }

  #find(name: string): FileInfo | undefined {
    return this.#flash.list().find((file) => file.name.toLowerCase() === name.toLowerCase());
  }

  #run(task: (end: FileDone) => void, done: FileDone): void {
    this.#queue.push(() =>
      task((failure) => {
        this.#busy = false;
        done(failure);
        this.#next();
      }),
    );
    this.#next();
  }

  #next(): void {
    if (this.#busy) return;
    const task = this.#queue.shift();
    if (task === undefined) return;
    this.#busy = true;
    task();
  }
}

/** A board's sentence as the second half of a message: no full stop of its own. */
export const sentence = (text: string): string => text.replace(/\.$/, '');

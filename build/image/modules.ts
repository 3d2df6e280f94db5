// The kernel modules of a root or an initramfs: those wanted, and what they depend on.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { run } from './tools.ts';

interface Module {
  /** Below lib/modules/RELEASE, without .xz. */
  readonly path: string;
  readonly file: string;
}

/** Modules are alike under either character. */
const plain = (name: string): string => name.replaceAll('-', '_');

/** All modules of an unpacked kernel by name, and what is built in. */
export class KernelModules {
  readonly release: string;
  readonly #folder: string;
  readonly #modules = new Map<string, Module>();
  readonly #builtin: ReadonlySet<string>;
  readonly #unpacked = new Map<string, Buffer>();

  constructor(tree: string, release: string) {
    this.release = release;
    this.#folder = join(tree, 'usr/lib/modules', release);
    for (const path of readdirSync(join(this.#folder, 'kernel'), { recursive: true, encoding: 'utf8' })) {
      const found = /([^/]+)\.ko(\.xz)?$/.exec(path);
      if (found !== null) this.#modules.set(plain(found[1] ?? ''), { path: `kernel/${path.replace(/\.xz$/, '')}`, file: join(this.#folder, 'kernel', path) });
    }
    this.#builtin = new Set(readFileSync(join(this.#folder, 'modules.builtin'), 'utf8').split('\n').map((line) => plain(basename(line.trim(), '.ko'))));
  }

  /** The names with all they depend on; a name that the kernel has neither as a module nor built in is an error. */
  closure(names: readonly string[]): Set<string> {
    const done = new Set<string>();
    const unknown: string[] = [];
    const add = (name: string, by: string): void => {
      if (done.has(name) || this.#builtin.has(name)) return;
      if (!this.#modules.has(name)) {
        if (by === '') unknown.push(name);
        return;
      }
      done.add(name);
      for (const other of this.#needs(name)) add(other, name);
    };
    for (const name of names) add(plain(name), '');
    if (unknown.length > 0) throw new Error(`kernel ${this.release} has no module ${unknown.join(', ')}`);
    return done;
  }

  /** Puts modules into a root with the lists that modprobe reads. */
  install(names: ReadonlySet<string>, root: string): void {
    const target = join(root, 'usr/lib/modules', this.release);
    for (const name of names) {
      const module = this.#modules.get(name);
      if (module === undefined) continue;
      mkdirSync(dirname(join(target, module.path)), { recursive: true });
      writeFileSync(join(target, module.path), this.#read(name));
    }
    mkdirSync(target, { recursive: true });
    for (const list of ['modules.builtin', 'modules.builtin.modinfo', 'modules.order']) cpSync(join(this.#folder, list), join(target, list));
    // The root's /lib is a link to usr/lib, so that every version of depmod finds the modules.
    run(['depmod', '-b', root, this.release]);
    for (const list of readdirSync(target)) if (/\.bin$|modules\.(symbols|devname|order|builtin\.modinfo)$/.test(list)) rmSync(join(target, list));
  }

  #read(name: string): Buffer {
    const known = this.#unpacked.get(name);
    if (known !== undefined) return known;
    const file = this.#modules.get(name)?.file ?? '';
    const data = file.endsWith('.xz') ? run(['xz', '-dc', file]) : readFileSync(file);
    this.#unpacked.set(name, data);
    return data;
  }

  /** depends= and softdep= of a module's .modinfo. */
  #needs(name: string): string[] {
    const text = this.#read(name).toString('latin1');
    const depends = /\0depends=([^\0]*)\0/.exec(text)?.[1]?.split(',') ?? [];
    const soft = [...text.matchAll(/\0softdep=([^\0]*)\0/g)].flatMap((found) => (found[1] ?? '').split(' ').filter((word) => word !== 'pre:' && word !== 'post:'));
    return [...depends, ...soft].filter((one) => one !== '').map(plain);
  }
}

// The configuration as it was before an update: kept beside the files while the new system is on trial, put back when it did not
// stay, for that system may have written them in a way the one before it does not read.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';

import type { Slot } from './slots.ts';

/** Hidden from every listing of the flash. */
const FOLDER = '.before-update';
const FRESH = '.before-update.new';
/** Says which system the copies are for. */
const ABOUT = 'about';
/** What configures the router; logs and what belongs to the running one stay as they are. */
const NAMES = /\.(cfg|scp)$|^config\.ins$|^board\.(json|jsn)$|^authorized_keys$/i;
/** Says which script starts: nothing anybody would want to read later. */
const POINTER = /^config\.ins$/i;
/** The longest name of a file that is shown. */
const NAME_MOST = 64;

/** Whose files the copies are, and whether the system that was tried has run: before that nothing has to be put back. */
export interface Kept {
  readonly of: Slot;
  readonly began: boolean;
}

const sync = (): void => void Bun.spawnSync(['sync'], { stdout: 'ignore', stderr: 'ignore' });
const files = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile() && NAMES.test(entry.name)).map((entry) => entry.name);

/** Keeps copies of what is there now in the place of older ones. */
export function keepFiles(flash: string, { of, began }: Kept): void {
  const fresh = join(flash, FRESH);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  for (const name of files(flash)) copyFileSync(join(flash, name), join(fresh, name));
  writeFileSync(join(fresh, ABOUT), `${of} ${began ? 'began' : 'waits'}\n`);
  sync();
  // In one piece: half a set of copies is never taken for a whole one.
  rmSync(join(flash, FOLDER), { recursive: true, force: true });
  renameSync(fresh, join(flash, FOLDER));
  sync();
}

/** Undefined where no copies are there. */
export function keptFiles(flash: string): Kept | undefined {
  const about = join(flash, FOLDER, ABOUT);
  if (!existsSync(about)) return undefined;
  const [of, word] = readFileSync(about, 'latin1').trim().split(' ');
  return { of: of === 'b' ? 'b' : 'a', began: word === 'began' };
}

/** 'boot-trial.cfg' */
function asideName(name: string): string {
  const ending = extname(name);
  const stem = name.slice(0, name.length - ending.length);
  const mark = '-trial';
  return `${stem.slice(0, NAME_MOST - mark.length - ending.length)}${mark}${ending}`;
}

/** In one piece: never half of the new content under the name. */
function copyWhole(from: string, flash: string, name: string): void {
  const fresh = join(flash, `.${name}.back`);
  copyFileSync(from, fresh);
  sync();
  renameSync(fresh, join(flash, name));
}

/** Puts the copies back where the files differ; what stood there stays under another name: those names. A second time it does nothing. */
function putFilesBack(flash: string): string[] {
  const kept = join(flash, FOLDER);
  const aside: string[] = [];
  for (const name of files(kept)) {
    const now = join(flash, name);
    const there = existsSync(now);
    if (there && readFileSync(now).equals(readFileSync(join(kept, name)))) continue;
    if (there && !POINTER.test(name)) {
      aside.push(asideName(name));
      copyWhole(now, flash, asideName(name));
    }
    copyWhole(join(kept, name), flash, name);
  }
  forgetFiles(flash);
  return aside;
}

/** What a start of the router means for the copies; the names of files that a system on trial saved and that were put aside. */
export function settleFiles(flash: string, { slot, trying, pending }: { readonly slot: Slot; readonly trying: boolean; readonly pending: boolean }): string[] {
  const kept = keptFiles(flash);
  if (trying) {
    // What was saved between the update and this start belongs to the system before it, too.
    if (kept?.began !== true) keepFiles(flash, { of: slot === 'a' ? 'b' : 'a', began: true });
    return [];
  }
  if (kept?.began === true && kept.of === slot) return putFilesBack(flash);
  const waits = kept !== undefined && !kept.began && pending;
  if (!waits) forgetFiles(flash);
  return [];
}

/** The copies are not needed any more. */
export function forgetFiles(flash: string): void {
  const there = [FOLDER, FRESH].map((name) => join(flash, name)).filter((path) => existsSync(path));
  for (const path of there) rmSync(path, { recursive: true, force: true });
  if (there.length > 0) sync();
}

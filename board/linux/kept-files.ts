// The configuration as it was before an update: kept beside the files while the new system is on trial, put back when it did not
// come up, for that system may have written them in a way the one before it does not read.

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Hidden from every listing of the flash. */
const FOLDER = '.before-update';
const FRESH = '.before-update.new';
/** What configures the router; logs and what belongs to the running one stay as they are. */
const NAMES = /\.(cfg|scp)$|^config\.ins$|^board\.json$|^authorized_keys$/i;

const sync = (): void => void Bun.spawnSync(['sync'], { stdout: 'ignore', stderr: 'ignore' });
const files = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile() && NAMES.test(entry.name)).map((entry) => entry.name);

/** Keeps copies of what is there now in the place of older ones. */
export function keepFiles(flash: string): void {
  const fresh = join(flash, FRESH);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  for (const name of files(flash)) copyFileSync(join(flash, name), join(fresh, name));
  sync();
  // In one piece: half a set of copies is never taken for a whole one.
  rmSync(join(flash, FOLDER), { recursive: true, force: true });
  renameSync(fresh, join(flash, FOLDER));
  sync();
}

/** Puts the copies back where the files differ, each in one piece; the names that were. A second time it does nothing. */
export function putFilesBack(flash: string): string[] {
  const kept = join(flash, FOLDER);
  if (!existsSync(kept)) return [];
  const changed = files(kept).filter((name) => !existsSync(join(flash, name)) || !readFileSync(join(flash, name)).equals(readFileSync(join(kept, name))));
  for (const name of changed) {
    const fresh = join(flash, `.${name}.back`);
    copyFileSync(join(kept, name), fresh);
    sync();
    renameSync(fresh, join(flash, name));
  }
  forgetFiles(flash);
  return changed;
}

/** The copies are not needed any more. */
export function forgetFiles(flash: string): void {
  rmSync(join(flash, FOLDER), { recursive: true, force: true });
  sync();
}

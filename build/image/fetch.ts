// Fetches the pinned packages into a cache and unpacks them.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { type Lock, type Pinned, REFRESH } from './lock.ts';
import { urlOf } from './mirror.ts';
import { run } from './tools.ts';

const sumOf = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
/** Downloads side by side. */
const LANES = 4;

/** Why the mirror does not give a pinned package, with the way out. */
export function vanished({ name, version }: Pinned, status: number): string {
  if (status !== 404) return `${name} ${version} was not fetched: the mirror answered ${status}`;
  return `${name} ${version} has vanished from the mirror: make the lock file anew by ${REFRESH}`;
}

async function fetchOne(pinned: Pinned, cache: string): Promise<string> {
  const file = join(cache, `${pinned.sha256.slice(0, 16)}-${decodeURIComponent(basename(pinned.path))}`);
  if (existsSync(file) && sumOf(readFileSync(file)) === pinned.sha256) return file;
  const answer = await fetch(urlOf(pinned.archive, pinned.path));
  if (!answer.ok) throw new Error(vanished(pinned, answer.status));
  const data = new Uint8Array(await answer.arrayBuffer());
  if (sumOf(data) !== pinned.sha256) throw new Error(`${pinned.name} ${pinned.version}: what the mirror gives is not what the lock file pins (SHA-256 differs)`);
  writeFileSync(`${file}.new`, data);
  renameSync(`${file}.new`, file);
  return file;
}

/** The files of packages, by name, fetched where the cache does not hold them. */
export async function fetchPackages(lock: Lock, names: readonly string[], cache: string): Promise<Map<string, string>> {
  mkdirSync(cache, { recursive: true });
  const wanted = names.map((name) => {
    const pinned = lock.packages.find((one) => one.name === name);
    if (pinned === undefined) throw new Error(`the lock file has no ${name}: make it anew by ${REFRESH}`);
    return pinned;
  });
  const files = new Map<string, string>();
  const queue = [...wanted];
  await Promise.all(Array.from({ length: LANES }, async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) files.set(next.name, await fetchOne(next, cache));
  }));
  return files;
}

/** Unpacks a package into a folder. */
export function unpack(deb: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  run(['dpkg-deb', '-x', deb, folder]);
}

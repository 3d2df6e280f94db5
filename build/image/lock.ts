// The lock file: every package of the image with version, place and SHA-256, and how it is made anew from the mirror's signed lists.

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ARCHITECTURE, KEYRING, type Suite, SUITES, urlOf } from './mirror.ts';
import { KERNEL_FLAVOUR, KERNEL_PACKAGES, KERNEL_SERIES, KERNEL_SUITE, KEXEC, NOT_FOLLOWED, PI_FIRMWARE, ROOT_PACKAGES } from './packages.ts';
import { run } from './tools.ts';

export interface Pinned {
  readonly name: string;
  readonly version: string;
  readonly archive: Suite['archive'];
  /** Below the archive's root. */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

export interface Lock {
  /** 'linux' release string: 7.2.12+deb13-arm64. */
  readonly kernel: string;
  readonly packages: readonly Pinned[];
}

const FILE = join(import.meta.dir, 'lock.json');
export const REFRESH = 'npm run image -- --refresh-lock';

/** A paragraph of a Packages file. */
interface Offer extends Pinned {
  readonly suite: string;
  readonly depends: readonly (readonly string[])[];
}

export function readLock(): Lock {
  if (!existsSync(FILE)) throw new Error(`there is no lock file of the image's packages: make it by ${REFRESH}`);
  const lock: Lock = JSON.parse(readFileSync(FILE, 'utf8'));
  return lock;
}

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

async function download(archive: Suite['archive'], path: string): Promise<Uint8Array> {
  const answer = await fetch(urlOf(archive, path));
  if (!answer.ok) throw new Error(`${urlOf(archive, path)}: ${answer.status} ${answer.statusText}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** The suite's Release text, its signature checked, and from it the hash of each list. */
async function release(suite: Suite): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'hashi-lock-'));
  try {
    const signed = join(folder, 'InRelease');
    writeFileSync(signed, await download(suite.archive, `dists/${suite.name}/InRelease`));
    run(['gpgv', '--quiet', '--keyring', KEYRING, '--output', join(folder, 'Release'), signed]);
    const text = readFileSync(join(folder, 'Release'), 'utf8');
    const sums = text.slice(text.indexOf('\nSHA256:'));
    return new Map([...sums.matchAll(/^ ([0-9a-f]{64}) +\d+ (\S+)$/gm)].map((found) => [found[2] ?? '', found[1] ?? '']));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function field(paragraph: string, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1] ?? '';
}

const dependsOf = (text: string): string[][] =>
  text.split(',').map((one) => one.split('|').map((choice) => choice.trim().replace(/[ (:].*$/, '')).filter((name) => name !== '')).filter((choices) => choices.length > 0);

async function offers(suite: Suite): Promise<Offer[]> {
  const sums = await release(suite);
  const found: Offer[] = [];
  for (const component of suite.components) {
    const path = `${component}/binary-${ARCHITECTURE}/Packages.xz`;
    const list = await download(suite.archive, `dists/${suite.name}/${path}`);
    if (sha256(list) !== sums.get(path)) throw new Error(`${suite.name} ${path}: the list does not match the signed Release file`);
    const text = run(['xz', '-dc'], { input: list }).toString();
    for (const paragraph of text.split('\n\n')) {
      if (paragraph.trim() === '') continue;
      const depends = [...dependsOf(field(paragraph, 'Pre-Depends')), ...dependsOf(field(paragraph, 'Depends'))];
      found.push({ name: field(paragraph, 'Package'), version: field(paragraph, 'Version'), archive: suite.archive, path: field(paragraph, 'Filename'), size: Number(field(paragraph, 'Size')), sha256: field(paragraph, 'SHA256'), suite: suite.name, depends });
    }
  }
  return found;
}

/** Whether a version is later, by Debian's own rules. */
const later = (a: string, b: string): boolean => Bun.spawnSync(['dpkg', '--compare-versions', a, 'gt', b]).exitCode === 0;

/** The release of the newest kernel of the series that is there with all its packages. */
function newestKernel(byName: ReadonlyMap<string, Offer>): string {
  const releases = [...byName.keys()].flatMap((name) => {
    const part = name.startsWith(`${KERNEL_PACKAGES[0]}-`) ? name.slice(KERNEL_PACKAGES[0].length + 1) : '';
    return part.startsWith(`${KERNEL_SERIES}.`) && part.endsWith(`-${KERNEL_FLAVOUR}`) && !/cloud|rt|16k/.test(part) ? [part] : [];
  });
  const whole = releases.filter((one) => KERNEL_PACKAGES.every((part) => byName.has(`${part}-${one}`)));
  const sorted = whole.toSorted((a, b) => (later(a, b) ? -1 : 1));
  if (sorted[0] === undefined) throw new Error(`${KERNEL_SUITE} has no kernel ${KERNEL_SERIES}: name another series in build/image/packages.ts`);
  return sorted[0];
}

/** Makes the lock file from what the mirror has today. */
export async function refreshLock(): Promise<Lock> {
  const all = new Map<string, Offer>();
  const kernels = new Map<string, Offer>();
  for (const suite of SUITES) {
    for (const offer of await offers(suite)) {
      if (suite.name === KERNEL_SUITE) {
        kernels.set(offer.name, offer);
        continue;
      }
      const known = all.get(offer.name);
      if (known === undefined || later(offer.version, known.version)) all.set(offer.name, offer);
    }
  }
  const kernel = newestKernel(kernels);
  const chosen = new Map<string, Offer>();
  const skip = new Set(NOT_FOLLOWED);
  const add = (name: string): void => {
    if (chosen.has(name)) return;
    const offer = all.get(name);
    if (offer === undefined) throw new Error(`the mirror has no package ${name}`);
    chosen.set(name, offer);
    for (const choices of offer.depends) {
      if (choices.some((one) => chosen.has(one) || skip.has(one))) continue;
      const first = choices.find((one) => all.has(one));
      if (first !== undefined) add(first);
    }
  };
  for (const { name } of [...ROOT_PACKAGES, KEXEC, PI_FIRMWARE]) add(name);
  for (const part of KERNEL_PACKAGES) {
    const offer = kernels.get(`${part}-${kernel}`);
    if (offer !== undefined) chosen.set(offer.name, offer);
  }
  const packages = [...chosen.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(({ name, version, archive, path, size, sha256: sum }) => ({ name, version, archive, path, size, sha256: sum }));
  const lock: Lock = { kernel, packages };
  writeFileSync(FILE, `${JSON.stringify(lock, undefined, 2)}\n`);
  return lock;
}

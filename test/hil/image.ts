// The image under test, and updates made from it: a good one, and those that must not be kept or taken.

import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { PARTITIONS, type Partition } from '../../build/image/disk.ts';
import { run } from '../../build/image/tools.ts';
import { writeUpdate } from '../../build/image/update.ts';
import { sourceDate } from '../../build/version.ts';
import { HEADER } from '../../board/linux/update-file.ts';

const ROOT = join(import.meta.dir, '..', '..');

export interface BuiltImage {
  readonly image: string;
  readonly kernel: string;
  readonly initramfs: string;
  /** Updates, in a folder that is served to the box. */
  readonly served: string;
}

/** Where the console's words of a run go, beside the image. */
export type GuestImage = BuiltImage & { readonly transcript?: string };

/** What `buildImage` made in a folder earlier. */
export function builtImage(folder: string): BuiltImage {
  const base = join(folder, 'hashi-qemu-virt');
  return { image: `${base}.img`, kernel: `${base}.loader.img`, initramfs: `${base}.loader.cpio`, served: join(folder, 'served') };
}

/** Runs a program in the project's folder; throws with what it said where it fails. */
export const must = (words: readonly string[]): void => void run(words, { folder: ROOT });

/** Octets of a partition of an image, in a file of its own. */
export function extract(image: string, name: Partition['name'], to: string): string {
  const found = PARTITIONS.find((one) => one.name === name);
  if (found === undefined) throw new Error(name);
  must(['dd', `if=${image}`, `of=${to}`, 'bs=1M', `skip=${found.at >> 20}`, `count=${found.size >> 20}`, 'conv=sparse', 'status=none']);
  return to;
}

/** Builds the binary and the image of qemu's virt, with a key made for this run, into `folder`. */
export function buildImage(folder: string): BuiltImage {
  mkdirSync(folder, { recursive: true });
  const pair = generateKeyPairSync('ed25519');
  const sign = join(folder, 'sign.pem');
  writeFileSync(sign, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(join(folder, 'update.pub'), pair.publicKey.export({ type: 'spki', format: 'pem' }));
  // One date for all that this run builds, whatever is committed meanwhile.
  process.env['SOURCE_DATE_EPOCH'] ??= String(sourceDate());
  must([process.execPath, 'build/compile.ts', 'arm64']);
  const binary = join(folder, 'hashi-linux-arm64');
  copyFileSync(join(ROOT, 'build', 'out', 'hashi-linux-arm64'), binary);
  must(['nice', '-n', '10', process.execPath, 'build/image/image.ts', '--board', 'qemu-virt', '--fast', '--binary', binary, '--out', folder, '--update-key', join(folder, 'update.pub'), '--sign-key', sign]);
  const base = join(folder, 'hashi-qemu-virt');
  const built = builtImage(folder);
  makeUpdates(built, base, sign, folder);
  return built;
}

function makeUpdates({ image, served }: BuiltImage, base: string, signKey: string, folder: string): void {
  rmSync(served, { recursive: true, force: true });
  mkdirSync(served);
  copyFileSync(`${base}.update`, join(served, 'good.update'));
  const whole = readFileSync(`${base}.update`);
  const changed = Buffer.from(whole);
  changed[HEADER + 1_000_000] = (changed[HEADER + 1_000_000] ?? 0) ^ 1;
  writeFileSync(join(served, 'damaged.update'), changed);
  copyFileSync(`${base}.update`, join(served, 'short.update'));
  truncateSync(join(served, 'short.update'), whole.length - 100_000);
  // A system that stops before its first program: signed, whole, and of no use.
  const slot = extract(image, 'slot-a', join(folder, 'slot-a'));
  const tree = join(folder, 'bad');
  rmSync(tree, { recursive: true, force: true });
  must(['unsquashfs', '-q', '-n', '-d', tree, slot, 'boot/id']);
  mkdirSync(join(tree, 'usr/sbin'), { recursive: true });
  for (const name of ['proc', 'sys', 'dev', 'run', 'tmp', 'flash']) mkdirSync(join(tree, name));
  writeFileSync(join(tree, 'usr/sbin/router'), '#!/bin/sh\n');
  chmodSync(join(tree, 'usr/sbin/router'), 0o755);
  const bad = join(folder, 'bad.slot');
  must(['mksquashfs', tree, bad, '-all-root', '-noappend', '-quiet', '-no-progress']);
  // Another that starts, and whose router does nothing.
  const asleep = join(folder, 'asleep');
  rmSync(asleep, { recursive: true, force: true });
  must(['unsquashfs', '-q', '-n', '-d', asleep, slot]);
  for (const path of ['usr/bin/hashi', 'usr/lib/ipsec', 'boot/vmlinuz', 'boot/initramfs']) rmSync(join(asleep, path), { recursive: true, force: true });
  writeFileSync(join(asleep, 'usr/bin/hashi'), '#!/bin/sh\nexec sleep 100000\n');
  chmodSync(join(asleep, 'usr/bin/hashi'), 0o755);
  const asleepSlot = join(folder, 'asleep.slot');
  must(['mksquashfs', asleep, asleepSlot, '-all-root', '-noappend', '-quiet', '-no-progress']);
  rmSync(asleep, { recursive: true, force: true });
  writeUpdate({ slot: asleepSlot, version: '9.9.8', kernel: 'same', file: join(served, 'asleep.update'), board: 'qemu-virt', signKey });
  const about = { slot: bad, version: '9.9.9', kernel: 'none' };
  writeUpdate({ ...about, file: join(served, 'bad.update'), board: 'qemu-virt', signKey });
  writeUpdate({ ...about, file: join(served, 'other.update'), board: 'raspberrypi', signKey });
  writeUpdate({ ...about, file: join(served, 'unsigned.update'), board: 'qemu-virt', signKey: undefined });
  const stranger = join(folder, 'stranger.pem');
  writeFileSync(stranger, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeUpdate({ ...about, file: join(served, 'stranger.update'), board: 'qemu-virt', signKey: stranger });
}

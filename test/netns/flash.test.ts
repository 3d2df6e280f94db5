// The flash folder on file systems that are full or read-only. Mounts them in a mount namespace of its own.

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { FolderFlash } from '../../board/linux/flash.ts';
import { wallTimeOf } from '../../board/linux/clock.ts';
import { inside } from '../inside.ts';
import { when } from '../needs.ts';
import { must } from '../network.ts';

inside(import.meta.path, 'mount');

const NEEDS = ['root', 'netns', 'mount'] as const;
const flashSuite = suite('full and read-only flash');
const FOLDER = '/mnt/hs-flash';

async function open(): Promise<FolderFlash> {
  const flash = FolderFlash.open(FOLDER, (instant) => wallTimeOf(new Date(instant)));
  if (typeof flash === 'string') throw new Error(flash);
  return flash;
}
const write = (flash: FolderFlash, name: string, size: number): Promise<string | undefined> => new Promise((done) => flash.write(name, new Uint8Array(size).fill(120), done));

flashSuite.before(async () => {
  await must(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', '/mnt']);
  mkdirSync(FOLDER);
  await must(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', FOLDER]);
});

when(NEEDS, flashSuite, 'a full flash is said in one sentence and the old file stays whole', async () => {
  const flash = await open();
  assert.is(await write(flash, 'a.cfg', 40_000), undefined);
  assert.is(await write(flash, 'A.CFG', 50_000), 'The flash is full; the file is as it was before');
  assert.is(readFileSync(join(FOLDER, 'a.cfg')).length, 40_000);
  assert.equal(readdirSync(FOLDER), ['a.cfg'], 'no unfinished file stays');
  assert.is(await write(flash, 'b.cfg', 10_000), undefined, 'what fits is still saved');
});

when(NEEDS, flashSuite, 'a read-only flash is read, and each save says why it fails', async () => {
  const flash = await open();
  assert.is(await write(flash, 'a.cfg', 1000), undefined);
  await must(['mount', '-o', 'remount,ro', FOLDER]);
  const again = await open();
  assert.is(again.read('a.cfg')?.length, 1000);
  assert.is(await write(again, 'a.cfg', 10), 'The flash is read-only; the file is as it was before');
  assert.is(await new Promise((done) => again.remove('a.cfg', done)), 'The flash is read-only; the file is as it was before');
  assert.is(again.read('a.cfg')?.length, 1000);
});

flashSuite.run();

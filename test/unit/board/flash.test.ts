// The flash folder: names, order, and what is left after a cut at any moment.

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { FolderFlash } from '../../../board/linux/flash.ts';
import { fromUtf8, utf8 } from '../../../firmware/bytes/text.ts';
import { wallTimeOf } from '../../../board/linux/clock.ts';

const flashSuite = suite('flash');
const base = mkdtempSync(join(tmpdir(), 'hs-flash-'));
let folders = 0;
flashSuite.after(() => rmSync(base, { recursive: true, force: true }));

function open(folder = join(base, String(++folders))): { flash: FolderFlash; folder: string } {
  const flash = FolderFlash.open(folder, (instant) => wallTimeOf(new Date(instant)));
  if (typeof flash === 'string') throw new Error(flash);
  return { flash, folder };
}
const write = (flash: FolderFlash, name: string, text: string): Promise<string | undefined> => new Promise((done) => flash.write(name, utf8(text), done));
const remove = (flash: FolderFlash, name: string): Promise<string | undefined> => new Promise((done) => flash.remove(name, done));
const rename = (flash: FolderFlash, from: string, to: string): Promise<string | undefined> => new Promise((done) => flash.rename(from, to, done));
const text = (flash: FolderFlash, name: string): string | undefined => {
  const data = flash.read(name);
  return data === undefined ? undefined : fromUtf8(data);
};
const names = (flash: FolderFlash): string[] => flash.list().map((file) => file.name);

flashSuite('a file is found in any case and keeps the case it was made with', async () => {
  const { flash } = open();
  assert.is(await write(flash, 'Boot.CFG', 'one'), undefined);
  assert.is(text(flash, 'boot.cfg'), 'one');
  assert.is(await write(flash, 'BOOT.cfg', 'two'), undefined);
  assert.equal(names(flash), ['Boot.CFG']);
  assert.is(text(flash, 'boot.cfg'), 'two');
  assert.is(await rename(flash, 'bOOt.cfg', 'New.cfg'), undefined);
  assert.equal(names(flash), ['New.cfg']);
  assert.is(await remove(flash, 'NEW.CFG'), undefined);
  assert.equal(names(flash), []);
});

flashSuite('a rename onto a file replaces it; a rename to other case only is one', async () => {
  const { flash } = open();
  await write(flash, 'a.cfg', 'a');
  await write(flash, 'b.cfg', 'b');
  assert.is(await rename(flash, 'a.cfg', 'B.CFG'), undefined);
  assert.equal([names(flash), text(flash, 'b.cfg')], [['b.cfg'], 'a']);
  assert.is(await rename(flash, 'b.cfg', 'B.cfg'), undefined);
  assert.equal(names(flash), ['B.cfg']);
});

flashSuite('a file that is not there is said so by name', async () => {
  const { flash } = open();
  assert.is(flash.read('none.cfg'), undefined);
  assert.is(await remove(flash, 'none.cfg'), 'There is no file none.cfg');
  assert.is(await rename(flash, 'none.cfg', 'other.cfg'), 'There is no file none.cfg');
});

flashSuite('names that could leave the folder, hide or confuse are refused', async () => {
  const { flash, folder } = open();
  for (const name of ['../x', '/etc/passwd', 'a/b', '.hidden', '', '..', 'a b', 'x\n', 'a\0b', 'run/console.sock', '-rf', 'é', 'a'.repeat(65)]) {
    assert.match((await write(flash, name, 'x')) ?? '', /is no file name/, JSON.stringify(name));
    assert.is(flash.read(name), undefined);
  }
  assert.equal(readdirSync(folder), []);
});

flashSuite('changes happen in the order they were asked for', async () => {
  const { flash } = open();
  const order: string[] = [];
  const note = (word: string) => (failure: string | undefined): void => void order.push(failure ?? word);
  flash.write('a.cfg', utf8('1'), note('written'));
  flash.rename('a.cfg', 'b.cfg', note('renamed'));
  flash.write('a.cfg', utf8('2'), note('written again'));
  flash.remove('b.cfg', note('removed'));
  assert.equal(order, [], 'nothing happens inside the call');
  await flash.flushed();
  assert.equal(order, ['written', 'renamed', 'written again', 'removed']);
  assert.equal([names(flash), text(flash, 'a.cfg')], [['a.cfg'], '2']);
});

flashSuite('the data of a write may change after the call', async () => {
  const { flash } = open();
  const data = utf8('before');
  const done = new Promise<string | undefined>((resolve) => flash.write('a.cfg', data, resolve));
  data.fill(0);
  await done;
  assert.is(text(flash, 'a.cfg'), 'before');
});

flashSuite('the folder is 0700, its files 0600, and folders in it are not listed', async () => {
  const folder = join(base, 'open');
  mkdirSync(folder, { mode: 0o755 });
  chmodSync(folder, 0o755);
  const { flash } = open(folder);
  mkdirSync(join(folder, 'run'));
  await write(flash, 'a.cfg', 'x');
  assert.is(statSync(folder).mode & 0o777, 0o700);
  assert.is(statSync(join(folder, 'a.cfg')).mode & 0o777, 0o600);
  assert.equal(names(flash), ['a.cfg']);
  const file = flash.list()[0];
  assert.is(file?.size, 1);
  assert.is(file?.created.year, new Date().getFullYear());
  const { free, total } = flash.space();
  assert.ok(free > 0 && total >= free);
});

flashSuite('what a cut left unfinished is removed at the next start, and nothing else', async () => {
  const { flash, folder } = open();
  await write(flash, 'a.cfg', 'whole');
  writeFileSync(join(folder, '.abcx1.unfinished'), 'half');
  writeFileSync(join(folder, '.profile'), 'not ours');
  const again = open(folder).flash;
  assert.equal(readdirSync(folder).toSorted(), ['.profile', 'a.cfg']);
  assert.is(text(again, 'a.cfg'), 'whole');
});

flashSuite('a process that is killed while it saves leaves the old or the new content, whole', async () => {
  const folder = join(base, 'cut');
  const script = `
    import { FolderFlash } from '${join(import.meta.dir, '../../../board/linux/flash.ts')}';
    const flash = FolderFlash.open('${folder}', () => ({}));
    const next = (n) => flash.write('a.cfg', new Uint8Array(300000).fill(97 + n % 26), () => { if (n === 0) console.log('first'); next(n + 1); });
    next(0);`;
  for (let round = 0; round < 6; round++) {
    const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'inherit' });
    await child.stdout.getReader().read();
    await Bun.sleep(3 + round * 4);
    child.kill('SIGKILL');
    await child.exited;
    const content = readFileSync(join(folder, 'a.cfg'));
    assert.is(content.length, 300_000);
    assert.ok(content.every((octet) => octet === content[0]), 'one save, not parts of two');
  }
  open(folder);
  assert.equal(readdirSync(folder), ['a.cfg']);
});

flashSuite('a folder that cannot be made is refused with its name', () => {
  const file = join(base, 'file');
  writeFileSync(file, '');
  assert.match(String(FolderFlash.open(join(file, 'flash'), () => wallTimeOf(new Date()))), /^The flash folder .*file\/flash cannot be used: /);
  assert.not.ok(existsSync(join(file, 'flash')));
});

flashSuite.run();

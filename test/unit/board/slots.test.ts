// The state of a card's two systems: torn records, the loader's own reading of them, and updates written to plain files.

import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { parseRecord, readBootFacts, lockCard, readState, RECORDS, recordText, type BootFacts, writeState } from '../../../board/linux/slots.ts';
import { forgetFiles, keepFiles, keptFiles, settleFiles } from '../../../board/linux/kept-files.ts';
import { CardUpdates, installFile, installFrom, type InstallOptions } from '../../../board/linux/update.ts';
import { HEADER, type Manifest, manifestText } from '../../../board/linux/update-file.ts';
import { when } from '../../needs.ts';

const test = suite('slots');
const INIT = join(import.meta.dir, '../../../board/appliance/init');
const SIZE = 8 << 20;

let folder = '';
let disk = '';
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'hashi-slots-'));
  disk = join(folder, 'card');
  writeFileSync(disk, '');
  truncateSync(disk, SIZE);
  for (const part of ['2', '3']) {
    writeFileSync(`${disk}${part}`, '');
    truncateSync(`${disk}${part}`, 1 << 20);
  }
});
test.after.each(() => rmSync(folder, { recursive: true, force: true }));

const facts = (): BootFacts => ({ disk, part: disk, slot: 'a', trying: false, failed: undefined, flash: 'whole' });

test('a card that was never written to starts slot a, with nothing on trial', () => {
  const { state } = readState(disk);
  assert.is(state.active, 'a');
  assert.is(state.trial, undefined);
});

test('each change goes to the other record, and the later one counts', () => {
  writeState(disk, { trial: 'b', tries: 1 });
  writeState(disk, { active: 'b', trial: undefined, tries: 0 });
  assert.equal(readState(disk).state, { seq: 2, active: 'b', trial: undefined, tries: 0, note: '-' });
  const card = readFileSync(disk);
  assert.equal(RECORDS.map((at) => parseRecord(card.subarray(at, at + 512))?.seq), [1, 2]);
});

test('a record that a power cut tore leaves the state before it', () => {
  writeState(disk, { note: 'first' });
  writeState(disk, { trial: 'b', tries: 1 });
  const whole = readFileSync(disk);
  for (let cut = 1; cut < 100; cut += 7) {
    const torn = Buffer.from(whole);
    torn.fill(0, RECORDS[1] + cut, RECORDS[1] + 512);
    const line = torn.subarray(RECORDS[1], RECORDS[1] + 512);
    if (parseRecord(line) !== undefined) continue;
    writeFileSync(disk, torn);
    assert.is(readState(disk).state.note, 'first');
    assert.is(readState(disk).state.trial, undefined);
  }
  whole[RECORDS[1] + 20] = (whole[RECORDS[1] + 20] ?? 0) ^ 1;
  writeFileSync(disk, whole);
  assert.is(readState(disk).state.seq, 1);
});

/** Runs the loader's own functions on the card. */
function loader(script: string): string {
  const text = readFileSync(INIT, 'utf8');
  const part = text.slice(text.indexOf('DISK_ID='), text.indexOf('# A single sector of the boot partition'));
  const file = join(folder, 'loader.sh');
  writeFileSync(file, `disk='${disk}' part='${disk}'\n${part}\nsay() { echo "$*"; }\n${script}\n`);
  const done = Bun.spawnSync(['busybox', 'sh', file], { stdout: 'pipe', stderr: 'pipe' });
  return done.stdout.toString().trim();
}

when(['busybox'], test, 'the loader reads what the router writes, and the router what the loader writes', () => {
  writeState(disk, { active: 'b', trial: 'a', tries: 1, note: 'x' });
  assert.is(loader('read_state; echo $seq $active $trial $tries $note'), '1 b a 1 x');
  assert.is(loader('read_state; choose; echo $slot $trying'), 'a 1');
  assert.equal(readState(disk).state, { seq: 2, active: 'b', trial: 'a', tries: 0, note: 'x' });
});

when(['busybox'], test, 'the loader tries an update once and then goes back and says which one failed', () => {
  writeState(disk, { trial: 'b', tries: 1 });
  assert.is(loader('read_state; choose; echo $slot $trying'), 'b 1');
  assert.match(loader('read_state; choose; echo $slot $trying'), /slot b was tried and did not come up: back to slot a\na 0$/);
  assert.is(readState(disk).state.note, 'failed-b');
  assert.is(loader('read_state; choose; echo $slot $trying'), 'a 0');
});

when(['busybox'], test, 'the loader passes a torn record over', () => {
  writeState(disk, { note: 'whole' });
  writeState(disk, { trial: 'b', tries: 1 });
  const card = readFileSync(disk);
  card[RECORDS[1] + 30] = 0x5a;
  writeFileSync(disk, card);
  assert.is(loader('read_state; echo $seq $active $trial $note'), '1 a - whole');
});

test('a record has room in its sector whatever it says', () => {
  const text = recordText({ seq: 999_999_999_999_999, active: 'a', trial: 'b', tries: 999, note: 'failed-b' });
  assert.ok(text.length < 512);
  assert.is(parseRecord(Buffer.from(text))?.seq, 999_999_999_999_999);
});

test('what the loader told of a start is read back', () => {
  const path = join(folder, 'boot');
  writeFileSync(path, 'disk=/dev/mmcblk0\npart=/dev/mmcblk0p\nslot=b\ntrying=1\nnote=failed-a\nflash=damaged\n');
  assert.equal(readBootFacts(path), { disk: '/dev/mmcblk0', part: '/dev/mmcblk0p', slot: 'b', trying: true, failed: 'a', flash: 'damaged' });
  assert.is(readBootFacts(join(folder, 'nothing')), undefined);
});

const KEYS = generateKeyPairSync('ed25519');
const KEY = KEYS.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const SYSTEM = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) & 0xff));

function updateOf(change: Partial<Manifest> = {}, signed: 'signed' | 'unsigned' | 'forged' = 'signed'): Buffer {
  const manifest: Manifest = { board: 'qemu-virt', version: '1.2.3', kernel: '7.2', size: SYSTEM.length, sha256: createHash('sha256').update(SYSTEM).digest('hex'), ...change };
  const text = manifestText(manifest);
  const signature = signed === 'unsigned' ? '-' : sign(null, Buffer.from(signed === 'forged' ? `${text} ` : text), KEYS.privateKey).toString('base64');
  const head = Buffer.alloc(HEADER, '\n');
  head.write(`${text}\n${signature}\n`);
  return Buffer.concat([head, SYSTEM]);
}

async function* pieces(data: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < data.length; i += size) yield data.subarray(i, i + size);
}

/** The reason why an update is not taken; '' where it is. */
async function install(data: Buffer, change: Partial<InstallOptions> = {}, size = 1000): Promise<string> {
  try {
    await installFrom(pieces(data, size), { facts: facts(), board: 'qemu-virt', key: KEY, unsigned: false, progress: () => {}, ...change });
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

for (const size of [1, 999, 4096, 1 << 20]) {
  test(`an update that comes in pieces of ${size} octets is written to the slot that does not run and put on trial`, async () => {
    const data = updateOf();
    assert.is(await install(data, {}, size === 1 ? 37 : size), '');
    assert.ok(readFileSync(`${disk}3`).subarray(0, SYSTEM.length).equals(SYSTEM));
    assert.ok(readFileSync(`${disk}2`).every((octet) => octet === 0));
    assert.equal(readState(disk).state, { seq: 1, active: 'a', trial: 'b', tries: 1, note: '-' });
  });
}

test('an update is refused before anything is written where its head says why', async () => {
  const reasons: readonly [Buffer, RegExp, Partial<InstallOptions>?][] = [
    [updateOf({}, 'forged'), /its signature is wrong/],
    [updateOf({}, 'forged'), /its signature is wrong/, { unsigned: true }],
    [updateOf({}, 'unsigned'), /it is not signed/],
    [updateOf(), /this build has no key/, { key: undefined }],
    [updateOf({ board: 'raspberrypi' }), /it is for the board raspberrypi/],
    [updateOf({ size: 2 << 20 }), /the slot 1048576/],
    [Buffer.alloc(10_000, 0x41), /it is no update file/],
    [updateOf().subarray(0, 4000), /it is too short/],
  ];
  for (const [data, why, change] of reasons) {
    writeFileSync(`${disk}3`, Buffer.alloc(1 << 20, 0x33));
    assert.match(await install(data, change), why);
    assert.ok(readFileSync(`${disk}3`).every((octet) => octet === 0x33), String(why));
    assert.is(readState(disk).state.trial, undefined);
  }
});

test('an unsigned update is taken where the console allows it', async () => {
  assert.is(await install(updateOf({}, 'unsigned'), { unsigned: true, key: undefined }), '');
});

test('an update that is damaged or ends too early leaves a slot that cannot start, and no trial', async () => {
  const damaged = updateOf();
  damaged[HEADER + 50_000] = (damaged[HEADER + 50_000] ?? 0) ^ 1;
  for (const [data, why] of [[damaged, /does not match its hash/], [updateOf().subarray(0, 50_000), /ends too early/], [Buffer.concat([updateOf(), Buffer.from('x')]), /longer than its head says/]] as const) {
    writeFileSync(`${disk}3`, Buffer.alloc(1 << 20, 0x33));
    assert.match(await install(data), why);
    assert.ok(readFileSync(`${disk}3`).subarray(0, 4096).every((octet) => octet === 0), String(why));
    assert.is(readState(disk).state.trial, undefined);
  }
});

test('a transfer that breaks off over an update on trial takes the trial back', async () => {
  assert.is(await install(updateOf()), '');
  assert.is(readState(disk).state.trial, 'b');
  assert.match(await install(updateOf().subarray(0, 50_000)), /ends too early/);
  assert.is(readState(disk).state.trial, undefined);
});

/** A flash with a configuration and a log. */
function flashFolder(): string {
  const flash = join(folder, 'flash');
  mkdirSync(flash);
  for (const [name, text] of [['boot.cfg', 'old'], ['config.ins', 'boot.cfg'], ['same.scp', 'same'], ['events.log', 'one']] as const) writeFileSync(join(flash, name), text);
  return flash;
}
const read = (flash: string, name: string): string => readFileSync(join(flash, name), 'utf8');
const LIST = ['boot.cfg', 'config.ins', 'events.log', 'same.scp'];

test('the configuration from before a trial is put back when it did not stay, and what was saved meanwhile has another name', () => {
  const flash = flashFolder();
  keepFiles(flash, { of: 'a', began: false });
  // Saved between the update and the restart: it belongs to the system before it.
  writeFileSync(join(flash, 'boot.cfg'), 'later');
  assert.equal(settleFiles(flash, { slot: 'b', trying: true, pending: true }), []);
  writeFileSync(join(flash, 'boot.cfg'), 'new');
  writeFileSync(join(flash, 'config.ins'), 'more.cfg');
  writeFileSync(join(flash, 'more.cfg'), 'more');
  writeFileSync(join(flash, 'events.log'), 'two');
  // The router of the trial starts again: the copies stay what they are.
  assert.equal(settleFiles(flash, { slot: 'b', trying: true, pending: true }), []);
  assert.equal(settleFiles(flash, { slot: 'a', trying: false, pending: false }), ['boot-trial.cfg']);
  assert.is(read(flash, 'boot.cfg'), 'later');
  assert.is(read(flash, 'boot-trial.cfg'), 'new');
  assert.is(read(flash, 'config.ins'), 'boot.cfg');
  assert.is(read(flash, 'events.log'), 'two');
  assert.equal(settleFiles(flash, { slot: 'a', trying: false, pending: false }), []);
  assert.equal(readdirSync(flash).toSorted(), [...LIST, 'boot-trial.cfg', 'more.cfg'].toSorted());
});

test('a trial whose router never ran leaves the files as they are', () => {
  const flash = flashFolder();
  keepFiles(flash, { of: 'a', began: false });
  writeFileSync(join(flash, 'boot.cfg'), 'later');
  assert.equal(settleFiles(flash, { slot: 'a', trying: false, pending: false }), []);
  assert.is(read(flash, 'boot.cfg'), 'later');
  assert.equal(readdirSync(flash).toSorted(), LIST);
});

test('the copies wait while the update waits for its first start', () => {
  const flash = flashFolder();
  keepFiles(flash, { of: 'a', began: false });
  settleFiles(flash, { slot: 'a', trying: false, pending: true });
  assert.equal(keptFiles(flash), { of: 'a', began: false });
});

test('a power cut right after the confirmation does not bring the configuration of the other system back', () => {
  const flash = flashFolder();
  settleFiles(flash, { slot: 'b', trying: true, pending: true });
  writeFileSync(join(flash, 'boot.cfg'), 'new');
  assert.equal(settleFiles(flash, { slot: 'b', trying: false, pending: false }), []);
  assert.is(read(flash, 'boot.cfg'), 'new');
  assert.equal(readdirSync(flash).toSorted(), LIST);
});

test('a power cut while the files are put back is made good at the next start', () => {
  const flash = flashFolder();
  settleFiles(flash, { slot: 'b', trying: true, pending: true });
  writeFileSync(join(flash, 'boot.cfg'), 'new');
  // What the cut left: put aside, and the copy not yet in its place.
  writeFileSync(join(flash, 'boot-trial.cfg'), 'new');
  writeFileSync(join(flash, '.boot.cfg.back'), 'ol');
  assert.equal(settleFiles(flash, { slot: 'a', trying: false, pending: false }), ['boot-trial.cfg']);
  assert.is(read(flash, 'boot.cfg'), 'old');
  assert.is(read(flash, 'boot-trial.cfg'), 'new');
});

test('copies that are forgotten are gone, and so are those that a cut left unfinished', () => {
  const flash = flashFolder();
  keepFiles(flash, { of: 'a', began: true });
  mkdirSync(join(flash, '.before-update.new'));
  forgetFiles(flash);
  assert.equal(readdirSync(flash).toSorted(), LIST);
});

test('CONFIRM UPDATE on a trial leaves nothing of the way back, and the next start puts nothing back', () => {
  const flash = flashFolder();
  writeState(disk, { trial: 'b', tries: 0 });
  const updates = new CardUpdates({ ...facts(), slot: 'b', trying: true }, 'qemu-virt', flash, () => {});
  assert.is(updates.state().trying, true);
  writeFileSync(join(flash, 'boot.cfg'), 'new');
  assert.is(updates.confirm(), undefined);
  assert.equal(readState(disk).state, { seq: 2, active: 'b', trial: undefined, tries: 0, note: '-' });
  assert.equal(readdirSync(flash).toSorted(), LIST);
  assert.equal(new CardUpdates({ ...facts(), slot: 'b' }, 'qemu-virt', flash, () => {}).aside, []);
  assert.is(read(flash, 'boot.cfg'), 'new');
});

test('RESET UPDATE during a trial brings the configuration back at the next start, and says where the other one is', () => {
  const flash = flashFolder();
  writeState(disk, { trial: 'b', tries: 0 });
  const trial = new CardUpdates({ ...facts(), slot: 'b', trying: true }, 'qemu-virt', flash, () => {});
  writeFileSync(join(flash, 'boot.cfg'), 'new');
  assert.is(trial.revert(), undefined);
  const said: string[] = [];
  const back = new CardUpdates(facts(), 'qemu-virt', flash, (text) => said.push(text));
  assert.equal(back.state().aside, ['boot-trial.cfg']);
  assert.match(said.join('\n'), /saved meanwhile is kept as boot-trial\.cfg/);
  assert.is(read(flash, 'boot.cfg'), 'old');
});

test('hashi update writes a file into the slot that does not run and keeps the configuration for the way back', async () => {
  const flash = flashFolder();
  const path = join(folder, 'update');
  writeFileSync(path, updateOf());
  const said: string[] = [];
  const options = { facts: facts(), board: 'qemu-virt', flash, unsigned: false, key: KEY, say: (text: string) => void said.push(text) };
  assert.is(await installFile(path, options), 0, said.join());
  assert.match(said.join(), /1\.2\.3 \(kernel 7\.2\) is in slot B/);
  assert.is(readState(disk).state.trial, 'b');
  assert.equal(keptFiles(flash), { of: 'a', began: false });
  assert.is(await installFile(join(folder, 'nothing'), options), 1);
  assert.match(said[1] ?? '', /not taken: .*no such file/i);
});

test('a second update of a card is refused while the first one is written, and the state cannot be changed', async () => {
  const flash = flashFolder();
  writeState(disk, { trial: 'b', tries: 1 });
  const updates = new CardUpdates(facts(), 'qemu-virt', flash, () => {});
  const release = lockCard(disk);
  assert.match(await install(updateOf()), /another update is being written to this card/);
  assert.match(updates.revert() ?? '', /another update is being written/);
  release?.();
  assert.is(updates.revert(), undefined);
  assert.is(await install(updateOf()), '');
});

test('an update is refused while the running system is on trial: the other slot is the way back', async () => {
  writeState(disk, { trial: 'b', tries: 0 });
  writeFileSync(`${disk}2`, Buffer.alloc(1 << 20, 0x33));
  assert.match(await install(updateOf(), { facts: { ...facts(), slot: 'b', trying: true } }), /on trial/);
  assert.ok(readFileSync(`${disk}2`).every((octet) => octet === 0x33));
});

test.run();

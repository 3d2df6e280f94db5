// flash.sh on plain files, and on trees that look like a machine's disks: what it writes, and what it refuses, each in one sentence.

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { masterBootRecord, PLACES } from '../../build/image/disk.ts';
import { when } from '../needs.ts';

const FLASH = join(import.meta.dir, '..', '..', 'flash.sh');
const MIB = 1 << 20;
/** Smaller than a real image, but with all that flash.sh looks at. */
const SIZE = 6 * MIB;
const test = suite('flash.sh');

interface Machine {
  readonly folder: string;
  readonly image: string;
  readonly env: Record<string, string>;
}

let made: string[] = [];
test.after.each(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
  made = [];
});

/** An image, and a machine without disks. */
function machine(): Machine {
  const folder = mkdtempSync(join(tmpdir(), 'hashi-flash-'));
  made.push(folder);
  const data = Buffer.alloc(SIZE);
  data.set(masterBootRecord());
  for (let i = 4 * MIB; i < SIZE; i += 7) data[i] = (i * 31) & 0xff;
  const image = join(folder, 'hashi.img');
  writeFileSync(image, data);
  for (const name of ['sys/block', 'sys/class/block', 'dev']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'mountinfo'), '');
  writeFileSync(join(folder, 'swaps'), 'Filename Type Size Used Priority\n');
  const env = { FLASH_SYS: join(folder, 'sys'), FLASH_DEV: join(folder, 'dev'), FLASH_MOUNTS: join(folder, 'mountinfo'), FLASH_SWAPS: join(folder, 'swaps') };
  return { folder, image, env };
}

interface Disk {
  readonly name: string;
  readonly size?: number;
  readonly removable?: boolean;
  readonly readOnly?: boolean;
  readonly usb?: boolean;
  /** 'SD' or 'MMC' of an mmcblk. */
  readonly type?: string;
  readonly model?: string;
  readonly number: number;
}

/** Adds a disk with one partition to the tree. */
function addDisk({ folder }: Machine, disk: Disk): string {
  const { name, size = 16 * MIB, number } = disk;
  const separator = /\d$/.test(name) ? 'p' : '';
  const place = join(folder, 'sys', disk.usb === true ? 'devices/usb1' : 'devices/pci', name);
  const part = join(place, `${name}${separator}1`);
  for (const sub of [join(place, 'device'), join(place, 'holders'), join(part, 'holders')]) mkdirSync(sub, { recursive: true });
  writeFileSync(join(place, 'size'), `${size / 512}\n`);
  writeFileSync(join(place, 'ro'), disk.readOnly === true ? '1\n' : '0\n');
  writeFileSync(join(place, 'removable'), disk.removable === true ? '1\n' : '0\n');
  writeFileSync(join(place, 'dev'), `8:${number}\n`);
  writeFileSync(join(part, 'dev'), `8:${number + 1}\n`);
  writeFileSync(join(place, 'device', 'model'), `${disk.model ?? 'Flash Drive'}  \n`);
  if (disk.type !== undefined) writeFileSync(join(place, 'device', 'type'), `${disk.type}\n`);
  symlinkSync(place, join(folder, 'sys/block', name));
  symlinkSync(place, join(folder, 'sys/class/block', name));
  symlinkSync(part, join(folder, 'sys/class/block', `${name}${separator}1`));
  const device = join(folder, 'dev', name);
  writeFileSync(device, '');
  truncateSync(device, size);
  return device;
}

function mount({ folder }: Machine, number: string, place: string, device = '/dev/x'): void {
  writeFileSync(join(folder, 'mountinfo'), `22 1 ${number} / ${place} rw,relatime shared:1 - ext4 ${device} rw\n`, { flag: 'a' });
}

function flash({ env }: Machine, words: readonly string[], options: { readonly input?: string; readonly env?: Record<string, string> } = {}): { readonly code: number; readonly out: string; readonly error: string } {
  const done = Bun.spawnSync(['sh', FLASH, ...words], { stdin: Buffer.from(options.input ?? ''), stdout: 'pipe', stderr: 'pipe', env: { ...process.env, ...env, ...options.env } });
  return { code: done.exitCode, out: done.stdout.toString(), error: done.stderr.toString() };
}

/** Refused with one sentence that says why, and nothing written. */
function refuses(on: Machine, words: readonly string[], why: RegExp, options: Parameters<typeof flash>[2] = {}): void {
  const { code, error } = flash(on, words, options);
  assert.is(code, 1, error);
  const sentences = error.split('\n').filter((line) => line.startsWith('flash.sh: '));
  assert.is(sentences.length, 1, error);
  assert.match(sentences[0] ?? '', why);
}

const untouched = (device: string): boolean => readFileSync(device).every((octet) => octet === 0);

test('flash.sh writes an image to a plain file, octet for octet', () => {
  const on = machine();
  const target = join(on.folder, 'card.img');
  const { code, error } = flash(on, [on.image, target]);
  assert.is(code, 0, error);
  assert.ok(readFileSync(target).equals(readFileSync(on.image)));
  assert.match(error, /Done: what was written was read back and is right\./);
});

for (const [tool, suffix] of [['zstd', 'zst'], ['xz', 'xz'], ['gzip', 'gz']] as const) {
  when([tool], test, `flash.sh unpacks an image packed by ${tool}`, () => {
    const on = machine();
    Bun.spawnSync([tool, '-q', '-k', on.image]);
    const target = join(on.folder, 'card.img');
    assert.is(flash(on, [`${on.image}.${suffix}`, target]).code, 0);
    assert.ok(readFileSync(target).equals(readFileSync(on.image)));
  });
}

test('flash.sh writes a stick after its name was typed, and leaves what lies behind the image', () => {
  const on = machine();
  const device = addDisk(on, { name: 'sda', removable: true, usb: true, number: 0 });
  const { code, error } = flash(on, [on.image, device], { input: 'sda\n' });
  assert.is(code, 0, error);
  const card = readFileSync(device);
  assert.is(card.length, 16 * MIB);
  assert.ok(card.subarray(0, SIZE).equals(readFileSync(on.image)));
  assert.match(error, /Flash Drive/);
  assert.match(error, /17 MB/);
});

test('flash.sh writes nothing where another word than the name is typed', () => {
  const on = machine();
  const device = addDisk(on, { name: 'sda', usb: true, number: 0 });
  refuses(on, [on.image, device], /not confirmed: nothing was written$/, { input: 'yes\n' });
  assert.ok(untouched(device));
});

test('flash.sh asks which card where none is named', () => {
  const on = machine();
  addDisk(on, { name: 'sda', usb: true, number: 0 });
  const device = addDisk(on, { name: 'mmcblk0', type: 'SD', number: 16 });
  const { code, error } = flash(on, [on.image], { input: 'mmcblk0\nmmcblk0\n' });
  assert.is(code, 0, error);
  assert.ok(readFileSync(device).subarray(0, SIZE).equals(readFileSync(on.image)));
});

test('flash.sh --list shows cards and sticks with size and model, and no disk of the system', () => {
  const on = machine();
  addDisk(on, { name: 'sda', number: 0, model: 'System Disk' });
  addDisk(on, { name: 'sdb', usb: true, number: 16, model: 'Stick' });
  addDisk(on, { name: 'mmcblk0', type: 'SD', number: 32, model: 'Card' });
  addDisk(on, { name: 'mmcblk1', type: 'MMC', number: 48, model: 'Soldered' });
  const { code, out } = flash(on, ['--list']);
  assert.is(code, 0);
  assert.is(out.split('\n').filter((line) => line !== '').length, 2);
  assert.match(out, /^mmcblk0 +17 MB +Card$/m);
  assert.match(out, /^sdb +17 MB +Stick$/m);
});

test('flash.sh --dry-run checks everything and writes nothing', () => {
  const on = machine();
  const device = addDisk(on, { name: 'sda', usb: true, number: 0 });
  const { code, error } = flash(on, ['--dry-run', on.image, device]);
  assert.is(code, 0, error);
  assert.match(error, /Nothing was written/);
  assert.ok(untouched(device));
});

test('flash.sh refuses the disk that the running system is on', () => {
  const on = machine();
  const device = addDisk(on, { name: 'sda', usb: true, number: 0 });
  mount(on, '8:1', '/');
  refuses(on, ['--yes', on.image, device], /the running system is on it \(\/\)$/);
  assert.ok(untouched(device));
});

test('flash.sh refuses a disk under LVM or encryption that the system is on', () => {
  const on = machine();
  const device = addDisk(on, { name: 'sda', usb: true, number: 0 });
  const mapped = join(on.folder, 'sys/devices/virtual/dm-0');
  mkdirSync(join(mapped, 'holders'), { recursive: true });
  writeFileSync(join(mapped, 'dev'), '253:0\n');
  symlinkSync(mapped, join(on.folder, 'sys/block/dm-0'));
  symlinkSync(mapped, join(on.folder, 'sys/class/block/dm-0'));
  symlinkSync(mapped, join(on.folder, 'sys/block/sda/sda1/holders/dm-0'));
  refuses(on, ['--yes', on.image, device], /LVM, encryption or RAID is active on it \(dm-0\)$/);
  mount(on, '253:0', '/home');
  refuses(on, ['--yes', on.image, device], /the running system is on it \(\/home\)$/);
});

test('flash.sh refuses a disk that swap is on', () => {
  const on = machine();
  const device = addDisk(on, { name: 'sda', usb: true, number: 0 });
  writeFileSync(join(on.folder, 'swaps'), `Filename Type Size Used Priority\n${device}1 partition 1 0 -2\n`);
  refuses(on, ['--yes', on.image, device], /the running system is on it \(swap\)$/);
});

test('flash.sh refuses a mounted stick and says where', () => {
  const on = machine();
  const device = addDisk(on, { name: 'sda', usb: true, number: 0 });
  mount(on, '8:1', '/media/me/STICK');
  refuses(on, ['--yes', on.image, device], /it is mounted at \/media\/me\/STICK: unmount it first$/);
  assert.ok(untouched(device));
});

test('flash.sh refuses built-in disks, built-in memory, a partition, a protected card and an empty reader', () => {
  const on = machine();
  refuses(on, ['--yes', on.image, addDisk(on, { name: 'sda', number: 0 })], /it is a built-in disk$/);
  refuses(on, ['--yes', on.image, addDisk(on, { name: 'mmcblk1', type: 'MMC', number: 16 })], /built-in memory \(eMMC\)$/);
  const stick = addDisk(on, { name: 'sdb', usb: true, readOnly: true, number: 32 });
  refuses(on, ['--yes', on.image, stick], /it is write-protected$/);
  const partition = join(on.folder, 'dev', 'sdb1');
  writeFileSync(partition, '');
  refuses(on, ['--yes', on.image, partition], /it is no whole disk$/);
  refuses(on, ['--yes', on.image, addDisk(on, { name: 'sdc', usb: true, size: 0, number: 48 })], /there is no card in it$/);
  refuses(on, ['--yes', on.image, join(on.folder, 'dev', 'sdz')], /sdz is not there$/);
});

test('flash.sh refuses a card that is too small', () => {
  const on = machine();
  const device = addDisk(on, { name: 'sda', usb: true, size: 4 * MIB, number: 0 });
  refuses(on, ['--yes', on.image, device], /it has 4 MB and the image 6 MB$/);
  assert.ok(untouched(device));
});

test('flash.sh refuses an image that is damaged, cut short, or none', () => {
  const on = machine();
  const target = join(on.folder, 'card.img');
  const data = readFileSync(on.image);
  writeFileSync(`${on.image}.sha256`, `${createHash('sha256').update(data).digest('hex')}  hashi.img\n`);
  data[5 * MIB] = (data[5 * MIB] ?? 0) ^ 1;
  writeFileSync(on.image, data);
  refuses(on, [on.image, target], /is damaged: it does not match/);
  rmSync(`${on.image}.sha256`);
  truncateSync(on.image, SIZE - 1000);
  refuses(on, [on.image, target], /is damaged: it ends in the middle/);
  writeFileSync(on.image, Buffer.alloc(SIZE));
  refuses(on, [on.image, target], /is no image of hashi$/);
  refuses(on, [join(on.folder, 'nothing.img'), target], /cannot be read$/);
  assert.not.ok(existsSync(target));
});

when(['xz'], test, 'flash.sh refuses a packed image that does not unpack', () => {
  const on = machine();
  Bun.spawnSync(['xz', on.image]);
  const packed = readFileSync(`${on.image}.xz`);
  packed[packed.length >> 1] = (packed[packed.length >> 1] ?? 0) ^ 0xff;
  writeFileSync(`${on.image}.xz`, packed);
  refuses(on, [`${on.image}.xz`, join(on.folder, 'card.img')], /is damaged: it does not unpack$/);
});

/** Tools that stand before the machine's own. */
function withTool(on: Machine, name: string, script: string): Record<string, string> {
  const bin = join(on.folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), script);
  chmodSync(join(bin, name), 0o755);
  return { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
}

test('flash.sh says that the card was pulled, and leaves one that does not start', () => {
  const on = machine();
  const device = addDisk(on, { name: 'sda', usb: true, number: 0 });
  // The second write is that of everything but the first part.
  const env = withTool(on, 'dd', `#!/bin/sh\ncase "$*" in *seek=1\\ *) head -c 1000000 >/dev/null; echo 'dd: writing: No such device' >&2; exit 1 ;; esac\nexec /usr/bin/env -u PATH PATH=/usr/bin:/bin dd "$@"\n`);
  refuses(on, ['--yes', on.image, device], /could not be written to its end: the card was pulled or is broken/, { env });
  assert.not.equal([...readFileSync(device).subarray(510, 512)], [0x55, 0xaa]);
});

test('flash.sh finds by reading back that a card did not keep what was written', () => {
  const on = machine();
  const device = addDisk(on, { name: 'sda', usb: true, number: 0 });
  const env = withTool(on, 'sync', `#!/bin/sh\nprintf X | /usr/bin/env -u PATH PATH=/usr/bin:/bin dd of='${device}' bs=1 seek=5000000 conv=notrunc 2>/dev/null\n`);
  refuses(on, ['--yes', on.image, device], /does not hold what was written: the card is broken or was pulled/, { env });
});

test('flash.sh puts configuration, key, name and password into their place on the card', () => {
  const on = machine();
  const target = join(on.folder, 'card.img');
  writeFileSync(join(on.folder, 'branch.cfg'), 'ENABLE IP\n');
  writeFileSync(join(on.folder, 'id.pub'), 'ssh-ed25519 AAAAC3Nza me@here\n');
  writeFileSync(join(on.folder, 'vlans.json'), '{"ports": {"eth0": "eth0.10"}}\n');
  const { code, error } = flash(on, ['--config', join(on.folder, 'branch.cfg'), '--ssh-key', join(on.folder, 'id.pub'), '--ports', join(on.folder, 'vlans.json'), '--hostname', 'branch-1', '--password', 'two words', on.image, target]);
  assert.is(code, 0, error);
  assert.not.match(error, /two words/);
  const card = readFileSync(target);
  const seed = card.subarray(PLACES.seed.at, PLACES.seed.at + PLACES.seed.size);
  const [, length, sum] = /^hashi-seed 1 (\d+) ([0-9a-f]{64})\n/.exec(seed.subarray(0, 512).toString('latin1')) ?? [];
  const tar = seed.subarray(512, 512 + Number(length));
  assert.is(createHash('sha256').update(tar).digest('hex'), sum);
  const list = Bun.spawnSync(['tar', '-tf', '-'], { stdin: tar }).stdout.toString();
  assert.is(list, 'boot.cfg\nauthorized_keys\nboard.json\nfirst.cfg\n');
  const first = Bun.spawnSync(['tar', '-xOf', '-', 'first.cfg'], { stdin: tar }).stdout.toString();
  assert.is(first, 'SET SYSTEM NAME=branch-1\nSET USER=manager PASSWORD="two words"\n');
  // Beside it the card is as the image.
  card.fill(0, PLACES.seed.at, PLACES.seed.at + PLACES.seed.size);
  assert.ok(card.equals(readFileSync(on.image)));
});

test('flash.sh refuses passwords, names and keys that the box would not take', () => {
  const on = machine();
  const target = join(on.folder, 'card.img');
  writeFileSync(join(on.folder, 'id'), '-----BEGIN OPENSSH PRIVATE KEY-----\n');
  refuses(on, ['--password', 'short', on.image, target], /a password has 6 to 32 characters$/);
  refuses(on, ['--password', 'quote"quote', on.image, target], /printable characters other than "$/);
  refuses(on, ['--hostname', 'a b', on.image, target], /a host name has letters/);
  refuses(on, ['--ssh-key', join(on.folder, 'id'), on.image, target], /is no public key of ssh$/);
  refuses(on, ['--ports', join(on.folder, 'id'), on.image, target], /is no JSON object$/);
  refuses(on, ['--ports', join(on.folder, 'absent'), on.image, target], /cannot be read$/);
  assert.not.ok(existsSync(target));
});

/** A Mac with a built-in disk and a card. */
const DISKUTIL = `#!/bin/sh
case $1 in
  list) printf '/dev/disk0 (internal, physical):\\n/dev/disk4 (external, physical):\\n' ;;
  info)
    case $2 in
      disk0) printf '   Whole:                     Yes\\n   Device / Media Name:       APPLE SSD\\n   Protocol:                  Apple Fabric\\n   Disk Size:                 500.3 GB (500277792768 Bytes) (exactly 977105064 512-Byte-Units)\\n   Media Read-Only:           No\\n   Device Location:           Internal\\n   Virtual:                   No\\n' ;;
      disk4) printf '   Whole:                     Yes\\n   Device / Media Name:       SD Reader\\n   Protocol:                  USB\\n   Disk Size:                 16.8 MB (16777216 Bytes) (exactly 32768 512-Byte-Units)\\n   Media Read-Only:           No\\n   Device Location:           External\\n   Virtual:                   No\\n' ;;
    esac ;;
esac
`;

test('flash.sh goes by what diskutil says on macOS', () => {
  const on = machine();
  const tools = { ...withTool(on, 'uname', '#!/bin/sh\necho Darwin\n'), ...withTool(on, 'diskutil', DISKUTIL), ...withTool(on, 'mount', '#!/bin/sh\ntrue\n') };
  const { out } = flash(on, ['--list'], { env: tools });
  assert.match(out, /^disk4 +17 MB +SD Reader\n$/);
  for (const name of ['disk0', 'disk4', 'rdisk4']) {
    writeFileSync(join(on.folder, 'dev', name), '');
    truncateSync(join(on.folder, 'dev', name), 16 * MIB);
  }
  refuses(on, ['--yes', on.image, join(on.folder, 'dev', 'disk0')], /it is a built-in disk$/, { env: tools });
  const { code, error } = flash(on, ['--yes', on.image, join(on.folder, 'dev', 'disk4')], { env: tools });
  assert.is(code, 0, error);
  assert.ok(readFileSync(join(on.folder, 'dev', 'rdisk4')).subarray(0, SIZE).equals(readFileSync(on.image)));
});

when(['shellcheck'], test, 'flash.sh and the scripts of the image are clean for shellcheck', () => {
  const root = join(import.meta.dir, '..', '..');
  const scripts = ['board/appliance/init', ...['start', 'stop', 'router', 'router-login', 'ssh-server', 'time-sync', 'trial-guard'].map((name) => `board/appliance/root/usr/sbin/${name}`)];
  const done = Bun.spawnSync(['shellcheck', '-s', 'sh', 'flash.sh', ...scripts], { cwd: root, stdout: 'pipe' });
  assert.is(done.exitCode, 0, done.stdout.toString());
});

test.run();

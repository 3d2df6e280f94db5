// What an image is put together from: the partition table, the initramfs archive, the lock of packages, the state of the slots.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { BOARDS } from '../../../build/image/boards.ts';
import { cpioOf } from '../../../build/image/cpio.ts';
import { DISK_ID, imageSize, masterBootRecord, PARTITIONS, PLACES } from '../../../build/image/disk.ts';
import { neededBy } from '../../../build/image/elf.ts';
import { fetchPackages, vanished } from '../../../build/image/fetch.ts';
import { readLock, REFRESH } from '../../../build/image/lock.ts';
import { KERNEL_PACKAGES, KERNEL_SERIES, ROOT_PACKAGES } from '../../../build/image/packages.ts';
import { RECORDS } from '../../../board/linux/slots.ts';
import { when } from '../../needs.ts';

const INIT = readFileSync(join(import.meta.dir, '../../../board/appliance/init'), 'utf8');
const FLASH = readFileSync(join(import.meta.dir, '../../../flash.sh'), 'utf8');

function within<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'hashi-image-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('the partitions follow each other from 4 MiB on, the state and what comes along lie before them', () => {
  let end = 4 << 20;
  for (const { at, size } of PARTITIONS) {
    assert.is(at, end);
    end = at + size;
  }
  assert.is(imageSize(), end);
  assert.is(end % (1 << 20), 0);
  assert.equal(PARTITIONS.map(({ name }) => name), ['boot', 'slot-a', 'slot-b', 'flash']);
  for (const at of [...PLACES.state, PLACES.seed.at + PLACES.seed.size - 1]) assert.ok(at > 512 && at < (4 << 20));
});

when(['sfdisk'], test, 'the partition table reads back in sfdisk as it was meant', () =>
  within((folder) => {
    const image = join(folder, 'x.img');
    writeFileSync(image, masterBootRecord());
    Bun.spawnSync(['truncate', '-s', String(imageSize()), image]);
    const done = Bun.spawnSync(['sfdisk', '--json', image], { stdout: 'pipe', env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } });
    const { partitiontable } = JSON.parse(done.stdout.toString());
    assert.is(partitiontable.id, `0x${DISK_ID.toString(16)}`);
    assert.equal(partitiontable.partitions.map(({ start, size, type }: Record<string, unknown>) => [start, size, type]), PARTITIONS.map(({ at, size, type }) => [at / 512, size / 512, type.toString(16)]));
  }));

test('the boot partition of a Raspberry Pi has the firmware that its config.txt asks for, and every file that it names', () => {
  const { files, firmware } = BOARDS.raspberrypi;
  const config = files['config.txt'] ?? '';
  const graphics = Number(/^gpu_mem=(\d+)$/m.exec(config)?.[1]);
  // Below 32 the cut-down files alone are taken.
  for (const name of graphics < 32 ? ['start_cd.elf', 'start4cd.elf', 'fixup_cd.dat', 'fixup4cd.dat'] : ['start.elf', 'start4.elf', 'fixup.dat', 'fixup4.dat']) assert.ok(firmware.includes(name), name);
  const named = [config, files['loader.txt'] ?? ''].flatMap((text) => [...text.matchAll(/^(?:include |cmdline=|kernel=|initramfs )(\S+)/gm)].map(([, name = '']) => name));
  assert.equal(named.toSorted(), ['all.txt', 'loader.cpio', 'loader.img', 'loader.txt', 'pi5.txt']);
  for (const name of named.filter((one) => one.endsWith('.txt'))) assert.ok(name in files, name);
});

test('the loader, flash.sh and the router agree on the places of the card', () => {
  const [first, second] = PLACES.state;
  assert.equal([...RECORDS], [first, second]);
  assert.match(INIT, new RegExp(`^STATE_A=${first / 512}$`, 'm'));
  assert.match(INIT, new RegExp(`^STATE_B=${second / 512}$`, 'm'));
  assert.match(INIT, new RegExp(`^SEED=${PLACES.seed.at / 512}$`, 'm'));
  assert.match(INIT, new RegExp(`^SEED_SECTORS=${PLACES.seed.size / 512}$`, 'm'));
  assert.match(INIT, new RegExp(`^DISK_ID=${DISK_ID.toString(16)}$`, 'm'));
  assert.match(FLASH, new RegExp(`^SEED=${PLACES.seed.at / 512}$`, 'm'));
  assert.match(FLASH, new RegExp(`^DISK_ID=${DISK_ID.toString(16)}$`, 'm'));
});

when(['cpio'], test, 'the initramfs archive unpacks to the folder it was made of, and is the same twice', () =>
  within((folder) => {
    const root = join(folder, 'root');
    mkdirSync(join(root, 'bin'), { recursive: true });
    writeFileSync(join(root, 'bin/tool'), 'a program', { mode: 0o755 });
    writeFileSync(join(root, 'text'), 'odd');
    symlinkSync('bin/tool', join(root, 'link'));
    const archive = cpioOf(root, 1_700_000_000);
    assert.ok(archive.equals(cpioOf(root, 1_700_000_000)));
    const listed = Bun.spawnSync(['cpio', '-tv', '--quiet', '--numeric-uid-gid'], { stdin: archive, stdout: 'pipe', stderr: 'pipe' }).stdout.toString();
    assert.match(listed, /-rwxr-xr-x +1 0 +0 +9 .* bin\/tool$/m);
    assert.match(listed, /^lrwxrwxrwx .* link -> bin\/tool$/m);
    assert.match(listed, /^crw------- .* 5, +1 .* dev\/console$/m);
    const unpacked = join(folder, 'out');
    mkdirSync(unpacked);
    Bun.spawnSync(['cpio', '-id', '--quiet', 'text', 'bin/tool'], { stdin: archive, cwd: unpacked, stderr: 'ignore' });
    assert.is(readFileSync(join(unpacked, 'text'), 'utf8'), 'odd');
    assert.is(readFileSync(join(unpacked, 'bin/tool'), 'utf8'), 'a program');
  }));

test('the shared objects that a program needs are read from it', () => {
  assert.ok(neededBy(readFileSync(process.execPath)).includes('libc.so.6'));
  assert.equal(neededBy(Buffer.from('#!/bin/sh\n')), []);
  assert.equal(neededBy(new Uint8Array(0)), []);
});

test('the lock file pins every package that the image takes, with its hash, and one kernel', () => {
  const { kernel, packages } = readLock();
  assert.ok(kernel.startsWith(`${KERNEL_SERIES}.`));
  for (const name of [...ROOT_PACKAGES.map((one) => one.name), ...KERNEL_PACKAGES.map((part) => `${part}-${kernel}`), 'kexec-tools', 'raspi-firmware']) assert.ok(packages.some((one) => one.name === name), name);
  for (const { name, sha256, version, path, size } of packages) {
    assert.match(sha256, /^[0-9a-f]{64}$/, name);
    assert.ok(version !== '' && path.startsWith('pool/') && size > 0, name);
  }
});

test('a pinned version that has vanished is named with the command that refreshes the lock', () => {
  const text = vanished({ name: 'nftables', version: '1.1.3-1', archive: 'debian', path: 'pool/x', size: 1, sha256: '' }, 404);
  assert.match(text, /^nftables 1\.1\.3-1 has vanished/);
  assert.ok(text.includes(REFRESH));
});

test('a mirror that gives other octets than the lock file pins is refused', async () => {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('something else') });
  const folder = mkdtempSync(join(tmpdir(), 'hashi-image-'));
  const before = globalThis.fetch;
  try {
    globalThis.fetch = Object.assign((() => before(`http://127.0.0.1:${server.port}/`)) satisfies () => Promise<Response>, { preconnect: before.preconnect });
    const lock = { kernel: '', packages: [{ name: 'x', version: '1', archive: 'debian' as const, path: 'pool/x_1.deb', size: 14, sha256: '0'.repeat(64) }] };
    let said = '';
    await fetchPackages(lock, ['x'], folder).catch((error: Error) => {
      said = error.message;
    });
    assert.match(said, /^x 1: what the mirror gives is not what the lock file pins/);
  } finally {
    globalThis.fetch = before;
    rmSync(folder, { recursive: true, force: true });
    server.stop(true);
  }
});

test('the file of the boot partition that the loader overwrites is one sector', () => {
  assert.is(BOARDS.raspberrypi.files['loader.txt']?.length, 512);
  assert.match(BOARDS.raspberrypi.files['one.txt'] ?? '', / nr_cpus=1 /);
  assert.match(BOARDS.raspberrypi.files['config.txt'] ?? '', /^include loader\.txt$/m);
});

test.run();

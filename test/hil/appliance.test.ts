// The real image: built, looked at from outside, booted in qemu as shipped; saves, power cuts, an update, a fallback.
// test/hil/run.ts runs the same cases with more power cuts, and others.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { PARTITIONS } from '../../build/image/disk.ts';
import { TOOLS } from '../../build/image/tools.ts';
import { SHORT } from './cases.ts';
import { extract } from './image.ts';
import { qemuSuite } from './qemu.ts';
import { vlans } from './vlan.ts';
import { missing, when } from '../needs.ts';

const test = suite('image');
const NEEDS = [...Object.keys(TOOLS), 'unsquashfs', 'fsck.vfat', 'e2fsck', 'qemu-system-aarch64'];
/** Power cuts during saves. */
const CUTS = 10;

const folder = mkdtempSync(join(tmpdir(), 'hashi-appliance-'));
let box: ReturnType<typeof qemuSuite> | undefined;
/** The image is built where it is needed first. */
const built = (): NonNullable<typeof box> => (box ??= qemuSuite(folder, CUTS, (text) => console.log(`INFO ${text}`)));
const imageOf = (): string => join(folder, 'image', 'hashi-qemu-virt.img');

test.after(async () => {
  await box?.target.stop();
  // The transcript of a run is kept.
  const kept = join(import.meta.dir, '..', '..', 'build', 'out');
  mkdirSync(kept, { recursive: true });
  if (box !== undefined) cpSync(join(folder, 'transcript.log'), join(kept, 'image-transcript.log'));
  rmSync(folder, { recursive: true, force: true });
});

function passes(words: readonly string[], codes: readonly number[] = [0]): string {
  const done = Bun.spawnSync([...words], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', env: { ...process.env, LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } });
  const text = done.stdout.toString() + done.stderr.toString();
  assert.ok(codes.includes(done.exitCode), `${words.join(' ')}: ${done.exitCode}\n${text}`);
  return text;
}

when(NEEDS, test, 'every partition of the image is whole, and the slots hold what a box needs', () => {
  built();
  for (const { name } of PARTITIONS) extract(imageOf(), name, join(folder, name));
  passes(['fsck.vfat', '-n', join(folder, 'boot')]);
  passes(['e2fsck', '-fn', join(folder, 'flash')]);
  const list = passes(['unsquashfs', '-lls', join(folder, 'slot-a')]);
  for (const path of ['usr/bin/hashi', 'usr/bin/busybox', 'usr/sbin/nft', 'usr/sbin/dnsmasq', 'usr/sbin/dropbear', 'usr/sbin/ntpd', 'usr/lib/ipsec/charon', 'usr/sbin/swanctl', 'boot/vmlinuz', 'boot/initramfs', 'etc/hashi/update.pub']) {
    assert.ok(new RegExp(`squashfs-root/${path}$`, 'm').test(list), path);
  }
  // Nobody but root owns anything, nothing is open to all, and no program gives its rights away.
  for (const line of list.split('\n').filter((one) => one.includes('squashfs-root'))) assert.match(line, /^(?:l.{9}|[-d][rwx-]{6}[r-]-[x-]) root\/root/, line);
  assert.ok(readFileSync(join(folder, 'slot-b')).every((octet) => octet === 0));
  const accounts = passes(['unsquashfs', '-cat', join(folder, 'slot-a'), 'etc/passwd']);
  for (const line of accounts.trim().split('\n')) assert.match(line, /^[a-z_]+:\*:/, 'no account has a password');
  assert.is(accounts.match(/:\/usr\/sbin\/router-login$/gm)?.length, 1);
});

when(NEEDS, test, 'the image is the same octets when it is built again', () => {
  built();
  const again = join(folder, 'again');
  const words = ['nice', '-n', '10', process.execPath, 'build/image/image.ts', '--board', 'qemu-virt', '--fast', '--binary', join(folder, 'image', 'hashi-linux-arm64'), '--out', again, '--update-key', join(folder, 'image', 'update.pub'), '--sign-key', join(folder, 'image', 'sign.pem')];
  mkdirSync(again);
  const done = Bun.spawnSync(words, { cwd: join(import.meta.dir, '..', '..'), stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  assert.is(done.exitCode, 0, done.stderr.toString());
  const sum = (at: string): string => readFileSync(join(at, 'hashi-qemu-virt.img.sha256'), 'utf8');
  assert.is(sum(again), sum(join(folder, 'image')));
  rmSync(again, { recursive: true });
});

for (const one of SHORT) {
  when(NEEDS, test, one.name, async () => {
    const on = built();
    on.target.console.note(one.name);
    await one.run(on);
  });
}

when(NEEDS, test, 'two VLANs of one port are eth0 and eth1', async () => {
  const { built: image, target } = built();
  await target.stop();
  await vlans(image, join(folder, 'vlan'), (text) => console.log(`INFO ${text}`));
});

if (missing(...NEEDS) !== undefined) console.log('INFO the image is not built here');
test.run();

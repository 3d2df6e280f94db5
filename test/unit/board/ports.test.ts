// Which device of the kernel is which port, on trees that look like those of real boards.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { findPorts, type FoundPorts } from '../../../board/linux/ports.ts';

const test = suite('ports');
let root = '';
test.before.each(() => {
  root = mkdtempSync(join(tmpdir(), 'hashi-ports-'));
  mkdirSync(join(root, 'net'));
});
test.after.each(() => rmSync(root, { recursive: true, force: true }));

/** A network device at a place of the hardware. */
function add(name: string, driver: string, place: string): void {
  const device = join(root, 'devices', place);
  mkdirSync(device, { recursive: true });
  mkdirSync(join(root, 'drivers', driver), { recursive: true });
  symlinkSync(join(root, 'drivers', driver), join(device, 'driver'));
  mkdirSync(join(root, 'net', name));
  writeFileSync(join(root, 'net', name, 'type'), '1\n');
  symlinkSync(device, join(root, 'net', name, 'device'));
}

const PI = { builtIn: [{ driver: 'bcmgenet' }, { driver: 'macb' }, { driver: 'smsc95xx', place: /\/1-1\.1:/ }, { driver: 'lan78xx', place: /\/1-1\.1\.1:/ }], expected: 1, others: [] };
const found = (expected = 1): FoundPorts => findPorts({ ...PI, expected }, join(root, 'net'));

test('a Raspberry Pi 4 has its own Ethernet as eth0 and adapters behind it, whatever the kernel calls them', () => {
  add('eth1', 'bcmgenet', 'platform/scb/fd580000.ethernet');
  add('eth0', 'r8152', 'platform/scb/pcie/usb2/2-2/2-2:1.0');
  add('eth2', 'ax88179_178a', 'platform/scb/pcie/usb2/2-1/2-1:1.0');
  assert.equal(found(), { ports: { eth0: 'eth1', eth1: 'eth2', eth2: 'eth0' }, missing: [] });
});

test('a Raspberry Pi 3 tells its soldered chip from the same one in an adapter', () => {
  add('eth0', 'smsc95xx', 'platform/soc/3f980000.usb/usb1/1-1/1-1.4/1-1.4:1.0');
  add('eth1', 'smsc95xx', 'platform/soc/3f980000.usb/usb1/1-1/1-1.1/1-1.1:1.0');
  assert.equal(found().ports, { eth0: 'eth1', eth1: 'eth0' });
});

test('a board whose own Ethernet is missing says so and keeps its number', () => {
  add('eth0', 'r8152', 'platform/usb1/1-1/1-1:1.0');
  const { ports, missing } = found();
  assert.is(ports['eth1'], 'eth0');
  assert.not.equal(ports['eth0'], 'eth0');
  assert.is(missing.length, 1);
  assert.match(missing[0] ?? '', /^Port eth0 is missing/);
});

test('a board without Ethernet of its own counts adapters from eth0 on', () => {
  add('eth7', 'r8152', 'platform/usb1/1-1/1-1:1.0');
  assert.equal(found(0), { ports: { eth0: 'eth7' }, missing: [] });
});

test('what has no hardware behind it is no port', () => {
  mkdirSync(join(root, 'net', 'tun0'));
  writeFileSync(join(root, 'net', 'tun0', 'type'), '1\n');
  mkdirSync(join(root, 'net', 'lo'));
  writeFileSync(join(root, 'net', 'lo', 'type'), '772\n');
  assert.equal(found(0), { ports: {}, missing: [] });
});

test.run();

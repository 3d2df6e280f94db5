// Which device of the kernel is which port, on trees that look like those of real boards.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { serialAdapters } from '../../../board/linux/adapters.ts';
import { awaitPorts, awaitsDriver, deviceOf, type FoundPorts, makeVlans } from '../../../board/linux/ports.ts';
import { portsOf } from '../../../board/raspberrypi/board.ts';

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

const PI4 = 'Raspberry Pi 4 Model B Rev 1.4';
const found = (board: string): FoundPorts => portsOf(board, join(root, 'net'));

test('a Raspberry Pi 4 has its own Ethernet as eth0 and adapters behind it, whatever the kernel calls them', () => {
  add('eth1', 'bcmgenet', 'platform/scb/fd580000.ethernet');
  add('eth0', 'r8152', 'platform/scb/pcie/usb2/2-2/2-2:1.0');
  add('eth2', 'ax88179_178a', 'platform/scb/pcie/usb2/2-1/2-1:1.0');
  assert.equal(found(PI4), { ports: { eth0: 'eth1', eth1: 'eth2', eth2: 'eth0' }, missing: [] });
});

test('a Raspberry Pi 3 tells its soldered chip from the same one in an adapter', () => {
  add('eth0', 'smsc95xx', 'platform/soc/3f980000.usb/usb1/1-1/1-1.4/1-1.4:1.0');
  add('eth1', 'smsc95xx', 'platform/soc/3f980000.usb/usb1/1-1/1-1.1/1-1.1:1.0');
  assert.equal(found('Raspberry Pi 3 Model B Rev 1.2').ports, { eth0: 'eth1', eth1: 'eth0' });
});

test('a Raspberry Pi 3B+ has its chip behind two hubs, and a Raspberry Pi 5 its own behind RP1', () => {
  add('eth0', 'lan78xx', 'platform/soc/3f980000.usb/usb1/1-1/1-1.3/1-1.3:1.0');
  add('eth1', 'lan78xx', 'platform/soc/3f980000.usb/usb1/1-1/1-1.1/1-1.1.1/1-1.1.1:1.0');
  assert.equal(found('Raspberry Pi 3 Model B Plus Rev 1.3').ports, { eth0: 'eth1', eth1: 'eth0' });
  add('eth2', 'macb', 'platform/axi/1000120000.pcie/pci0002:00/0002:01:00.0/1f00100000.ethernet');
  assert.equal(found('Raspberry Pi 5 Model B Rev 1.0').ports, { eth0: 'eth2', eth1: 'eth1', eth2: 'eth0' });
});

test('a board whose own Ethernet is missing says so and keeps its number', () => {
  add('eth0', 'r8152', 'platform/usb1/1-1/1-1:1.0');
  const { ports, missing } = found(PI4);
  assert.is(ports['eth1'], 'eth0');
  assert.not.equal(ports['eth0'], 'eth0');
  assert.is(missing.length, 1);
  assert.match(missing[0] ?? '', /^Port eth0 is missing/);
});

test('a board without Ethernet of its own counts adapters from eth0 on', () => {
  add('eth7', 'r8152', 'platform/usb1/1-1/1-1:1.0');
  for (const board of ['Raspberry Pi Zero 2 W Rev 1.0', 'Raspberry Pi 3 Model A Plus Rev 1.0']) assert.equal(found(board), { ports: { eth0: 'eth7' }, missing: [] });
});

test('what has no hardware behind it is no port', () => {
  mkdirSync(join(root, 'net', 'tun0'));
  writeFileSync(join(root, 'net', 'tun0', 'type'), '1\n');
  mkdirSync(join(root, 'net', 'lo'));
  writeFileSync(join(root, 'net', 'lo', 'type'), '772\n');
  assert.equal(found('Raspberry Pi Zero 2 W Rev 1.0'), { ports: {}, missing: [] });
});

/** An interface of a device on USB. */
function plug(name: string, kind: string, protocol = '00'): string {
  const folder = join(root, 'usb', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'bInterfaceClass'), `${kind}\n`);
  writeFileSync(join(folder, 'bInterfaceProtocol'), `${protocol}\n`);
  return folder;
}

test('an adapter on USB is waited for while its driver is being loaded; a keyboard or a Bluetooth stick is not', () => {
  const usb = join(root, 'usb');
  assert.is(awaitsDriver(usb), false);
  plug('1-1.3:1.0', '03');
  plug('1-1.4:1.0', 'e0', '01');
  mkdirSync(join(usb, '1-1'));
  assert.is(awaitsDriver(usb), false);
  for (const [kind, protocol] of [['ff', '00'], ['02', '00'], ['0a', '00'], ['e0', '03']] as const) {
    const folder = plug('1-1.2:1.0', kind, protocol);
    assert.is(awaitsDriver(usb), true, kind);
    symlinkSync('/', join(folder, 'driver'));
    assert.is(awaitsDriver(usb), false, kind);
    rmSync(folder, { recursive: true });
  }
});

test('the ports are those that are there when the last driver has come', async () => {
  const looks: FoundPorts[] = [{ ports: { eth0: 'eth0' }, missing: [] }, { ports: { eth0: 'eth0', eth1: 'eth1' }, missing: [] }];
  let look = 0;
  const result = await awaitPorts(() => looks[look++] ?? { ports: {}, missing: [] }, () => look < 1);
  assert.equal(result.ports, { eth0: 'eth0', eth1: 'eth1' });
});

test('a board file names the ports of the board, VLANs on them, or devices of the kernel', () => {
  const ports = { eth0: 'eth1', eth1: 'eth0' };
  assert.equal([deviceOf('eth0', ports), deviceOf('eth0.4094', ports), deviceOf('usb0.7', ports), deviceOf('wlan0', ports)], [{ device: 'eth1' }, { device: 'eth1.4094' }, { device: 'usb0.7' }, { device: 'wlan0' }]);
  for (const wrong of ['eth0.0', 'eth0.4095', 'eth0.99999', 'enx0123456789.10']) assert.type(deviceOf(wrong, ports), 'string', wrong);
});

test('a VLAN of a port that is missing is told by its device', () => {
  const made = makeVlans(['absent0.10', 'eth0']);
  assert.equal(made.failures, ['VLAN 10 on absent0 cannot be made: there is no device absent0']);
});

test('serial adapters on USB count by their sockets, whatever the kernel calls them', () => {
  const tty = join(root, 'tty');
  for (const [name, place] of [['ttyUSB0', 'usb1/1-1/1-1.10/1-1.10:1.0/ttyUSB0'], ['ttyUSB1', 'usb1/1-1/1-1.2/1-1.2:1.0/ttyUSB1'], ['ttyACM0', 'usb1/1-1/1-1.3/1-1.3:1.0'], ['ttyS1', 'soc/uart']] as const) {
    mkdirSync(join(root, 'devices', place), { recursive: true });
    mkdirSync(join(tty, name), { recursive: true });
    symlinkSync(join(root, 'devices', place), join(tty, name, 'device'));
  }
  mkdirSync(join(tty, 'ttyUSB9'));
  assert.equal(serialAdapters(tty), ['/dev/ttyUSB1', '/dev/ttyACM0', '/dev/ttyUSB0']);
});

test.run();

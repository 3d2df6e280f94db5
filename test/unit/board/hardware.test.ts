// What SHOW SYSTEM tells of the hardware, read from trees that look like those of real boards.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { kernelConsole, model, portHardware, sensors, serialNumber } from '../../../board/linux/hardware.ts';

const test = suite('hardware');
let root = '';
test.before.each(() => {
  root = mkdtempSync(join(tmpdir(), 'hashi-hardware-'));
});
test.after.each(() => rmSync(root, { recursive: true, force: true }));

function file(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const CPU = 'sys/devices/system/cpu/cpufreq/policy0';
function pi(name: string, temperature: string): void {
  file('proc/device-tree/model', `${name}\0`);
  file('proc/device-tree/serial-number', '10000000a1b2c3d4\0');
  file('sys/class/thermal/thermal_zone0/temp', `${temperature}\n`);
  file('sys/class/thermal/cooling_device0/type', 'x\n');
  file(`${CPU}/cpuinfo_max_freq`, '1400000\n');
  file(`${CPU}/scaling_max_freq`, '1400000\n');
}
const told = (label: string): string | undefined => sensors(root).find((one) => one.label === label)?.value;

test('a Raspberry Pi tells its model, serial number, temperature and clock', () => {
  pi('Raspberry Pi 3 Model B Rev 1.2', '48312');
  assert.is(model(root), 'Raspberry Pi 3 Model B Rev 1.2');
  assert.is(serialNumber(root), '10000000a1b2c3d4');
  assert.equal(sensors(root), [{ label: 'Temperature', value: '48.3 C' }, { label: 'Processor', value: 'up to 1400 MHz' }, { label: 'Throttled', value: 'not by heat' }]);
});

test('the hottest zone counts, and one that cannot be read does not', () => {
  pi('Raspberry Pi 4 Model B Rev 1.4', '48312');
  file('sys/class/thermal/thermal_zone1/temp', '51000\n');
  file('sys/class/thermal/thermal_zone2/temp', '\n');
  assert.is(told('Temperature'), '51.0 C');
});

test('a board that is too hot says that its clock is lowered, also where the firmware does it alone', () => {
  pi('Raspberry Pi 4 Model B Rev 1.4', '81000');
  assert.is(told('Throttled'), 'yes, by the firmware from 80 C on');
  pi('Raspberry Pi 3 Model B Plus Rev 1.3', '62000');
  assert.is(told('Throttled'), 'slightly, by the firmware from 60 C on');
  pi('Raspberry Pi 3 Model B Rev 1.2', '62000');
  assert.is(told('Throttled'), 'not by heat');
  file(`${CPU}/scaling_max_freq`, '900000\n');
  assert.is(told('Throttled'), 'yes, 900 of 1400 MHz');
});

test('a weak supply is told where the kernel has the driver that knows it', () => {
  pi('Raspberry Pi 3 Model B Rev 1.2', '48000');
  file('sys/class/hwmon/hwmon0/name', 'cpu_thermal\n');
  file('sys/class/hwmon/hwmon1/name', 'rpi_volt\n');
  file('sys/class/hwmon/hwmon1/in0_lcrit_alarm', '0\n');
  assert.is(told('Throttled'), 'no');
  assert.is(told('Under-voltage'), 'no');
  file('sys/class/hwmon/hwmon1/in0_lcrit_alarm', '1\n');
  assert.is(told('Throttled'), 'yes, the supply is too weak');
  assert.is(told('Under-voltage'), 'yes');
});

test('a machine without any of that tells nothing of it', () => {
  assert.equal([model(root), serialNumber(root), kernelConsole(root), sensors(root)], [undefined, undefined, undefined, []]);
});

test('the console is the last line of the kernel\'s list', () => {
  file('sys/class/tty/console/active', 'tty0 ttyAMA10\n');
  assert.is(kernelConsole(root), '/dev/ttyAMA10');
  file('sys/class/tty/console/active', '\n');
  assert.is(kernelConsole(root), undefined);
});

test('a port tells its driver, speed and duplex; without a link only its driver', () => {
  file('sys/class/net/eth0/ifindex', '2\n');
  file('sys/class/net/eth0/speed', '1000\n');
  file('sys/class/net/eth0/duplex', 'full\n');
  mkdirSync(join(root, 'drivers/bcmgenet'), { recursive: true });
  mkdirSync(join(root, 'sys/class/net/eth0/device'));
  symlinkSync(join(root, 'drivers/bcmgenet'), join(root, 'sys/class/net/eth0/device/driver'));
  assert.equal(portHardware('eth0', 2, root), { driver: 'bcmgenet', speed: 1_000_000_000, duplex: 'full' });
  file('sys/class/net/eth0/speed', '-1\n');
  file('sys/class/net/eth0/duplex', 'unknown\n');
  assert.equal(portHardware('eth0', 2, root), { driver: 'bcmgenet' });
  file('sys/class/net/eth0.10/ifindex', '5\n');
  file('sys/class/net/eth0.10/uevent', 'DEVTYPE=vlan\nINTERFACE=eth0.10\n');
  symlinkSync('../eth0', join(root, 'sys/class/net/eth0.10/lower_eth0'));
  assert.equal(portHardware('eth0.10', 5, root), { driver: 'VLAN on eth0 (bcmgenet)' });
});

test('a device of the same name in another namespace is not taken for the port', () => {
  file('sys/class/net/eth0/ifindex', '2\n');
  file('sys/class/net/eth0/speed', '100\n');
  assert.equal(portHardware('eth0', 7, root), {});
  assert.equal(portHardware('gone', 7, root), {});
});

test.run();

// What the hardware says of itself: device tree, temperature, clock, supply. `root` is the folder that /proc and /sys are in.

import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';

import type { LinkHardware } from '../../firmware/hal/iphost.ts';

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').replaceAll('\0', '').trim();
  } catch {
    return undefined;
  }
}

const numberOf = (path: string): number => Number(textOf(path) || Number.NaN);

function folders(path: string): string[] {
  try {
    return readdirSync(path).map((name) => join(path, name));
  } catch {
    return [];
  }
}

/** 'Raspberry Pi 4 Model B Rev 1.4'; undefined where there is no device tree. */
export const model = (root = '/'): string | undefined => textOf(join(root, 'proc/device-tree/model'));

/** The serial number in the device tree, '10000000a1b2c3d4'; undefined where there is none. */
export const serialNumber = (root = '/'): string | undefined => textOf(join(root, 'proc/device-tree/serial-number')) || undefined;

/** The serial line that the kernel took as its console, '/dev/ttyS1': the last one of its list. Undefined where it has none. */
export function kernelConsole(root = '/'): string | undefined {
  const last = textOf(join(root, 'sys/class/tty/console/active'))?.split(' ').at(-1);
  return last === undefined || last === '' ? undefined : `/dev/${last}`;
}

function driverOf(folder: string): string | undefined {
  try {
    return basename(realpathSync(join(folder, 'device', 'driver')));
  } catch {
    return undefined;
  }
}

/** The hardware behind a network device. `index`: the kernel's number of it, as /sys may show another namespace, where the name is another device's. */
export function portHardware(device: string, index: number, root = '/'): LinkHardware {
  const folder = join(root, 'sys/class/net', device);
  if (numberOf(join(folder, 'ifindex')) !== index) return {};
  const own = driverOf(folder);
  const isVlan = /^DEVTYPE=vlan$/m.test(textOf(join(folder, 'uevent')) ?? '');
  const below = isVlan ? folders(folder).map((path) => basename(path)).find((name) => name.startsWith('lower_'))?.slice('lower_'.length) : undefined;
  const parent = below === undefined ? undefined : driverOf(join(root, 'sys/class/net', below));
  const driver = own ?? (below === undefined ? undefined : `VLAN on ${below}${parent === undefined ? '' : ` (${parent})`}`);
  // In Mbit/s; -1 or an error without a link.
  const speed = numberOf(join(folder, 'speed'));
  const duplex = textOf(join(folder, 'duplex'));
  return { ...(driver === undefined ? {} : { driver }), ...(speed > 0 ? { speed: speed * 1_000_000 } : {}), ...(duplex === 'full' || duplex === 'half' ? { duplex } : {}) };
}

/** Degrees Celsius of the hottest zone. */
function temperature(root: string): number | undefined {
  const zones = folders(join(root, 'sys/class/thermal')).filter((path) => /\/thermal_zone\d+$/.test(path)).map((path) => numberOf(join(path, 'temp')));
  const known = zones.filter(Number.isFinite);
  return known.length === 0 ? undefined : Math.max(...known) / 1000;
}

/** Where the Raspberry Pi's firmware begins to lower the clock without a word to the kernel, degrees Celsius (Raspberry Pi
 * documentation, "Frequency management and thermal control"). */
const FIRMWARE_LIMIT = 80;
const SOFT_LIMIT = 60;
/** The boards with the lower limit. */
const SOFT = /^Raspberry Pi 3 Model [AB] Plus/;

/** Whether the supply is too weak (driver raspberrypi-hwmon, Linux Documentation/hwmon/raspberrypi-hwmon.rst). */
function underVoltage(root: string): 'yes' | 'no' | undefined {
  const sensor = folders(join(root, 'sys/class/hwmon')).find((path) => textOf(join(path, 'name')) === 'rpi_volt');
  const alarm = sensor === undefined ? undefined : textOf(join(sensor, 'in0_lcrit_alarm'));
  return alarm === undefined ? undefined : alarm === '0' ? 'no' : 'yes';
}

/** Whether the processor is kept below its full clock. A Raspberry Pi does so with a weak supply too, which its kernel may be unable to tell. */
function throttled(root: string, degrees: number | undefined): string | undefined {
  const folder = join(root, 'sys/devices/system/cpu/cpufreq/policy0');
  const now = numberOf(join(folder, 'scaling_max_freq'));
  const full = numberOf(join(folder, 'cpuinfo_max_freq'));
  // The governors' ceiling against the hardware's.
  if (now < full) return `yes, ${Math.round(now / 1000)} of ${Math.round(full / 1000)} MHz`;
  const name = model(root) ?? '';
  if (!name.startsWith('Raspberry Pi')) return full > 0 ? 'no' : undefined;
  const supply = underVoltage(root);
  if (supply === 'yes') return 'yes, the supply is too weak';
  if (degrees === undefined) return undefined;
  if (degrees >= FIRMWARE_LIMIT) return `yes, by the firmware from ${FIRMWARE_LIMIT} C on`;
  if (degrees >= SOFT_LIMIT && SOFT.test(name)) return `slightly, by the firmware from ${SOFT_LIMIT} C on`;
  return supply === 'no' ? 'no' : 'not by heat';
}

/** Lines for SHOW SYSTEM; only what this hardware and its kernel tell. */
export function sensors(root = '/'): { readonly label: string; readonly value: string }[] {
  const degrees = temperature(root);
  const clock = numberOf(join(root, 'sys/devices/system/cpu/cpufreq/policy0/cpuinfo_max_freq'));
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['Temperature', degrees === undefined ? undefined : `${degrees.toFixed(1)} C`],
    ['Processor', Number.isFinite(clock) ? `up to ${Math.round(clock / 1000)} MHz` : undefined],
    ['Throttled', throttled(root, degrees)],
    ['Under-voltage', underVoltage(root)],
  ];
  return lines.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
}

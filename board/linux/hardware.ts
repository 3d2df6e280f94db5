// What the hardware says of itself: device tree, temperature, clock.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').replaceAll('\0', '').trim();
  } catch {
    return undefined;
  }
}

/** 'Raspberry Pi 4 Model B Rev 1.4'; undefined where there is no device tree. */
export const model = (): string | undefined => textOf('/proc/device-tree/model');

/** Degrees Celsius of the hottest zone. */
function temperature(): number | undefined {
  const base = '/sys/class/thermal';
  try {
    const zones = readdirSync(base).filter((name) => name.startsWith('thermal_zone')).map((name) => Number(textOf(join(base, name, 'temp')))).filter(Number.isFinite);
    return zones.length === 0 ? undefined : Math.max(...zones) / 1000;
  } catch {
    return undefined;
  }
}

/** Whether heat keeps the processor below its full clock: the governors' ceiling against the hardware's. */
function throttled(): string | undefined {
  const folder = '/sys/devices/system/cpu/cpufreq/policy0';
  const now = Number(textOf(join(folder, 'scaling_max_freq')) ?? Number.NaN);
  const full = Number(textOf(join(folder, 'cpuinfo_max_freq')) ?? Number.NaN);
  if (!Number.isFinite(now) || !Number.isFinite(full) || full === 0) return undefined;
  return now < full ? `yes, ${Math.round(now / 1000)} of ${Math.round(full / 1000)} MHz` : 'no';
}

/** Lines for SHOW SYSTEM; only what this hardware has. */
export function sensors(): { readonly label: string; readonly value: string }[] {
  const degrees = temperature();
  const slow = throttled();
  return [...(degrees === undefined ? [] : [{ label: 'Temperature', value: `${degrees.toFixed(1)} C` }]), ...(slow === undefined ? [] : [{ label: 'Throttled', value: slow }])];
}

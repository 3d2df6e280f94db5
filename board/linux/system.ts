// The box as SHOW SYSTEM and SHOW CPU describe it.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { freemem, release, totalmem } from 'node:os';
import { memoryUsage } from 'node:process';

import type { System, Usage } from '../../firmware/hal/system.ts';
import { sensors, serialNumber } from './hardware.ts';
import { RELEASED, VERSION } from './version.ts';

/** The kernel counts CPU time for user space in hundredths of a second (USER_HZ) on every architecture. */
const MILLIS_PER_TICK = 10;
/** Fields of the first line of /proc/stat (proc_stat(5)). */
const IDLE = 3;
const IOWAIT = 4;
const STEAL = 7;

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/** Busy and passed CPU time in milliseconds, averaged over the CPUs, out of the text of /proc/stat. */
export function cpuTimes(stat: string): { readonly busy: number; readonly elapsed: number } {
  const cpus = Math.max(1, stat.match(/^cpu\d/gm)?.length ?? 1);
  const ticks = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? [];
  // Guest time (fields after steal) is counted in user time already.
  const all = ticks.slice(0, STEAL + 1).reduce((sum, t) => sum + t, 0);
  const idle = (ticks[IDLE] ?? 0) + (ticks[IOWAIT] ?? 0);
  return { busy: ((all - idle) * MILLIS_PER_TICK) / cpus, elapsed: (all * MILLIS_PER_TICK) / cpus };
}

function usage(): Usage {
  const available = /^MemAvailable: +(\d+) kB/m.exec(textOf('/proc/meminfo') ?? '')?.[1];
  return {
    ...cpuTimes(textOf('/proc/stat') ?? ''),
    memoryTotal: totalmem(),
    memoryFree: available === undefined ? freemem() : Number(available) * 1024,
    memoryOurs: memoryUsage.rss(),
  };
}

/** The serial number of the hardware where the device tree has one; else eight digits that stay the same on this installation. */
function serial(): string {
  const hardware = serialNumber();
  if (hardware !== undefined) return hardware;
  // The machine id itself is confidential (machine-id(5)), so only a digest of it is shown.
  const id = textOf('/etc/machine-id')?.trim();
  return id === undefined || id === '' ? '0' : createHash('sha256').update(`hashi ${id}`).digest('hex').slice(0, 8).toUpperCase();
}

/** `board`: the name in SHOW SYSTEM. `reboot`: what RESTART REBOOT does on this board. */
export const linuxSystem = (board: string, reboot: () => void): System => ({
  board,
  serial: serial(),
  kernel: `Linux ${release()}`,
  version: VERSION,
  released: RELEASED,
  usage,
  sensors: () => sensors(),
  reboot,
});

// What distinguishes one Linux board from another: one table each, in code or as a JSON file.

import { readFileSync } from 'node:fs';

import { textOf } from './failure.ts';
import type { FoundPorts } from './ports.ts';

export interface BoardTable {
  /** What --board calls it. */
  readonly id: string;
  /** What SHOW SYSTEM prints as board name. */
  readonly name: string;
  /** Ports and the kernel's devices behind them, before --port. */
  readonly ports: Readonly<Record<string, string>>;
  /** Consoles where the command line names none. */
  readonly consoles: readonly string[];
  /** Bits per second of serial consoles. */
  readonly consoleSpeed: number;
  /** The flash folder where the command line names none; empty: it must. */
  readonly flash: string;
  /** Commands of the first start. */
  readonly factoryScript: string;
  /** Finds the devices behind the ports, on boards that know their hardware; asked where nobody names any. */
  readonly findPorts?: () => FoundPorts;
  /** The device of the hardware's watchdog. */
  readonly watchdog?: string;
  /** The file in which the loader of a card with two systems told of this start. */
  readonly boot?: string;
  /** Names of LEDs in the kernel. */
  readonly leds?: { readonly tunnel?: string; readonly fault?: string };
  /** What the factory settings become when `port` has no address `after` seconds after the start. */
  readonly fallback?: { readonly port: string; readonly after: number; readonly script: string };
}

const TEXTS = ['id', 'name', 'flash', 'factoryScript'] as const;

function readTable(given: Record<string, unknown>, base: BoardTable): BoardTable | string {
  for (const key of Object.keys(given)) if (!(key in base)) return `unknown key "${key}"`;
  for (const key of TEXTS) if (key in given && typeof given[key] !== 'string') return `"${key}" must be a text`;
  const { ports = base.ports, consoles = base.consoles, consoleSpeed = base.consoleSpeed } = given;
  if (typeof ports !== 'object' || ports === null || Object.values(ports).some((device) => typeof device !== 'string')) return '"ports" must map names to devices';
  if (!Array.isArray(consoles) || consoles.some((console) => typeof console !== 'string')) return '"consoles" must be a list of texts';
  if (typeof consoleSpeed !== 'number') return '"consoleSpeed" must be a number';
  const text = (key: (typeof TEXTS)[number]): string => (typeof given[key] === 'string' ? given[key] : base[key]);
  return {
    ...base,
    id: text('id'),
    name: text('name'),
    flash: text('flash'),
    factoryScript: text('factoryScript'),
    ports: Object.fromEntries(Object.entries(ports).map(([name, device]) => [name, String(device)])),
    consoles: consoles.map(String),
    consoleSpeed,
  };
}

/** The table in a JSON file; what it leaves out is as in `base`. A text says what is wrong with it. */
export function tableFromFile(path: string, base: BoardTable): BoardTable | string {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return `The board file ${path} cannot be read: ${textOf(error)}`;
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return `The board file ${path} must hold one object`;
  const table = readTable({ ...given }, base);
  return typeof table === 'string' ? `The board file ${path}: ${table}` : table;
}

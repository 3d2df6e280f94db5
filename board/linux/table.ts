// What distinguishes one Linux board from another: one table each, in code or as a JSON file.

import { readFileSync } from 'node:fs';

import { textOf } from './failure.ts';
import { LED_ROLES, type LedNames } from './leds.ts';
import type { FoundPorts } from './ports.ts';
import { isLineSpeed } from './termios.ts';

export interface BoardTable {
  /** What --board calls it. */
  readonly id: string;
  /** What SHOW SYSTEM prints as board name. */
  readonly name: string;
  /** Ports and the kernel's devices behind them, before --port. Where the board finds ports, a device may be one of those: 'eth0.10' is VLAN 10 on its eth0. */
  readonly ports: Readonly<Record<string, string>>;
  /** Consoles where the command line names none. */
  readonly consoles: readonly string[];
  /** Bits per second of serial consoles. */
  readonly consoleSpeed: number;
  /** The flash folder where the command line names none; empty: it must. */
  readonly flash: string;
  /** Commands of the first start. */
  readonly factoryScript: string;
  /** Finds the devices behind the ports, on boards that know their hardware. */
  readonly findPorts?: () => FoundPorts;
  /** Call ports that the board has without being told. */
  readonly lines?: Readonly<Record<string, string>>;
  /** The device of the hardware's watchdog. */
  readonly watchdog?: string;
  /** The file in which the loader of a card with two systems told of this start. */
  readonly boot?: string;
  readonly leds?: LedNames;
  /** What the factory settings become when `port` has no address `after` seconds after the start. */
  readonly fallback?: { readonly port: string; readonly after: number; readonly script: string };
}

const TEXTS = ['id', 'name', 'flash', 'factoryScript'] as const;
/** What a board file may say. */
const KEYS = [...TEXTS, 'ports', 'consoles', 'consoleSpeed', 'leds'] as const;
export type TableKey = (typeof KEYS)[number];

const isTexts = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((one) => typeof one === 'string');

function readTable(given: Record<string, unknown>, base: BoardTable, keys: readonly TableKey[]): BoardTable | string {
  for (const key of Object.keys(given)) if (!keys.some((one) => one === key)) return `unknown key "${key}"; permitted: ${keys.join(', ')}`;
  for (const key of TEXTS) if (key in given && typeof given[key] !== 'string') return `"${key}" must be a text`;
  const { ports = base.ports, consoles = base.consoles, consoleSpeed = base.consoleSpeed, leds = base.leds ?? {} } = given;
  if (!isTexts(ports)) return '"ports" must map names to devices';
  if (!Array.isArray(consoles) || consoles.some((console) => typeof console !== 'string')) return '"consoles" must be a list of texts';
  if (typeof consoleSpeed !== 'number' || !isLineSpeed(consoleSpeed)) return '"consoleSpeed" must be the speed of a serial line';
  if (!isTexts(leds)) return '"leds" must map what is shown to names of LEDs';
  const role = Object.keys(leds).find((key) => !LED_ROLES.some((one) => one === key));
  if (role !== undefined) return `"leds": there is no "${role}"; permitted: ${LED_ROLES.join(', ')}`;
  const text = (key: (typeof TEXTS)[number]): string => (typeof given[key] === 'string' ? given[key] : base[key]);
  return {
    ...base,
    id: text('id'),
    name: text('name'),
    flash: text('flash'),
    factoryScript: text('factoryScript'),
    ports: { ...ports },
    consoles: consoles.map(String),
    consoleSpeed,
    ...('leds' in given ? { leds } : {}),
  };
}

/** The table in a JSON file; what it leaves out is as in `base`. A text says what is wrong with it. */
export function tableFromFile(path: string, base: BoardTable, keys: readonly TableKey[] = KEYS): BoardTable | string {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return `The board file ${path} cannot be read: ${textOf(error)}`;
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return `The board file ${path} must hold one object`;
  const table = readTable({ ...given }, base, keys);
  return typeof table === 'string' ? `The board file ${path}: ${table}` : table;
}

// What a run works with: ports and consoles, from the command line, else the board's table, which on a box of its own a file in
// the flash may change.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { parsePorts } from '../options.ts';
import { isCallPort } from './callports.ts';
import { deviceOf, type FoundPorts } from './ports.ts';
import { type BoardTable, tableFromFile } from './table.ts';

/** The owner's file in the flash, under the first of these names that is there: one that commands of the router take, and the plain one. */
export const OWN_FILES = ['board.jsn', 'board.json'] as const;
/** The rest belongs to the image: a box with another identity or flash could no longer be updated. */
const OWN_KEYS = ['ports', 'consoles', 'consoleSpeed', 'leds'] as const;

/** What the command line says. */
export interface Wishes {
  readonly ports: readonly string[] | undefined;
  readonly consoles: readonly string[] | undefined;
}

export interface Plan {
  readonly ports: ReadonlyMap<string, string>;
  readonly consoles: readonly string[];
}

/** The ports of a table as NAME=DEVICE. Ethernet ports that it names stand for all, and so do call ports. */
function wordsOf(table: BoardTable, found: FoundPorts['ports'], consoles: readonly string[]): string[] | string {
  const words: string[] = [];
  for (const [name, text] of Object.entries(table.ports)) {
    const kernel = isCallPort(name) ? { device: text } : deviceOf(text, found);
    if (typeof kernel === 'string') return kernel;
    words.push(`${name}=${kernel.device}`);
  }
  const join = (all: Readonly<Record<string, string>>): void => void words.push(...Object.entries(all).map(([name, device]) => `${name}=${device}`));
  const names = Object.keys(table.ports);
  if (names.every(isCallPort)) join(found);
  // An adapter that is a console is no modem, and the number of a console no call port's.
  const taken = consoles.some((name) => /^\/dev\/tty(?:USB|ACM)/.test(name));
  const lines = Object.entries(table.lines ?? {}).filter(([name]) => !consoles.some((_, index) => name === `asyn${index}`));
  if (!taken && !names.some(isCallPort)) join(Object.fromEntries(lines));
  return words;
}

/** Ports and consoles of a run; a text says what is wrong. */
export function planOf(table: BoardTable, wishes: Wishes, found: FoundPorts['ports']): Plan | string {
  const consoles = wishes.consoles ?? table.consoles;
  for (const name of consoles) if (name !== 'stdio' && name !== 'none' && !name.startsWith('/')) return `${wishes.consoles === undefined ? 'console' : '--console'} ${name}: stdio, none or a serial line like /dev/ttyS0`;
  if (new Set(consoles).size < consoles.length) return 'a console is given twice';
  const words = wishes.ports ?? wordsOf(table, found, consoles);
  if (typeof words === 'string') return words;
  const ports = parsePorts(words);
  if (typeof ports === 'string') return wishes.ports === undefined ? ports.replace(/^--/, '') : ports;
  const taken = consoles.filter((name) => name !== 'none').findIndex((name, index) => ports.has(`asyn${index}`) || [...ports.values()].some((device) => device.split(':', 1)[0] === name));
  if (taken >= 0) return `a console and a call port cannot be the same line (console ${taken} is asyn${taken})`;
  return { ports, consoles };
}

export interface Choice {
  readonly table: BoardTable;
  readonly flash: string;
  readonly wishes: Wishes;
  readonly found: FoundPorts['ports'];
  say(text: string): void;
}

/** The table and the plan of a run. The owner's file in the flash of a box of its own changes them; one that is wrong is told and left out. A text says what is wrong with the rest. */
export function choosePlan({ table, flash, wishes, found, say }: Choice): { readonly table: BoardTable; readonly plan: Plan } | string {
  const path = table.boot === undefined ? undefined : OWN_FILES.map((name) => join(flash, name)).find((one) => existsSync(one));
  if (path !== undefined) {
    const own = tableFromFile(path, table, OWN_KEYS);
    const plan = typeof own === 'string' ? own : planOf(own, wishes, found);
    if (typeof own !== 'string' && typeof plan !== 'string') return { table: own, plan };
    say(`${typeof own === 'string' ? own : `The board file ${path}: ${String(plan)}`}; it is left out`);
  }
  const plan = planOf(table, wishes, found);
  return typeof plan === 'string' ? plan : { table, plan };
}

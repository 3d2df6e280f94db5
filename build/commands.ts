// Every command that any room defines, for the generated reference and for the tests of the grammar. The commands are there to be
// matched and described, not to be given: behind them stands no router.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../firmware/cli/command.ts';

const FIRMWARE = join(import.meta.dir, '..', 'firmware');

/** An owner of everything and nothing: whatever is asked of it is itself again. */
const hollow: unknown = new Proxy(() => hollow, { get: (_, key) => (key === Symbol.iterator ? () => [][Symbol.iterator]() : hollow), apply: () => hollow });

const isCommand = (value: unknown): value is Command => typeof value === 'object' && value !== null && 'form' in value && 'apply' in value;

/** A room's list of commands: what its exported function `xxxCommands` gives. */
function commandsOf(make: (...owners: readonly unknown[]) => unknown, where: string): Command[] {
  const made: unknown = make(...Array.from({ length: Math.max(1, make.length) }, () => hollow));
  if (!Array.isArray(made) || !made.every(isCommand)) throw new Error(`${where} gives no list of commands`);
  return made;
}

type Make = (...owners: readonly unknown[]) => unknown;
const isFunction = (value: unknown): value is Make => typeof value === 'function';

/** All commands in the order of their rooms, each syntax line once. */
export async function everyCommand(): Promise<Command[]> {
  const files = readdirSync(FIRMWARE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && name.includes('/')).sort();
  const found = new Map<string, Command>();
  for (const file of files) {
    const module: Record<string, unknown> = await import(join(FIRMWARE, file));
    for (const [name, value] of Object.entries(module)) {
      if (!/[a-z]Commands$/.test(name) || !isFunction(value)) continue;
      for (const command of commandsOf(value, `${file} ${name}`)) if (!found.has(command.form.syntax)) found.set(command.form.syntax, command);
    }
  }
  return [...found.values()];
}

// Commands of modules that this build does not have: read in full, answered with an error, and where they configure something kept,
// so that a configuration that was loaded and saved again has lost nothing.

import type { AnyForm, Bound, Command } from './command.ts';
import { messages } from './messages.ts';
import { writeLine } from './write.ts';

/** Who keeps the lines and writes them back with CREATE CONFIG. */
export interface Keeper {
  /** One command line in full words. */
  keep(line: string): void;
}

/** Verbs whose commands are part of a configuration; all others (SHOW, RESET, ACTIVATE) leave nothing behind. */
const CONFIGURES: ReadonlySet<string> = new Set(['ADD', 'CREATE', 'SET', 'ENABLE', 'DISABLE', 'DELETE', 'DESTROY']);

/** The words of the command and its object: what the answer names. */
const title = ({ read }: AnyForm): string => [...read.words, ...(read.object === undefined ? [] : [read.object.name])].join(' ');

/** The command of a form that this build reads but does not carry out. */
export function later(form: AnyForm, keeper: Keeper): Command {
  return {
    form,
    verify: () => undefined,
    apply: (args: Bound) => {
      if (CONFIGURES.has(form.read.words[0] ?? '')) keeper.keep(writeLine(form.read, form.defaults, args));
      return messages.parser.notBuilt(title(form));
    },
  };
}

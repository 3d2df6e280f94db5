// Runs command scripts line by line (boot configuration, ACTIVATE SCRIPT), and checks them without running them.

import type { Context, Level, Outcome, Text } from './command.ts';
import { splitLines } from './lexer.ts';
import { messages, printMessage, type Message } from './messages.ts';
import type { CommandTable } from './table.ts';

/** A line of a script that was refused. */
export interface ScriptError {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: Message;
}

/** 'FILE:LINE: Error (335256): ...' */
export const printScriptError = ({ file, line, message }: ScriptError): string => `${file}:${line}: ${printMessage(message)}`;

/** What a script did. */
export interface ScriptResult {
  /** Lines that were commands. */
  readonly commands: number;
  readonly errors: readonly ScriptError[];
}

export interface Script {
  readonly file: string;
  readonly text: string;
}

/** Who runs a script, and who hears of it. */
export interface ScriptRun {
  readonly table: CommandTable;
  /** The context of each line; made anew for each, so that `now` is true. */
  context(): Context;
  /** Each answer as it comes, errors included; not called for 'silent'. */
  answered?(answer: Message | Text, line: number): void;
}

/** A script that is being run. */
export interface RunningScript {
  /** Stops after the line that is being run, which is cancelled if it waits. `done` is called at once. */
  cancel(): void;
}

/** Runs every line, after wrong ones too, each when the one before has answered. `done` is called once; inside this call where no line takes time. */
export function runScript({ file, text }: Script, run: ScriptRun, done: (result: ScriptResult) => void): RunningScript {
  const lines = splitLines(text);
  const errors: ScriptError[] = [];
  let commands = 0;
  let at = 0;
  let stepping = false;
  let waiting: { readonly cancel: (() => void) | undefined } | undefined;
  let finished = false;

  const finish = (): void => {
    if (finished) return;
    finished = true;
    done({ commands, errors });
  };
  const answer = (what: Message | Text, line: number): void => {
    if ('severity' in what && what.severity === 'error') errors.push({ file, line, message: what });
    run.answered?.(what, line);
  };
  const wait = (outcome: Extract<Outcome, { pending: unknown }>, line: number): void => {
    const mine = { cancel: outcome.cancel };
    waiting = mine;
    outcome.pending((late) => {
      if (waiting !== mine) return;
      waiting = undefined;
      answer(late, line);
      step();
    });
  };
  const step = (): void => {
    if (stepping) return;
    stepping = true;
    while (at < lines.length && waiting === undefined && !finished) {
      const outcome = run.table.run(lines[at] ?? '', run.context());
      at++;
      if (outcome === undefined) continue;
      commands++;
      if (outcome === 'silent') continue;
      if ('pending' in outcome) wait(outcome, at);
      else answer(outcome, at);
    }
    stepping = false;
    if (waiting === undefined && at >= lines.length) finish();
  };
  step();
  return {
    cancel: () => {
      if (finished) return;
      const { cancel } = waiting ?? {};
      waiting = undefined;
      cancel?.();
      finish();
    },
  };
}

/** The errors that the lines of a script have by themselves, without running any: what does not parse. */
export function checkScript({ file, text }: Script, table: CommandTable, level: Level): ScriptError[] {
  return splitLines(text).flatMap((line, i) => {
    const match = table.match(line, level);
    return match.kind === 'error' ? [{ file, line: i + 1, message: match.message }] : [];
  });
}

/** Runs one line and waits for its answer: `hashi cli -c`. `done` gets undefined for a blank line and for a command that answers nothing. */
export function runLine(table: CommandTable, line: string, context: Context, done: (answer: Message | Text | undefined) => void): { readonly cancel: () => void } {
  const outcome = table.run(line, context);
  if (outcome === undefined || outcome === 'silent') done(undefined);
  else if (!('pending' in outcome)) done(outcome);
  else {
    let open = true;
    const once = (answer: Message | Text): void => {
      if (open) done(answer);
      open = false;
    };
    outcome.pending(once);
    return {
      cancel: () => {
        if (!open) return;
        outcome.cancel?.();
        once(messages.parser.cancelled());
      },
    };
  }
  return { cancel: () => undefined };
}

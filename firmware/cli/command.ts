// What a command is: its syntax line, and what happens when it is given. The contract between the console and every room.

import type { Millis } from '../bytes/time.ts';
import type { ArgsOf, DefaultsOf, WriteArgs } from './infer.ts';
import type { Message } from './messages.ts';
import { readSyntax, type Syntax } from './syntax.ts';
import { writeLine } from './write.ts';

/** Who may give a command; each level may give those of the levels before it. */
export type Level = 'user' | 'manager' | 'security';

/** Who gave the command and where its late output goes. */
export interface Context {
  readonly user: string;
  readonly level: Level;
  /** 'asyn0', '192.168.1.5:40123', 'cli', or the script's name. */
  readonly from: string;
  readonly now: Millis;
  readonly kind: 'console' | 'telnet' | 'script' | 'cli';
  /** Lines that come by themselves, after the answer (PING, debugging). The session redraws its prompt. One function for a whole login. */
  print(text: string): void;
  /** Asks the person; undefined = cancelled, at once where nobody can be asked. */
  ask(prompt: string, options: { readonly hidden: boolean }, answer: (text: string | undefined) => void): void;
  logoff(): void;
  /** LOGIN: gives the session to another user, who is asked for his password (and name, where none is given). Absent where nobody can be asked. */
  login?(name: string | undefined): void;
}

/** What SHOW prints: lines joined by \n, no final newline. */
export interface Text {
  readonly text: string;
}

/** An answer that takes time. The session waits; `done` is called once; Ctrl-C calls `cancel`, after which `done` is ignored. */
export interface Pending {
  readonly pending: (done: (outcome: Message | Text) => void) => void;
  readonly cancel?: () => void;
}

/** 'silent': the next prompt alone. */
export type Outcome = Message | Text | Pending | 'silent';

/** Arguments as the matcher gives them, by parameter name in lower case. */
export type Bound = { readonly [key: string]: unknown };

/** A form of a command without its argument types: what tables, help and the reference work on. */
export interface AnyForm {
  /** The line as written. */
  readonly syntax: string;
  /** The line as read. */
  readonly read: Syntax;
  readonly level: Level;
  readonly defaults: Bound;
  /** A line that this form accepts. */
  readonly example: string;
  /** One or two sentences. */
  readonly help: string;
}

declare const line: unique symbol;
/** A form of a command; `S` is its syntax line, `D` its defaults. */
export interface Form<S extends string, D> extends AnyForm {
  readonly [line]?: readonly [S, D];
}

/** The arguments that a form's handlers get. */
export type Args<F> = F extends Form<infer S, infer D> ? ArgsOf<S, D> : never;

/**
 * Defines a form of a command by its syntax line as the manual prints it (rules: syntax.ts).
 * Throws where the line is malformed, names an unknown value type, or a default or the example does not fit: errors of the programmer.
 */
export function form<const S extends string, const D extends DefaultsOf<S> = Record<never, never>>(definition: {
  readonly syntax: S;
  readonly level: Level;
  readonly defaults?: D & { readonly [K in Exclude<keyof D, keyof DefaultsOf<S>>]: never };
  readonly example: string;
  readonly help: string;
}): Form<S, D> {
  const { syntax, level, example, help, defaults } = definition;
  const read = readSyntax(syntax);
  const known: Bound = { ...defaults };
  for (const key of Object.keys(known)) if (!read.params.some((param) => param.key === key)) throw new Error(`${syntax}: default of unknown parameter ${key}`);
  return { syntax, read, level, defaults: known, example, help };
}

/** One command: a form and what it does. */
export interface Command {
  readonly form: AnyForm;
  /** Pure: why the command cannot be done, or undefined. */
  verify(args: Bound, context: Context): Message | undefined;
  apply(args: Bound, context: Context): Outcome;
}

/** What a command does with its typed arguments. */
export interface Handler<A> {
  /** Pure: why the command cannot be done, or undefined. A wrong parameter names itself and what is permitted. */
  readonly verify?: (args: A, context: Context) => Message | undefined;
  /** Changes the running object; called only where `verify` gave no message. */
  readonly apply: (args: A, context: Context) => Outcome;
}

/** Joins a form and its handler. */
export function command<S extends string, D>(of: Form<S, D>, handler: Handler<ArgsOf<S, D>>): Command {
  // The matcher builds the arguments from the same syntax line that the type is inferred from: the one place where text becomes typed.
  const typed = (args: Bound) => args as ArgsOf<S, D>;
  return {
    form: of,
    verify: (args, context) => handler.verify?.(typed(args), context),
    apply: (args, context) => handler.apply(typed(args), context),
  };
}

/** The commands that recreate one room's state, only values that are not defaults. */
export interface ConfigSection {
  /** As in the header of CREATE CONFIG: 'L2TP'. */
  readonly title: string;
  readonly lines: readonly string[];
}

/** The command line that a form reads back as `args`: full words in lower case, defaults left out, quotes where needed. */
export function write<S extends string, D>(of: Form<S, D>, args: WriteArgs<S>): string {
  return writeLine(of.read, of.defaults, { ...args });
}

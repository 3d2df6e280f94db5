// All commands of the router, by their forms: what a line means, what may come next, and running it.

import { takes } from './bind.ts';
import type { AnyForm, Bound, Command, Context, Level, Outcome } from './command.ts';
import { lex, type Token } from './lexer.ts';
import { advance, begin, finish, legal, missing, positional, type Candidate } from './matcher.ts';
import { messages, type Message } from './messages.ts';
import type { Param } from './syntax.ts';
import { printMasked, writeLine } from './write.ts';

/** A line that means a command. */
export interface Invocation {
  readonly command: Command;
  readonly args: Bound;
}

export type Match = { readonly kind: 'command'; readonly invocation: Invocation } | { readonly kind: 'empty' } | { readonly kind: 'error'; readonly message: Message };

/** One thing that may come next. */
export interface Option {
  /** As `?` lists it: 'CALL=call-name', '[TYPE={A|B}]', 'an IP address like 192.0.2.1'. */
  readonly show: string;
  /** What TAB would put in place of the partial word; undefined for a free value. */
  readonly insert: string | undefined;
}

/** What may come next after a beginning of a line. */
export interface Options {
  readonly options: readonly Option[];
  /** The end of the line that an option replaces. */
  readonly partial: string;
  /** The line could end here. */
  readonly complete: boolean;
  /** Why nothing can follow: the line is wrong already. */
  readonly error: Message | undefined;
}

const RANK: Record<Level, number> = { user: 0, manager: 1, security: 2 };

/** Whether `level` may give commands of level `needed`. In normal mode the owner treats managers as security officers. */
export const mayUse = (level: Level, needed: Level): boolean => RANK[level] >= RANK[needed];

type Index = ReadonlyMap<string, readonly Command[]>;

/** Every command there is, looked up by line. */
export class CommandTable {
  readonly commands: readonly Command[];
  /** By level, then by the first word. */
  readonly #index: Record<Level, Index>;

  constructor(commands: readonly Command[]) {
    this.commands = commands;
    this.#index = { user: index(commands, 'user'), manager: index(commands, 'manager'), security: index(commands, 'security') };
  }

  /** The words that commands begin with, in capitals. */
  get verbs(): ReadonlySet<string> {
    return new Set(this.#index.security.keys());
  }

  /** The forms that `level` may use, in the order in which they were given. */
  forms(level: Level): AnyForm[] {
    return this.commands.filter(({ form }) => mayUse(level, form.level)).map(({ form }) => form);
  }

  /** What `line` means to someone of `level`. A command above the level does not exist for him. Runs nothing. */
  match(line: string, level: Level): Match {
    const lexed = lex(line);
    if ('severity' in lexed) return { kind: 'error', message: lexed };
    if (lexed.open) return { kind: 'error', message: messages.parser.openQuote() };
    if (lexed.tokens.length === 0) return { kind: 'empty' };
    const candidates = this.#follow(lexed.tokens, level);
    if ('severity' in candidates) return { kind: 'error', message: candidates };
    const found = finish(candidates);
    if ('severity' in found) return { kind: 'error', message: found };
    return { kind: 'command', invocation: { command: found.of, args: { ...found.of.form.defaults, ...found.given } } };
  }

  /** Matches, verifies and applies; undefined for a blank line or a comment. */
  run(line: string, context: Context): Outcome | undefined {
    const match = this.match(line, context.level);
    if (match.kind === 'empty') return undefined;
    if (match.kind === 'error') return match.message;
    const { command, args } = match.invocation;
    return command.verify(args, context) ?? command.apply(args, context);
  }

  /** What may come at the end of `text`, the beginning of a line. */
  options(text: string, level: Level): Options {
    const none = { options: [], partial: '', complete: false };
    const lexed = lex(text);
    if ('severity' in lexed) return { ...none, error: lexed };
    const last = lexed.tokens.at(-1);
    const partial = last !== undefined && (lexed.open || last.end === text.length) ? last : undefined;
    const whole = partial === undefined ? lexed.tokens : lexed.tokens.slice(0, -1);
    const candidates = this.#follow(whole, level);
    if ('severity' in candidates) return { ...none, error: candidates };
    const complete = partial === undefined && whole.length > 0 && candidates.some((candidate) => missing(candidate) === undefined);
    if (partial?.value !== undefined) return { ...valueOptions(candidates, partial, lexed.open), complete, error: undefined };
    return { ...wordOptions(candidates, partial), complete, error: undefined };
  }

  /** The rest of the word that TAB adds to `text`: as far as all options agree, with a blank or `=` behind it where there is only one. */
  complete(text: string, level: Level): string {
    const { options, partial } = this.options(text, level);
    const inserts = options.flatMap(({ insert }) => (insert === undefined ? [] : [insert]));
    const [first] = inserts;
    if (first === undefined || inserts.length < options.length) return '';
    let length = first.length;
    for (const other of inserts) while (!other.startsWith(first.slice(0, length))) length--;
    const added = first.slice(partial.length, length);
    return /[a-z]/.test(partial === '' ? text : partial) ? added.toLowerCase() : added;
  }

  #follow(tokens: readonly Token[], level: Level): readonly [Candidate<Command>, ...Candidate<Command>[]] | Message {
    const [first] = tokens;
    const at = this.#index[level];
    const written = first?.name?.toUpperCase() ?? '';
    const exact = at.get(written);
    const commands = exact ?? [...at].filter(([word]) => first === undefined || word.startsWith(written)).flatMap(([, list]) => list);
    let candidates: readonly Candidate<Command>[] = commands.map(begin);
    for (const token of tokens) {
      const next = advance(candidates, token);
      if ('severity' in next) return next;
      candidates = next;
    }
    const [head, ...rest] = candidates;
    return head === undefined ? messages.parser.unknownCommand('') : [head, ...rest];
  }
}

function index(commands: readonly Command[], level: Level): Index {
  const out = new Map<string, Command[]>();
  for (const command of commands) {
    if (!mayUse(level, command.form.level)) continue;
    const word = command.form.read.words[0] ?? command.form.read.object?.name ?? '';
    const list = out.get(word);
    if (list === undefined) out.set(word, [command]);
    else list.push(command);
  }
  return out;
}

/** The command as logs show it: full words, secrets masked. */
export const redacted = ({ command, args }: Invocation): string => writeLine(command.form.read, command.form.defaults, args, printMasked);

/** A parameter as a syntax line shows it. */
export function showParam(param: Param): string {
  const names = [...param.keywords, ...param.free.map(({ name }) => name)];
  const value = `${names.length > 1 ? `{${names.join('|')}}` : names.join('')}${param.list ? '[,...]' : ''}`;
  const whole = param.positional ? `[${param.name}=]${value}` : { none: param.name, optional: `${param.name}[=${value}]`, required: `${param.name}=${value}` }[param.value];
  return param.required || param.choice !== undefined ? whole : `[${whole}]`;
}

function wordOptions(candidates: readonly Candidate<Command>[], partial: Token | undefined): Pick<Options, 'options' | 'partial'> {
  const written = partial?.name ?? '';
  const found = new Map<string, Option>();
  for (const candidate of candidates) {
    const { read } = candidate.of.form;
    const place = positional(candidate);
    if (place !== undefined) found.set(takes(place), { show: takes(place), insert: undefined });
    for (const { name, param } of legal(candidate)) {
      if (partial !== undefined && (partial.name === undefined || !name.startsWith(written.toUpperCase()))) continue;
      if (param !== undefined && (param.key in candidate.given || rivalGiven(candidate, param))) continue;
      if (param?.positional === true && written === '') continue;
      const show = param === undefined || param === read.object ? name : showParam(param);
      const shown = param !== undefined && param === read.object ? showParam(param) : show;
      const before = found.get(shown);
      // A word that may go on with or without a value gets nothing behind it.
      const end = param === undefined || param.value === 'none' ? ' ' : param.value === 'required' ? '=' : '';
      if (before === undefined) found.set(shown, { show: shown, insert: `${name}${end}` });
    }
  }
  // Commands are listed by the alphabet, parameters in the order of the syntax line.
  const heads = candidates.every((candidate) => legal(candidate).every(({ candidate: { of }, param }) => param === undefined || param === of.form.read.object));
  const options = heads ? [...found.values()].toSorted((a, b) => (a.show < b.show ? -1 : 1)) : [...found.values()];
  return { options: sameWord(options), partial: written };
}

/** Options that are the same word with different ends are one word to TAB. */
function sameWord(options: readonly Option[]): Option[] {
  const ends = new Map<string, Set<string>>();
  const bare = (insert: string): string => insert.replace(/[ =]$/, '');
  for (const { insert } of options) if (insert !== undefined) ends.set(bare(insert), (ends.get(bare(insert)) ?? new Set()).add(insert));
  return options.map((option) => (option.insert !== undefined && (ends.get(bare(option.insert))?.size ?? 0) > 1 ? { ...option, insert: bare(option.insert) } : option));
}

function rivalGiven({ of, given }: Candidate<Command>, param: Param): boolean {
  const choice = param.choice === undefined ? undefined : of.form.read.choices[param.choice];
  return choice?.keys.some((key) => key in given) === true;
}

function valueOptions(candidates: readonly Candidate<Command>[], partial: Token, open: boolean): Pick<Options, 'options' | 'partial'> {
  const piece = partial.value?.at(-1);
  const written = (partial.name ?? '').toUpperCase();
  const text = piece?.text ?? '';
  const all = candidates.flatMap((candidate) => legal(candidate).flatMap(({ param }) => (param === undefined || param.value === 'none' || param.key in candidate.given || rivalGiven(candidate, param) ? [] : [param])));
  const exact = all.filter((param) => param.name === written);
  const params = exact.length > 0 ? exact : all.filter((param) => param.name.startsWith(written));
  const found = new Map<string, Option>();
  if (new Set(params.map(({ name }) => name)).size !== 1) return { options: [], partial: text };
  for (const param of params) {
    if (piece?.quoted !== true) {
      for (const keyword of param.keywords) if (keyword.startsWith(text.toUpperCase())) found.set(keyword, { show: keyword, insert: `${keyword}${param.list ? '' : ' '}` });
    }
    if (open || text === '' || param.free.some(({ type }) => type.parse(text) !== undefined) || found.size === 0) {
      for (const { type } of param.free) found.set(type.help, { show: type.help, insert: undefined });
    }
  }
  return { options: [...found.values()], partial: text };
}

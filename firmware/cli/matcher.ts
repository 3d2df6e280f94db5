// Finds the form that a line means and the values of its parameters. All forms that the tokens so far allow are followed side by
// side; a word is looked up among the keywords that are legal at its place in these forms, and those that do not have it fall away.
// So a cut word must be unique only among what could stand there, and the error is that of the forms that came furthest.

import { anyOf, bind, permitted, shorten } from './bind.ts';
import type { AnyForm, Bound } from './command.ts';
import type { Token } from './lexer.ts';
import { messages, type Message } from './messages.ts';
import type { Param } from './syntax.ts';

/** A form that the tokens so far allow. */
export interface Candidate<F extends { readonly form: AnyForm }> {
  readonly of: F;
  /** How many of the leading words and the object are matched. */
  readonly head: number;
  readonly given: Bound;
}

/** A keyword that may stand at a place: a leading word (no parameter) or a parameter. */
interface Legal<F extends { readonly form: AnyForm }> {
  readonly candidate: Candidate<F>;
  readonly name: string;
  readonly param: Param | undefined;
}

/** How many leading words and objects a form has. */
const headLength = ({ read }: AnyForm): number => read.words.length + (read.object === undefined ? 0 : 1);

export const begin = <F extends { readonly form: AnyForm }>(of: F): Candidate<F> => ({ of, head: 0, given: {} });

/** The keywords that may stand next in `candidate`. */
export function legal<F extends { readonly form: AnyForm }>(candidate: Candidate<F>): readonly Legal<F>[] {
  const { read } = candidate.of.form;
  const word = read.words[candidate.head];
  if (word !== undefined) return [{ candidate, name: word, param: undefined }];
  if (read.object !== undefined && candidate.head === read.words.length) return [{ candidate, name: read.object.name, param: read.object }];
  return read.params.map((param) => ({ candidate, name: param.name, param }));
}

/** The positional parameter that a word without keyword would fill. */
export function positional<F extends { readonly form: AnyForm }>(candidate: Candidate<F>): Param | undefined {
  const { form } = candidate.of;
  if (candidate.head < headLength(form)) return undefined;
  return form.read.params.find((param) => param.positional && !(param.key in candidate.given));
}

const takesValue = (param: Param | undefined): boolean => param !== undefined && param.value !== 'none';
const fits = (param: Param | undefined, token: Token): boolean => (token.value === undefined ? param?.value !== 'required' : takesValue(param));

/** The candidates that remain after one more token, never none; or why none does. */
export function advance<F extends { readonly form: AnyForm }>(candidates: readonly Candidate<F>[], token: Token): readonly [Candidate<F>, ...Candidate<F>[]] | Message {
  const found = keyword(candidates, token);
  if (!('severity' in found)) return follow(found, token);
  if (token.value === undefined) {
    const filled = fill(candidates, token);
    if (filled !== undefined) return filled;
  }
  return found;
}

/** The keyword that a token names, with each candidate that has it there. */
function keyword<F extends { readonly form: AnyForm }>(candidates: readonly Candidate<F>[], token: Token): readonly Legal<F>[] | Message {
  const written = token.name?.toUpperCase() ?? '';
  const exact: Legal<F>[] = [];
  const begun: Legal<F>[] = [];
  for (const candidate of candidates) {
    // A value without keyword goes before an abbreviation: PING n may mean a host named n.
    const place = token.value === undefined ? positional(candidate) : undefined;
    if (place?.required === true) continue;
    for (const one of legal(candidate)) {
      if (one.name === written) exact.push(one);
      else if (place === undefined && written !== '' && one.name.startsWith(written)) begun.push(one);
    }
  }
  const all = exact.length > 0 ? exact : begun;
  const [first] = all;
  if (first === undefined) return unknown(candidates, token);
  const fitting = all.filter(({ param }) => fits(param, token));
  const names = [...new Set((fitting.length > 0 ? fitting : all).map(({ name }) => name))];
  if (names.length > 1) {
    const text = shorten(token.name ?? '');
    return candidates.every(({ head }) => head === 0) ? messages.parser.ambiguousCommand(text, `: ${anyOf(names)}`) : messages.parser.ambiguous(text, `: ${anyOf(names)}`);
  }
  if (fitting.length > 0) return fitting;
  if (first.param === undefined || token.value !== undefined) return messages.parser.noValue(first.name);
  return messages.parser.valueMissing(first.name, permitted(first.param));
}

/** The candidates after a keyword and its value. */
function follow<F extends { readonly form: AnyForm }>(found: readonly Legal<F>[], token: Token): readonly [Candidate<F>, ...Candidate<F>[]] | Message {
  const next: Candidate<F>[] = [];
  let refusal: Message | undefined;
  for (const { candidate, param } of found) {
    const one = param === undefined ? { ...candidate, head: candidate.head + 1 } : take(candidate, param, token);
    if ('severity' in one) refusal ??= one;
    else next.push(one);
  }
  return some(next) ? next : (refusal ?? messages.parser.unknownParameter(shorten(token.name ?? ''), ''));
}

const some = <T>(list: readonly T[]): list is readonly [T, ...T[]] => list.length > 0;

function take<F extends { readonly form: AnyForm }>(candidate: Candidate<F>, param: Param, token: Token): Candidate<F> | Message {
  const { read } = candidate.of.form;
  if (param.key in candidate.given) return messages.parser.repeated(param.name);
  const rival = param.choice === undefined ? undefined : read.choices[param.choice]?.keys.find((key) => key in candidate.given);
  if (rival !== undefined) return messages.parser.conflict(rival.toUpperCase(), param.name);
  const bound = token.value === undefined ? { value: true } : bind(param, token.value);
  if ('refusal' in bound) return bound.refusal;
  const head = param === read.object ? candidate.head + 1 : candidate.head;
  return { ...candidate, head, given: { ...candidate.given, [param.key]: bound.value } };
}

/** The candidates that take the token as a value without keyword; undefined where none has such a place. */
function fill<F extends { readonly form: AnyForm }>(candidates: readonly Candidate<F>[], token: Token): readonly [Candidate<F>, ...Candidate<F>[]] | Message | undefined {
  const next: Candidate<F>[] = [];
  let refusal: Message | undefined;
  for (const candidate of candidates) {
    const param = positional(candidate);
    if (param === undefined) continue;
    const one = take(candidate, param, { ...token, value: token.whole });
    if ('severity' in one) refusal ??= one;
    else next.push(one);
  }
  return some(next) ? next : refusal;
}

/** Names are listed in an error up to this many; the question mark lists any number. */
const LISTED = 12;
const mustFollow = (names: readonly string[]): string => (names.length > LISTED ? '? lists what may follow' : `${anyOf(names)} must follow`);

function unknown<F extends { readonly form: AnyForm }>(candidates: readonly Candidate<F>[], token: Token): Message {
  const text = shorten(token.name ?? token.whole.map((piece) => `"${piece.text}"`).join(','));
  if (candidates.every(({ head }) => head === 0)) return messages.parser.unknownCommand(text);
  const names = [...new Set(candidates.flatMap((candidate) => legal(candidate).filter(({ param }) => param === undefined || !(param.key in candidate.given)).map(({ name }) => name)))];
  const hint = names.length === 0 ? '; nothing may follow' : names.length > LISTED ? '; ? lists what is permitted here' : `; permitted here: ${anyOf(names)}`;
  return messages.parser.unknownParameter(text, hint);
}

/** Why a candidate cannot end here; undefined where it can. */
export function missing<F extends { readonly form: AnyForm }>({ of, head, given }: Candidate<F>): Message | undefined {
  const { read } = of.form;
  const word = read.words[head];
  if (word !== undefined) return messages.parser.parameterMissing(word, '');
  for (const param of read.params) {
    const there = param.key in given;
    if (param.required && !there) return messages.parser.parameterMissing(param.name, permitted(param));
    if (there && param.within !== undefined && !(param.within in given)) return messages.parser.together(param.name, param.within.toUpperCase());
  }
  for (const choice of read.choices) {
    if (choice.required && !choice.keys.some((key) => key in given)) return messages.parser.oneMissing(mustFollow(choice.keys.map((key) => key.toUpperCase())));
  }
  return undefined;
}

/** The one candidate that the line means, now that it has ended. */
export function finish<F extends { readonly form: AnyForm }>(candidates: readonly [Candidate<F>, ...Candidate<F>[]]): Candidate<F> | Message {
  let best: Candidate<F> | undefined;
  for (const candidate of candidates) {
    if (missing(candidate) !== undefined) continue;
    if (best === undefined || headLength(candidate.of.form) > headLength(best.of.form)) best = candidate;
  }
  if (best !== undefined) return best;
  const begun = candidates.filter(({ of, head }) => head === headLength(of.form));
  const [closest] = begun.toSorted((a, b) => lacks(a) - lacks(b));
  if (closest !== undefined) return missing(closest) ?? messages.parser.parameterMissing('', '');
  const next = [...new Set(candidates.flatMap((candidate) => legal(candidate).map(({ name }) => name)))];
  const [only] = next;
  return next.length === 1 && only !== undefined ? (missing(candidates[0]) ?? messages.parser.parameterMissing(only, '')) : messages.parser.oneMissing(mustFollow(next));
}

const lacks = <F extends { readonly form: AnyForm }>({ of, given }: Candidate<F>): number => of.form.read.params.filter((param) => param.required && !(param.key in given)).length;

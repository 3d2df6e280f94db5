// The value of one parameter: which keyword or free type its text is. Keywords may be cut to a unique prefix, but where a free
// value stands beside them, text that this value takes belongs to it: PASSWORD=no is a password, not NONE.

import { printable } from '../bytes/text.ts';
import type { Piece } from './lexer.ts';
import { messages, type Message } from './messages.ts';
import type { Param } from './syntax.ts';

/** A value as handlers get it, or why it is none. */
export type Bind = { readonly value: unknown } | { readonly refusal: Message };

/** The value that `pieces` give `param`. Linear in their length. */
export function bind(param: Param, pieces: readonly Piece[]): Bind {
  if (!param.list) return bindOne(param, whole(pieces));
  const values: unknown[] = [];
  for (const piece of pieces) {
    const one = bindOne(param, piece);
    if ('refusal' in one) return one;
    values.push(one.value);
  }
  return { value: values };
}

/** Commas mean nothing to a parameter that is no list. */
function whole(pieces: readonly Piece[]): Piece {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  return { text: pieces.map((piece) => piece.text).join(','), quoted: pieces.some((piece) => piece.quoted) };
}

function bindOne(param: Param, { text, quoted }: Piece): Bind {
  if (text === '' && !quoted) return { refusal: messages.parser.valueMissing(param.name, permitted(param)) };
  const word = text.toUpperCase();
  const mayBeKeyword = !quoted || param.free.length === 0;
  if (mayBeKeyword && param.keywords.includes(word)) return { value: word };
  for (const { type } of param.free) {
    const value = type.parse(text);
    if (value !== undefined) return { value: param.keywords.length > 0 ? { value } : value };
  }
  const found = mayBeKeyword && word !== '' ? param.keywords.filter((keyword) => keyword.startsWith(word)) : [];
  const [only] = found;
  if (only !== undefined && found.length === 1) return { value: only };
  const shown = param.free.some(({ type }) => type.secret === true) ? '****' : shorten(text);
  if (found.length > 1) return { refusal: messages.parser.ambiguousValue(shown, param.name, `: ${anyOf(found)}`) };
  return { refusal: messages.parser.badValue(shown, param.name, permitted(param)) };
}

/** Text from the operator as an error shows it: no control characters, not too long. */
export function shorten(text: string): string {
  const characters = Array.from(text.slice(0, 100));
  return printable(characters.length > 40 || text.length > 100 ? `${characters.slice(0, 40).join('')}...` : text);
}

/** 'A', 'A or B', 'A, B or C'. */
export const anyOf = (names: readonly string[]): string => (names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`);

/** What a parameter takes, in words. */
export const takes = (param: Param): string => anyOf([...param.keywords, ...param.free.map(({ type }) => type.help)]);

/** As it ends an error. */
export const permitted = (param: Param): string => (param.value === 'none' ? '' : `; permitted: ${takes(param)}`);

// Cuts a command line into tokens (AR740 command reference, "Operation"): blanks separate, `=` joins a parameter and its value,
// `"` holds blanks together, `,` separates the members of a list, `#` at the beginning makes a comment.
// Text pasted from the manual is taken too: typographic quotation marks, a return arrow at the end, no-break and ideographic blanks.

import { messages, type Message } from './messages.ts';

/** Longest line that is read, in UTF-16 units. */
export const MAX_LINE = 4096;

/** A member of a value: what stands between commas. */
export interface Piece {
  readonly text: string;
  /** Stood in quotation marks: never a keyword. */
  readonly quoted: boolean;
}

/** One word of a line. */
export interface Token {
  /** What stands before `=`, or the whole word where there is none; undefined for a word in quotation marks. */
  readonly name: string | undefined;
  /** What stands after `=`. */
  readonly value: readonly Piece[] | undefined;
  /** The whole word as the value of a positional parameter. */
  readonly whole: readonly Piece[];
  /** Where it stands in the line. */
  readonly start: number;
  readonly end: number;
}

/** A line as cut. */
export interface Lexed {
  readonly tokens: readonly Token[];
  /** The line ends inside quotation marks. */
  readonly open: boolean;
}

const QUOTES = '"\u201c\u201d\u201e\u201f\uff02';
const BLANKS = ' \t\u00a0\u3000';
const ARROW = /[\u21b5\u23ce][ \t\u00a0\u3000]*$/;
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/;

const isBlank = (character: string): boolean => BLANKS.includes(character);
const isQuote = (character: string): boolean => QUOTES.includes(character);

/** Cuts `line`, which holds no line end. A message where it cannot be a command at all. Linear in the line's length. */
export function lex(line: string): Lexed | Message {
  if (line.length > MAX_LINE) return messages.parser.tooLong(MAX_LINE);
  const control = CONTROL.exec(line);
  if (control !== null) return messages.parser.control(control[0].charCodeAt(0));
  const tokens: Token[] = [];
  let end = line.length;
  const arrow = ARROW.exec(line);
  // Quotation marks left open before the arrow mean that it belongs to the value, or that the line is wrong anyway.
  if (arrow !== null) end = arrow.index;
  let at = 0;
  for (;;) {
    while (at < end && isBlank(line.charAt(at))) at++;
    if (at >= end || (tokens.length === 0 && line[at] === '#')) return { tokens, open: false };
    const word = readWord(line, at, end);
    if ('severity' in word) return word;
    tokens.push(word.token);
    if (word.open) return { tokens, open: true };
    at = word.token.end;
  }
}

function readWord(line: string, start: number, end: number): { readonly token: Token; readonly open: boolean } | Message {
  let at = start;
  if (!isQuote(line.charAt(at))) {
    while (at < end && line[at] !== '=' && !isBlank(line.charAt(at))) {
      if (isQuote(line.charAt(at)) && line[at - 1] !== ',') return messages.parser.strayQuote();
      if (isQuote(line.charAt(at))) break;
      at++;
    }
    if (line[at] === '=' && at < end) {
      const name = line.slice(start, at);
      const value = readValue(line, at + 1, end);
      if ('severity' in value) return value;
      return { token: { name, value: value.pieces, whole: [{ text: line.slice(start, value.end), quoted: false }], start, end: value.end }, open: value.open };
    }
  }
  const value = readValue(line, start, end);
  if ('severity' in value) return value;
  const bare = value.pieces.every((piece) => !piece.quoted);
  return { token: { name: bare ? line.slice(start, value.end) : undefined, value: undefined, whole: value.pieces, start, end: value.end }, open: value.open };
}

function readValue(line: string, start: number, end: number): { readonly pieces: Piece[]; readonly end: number; readonly open: boolean } | Message {
  const pieces: Piece[] = [];
  for (let at = start; ; at++) {
    if (isQuote(line.charAt(at)) && at < end) {
      const close = closing(line, at);
      if (close === undefined) {
        pieces.push({ text: line.slice(at + 1), quoted: true });
        return { pieces, end: line.length, open: true };
      }
      pieces.push({ text: line.slice(at + 1, close), quoted: true });
      at = close + 1;
      if (at < end && line[at] !== ',' && !isBlank(line.charAt(at))) return messages.parser.strayQuote();
    } else {
      const from = at;
      while (at < end && line[at] !== ',' && !isBlank(line.charAt(at))) {
        if (isQuote(line.charAt(at))) return messages.parser.strayQuote();
        at++;
      }
      pieces.push({ text: line.slice(from, at), quoted: false });
    }
    if (at >= end || line[at] !== ',') return { pieces, end: Math.min(at, line.length), open: false };
  }
}

/** Where the quotation ends that begins at `at`. A straight mark is closed by a straight one, so that typographic marks can stand in a value; by any where there is none. */
function closing(line: string, at: number): number | undefined {
  if (line[at] === '"') {
    const straight = line.indexOf('"', at + 1);
    if (straight >= 0) return straight;
  }
  for (let i = at + 1; i < line.length; i++) if (isQuote(line.charAt(i))) return i;
  return undefined;
}

/** Splits a file or a burst of typing into lines: CR, LF and CRLF all end one. */
export const splitLines = (text: string): string[] => text.split(/\r\n|\r|\n/);

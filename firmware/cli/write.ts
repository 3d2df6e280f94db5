// Prints typed arguments as the command line that reads back as them (the grammar of the AR740 command reference).

import type { Free, Param, Syntax } from './syntax.ts';

/** Text that the lexer takes as it is and that can never be mistaken for a keyword's quotes, a list or a comment. */
const BARE = /^[A-Za-z0-9._:/+@*%!$&()<>^~-]+$/;

/** One value as typed: quoted where it would not be read back alike. */
function printFree(text: string, param: Param): string {
  const word = text.toUpperCase();
  const bare = BARE.test(text) && !param.keywords.includes(word);
  return bare ? text : `"${text}"`;
}

/** The text of `value` by the first permitted type that reads it back as the same value. */
function freeText(free: readonly Free[], value: unknown): string {
  for (const { type } of free) {
    const text: unknown = type.print(value);
    if (typeof text === 'string' && alike(type.parse(text), value)) return text;
  }
  return String(value);
}

/** Equal in structure: numbers, texts, lists and plain objects. */
function alike(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return left.size === right.size && [...left].every(([key, value]) => right.has(key) && alike(value, right.get(key)));
}

const isWrapped = (value: unknown): value is { readonly value: unknown } => typeof value === 'object' && value !== null && 'value' in value;

function printOne(param: Param, value: unknown): string {
  if (typeof value === 'string' && param.keywords.includes(value)) return value.toLowerCase();
  const inner = param.keywords.length > 0 && isWrapped(value) ? value.value : value;
  return printFree(freeText(param.free, inner), param);
}

/** The value as it stands after `=`. */
export function printValue(param: Param, value: unknown): string {
  if (param.list && Array.isArray(value)) return value.map((one: unknown) => printOne(param, one)).join(',');
  return printOne(param, value);
}

/** The value as logs show it: secrets masked. */
export function printMasked(param: Param, value: unknown): string {
  const secret = param.free.some(({ type }) => type.secret === true) && !(typeof value === 'string' && param.keywords.includes(value));
  return secret ? '****' : printValue(param, value);
}

type Printer = (param: Param, value: unknown) => string;

/** The line of a command: words, then the parameters in the order of the syntax line; absent and default ones left out. */
export function writeLine(syntax: Syntax, defaults: Readonly<Record<string, unknown>>, args: Readonly<Record<string, unknown>>, print: Printer = printValue): string {
  const parts = syntax.words.map((word) => word.toLowerCase());
  for (const param of syntax.params) {
    const value = args[param.key];
    if (param.value === 'none') {
      if (value === true || param.required) parts.push(param.key);
      continue;
    }
    if (value === undefined) continue;
    if (value === true) {
      parts.push(param.key);
      continue;
    }
    const usual = defaults[param.key];
    if (usual !== undefined && !param.required && printValue(param, value) === printValue(param, usual)) continue;
    parts.push(param.positional ? print(param, value) : `${param.key}=${print(param, value)}`);
  }
  return parts.join(' ');
}

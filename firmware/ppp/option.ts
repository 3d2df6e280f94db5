// Configuration options: type(1) length(1) data, length counting all of it (RFC 1661 6).

import { equalBytes, put16, put32, u8 } from '../bytes/integers.ts';

export interface Option {
  /** 0..255 */
  readonly type: number;
  /** At most 253 octets. */
  readonly data: Uint8Array;
}

export type OptionRefusal = 'option length wrong';

/** All options of a list. A length below 2 or past the end refuses the whole list (RFC 1661 6: silently discarded). */
export function parseOptions(b: Uint8Array): Option[] | OptionRefusal {
  const options: Option[] = [];
  for (let at = 0; at < b.length; ) {
    const length = at + 1 < b.length ? u8(b, at + 1) : 0;
    if (length < 2 || at + length > b.length) return 'option length wrong';
    options.push({ type: u8(b, at), data: b.subarray(at + 2, at + length) });
    at += length;
  }
  return options;
}

/** The octets of a list of options in their order. An option with more than 253 octets of data cannot be encoded and is left out. */
export function encodeOptions(options: readonly Option[]): Uint8Array {
  const fitting = options.filter((option) => option.data.length <= 253);
  const out = new Uint8Array(fitting.reduce((sum, option) => sum + 2 + option.data.length, 0));
  let at = 0;
  for (const option of fitting) {
    out[at] = option.type;
    out[at + 1] = option.data.length + 2;
    out.set(option.data, at + 2);
    at += 2 + option.data.length;
  }
  return out;
}

export const sameOption = (a: Option, b: Option): boolean => a.type === b.type && equalBytes(a.data, b.data);

/** Whether `part` are options of `whole`, unchanged and in the same order: what a Configure-Reject must be (RFC 1661 5.4). */
export function isPartOf(part: readonly Option[], whole: readonly Option[]): boolean {
  let at = 0;
  for (const option of part) {
    while (at < whole.length && !sameOption(whole[at] ?? option, option)) at++;
    if (at >= whole.length) return false;
    at++;
  }
  return true;
}

export const flagOption = (type: number): Option => ({ type, data: new Uint8Array(0) });

export function option16(type: number, value: number): Option {
  const data = new Uint8Array(2);
  put16(data, 0, value);
  return { type, data };
}

export function option32(type: number, value: number): Option {
  const data = new Uint8Array(4);
  put32(data, 0, value);
  return { type, data };
}

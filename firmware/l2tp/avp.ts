// One attribute-value pair: its header, and the values of each kind (RFC 2661 4.1, 4.4; RFC 3145 2).
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// |M|H| rsvd  |      Length       |           Vendor ID           |
// |         Attribute Type        |        Attribute Value ...
// Length counts from the M bit on, 6..1023.

import { put16, u16, u32, u8 } from '../bytes/integers.ts';
import { fromUtf8, utf8 } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import { type AvpKind, type AvpValues, MAX_VALUE } from './catalog.ts';

export const AVP_HEADER = 6;
const M = 0x8000;
const H = 0x4000;
const RESERVED = 0x3c00;
const LENGTH = 0x03ff;

/** A decoded AVP header; one struct is reused for a whole message. */
export interface AvpHeader {
  mandatory: boolean;
  hidden: boolean;
  /** A reserved bit is set: to be treated as an AVP that is not recognised (4.1). */
  reserved: boolean;
  vendor: number;
  type: number;
  /** The value is `b[value..end)`. */
  value: number;
  end: number;
}

export const newAvpHeader = (): AvpHeader => ({ mandatory: false, hidden: false, reserved: false, vendor: 0, type: 0, value: 0, end: 0 });

/** Reads the AVP at `b[at]` of a message that ends at `end`. False: its Length is wrong, only `mandatory` and `type` are set. */
export function readAvp(b: Uint8Array, at: number, end: number, into: AvpHeader): boolean {
  const bits = u16(b, at);
  into.mandatory = (bits & M) !== 0;
  into.type = end - at >= AVP_HEADER ? u16(b, at + 4) : -1;
  const length = bits & LENGTH;
  if (length < AVP_HEADER || length > end - at) return false;
  into.hidden = (bits & H) !== 0;
  into.reserved = (bits & RESERVED) !== 0;
  into.vendor = u16(b, at + 2);
  into.value = at + AVP_HEADER;
  into.end = at + length;
  return true;
}

/** What `writeAvp` puts into the header. */
export interface AvpFlags {
  readonly type: number;
  readonly mandatory: boolean;
  readonly hidden: boolean;
}

/** Appends an AVP of vendor 0. False, and nothing written, where the value is longer than MAX_VALUE. */
export function writeAvp(out: Writer, flags: AvpFlags, value: Uint8Array): boolean {
  if (value.length > MAX_VALUE) return false;
  out.u16((flags.mandatory ? M : 0) | (flags.hidden ? H : 0) | (AVP_HEADER + value.length));
  out.u16(0).u16(flags.type).bytes(value);
  return true;
}

/** A value, and the octets that were there beyond what its kind defines (a sloppy peer's; they mean nothing). */
export interface Value {
  readonly value: AvpValues[AvpKind];
  readonly extra: number;
}

interface Bounds {
  readonly least?: number;
  readonly most?: number;
}

/** Reads a value of `kind`; undefined where it is too short, or out of range. What is kept is copied. */
export function readValue(kind: AvpKind, v: Uint8Array, bounds: Bounds): Value | undefined {
  const size = v.length;
  switch (kind) {
    case 'u16':
      return size < 2 ? undefined : { value: u16(v, 0), extra: size - 2 };
    case 'nonzero':
      return size < 2 || u16(v, 0) === 0 ? undefined : { value: u16(v, 0), extra: size - 2 };
    case 'u32':
      return size < 4 ? undefined : { value: u32(v, 0), extra: size - 4 };
    case 'octets':
      return fits(size, bounds) ? { value: v.slice(), extra: 0 } : undefined;
    case 'text':
      return fits(size, bounds) ? { value: fromUtf8(v), extra: 0 } : undefined;
    case 'flag':
      return { value: true, extra: size };
    case 'result':
      return readResult(v);
    case 'cause':
      return size < 3 ? undefined : { value: { cause: u16(v, 0), message: u8(v, 2), advisory: fromUtf8(v.subarray(3)) }, extra: 0 };
    case 'errors':
      return size < 26 ? undefined : { value: readErrors(v), extra: size - 26 };
    case 'accm':
      return size < 10 ? undefined : { value: { send: u32(v, 2), receive: u32(v, 6) }, extra: size - 10 };
    case 'disconnect':
      return size < 5
        ? undefined
        : { value: { code: u16(v, 0), protocol: u16(v, 2), direction: u8(v, 4), message: fromUtf8(v.subarray(5)) }, extra: 0 };
    default:
      return kind satisfies never;
  }
}

const fits = (size: number, bounds: Bounds): boolean => size >= (bounds.least ?? 0) && size <= (bounds.most ?? MAX_VALUE);

function readResult(v: Uint8Array): Value | undefined {
  if (v.length < 2) return undefined;
  if (v.length < 4) return { value: { code: u16(v, 0) }, extra: v.length - 2 };
  if (v.length === 4) return { value: { code: u16(v, 0), error: u16(v, 2) }, extra: 0 };
  return { value: { code: u16(v, 0), error: u16(v, 2), message: fromUtf8(v.subarray(4)) }, extra: 0 };
}

const readErrors = (v: Uint8Array): AvpValues['errors'] => ({
  crc: u32(v, 2), framing: u32(v, 6), hardware: u32(v, 10), buffer: u32(v, 14), timeout: u32(v, 18), alignment: u32(v, 22),
});

/** How a value of each kind is written; undefined where it does not fit. Lengths above MAX_VALUE are refused by `writeAvp`. */
export const writeValue: { readonly [K in AvpKind]: (value: AvpValues[K], bounds: Bounds) => Uint8Array | undefined } = {
  u16: (value) => word(value),
  nonzero: (value) => (value === 0 ? undefined : word(value)),
  u32: (value) => long(value),
  octets: (value, bounds) => (fits(value.length, bounds) ? value : undefined),
  text: (value, bounds) => bounded(utf8(value), bounds),
  flag: () => new Uint8Array(0),
  result: (value) => {
    if (!isWord(value.code) || !isWord(value.error ?? 0)) return undefined;
    const out = new Writer(8).u16(value.code);
    if (value.error === undefined && value.message === undefined) return out.finish();
    return out.u16(value.error ?? 0).bytes(utf8(value.message ?? '')).finish();
  },
  cause: (value) =>
    isWord(value.cause) && isOctet(value.message) ? new Writer(8).u16(value.cause).u8(value.message).bytes(utf8(value.advisory)).finish() : undefined,
  errors: (value) => {
    const counts = [value.crc, value.framing, value.hardware, value.buffer, value.timeout, value.alignment];
    const out = new Writer(26).u16(0);
    for (const count of counts) out.u32(Math.min(count, 0xffffffff));
    return out.finish();
  },
  accm: (value) => new Writer(10).u16(0).u32(value.send).u32(value.receive).finish(),
  disconnect: (value) =>
    isWord(value.code) && isWord(value.protocol) && isOctet(value.direction)
      ? new Writer(16).u16(value.code).u16(value.protocol).u8(value.direction).bytes(utf8(value.message)).finish()
      : undefined,
};

const isWord = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 0xffff;
const isOctet = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 0xff;
const bounded = (value: Uint8Array, bounds: Bounds): Uint8Array | undefined => (fits(value.length, bounds) ? value : undefined);

function word(value: number): Uint8Array | undefined {
  if (!isWord(value)) return undefined;
  const out = new Uint8Array(2);
  put16(out, 0, value);
  return out;
}

function long(value: number): Uint8Array | undefined {
  return Number.isInteger(value) && value >= 0 && value <= 0xffffffff ? new Writer(4).u32(value).finish() : undefined;
}

// Netlink messages (netlink(7)): headers and attributes, written into one buffer and read back. Host byte order, which is
// little-endian on all machines this runs on; addresses are in network byte order.

import { pinned } from '../ffi/libc.ts';

export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;
export const NLM_F = { REQUEST: 1, MULTI: 2, ACK: 4, DUMP_INTR: 0x10, REPLACE: 0x100, EXCL: 0x200, CREATE: 0x400, APPEND: 0x800, DUMP: 0x300, ACK_TLVS: 0x200 } as const;
export const HEADER = 16;
const ATTRIBUTE = 4;
/** Nested attributes carry this flag in their type. */
const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;

const aligned = (length: number): number => (length + 3) & ~3;
const encoder = new TextEncoder();

/** Builds one request at a time in memory that the kernel can read. */
export class MessageWriter {
  readonly memory = pinned(8192);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Starts a message over. */
  begin(type: number, flags: number, sequence: number): void {
    this.memory.bytes.fill(0, 0, this.#length);
    this.memory.view.setUint16(4, type, true);
    this.memory.view.setUint16(6, flags, true);
    this.memory.view.setUint32(8, sequence, true);
    this.#length = HEADER;
  }

  u8(...values: readonly number[]): this {
    for (const value of values) this.memory.bytes[this.#length++] = value;
    return this;
  }

  u16(value: number): this {
    this.memory.view.setUint16(this.#length, value, true);
    this.#length += 2;
    return this;
  }

  u32(value: number): this {
    this.memory.view.setUint32(this.#length, value, true);
    this.#length += 4;
    return this;
  }

  attribute(type: number, body: Uint8Array): this {
    this.#attribute(type, body.length);
    this.memory.bytes.set(body, this.#length);
    this.#length += aligned(body.length);
    return this;
  }

  attributeU32(type: number, value: number): this {
    this.#attribute(type, 4);
    return this.u32(value);
  }

  /** An IPv4 address. */
  attributeAddress(type: number, value: number): this {
    this.#attribute(type, 4);
    this.memory.view.setUint32(this.#length, value);
    this.#length += 4;
    return this;
  }

  attributeText(type: number, text: string): this {
    return this.attribute(type, encoder.encode(`${text}\0`));
  }

  nested(type: number, write: (writer: this) => void): this {
    const start = this.#length;
    this.#attribute(type | NESTED, 0);
    write(this);
    this.memory.view.setUint16(start, this.#length - start, true);
    return this;
  }

  /** Writes the length into the header. */
  finish(): void {
    this.memory.view.setUint32(0, this.#length, true);
  }

  #attribute(type: number, length: number): void {
    this.memory.view.setUint16(this.#length, ATTRIBUTE + length, true);
    this.memory.view.setUint16(this.#length + 2, type, true);
    this.#length += ATTRIBUTE;
  }
}

/** One message inside a received datagram; valid until the next receive. */
export interface Received {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** The family's fixed header and the attributes. */
  readonly body: DataView;
}

/** The messages of one datagram; stops where a length lies. */
export function* messagesOf(datagram: Uint8Array): Generator<Received> {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  for (let at = 0; at + HEADER <= view.byteLength; ) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + length > view.byteLength) return;
    const body = new DataView(view.buffer, view.byteOffset + at + HEADER, length - HEADER);
    yield { type: view.getUint16(at + 4, true), flags: view.getUint16(at + 6, true), sequence: view.getUint32(at + 8, true), body };
    at += aligned(length);
  }
}

/** The attributes behind `from` octets of fixed header, by type; the last of a type wins. */
export function attributesOf(body: DataView, from: number): Map<number, DataView> {
  const found = new Map<number, DataView>();
  for (let at = from; at + ATTRIBUTE <= body.byteLength; ) {
    const length = body.getUint16(at, true);
    if (length < ATTRIBUTE || at + length > body.byteLength) break;
    found.set(body.getUint16(at + 2, true) & TYPE_MASK, new DataView(body.buffer, body.byteOffset + at + ATTRIBUTE, length - ATTRIBUTE));
    at += aligned(length);
  }
  return found;
}

/** The text of an attribute, without its final zero. */
export function textOf(attribute: DataView | undefined): string {
  if (attribute === undefined) return '';
  const bytes = new Uint8Array(attribute.buffer, attribute.byteOffset, attribute.byteLength);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** An attribute of one octet; 0 where it is missing. */
export const u8Of = (attribute: DataView | undefined): number => (attribute === undefined || attribute.byteLength < 1 ? 0 : attribute.getUint8(0));

/** A 32-bit attribute; undefined where it is missing or short. */
export const u32Of = (attribute: DataView | undefined): number | undefined => (attribute === undefined || attribute.byteLength < 4 ? undefined : attribute.getUint32(0, true));

/** An IPv4 address attribute as a number; undefined where it is missing or no IPv4 address. */
export const addressOf = (attribute: DataView | undefined): number | undefined => (attribute?.byteLength === 4 ? attribute.getUint32(0) : undefined);

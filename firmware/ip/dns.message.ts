// DNS messages of a stub resolver (RFC 1035 4.1; negative answers RFC 2308): questions for A records, and what the answers say.

import { type Ipv4, toIpv4 } from '../bytes/ip.ts';
import { u16, u32, u8 } from '../bytes/integers.ts';
import { Writer } from '../bytes/writer.ts';

// Header, 12 octets: ID, flags (QR 8000, opcode 7800, TC 0200, RD 0100, RCODE 000f), QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT.
// Record: name, type, class, TTL (4), RDLENGTH, RDATA.
const HEADER = 12;
const FIXED = 10;
const FLAG = { QR: 0x8000, OPCODE: 0x7800, TC: 0x0200, RD: 0x0100, RCODE: 0x000f } as const;
const TYPE = { A: 1, CNAME: 5, SOA: 6 } as const;
const CLASS_IN = 1;
const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
const RCODE_WORDS = new Map<number, string>([
  [RCODE.FORMERR, 'it does not understand the question'],
  [RCODE.SERVFAIL, 'it failed'],
  [RCODE.NOTIMP, 'it does not do this'],
  [RCODE.REFUSED, 'it refuses to answer'],
]);
/** RFC 1035 2.3.4. */
const LABEL_MOST = 63;
const NAME_MOST = 255;
/** SOA: two names of at least one octet, then five words; MINIMUM is the last. */
const SOA_LEAST = 22;

// Limits of ours: what an honest answer never needs.
const RECORDS_MOST = 512;
const ADDRESSES_MOST = 64;
const ALIASES_MOST = 16;
const POINTERS_MOST = 32;

/** Why a datagram is no answer to the question. Each is a counter of SHOW IP DNS. */
export const DNS_REFUSALS = ['dns-short', 'dns-query', 'dns-id', 'dns-question', 'dns-name', 'dns-record', 'dns-records'] as const;
export type DnsRefusal = (typeof DNS_REFUSALS)[number];

/** What a server says about a name. TTLs in seconds, as they stand in the message. */
export type DnsAnswer =
  | { readonly kind: 'addresses'; readonly addresses: readonly Ipv4[]; readonly ttl: number }
  /** The name is another name for `target`, of which the message tells no address. */
  | { readonly kind: 'alias'; readonly target: string; readonly ttl: number }
  /** The name does not exist, or has no address. `ttl` undefined = the server names none. */
  | { readonly kind: 'none'; readonly exists: boolean; readonly ttl: number | undefined }
  /** The answer did not fit (TC) and holds nothing of use. */
  | { readonly kind: 'truncated' }
  /** The server cannot or will not tell. */
  | { readonly kind: 'failed'; readonly why: string };

/** A host name as names are compared: lower case, without the final dot; undefined where it cannot be asked for. */
export function dnsName(text: string): string | undefined {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  if (name.length === 0 || name.length > NAME_MOST - 2 || !/^[\u0021-\u007e]+$/.test(name)) return undefined;
  return name.split('.').every((label) => label.length > 0 && label.length <= LABEL_MOST) ? name : undefined;
}

/** The question for the A records of `name` (of dnsName), with recursion desired. */
export function encodeQuestion(id: number, name: string): Uint8Array {
  const out = new Writer(HEADER + name.length + 6).u16(id).u16(FLAG.RD).u16(1).u16(0).u16(0).u16(0);
  for (const label of name.split('.')) {
    out.u8(label.length);
    for (let i = 0; i < label.length; i++) out.u8(label.charCodeAt(i));
  }
  return out.u8(0).u16(TYPE.A).u16(CLASS_IN).finish();
}

interface Name {
  /** In lower case. A dot inside a label is written \. so that it is never taken for one between labels. */
  readonly text: string;
  /** Where what follows the name begins. */
  readonly next: number;
}

/** Reads a name that may be compressed. Pointers lead strictly backwards, so no message makes it run for ever. */
function readName(b: Uint8Array, start: number): Name | undefined {
  let at = start;
  let next = -1;
  let lowest = start;
  let length = 0;
  const labels: string[] = [];
  for (let pointers = 0; ; ) {
    if (at >= b.length) return undefined;
    const size = u8(b, at);
    if (size === 0) return { text: labels.join('.'), next: next < 0 ? at + 1 : next };
    if (size >= 0xc0) {
      if (at + 2 > b.length || ++pointers > POINTERS_MOST) return undefined;
      const to = u16(b, at) & 0x3fff;
      if (to >= lowest || to < HEADER) return undefined;
      if (next < 0) next = at + 2;
      lowest = to;
      at = to;
      continue;
    }
    length += size + 1;
    if (size > LABEL_MOST || at + 1 + size > b.length || length >= NAME_MOST) return undefined;
    labels.push(readLabel(b, at + 1, size));
    at += 1 + size;
  }
}

function readLabel(b: Uint8Array, at: number, size: number): string {
  let label = '';
  for (let i = at; i < at + size; i++) {
    const c = u8(b, i);
    label += c === 0x2e ? '\\.' : String.fromCharCode(c >= 0x41 && c <= 0x5a ? c + 0x20 : c);
  }
  return label;
}

interface Records {
  readonly addresses: Map<string, { readonly address: Ipv4; readonly ttl: number }[]>;
  readonly aliases: Map<string, { readonly target: string; readonly ttl: number }>;
  /** How long the authority lets a negative answer live (RFC 2308 5). */
  negative: number | undefined;
}

/** TTLs with the highest bit set count as zero (RFC 2181 8). */
const ttlOf = (value: number): number => (value > 0x7fffffff ? 0 : value);

/** Answer and authority records, from `start`; whatever a truncated message lost is left out. */
function readRecords(b: Uint8Array, start: number, isCut: { readonly truncated: boolean }): Records | DnsRefusal {
  const found: Records = { addresses: new Map(), aliases: new Map(), negative: undefined };
  const answers = u16(b, 6);
  const count = answers + u16(b, 8);
  if (count > RECORDS_MOST) return 'dns-records';
  let at = start;
  for (let i = 0; i < count; i++) {
    const owner = readName(b, at);
    if (owner === undefined || owner.next + FIXED > b.length) return isCut.truncated ? found : owner === undefined ? 'dns-name' : 'dns-record';
    const { next } = owner;
    const data = next + FIXED;
    const length = u16(b, next + 8);
    if (data + length > b.length) return isCut.truncated ? found : 'dns-record';
    at = data + length;
    if (u16(b, next + 2) !== CLASS_IN) continue;
    const type = u16(b, next);
    const ttl = ttlOf(u32(b, next + 4));
    if (i >= answers) {
      if (type === TYPE.SOA && length >= SOA_LEAST) found.negative = Math.min(ttl, ttlOf(u32(b, at - 4)));
    } else if (type === TYPE.A) {
      if (length !== 4) return 'dns-record';
      const list = found.addresses.get(owner.text) ?? [];
      if (list.length < ADDRESSES_MOST) list.push({ address: toIpv4(u32(b, data)), ttl });
      found.addresses.set(owner.text, list);
    } else if (type === TYPE.CNAME) {
      const target = readName(b, data);
      if (target === undefined || target.next !== at) return 'dns-name';
      if (!found.aliases.has(owner.text)) found.aliases.set(owner.text, { target: target.text, ttl });
    }
  }
  return found;
}

/**
 * Reads the answer to the question `id` for `name` (of dnsName). A refusal means that the datagram is no answer to it: damaged, forged or
 * of another question; the caller goes on waiting.
 */
export function decodeAnswer(b: Uint8Array, { id, name }: { readonly id: number; readonly name: string }): DnsAnswer | DnsRefusal {
  if (b.length < HEADER) return 'dns-short';
  const flags = u16(b, 2);
  if ((flags & (FLAG.QR | FLAG.OPCODE)) !== FLAG.QR) return 'dns-query';
  if (u16(b, 0) !== id) return 'dns-id';
  const rcode = flags & FLAG.RCODE;
  const questions = u16(b, 4);
  // A server that could not read the question cannot repeat it.
  if (questions === 0 && rcode === RCODE.FORMERR) return { kind: 'failed', why: RCODE_WORDS.get(rcode) ?? '' };
  if (questions !== 1) return 'dns-question';
  const asked = readName(b, HEADER);
  if (asked === undefined) return 'dns-name';
  if (asked.next + 4 > b.length) return 'dns-short';
  if (asked.text !== name || u16(b, asked.next) !== TYPE.A || u16(b, asked.next + 2) !== CLASS_IN) return 'dns-question';
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return { kind: 'failed', why: RCODE_WORDS.get(rcode) ?? `it answers with code ${rcode}` };
  const truncated = (flags & FLAG.TC) !== 0;
  const records = readRecords(b, asked.next + 4, { truncated });
  if (typeof records === 'string') return records;
  return follow(records, name, { truncated, exists: rcode === RCODE.NOERROR });
}

/** From the name asked for along its aliases to addresses. */
function follow({ addresses, aliases, negative }: Records, name: string, { truncated, exists }: { readonly truncated: boolean; readonly exists: boolean }): DnsAnswer {
  let at = name;
  let ttl = 0x7fffffff;
  for (let hops = 0; hops <= ALIASES_MOST; hops++) {
    const found = addresses.get(at);
    if (found !== undefined) {
      const [...each] = new Set(found.map(({ address }) => address));
      return { kind: 'addresses', addresses: each, ttl: found.reduce((least, one) => Math.min(least, one.ttl), ttl) };
    }
    const alias = aliases.get(at);
    if (alias === undefined) break;
    ttl = Math.min(ttl, alias.ttl);
    at = alias.target;
  }
  if (truncated) return { kind: 'truncated' };
  if (!exists) return { kind: 'none', exists: false, ttl: negative };
  // A server that does recursion has looked the target up already: with its authority it says that the target has no address.
  if (at !== name && negative === undefined) {
    if (aliases.has(at)) return { kind: 'failed', why: 'its aliases lead in a circle' };
    return { kind: 'alias', target: at, ttl };
  }
  return { kind: 'none', exists: true, ttl: negative };
}

// A name server for tests: builds answers octet by octet, independent of the resolver's own codec.

import { parseIpv4 } from '../../../firmware/bytes/ip.ts';

/** [owner, type, data, TTL]; the data of SOA is its MINIMUM. */
export type Row = readonly [owner: string, type: 'A' | 'CNAME' | 'SOA', data: string, ttl: number];

export interface Reply {
  readonly rcode?: number;
  readonly truncated?: boolean;
  readonly answers?: readonly Row[];
  readonly authority?: readonly Row[];
}

const CODES = { A: 1, CNAME: 5, SOA: 6 } as const;

const word = (n: number): number[] => [(n >>> 8) & 255, n & 255];
const long = (n: number): number[] => [...word(n >>> 16), ...word(n)];
const name = (text: string): number[] => [...text.split('.').flatMap((label) => [label.length, ...Buffer.from(label, 'latin1')]), 0];

function data(type: Row[1], text: string): number[] {
  if (type === 'A') return long(parseIpv4(text) ?? 0);
  if (type === 'CNAME') return name(text);
  return [...name('ns.example'), ...name('root.example'), ...long(1), ...long(2), ...long(3), ...long(4), ...long(Number(text))];
}

const record = ([owner, type, text, ttl]: Row): number[] => {
  const body = data(type, text);
  return [...name(owner), ...word(CODES[type]), ...word(1), ...long(ttl), ...word(body.length), ...body];
};

/** The answer to a question, with its identifier and its question section. */
export function answerTo(question: Uint8Array, { rcode = 0, truncated = false, answers = [], authority = [] }: Reply): Uint8Array {
  const flags = 0x8180 | (truncated ? 0x0200 : 0) | rcode;
  const head = [...question.subarray(0, 2), ...word(flags), ...word(1), ...word(answers.length), ...word(authority.length), 0, 0];
  return Uint8Array.from([...head, ...question.subarray(12), ...answers.flatMap(record), ...authority.flatMap(record)]);
}

/** The name that a question asks for. */
export function askedName(question: Uint8Array): string {
  const labels: string[] = [];
  for (let at = 12; (question[at] ?? 0) !== 0; at += (question[at] ?? 0) + 1) labels.push(Buffer.from(question.subarray(at + 1, at + 1 + (question[at] ?? 0))).toString('latin1'));
  return labels.join('.');
}

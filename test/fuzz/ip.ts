// Fuzz target of the ICMP decoder of PING and TRACE. Throws where the decoder breaks its contract.

import { hex } from '../../firmware/bytes/hex.ts';
import { put16 } from '../../firmware/bytes/integers.ts';
import { decodeAnswer, encodeEcho, ICMP } from '../../firmware/ip/icmp.ts';

const NONE = new Uint8Array(0);

/** An unused word, an IPv4 header of `words` 32-bit words, an echo request's first 8 octets. */
function quoted(words: number, id: number, sequence: number): Uint8Array {
  const out = new Uint8Array(4 + words * 4 + 8);
  out[4] = 0x40 | words;
  out[13] = 1;
  out.set([192, 168, 20, 5], 20);
  out[4 + words * 4] = ICMP.ECHO;
  put16(out, 4 + words * 4 + 4, id);
  put16(out, 4 + words * 4 + 6, sequence);
  return out;
}

/** What follows type, code and checksum in valid messages. */
export const RESTS = [encodeEcho({ id: 1, sequence: 2 }, 24, NONE).slice(4), quoted(5, 3, 4), quoted(6, 5, 6), quoted(15, 7, 8)];
export const TYPES = [0, 3, 8, 11, 12] as const;

/** What the decoder made of a message: a kind of answer or a refusal. */
export function decodeKind(type: number, code: number, rest: Uint8Array): string {
  const answer = decodeAnswer(type, code, rest);
  if (typeof answer === 'string') return answer;
  if (answer.id < 0 || answer.id > 0xffff || answer.sequence < 0 || answer.sequence > 0xffff) throw new Error(`id or sequence out of range: ${type} ${code} ${hex(rest)}`);
  if (answer.kind === 'reply' && answer.data.length !== rest.length - 4) throw new Error(`data length wrong: ${type} ${code} ${hex(rest)}`);
  return answer.kind;
}

/** Type and code stand before the rest in each input. */
export const targets = [
  {
    name: 'ip icmp',
    seeds: RESTS.flatMap((rest) => TYPES.map((type) => Uint8Array.of(type, 1, ...rest))),
    run: (input: Uint8Array): boolean => ['reply', 'exceeded', 'unreachable'].includes(decodeKind(input[0] ?? 0, input[1] ?? 0, input.subarray(2))),
  },
] as const;

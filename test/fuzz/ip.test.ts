// decodeAnswer under mutated ICMP messages: never throws, gives an answer or a refusal, and takes bounded time.
// HASHI_FUZZ multiplies the number of inputs.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { put16 } from '../../firmware/bytes/integers.ts';
import { decodeAnswer, encodeEcho, ICMP, isEchoData } from '../../firmware/ip/icmp.ts';

const test = suite('ip fuzz');
const INPUTS = 1_000_000 * Number(process.env['HASHI_FUZZ'] ?? '1');
const NONE = new Uint8Array(0);

/** mulberry32: the same inputs for the same seed. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

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

test('decodeAnswer survives mutated messages and refuses or answers each', () => {
  const next = chance(20031215);
  const kinds = new Map<string, number>();
  const seeds = [encodeEcho({ id: 1, sequence: 2 }, 24, NONE).slice(4), quoted(5, 3, 4), quoted(6, 5, 6), quoted(15, 7, 8)];
  const types = [0, 3, 8, 11, 12];
  const started = performance.now();
  for (let i = 0; i < INPUTS; i++) {
    const seed = seeds[next() % seeds.length] ?? NONE;
    const cut = next() % 4 === 0 ? next() % (seed.length + 1) : seed.length;
    const input = seed.slice(0, cut);
    for (let flips = next() % 4; flips > 0 && input.length > 0; flips--) {
      const at = next() % input.length;
      input[at] = (input[at] ?? 0) ^ (1 << (next() % 8));
    }
    const answer = decodeAnswer(types[next() % types.length] ?? 0, next() % 16, input);
    const kind = typeof answer === 'string' ? answer : answer.kind;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (typeof answer === 'string') continue;
    if (answer.id < 0 || answer.id > 0xffff || answer.sequence < 0 || answer.sequence > 0xffff) assert.unreachable(`id or sequence out of range in input ${i}`);
    if (answer.kind === 'reply' && answer.data.length !== input.length - 4) assert.unreachable(`data length wrong in input ${i}`);
  }
  assert.ok(performance.now() - started < INPUTS / 20, 'a decode takes less than 50 microseconds on average');
  const seen = [...kinds.keys()].sort();
  assert.equal(seen, ['exceeded', 'icmp-quote-fragment', 'icmp-quote-header', 'icmp-quote-protocol', 'icmp-quote-short', 'icmp-quote-version', 'icmp-short', 'icmp-type', 'reply', 'unreachable']);
});

test('decodeAnswer reads back what encodeEcho wrote, as its echo', () => {
  const next = chance(7);
  for (let i = 0; i < 20_000; i++) {
    const echo = { id: next() & 0xffff, sequence: next() & 0xffff };
    const pattern = Uint8Array.from({ length: next() % 5 }, () => next() & 255);
    const length = next() % 200;
    const answer = decodeAnswer(ICMP.ECHO_REPLY, 0, encodeEcho(echo, length, pattern).subarray(4));
    if (typeof answer === 'string' || answer.kind !== 'reply') return assert.unreachable(`refused: ${String(answer)}`);
    assert.is(answer.id, echo.id);
    assert.is(answer.sequence, echo.sequence);
    assert.ok(isEchoData(answer.data, length, pattern));
  }
});

test.run();

// decodeAnswer under mutated ICMP messages: never throws, gives an answer or a refusal, and takes bounded time.
// HASHI_FUZZ multiplies the number of inputs.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeAnswer, encodeEcho, ICMP, isEchoData } from '../../firmware/ip/icmp.ts';
import { decodeKind, RESTS, TYPES } from './ip.ts';
import { chance } from './mutate.ts';

const test = suite('ip fuzz');
const INPUTS = 1_000_000 * Number(process.env['HASHI_FUZZ'] ?? '1');
const NONE = new Uint8Array(0);

test('decodeAnswer survives mutated messages and refuses or answers each', () => {
  const next = chance(20031215);
  const kinds = new Map<string, number>();
  const started = performance.now();
  for (let i = 0; i < INPUTS; i++) {
    const seed = RESTS[next() % RESTS.length] ?? NONE;
    const cut = next() % 4 === 0 ? next() % (seed.length + 1) : seed.length;
    const input = seed.slice(0, cut);
    for (let flips = next() % 4; flips > 0 && input.length > 0; flips--) {
      const at = next() % input.length;
      input[at] = (input[at] ?? 0) ^ (1 << (next() % 8));
    }
    const kind = decodeKind(TYPES[next() % TYPES.length] ?? 0, next() % 16, input);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
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

// The DNS client's decoder and its questions under mutated answers: never throw, answer or refuse, end in time. HASHI_FUZZ multiplies the inputs.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ANSWERS, decodeKind, questionEnds } from './dns.ts';
import { mutator } from './mutate.ts';

const test = suite('dns fuzz');
const INPUTS = 300_000 * Number(process.env['HASHI_FUZZ'] ?? '1');

test('decodeAnswer survives mutated answers: it refuses or reads each, quickly', () => {
  const next = mutator(1035, ANSWERS);
  const kinds = new Set<string>();
  const started = performance.now();
  for (let i = 0; i < INPUTS; i++) kinds.add(decodeKind(next()));
  assert.ok(performance.now() - started < INPUTS / 20, 'a decode takes less than 50 microseconds on average');
  const seen = [...kinds].sort();
  assert.equal(seen, ['addresses', 'alias', 'dns-id', 'dns-name', 'dns-query', 'dns-question', 'dns-record', 'dns-records', 'dns-short', 'failed', 'none', 'truncated']);
});

test('A question ends once and in time whatever its server says', () => {
  const next = mutator(2308, ANSWERS);
  let taken = 0;
  for (let i = 0; i < INPUTS / 4; i++) taken += Number(questionEnds(next()));
  assert.ok(taken > INPUTS / 40, `${taken} answers taken`);
});

test.run();

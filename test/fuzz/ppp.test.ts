// The PPP decoders and whole links under mutated input. HASHI_FUZZ multiplies the number of inputs.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { fuzz, targets } from './ppp.ts';

const TIMES = Number(process.env['HASHI_FUZZ'] ?? '1');

for (const target of targets) {
  test(`${target.name}: ${target.count} mutated inputs throw nothing, break no rule and take bounded time`, () => {
    const started = performance.now();
    fuzz(target, target.count * TIMES, 20260101);
    const each = (performance.now() - started) / (target.count * TIMES);
    assert.ok(each < 0.2, `${each} ms an input`);
  });
}

test.run();

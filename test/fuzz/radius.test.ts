// The RADIUS client under mutated input. HASHI_FUZZ multiplies the number of inputs.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { mutator } from './mutate.ts';
import { targets } from './radius.ts';

const TIMES = Number(process.env['HASHI_FUZZ'] ?? '1');

for (const target of targets) {
  test(`${target.name}: ${target.count} mutated inputs throw nothing, break no rule and take bounded time`, () => {
    const next = mutator(20260101, target.seeds);
    const started = performance.now();
    for (let i = 0; i < target.count * TIMES; i++) target.run(next());
    const each = (performance.now() - started) / (target.count * TIMES);
    assert.ok(each < 0.2, `${each} ms an input`);
  });
}

test.run();

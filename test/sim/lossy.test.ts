// A thousand whole-network runs over bad lines: two routers with the manual's LAN-to-LAN scripts come up, ping and close
// without a trace, however many packets the line loses, doubles or reorders.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SeededRandom } from '../../board/sim/world.ts';
import { lans, pingUntil, PRELUDE, residue } from '../../board/sim/lans.ts';

const RUNS = Number(process.env["RUNS"] ?? 1000);
const LIMIT = 5 * 60_000;
const SCRIPTS = join(import.meta.dir, '..', 'vectors', 'scripts');
const seed = (name: string): string => readFileSync(join(SCRIPTS, name), 'utf8');
const A = seed('seed003-04-static-ppp-A.cfg');
const B = seed('seed003-05-static-ppp-B.cfg');

test(`two routers come up over ${RUNS} different bad lines within five minutes each, ping, and close with nothing left`, () => {
  const times: number[] = [];
  const failures: string[] = [];
  for (let run = 1; run <= RUNS; run++) {
    const chance = new SeededRandom(run);
    const quality = { loss: chance.next() * 0.3, duplicate: chance.next() * 0.1, delay: 1 + chance.next() * 100, jitter: chance.next() * 80, mtu: 1500 };
    const net = lans(run, quality, { a: PRELUDE.a + A, b: PRELUDE.b + B });
    const took = pingUntil(net, net.host1, '192.168.20.2', LIMIT);
    if (took === undefined) {
      failures.push(`run ${run} (loss ${quality.loss.toFixed(2)}): no answer`);
      continue;
    }
    times.push(took);
    let closed = 0;
    net.a.app.shutdown(() => closed++);
    net.b.app.shutdown(() => closed++);
    net.world.run(60_000);
    const left = { a: residue(net.a), b: residue(net.b), timers: net.world.pending, closed };
    const clean = closed === 2 && net.world.pending === 0 && [...Object.values(left.a), ...Object.values(left.b)].every((n) => n === 0);
    if (!clean) failures.push(`run ${run}: left ${JSON.stringify(left)}`);
  }
  times.sort((x, y) => x - y);
  const at = (share: number): string => ((times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0) / 1000).toFixed(1);
  console.log(`INFO ${times.length} of ${RUNS} came up: median ${at(0.5)} s, 99 of 100 within ${at(0.99)} s, worst ${at(1)} s of virtual time`);
  assert.equal(failures.slice(0, 10), []);
});

test.run();

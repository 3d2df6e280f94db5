// Both ends call at once: exactly one call stays, the one that PRECEDENCE or the tie rule names, however the messages cross.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Precedence } from '../../../firmware/l2tp/calls.ts';
import { type Node, configure, pair } from './world.ts';

const test = suite('Both ends calling at once');

interface Outcome {
  /** Who made the call that stayed: 'a' or 'b'. */
  readonly caller: string;
  readonly took: number;
}

/** The role in an outgoing call (REMOTE) tells who made it: the caller is the LNS. In an incoming call it is the LAC. */
function callerOf(a: Node): string {
  const call = a.server.tunnels().flatMap((t) => t.calls).find((c) => c.state === 'established');
  return call?.serial === undefined ? 'b' : 'a';
}

function settled(a: Node, b: Node): boolean {
  const established = (node: Node): number => node.server.tunnels().flatMap((t) => t.calls).filter((c) => c.state === 'established').length;
  return a.links.size === 1 && b.links.size === 1 && established(a) === 1 && established(b) === 1;
}

interface Case {
  readonly seed: number;
  readonly a: Precedence;
  readonly b: Precedence;
  /** B starts so many milliseconds after A. */
  readonly lag: number;
  readonly delay?: number;
  readonly jitter?: number;
  readonly loss?: number;
  readonly names?: readonly [string, string];
  readonly remote?: boolean;
}

function run(c: Case): Outcome {
  const [nameA, nameB] = c.names ?? ['hashi', 'hashi'];
  const rig = pair(c.seed, { a: { name: nameA }, b: { name: nameB }, quality: { delay: c.delay ?? 10, jitter: c.jitter ?? 0, loss: c.loss ?? 0 } });
  const { world, a, b } = rig;
  const kind = c.remote === false ? { remote: undefined } : {};
  configure(rig, { a: { precedence: c.a, ...kind }, b: { precedence: c.b, ...kind } });
  const start = world.now;
  a.want('remote');
  world.run(c.lag);
  b.want('remote');
  const label = JSON.stringify(c);
  assert.ok(world.run(300_000, () => settled(a, b)), `${label}\n${a.events.join('\n')}\n--\n${b.events.join('\n')}`);
  const took = world.now - start;
  // It stays up, and nothing else comes up beside it.
  world.run(10_000);
  assert.ok(settled(a, b), label);
  const [mine] = a.server.tunnels().flatMap((t) => t.calls);
  const [theirs] = b.server.tunnels().flatMap((t) => t.calls);
  assert.is(mine?.remoteId, theirs?.id, label);
  return { caller: callerOf(a), took };
}

// A true collision: with 10 ms each way, starts within 10 ms cross. B has the higher address (2.2.2.2) where the names are alike.
for (const remote of [true, false]) {
  const form = remote ? 'with REMOTE' : 'without REMOTE';
  for (const lag of [0, 3, 9]) {
    test(`IN here and OUT there keep the call of the OUT side, ${form}, started ${lag} ms apart`, () => {
      for (let seed = 1; seed <= 20; seed++) {
        assert.is(run({ seed, a: 'IN', b: 'OUT', lag, remote }).caller, 'b');
        assert.is(run({ seed, a: 'OUT', b: 'IN', lag, remote }).caller, 'a');
      }
    });

    for (const precedence of ['IN', 'OUT'] as const) {
      test(`${precedence} at both ends keeps the call of the end with the higher Host Name, ${form}, started ${lag} ms apart`, () => {
        for (let seed = 1; seed <= 20; seed++) {
          assert.is(run({ seed, a: precedence, b: precedence, lag, remote, names: ['zebra', 'ant'] }).caller, 'a');
          assert.is(run({ seed, a: precedence, b: precedence, lag, remote, names: ['ant', 'zebra'] }).caller, 'b');
        }
      });

      test(`${precedence} at both ends keeps the call of the higher address where the names are alike, ${form}, started ${lag} ms apart`, () => {
        for (let seed = 1; seed <= 20; seed++) assert.is(run({ seed, a: precedence, b: precedence, lag, remote }).caller, 'b');
      });
    }
  }
}

test('A collision is settled without waiting for a redial', () => {
  for (const [a, b] of [['IN', 'IN'], ['OUT', 'OUT'], ['IN', 'OUT'], ['OUT', 'IN']] as const) {
    for (let seed = 1; seed <= 20; seed++) assert.ok(run({ seed, a, b, lag: 0 }).took < 500, `${a}/${b} seed ${seed}`);
  }
});

test('Exactly one call comes up over a wire that loses, delays and reorders, whatever PRECEDENCE says', () => {
  let worst = 0;
  for (const [a, b] of [['IN', 'IN'], ['OUT', 'OUT'], ['IN', 'OUT'], ['OUT', 'IN']] as const) {
    for (let seed = 1; seed <= 30; seed++) {
      const outcome = run({ seed, a, b, lag: (seed * 7) % 60, jitter: 30, loss: 0.2, remote: seed % 3 !== 0 });
      worst = Math.max(worst, outcome.took);
    }
  }
  assert.ok(worst < 200_000, `worst ${worst} ms`);
});

test.run();

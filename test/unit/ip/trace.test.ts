// The TRACE machine in virtual time.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { u16 } from '../../../firmware/bytes/integers.ts';
import { toIpv4 } from '../../../firmware/bytes/ip.ts';
import { NEVER } from '../../../firmware/bytes/time.ts';
import { Trace, type TracePlan } from '../../../firmware/ip/trace.ts';

const test = suite('trace');
const SOURCE = toIpv4(0xc0a80a01);
const TARGET = toIpv4(0xc0a81405);
const ROUTER = toIpv4(0x02020202);
const PLAN: TracePlan = { target: TARGET, source: SOURCE, id: 9, minTtl: 1, maxTtl: 30, probes: 3, timeout: 3000 };

function rig(plan: Partial<TracePlan> = {}, refuse?: string) {
  const sent: { readonly sequence: number; readonly ttl: number }[] = [];
  const lines: string[] = [];
  let done = 0;
  const trace = new Trace({ ...PLAN, ...plan }, {
    send: (m, ttl) => {
      sent.push({ sequence: u16(m, 6), ttl });
      return refuse;
    },
    line: (text) => lines.push(text),
    done: () => done++,
  });
  const last = () => sent.at(-1)?.sequence ?? 0;
  return { trace, sent, lines, last, done: () => done };
}

test('TRACE prints a heading, a line for each hop with three times, and the end', () => {
  const r = rig();
  r.trace.start(0);
  for (let i = 0; i < 3; i++) r.trace.answer(ROUTER, { kind: 'exceeded', target: TARGET, id: 9, sequence: r.last() }, i + 1);
  for (let i = 0; i < 3; i++) r.trace.answer(TARGET, { kind: 'reply', data: new Uint8Array(24), id: 9, sequence: r.last() }, 10 + i * 2);
  assert.equal(r.lines, [
    'Trace from 192.168.10.1 to 192.168.20.5, 1-30 hops',
    ' 1. 2.2.2.2             1     1     1 (ms)',
    ' 2. 192.168.20.5        7     2     2 (ms)',
    '***Target reached***',
  ]);
  assert.equal(r.sent.map((s) => s.ttl), [1, 1, 1, 2, 2, 2]);
  assert.is(r.done(), 1);
  assert.ok(r.trace.reached);
});

test('TRACE prints a star for each probe without answer and a question mark for a silent hop', () => {
  const r = rig({ maxTtl: 1 });
  r.trace.start(0);
  while (r.trace.deadline() !== NEVER) r.trace.tick(r.trace.deadline());
  assert.equal(r.lines.slice(1), [' 1. ?                   *     *     * (ms)', '***Target not reached***']);
});

test('TRACE ends at a router that says the target is unreachable', () => {
  const r = rig({ probes: 1 });
  r.trace.start(0);
  r.trace.answer(ROUTER, { kind: 'unreachable', code: 0, target: TARGET, mtu: 0, id: 9, sequence: r.last() }, 4);
  assert.equal(r.lines.slice(1), [' 1. 2.2.2.2             4 (ms)', '***Network unreachable, reported by 2.2.2.2***']);
  assert.not.ok(r.trace.reached);
});

test('TRACE ignores a late answer to the probe before and answers about other targets', () => {
  const r = rig();
  r.trace.start(0);
  const first = r.last();
  r.trace.tick(3000);
  r.trace.answer(ROUTER, { kind: 'exceeded', target: TARGET, id: 9, sequence: first }, 3001);
  r.trace.answer(ROUTER, { kind: 'exceeded', target: ROUTER, id: 9, sequence: r.last() }, 3001);
  assert.is(r.sent.length, 2);
});

test('TRACE says why it cannot send', () => {
  const r = rig({}, 'Network is unreachable');
  r.trace.start(0);
  assert.is(r.lines[1], '***Network is unreachable***');
  assert.is(r.done(), 1);
});

test('TRACE that was stopped prints nothing more', () => {
  const r = rig();
  r.trace.start(0);
  r.trace.stop();
  r.trace.tick(10_000);
  assert.is(r.lines.length, 1);
  assert.is(r.trace.ttl, 0);
});

test.run();

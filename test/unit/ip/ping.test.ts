// The PING machine in virtual time.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { u16 } from '../../../firmware/bytes/integers.ts';
import { toIpv4 } from '../../../firmware/bytes/ip.ts';
import { NEVER } from '../../../firmware/bytes/time.ts';
import { Ping, type PingPlan } from '../../../firmware/ip/ping.ts';

const test = suite('ping');
const TARGET = toIpv4(0xc0a80101);
const OTHER = toIpv4(0xc0a801fe);
const PLAN: PingPlan = { target: TARGET, id: 77, count: 2, length: 4, pattern: new Uint8Array(0), delay: 1000, timeout: 1000 };

function rig(plan: Partial<PingPlan> = {}, refuse?: string) {
  const sent: Uint8Array[] = [];
  const lines: string[] = [];
  let done = 0;
  const ping = new Ping({ ...PLAN, ...plan }, {
    send: (m) => {
      sent.push(m);
      return refuse;
    },
    line: (text) => lines.push(text),
    done: () => done++,
  });
  const reply = (now: number, sequence = u16(sent.at(-1) ?? new Uint8Array(8), 6)) =>
    ping.answer(TARGET, { kind: 'reply', id: 77, sequence, data: (sent.at(-1) ?? new Uint8Array(8)).subarray(8) }, now);
  return { ping, sent, lines, reply, done: () => done };
}

test('PING prints one line for each reply and ends after the last', () => {
  const r = rig();
  r.ping.start(0);
  r.reply(1.4);
  assert.is(r.ping.deadline(), 1000);
  r.ping.tick(999);
  assert.is(r.sent.length, 1);
  r.ping.tick(1000);
  r.reply(1012);
  assert.equal(r.lines, ['Echo reply 1 from 192.168.1.1 time delay 1 ms', 'Echo reply 2 from 192.168.1.1 time delay 12 ms']);
  assert.is(r.done(), 1);
  assert.is(r.ping.deadline(), NEVER);
  const { sent, received, lost, least, most } = r.ping.statistics;
  assert.equal({ sent, received, lost, least, most }, { sent: 2, received: 2, lost: 0, least: 1.4, most: 12 });
});

test('PING says which request timed out and goes on', () => {
  const r = rig();
  r.ping.start(0);
  r.ping.tick(1000);
  assert.equal(r.lines, ['Request 1 timed-out: No reply from 192.168.1.1']);
  r.ping.tick(r.ping.deadline());
  r.reply(1002);
  assert.is(r.lines[1], 'Echo reply 2 from 192.168.1.1 time delay 2 ms');
  assert.is(r.ping.statistics.lost, 1);
});

test('PING ignores answers to another identifier and to an older request', () => {
  const r = rig();
  r.ping.start(0);
  r.ping.answer(TARGET, { kind: 'reply', id: 78, sequence: 1, data: new Uint8Array(0) }, 5);
  r.reply(5, 9);
  assert.equal(r.lines, []);
});

test('PING reports who said that the target is unreachable', () => {
  const r = rig({ count: 1 });
  r.ping.start(0);
  r.ping.answer(OTHER, { kind: 'unreachable', code: 1, target: OTHER, mtu: 0, id: 77, sequence: 1 }, 3);
  assert.equal(r.lines, []);
  r.ping.answer(OTHER, { kind: 'unreachable', code: 1, target: TARGET, mtu: 0, id: 77, sequence: 1 }, 3);
  assert.equal(r.lines, ['Request 1 failed: Host unreachable, reported by 192.168.1.254']);
  assert.is(r.done(), 1);
});

test('PING reports a reply with other data', () => {
  const r = rig({ count: 1 });
  r.ping.start(0);
  r.ping.answer(TARGET, { kind: 'reply', id: 77, sequence: 1, data: new Uint8Array(4) }, 3);
  assert.equal(r.lines, ['Request 1 failed: Reply from 192.168.1.1 carries other data than was sent']);
  assert.is(r.ping.statistics.received, 0);
});

test('PING reports what it could not send and keeps its pace', () => {
  const r = rig({}, 'Network is unreachable');
  r.ping.start(0);
  assert.equal(r.lines, ['Request 1 failed: Network is unreachable']);
  assert.is(r.ping.deadline(), 1000);
  r.ping.tick(1000);
  assert.is(r.done(), 1);
});

test('PING that goes on for ever passes sequence 65535', () => {
  const r = rig({ count: Infinity, delay: 0 });
  r.ping.start(0);
  for (let i = 1; i <= 65537; i++) {
    r.reply(0);
    r.ping.tick(0);
  }
  assert.is(r.lines[65536], 'Echo reply 65537 from 192.168.1.1 time delay 0 ms');
});

test('PING that was stopped prints nothing more', () => {
  const r = rig();
  r.ping.start(0);
  r.ping.stop();
  r.reply(1);
  r.ping.tick(5000);
  assert.equal(r.lines, []);
  assert.is(r.done(), 0);
  assert.not.ok(r.ping.running);
});

test.run();

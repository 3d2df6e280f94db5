// The event ring and its outputs.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8, wrap } from '../../../firmware/bytes/text.ts';
import { EventRing, type LogEvent } from '../../../firmware/log/log.ts';
import { LogOutputs, OUTPUT_DEFAULTS } from '../../../firmware/log/outputs.ts';
import { syslogMessage } from '../../../firmware/log/syslog.ts';
import { parseIpv4 } from '../../../firmware/bytes/ip.ts';
import { World } from '../../../board/sim/world.ts';

const event = (text: string, more: Partial<LogEvent> = {}): LogEvent => ({ module: 'PPP', severity: 6, type: 'VINT', subtype: 'UP', text, ...more });

function ring(limits = {}) {
  const world = new World(1);
  return { world, ring: new EventRing(world.wall(), world.clock(), limits) };
}

test('the ring keeps the newest events in order', () => {
  const { ring: log } = ring({ events: 3, burst: 100 });
  for (const text of ['a', 'b', 'c', 'd', 'e']) log.add(event(text));
  assert.equal(log.records().map((r) => r.text), ['c', 'd', 'e']);
  assert.equal(log.last(2).map((r) => r.text), ['d', 'e']);
  assert.equal(log.records().map((r) => r.id), [2, 3, 4]);
});

test('one source that floods leaves room for others and its losses are counted', () => {
  const { world, ring: log } = ring({ burst: 5, perSecond: 1 });
  for (let i = 0; i < 1000; i++) log.add(event(`bad packet ${i}`, { source: 'peer 192.0.2.1' }));
  log.add(event('good', { source: 'peer 192.0.2.2' }));
  assert.is(log.records().length, 6);
  world.run(1000);
  log.add(event('later', { source: 'peer 192.0.2.1' }));
  assert.equal(log.last(2).map((r) => r.text), ['995 further events of peer 192.0.2.1 left out: too many in a short time', 'later']);
});

test('a flood that is over is told when the log is looked at', () => {
  const { world, ring: log } = ring({ burst: 2, perSecond: 1 });
  for (let i = 0; i < 10; i++) log.add(event('again', { source: 's' }));
  log.settle();
  assert.is(log.records().length, 2);
  world.run(1000);
  log.settle();
  log.settle();
  assert.equal(log.records().map((r) => r.text), ['again', 'again', '8 further events of s left out: too many in a short time']);
});

test('the last events of one source are found among those of others', () => {
  const { ring: log } = ring();
  log.add(event('one', { source: 'call a' }));
  log.add(event('two', { source: 'call b' }));
  log.add(event('three', { source: 'call a' }));
  assert.equal(log.last(200, 'call a').map((r) => r.text), ['one', 'three']);
});

test('the ring remembers the rates of a bounded number of sources', () => {
  const { ring: log } = ring({ burst: 1, perSecond: 0, sources: 2 });
  log.add(event('1', { source: 'a' }));
  log.add(event('2', { source: 'b' }));
  log.add(event('3', { source: 'c' }));
  log.add(event('4', { source: 'a' }));
  assert.equal(log.records().map((r) => r.text), ['1', '2', '3', '4']);
});

test('control characters in an event cannot drive a terminal, and a long text is cut', () => {
  const { ring: log } = ring({ text: 40 });
  log.add(event('name \u001b[2Jx\u0007\r\nLogin: '));
  log.add(event('y'.repeat(1000)));
  assert.is(log.records()[0]?.text, 'name \\x1b[2Jx\\x07\\x0d\\x0aLogin: ');
  assert.is(log.records()[1]?.text.length, 40);
});

test('DISABLE LOG keeps nothing', () => {
  const { ring: log } = ring();
  log.enabled = false;
  log.add(event('lost'));
  assert.is(log.records().length, 0);
});

test('a syslog message has the layout of RFC 3164 or RFC 5424', () => {
  const { ring: log } = ring();
  log.add(event('ppp0: up', { severity: 7 }));
  const [record] = log.records();
  assert.ok(record);
  assert.is(fromUtf8(syslogMessage(record, { host: 'RouterA', facility: 'DEFAULT', format: 'RFC3164' })), '<130>Oct  2 11:56:00 RouterA PPP: VINT/UP: ppp0: up');
  assert.is(fromUtf8(syslogMessage(record, { host: 'Router A', facility: 'LOCAL7', format: 'RFC5424' })), '<186>1 - Router_A hashi - VINT/UP - PPP: ppp0: up');
});

test('an output sends what its first matching filter processes', () => {
  const { world, ring: log } = ring();
  const sent: string[] = [];
  const outputs = new LogOutputs(log, { send: (_to, port, data) => sent.push(`${port} ${fromUtf8(data).replace(/^.*UP: /, '')}`) }, () => 'r');
  outputs.create(1, { ...OUTPUT_DEFAULTS, destination: 'SYSLOG', server: parseIpv4('192.0.2.9') });
  log.add(event('all'));
  outputs.addFilter(1, { module: 'ppp', severity: { compare: '<', level: 3 }, action: 'IGNORE' }, undefined);
  outputs.addFilter(1, { module: 'ppp', action: 'PROCESS' }, undefined);
  log.add(event('low', { severity: 2 }));
  log.add(event('high'));
  log.add(event('other', { module: 'L2TP' }));
  outputs.enable(1, false);
  log.add(event('off'));
  assert.equal(sent, ['514 all', '514 high']);
  assert.is(outputs.get(1)?.sent, 2);
  assert.is(world.pending, 0);
});

test('long messages wrap at blanks, and words longer than the column are cut', () => {
  assert.equal(wrap('ppp0: Interface has come up and is able to send and receive data', 48), ['ppp0: Interface has come up and is able to send', 'and receive data']);
  assert.equal(wrap('x'.repeat(100), 48).map((line) => line.length), [48, 48, 4]);
  assert.equal(wrap('', 48), ['']);
  for (const line of wrap(`${'word '.repeat(50)}`.trim(), 48)) assert.ok(line.length <= 48);
});

test.run();

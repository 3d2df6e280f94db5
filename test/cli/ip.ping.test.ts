// Transcripts of PING and TRACE: the prompt returns at once, the lines come as the answers do.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { u16 } from '../../firmware/bytes/integers.ts';
import { type Message, printMessage } from '../../firmware/cli/messages.ts';
import type { Text } from '../../firmware/cli/command.ts';
import { ip4 } from '../unit/ip/fakehost.ts';
import { IpRig } from '../unit/ip/rig.ts';

const test = suite('ping and trace commands');

test('PING answers with the prompt alone and prints its lines later', () => {
  const r = new IpRig();
  assert.is(r.outcome('ping 192.168.1.1 number=2 length=8 tos=16'), 'silent');
  assert.equal(r.printed, []);
  r.clock.run(3);
  r.reply('192.168.1.1');
  r.clock.run(2500);
  assert.equal(r.printed, ['Echo reply 1 from 192.168.1.1 time delay 3 ms', 'Request 2 timed-out: No reply from 192.168.1.1']);
  assert.equal(r.sent.map(({ to, source, ttl, tos, message }) => [to, source, ttl, tos, message.length]), [[ip4('192.168.1.1'), 0, 64, 16, 16], [ip4('192.168.1.1'), 0, 64, 16, 16]]);
  assert.equal([r.sockets, r.clock.waiting], [0, 0]);
});

test('PING takes from SET PING what its command does not name', () => {
  const r = new IpRig();
  r.run('set ping 10.0.0.9 number=1 length=2 sipaddress=10.0.0.1');
  assert.is(r.outcome('ping length=4'), 'silent');
  const [first] = r.sent;
  assert.equal([first?.to, first?.source, first?.message.length], [ip4('10.0.0.9'), ip4('10.0.0.1'), 12]);
});

test('PING leaves from SET IP LOCAL unless SIPADDRESS is given', () => {
  const r = new IpRig();
  r.runAll('set ip local ip=172.16.0.1', 'ping 10.0.0.9', 'stop ping', 'ping 10.0.0.9 sip=10.0.0.1');
  assert.equal(r.sent.map((s) => s.source), [ip4('172.16.0.1'), ip4('10.0.0.1')]);
});

test('PING of a name resolves it first and says where that fails', () => {
  const r = new IpRig();
  r.names.set('branch.example', [ip4('10.0.0.7')]);
  r.outcome('ping branch.example number=1');
  assert.is(r.sent.length, 0);
  r.clock.run(20);
  assert.is(r.sent[0]?.to, ip4('10.0.0.7'));
  r.run('stop ping');
  r.outcome('ping nobody.example');
  r.clock.run(40);
  assert.equal(r.printed, ['nobody.example cannot be reached: nobody.example has no address']);
  assert.not.ok(r.probes.pinging);
});

test('STOP PING while a name is resolved sends nothing', () => {
  const r = new IpRig();
  r.names.set('branch.example', [ip4('10.0.0.7')]);
  r.outcome('ping branch.example');
  assert.is(r.run('stop ping'), 'Info (15311): PING stopped.');
  r.clock.run(100);
  assert.equal([r.sent.length, r.sockets, r.printed.length], [0, 0, 0]);
});

test('PING says why the board has no raw socket, and why a request could not be sent', () => {
  const r = new IpRig();
  r.refuseRaw = 'raw sockets need CAP_NET_RAW';
  r.outcome('ping 10.0.0.9');
  r.refuseRaw = undefined;
  r.refuseSend = 'Network is unreachable';
  r.outcome('ping 10.0.0.9 number=1');
  assert.equal(r.printed, ['10.0.0.9 cannot be reached: raw sockets need CAP_NET_RAW', 'Request 1 failed: Network is unreachable']);
});

test('SHOW PING prints the defaults and the results', () => {
  const r = new IpRig();
  r.run('set ping number=2 pattern=a5');
  r.outcome('ping 192.168.1.1');
  r.clock.run(4);
  r.reply('192.168.1.1');
  r.clock.run(1000);
  r.clock.run(1008);
  r.reply('192.168.1.1');
  assert.equal(r.run('show ping').split('\n'), [
    'Ping Information',
    '-------------------------------------------------------------------------------',
    'Defaults:',
    '  Destination .................... Not set',
    '  Number of packets .............. 2',
    '  Size of packets (bytes) ........ 24',
    '  Timeout (seconds) .............. 1',
    '  Delay (seconds) ................ 1',
    '  Data pattern ................... a5',
    '  Type of service ................ 0',
    '  Source address ................. Not set',
    'Current:',
    '  Destination .................... 192.168.1.1',
    '  Status ......................... completed',
    '  Packets sent ................... 2',
    '  Packets received ............... 2',
    '  Packets lost ................... 0',
    '  Minimum time (ms) .............. 4',
    '  Average time (ms) .............. 6',
    '  Maximum time (ms) .............. 8',
    '-------------------------------------------------------------------------------',
  ]);
});

test('TRACE prints a heading with the source of the route, then a line for each hop', () => {
  const r = new IpRig();
  r.runAll('enable ip', 'add ip interface=eth0 ipaddress=192.168.1.77');
  assert.is(r.outcome('trace 192.168.1.1 number=1'), 'silent');
  r.clock.run(2);
  const request = r.sent[0]?.message ?? new Uint8Array(8);
  const quoted = new Uint8Array(32);
  quoted.set([0x45], 4);
  quoted.set([1], 13);
  quoted.set([192, 168, 1, 1], 20);
  quoted.set(request.subarray(0, 8), 24);
  r.answer('10.0.0.1', 11, quoted);
  r.clock.run(5);
  r.reply('192.168.1.1');
  assert.equal(r.printed, [
    'Trace from 192.168.1.77 to 192.168.1.1, 1-30 hops',
    ' 1. 10.0.0.1            2 (ms)',
    ' 2. 192.168.1.1         3 (ms)',
    '***Target reached***',
  ]);
  assert.equal(r.sent.map((s) => s.ttl), [1, 2]);
  assert.is(u16(r.sent[1]?.message ?? request, 6), 2);
  assert.equal([r.sockets, r.clock.waiting], [0, 0]);
  assert.match(r.run('show trace'), /^Status \.+ completed\nDestination reached \.+ Yes$/m);
});

test('SHOW TRACE tells the hop being probed', () => {
  const r = new IpRig();
  r.outcome('trace 192.168.1.1 number=1 minttl=4');
  assert.match(r.run('show trace'), /^Status \.+ in progress\nHop \.+ 4$/m);
});

/** The final answer of a command given at the command socket. */
function final(r: IpRig, line: string): { readonly answer: () => string; readonly cancel: () => void } {
  const outcome = r.outcome(line, 'cli');
  if (outcome === undefined || outcome === 'silent' || !('pending' in outcome)) throw new Error(`${line} is not pending`);
  let printed = '';
  outcome.pending((end: Message | Text) => (printed = 'severity' in end ? printMessage(end) : end.text));
  return { answer: () => printed, cancel: () => outcome.cancel?.() };
}

test('PING at the command socket answers at its end: done with a reply, an error without', () => {
  const r = new IpRig();
  const good = final(r, 'ping 10.0.0.9 number=1');
  assert.is(good.answer(), '');
  r.reply('10.0.0.9');
  assert.is(good.answer(), 'Info (15003): Operation successful.');
  const bad = final(r, 'ping 10.0.0.9 number=1');
  r.clock.run(5000);
  assert.is(bad.answer(), 'Error (35308): No reply from 10.0.0.9.');
  assert.equal(r.printed, ['Echo reply 1 from 10.0.0.9 time delay 0 ms', 'Request 1 timed-out: No reply from 10.0.0.9']);
});

test('PING at the command socket ends when its session goes away', () => {
  const r = new IpRig();
  const { cancel, answer } = final(r, 'ping 10.0.0.9 number=continuous');
  cancel();
  assert.is(answer(), 'Info (15311): PING stopped.');
  assert.equal([r.sockets, r.clock.waiting], [0, 0]);
});

test('TRACE at the command socket is an error where the target was not reached', () => {
  const r = new IpRig();
  const { answer } = final(r, 'trace 10.0.0.9 number=1 maxttl=1 timeout=1');
  r.clock.run(2000);
  assert.is(answer(), 'Error (35309): 10.0.0.9 was not reached.');
});

test.run();

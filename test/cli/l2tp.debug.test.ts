// ENABLE L2TP DEBUG: STATE and PKT as the AR740 command reference 2.6 prints them, and who gets them.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex } from '../../firmware/bytes/hex.ts';
import { parseIpv4 } from '../../firmware/bytes/ip.ts';
import { Debug, printPacket, printState } from '../../firmware/l2tp/debug.ts';
import { lone, two } from './l2tp.rig.ts';

const test = suite('L2TP DEBUG');

const peer = parseIpv4('192.168.1.32') ?? fail();
const subject = { tunnel: 3400, call: 51299, peer, port: 1701 };
const ECHO = '0800abfc c2000000 aec4bd3b 2bff0700 08090a0b 0c0d0e0f 10111213 14151617';
const TAIL = '18191a1b 1c1d1e1f 20212223 24252627 28292a2b 2c2d2e2f 30313233 34353637';

test('DEBUG=STATE prints the manual\'s sample', () => {
  const lines = [
    printState({ ...subject, tunnel: 0, call: undefined }, 'idle', 'wait-ctl-reply'),
    printState({ ...subject, call: undefined }, 'wait-ctl-reply', 'established'),
    printState({ ...subject, call: 0 }, 'idle', 'wait-reply'),
    printState(subject, 'wait-reply', 'established'),
  ];
  assert.is(
    lines.join('\n'),
    `L2TP [ tunnelId:0 to 192.168.1.32:1701 ]
old state idle - new state wait-ctl-reply
L2TP [ tunnelId:3400 to 192.168.1.32:1701 ]
old state wait-ctl-reply - new state established
L2TP [ tunnelId:3400 callId:0 to 192.168.1.32:1701 ]
old state idle - new state wait-reply
L2TP [ tunnelId:3400 callId:51299 to 192.168.1.32:1701 ]
old state wait-reply - new state established`,
  );
});

test('DEBUG=PKT prints the manual\'s sample', () => {
  const sent = fromHex(`40020060 0d48c863 ff030021 45000054 00390000 ff0137ec c0a80132 c0a80101 ${ECHO} ${TAIL}`) ?? fail();
  const received = fromHex(`40020060 407b186f ff030021 45000054 00390000 3f01f7ec c0a80101 c0a80132 0000b3fc${ECHO.slice(8)} ${TAIL}`) ?? fail();
  assert.is(
    `${printPacket('tx', subject, sent)}\n${printPacket('rx', subject, received)}`,
    `L2TP tx [ tunnelId:3400 callId:51299 to 192.168.1.32:1701 ]
40020060 0d48c863 ff030021 45000054 00390000 ff0137ec c0a80132 c0a80101
0800abfc c2000000 aec4bd3b 2bff0700 08090a0b 0c0d0e0f 10111213 14151617
18191a1b 1c1d1e1f 20212223 24252627 28292a2b 2c2d2e2f 30313233 34353637
L2TP rx [ tunnelId:3400 callId:51299 to 192.168.1.32:1701 ]
40020060 407b186f ff030021 45000054 00390000 3f01f7ec c0a80101 c0a80132
0000b3fc c2000000 aec4bd3b 2bff0700 08090a0b 0c0d0e0f 10111213 14151617
18191a1b 1c1d1e1f 20212223 24252627 28292a2b 2c2d2e2f 30313233 34353637`,
  );
});

test('DEBUG=PKT prints what is left of a last word as it is', () => {
  assert.is(printPacket('rx', { ...subject, call: undefined }, Uint8Array.of(1, 2, 3, 4, 5, 6)), 'L2TP rx [ tunnelId:3400 to 192.168.1.32:1701 ]\n01020304 0506');
});

/** A call without REMOTE between two routers, as in the manual's trace. */
function dial(debug: readonly string[]): string[] {
  const { world, a, b } = two();
  b.load(['add l2tp call=remote type=virtual ip=1.1.1.1']);
  a.load(['add l2tp call=remote type=virtual ip=2.2.2.2', ...debug, 'activate l2tp call=remote']);
  world.run(1000);
  const [tunnel] = a.node.server.tunnels();
  const known = [[`${tunnel?.remoteId}`, 'T'], [`${tunnel?.calls[0]?.remoteId}`, 'C']] as const;
  return a.printed.join('\n').split('\n').map((line) => known.reduce((text, [id, name]) => text.replace(new RegExp(`Id:${id} `), `Id:${name} `), line));
}

test('DEBUG=STATE of a call that comes up prints the transitions of the manual\'s trace', () => {
  assert.equal(dial(['enable l2tp debug=state tunnel', 'enable l2tp debug=state call']), [
    'L2TP [ tunnelId:0 to 2.2.2.2:1701 ]', 'old state idle - new state wait-ctl-reply',
    'L2TP [ tunnelId:T to 2.2.2.2:1701 ]', 'old state wait-ctl-reply - new state established',
    'L2TP [ tunnelId:T callId:0 to 2.2.2.2:1701 ]', 'old state idle - new state wait-reply',
    'L2TP [ tunnelId:T callId:C to 2.2.2.2:1701 ]', 'old state wait-reply - new state established',
  ]);
});

test('DEBUG=STATE TUNNEL prints no state of calls', () => {
  assert.is(dial(['enable l2tp debug=state tunnel']).length, 4);
});

test('DEBUG=PKT TUNNEL prints every control message of the call\'s set-up, both ways', () => {
  const headers = dial(['enable l2tp debug=pkt tunnel']).filter((line) => line.startsWith('L2TP'));
  assert.is(headers.filter((line) => line.startsWith('L2TP tx')).length, 4);
  assert.ok(headers.filter((line) => line.startsWith('L2TP rx')).length >= 2);
});

test('DEBUG=PKT prints data messages of calls that are up, and stops when disabled', () => {
  const { world, a, b } = two();
  b.load(['add l2tp call=remote type=virtual ip=1.1.1.1']);
  a.load(['add l2tp call=remote type=virtual ip=2.2.2.2', 'activate l2tp call=remote']);
  world.run(1000);
  const id = a.node.server.tunnels()[0]?.calls[0]?.id;
  const ping = (): void => {
    const link = a.node.links.get('remote') ?? fail();
    a.node.board.plane.send([{ to: 'session', session: link.session, data: Uint8Array.of(0xc0, 0x21, 9, 1, 0, 4) }]);
    world.run(50);
  };
  a.run(`enable l2tp debug=pkt call=${id}`);
  assert.match(a.run(`show l2tp tunnel call=${id}`), 'Debug ........................... packet');
  ping();
  assert.is(a.printed.length, 1);
  assert.match(a.printed[0] ?? '', /^L2TP tx \[ tunnelId:\d+ callId:\d+ to 2\.2\.2\.2:1701 \]\n40020010 [0-9a-f]{8} ff03c021 09010004$/);
  a.run(`disable l2tp debug=all call=${id}`);
  ping();
  assert.is(a.printed.length, 1);
  assert.match(a.run(`show l2tp tunnel call=${id}`), 'Debug ........................... disabled');
});

test('DEBUG of one tunnel shows nothing of another', () => {
  const { a } = two();
  a.run('enable l2tp debug=all tunnel=9');
  a.load(['add l2tp call=remote type=virtual ip=2.2.2.2', 'activate l2tp call=remote']);
  assert.equal(a.printed.filter((text) => !text.includes('tunnelId:9')), []);
});

test('ENABLE L2TP DEBUG answers with the next prompt alone', () => {
  assert.is(lone().run('enable l2tp debug=state call'), '');
});

test('DISABLE L2TP DEBUG of all calls covers those enabled singly', () => {
  const debug = new Debug();
  const lines: string[] = [];
  debug.enable('ALL', { of: 'call', id: 7 }, { from: 'asyn0', print: (text) => lines.push(text) });
  assert.equal(debug.ofCall(1, 7), { state: true, packet: true });
  debug.disable('STATE', { of: 'call', id: undefined });
  assert.equal(debug.ofCall(1, 7), { state: false, packet: true });
  debug.disable('PKT', { of: 'call', id: undefined });
  debug.print('nobody hears this');
  assert.equal(lines, []);
});

test('Every session that asked for debugging gets it, each line once', () => {
  const debug = new Debug();
  const [one, other]: [string[], string[]] = [[], []];
  debug.enable('STATE', { of: 'call', id: undefined }, { from: 'asyn0', print: (text) => one.push(text) });
  debug.enable('PKT', { of: 'call', id: undefined }, { from: 'asyn0', print: (text) => one.push(text) });
  debug.enable('STATE', { of: 'tunnel', id: undefined }, { from: '10.0.0.1:40000', print: (text) => other.push(text) });
  debug.print('x');
  debug.forget('10.0.0.1:40000');
  debug.print('y');
  assert.equal([one, other], [['x', 'y'], ['x']]);
});

function fail(): never {
  throw new Error('not there');
}

test.run();

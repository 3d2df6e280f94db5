// ENABLE L2TP DEBUG: STATE and PKT as the AR740 command reference 2.6 prints them, and who gets them.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex } from '../../firmware/bytes/hex.ts';
import { parseIpv4 } from '../../firmware/bytes/ip.ts';
import { Debug, printPacket, printState } from '../../firmware/l2tp/debug.ts';
import { printDecoded } from '../../firmware/l2tp/decode.ts';
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
  debug.enable('ALL', { of: 'call', id: 7 }, (text) => lines.push(text));
  assert.equal(debug.ofCall(1, 7), { state: true, packet: true, decode: false });
  debug.disable('STATE', { of: 'call', id: undefined });
  assert.equal(debug.ofCall(1, 7), { state: false, packet: true, decode: false });
  debug.disable('PKT', { of: 'call', id: undefined });
  debug.print('nobody hears this');
  assert.equal(lines, []);
});

test('Every session that asked for debugging gets it, each line once', () => {
  const debug = new Debug();
  const [one, other]: [string[], string[]] = [[], []];
  const near = (text: string): void => void one.push(text);
  const far = (text: string): void => void other.push(text);
  debug.enable('STATE', { of: 'call', id: undefined }, near);
  debug.enable('PKT', { of: 'call', id: undefined }, near);
  debug.enable('STATE', { of: 'tunnel', id: undefined }, far);
  debug.print('x');
  debug.forget(far);
  debug.print('y');
  assert.equal([one, other], [['x', 'y'], ['x']]);
  assert.ok(debug.isOn);
  debug.forget(near);
  assert.not.ok(debug.isOn, 'nothing is traced for nobody');
  assert.equal(debug.ofTunnel(1), { state: false, packet: false, decode: false });
});

test('DEBUG=DECODE prints every control message in words, and nothing that proves a password', () => {
  const { world, a, b } = two();
  b.load(['add l2tp password=verysecret', 'add l2tp call=remote type=virtual ip=1.1.1.1']);
  a.load(['add l2tp call=remote type=virtual ip=2.2.2.2 password=verysecret', 'enable l2tp debug=decode tunnel', 'activate l2tp call=remote']);
  world.run(1000);
  const text = a.printed.join('\n');
  const named = (type: string, direction: string): string => text.split(/^(?=L2TP )/m).find((one) => one.startsWith(`L2TP ${direction}`) && one.includes(` ] ${type},`)) ?? '';
  assert.match(named('SCCRQ', 'tx'), /^L2TP tx \[ tunnelId:0 to 2\.2\.2\.2:1701 \] SCCRQ, Ns 0, Nr 0\n  Protocol Version: 256\n/);
  assert.match(named('SCCRP', 'rx'), /\n  Host Name: "[^"]+"\n[^]*\n  Challenge: [0-9a-f]{32}\n/);
  assert.match(named('SCCCN', 'tx'), /\n  Challenge Response: \(not shown\)/);
  assert.match(named('ICRQ', 'tx'), /\n  Call Serial Number: 1\n/);
  assert.match(text, / \] acknowledgement, Ns \d+, Nr \d+/);
  a.run('deactivate l2tp call=remote');
  assert.match(a.printed.at(-1) ?? '', /CDN, [^]*\n  Result Code: 3, administrative reasons, "deactivated"/);
  assert.not.match(a.printed.join('\n'), 'verysecret');
});

test('DEBUG=DECODE shows of a data message the header and 64 octets, and names what is malformed', () => {
  const data = new Uint8Array(200).fill(0xee);
  data.set(fromHex('400200c8 0d48c863') ?? fail());
  const lines = printDecoded('tx', subject, data).split('\n');
  assert.is(lines.slice(1).join('').replaceAll(' ', '').length, (8 + 64) * 2);
  assert.match(printDecoded('rx', subject, Uint8Array.of(1, 2, 3)), 'header truncated, 3 octets');
  assert.match(printDecoded('rx', subject, fromHex('c8020018 00010000 00000000 8008 0000 0000 0001 8fff 0000') ?? fail()), /SCCRQ, Ns 0, Nr 0\n  malformed: 8fff0000/);
});

test('DEBUG=DECODE shows no PAP or CHAP frame, whatever form its header has', () => {
  for (const head of ['ff03c023', 'c023', 'ff03c223', 'c223']) {
    const message = fromHex(`000200010002${head}0101000f0475736572067365637265`) ?? fail();
    const text = printDecoded('tx', subject, message);
    assert.match(text, /\n00020001 0002\n  PPP authentication, \d+ octets: \(not shown\)$/);
  }
  assert.match(printDecoded('tx', subject, fromHex('000200010002c02101010004') ?? fail()), 'c021');
});

test('DEBUG with TIMEOUT stops all debugging, also what was asked for without', () => {
  const { world, a } = two();
  a.load(['enable l2tp debug=state tunnel', 'enable l2tp debug=pkt call timeout=30']);
  world.run(29_000);
  assert.ok(a.node.server.tracer.ofTunnel(1).state);
  world.run(2000);
  assert.equal(a.node.server.tracer.ofTunnel(1), { state: false, packet: false, decode: false });
  assert.equal(a.node.server.tracer.ofCall(1, 1), { state: false, packet: false, decode: false });
  assert.match(a.run('enable l2tp debug=pkt call timeout=301'), /TIMEOUT/);
});

function fail(): never {
  throw new Error('not there');
}

test.run();

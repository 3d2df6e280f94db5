// What the console says of callers that a LAC passes on, at the LAC and at the LNS.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LNS, bench } from '../unit/l2tp/forward.rig.ts';
import { L2tpConsole } from './l2tp.rig.ts';

const test = suite('Callers passed on');

function lab(): { b: ReturnType<typeof bench>; lac: L2tpConsole; lns: L2tpConsole } {
  const b = bench({ password: 'password' });
  const [far] = b.lns;
  if (far === undefined) throw new Error('no LNS');
  const lac = new L2tpConsole(b.lac);
  assert.match(lac.run(`ADD L2TP USER=ALL ACTION=DATABASE IP=${LNS[0]} PASSWORD=password TIMEOUT=30`), 'Info');
  return { b, lac, lns: new L2tpConsole(far.node) };
}

/** The rows of these labels, `label: value`. */
const rows = (text: string, ...labels: readonly string[]): string[] =>
  text.split('\n').filter((line) => labels.some((label) => line.trim().startsWith(`${label} .`))).map((line) => line.trim().replace(/ \.+ /, ': '));

test('SHOW L2TP TUNNEL of a LAC shows Server Type LAC, the caller\'s name and TIMEOUT as Max Timeout', () => {
  const { b, lac } = lab();
  b.forward('user@somewhere');
  b.run(1000);
  const shown = lac.run('SHOW L2TP TUNNEL');
  assert.equal(rows(shown, 'Max Timeout (s )', 'Calls Active', 'Server Type', 'Username', 'State'), [
    'State: established', 'Max Timeout (s ): 30', 'Calls Active: 1', 'Server Type: LAC',
    'Username: user@somewhere', 'State: established',
  ]);
});

test('SHOW L2TP TUNNEL CALL=id shows numbers, speed, subaddress and the kind of proof at both ends', () => {
  const { b, lac, lns } = lab();
  b.forward('user', { txSpeed: 128000 });
  b.run(1000);
  const id = (at: L2tpConsole): number => at.node.server.tunnels()[0]?.calls[0]?.id ?? 0;
  const here = lac.run(`SHOW L2TP TUNNEL CALL=${id(lac)}`);
  assert.equal(rows(here, 'Authentication Type', 'Framing', 'Bearer', 'Connect Speed', 'Dialed Number', 'Sub-Address', 'Username'), [
    'Username: user', 'Authentication Type: pap', 'Framing: sync', 'Bearer: digital',
    'Connect Speed: 128000', 'Dialed Number: 0398765432', 'Sub-Address: 12',
  ]);
  const there = lns.run(`SHOW L2TP TUNNEL CALL=${id(lns)}`);
  assert.equal(rows(there, 'Authentication Type', 'Remote Framing', 'Remote Bearer', 'Remote Connect Speed', 'Remote Dialed Number', 'Remote Sub-Address', 'Username'), [
    'Username: user', 'Authentication Type: pap', 'Remote Framing: sync', 'Remote Bearer: digital',
    'Remote Connect Speed: 128000', 'Remote Dialed Number: 0398765432', 'Remote Sub-Address: 12',
  ]);
  assert.not.match(here + there, 'sesame');
});

test('SHOW L2TP TUNNEL CALL COUNTER counts what the LAC relays', () => {
  const { b, lac } = lab();
  const call = b.forward('user');
  b.run(1000);
  if (call.link === undefined) throw new Error('not up');
  for (let i = 0; i < 3; i++) b.lac.board.plane.send([{ to: 'session', session: call.link.session, data: Uint8Array.of(0xc0, 0x21, 9, i, 0, 4) }]);
  b.run(100);
  assert.equal(rows(lac.run('SHOW L2TP TUNNEL CALL COUNTER'), 'Out Payload Packets', 'Username'), ['Username: user', 'Out Payload Packets: 3']);
});

test('DEACTIVATE L2TP CALL takes the ID of a call that is passed on, and nobody places it again', () => {
  const { b, lac, lns } = lab();
  const call = b.forward('user');
  b.run(1000);
  const id = b.lac.server.tunnels()[0]?.calls[0]?.id;
  assert.match(lac.run(`DEACTIVATE L2TP CALL=${id}`), 'Info');
  assert.equal(call.told, ['up', 'down: deactivated by the operator']);
  b.run(60_000);
  assert.match(lac.run('SHOW L2TP TUNNEL CALL'), /Info|Warning/);
  assert.match(lns.run('SHOW L2TP TUNNEL CALL'), /Info|Warning/);
  assert.match(lac.run(`DEACTIVATE L2TP CALL=${id}`), 'Error');
});

test('A name with control characters is printed without them', () => {
  const { b, lac, lns } = lab();
  b.forward('a\u001b[2Jb\n');
  b.run(1000);
  const all = lac.run('SHOW L2TP TUNNEL') + lns.run('SHOW L2TP TUNNEL') + b.lac.log.map(({ text }) => text).join('');
  assert.not.match(all, '\u001b');
  assert.match(all, /Username \.+ a.*b/);
});

test('SHOW L2TP USER shows entries in the order they were added, each action with its own fields', () => {
  const { lac } = lab();
  lac.run('ADD L2TP USER="tunnel.xxx" ACTION=DNSLOOKUP PREFIX="lns"');
  lac.run('ADD L2TP USER=REMOTE ACTION=RADIUS NUMBER=ON PRE13=ON');
  lac.run('ADD L2TP USER=NONE ACTION=IGNORE');
  assert.is(lac.run('SHOW L2TP USER'), `L2TP User Information
-------------------------------------------------------------------------------
User : all
Action ................... database
Password ................. password
Maximum timeout .......... 30
Sequence Numbering ....... off
Remote is pre draft13 .... off
Remote IP ................ 2.2.2.1
Remote Port .............. 1701

User : tunnel.xxx
Action ................... dnslookup
Password ................. not set
Maximum timeout .......... 20
Sequence Numbering ....... off
Remote is pre draft13 .... off
Prefix ................... lns

User : remote
Action ................... radius
Password ................. not set
Maximum timeout .......... 20
Sequence Numbering ....... on
Remote is pre draft13 .... on

User : none
Action ................... ignore
Password ................. not set
Maximum timeout .......... 20
Sequence Numbering ....... off
Remote is pre draft13 .... off`);
});

test.run();

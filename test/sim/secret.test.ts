// Passwords of a live router stay where they were typed: no log, SHOW or DEBUG of a session that uses them tells them.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hex } from '../../firmware/bytes/hex.ts';
import { utf8 } from '../../firmware/bytes/text.ts';
import { log, network, pings, show } from './calls.rig.ts';

const SHOWS = ['SHOW PPP=1', 'SHOW PPP CONFIG', 'SHOW PPP COUNTER', 'SHOW L2TP TUNNEL', 'SHOW L2TP TUNNEL CALL', 'SHOW L2TP TUNNEL COUNTER', 'SHOW LOG', 'SHOW USER', 'SHOW INTERFACE', 'SHOW DEBUG'];

test('no log, DEBUG=STATE, DEBUG=DECODE, PPP DEBUG or SHOW beyond those of the manual tells a password, in letters or in hex', () => {
  const user = 'ADD USER=u PASSWORD=SecretPpp LOGIN=NO\nADD USER=v PASSWORD=SecretUser LOGIN=NO';
  const net = network(
    { ppp: 'AUTHENTICATION=CHAP USERNAME=u PASSWORD=SecretPpp LQR=OFF', before: user },
    { ppp: 'AUTHENTICATION=PAP USERNAME=v PASSWORD=SecretUser LQR=OFF', before: user },
  );
  let told = '';
  const print = (text: string): void => void (told += `${text}\n`);
  const debugging = ['ENABLE L2TP DEBUG=STATE TUNNEL', 'ENABLE L2TP DEBUG=DECODE TUNNEL', 'ENABLE L2TP DEBUG=STATE CALL', 'ENABLE PPP=1 DEBUG=ALL'];
  for (const node of [net.a, net.b]) for (const line of debugging) node.app.runCommand(line, print, () => {});
  net.world.run(20_000);
  assert.is(pings(net), 10);
  assert.match(told, /PAP Request id \d+ \(name u\)/);
  assert.match(told, 'PPP authentication, ');
  for (const node of [net.a, net.b]) told += SHOWS.map((line) => show(node, line)).join('\n') + log(node);
  const flat = told.replaceAll(/\s/g, '');
  for (const secret of ['SecretPpp', 'SecretUser', 'l2tpA', 'l2tpB']) {
    assert.not.match(flat, secret);
    assert.not.match(flat, hex(utf8(secret)));
  }
});

test.run();

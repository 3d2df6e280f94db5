// Passwords of a live router stay where they were typed: no log, SHOW or DEBUG of a session that uses them tells them.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allCommands } from '../../firmware/appliance.ts';
import { SimBoard } from '../../board/sim/board.ts';
import { World } from '../../board/sim/world.ts';
import { hex } from '../../firmware/bytes/hex.ts';
import { utf8 } from '../../firmware/bytes/text.ts';
import { log, network, pings, show } from './calls.rig.ts';
import { lacNet } from './lac.rig.ts';

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

/** What the manual prints in clear, and what is a script. */
const IN_CLEAR = /^SHOW (?:L2TP(?: COUNTER)?\s*$|L2TP USER|L2TP CALL|(?:\S+ )?CONFIG|SCRIPT|FILE)/;

test('a caller who is passed on by a LAC, and all passwords around him, are told by no log, debugging or SHOW of LAC and LNS', () => {
  for (const auth of ['PAP', 'CHAP', 'MSCHAPV2']) {
    const net = lacNet({
      password: 'SecretHome',
      template: `AUTHENTICATION=${auth} LOGIN=USER PASSWORD=SecretTmpl USERNAME=lac`,
      users: 'ADD L2TP USER="one.example" ACTION=DATABASE IP=2.2.2.2 PASSWORD=SecretTun\n',
      lnsTemplate: `AUTHENTICATION=${auth} PASSWORD=SecretTmpl USERNAME=lns`,
      lac: 'ADD RADIUS SERVER=10.77.0.1 SECRET=SecretAaa\nSET RADIUS TUNNELPASSWORD=SecretOut\nADD ISDN CALL=rmt NUMBER=0 PRECEDENCE=IN USERNAME=q PASSWORD=SecretIsdn\nADD ACC CALL=d DIRECTION=ANSWER USERNAME=q PASSWORD=SecretAcc',
      lns1: 'SET L2TP PASSWORD=SecretTun\nSET USER="ann@one.example" PASSWORD=SecretHome',
    });
    let told = '';
    const print = (text: string): void => void (told += `${text}\n`);
    const routers = [net.home, net.lac, net.lns1];
    for (const node of routers) {
      for (const line of ['ENABLE L2TP DEBUG=STATE TUNNEL', 'ENABLE L2TP DEBUG=DECODE TUNNEL', 'ENABLE L2TP DEBUG=STATE CALL', 'ENABLE PPP=0 DEBUG=ALL', 'ENABLE PPP TEMPLATE=0 DEBUG=ALL']) node.app.runCommand(line, print, () => {});
    }
    net.world.run(20_000);
    assert.match(show(net.lns1, 'SHOW IP POOL'), /10\.1\.100\.1 +ppp0/, auth);
    assert.match(told, auth === 'MSCHAPV2' ? /Last Received LCP/ : /Proxy Authen Response/);
    const shows = allCommands(new SimBoard(new World(1), { seed: 1 })).flatMap(({ form }) => (form.syntax.startsWith('SHOW ') ? [form.syntax.replace(/[=[ ]*[[=].*$/s, ''), form.example] : []));
    for (const node of routers) for (const line of new Set([...shows, 'SHOW ISDN CALL=rmt', 'SHOW ACC CALL=d', 'SHOW PPP=0 CONFIG'])) if (!IN_CLEAR.test(line)) told += show(node, line);
    for (const node of routers) told += log(node);
    const flat = told.replaceAll(/\s/g, '');
    for (const secret of ['SecretHome', 'SecretTmpl', 'SecretTun', 'SecretAaa', 'SecretOut', 'SecretIsdn', 'SecretAcc']) {
      assert.not.match(flat, secret);
      assert.not.match(flat, new RegExp(hex(utf8(secret)), 'i'));
    }
  }
});

test.run();

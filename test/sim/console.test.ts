// What a login leaves behind at a console of a whole router: nothing.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SimStream } from '../../board/sim/stream.ts';
import { network, pings, show } from './calls.rig.ts';

test('what a login asked to be shown ends with it: the login prompt shows no debugging, no answers of PING, and nothing is traced for nobody', () => {
  const net = network();
  net.world.run(10_000);
  assert.is(pings(net), 10);
  const console = new SimStream('asyn0', 'plain');
  net.a.app.attachConsole(console, 'login');
  console.type('manager\nfriend\nenable l2tp debug=all tunnel\nenable ppp=1 debug=all\nping 192.168.20.2 number=20\n');
  net.world.run(3000);
  assert.ok(pings(net) > 0);
  assert.match(console.take(), /L2TP [rt]x \[/);
  console.type('logoff\n');
  const [id] = /^Tunnel ID \.+ (\d+)/m.exec(show(net.a, 'show l2tp tunnel'))?.slice(1) ?? [];
  assert.match(console.take(), /login: $/);
  assert.is(pings(net), 10);
  show(net.a, 'reset ppp=1');
  net.world.run(20_000);
  assert.is(console.take(), '', 'the login prompt shows nothing of the session before');
  assert.ok(id !== undefined);
  assert.match(show(net.a, 'show l2tp tunnel'), /Debug \.+ disabled/);
});

test('SHOW USER tells when who is logged in did so, not when the console was opened', () => {
  const net = network();
  const console = new SimStream('asyn0', 'plain');
  net.a.app.attachConsole(console, 'login');
  const time = (): string => /at (\S+) on|is (\S+) on/.exec(show(net.a, 'show time'))?.[2] ?? '';
  net.world.run(60_000);
  console.type('manager\nfriend\n');
  const then = time();
  net.world.run(60_000);
  assert.match(show(net.a, 'show user'), new RegExp(`\\nmanager +\\S+ ${then} +asyn0\\n`));
  assert.is.not(time(), then);
});

test.run();

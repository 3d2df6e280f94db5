// Name servers between whole routers: a caller learns them from the router that takes it, and its link takes them away again.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { show } from './calls.rig.ts';
import { CLIENT, SERVER, dialIn } from './remote.rig.ts';

const test = suite('name servers of callers');
const ANY = 'ADD IP DNS PRIMARY=192.168.20.53 SECONDARY=192.168.20.54\n';
const learned = (shown: string): string => /^ANY +(\S+ +\S+) +ppp1$/m.exec(shown)?.[1]?.replace(/ +/g, ' ') ?? '';

test('A caller with ADD IP DNS INTERFACE asks the servers that the router taking it names, while its link is up', () => {
  const net = dialIn(SERVER + ANY, `${CLIENT}ADD IP DNS INT=ppp1\n`);
  assert.is(learned(show(net.a, 'SHOW IP DNS')), '- -');
  assert.ok(net.world.run(30_000, () => learned(show(net.a, 'SHOW IP DNS')) !== '- -'));
  assert.is(learned(show(net.a, 'SHOW IP DNS')), '192.168.20.53 192.168.20.54');
  show(net.a, 'DISABLE PPP=1');
  net.world.run(1000);
  assert.is(learned(show(net.a, 'SHOW IP DNS')), '- -');
});

test('Callers of a router that relays names are told this router', () => {
  const net = dialIn(`${SERVER}${ANY}ENABLE IP DNSRELAY\n`, `${CLIENT}ADD IP DNS INT=ppp1\n`);
  assert.ok(net.world.run(30_000, () => learned(show(net.a, 'SHOW IP DNS')) !== '- -'));
  assert.is(learned(show(net.a, 'SHOW IP DNS')), '192.168.20.1 -');
  assert.ok(net.b.board.services.served?.interfaces.includes('dyn*'));
});

test.run();

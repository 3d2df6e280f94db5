// The LAC passes calls on: by whom ADD L2TP USER names, to the LNS that it names, to the next where that one fails.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { utf8 } from '../../../firmware/bytes/text.ts';
import { USER_DEFAULTS } from '../../../firmware/l2tp/users.ts';
import { LNS, bench } from './forward.rig.ts';
import { ip } from './world.ts';

const test = suite('Passing calls on');
const DATABASE = { action: 'DATABASE', ip: ip(LNS[0]) } as const;

test('A call for ACTION=DATABASE comes up at the LNS with all that the line and the caller said', () => {
  const { lac, lns, user, forward, run } = bench({ password: 'password' });
  user({ ...DATABASE, password: 'password' });
  const call = forward('user@somewhere', { txSpeed: 128000, rxSpeed: 64000 });
  run(1000);
  assert.equal(call.told, ['up']);
  assert.is(call.link?.role, 'lac');
  const [taken] = lns[0]?.up ?? [];
  assert.is(taken?.call.callingNumber, '0312345678');
  assert.is(taken?.call.calledNumber, '0398765432');
  assert.is(taken?.link?.proxy?.authenType, 3);
  assert.is(taken?.link?.proxy?.authenId, 7);
  assert.equal(taken?.link?.proxy?.authenName, utf8('user@somewhere'));
  assert.equal(taken?.link?.proxy?.authenResponse, utf8('sesame'));
  const [shown] = lac.server.tunnels()[0]?.calls ?? [];
  assert.is(shown?.role, 'LAC');
  assert.is(shown?.userName, 'user@somewhere');
  assert.is(shown?.local.connectSpeed, 128000);
  assert.is(shown?.local.subAddress, '12');
  assert.is(shown?.local.bearer, 1);
  assert.is(shown?.local.framing, 1);
});

test('forwards names the most specific entry: the domain, then LOCAL or REMOTE, then ALL; NONE alone where nothing was proved', () => {
  const { lac } = bench();
  const { users } = lac.server;
  const add = (what: Parameters<typeof users.add>[0]['user'], address: string): void => users.add({ user: what, ...USER_DEFAULTS, action: 'DATABASE', ip: ip(address) });
  const who = (name: string | undefined): string | undefined => {
    const entry = lac.server.forwards(name);
    return entry === undefined ? undefined : typeof entry.user === 'string' ? entry.user : entry.user.value;
  };
  assert.is(who('a'), undefined);
  add('ALL', '9.9.9.9');
  assert.equal([who('a'), who('a@b.c'), who(undefined)], ['ALL', 'ALL', undefined]);
  add('LOCAL', '9.9.9.8');
  assert.equal([who('a'), who('a@b.c'), who('a@')], ['LOCAL', 'ALL', 'ALL']);
  add('REMOTE', '9.9.9.7');
  assert.equal([who('a'), who('a@b.c'), who('a@')], ['LOCAL', 'REMOTE', 'REMOTE']);
  add({ value: 'B.c' }, '9.9.9.6');
  assert.equal([who('a@b.C'), who('x@y@b.c'), who('b.c'), who('a@x.b.c')], ['B.c', 'B.c', 'LOCAL', 'REMOTE']);
  add('NONE', '9.9.9.5');
  assert.equal([who(undefined), who('')], ['NONE', 'LOCAL']);
});

test('forwards names nobody for ACTION=IGNORE, for an LNS alone and where L2TP is disabled', () => {
  const { lac } = bench();
  lac.server.users.add({ user: 'ALL', ...USER_DEFAULTS, ...DATABASE });
  lac.server.users.add({ user: { value: 'here' }, ...USER_DEFAULTS, action: 'IGNORE' });
  assert.is(lac.server.forwards('a@here'), undefined);
  assert.is(lac.server.forwards('a@there')?.user, 'ALL');
  lac.server.disableServer('LAC');
  assert.is(lac.server.forwards('a@there'), undefined);
  lac.server.enableServer('LNS');
  assert.is(lac.server.forwards('a@there'), undefined);
  lac.server.enableServer('LAC');
  assert.is(lac.server.forwards('a@there')?.user, 'ALL');
  lac.server.disable(lac.now);
  assert.is(lac.server.forwards('a@there'), undefined);
});

test.run();

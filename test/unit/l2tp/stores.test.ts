// Small parts of the L2TP server: range tables, called numbers, the supervisor, decisions on calls of peers.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NEVER } from '../../../firmware/bytes/time.ts';
import { CALL_DEFAULTS, type CallSettings, Calls, calledName, calledNumber } from '../../../firmware/l2tp/calls.ts';
import { collide, isHigher } from '../../../firmware/l2tp/pairing.ts';
import { Passwords } from '../../../firmware/l2tp/passwords.ts';
import type { CallReason } from '../../../firmware/l2tp/reason.ts';
import { Supervisor } from '../../../firmware/l2tp/supervisor.ts';
import { ip } from './world.ts';

const test = suite('L2TP parts');

const call = (change: Partial<CallSettings>): CallSettings => ({ name: 'c', type: 'VIRTUAL', ip: ip('2.2.2.2'), ...CALL_DEFAULTS, ...change });

test('A password is that of the narrowest range that holds the address', () => {
  const passwords = new Passwords();
  passwords.set('all');
  passwords.add({ range: { low: ip('10.0.0.0'), high: ip('10.0.0.255') }, password: 'net' });
  passwords.add({ range: { low: ip('10.0.0.7'), high: ip('10.0.0.7') }, password: undefined });
  assert.equal(['10.0.0.1', '10.0.1.1', '10.0.0.7'].map((a) => passwords.find(ip(a))), ['net', 'all', undefined]);
  assert.equal(passwords.list().map((e) => e.password), [undefined, 'net', 'all']);
  passwords.set(undefined);
  assert.is(passwords.find(ip('10.0.1.1')), undefined);
});

test('Called Number is REMOTE, DIAL, or both with a colon; a VIRTUAL call without either has none', () => {
  assert.is(calledNumber(call({ remote: 'r' })), 'r');
  assert.is(calledNumber(call({ type: 'ISDN', dial: '03' })), '03');
  assert.is(calledNumber(call({ type: 'ISDN', remote: 'r', dial: '03' })), 'r:03');
  assert.is(calledNumber(call({})), undefined);
  assert.is(calledNumber(call({ dial: '03' })), '03');
  assert.is(calledName('r:03:9'), 'r');
  assert.is(calledName(''), '');
});

test('Calls to a peer are those that ADD, SET and DELETE leave there, in the order they were added', () => {
  const calls = new Calls();
  const to = (address: string): string[] => calls.to(ip(address)).map(({ name, number }) => `${name} ${number}`);
  for (const name of ['A', 'b', 'c']) calls.add(call({ name }));
  assert.equal(to('2.2.2.2'), ['A OFF', 'b OFF', 'c OFF']);
  calls.set('a', { number: 'ON' });
  assert.equal(to('2.2.2.2'), ['A ON', 'b OFF', 'c OFF']);
  calls.set('B', { ip: ip('3.3.3.3') });
  assert.equal([to('2.2.2.2'), to('3.3.3.3')], [['A ON', 'c OFF'], ['b OFF']]);
  calls.remove('a');
  calls.remove('B');
  calls.remove('nobody');
  assert.equal([to('2.2.2.2'), to('3.3.3.3')], [['c OFF'], []]);
});

test('Calls are found whatever the case of their names', () => {
  const calls = new Calls();
  calls.add(call({ name: 'Remote' }));
  assert.is(calls.get('REMOTE')?.name, 'Remote');
  calls.set('rEMOTE', { speed: 300, remote: undefined });
  assert.is(calls.get('remote')?.speed, 300);
  calls.remove('REMOTE');
  assert.equal(calls.list(), []);
});

test('The higher end is that with the higher Host Name in byte order, then the higher address', () => {
  const end = (hostName: string, address: string) => ({ hostName, address: ip(address) });
  assert.is(isHigher(end('b', '1.1.1.1'), end('a', '2.2.2.2')), true);
  assert.is(isHigher(end('ab', '1.1.1.1'), end('a', '2.2.2.2')), true);
  assert.is(isHigher(end('a', '1.1.1.1'), end('a', '2.2.2.2')), false);
  assert.is(isHigher(end('a', '200.1.1.1'), end('a', '2.2.2.2')), true);
  // U+FF5E is higher than U+1F600 in UTF-16 code units, lower in octets.
  assert.is(isHigher(end('\u{1f600}', '1.1.1.1'), end('\uff5e', '1.1.1.1')), true);
});

test('Of two ends exactly one acts at once and one waits, or both act alike on unequal PRECEDENCE', () => {
  assert.equal([collide('IN', true), collide('IN', false), collide('OUT', true), collide('OUT', false)], ['answer', 'take', 'refuse', 'hold']);
});

interface Rig {
  readonly supervisor: Supervisor;
  readonly dialled: number[];
  readonly told: [CallReason['kind'], number | undefined][];
  refusal: CallReason | undefined;
}

function supervise(): Rig {
  const rig: { -readonly [K in keyof Rig]?: Rig[K] } = { dialled: [], told: [], refusal: undefined };
  const supervisor = new Supervisor({
    dial: (now) => {
      rig.dialled?.push(now);
      return rig.refusal;
    },
    chance: () => 0,
    failed: (reason, again) => rig.told?.push([reason.kind, again]),
  });
  return Object.assign(rig, { supervisor }) as Rig;
}

const LOST: CallReason = { kind: 'hung up', why: 'x' };

test('A supervisor doubles its interval up to a minute, for ever, and starts over after PPP worked', () => {
  const rig = supervise();
  rig.supervisor.want(0);
  let now = 0;
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    rig.supervisor.down(LOST, now);
    waits.push(rig.supervisor.deadline() - now);
    now = rig.supervisor.deadline();
    rig.supervisor.tick(now - 1);
    rig.supervisor.tick(now);
  }
  assert.equal(waits, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  assert.is(rig.dialled.length, 10);
  rig.supervisor.up();
  rig.supervisor.worked();
  rig.supervisor.down(LOST, now);
  assert.is(rig.supervisor.deadline() - now, 1000);
});

test('A supervisor whose call nobody wants does not dial', () => {
  const rig = supervise();
  rig.supervisor.up();
  rig.supervisor.down(LOST, 5);
  assert.is(rig.supervisor.deadline(), NEVER);
  rig.supervisor.want(5);
  rig.supervisor.unwant();
  rig.supervisor.tick(1e9);
  rig.supervisor.retry(1e9);
  assert.equal(rig.dialled, [5]);
});

test('A supervisor looks for a missing route every two seconds and says so once', () => {
  const rig = supervise();
  rig.refusal = { kind: 'no route', peer: ip('2.2.2.2') };
  rig.supervisor.want(0);
  for (let now = 2000; now <= 20_000; now += 2000) rig.supervisor.tick(now);
  assert.is(rig.dialled.length, 11);
  assert.equal(rig.told, [['no route', undefined]]);
});

test('A supervisor that is held stays so until somebody wants the call anew', () => {
  const rig = supervise();
  rig.supervisor.want(0);
  rig.supervisor.hold({ kind: 'deactivated', call: 'c' });
  rig.supervisor.down(LOST, 1);
  rig.supervisor.retry(2);
  rig.supervisor.tick(1e9);
  assert.is(rig.supervisor.phase.kind, 'held');
  rig.supervisor.want(3);
  assert.equal(rig.dialled, [0, 3]);
});

test('A supervisor whose refusal only an event can end has no timer', () => {
  const rig = supervise();
  rig.refusal = { kind: 'passive' };
  rig.supervisor.want(0);
  assert.is(rig.supervisor.deadline(), NEVER);
  assert.is(rig.supervisor.reason?.kind, 'passive');
  rig.refusal = undefined;
  rig.supervisor.retry(7);
  assert.is(rig.supervisor.phase.kind, 'calling');
});

test.run();

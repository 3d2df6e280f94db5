// Logins, lockouts and the passwords behind them.

import { pbkdf2Sync } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Logins, type LoginKind } from '../../../firmware/aaa/login.ts';
import { digestOf, isDigest, parseDigest, printPassword, verifyPassword } from '../../../firmware/aaa/password.ts';
import { Users } from '../../../firmware/aaa/users.ts';
import { Secret } from '../../../firmware/bytes/secret.ts';
import { hex } from '../../../firmware/bytes/hex.ts';
import type { LogEvent } from '../../../firmware/log/log.ts';
import { libraryCrypto as crypto } from '../../../board/linux/crypto.ts';
import { SeededRandom } from '../../../board/sim/world.ts';

function door() {
  const users = new Users({ crypto, random: new SeededRandom(1) });
  const log: LogEvent[] = [];
  const logins = new Logins(users, { add: (event) => log.push(event) });
  const login = (user: string, password: string, { kind = 'console', from = 'asyn0', now = 0 }: { kind?: LoginKind; from?: string; now?: number } = {}) => {
    const verdict = logins.authenticate({ user, password, kind, from, now });
    return verdict.kind === 'accepted' ? `${verdict.user} ${verdict.level}` : verdict.message.text;
  };
  return { users, log, logins, login };
}

test('the factory password opens the console and no network login', () => {
  const { login } = door();
  assert.is(login('manager', 'friend'), 'manager manager');
  assert.is(login('MANAGER', 'friend'), 'manager manager');
  assert.is(login('manager', 'Friend'), 'Login incorrect.');
  for (const kind of ['telnet', 'ssh', 'web'] as const) assert.is(login('manager', 'friend', { kind, from: '192.0.2.1:99' }), 'Login refused: the factory password is valid on the console only; change it there with SET PASSWORD.');
});

test('a changed password opens network logins, and setting the factory password again closes them', () => {
  const { users, login } = door();
  users.set('manager', { password: 'changed1' });
  assert.is(login('manager', 'changed1', { kind: 'telnet', from: '192.0.2.1:99' }), 'manager manager');
  users.set('manager', { password: 'friend' });
  assert.match(login('manager', 'friend', { kind: 'telnet', from: '192.0.2.1:99' }), /console only/);
});

test('the factory password is known as such when it comes back as a digest', () => {
  const { users, login } = door();
  users.set('manager', { password: printPassword(digestOf('friend', { crypto, random: new SeededRandom(9) })) });
  assert.is(users.get('manager')?.factory, true);
  assert.match(login('manager', 'friend', { kind: 'telnet', from: '192.0.2.1:99' }), /console only/);
});

test('a user with LOGIN=NO, a disabled one and an unknown one get the same answer', () => {
  const { users, login } = door();
  users.add('ppp', 'rempass', { description: '', privilege: 'USER', login: false, telnet: false });
  users.add('off', 'offpass', { description: '', privilege: 'USER', login: true, telnet: false });
  users.enable('off', false);
  assert.is(login('ppp', 'rempass'), 'Login incorrect.');
  assert.is(login('off', 'offpass'), 'Login incorrect.');
  assert.is(login('nobody', 'rempass'), 'Login incorrect.');
});

test('levels follow PRIVILEGE', () => {
  const { users, login } = door();
  users.add('u', 'upass1', { description: '', privilege: 'USER', login: true, telnet: false });
  users.add('s', 'spass1', { description: '', privilege: 'SECURITYOFFICER', login: true, telnet: false });
  assert.is(login('u', 'upass1'), 'u user');
  assert.is(login('s', 'spass1'), 's security');
});

test('five failures lock a source for ten minutes whatever port it comes from, and no other source', () => {
  const { users, login, log, logins } = door();
  users.set('manager', { password: 'changed1' });
  const from = (port: number, now = 0) => ({ kind: 'telnet' as const, from: `192.0.2.1:${port}`, now });
  for (let i = 1; i <= 5; i++) assert.is(login('manager', 'wrong', from(1000 + i)), 'Login incorrect.');
  assert.is(login('manager', 'changed1', from(2000, 1000)), 'Too many failed logins: locked for 599 seconds.');
  assert.is(login('manager', 'changed1', { kind: 'telnet', from: '192.0.2.2:7', now: 1000 }), 'manager manager');
  assert.is(login('manager', 'changed1', { kind: 'console', from: 'asyn0', now: 1000 }), 'manager manager');
  assert.is(login('manager', 'changed1', from(2000, 600_000)), 'manager manager');
  assert.is(logins.counters.loginLockouts, 1);
  assert.is(log.filter((event) => event.subtype === 'LOCK').length, 1);
});

test('a right password forgets earlier failures', () => {
  const { login } = door();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 4; i++) login('manager', 'wrong');
    assert.is(login('manager', 'friend'), 'manager manager');
  }
});

test('failures of many sources are remembered in bounded room', () => {
  const { login } = door();
  for (let i = 0; i < 4; i++) login('x', 'y', { kind: 'telnet', from: '192.0.2.1:1' });
  for (let i = 0; i < 40; i++) login('x', 'y', { kind: 'telnet', from: `10.0.0.${i}:1` });
  login('x', 'y', { kind: 'telnet', from: '192.0.2.1:1' });
  assert.match(login('manager', 'friend', { kind: 'telnet', from: '192.0.2.1:1' }), /locked/);
});

test('a login is logged with who, whence and what, never with the password or an unknown name', () => {
  const { login, log } = door();
  login('manager', 'friend');
  login('manager', 'guess1');
  login('hunter2typed', 'guess2');
  assert.is(log[0]?.text, 'manager from asyn0 (console): logged in');
  assert.is(log[1]?.text, 'manager from asyn0 (console): refused: wrong name or password, failure 1 of 5');
  assert.is(log[2]?.text, '(unknown user) from asyn0 (console): refused: wrong name or password, failure 2 of 5');
  assert.not.match(JSON.stringify(log), /guess|hunter|friend/);
});

test('a digest is PBKDF2 with HMAC-SHA-256 and its text form reads back', () => {
  const digest = digestOf('secret words', { crypto, random: { bytes: (count) => new Uint8Array(count).fill(7) } });
  assert.is(hex(digest.digest), pbkdf2Sync('secret words', Buffer.alloc(8, 7), 1000, 16, 'sha256').toString('hex'));
  const text = printPassword(digest);
  assert.ok(isDigest(text));
  const back = parseDigest(text);
  assert.ok(back !== undefined && verifyPassword(back, 'secret words', crypto));
  assert.not.ok(back !== undefined && verifyPassword(back, 'secret word', crypto));
  assert.is(parseDigest(text.slice(1)), undefined);
  assert.is(parseDigest(`${text}0`), undefined);
});

test('a password longer than a hash block digests as PBKDF2 says', () => {
  const long = 'x'.repeat(100);
  const digest = digestOf(long, { crypto, random: { bytes: (count) => new Uint8Array(count).fill(3) } });
  assert.is(hex(digest.digest), pbkdf2Sync(long, Buffer.alloc(8, 3), 1000, 16, 'sha256').toString('hex'));
});

test('two users with the same password have different digests', () => {
  const { users } = door();
  const add = (name: string) => printPassword(users.add(name, 'samepass', { description: '', privilege: 'USER', login: true, telnet: false }).password);
  assert.is.not(add('a'), add('b'));
});

test('a secret shows nothing by printing, joining, JSON or inspection, and compares', () => {
  const secret = new Secret('hush');
  for (const shown of [String(secret), `${secret}`, JSON.stringify({ secret }), Bun.inspect({ secret }), ['', secret].join('')]) assert.not.match(shown, /hush/);
  assert.is(secret.matches('hush'), true);
  assert.is(secret.matches('hus'), false);
  assert.is(secret.matches(''), false);
  assert.is(secret.reveal(), 'hush');
});

test('the clear password of a PPP user is there for CHAP, that of a login user is not', () => {
  const { users } = door();
  users.add('ppp', 'rempass', { description: '', privilege: 'USER', login: false, telnet: false });
  const secret = users.secretOf('PPP');
  assert.is(secret instanceof Secret ? secret.reveal() : secret, 'rempass');
  assert.is(users.secretOf('manager'), 'digest');
  assert.is(users.secretOf('nobody'), undefined);
  assert.is(users.judgePap('ppp', 'rempass'), true);
  assert.is(users.judgePap('ppp', 'Rempass'), false);
});

test.run();

// USER commands and logins (AR740 command reference, "Operation").

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Shell } from './shell.ts';

const RULE = '-'.repeat(79);

test('ADD USER prints the new entry in the layout of SHOW USER', () => {
  const shell = new Shell();
  const expected = [
    'User Authentication Database',
    RULE,
    'Username: RouterA ()',
    '   Status: enabled   Privilege: user      Telnet: no   Login: no',
    '   IP address: 192.168.20.200   Netmask: 255.255.255.255',
    '   Logins: 0         Fails: 0             Sent: 0      Rcvd: 0',
    '   Authentications: 0     Fails: 0',
    RULE,
  ].join('\n');
  assert.is(shell.run('ADD USER=RouterA PASSWORD=PasswordA LOGIN=NO IPADDRESS=192.168.20.200 NETMASK=255.255.255.255'), expected);
  assert.is(shell.run('show user=routera'), expected);
});

test('ADD USER refuses a second user of the same name in any case', () => {
  const shell = new Shell();
  shell.run('ADD USER=remuser PASSWORD=rempass LOGIN=NO');
  assert.is(shell.run('SET USER=RemUser'), 'Error (335276): Nothing to set: no parameter given.');
  assert.is(shell.run('ADD USER=RemUser PASSWORD=rempass LOGIN=NO'), 'Error (345260): User RemUser already exists.');
});

test('ADD USER wants LOGIN where PRIVILEGE is USER', () => {
  const shell = new Shell();
  assert.match(shell.run('ADD USER=x PASSWORD=rempass'), /^Error \(335260\): Parameter "LOGIN" missing/);
  assert.match(shell.run('ADD USER=x PASSWORD=rempass PRIVILEGE=MANAGER'), /Privilege: manager   Telnet: no   Login: yes/);
});

test('ADD USER names the parameter that is wrong and what is permitted', () => {
  const shell = new Shell();
  assert.match(shell.run('ADD USER=x PASSWORD=rempass LOGIN=NO MTU=39'), /^Error \(335261\).*"MTU".*40\.\.1500/);
  assert.match(shell.run('ADD USER=x PASSWORD=rempass LOGIN=MAYBE'), /^Error \(335261\).*"LOGIN".*TRUE/);
  assert.match(shell.run('ADD USER=x PASSWORD=rempass LOGIN=NO FOO=1'), /^Error \(335257\).*FOO/);
  assert.match(shell.run('ADD USER=x LOGIN=NO'), /^Error \(335260\): Parameter "PASSWORD" missing/);
  assert.match(shell.run('ADD USER=x PASSWORD=rempass LOGIN=NO NETMASK=255.255.255.0'), /^Error \(345270\).*NETMASK/);
  assert.match(shell.run('ADD USER=x PASSWORD=rempass LOGIN=NO IPADDRESS=10.0.0.1 NETMASK=255.0.255.0'), /^Error \(345271\).*NETMASK/);
  assert.is(shell.users.get('x'), undefined);
});

test('ADD USER refuses a password shorter than MINPWDLEN without printing it', () => {
  const shell = new Shell();
  assert.is(shell.run('ADD USER=x PASSWORD=zq9xv LOGIN=NO'), 'Error (345262): Value of parameter "PASSWORD" is too short: at least 6 characters (SET USER MINPWDLEN).');
  shell.run('SET USER MINPWDLEN=5');
  assert.match(shell.run('ADD USER=x PASSWORD=zq9xv LOGIN=NO'), /Username: x/);
});

test('SET USER changes what is given and leaves the rest', () => {
  const shell = new Shell();
  shell.run('ADD USER=remuser PASSWORD=rempass LOGIN=NO IPADDRESS=10.0.0.1 DESCRIPTION="a caller"');
  assert.is(shell.run('SET USER=remuser MTU=1400'), 'Info (145003): Operation successful.');
  assert.match(shell.run('SHOW USER=remuser'), /Username: remuser \(a caller\)[^]*IP address: 10\.0\.0\.1[^]*MTU: 1400/);
  assert.is(shell.users.judgePap('remuser', 'rempass'), true);
  assert.is(shell.run('SET USER=nobody MTU=1400'), 'Error (345259): User nobody not found.');
});

test('IPADDRESS of a user is that of a host; 0.0.0.0 takes it and its mask away', () => {
  const shell = new Shell();
  const say = (line: string): string => shell.run(line);
  const ADD = 'ADD USER=remuser PASSWORD=rempass LOGIN=NO';
  for (const address of ['255.255.255.255', '127.0.0.1', '224.0.0.1', '0.0.0.9']) {
    assert.is(say(`${ADD} IPADDRESS=${address}`), `Error (335261): Value "${address}" not valid for parameter "IPADDRESS"; permitted: the address of a host, or 0.0.0.0 for none.`);
  }
  say(`${ADD} IPADDRESS=10.0.0.1 NETMASK=255.255.255.0`);
  assert.match(say('SHOW USER=remuser'), /IP address: 10\.0\.0\.1 +Netmask: 255\.255\.255\.0/);
  say('SET USER=remuser IPADDRESS=0.0.0.0');
  assert.not.match(say('SHOW USER=remuser'), /IP address/);
  assert.match(say('SET USER=remuser NETMASK=255.255.255.0'), /^Error/);
});

test('SET USER without name wants something to set', () => {
  const shell = new Shell();
  assert.match(shell.run('SET USER'), /^Error/);
  assert.match(shell.run('SET USER LOGINFAIL=11'), /^Error \(335261\).*LOGINFAIL.*1\.\.10/);
  assert.is(shell.run('SET USER LOGINFAIL=2 LOCKOUTPD=60'), 'Info (145003): Operation successful.');
  assert.match(shell.run('SHOW USER CONFIGURATION'), /lockout \.+ 2 \(LOGINFAIL\)\n.*60 seconds \(LOCKOUTPD\)/);
});

test('DELETE USER, DISABLE USER and SET USER leave one who may manage the router', () => {
  const shell = new Shell();
  const last = 'Error (345261): User manager is the only enabled user who may manage this router.';
  assert.is(shell.run('DELETE USER=manager'), last);
  assert.is(shell.run('DISABLE USER=manager'), last);
  assert.is(shell.run('SET USER=manager PRIVILEGE=USER'), last);
  assert.is(shell.run('SET USER=manager LOGIN=NO'), last);
  shell.run('ADD USER=boss PASSWORD=bosspass PRIVILEGE=MANAGER');
  assert.is(shell.run('DELETE USER=manager'), 'Info (145003): Operation successful.');
  assert.is(shell.run('DELETE USER=manager'), 'Error (345259): User manager not found.');
});

test('DISABLE USER refuses the user to PPP and the prompt until ENABLE USER', () => {
  const shell = new Shell();
  shell.run('ADD USER=remuser PASSWORD=rempass LOGIN=NO');
  assert.is(shell.run('DISABLE USER=remuser'), 'Info (145003): Operation successful.');
  assert.is(shell.run('DISABLE USER=remuser'), 'Warning (245257): User remuser is already disabled.');
  assert.is(shell.users.judgePap('remuser', 'rempass'), false);
  assert.is(shell.users.secretOf('remuser'), undefined);
  assert.is(shell.run('ENABLE USER=remuser'), 'Info (145003): Operation successful.');
  assert.is(shell.run('ENABLE USER=remuser'), 'Warning (245256): User remuser is already enabled.');
  assert.is(shell.users.judgePap('remuser', 'rempass'), true);
  assert.is(shell.run('ENABLE USER=other'), 'Error (345259): User other not found.');
});

test('PURGE USER leaves the built-in account with its password', () => {
  const shell = new Shell();
  shell.run('SET USER=manager PASSWORD=newpass');
  shell.run('ADD USER=remuser PASSWORD=rempass LOGIN=NO');
  assert.is(shell.run('PURGE USER'), 'Info (145003): Operation successful.');
  assert.equal(shell.users.list().map((user) => user.name), ['manager']);
  assert.is(shell.users.verify('manager', 'newpass'), true);
});

test('RESET USER sets the counters to zero', () => {
  const shell = new Shell();
  shell.run('ADD USER=remuser PASSWORD=rempass LOGIN=NO');
  shell.users.countAuthentication('remuser', 'accepted');
  assert.match(shell.run('SHOW USER=remuser'), /Authentications: 1 {5}Fails: 0/);
  assert.is(shell.run('RESET USER=remuser COUNTER=ALL'), 'Info (145003): Operation successful.');
  assert.match(shell.run('SHOW USER=remuser'), /Authentications: 0 {5}Fails: 0/);
  assert.is(shell.run('RESET USER=foo'), 'Error (345259): User foo not found.');
});

test('SHOW USER lists all users and who is logged in', () => {
  const shell = new Shell();
  shell.run('ADD USER=remuser PASSWORD=rempass LOGIN=NO');
  const text = shell.run('SHOW USER');
  assert.match(text, /Username: manager \(Manager Account\)\n {3}Status: enabled {3}Privilege: manager {3}Telnet: yes {2}Login: yes\n {3}Password: as made/);
  assert.match(text, /Username: remuser/);
  assert.match(text, /Active \(logged in\) Users[^]*manager {13}02-Oct-2001 11:56:00 {2}asyn0/);
  assert.is(shell.run('SHOW USER=nobody'), 'Error (345259): User nobody not found.');
});

test('SET PASSWORD asks for the old password and twice for the new one', () => {
  const shell = new Shell();
  shell.answers.push('friend', 'enemies', 'enemies');
  assert.is(shell.run('SET PASSWORD'), 'Info (145005): Password of manager changed.');
  assert.equal(shell.asked, ['Old password: ', 'New password: ', 'Confirm: ']);
  assert.is(shell.users.verify('manager', 'enemies'), true);
  assert.is(shell.users.verify('manager', 'friend'), false);
  assert.match(shell.run('SHOW LOG'), /manager: password changed by manager from\n? *asyn0/);
});

test('SET PASSWORD leaves the password where an answer is wrong, differs, is short or is not given', () => {
  const shell = new Shell();
  shell.answers.push('fiend', 'enemies', 'enemies');
  assert.match(shell.run('SET PASSWORD'), /^Error \(345266\)/);
  shell.answers.push('friend', 'enemies', 'enemiez');
  assert.match(shell.run('SET PASSWORD'), /^Error \(345267\)/);
  shell.answers.push('friend', 'short', 'short');
  assert.match(shell.run('SET PASSWORD'), /^Error \(345262\)/);
  shell.answers.push('friend', 'with "quote"', 'with "quote"');
  assert.match(shell.run('SET PASSWORD'), /^Error \(345273\)/);
  shell.answers.push('friend', undefined);
  assert.is(shell.run('SET PASSWORD'), 'Error (345268): Cancelled.');
  assert.is(shell.users.verify('manager', 'friend'), true);
  assert.match(shell.run('SET PASSWORD', 'lab'), /^Error \(345269\): lab is not in the user database/);
});

test('SET USER warns that a digest cannot answer CHAP when LOGIN is taken away', () => {
  const shell = new Shell();
  shell.run('ADD USER=both PASSWORD=bothpass LOGIN=YES');
  assert.match(shell.run('SET USER=both LOGIN=NO'), /^Warning \(245258\)/);
  assert.is(shell.users.judgePap('both', 'bothpass'), true);
  assert.is(shell.users.secretOf('both'), 'digest');
});

test('USER commands never put a password into the log or a SHOW output', () => {
  const shell = new Shell();
  shell.run('ADD USER=remuser PASSWORD=Zq9secret LOGIN=NO');
  shell.run('ADD USER=boss PASSWORD=Zq9secret2 PRIVILEGE=MANAGER');
  shell.run('SET USER=remuser PASSWORD=Zq9');
  shell.logins.authenticate({ user: 'boss', password: 'Zq9wrong', kind: 'telnet', from: '192.0.2.1:4000', now: 0 });
  shell.logins.authenticate({ user: 'Zq9typedAsName', password: 'x', kind: 'telnet', from: '192.0.2.1:4000', now: 0 });
  shell.logins.authenticate({ user: 'boss', password: 'Zq9secret2', kind: 'telnet', from: '192.0.2.1:4000', now: 0 });
  for (const line of ['SHOW LOG', 'SHOW USER', 'SHOW USER=boss', 'SHOW USER CONFIGURATION', 'SHOW DEBUG', 'SHOW SYSTEM']) assert.not.match(shell.run(line), /Zq9/);
  assert.not.match(JSON.stringify(shell.users.list()), /Zq9/);
  assert.not.match(Bun.inspect(shell.users.list(), { depth: 9 }), /Zq9/);
});

test.run();

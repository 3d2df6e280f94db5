// SHOW LOG and the outputs of the log (AR740 command reference, "Logging").

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8 } from '../../firmware/bytes/text.ts';
import { Shell } from './shell.ts';

const RULE = '-'.repeat(79);

function filled(): Shell {
  const shell = new Shell();
  shell.ring.add({ module: 'SYS', severity: 7, type: 'REST', subtype: 'NORM', text: 'Router startup, ver 2.6.1-00, 15-Dec-2003' });
  shell.world.run(7000);
  shell.ring.add({ module: 'PPP', severity: 6, type: 'VINT', subtype: 'UP', text: 'ppp0: Interface has come up and is able to send and receive data' });
  shell.ring.add({ module: 'L2TP', severity: 3, type: 'TUN', subtype: 'IDLE', text: 'tunnel 7: closed' });
  return shell;
}

test('SHOW LOG prints the columns of AlliedWare and wraps long messages at their column', () => {
  assert.is(
    filled().run('SHOW LOG'),
    [
      'Date/Time   S Mod  Type  SType Message',
      RULE,
      '02 11:56:00 7 SYS  REST  NORM  Router startup, ver 2.6.1-00, 15-Dec-2003',
      '02 11:56:07 6 PPP  VINT  UP    ppp0: Interface has come up and is able to send',
      '                               and receive data',
      '02 11:56:07 3 L2TP TUN   IDLE  tunnel 7: closed',
      RULE,
    ].join('\n'),
  );
});

test('SHOW LOG filters by severity, module and type and shows the tail', () => {
  const shell = filled();
  const count = (line: string): number => shell.run(line).split('\n').filter((row) => row.startsWith('02 ')).length;
  assert.is(count('SHOW LOG SEVERITY=6'), 1);
  assert.is(count('SHOW LOG SEVERITY=>5'), 2);
  assert.is(count('SHOW LOG SEVERITY=<6'), 1);
  assert.is(count('SHOW LOG SEVERITY=!6'), 2);
  assert.is(count('SHOW LOG MODULE=l2tp'), 1);
  assert.is(count('SHOW LOG TYPE=VINT'), 1);
  assert.is(count('SHOW LOG TAIL=2'), 2);
  assert.is(count('SHOW LOG TAIL'), 3);
  for (let i = 0; i < 30; i++) shell.ring.add({ module: 'IP', severity: 3, type: 'X', subtype: 'Y', text: String(i) });
  assert.is(count('sh log tail'), 20);
});

test('SHOW LOG names a wrong parameter and what is permitted', () => {
  const shell = new Shell();
  assert.match(shell.run('SHOW LOG SEVERITY=9'), /^Error \(335261\).*SEVERITY.*0\.\.7/);
  assert.match(shell.run('SHOW LOG TAIL=0'), /^Error \(335261\).*TAIL.*1\.\.3000/);
  assert.match(shell.run('SHOW LOG BOTTOM'), /^Error \(335257\).*BOTTOM/);
  assert.is(shell.run('SHOW LOG=3'), 'Error (357259): LOG output 3 not found.');
});

test('CREATE LOG OUTPUT sends events to a syslog server', () => {
  const shell = new Shell();
  assert.is(shell.run('CREATE LOG OUTPUT=1 DESTINATION=SYSLOG SERVER=192.168.10.9'), 'Info (157003): Operation successful.');
  shell.run('SET SYSTEM NAME=RouterA');
  shell.ring.add({ module: 'PPP', severity: 6, type: 'VINT', subtype: 'UP', text: 'ppp0: up' });
  assert.equal(shell.board.datagramsSent.map(({ to, port, data }) => [to, port, fromUtf8(data)]), [[0xc0a80a09, 514, '<131>Oct  2 11:56:00 RouterA PPP: VINT/UP: ppp0: up']]);
  assert.match(shell.run('SHOW LOG OUTPUT=1'), /Status \.+ enabled\nDestination \.+ syslog\nServer \.+ 192\.168\.10\.9\nPort \.+ 514[^]*Messages processed \.+ 1\nFilters \.+ none/);
  assert.match(shell.run('SHOW LOG OUTPUT'), /\n1 {10}enabled {3}syslog {7}192\.168\.10\.9 {5}0 {8}1\n/);
});

test('CREATE LOG OUTPUT refuses a number in use, a syslog output without server and a memory with one', () => {
  const shell = new Shell();
  assert.is(shell.run('CREATE LOG OUTPUT=1 DESTINATION=SYSLOG'), 'Error (357260): Parameter "SERVER" missing: DESTINATION=SYSLOG needs it.');
  assert.is(shell.run('CREATE LOG OUTPUT=1 DESTINATION=MEMORY SERVER=10.0.0.1'), 'Error (357261): Parameters "SERVER" and "DESTINATION=MEMORY" conflict.');
  shell.run('CREATE LOG OUTPUT=1 DESTINATION=MEMORY');
  assert.is(shell.run('CREATE LOG OUTPUT=1 DESTINATION=MEMORY'), 'Error (357258): LOG output 1 already exists.');
  assert.match(shell.run('CREATE LOG OUTPUT=21 DESTINATION=MEMORY'), /^Error \(335261\).*OUTPUT.*1\.\.20/);
  assert.match(shell.run('CREATE LOG OUTPUT=2'), /^Error \(335260\): Parameter "DESTINATION" missing/);
});

test('a MEMORY output keeps what its filters let through and PURGE LOG forgets it', () => {
  const shell = new Shell();
  shell.run('CREATE LOG OUTPUT=2 DESTINATION=MEMORY MESSAGES=10');
  assert.is(shell.run('ADD LOG OUTPUT=2 MODULE=PPP SEVERITY=>3'), 'Info (157003): Operation successful.');
  for (let i = 0; i < 12; i++) shell.ring.add({ module: 'PPP', severity: 6, type: 'VINT', subtype: 'UP', text: `event ${i}` });
  shell.ring.add({ module: 'IP', severity: 6, type: 'VINT', subtype: 'UP', text: 'other' });
  const text = shell.run('SHOW LOG=2');
  assert.match(text, /event 2\n[^]*event 11\n/);
  assert.not.match(text, /event 1\n|other/);
  assert.is(shell.run('PURGE LOG=2'), 'Info (157003): Operation successful.');
  assert.not.match(shell.run('SHOW LOG=2'), /event/);
  assert.match(shell.run('SHOW LOG'), /event 11/);
  shell.run('PURGE LOG');
  assert.not.match(shell.run('SHOW LOG'), /event/);
});

test('ADD LOG OUTPUT puts filters in place and DELETE LOG OUTPUT takes them away', () => {
  const shell = new Shell();
  shell.run('CREATE LOG OUTPUT=1 DESTINATION=MEMORY');
  shell.run('ADD LOG OUTPUT=1 ALL');
  shell.run('ADD LOG OUTPUT=1 FILTER=1 MODULE=IP ACTION=IGNORE');
  assert.match(shell.run('SHOW LOG OUTPUT=1'), / {2}1 {6}IGNORE {3}ANY {7}IP {6}ANY {4}ANY\n {2}2 {6}PROCESS {2}ANY/);
  assert.is(shell.run('ADD LOG OUTPUT=1'), 'Error (357262): A filter needs ALL or at least one of SEVERITY, MODULE, TYPE, SUBTYPE.');
  assert.is(shell.run('ADD LOG OUTPUT=1 ALL MODULE=IP'), 'Error (335263): Parameters "ALL" and "MODULE" conflict.');
  assert.is(shell.run('ADD LOG OUTPUT=9 ALL'), 'Error (357259): LOG output 9 not found.');
  assert.is(shell.run('DELETE LOG OUTPUT=1 FILTER=3'), 'Error (357264): LOG output 1 has no filter 3.');
  shell.run('DELETE LOG OUTPUT=1 FILTER=1');
  assert.not.match(shell.run('SHOW LOG OUTPUT=1'), /IGNORE/);
  shell.run('DELETE LOG OUTPUT=1 FILTER=ALL');
  assert.match(shell.run('SHOW LOG OUTPUT=1'), /Filters \.+ none/);
  assert.is(shell.run('DELETE LOG OUTPUT=1'), 'Info (157003): Operation successful.');
  assert.is(shell.run('DESTROY LOG OUTPUT=1'), 'Error (357259): LOG output 1 not found.');
});

test('SET, DISABLE and ENABLE LOG OUTPUT change an output', () => {
  const shell = new Shell();
  shell.run('CREATE LOG OUTPUT=1 DESTINATION=SYSLOG SERVER=10.0.0.1');
  assert.is(shell.run('SET LOG OUTPUT=1 SERVER=10.0.0.2 FORMAT=RFC5424'), 'Info (157003): Operation successful.');
  assert.is(shell.run('DISABLE LOG OUTPUT=1'), 'Info (157003): Operation successful.');
  shell.ring.add({ module: 'IP', severity: 6, type: 'A', subtype: 'B', text: 'lost' });
  shell.run('ENABLE LOG OUTPUT=1');
  shell.ring.add({ module: 'IP', severity: 6, type: 'A', subtype: 'B', text: 'sent' });
  assert.equal(shell.board.datagramsSent.map(({ to, data }) => [to, fromUtf8(data)]), [[0x0a000002, '<131>1 - hashi hashi - A/B - IP: sent']]);
  assert.is(shell.run('SET LOG OUTPUT=2 PORT=1514'), 'Error (357259): LOG output 2 not found.');
  assert.is(shell.run('ENABLE LOG OUTPUT=2'), 'Error (357259): LOG output 2 not found.');
  assert.is(shell.run('DISABLE LOG OUTPUT=2'), 'Error (357259): LOG output 2 not found.');
});

test('DISABLE LOG stops recording until ENABLE LOG', () => {
  const shell = new Shell();
  assert.is(shell.run('DISABLE LOG'), 'Info (157005): LOG module has been disabled.');
  assert.is(shell.run('DISABLE LOG'), 'Warning (257257): LOG is already disabled.');
  shell.ring.add({ module: 'IP', severity: 6, type: 'A', subtype: 'B', text: 'lost' });
  assert.is(shell.run('ENABLE LOG'), 'Info (157004): LOG module has been enabled.');
  assert.is(shell.run('ENABLE LOG'), 'Warning (257256): LOG is already enabled.');
  assert.not.match(shell.run('SHOW LOG'), /lost/);
});

test.run();

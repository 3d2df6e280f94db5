// SYSTEM, TIME, CPU, INTERFACE, TELNET, DEBUG (AR740 command reference, "Operation").

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CommandTable } from '../../firmware/cli/table.ts';
import { asynCommands, asynConfig } from '../../firmware/system/asyn.commands.ts';
import { blot } from '../../firmware/system/debug.ts';
import { Links } from '../../firmware/system/links.ts';
import { print, Shell } from './shell.ts';

const RULE = '-'.repeat(80);

test('SHOW SYSTEM prints the layout of AlliedWare with our identity', () => {
  const shell = new Shell();
  shell.run('SET SYSTEM NAME=RouterA LOCATION="Machine room" CONTACT="noc@example"');
  shell.world.run(2_624_340);
  const lines = shell.run('SHOW SYSTEM').split('\n');
  assert.equal(lines.slice(0, 6), [
    'Router System Status                           Time 12:39:44 Date 02-Oct-2001.',
    'Board       ID  Bay Board Name                        Rev   Serial number',
    RULE,
    'Base        0       hashi sim                         -     00000001',
    RULE,
    'Memory -   DRAM : 262144 kB   FLASH :   6144 kB',
  ]);
  const { version, released } = shell.board.system;
  assert.equal(lines.slice(7, 16), ['SysDescription', `hashi version ${version} ${released}`, 'SysContact', 'noc@example', 'SysLocation', 'Machine room', 'SysName', 'RouterA', 'SysUpTime']);
  assert.is(lines[16], '262434 ( 00:43:44 )');
  assert.ok(lines.includes(`Software Version: ${version} ${released}`));
  assert.ok(lines.includes('Data Plane      : sim'));
  assert.ok(lines.includes('Boot configuration file: Not set'));
  assert.is(lines.at(-1), 'Security Mode   : Disabled');
});

test('SHOW SYSTEM ends with what a manager must know', () => {
  const shell = new Shell();
  shell.warnings = ['The configuration asks for a firewall, which this build lacks.'];
  assert.match(shell.run('SHOW SYSTEM'), /\n\nWarning: The configuration asks for a firewall, which this build lacks\.$/);
});

test('SET SYSTEM sets names of up to 80 characters and takes them away', () => {
  const shell = new Shell();
  assert.is(shell.run(`SET SYSTEM NAME="${'n'.repeat(80)}"`), 'Info (134003): Operation successful.');
  assert.is(shell.state.hostName, 'n'.repeat(80));
  assert.match(shell.run(`SET SYSTEM NAME="${'n'.repeat(81)}"`), /^Error \(335261\).*NAME.*0\.\.80/);
  assert.is(shell.run('SET SYSTEM NAME=""'), 'Info (134003): Operation successful.');
  assert.is(shell.state.hostName, 'hashi');
  assert.match(shell.run('SET SYSTEM'), /^Error \(334259\): Nothing to set/);
  assert.match(shell.run('SET SYSTEM COLOUR=red'), /^Error \(335257\).*COLOUR/);
});

test('SET TIME sets the clock and SHOW TIME tells it', () => {
  const shell = new Shell();
  assert.is(shell.run('SHOW TIME'), 'System time is 11:56:00 on Tuesday 02-Oct-2001.');
  assert.is(shell.run('SET TIME=14:07:23 DATE=28-Feb-2002'), 'System time is 14:07:23 on Thursday 28-Feb-2002.');
  assert.is(shell.run('SET DATE=01-mar-2028'), 'System time is 14:07:23 on Wednesday 01-Mar-2028.');
  assert.match(shell.run('SET TIME=24:00:00'), /^Error \(335261\).*TIME/);
  assert.match(shell.run('SET DATE=29-Feb-2002'), /^Error \(335261\).*DATE/);
  assert.match(shell.run('SET DATE=31-Apr-2002'), /^Error \(335261\).*DATE/);
});

test('SHOW CPU prints percentages over the last seconds and minutes', () => {
  const shell = new Shell();
  shell.cpu.start();
  shell.world.run(400_000);
  assert.is(
    shell.run('SHOW CPU'),
    [
      'CPU Utilisation ( as a percentage )',
      '-'.repeat(40),
      'Maximum since router restarted .....  10',
      'Maximum over last 5 minutes ........  10',
      'Average since router restarted .....  10',
      'Average over last 5 minutes ........  10',
      'Average over last minute ...........  10',
      'Average over last 10 seconds .......  10',
      'Average over last second ...........  10',
      '-'.repeat(40),
    ].join('\n'),
  );
  shell.cpu.stop();
  assert.is(shell.world.pending, 0);
});

test('SHOW BUFFER tells memory in all and free', () => {
  assert.is(new Shell().run('SHOW BUFFER'), 'Memory (DRAM) ........ 262144 kB\nFree Memory .......... 50 %\nHeld by this router .. 40960 kB');
});

test('SHOW INTERFACE lists the links with their states', () => {
  const shell = new Shell();
  assert.match(shell.run('SHOW INTERFACE'), /^Interfaces {30}sysUpTime: {11}00:00:00\n\nDynamicLinkTraps\.\.\.\.\.\.Disabled\nTrapLimit\.+20\n\nNumber of unencrypted PPP\/FR links\.\.\.\.\.0\n\nifIndex Interface {5}ifAdminStatus {3}ifOperStatus {5}ifLastChange\n-{78}\n/);
  assert.is(shell.run('SHOW INTERFACE=ppp77'), 'Error (334260): Interface ppp77 not found.');
  assert.match(shell.run('SHOW INTERFACE="not one"'), /^Error \(335261\).*INTERFACE/);
});

test('the TELNET server is switched, moved and shown', () => {
  const shell = new Shell();
  assert.is(shell.run('ENABLE TELNET SERVER'), 'Warning (234256): The TELNET server is already enabled.');
  assert.is(shell.run('DISABLE TELNET SERVER'), 'Info (134006): TELNET server has been disabled.');
  assert.is(shell.run('DISABLE TELNET SERVER'), 'Warning (234257): The TELNET server is already disabled.');
  shell.telnet.failure = 'TCP port 23 is in use by another program.';
  assert.is(shell.run('ENABLE TELNET SERVER'), 'Error (334258): The TELNET server cannot start: TCP port 23 is in use by another program.');
  shell.telnet.failure = undefined;
  assert.is(shell.run('ENABLE TELNET SERVER'), 'Info (134005): TELNET server has been enabled.');
  assert.is(shell.run('SET TELNET LISTENPORT=2323'), 'Info (134003): Operation successful.');
  assert.match(shell.run('SET TELNET LISTENPORT=0'), /^Error \(335261\).*LISTENPORT.*1\.\.65535/);
  shell.telnet.users = ['manager from 192.168.1.5:40123'];
  assert.match(shell.run('SHOW TELNET'), /Telnet Server \.+ enabled\nListen Port \.+ 2323\nSessions \.+ 1\n {2}manager from 192\.168\.1\.5:40123/);
});

test('SHOW DEBUG joins the outputs of SHOW commands and holds no secret', () => {
  const shell = new Shell();
  shell.run('SET SYSTEM NAME=RouterA');
  shell.run('ADD USER=remuser PASSWORD=Zq9secret LOGIN=NO');
  const text = shell.run('SHOW DEBUG');
  assert.match(text, /# show system\nRouter System Status/);
  assert.match(text, /# show config dynamic\n[^]*set system name=RouterA/);
  assert.match(text, /add user=remuser password=\*\*\*\* login=no/i);
  assert.match(text, /# show log\nDate\/Time/);
  assert.not.match(text, /Zq9/);
});

test('the support dump blots out passwords of configuration lines and of password lists', () => {
  assert.is(blot('add l2tp call=remote password="two words" ip=1.1.1.1'), 'add l2tp call=remote password=**** ip=1.1.1.1');
  assert.is(blot('ADD RADIUS SERVER=1.1.1.1 SECRET=abc'), 'ADD RADIUS SERVER=1.1.1.1 SECRET=****');
  const list = (a: string, b: string): string => `Passwords\n192.168.10.1 - 192.168.10.254 ........ ${a}\n0.0.0.0 - 255.255.255.255 ............ ${b}\nFilter ........ none`;
  assert.is(blot(list('bcdef', 'two words')), list('****', '****'));
  assert.is(blot('  1.1.1.1 ........ 0'), '  1.1.1.1 ........ 0');
  assert.is(blot('Password ................. l2tpB'), 'Password ................. ****');
  assert.is(blot('Password ................. not set'), 'Password ................. not set');
  assert.is(blot('Messages processed ... 5'), 'Messages processed ... 5');
});

test('SHOW FEATURE, INSTALL and STARTUP tell what runs since when', () => {
  const shell = new Shell();
  const { version } = shell.board.system;
  assert.match(shell.run('SHOW FEATURE'), /all features of this build/);
  assert.match(shell.run('SHOW INSTALL'), new RegExp(`Default {7}hashi ${version}`));
  assert.match(shell.run('SHOW STARTUP'), /^Router started at 11:56:00 on Tuesday 02-Oct-2001\./);
});

test('SET ASYN PAGE sets the page of all sessions and is saved, SHOW ASYN shows it', () => {
  const owner = { page: 22 };
  const table = new CommandTable(asynCommands(owner));
  const run = (line: string): string => print(table.run(line, new Shell().context()));
  assert.equal(asynConfig(owner), []);
  assert.is(run('SET ASYN PAGE=50'), 'Info (133003): Operation successful.');
  assert.match(run('SHOW ASYN'), /\nPage \(lines\) \.+ 50\n/);
  assert.equal(asynConfig(owner), [{ title: 'ASYN', lines: ['set asyn page=50'] }]);
  run('SET ASYN PAGE=OFF');
  assert.is(owner.page, Infinity);
  assert.match(run('SHOW ASYN'), / OFF\n/);
  assert.equal(asynConfig(owner), [{ title: 'ASYN', lines: ['set asyn page=off'] }]);
  assert.is(run('SET ASYN PAGE=1'), 'Error (335261): Value "1" not valid for parameter "PAGE"; permitted: OFF or 2..1000.');
});

test('SHOW SYSTEM keeps its warnings within the columns', () => {
  const shell = new Shell();
  shell.warnings = ['The configuration asks for the firewall, NAT, IPsec, which this build does not have: traffic passes without.'];
  assert.match(shell.run('SHOW SYSTEM'), /\n\nWarning: The configuration asks for the firewall, NAT, IPsec, which this build\ndoes not have: traffic passes without\.$/);
});

test('SHOW INTERFACE numbers ppp interfaces as SHOW PPP does', () => {
  const shell = new Shell();
  const link = { mac: '', mtu: 1500, present: true, admin: true, up: true, inPackets: 0, inBytes: 0, inErrors: 0, outPackets: 0, outBytes: 0, outErrors: 0 };
  const links = new Links({ links: () => ['eth0', 'ppp1', 'eth1'].map((name) => ({ ...link, name, device: name })) }, shell.board.clock);
  assert.match(links.show(), /\n {6}1 eth0 [^\n]*\n {6}5 ppp1 [^\n]*\n {6}2 eth1 /);
});

test.run();

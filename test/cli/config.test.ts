// CREATE, SET, SHOW CONFIG and RESTART (AR740 command reference, "Operation").

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8, utf8 } from '../../firmware/bytes/text.ts';
import { Shell } from './shell.ts';

test('SHOW CONFIG DYNAMIC prints sections with a three-line header, in order, only what differs from a new router', () => {
  const shell = new Shell();
  assert.is(shell.run('SHOW CONFIG DYNAMIC'), '# The configuration is empty.');
  shell.run('CREATE LOG OUTPUT=1 DESTINATION=SYSLOG SERVER=10.0.0.9');
  shell.run('ADD USER=remuser PASSWORD=rempass LOGIN=NO');
  shell.run('SET LOADER SERVER=10.0.0.9');
  shell.run('SET SYSTEM NAME="Router A"');
  shell.run('DISABLE TELNET SERVER');
  shell.run('ADD ALIAS=sl STRING="show log"');
  assert.is(
    shell.run('SHOW CONFIG DYNAMIC'),
    `
#
# Command Handler configuration
#
add alias=sl string="show log"

#
# SYSTEM configuration
#
set system name="Router A"

#
# LOAD configuration
#
set loader server=10.0.0.9

#
# USER configuration
#
add user=remuser password=rempass login=no

#
# LOG configuration
#
create log output=1 destination=syslog server=10.0.0.9

#
# TELNET configuration
#
disable telnet server`,
  );
});

test('SHOW CONFIG DYNAMIC=module prints one section and names the sections there are', () => {
  const shell = new Shell();
  shell.run('SET SYSTEM NAME=RouterA');
  assert.is(shell.run('SHOW CONFIG DYNAMIC=system'), '\n#\n# SYSTEM configuration\n#\nset system name=RouterA');
  assert.is(shell.run('SHOW CONFIG DYNAMIC=colour'), 'Error (349260): Module "colour" has no configuration; permitted: SYSTEM.');
});

test('CREATE CONFIG saves what SHOW CONFIG DYNAMIC prints, in the place of what the file held', () => {
  const shell = new Shell();
  shell.board.flash.write('boot.cfg', utf8('old'), () => undefined);
  shell.world.run(10);
  shell.run('SET SYSTEM NAME=RouterA');
  assert.is(shell.run('CREATE CONFIG=boot.cfg'), 'Info (149003): Operation successful.');
  const data = shell.board.flash.read('boot.cfg');
  assert.is(data === undefined ? '' : fromUtf8(data), `${shell.run('SHOW CONFIG DYNAMIC')}\n`);
  assert.match(shell.run('CREATE CONFIG=boot.txt'), /^Error \(349257\)/);
  assert.match(shell.run('CREATE CONFIG=bo/ot.cfg'), /^Error \(335261\).*CONFIG/);
  assert.match(shell.run('CREATE CONFIG'), /^Error \(335259\)/);
});

test('SET CONFIG names the script of the next start and NONE takes the name away', () => {
  const shell = new Shell();
  assert.is(shell.run('SHOW CONFIG'), 'Boot configuration file: Not set\nCurrent configuration: None');
  assert.is(shell.run('SET CONFIG=later.cfg'), 'Warning (249256): File later.cfg does not exist yet; without it the router starts with factory settings.');
  assert.is(shell.run('SHOW CONFIG'), 'Boot configuration file: later.cfg (does not exist)\nCurrent configuration: None');
  shell.run('CREATE CONFIG=later.cfg');
  assert.is(shell.run('SET CONFIG=later.cfg'), 'Info (149003): Operation successful.');
  assert.is(shell.run('SHOW CONFIG'), 'Boot configuration file: later.cfg (exists)\nCurrent configuration: None');
  assert.is(shell.run('SET CONFIG=NONE'), 'Info (149003): Operation successful.');
  assert.is(shell.run('SHOW CONFIG'), 'Boot configuration file: Not set\nCurrent configuration: None');
  assert.match(shell.run('SET CONFIG=x.txt'), /^Error \(349257\)/);
});

test('a start takes the file of SET CONFIG, else boot.cfg, else the factory script', () => {
  const shell = new Shell();
  const next = (): string => {
    const { name, text } = shell.boot.next();
    return `${name ?? 'factory'}: ${text.trim()}`;
  };
  assert.is(next(), 'factory: set system name=factory');
  shell.board.flash.write('boot.cfg', utf8('set system name=boot'), () => undefined);
  shell.board.flash.write('other.cfg', utf8('set system name=other'), () => undefined);
  shell.world.run(10);
  assert.is(next(), 'boot.cfg: set system name=boot');
  assert.match(shell.run('SHOW CONFIG'), /Boot configuration file: boot\.cfg \(exists\)\nCurrent configuration: boot\.cfg/);
  shell.run('SET CONFIG=other.cfg');
  assert.is(next(), 'other.cfg: set system name=other');
  shell.run('DELETE FILE=other.cfg');
  assert.is(next(), 'boot.cfg: set system name=boot');
});

test('RESTART ROUTER CONFIG uses a script once', () => {
  const shell = new Shell();
  for (const name of ['boot', 'test']) shell.board.flash.write(`${name}.cfg`, utf8(`# ${name}`), () => undefined);
  shell.world.run(10);
  assert.is(shell.run('RESTART ROUTER CONFIG=test.cfg'), 'Info (134004): The router restarts.');
  assert.is(shell.restarts, 1);
  assert.is(shell.boot.next().name, 'test.cfg');
  assert.is(shell.boot.next().name, 'boot.cfg');
  shell.run('RESTART ROUTER CONFIG=NONE');
  assert.is(shell.boot.next().name, undefined);
  shell.run('RESTART ROUTER');
  assert.is(shell.boot.next().name, 'boot.cfg');
  assert.is(shell.run('RESTART ROUTER CONFIG=none.cfg'), 'Error (349258): File none.cfg not found.');
  assert.is(shell.restarts, 3);
});

test('RESTART REBOOT reboots the board, and RESTART alone is refused', () => {
  const shell = new Shell();
  assert.is(shell.run('RESTART REBOOT'), 'Info (134004): The router restarts.');
  assert.is(shell.reboots, 1);
  assert.match(shell.run('RESTART'), /^Error \(3352\d\d\).*REBOOT.*ROUTER/);
  assert.match(shell.run('RESTART REBOOT ROUTER'), /^Error \(335263\)/);
  assert.is(shell.reboots, 1);
});

test('a damaged boot pointer is passed over', () => {
  const shell = new Shell();
  shell.board.flash.write('config.ins', Uint8Array.from([0, 255, 10, 47]), () => undefined);
  shell.world.run(10);
  assert.is(shell.boot.bootFile, undefined);
  assert.is(shell.boot.next().name, undefined);
});

test.run();

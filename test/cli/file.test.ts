// Files, scripts, the loader (AR740 command reference, "Operation" and "Scripting").

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromUtf8, utf8 } from '../../firmware/bytes/text.ts';
import { toIpv4 } from '../../firmware/bytes/ip.ts';
import { Shell } from './shell.ts';

const RULE = '-'.repeat(79);

function withFiles(files: Record<string, string>): Shell {
  const shell = new Shell();
  for (const [name, text] of Object.entries(files)) shell.board.flash.write(name, utf8(text), () => undefined);
  shell.world.run(10);
  return shell;
}

const read = (shell: Shell, name: string): string | undefined => {
  const data = shell.board.flash.read(name);
  return data === undefined ? undefined : fromUtf8(data);
};

test('SHOW FILE lists files in the layout of AlliedWare', () => {
  const shell = withFiles({ 'test.scp': 'show time\n', 'boot.cfg': 'x'.repeat(1024) });
  assert.is(
    shell.run('SHOW FILE'),
    [
      'Filename               Device       Size      Created               Locks',
      RULE,
      'boot.cfg               flash        1024      02-Oct-2001 11:56:00  0',
      'test.scp               flash        10        02-Oct-2001 11:56:00  0',
      RULE,
    ].join('\n'),
  );
  const names = (spec: string): string[] => shell.run(`SHOW FILE=${spec}`).split('\n').slice(2, -1).map((line) => line.slice(0, 8));
  assert.equal(names('*.cfg'), ['boot.cfg']);
  assert.equal(names('flash:*.*'), ['boot.cfg', 'test.scp']);
  assert.equal(names('test.*'), ['test.scp']);
  assert.equal(names('*:*.scp'), ['test.scp']);
});

test('SHOW FILE prints one file with line numbers and no control characters', () => {
  const shell = withFiles({ 'a.txt': 'one\r\ntwo \u001b[2J\n' });
  assert.is(shell.run('SHOW FILE=A.TXT'), 'File : a.txt\n\n  1:one\n  2:two \\x1b[2J');
});

test('SHOW FILE refuses a wildcard inside a field, other devices and files that are not there', () => {
  const shell = new Shell();
  assert.match(shell.run('SHOW FILE=28*.rel'), /^Error \(335261\).*FILE/);
  assert.is(shell.run('SHOW FILE=nvs:a.cfg'), 'Error (356260): Device nvs is not there; permitted: flash.');
  assert.is(shell.run('SHOW FILE=no.cfg'), 'Error (356256): File no.cfg not found.');
});

test('DELETE FILE deletes one file or all that a wildcard stands for', () => {
  const shell = withFiles({ 'a.cfg': '', 'b.cfg': '', 'c.scp': '' });
  assert.is(shell.run('DELETE FILE=a.cfg'), 'Info (156003): Operation successful.');
  assert.is(shell.run('DELETE FILE=a.cfg'), 'Error (356256): File a.cfg not found.');
  assert.is(shell.run('DELETE FILE=*.cfg'), 'Info (156003): Operation successful.');
  assert.equal(shell.files.list().map((file) => file.name), ['c.scp']);
});

test('RENAME and COPY want a source that exists and a target that does not', () => {
  const shell = withFiles({ 'a.cfg': 'A', 'b.cfg': 'B' });
  assert.is(shell.run('RENAME a.cfg b.cfg'), 'Error (356257): File b.cfg already exists.');
  assert.is(shell.run('RENAME x.cfg y.cfg'), 'Error (356256): File x.cfg not found.');
  assert.is(shell.run('COPY a.cfg b.cfg'), 'Error (356257): File b.cfg already exists.');
  assert.is(shell.run('COPY x.cfg y.cfg'), 'Error (356256): File x.cfg not found.');
  assert.match(shell.run('COPY a.cfg "no good"'), /^Error \(335261\).*TO/);
  assert.is(shell.run('COPY a.cfg flash:c.cfg'), 'Info (156003): Operation successful.');
  assert.is(shell.run('RENAME a.cfg d.cfg'), 'Info (156003): Operation successful.');
  assert.equal([read(shell, 'a.cfg'), read(shell, 'b.cfg'), read(shell, 'c.cfg'), read(shell, 'd.cfg')], [undefined, 'B', 'A', 'A']);
});

test('SHOW FLASH tells what is used and free', () => {
  assert.is(
    withFiles({ 'a.cfg': 'x'.repeat(100) }).run('SHOW FLASH'),
    'FFS info:\nglobal operation ......... none\nfiles .................... 100 bytes (1 files)\ngarbage .................. 0 bytes\nfree ..................... 6291356 bytes\ntotal .................... 6291456 bytes',
  );
});

test('a full or read-only flash answers with an error and the old file stays whole', () => {
  const shell = withFiles({ 'a.scp': 'old\n', 'boot.cfg': 'old\n' });
  for (const [mode, why] of [['full', 'The flash is full'], ['read-only', 'The flash is read-only']] as const) {
    shell.board.flash.mode = mode;
    assert.is(shell.run('ADD SCRIPT=a.scp TEXT=new'), `Error (356261): File a.scp: ${why}.`);
    assert.is(shell.run('CREATE CONFIG=boot.cfg'), `Error (356261): File boot.cfg: ${why}.`);
    assert.is(shell.run('SET CONFIG=boot.cfg'), `Error (356261): File config.ins: ${why}.`);
    assert.is(shell.run('DELETE FILE=a.scp'), `Error (356261): File a.scp: ${why}.`);
    assert.is(shell.run('COPY a.scp b.scp'), `Error (356261): File b.scp: ${why}.`);
    assert.is(shell.run('RENAME a.scp b.scp'), `Error (356261): File a.scp: ${why}.`);
  }
  assert.is(read(shell, 'a.scp'), 'old\n');
  assert.is(read(shell, 'boot.cfg'), 'old\n');
  assert.is(shell.boot.bootFile, undefined);
});

test('ADD, SET and DELETE SCRIPT edit lines and SHOW SCRIPT prints them', () => {
  const shell = new Shell();
  assert.is(shell.run('ADD SCRIPT=test.scp TEXT="show time"'), 'Info (155003): Operation successful.');
  shell.run('ADD SCRIPT=test.scp TEXT="show cpu"');
  shell.run('ADD SCRIPT=test.scp TEXT="# first" LINE=1');
  assert.is(shell.run('SHOW SCRIPT=test.scp'), 'File : test.scp\n\n  1:# first\n  2:show time\n  3:show cpu');
  assert.is(shell.run('SET SCRIPT=test.scp LINE=3 TEXT="show log"'), 'Info (155003): Operation successful.');
  assert.is(shell.run('SET SCRIPT=test.scp LINE=4 TEXT="x"'), 'Error (355260): Script test.scp has no line 4; permitted: 1..3.');
  assert.is(shell.run('DELETE SCRIPT=test.scp LINE=1'), 'Info (155003): Operation successful.');
  assert.is(read(shell, 'test.scp'), 'show time\nshow log\n');
  assert.match(shell.run('SHOW SCRIPT'), /test\.scp {15}19 {8}-/);
  assert.is(shell.run('DELETE SCRIPT=test.scp'), 'Info (155003): Operation successful.');
  assert.is(shell.run('SHOW SCRIPT=test.scp'), 'Error (355256): Script test.scp not found.');
  assert.is(shell.run('DELETE SCRIPT=test.scp'), 'Error (355256): Script test.scp not found.');
  assert.is(shell.run('ADD SCRIPT=test.txt TEXT=x'), 'Error (355257): File test.txt is not a script; permitted: names that end in .scp or .cfg.');
});

test('two sessions that add lines to one script at the same time lose none', () => {
  const shell = new Shell();
  const begun = Array.from({ length: 20 }, (_, i) => shell.begin(`ADD SCRIPT=both.scp TEXT="line ${i}"`));
  shell.world.run(1000);
  assert.ok(begun.every(({ answer }) => answer === 'Info (155003): Operation successful.'));
  assert.is(read(shell, 'both.scp'), Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join(''));
});

test('two sessions that save the configuration at the same time leave one of the two, whole', () => {
  const shell = new Shell();
  shell.run('SET SYSTEM NAME=one');
  const first = shell.begin('CREATE CONFIG=boot.cfg');
  shell.run('SET SYSTEM NAME=two');
  const second = shell.begin('CREATE CONFIG=boot.cfg');
  shell.world.run(1000);
  assert.equal([first.answer, second.answer], ['Info (149003): Operation successful.', 'Info (149003): Operation successful.']);
  assert.is(read(shell, 'boot.cfg'), '\n#\n# SYSTEM configuration\n#\nset system name=two\n');
});

test('ACTIVATE SCRIPT prints the answers of its lines, goes on after a wrong one and says which', () => {
  const shell = withFiles({ 'test.scp': '# a comment\nset system name=Scripted\n\nset sistem\nshow time\n' });
  assert.is(shell.run('ACTIVATE SCRIPT=test.scp'), 'Info (155004): Script test.scp has ended; commands: 3, errors: 1.');
  assert.is(shell.printed.length, 3);
  assert.is(shell.printed[0], 'Info (134003): Operation successful.');
  assert.match(shell.printed[1] ?? '', /^test\.scp:4: Error \(335257\).*sistem/);
  assert.match(shell.printed[2] ?? '', /^System time is/);
  assert.is(shell.state.settings.name, 'Scripted');
});

test('WAIT delays the next line of a script', () => {
  const shell = withFiles({ 'w.scp': 'wait 5\nset system name=later\n' });
  const slow = shell.begin('ACTIVATE SCRIPT=w.scp');
  shell.world.run(4900);
  assert.is(slow.answer, undefined);
  assert.is(shell.state.settings.name, '');
  assert.match(shell.run('SHOW FILE=w.scp'), /wait 5/);
  assert.match(shell.run('SHOW SCRIPT'), /w\.scp {18}29 {8}running/);
  assert.match(shell.run('DELETE FILE=w.scp'), /^Error \(356262\): File w\.scp is in use/);
  shell.world.run(200);
  assert.is(shell.state.settings.name, 'later');
  assert.match(slow.answer ?? '', /has ended; commands: 2, errors: 0/);
  assert.match(shell.run('WAIT 0'), /^Error \(335261\).*SECONDS.*1\.\.65535/);
});

test('DEACTIVATE SCRIPT and Ctrl-C stop a script that waits', () => {
  const shell = withFiles({ 'w.scp': 'wait 500\nset system name=never\n' });
  const one = shell.begin('ACTIVATE SCRIPT=w.scp');
  assert.is(shell.run('ACTIVATE SCRIPT=w.scp'), 'Error (355258): Script w.scp is already running.');
  assert.is(shell.run('DEACTIVATE SCRIPT=w.scp'), 'Info (155003): Operation successful.');
  assert.match(one.answer ?? '', /has ended/);
  shell.begin('ACTIVATE SCRIPT=w.scp').cancel();
  shell.world.run(1_000_000);
  assert.is(shell.state.settings.name, '');
  assert.is(shell.world.pending, 0);
  assert.is(shell.run('DEACTIVATE SCRIPT=w.scp'), 'Error (355259): Script w.scp is not running.');
  assert.match(shell.run('DELETE FILE=w.scp'), /^Info/);
});

test('a script that activates itself is refused, and chains of scripts end', () => {
  const files: Record<string, string> = { 'self.scp': 'activate script=self.scp\n' };
  for (let i = 0; i < 12; i++) files[`s${i}.scp`] = `activate script=s${i + 1}.scp\n`;
  const shell = withFiles(files);
  assert.match(shell.run('ACTIVATE SCRIPT=self.scp'), /errors: 1\.$/);
  assert.match(shell.printed[0] ?? '', /Error \(355258\): Script self\.scp is already running/);
  shell.printed.length = 0;
  assert.match(shell.run('ACTIVATE SCRIPT=s0.scp'), /^Info/);
  assert.ok(shell.printed.some((line) => line.includes('Error (355264): Script s8.scp not started: 8 scripts are running already.')));
});

test('a script cut at any octet runs to its end', () => {
  const script = utf8('set system name="Ünï code"\r\nadd user=a password="b c d e f" login=no\nshow time\n');
  for (let length = 0; length <= script.length; length++) {
    const shell = new Shell();
    shell.board.flash.write('cut.scp', script.slice(0, length), () => undefined);
    shell.world.run(10);
    assert.match(shell.run('ACTIVATE SCRIPT=cut.scp'), /^Info \(155004\)/, `cut at ${length}`);
  }
});

test('LOAD fetches a file by TFTP into flash and UPLOAD sends one', () => {
  const shell = new Shell();
  shell.board.remote.set('192.0.2.9/dir/new.cfg', utf8('set system name=loaded\n'));
  assert.is(shell.run('LOAD METHOD=TFTP FILE=dir/new.cfg SERVER=192.0.2.9'), 'Info (148004): dir/new.cfg loaded into new.cfg: 23 bytes.');
  assert.is(read(shell, 'new.cfg'), 'set system name=loaded\n');
  assert.is(shell.run('UPLOAD METHOD=HTTP FILE=new.cfg SERVER=192.0.2.8'), 'Info (148005): new.cfg uploaded to 192.0.2.8: 23 bytes.');
  assert.equal(shell.board.remote.get('192.0.2.8/new.cfg'), utf8('set system name=loaded\n'));
});

test('LOAD names what is missing or wrong', () => {
  const shell = new Shell();
  assert.match(shell.run('LOAD FILE=a.cfg'), /^Error \(348257\): Parameter "SERVER" missing/);
  assert.match(shell.run('LOAD SERVER=192.0.2.9'), /^Error \(348258\): Parameter "FILE" missing/);
  assert.match(shell.run('LOAD METHOD=ZMODEM FILE=a.cfg SERVER=192.0.2.9'), /^Error \(348259\): METHOD=ZMODEM is not available in this build/);
  assert.match(shell.run('LOAD FILE=a-name-with-no-extension SERVER=192.0.2.9'), /^Error \(348263\)/);
  assert.is(shell.run('LOAD FILE=gone.cfg SERVER=192.0.2.9'), 'Error (348261): Transfer of gone.cfg failed: 192.0.2.9 has no file gone.cfg.');
  assert.match(shell.run('LOAD FILE=a.cfg DESTFILE=a.cfg DESTINATION=NVS SERVER=192.0.2.9'), /^Error \(356260\)/);
  assert.is(shell.run('UPLOAD FILE=none.cfg SERVER=192.0.2.9'), 'Error (356256): File none.cfg not found.');
  assert.is(shell.run('LOAD FILE=a.cfg SERVER=nowhere.example'), 'Error (348261): Transfer of a.cfg failed: There is no host named nowhere.example.');
});

test('LOAD leaves the old file where the flash is full', () => {
  const shell = withFiles({ 'a.cfg': 'old' });
  shell.board.remote.set('192.0.2.9/a.cfg', utf8('new'));
  shell.board.flash.mode = 'full';
  assert.is(shell.run('LOAD FILE=a.cfg SERVER=192.0.2.9'), 'Error (356261): File a.cfg: The flash is full.');
  assert.is(read(shell, 'a.cfg'), 'old');
  shell.board.remote.set('192.0.2.9/big.cfg', new Uint8Array(7_000_000));
  assert.match(shell.run('LOAD FILE=big.cfg SERVER=192.0.2.9'), /^Error \(348264\): big\.cfg has 7000000 bytes/);
});

test('SET LOADER fills in what LOAD does not say and names are resolved when the transfer starts', () => {
  const shell = new Shell();
  shell.board.names.set('files.example', [toIpv4(0xc0000209)]);
  shell.board.remote.set('192.0.2.9/boot.cfg', utf8('hello'));
  assert.is(shell.run('SET LOADER METHOD=HTTP SERVER=files.example FILE=boot.cfg DESTFILE=copy.cfg'), 'Info (148003): Operation successful.');
  assert.match(shell.run('SHOW LOADER'), / {2}Method \.+ HTTP\n {2}File \.+ boot\.cfg\n {2}Destination File \.+ copy\.cfg\n {2}Server \.+ files\.example/);
  assert.is(shell.run('LOAD'), 'Info (148004): boot.cfg loaded into copy.cfg: 5 bytes.');
  assert.match(shell.run('SHOW LOADER'), /Status \.+ none\n\nLast Load \.+ boot\.cfg loaded into copy\.cfg: 5 bytes\./);
  assert.match(shell.run('SET LOADER'), /^Error \(348265\)/);
  assert.match(shell.run('SET LOADER DELAY=70000'), /^Error \(335261\).*DELAY/);
  shell.run('SET LOADER SERVER=NONE FILE=NONE DESTFILE=NONE');
  assert.match(shell.run('LOAD'), /^Error \(348257\)/);
});

test('one transfer runs at a time and RESET LOADER stops it', () => {
  const shell = new Shell();
  shell.board.remote.set('192.0.2.9/a.cfg', utf8('a'));
  const slow = shell.begin('LOAD FILE=a.cfg SERVER=192.0.2.9');
  assert.is(shell.run('LOAD FILE=a.cfg SERVER=192.0.2.9'), 'Error (348260): A transfer of a.cfg is running; RESET LOADER stops it.');
  assert.match(shell.run('SHOW LOADER'), /Status \.+ load, transferring/);
  assert.is(shell.run('RESET LOADER'), 'Info (148003): Operation successful.');
  assert.is(slow.answer, 'Error (348262): Transfer of a.cfg stopped.');
  shell.world.run(10_000);
  assert.is(read(shell, 'a.cfg'), undefined);
  assert.is(shell.run('RESET LOADER'), 'Warning (248256): No transfer is running.');
});

test('LOAD with DELAY answers at once and tells of the transfer when it is over', () => {
  const shell = new Shell();
  shell.board.remote.set('192.0.2.9/a.cfg', utf8('a'));
  assert.is(shell.run('LOAD FILE=a.cfg SERVER=192.0.2.9 DELAY=10'), 'Info (148006): The transfer of a.cfg starts in 10 seconds.');
  assert.match(shell.run('SHOW LOADER'), /Status \.+ load, waiting/);
  shell.world.run(11_000);
  assert.equal(shell.printed, ['Info (148004): a.cfg loaded into a.cfg: 1 bytes.']);
  shell.run('LOAD FILE=a.cfg SERVER=192.0.2.9 DELAY=10');
  assert.match(shell.run('RESET LOADER'), /^Info/);
  assert.is(shell.world.pending, 0);
});

test('an alias cannot have the name of a word that commands begin with', () => {
  const shell = new Shell();
  assert.is(shell.run('ADD ALIAS=show STRING="x"'), 'Error (355265): Alias show would hide the command word SHOW.');
  assert.is(shell.run('ADD ALIAS=Add STRING="x"'), 'Error (355265): Alias Add would hide the command word ADD.');
  assert.is(shell.run('ADD ALIAS=sho STRING="show"'), 'Info (155003): Operation successful.');
});

test('SHOW LOADER keeps a long failure within the columns', async () => {
  const shell = new Shell();
  shell.run('LOAD FILE=x.cfg SERVER=nowhere-to-be-found.example METHOD=HTTP');
  const text = shell.run('SHOW LOADER');
  assert.match(text, /Last Load \.+ Transfer of x\.cfg failed: /);
  for (const line of text.split('\n')) assert.ok(line.length < 80, line);
});

test('aliases replace whole words on typed lines, outside quotation marks and not in ALIAS commands', () => {
  const shell = new Shell();
  assert.is(shell.run('ADD ALIAS=sl STRING="show log tail"'), 'Info (155003): Operation successful.');
  assert.is(shell.run('ADD ALIAS=SL STRING="x"'), 'Error (355262): Alias SL already exists.');
  assert.is(shell.aliases.expand('SL=5'), 'SL=5');
  assert.is(shell.aliases.expand('sl module=ppp'), 'show log tail module=ppp');
  assert.is(shell.aliases.expand('set system name="sl"'), 'set system name="sl"');
  assert.is(shell.aliases.expand('delete alias=sl'), 'delete alias=sl');
  assert.match(shell.run('SHOW ALIAS'), /\nsl {15}show log tail\n/);
  assert.is(shell.run('DELETE ALIAS=sl'), 'Info (155003): Operation successful.');
  assert.is(shell.run('DELETE ALIAS=sl'), 'Error (355263): Alias sl not found.');
});

test.run();

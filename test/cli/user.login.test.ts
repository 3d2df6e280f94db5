// Logins at a prompt: the console, TELNET, lockouts, SET PASSWORD, several sessions (AR740 command reference, "Operation").

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Session, type SessionOptions } from '../../firmware/cli/session.ts';
import { sessionCommands } from '../../firmware/cli/session.commands.ts';
import { CommandTable } from '../../firmware/cli/table.ts';
import { SimStream } from '../../board/sim/stream.ts';
import { Shell } from './shell.ts';

function open(shell: Shell, options: SessionOptions = { kind: 'console' }, from = 'asyn0'): SimStream {
  const stream = new SimStream(from, 'plain');
  const table: CommandTable = new CommandTable([...shell.table.commands, ...sessionCommands(() => table)]);
  const session = new Session(
    stream,
    {
      table,
      now: () => shell.world.now,
      systemName: () => shell.state.settings.name,
      authenticate: (attempt) => shell.logins.authenticate(attempt),
      expand: (line) => shell.aliases.expand(line),
      warnings: () => shell.warnings,
      ended: () => undefined,
    },
    options,
  );
  assert.is(session.from, from);
  return stream;
}

test('a manager logs in at the console with the factory password', () => {
  const shell = new Shell();
  const stream = open(shell);
  stream.type('manager\nfriend\nset system name=RouterA\n');
  assert.match(stream.take(), /^login: [^]*Password: [^]*Manager > [^]*Info \(134003\): Operation successful\.[^]*Manager RouterA> $/);
});

test('the factory password is refused on TELNET until SET PASSWORD has changed it at the console', () => {
  const shell = new Shell();
  const far = open(shell, { kind: 'telnet' }, '192.0.2.1:4000');
  far.type('manager\nfriend\n');
  assert.match(far.take(), /Error \(345265\): Login refused: the factory password is valid on the console only; change it there with SET PASSWORD\.\n\nlogin: $/);
  const near = open(shell);
  near.type('manager\nfriend\nset password\nfriend\nenemies\nenemies\n');
  const text = near.take();
  assert.match(text, /Old password: \nNew password: \nConfirm: \n[^]*Info \(145005\): Password of manager changed\./);
  assert.not.match(text, /enemies|friend/);
  far.type('manager\nenemies\n');
  assert.match(far.take(), /Manager > $/);
});

test('guesses lock the source out, also over new connections', () => {
  const shell = new Shell();
  const first = open(shell, { kind: 'telnet' }, '192.0.2.1:4000');
  first.type('manager\na\nmanager\nb\nmanager\nc\nmanager\nd\nmanager\ne\n');
  assert.ok(first.closed);
  const second = open(shell, { kind: 'telnet' }, '192.0.2.1:4001');
  second.type('manager\nfriend\n');
  assert.match(second.take(), /Error \(345264\): Too many failed logins: locked for 600 seconds\./);
  const console = open(shell);
  console.type('manager\nfriend\n');
  assert.match(console.take(), /Manager > $/);
});

test('LOGIN gives the session to another user with that user\'s rights', () => {
  const shell = new Shell();
  shell.run('ADD USER=guest PASSWORD=guestpass LOGIN=YES');
  const stream = open(shell);
  stream.type('manager\nfriend\nlogin guest\nguestpass\nset system name=x\nshow time\n');
  assert.match(stream.take(), /Password: \n\n> [^]*Error \(3352\d\d\)[^]*System time is/);
  assert.is(shell.state.settings.name, '');
});

test('what a manager must know is printed at each login', () => {
  const shell = new Shell();
  shell.warnings = ['Warning: a firewall was asked for that this build lacks.'];
  const stream = open(shell);
  stream.type('manager\nfriend\n');
  assert.match(stream.take(), /a firewall was asked for that this build lacks/);
});

test('two managers work at the same time and see each other\'s changes', () => {
  const shell = new Shell();
  const [one, two] = [open(shell), open(shell, { kind: 'cli', login: { user: 'lab', level: 'manager' } }, 'cli')];
  one.type('manager\nfriend\nadd user=remuser password=rempass login=no\n');
  two.type('set user=remuser mtu=1400\ndelete user=remuser\n');
  one.type('set user=remuser mtu=1300\n');
  assert.match(two.take(), /Info \(145003\)[^]*Info \(145003\)/);
  assert.match(one.take(), /Error \(345259\): User remuser not found\./);
});

test('an alias is replaced on a typed line', () => {
  const shell = new Shell();
  const stream = open(shell, { kind: 'cli', login: { user: 'lab', level: 'manager' } }, 'cli');
  stream.type('add alias=st string="show time"\nst\n');
  assert.match(stream.take(), /System time is/);
});

test('SET PASSWORD is cancelled where the session ends in the middle', () => {
  const shell = new Shell();
  const stream = open(shell);
  stream.type('manager\nfriend\nset password\nfriend\nenemies');
  stream.close();
  assert.is(shell.users.verify('manager', 'friend'), true);
});

test.run();

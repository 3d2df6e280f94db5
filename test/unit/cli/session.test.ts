import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { command, form, type Command, type Outcome } from '../../../firmware/cli/command.ts';
import { messages } from '../../../firmware/cli/messages.ts';
import { MORE } from '../../../firmware/cli/screen.ts';
import { Session, type SessionOptions, type SessionOwner } from '../../../firmware/cli/session.ts';
import { sessionCommands } from '../../../firmware/cli/session.commands.ts';
import { CommandTable } from '../../../firmware/cli/table.ts';
import { TestStream } from './terminal.ts';

const CTRL = (letter: string): string => String.fromCharCode(letter.charCodeAt(0) - 64);
const UP = '\u001b[A';
const LEFT = '\u001b[D';
const RIGHT = '\u001b[C';

function open(options: Partial<SessionOptions> & { readonly terminal?: boolean; readonly width?: number; readonly name?: string } = {}) {
  const log: string[] = [];
  let finish: ((outcome: ReturnType<typeof messages.system.done>) => void) | undefined;
  const on = (syntax: 'SHOW TIME' | 'SHOW LONG' | 'WAIT' | 'HANG' | 'ENABLE DEBUG' | 'ASK' | 'SHOW EVIL', apply: (name: string) => Outcome): Command =>
    command(form({ syntax, level: 'user', example: syntax, help: 'x' }), {
      apply: (_, context) => {
        log.push(syntax);
        if (syntax === 'ASK') {
          context.ask('Old password: ', { hidden: true }, (old) => {
            log.push(`old=${old}`);
            if (old === undefined) return;
            context.ask('Sure? ', { hidden: false }, (sure) => log.push(`sure=${sure}`));
          });
        }
        return apply(context.user);
      },
    });
  const commands: Command[] = [
    on('SHOW TIME', () => ({ text: 'System time is 14:07:23' })),
    on('SHOW LONG', () => ({ text: Array.from({ length: 60 }, (_, i) => `line ${i + 1}`).join('\n') })),
    on('SHOW EVIL', () => ({ text: 'a\u001b[2Jb' })),
    on('WAIT', () => ({ pending: (done) => { finish = done; }, cancel: () => log.push('cancelled') })),
    on('HANG', () => ({ pending: (done) => { finish = done; } })),
    on('ENABLE DEBUG', () => 'silent'),
    on('ASK', () => 'silent'),
    command(form({ syntax: 'ADD L2TP PASSWORD={password|NONE}', level: 'manager', example: 'ADD L2TP PASSWORD=a', help: 'x' }), { apply: ({ password }) => ({ text: JSON.stringify(password) }) }),
    ...sessionCommands(() => table),
  ];
  const table: CommandTable = new CommandTable(commands);
  let fails = 0;
  const owner: SessionOwner = {
    table,
    now: () => 1000,
    systemName: () => options.name ?? '',
    authenticate: ({ user, password }) => {
      log.push(`login ${user} ${password}`);
      if (user === 'manager' && password === 'friend') return { kind: 'accepted', user, level: 'manager' };
      fails++;
      return { kind: 'refused', message: fails > 5 ? messages.user.locked(600) : messages.user.incorrect() };
    },
    ended: () => log.push('ended'),
  };
  const stream = new TestStream(options.terminal ?? true, options.width);
  const session = new Session(stream, owner, { kind: 'console', ...options });
  return { stream, session, log, finish: () => finish?.(messages.system.done()) };
}
const manager = { user: 'manager', level: 'manager' } as const;

test('A console begins at login, hides the password and shows the manager prompt', () => {
  const { stream } = open();
  stream.type('manager\rfriend\r');
  assert.equal(stream.screen.screen, ['login: manager', 'Password:', '', 'Manager >']);
  stream.type('show time\r');
  assert.equal(stream.screen.screen.slice(3), ['Manager > show time', '', 'System time is 14:07:23', '', 'Manager >']);
});

test('Prompts carry the system name and the level', () => {
  const cases = [['', 'user', '> '], ['', 'manager', 'Manager > '], ['', 'security', 'SecOff > '], ['RouterA', 'user', 'RouterA> '], ['RouterA', 'manager', 'Manager RouterA> '], ['RouterA', 'security', 'SecOff RouterA> ']] as const;
  for (const [name, level, prompt] of cases) assert.is(open({ name, login: { user: 'x', level } }).stream.take(), prompt);
  assert.is(open({ name: 'RouterA' }).stream.take(), 'RouterA login: ');
});

test('A refused login says so and asks again; a TELNET session ends after five', () => {
  const telnet = open({ kind: 'telnet' });
  for (let i = 0; i < 5; i++) telnet.stream.type('root\rx\r');
  assert.ok(telnet.stream.closed);
  assert.is(telnet.stream.screen.screen.filter((row) => row === 'Error (345263): Login incorrect.').length, 5);
  const console = open();
  for (let i = 0; i < 6; i++) console.stream.type('root\rx\r');
  assert.not(console.stream.closed);
  assert.match(console.stream.take(), /locked for 600 seconds[^]*login: $/);
});

test('A long message is folded at blanks on a terminal and stays one line in a pipe', () => {
  const { stream } = open({ login: manager });
  stream.type('add l2tp password=\r');
  assert.equal(stream.screen.screen.slice(1), ['', 'Error (335259): Value missing for parameter "PASSWORD"; permitted: NONE or', '1..31 printable characters.', '', 'Manager >']);
  const pipe = open({ login: manager, terminal: false });
  pipe.stream.type('add l2tp password=\n');
  assert.match(pipe.stream.take(), '\nError (335259): Value missing for parameter "PASSWORD"; permitted: NONE or 1..31 printable characters.\n');
});

test('Output that comes by itself is folded too', () => {
  const { stream, session } = open({ login: manager, width: 40 });
  session.columns = 40;
  session.print('boot.cfg:12: Error (335264): ENABLE FIREWALL is not available in this build.');
  assert.equal(stream.screen.screen, ['boot.cfg:12: Error (335264): ENABLE', 'FIREWALL is not available in this', 'build.', 'Manager >']);
});

test('The prompt follows the system name when output comes by itself', () => {
  const options = { login: manager, name: 'RouterA' };
  const { stream, session } = open(options);
  stream.type('show t');
  options.name = '';
  session.print('Router restarted.');
  assert.equal(stream.screen.screen, ['Router restarted.', 'Manager > show t']);
});

test('A prompt pasted with a command is passed over', () => {
  const { stream, log } = open({ login: manager, terminal: false });
  stream.type('Manager > show time\nManager RouterA> show time\nSecOff > show time\n');
  assert.equal(log, ['SHOW TIME', 'SHOW TIME', 'SHOW TIME']);
});

test('HELP takes the words of a command with or without quotation marks', () => {
  const { stream } = open({ login: manager, terminal: false });
  stream.take();
  stream.type('help "add l2tp password"\n');
  const quoted = stream.take();
  assert.match(quoted, 'ADD L2TP PASSWORD={password|NONE}');
  stream.type('help add l2tp password\n');
  assert.is(stream.take(), quoted);
});

test('LOGOFF brings a console back to login and closes TELNET; LOGIN changes the user', () => {
  const console = open();
  console.stream.type('manager\rfriend\rlogoff\r');
  assert.match(console.stream.take(), /\r\nlogin: $/);
  const telnet = open({ kind: 'telnet', login: manager });
  telnet.stream.type('lo\r');
  assert.ok(telnet.stream.closed);
  assert.equal(telnet.log, ['ended']);
  const change = open({ login: { user: 'a', level: 'user' } });
  change.stream.type('login manager\rfriend\r');
  assert.match(change.stream.take(), /Password: \r\n\r\nManager > $/);
});

test('Ctrl-D ends a session on an empty line only', () => {
  const { stream } = open({ kind: 'telnet', login: manager });
  stream.type(`a${CTRL('D')}`);
  assert.not(stream.closed);
  stream.type(`${CTRL('U')}${CTRL('D')}`);
  assert.ok(stream.closed);
});

test('A line is edited by the keys of the manual', () => {
  const cases: [string, string][] = [
    [`shx${LEFT}\u007f${RIGHT}`, 'sx'],
    [`ab${LEFT}${CTRL('O')}X`, 'aX'],
    [`abc${CTRL('U')}d`, 'd'],
    [`abc${CTRL('A')}x${CTRL('E')}y`, 'xabcy'],
    [`abc def${CTRL('W')}`, 'abc'],
    [`abc${LEFT}${LEFT}${CTRL('K')}`, 'a'],
    [`abc${LEFT}\b`, 'ac'],
    [`abc${LEFT}\u001b[3~`, 'ab'],
    [`ab\u001bOD\u001b[99;99Zx`, 'axb'],
    [`a\0b`, 'ab'],
    ['\u3042\u3044\u007f', '\u3042'],
  ];
  for (const [keys, line] of cases) {
    const { stream } = open({ login: manager });
    stream.type(keys);
    assert.is(stream.screen.screen.at(-1)?.trimEnd(), `Manager > ${line}`.trimEnd(), JSON.stringify(keys));
  }
});

test('Escape sequences and characters may be split over packets anywhere', () => {
  const bytes = new TextEncoder().encode(`b\u3042${LEFT}${LEFT}a`);
  const { stream } = open({ login: manager });
  for (const octet of bytes) stream.onData(Uint8Array.of(octet));
  assert.is(stream.screen.screen.at(-1), 'Manager > ab\u3042');
});

test('History is walked by up, down, Ctrl-B and Ctrl-F, and listed by Ctrl-C', () => {
  const { stream } = open({ login: manager });
  stream.type(`show time\renable debug\renable debug\r dra${UP}${UP}`);
  assert.is(stream.screen.screen.at(-1), 'Manager > show time');
  stream.type(`${CTRL('F')}${CTRL('F')}`);
  assert.is(stream.screen.screen.at(-1), 'Manager >  dra');
  stream.type(CTRL('C'));
  assert.equal(stream.screen.screen.slice(-6), ['', 'Command history:', '   1  show time', '   2  enable debug', '', 'Manager >  dra']);
});

test('TAB completes and ? lists without losing the line', () => {
  const { stream } = open({ login: manager });
  stream.type('sh\tti\t');
  assert.is(stream.screen.screen.at(-1), 'Manager > show time');
  stream.type(`${CTRL('U')}add l2tp pass=?`);
  assert.equal(stream.screen.screen.slice(-4), ['Options : 1..31 printable characters', '          NONE', '', 'Manager > add l2tp pass=']);
  stream.type('"?"\r');
  assert.match(stream.take(), /\{"value":"\?"\}/);
  stream.type('# what?\r');
  assert.equal(stream.screen.screen.slice(-2), ['Manager > # what?', 'Manager >']);
});

test('A wrapped line is drawn right wherever it is edited', () => {
  for (const width of [20, 23, 31]) {
    for (let length = 0; length < 70; length++) {
      const { stream, session } = open({ login: manager, width });
      session.columns = width;
      const text = 'abcdefghijklmnopqrstuvwxyz'.repeat(3).slice(0, length);
      stream.type(text);
      for (let i = 0; i < length; i += 3) stream.type(`${LEFT}${LEFT}${LEFT}X\u007f`);
      stream.type(`${CTRL('A')}Z${CTRL('E')}`);
      session.print('late');
      stream.type('!');
      const whole = `Manager > Z${text}!`;
      const rows = Array.from({ length: Math.ceil(whole.length / width) }, (_, i) => whole.slice(i * width, (i + 1) * width));
      assert.equal(stream.screen.screen, ['late', ...rows.map((row) => row.trimEnd())], `width ${width} length ${length}`);
    }
  }
});

test('Late output is printed above the line being typed', () => {
  const { stream, session } = open({ login: manager });
  stream.type('show ti');
  session.print('L2TP [ tunnelId:0 ]\nold state idle');
  stream.type('me\r');
  assert.equal(stream.screen.screen, ['L2TP [ tunnelId:0 ]', 'old state idle', 'Manager > show time', '', 'System time is 14:07:23', '', 'Manager >']);
});

test('Control characters in answers do not reach the terminal', () => {
  const { stream } = open({ login: manager });
  stream.type('show evil\r');
  assert.match(stream.take(), /a\\x1b\[2Jb/);
});

test('A silent command is followed by the prompt alone', () => {
  const { stream } = open({ login: manager });
  stream.type('enable debug\r');
  assert.equal(stream.screen.screen, ['Manager > enable debug', 'Manager >']);
});

test('A session waits for a pending answer, keeps what is typed meanwhile and Ctrl-C cancels', () => {
  const { stream, session, log, finish } = open({ login: manager });
  stream.type('wait\rshow time\r');
  session.print('Echo reply 1');
  assert.equal(stream.screen.screen, ['Manager > wait', 'Echo reply 1']);
  finish();
  assert.equal(log, ['WAIT', 'SHOW TIME']);
  stream.type('wait\r');
  stream.type(CTRL('C'));
  assert.ok(log.includes('cancelled'));
  assert.match(stream.take(), /Command cancelled\.\r\n\r\nManager > $/);
  finish();
  assert.is(stream.take(), '');
});

test('A page of 22 lines waits for a key: blank, Enter, C, Q; late output waits too', () => {
  const { stream, session } = open({ login: manager });
  stream.type('show long\r');
  assert.is(stream.screen.screen.at(-1), MORE);
  assert.is(stream.screen.screen.at(-2), 'line 21');
  session.print('late');
  stream.type('\r');
  assert.is(stream.screen.screen.at(-2), 'line 22');
  stream.type(' ');
  assert.is(stream.screen.screen.at(-2), 'line 44');
  stream.type('x');
  assert.is(stream.screen.screen.at(-1), MORE);
  stream.type('c');
  assert.equal(stream.screen.screen.slice(-4), ['line 60', '', 'late', 'Manager >']);
  stream.type('show long\rqshow time\r');
  assert.equal(stream.screen.screen.slice(-6), ['line 21', 'Manager > show time', '', 'System time is 14:07:23', '', 'Manager >']);
});

test('A command can ask, hidden or not, and Ctrl-C cancels the question', () => {
  const { stream, log } = open({ login: manager });
  stream.type('ask\rgeheim\ryes\r');
  assert.equal(log, ['ASK', 'old=geheim', 'sure=yes']);
  assert.equal(stream.screen.screen, ['Manager > ask', 'Old password:', 'Sure? yes', 'Manager >']);
  stream.type('ask\r');
  stream.type(`ge${CTRL('C')}`);
  assert.equal(log.slice(3), ['ASK', 'old=undefined']);
  assert.match(stream.take(), /Manager > $/);
});

test('Without a terminal the prompts are the same, with no echo, no escapes and no paging', () => {
  const { stream, log } = open({ login: manager, terminal: false });
  stream.type('show time\nshow long\n');
  const text = stream.take();
  assert.match(text, /^Manager > \n\nSystem time is 14:07:23\n\nManager > \n\nline 1\n/);
  assert.not.match(text, /[\u001b\r]|show time|More/);
  stream.type('add l2tp ?\n');
  assert.match(stream.take(), /Options : PASSWORD=/);
  stream.type('show ti');
  stream.type('me');
  stream.onClose();
  assert.equal(log.slice(-2), ['SHOW TIME', 'ended']);
  assert.ok(stream.closed);
});

test('End of input on a pipe waits for what is running; a terminal that goes cancels it', () => {
  const pipe = open({ login: manager, terminal: false });
  pipe.stream.type('hang\nshow time\n');
  pipe.stream.onClose();
  assert.equal(pipe.log, ['HANG']);
  pipe.finish();
  assert.equal(pipe.log, ['HANG', 'SHOW TIME', 'ended']);
  const gone = open({ login: manager, kind: 'telnet' });
  gone.stream.type('wait\r');
  gone.stream.onClose();
  assert.equal(gone.log, ['WAIT', 'cancelled', 'ended']);
  const asked = open({ login: manager, terminal: false });
  asked.stream.type('ask\n');
  asked.stream.onClose();
  assert.equal(asked.log, ['ASK', 'old=undefined', 'ended']);
});

test('A line of a million characters is refused and never run in part', () => {
  for (const terminal of [true, false]) {
    const { stream, log } = open({ login: manager, terminal });
    stream.type(`show time ${'x'.repeat(1_000_000)}\rshow time\r`);
    assert.match(stream.take(), /Line longer than 4096 characters/);
    assert.equal(log, ['SHOW TIME']);
  }
});

test('Too much typed ahead of a command that does not answer ends the session', () => {
  const { stream, log } = open({ login: manager });
  stream.type(`hang\r${'x'.repeat(4_100_000)}`);
  assert.ok(stream.closed);
  assert.equal(log, ['HANG', 'ended']);
});

test('10,000 lines in one packet are run one after the other', () => {
  const { stream, log } = open({ login: manager, terminal: false });
  const start = performance.now();
  stream.type('enable debug\n'.repeat(10_000));
  assert.is(log.length, 10_000);
  assert.ok(performance.now() - start < 2000);
});

test('HELP explains commands from their syntax lines', () => {
  const { stream } = open({ login: manager, terminal: false });
  stream.type('help "add l2tp"\nhelp\nhelp nonsense\n');
  const text = stream.take();
  assert.match(text, /ADD L2TP PASSWORD=\{password\|NONE\}\n/);
  assert.match(text, /Commands begin with one of\n  ADD ASK ENABLE/);
  assert.match(text, /No help on "nonsense"/);
});

test('A session of the command socket is a console to its commands where a person sits at a terminal, and a program on a pipe', () => {
  const kinds: string[] = [];
  const commands: Command[] = [
    command(form({ syntax: 'PING', level: 'user', example: 'PING', help: 'x' }), {
      apply: (_, context) => {
        kinds.push(context.kind);
        return 'silent';
      },
    }),
  ];
  const owner: SessionOwner = { table: new CommandTable(commands), now: () => 0, systemName: () => '', authenticate: ({ user }) => ({ kind: 'accepted', user, level: 'user' }), ended: () => undefined };
  for (const terminal of [true, false]) {
    const stream = new TestStream(terminal);
    const session = new Session(stream, owner, { kind: 'cli', login: { user: 'manager', level: 'manager' } });
    stream.onData(new TextEncoder().encode('ping\r'));
    session.close();
  }
  assert.equal(kinds, ['console', 'cli']);
});

test.run();

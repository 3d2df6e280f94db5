import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { command, form, type Outcome } from '../../../firmware/cli/command.ts';
import { messages } from '../../../firmware/cli/messages.ts';
import { checkScript, printScriptError, runLine, runScript, type ScriptResult } from '../../../firmware/cli/script.ts';
import { CommandTable } from '../../../firmware/cli/table.ts';
import { context, table } from './fixture.ts';

const SCRIPT = `# boot script
ENABLE L2TP
ENABLE L2TP SERVER=BOTH

ADD L2TP PASSWORD=l2tpA
ADD L2TP CALL=remote REMOTE=remote TYPE=VIRTUAL IP=2.2.2.2 PRECEDENCE=IN PASSWORD="l2tp B"
CREATE PPP=1 OVER=TNL-remote IDLE=999999999 BAP=OFF LQR=OFF ECHO=ON
ADD IP INT=ppp1 IP=0.0.0.0
`;

test('check names file, line and error of every wrong line and runs nothing', () => {
  const text = SCRIPT.replace('SERVER=BOTH', 'SERVER=ALL').replace('IDLE=', 'IDEL=');
  assert.equal(checkScript({ file: 'boot.cfg', text }, table, 'security').map(printScriptError), [
    'boot.cfg:3: Error (335261): Value "ALL" not valid for parameter "SERVER"; permitted: BOTH, LAC or LNS.',
    'boot.cfg:7: Error (335257): Parameter "IDEL" not recognised; permitted here: BAP, BAPMODE, ECHO, IDLE, LQR, MRU, USERNAME or PASSWORD.',
  ]);
  assert.equal(checkScript({ file: 'boot.cfg', text: SCRIPT }, table, 'security'), []);
});

test('CR, LF and CRLF end lines alike, and line numbers count them alike', () => {
  for (const end of ['\n', '\r', '\r\n']) {
    const errors = checkScript({ file: 'a', text: ['ENABLE L2TP', '', '# c', 'NONSENSE', 'ENABLE L2TP'].join(end) }, table, 'security');
    assert.equal(errors.map(({ line }) => line), [4]);
  }
});

test('A script cut off at every byte is checked without a throw, and only its last line can be wrong', () => {
  const lines = SCRIPT.split('\n');
  for (let at = 0; at <= SCRIPT.length; at++) {
    const text = SCRIPT.slice(0, at);
    const errors = checkScript({ file: 'a', text }, table, 'security');
    assert.ok(errors.length <= 1, text);
    for (const { line } of errors) assert.is(line, text.split('\n').length);
  }
  assert.ok(lines.length > 5);
});

test('A script goes on after wrong lines and tells which they were', () => {
  const answers: string[] = [];
  let result: ScriptResult | undefined;
  const text = 'ENABLE L2TP\nFOO\nSHOW L2TP IP\nSHOW "\n';
  runScript({ file: 'x.scp', text }, { table, context, answered: (answer, line) => answers.push(`${line} ${answer.text}`) }, (r) => { result = r; });
  assert.is(result?.commands, 4);
  assert.equal(result?.errors.map(printScriptError), ['x.scp:2: Error (335256): Unknown command "FOO".', 'x.scp:4: Error (335269): Quotation mark without its partner.']);
  assert.equal(answers, ['1 {}', '2 Unknown command "FOO".', '3 {}', '4 Quotation mark without its partner.']);
});

test('A script waits for each answer that takes time, and stops where it is cancelled', () => {
  const log: string[] = [];
  const waiting: (() => void)[] = [];
  const make = (syntax: 'LOAD' | 'SHOW'): ReturnType<typeof command> =>
    command(form({ syntax, level: 'user', example: syntax, help: 'x' }), {
      apply: (): Outcome => {
        log.push(syntax);
        return syntax === 'SHOW' ? 'silent' : { pending: (done) => waiting.push(() => done(messages.system.done())), cancel: () => log.push('cancelled') };
      },
    });
  const slow = new CommandTable([make('LOAD'), make('SHOW')]);
  let done = 0;
  const running = runScript({ file: 'a', text: 'LOAD\nSHOW\nLOAD\nSHOW' }, { table: slow, context }, () => done++);
  assert.equal(log, ['LOAD']);
  waiting[0]?.();
  waiting[0]?.();
  assert.equal(log, ['LOAD', 'SHOW', 'LOAD']);
  running.cancel();
  running.cancel();
  waiting[1]?.();
  assert.equal(log, ['LOAD', 'SHOW', 'LOAD', 'cancelled']);
  assert.is(done, 1);
});

test('A script of 10,000 lines is matched and applied in well under a second', () => {
  const start = performance.now();
  runScript({ file: 'a', text: SCRIPT.repeat(1250) }, { table, context }, ({ commands, errors }) => {
    assert.is(commands, 7500);
    assert.is(errors.length, 0);
  });
  assert.ok(performance.now() - start < 700, `${performance.now() - start} ms`);
});

test('runLine gives the answer, late ones too, and nothing for a comment', () => {
  const answers: (string | undefined)[] = [];
  for (const line of ['# x', 'ENABLE L2TP', 'FOO']) runLine(table, line, context(), (answer) => answers.push(answer?.text));
  assert.equal(answers, [undefined, '{}', 'Unknown command "FOO".']);
});

test.run();

// ADD, SET, DELETE, ACTIVATE, DEACTIVATE and SHOW SCRIPT, WAIT (AR740 command reference, "Scripting").

import { fromUtf8, utf8 } from '../bytes/text.ts';
import { command, form, type Command, type Context, type Text } from '../cli/command.ts';
import { splitLines } from '../cli/lexer.ts';
import { messages, printMessage, type Message } from '../cli/messages.ts';
import { printScriptError, runScript, type RunningScript } from '../cli/script.ts';
import type { CommandTable } from '../cli/table.ts';
import type { Clock } from '../hal/clock.ts';
import { content, pendingFile } from './file.commands.ts';
import { extensionOf, flashName, type FileDone, type Files } from './files.ts';

const ADD_SCRIPT = form({ syntax: 'ADD SCRIPT=file-name TEXT=line [LINE=1..10000]', level: 'manager', example: 'ADD SCRIPT=test.scp TEXT="show time"', help: 'Adds a line to a script, before line LINE or at the end; makes the file where there is none.' });
const SET_SCRIPT = form({ syntax: 'SET SCRIPT=file-name LINE=1..10000 TEXT=line', level: 'manager', example: 'SET SCRIPT=test.scp LINE=1 TEXT="show log"', help: 'Replaces a line of a script.' });
const DELETE_SCRIPT = form({ syntax: 'DELETE SCRIPT=file-name [LINE=1..10000]', level: 'manager', example: 'DELETE SCRIPT=test.scp LINE=1', help: 'Deletes a line of a script, or the script.' });
const ACTIVATE_SCRIPT = form({ syntax: 'ACTIVATE SCRIPT=file-name', level: 'manager', example: 'ACTIVATE SCRIPT=test.scp', help: 'Runs a script; the answers of its lines appear here. Goes on after a wrong line.' });
const DEACTIVATE_SCRIPT = form({ syntax: 'DEACTIVATE SCRIPT=file-name', level: 'manager', example: 'DEACTIVATE SCRIPT=test.scp', help: 'Stops a running script.' });
const SHOW_SCRIPT = form({ syntax: 'SHOW SCRIPT[=file-name]', level: 'manager', example: 'SHOW SCRIPT', help: 'Lists scripts and which of them run, or prints one.' });
const WAIT = form({ syntax: 'WAIT [SECONDS=]1..65535', level: 'user', example: 'WAIT 5', help: 'Waits so many seconds before the next line of a script.' });

/** Scripts that may run at once, those included that another one started (our limit). */
const MOST = 8;

export interface ScriptOwner {
  readonly files: Files;
  readonly clock: Clock;
  /** All commands; asked for when a script starts, as it holds these commands too. */
  table(): CommandTable;
}

/** Scripts that run, by name in lower case. */
type Running = Map<string, RunningScript>;

export function scriptCommands(owner: ScriptOwner): Command[] {
  const running: Running = new Map();
  return [...editCommands(owner.files), ...runCommands(owner, running), waitCommand(owner.clock)];
}

function named(text: string): string | Message {
  const name = flashName(text);
  if (typeof name !== 'string') return name;
  return ['scp', 'cfg'].includes(extensionOf(name)) ? name : messages.script.notScript(name);
}

const refusal = (text: string): Message | undefined => {
  const name = named(text);
  return typeof name === 'string' ? undefined : name;
};
const bare = (text: string): string => text.slice(text.indexOf(':') + 1);

const linesOf = (data: Uint8Array): string[] => {
  const lines = splitLines(fromUtf8(data));
  if (lines.at(-1) === '') lines.pop();
  return lines;
};

type Edit = (lines: string[]) => Message | undefined;

function edit(files: Files, text: string, change: Edit): (done: FileDone) => void {
  const name = bare(text);
  return (done) =>
    files.update(
      name,
      (old) => {
        const lines = old === undefined ? [] : linesOf(old);
        return change(lines) ?? utf8(lines.map((line) => `${line}\n`).join(''));
      },
      done,
    );
}

function editCommands(files: Files): Command[] {
  const present = (text: string): Message | undefined => refusal(text) ?? (files.exists(bare(text)) ? undefined : messages.script.notFound(bare(text)));
  return [
    command(ADD_SCRIPT, {
      verify: (a) => refusal(a.script),
      apply: (a) =>
        pendingFile(
          edit(files, a.script, (lines) => {
            lines.splice(a.line === undefined ? lines.length : a.line - 1, 0, a.text);
            return undefined;
          }),
          messages.script.done,
        ),
    }),
    command(SET_SCRIPT, {
      verify: (a) => present(a.script),
      apply: (a) =>
        pendingFile(
          edit(files, a.script, (lines) => {
            if (a.line > lines.length) return messages.script.lineMissing(bare(a.script), a.line, lines.length);
            lines[a.line - 1] = a.text;
            return undefined;
          }),
          messages.script.done,
        ),
    }),
    command(DELETE_SCRIPT, {
      verify: (a) => present(a.script),
      apply: (a) => {
        const { line } = a;
        if (line === undefined) return pendingFile((done) => files.remove([bare(a.script)], done), messages.script.done);
        return pendingFile(
          edit(files, a.script, (lines) => {
            if (line > lines.length) return messages.script.lineMissing(bare(a.script), line, lines.length);
            lines.splice(line - 1, 1);
            return undefined;
          }),
          messages.script.done,
        );
      },
    }),
  ];
}

function runCommands({ files, clock, table }: ScriptOwner, running: Running): Command[] {
  const mayRun = (text: string): Message | undefined => {
    const name = bare(text);
    const refused = refusal(text);
    if (refused !== undefined) return refused;
    if (!files.exists(name)) return messages.script.notFound(name);
    if (running.has(name.toLowerCase())) return messages.script.running(name);
    return running.size >= MOST ? messages.script.tooDeep(name, running.size) : undefined;
  };
  const start = (name: string, context: Context, done: (answer: Message) => void): RunningScript => {
    const key = name.toLowerCase();
    const unlock = files.lock(name);
    // Noted before the script starts: a line of it that activates the same script is refused.
    running.set(key, { cancel: () => undefined });
    let over = false;
    const script = { file: name, text: fromUtf8(files.read(name) ?? new Uint8Array(0)) };
    const started = runScript(
      script,
      {
        table: table(),
        context: () => scriptContext(context, name, clock.now()),
        answered: (answer, line) => context.print(printAnswer(answer, name, line)),
      },
      ({ commands, errors }) => {
        over = true;
        unlock();
        running.delete(key);
        done(messages.script.ended(name, commands, errors.length));
      },
    );
    if (!hasEnded(over)) running.set(key, started);
    return started;
  };
  return [
    command(ACTIVATE_SCRIPT, {
      verify: (a) => mayRun(a.script),
      apply: (a, context) => {
        let started: RunningScript | undefined;
        return {
          pending: (done) => {
            started = start(bare(a.script), context, done);
          },
          cancel: () => started?.cancel(),
        };
      },
    }),
    command(DEACTIVATE_SCRIPT, {
      verify: (a) => refusal(a.script) ?? (running.has(bare(a.script).toLowerCase()) ? undefined : messages.script.notRunning(bare(a.script))),
      apply: (a) => {
        running.get(bare(a.script).toLowerCase())?.cancel();
        return messages.script.done();
      },
    }),
    command(SHOW_SCRIPT, {
      verify: (a) => (a.script === true ? undefined : (refusal(a.script) ?? (files.exists(bare(a.script)) ? undefined : messages.script.notFound(bare(a.script))))),
      apply: (a) => {
        if (a.script !== true) return { text: content(files.nameOf(bare(a.script)), files.read(bare(a.script)) ?? new Uint8Array(0)) };
        const rule = '-'.repeat(79);
        const rows = [...files.list('*.scp'), ...files.list('*.cfg')].map(({ name, size }) => `${name.padEnd(22)} ${String(size).padEnd(9)} ${running.has(name.toLowerCase()) ? 'running' : '-'}`);
        return { text: ['Script                 Size      State', rule, ...rows, rule].join('\n') };
      },
    }),
  ];
}

function printAnswer(answer: Message | Text, file: string, line: number): string {
  if (!('severity' in answer)) return answer.text;
  return answer.severity === 'info' ? printMessage(answer) : printScriptError({ file, line, message: answer });
}

/** A line of a script has the rights of who activated it; nobody can be asked. */
const scriptContext = (by: Context, name: string, now: number): Context => ({
  user: by.user,
  level: by.level,
  from: name,
  now,
  kind: 'script',
  print: (text) => by.print(text),
  ask: (_prompt, _options, answer) => answer(undefined),
  logoff: () => undefined,
});

/** The script may have ended before `runScript` returned, which the type checker cannot see. */
const hasEnded = (over: boolean): boolean => over;

function waitCommand(clock: Clock): Command {
  return command(WAIT, {
    apply: (a, context) => {
      const alarm: { cancel(): void }[] = [];
      return {
        pending: (done) => {
          alarm.push(clock.at(context.now + a.seconds * 1000, () => done(messages.system.waited(a.seconds))));
        },
        cancel: () => alarm[0]?.cancel(),
      };
    },
  });
}

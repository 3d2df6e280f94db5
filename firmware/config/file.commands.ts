// The file commands: SHOW, DELETE, RENAME, COPY FILE and SHOW FLASH (AR740 command reference, "Operation": files).

import { printable, fromUtf8 } from '../bytes/text.ts';
import { command, form, type Command, type Outcome } from '../cli/command.ts';
import { splitLines } from '../cli/lexer.ts';
import { messages, type Message } from '../cli/messages.ts';
import { formatDate, formatTime } from '../log/calendar.ts';
import { flashName, type FileDone, type Files } from './files.ts';

const SHOW_FILE = form({ syntax: 'SHOW FILE[=file-spec]', level: 'manager', example: 'SHOW FILE=*.cfg', help: 'Lists files, or prints one. * stands for a whole name or extension.' });
const DELETE_FILE = form({ syntax: 'DELETE FILE=file-spec', level: 'manager', example: 'DELETE FILE=old.cfg', help: 'Deletes files. * stands for a whole name or extension.' });
const RENAME = form({ syntax: 'RENAME [FILE=]file-name [TO=]file-name', level: 'manager', example: 'RENAME test.cfg boot.cfg', help: 'Gives a file another name that no file has.' });
const COPY = form({ syntax: 'COPY [FILE=]file-name [TO=]file-name', level: 'manager', example: 'COPY boot.cfg backup.cfg', help: 'Copies a file to a name that no file has.' });
const SHOW_FLASH = form({ syntax: 'SHOW FLASH', level: 'manager', example: 'SHOW FLASH', help: 'Shows how full the flash is.' });

const RULE = '-'.repeat(79);

const isSpec = (spec: string): boolean => spec.includes('*') || !spec.includes('.');

function list(files: Files, spec: string): string {
  const lines = ['Filename               Device       Size      Created               Locks', RULE];
  for (const { name, size, created } of files.list(spec)) {
    lines.push(`${name.padEnd(22)} ${'flash'.padEnd(12)} ${String(size).padEnd(9)} ${`${formatDate(created)} ${formatTime(created)}`.padEnd(21)} ${files.locks(name)}`);
  }
  return [...lines, RULE].join('\n');
}

/** A file as SHOW FILE and SHOW SCRIPT print it. */
export function content(name: string, data: Uint8Array): string {
  const lines = splitLines(fromUtf8(data));
  if (lines.at(-1) === '') lines.pop();
  return [`File : ${name}`, '', ...lines.map((line, i) => `${String(i + 1).padStart(3)}:${printable(line)}`)].join('\n');
}

/** Answers when the flash has. */
export const pendingFile = (start: (done: FileDone) => void, success: () => Message): Outcome => ({ pending: (done) => start((failure) => done(failure ?? success())) });

/** Whether a name with device is on our flash, else the answer. */
const onFlash = (text: string): Message | undefined => {
  const name = flashName(text);
  return typeof name === 'string' ? undefined : name;
};

/** The name behind the device; callers have verified it. */
const nameOf = (text: string): string => text.slice(text.indexOf(':') + 1);

export function fileCommands(files: Files): Command[] {
  return [
    command(SHOW_FILE, {
      verify: (a) => {
        if (a.file === true) return undefined;
        const foreign = onFlash(a.file);
        if (foreign !== undefined) return foreign;
        return isSpec(nameOf(a.file)) || files.exists(nameOf(a.file)) ? undefined : messages.file.notFound(nameOf(a.file));
      },
      apply: (a) => {
        const spec = a.file === true ? '*.*' : nameOf(a.file);
        if (isSpec(spec)) return { text: list(files, spec) };
        const data = files.read(spec);
        return data === undefined ? messages.file.notFound(spec) : { text: content(files.nameOf(spec), data) };
      },
    }),
    command(DELETE_FILE, {
      verify: (a) => onFlash(a.file) ?? (files.list(nameOf(a.file)).length === 0 ? messages.file.notFound(nameOf(a.file)) : undefined),
      apply: (a) =>
        pendingFile(
          (done) =>
            files.remove(
              files.list(nameOf(a.file)).map((file) => file.name),
              done,
            ),
          messages.file.done,
        ),
    }),
    command(RENAME, {
      verify: (a) => onFlash(a.file) ?? onFlash(a.to) ?? (files.exists(nameOf(a.file)) ? undefined : messages.file.notFound(nameOf(a.file))),
      apply: (a) => pendingFile((done) => files.rename(nameOf(a.file), nameOf(a.to), done), messages.file.done),
    }),
    command(COPY, {
      verify: (a) =>
        onFlash(a.file) ?? onFlash(a.to) ?? (files.exists(nameOf(a.file)) ? (files.exists(nameOf(a.to)) ? messages.file.exists(nameOf(a.to)) : undefined) : messages.file.notFound(nameOf(a.file))),
      apply: (a) => pendingFile((done) => files.copy(nameOf(a.file), nameOf(a.to), done), messages.file.done),
    }),
    command(SHOW_FLASH, {
      apply: () => {
        const all = files.list();
        const used = all.reduce((sum, file) => sum + file.size, 0);
        const { free, total } = files.space();
        const row = (label: string, value: string): string => `${`${label} `.padEnd(26, '.')} ${value}`;
        return {
          text: ['FFS info:', row('global operation', 'none'), row('files', `${used} bytes (${all.length} files)`), row('garbage', '0 bytes'), row('free', `${free} bytes`), row('total', `${total} bytes`)].join('\n'),
        };
      },
    }),
  ];
}

// CREATE, SET and SHOW CONFIG, RESTART (AR740 command reference, "Operation": configuration scripts).

import { utf8 } from '../bytes/text.ts';
import { command, form, type Command } from '../cli/command.ts';
import { messages, type Message } from '../cli/messages.ts';
import type { BootConfig } from './boot.ts';
import { extensionOf, flashName, type Files } from './files.ts';
import type { RunningConfig } from './running.ts';

const CREATE_CONFIG = form({
  syntax: 'CREATE CONFIG=file-name',
  level: 'manager',
  example: 'CREATE CONFIG=boot.cfg',
  help: 'Saves the running configuration as a script, in the place of what the file held. SET CONFIG makes the router start with it.',
});
const SET_CONFIG = form({
  syntax: 'SET CONFIG={file-name|NONE}',
  level: 'manager',
  example: 'SET CONFIG=boot.cfg',
  help: 'Names the script that the router starts with. With NONE it is boot.cfg if there is one, else the factory settings. Nothing changes until the next restart.',
});
const SHOW_CONFIG = form({ syntax: 'SHOW CONFIG', level: 'manager', example: 'SHOW CONFIG', help: 'Shows which script the router starts with, and with which it started.' });
const SHOW_DYNAMIC = form({
  syntax: 'SHOW CONFIG DYNAMIC[=topic]',
  level: 'manager',
  example: 'SHOW CONFIG DYNAMIC=L2TP',
  help: 'Prints the running configuration as commands, all of it or that of one module: what CREATE CONFIG would save.',
});
const RESTART = form({
  syntax: 'RESTART {REBOOT|ROUTER} [CONFIG={file-name|NONE}]',
  level: 'manager',
  example: 'RESTART ROUTER CONFIG=test.cfg',
  help: 'REBOOT starts the box again; ROUTER reads the configuration again. CONFIG names a script for this one start; NONE takes the factory settings.',
});

export interface ConfigOwner {
  readonly files: Files;
  readonly boot: BootConfig;
  readonly running: RunningConfig;
  /** Starts the box again; on a host ends the process. */
  reboot(): void;
  /** Takes the configuration down and runs the script that `boot.next` gives. Called after the answer has gone out. */
  restart(): void;
}

/** A comment, so that the answer can be run like any other. */
const EMPTY = '# The configuration is empty.';

/** A script by its name; the answer where it cannot be one. */
function scriptName(text: string): string | Message {
  const name = flashName(text);
  if (typeof name !== 'string') return name;
  return ['cfg', 'scp'].includes(extensionOf(name)) ? name : messages.config.notConfig(name);
}

const refusal = (name: string | Message): Message | undefined => (typeof name === 'string' ? undefined : name);
const bare = (text: string): string => text.slice(text.indexOf(':') + 1);

export function configCommands(owner: ConfigOwner): Command[] {
  const { files, boot, running } = owner;
  const mustExist = (file: { readonly value: string } | 'NONE' | undefined): Message | undefined => {
    if (typeof file !== 'object') return undefined;
    return refusal(scriptName(file.value)) ?? (files.exists(bare(file.value)) ? undefined : messages.config.notFound(bare(file.value)));
  };
  return [
    command(CREATE_CONFIG, {
      verify: (a) => refusal(scriptName(a.config)),
      apply: (a) => ({
        pending: (done) => files.write(bare(a.config), utf8(`${running.text() ?? ''}\n`), (failure) => done(failure ?? messages.config.done())),
      }),
    }),
    command(SET_CONFIG, {
      verify: (a) => (typeof a.config === 'object' ? refusal(scriptName(a.config.value)) : undefined),
      apply: (a) => {
        const name = typeof a.config === 'object' ? bare(a.config.value) : undefined;
        const success = (): Message => (name === undefined || files.exists(name) ? messages.config.done() : messages.config.noConfig(name));
        return { pending: (done) => boot.setBootFile(name, (failure) => done(failure ?? success())) };
      },
    }),
    command(SHOW_CONFIG, { apply: () => ({ text: boot.show() }) }),
    command(SHOW_DYNAMIC, {
      apply: (a) => {
        const text = running.text(a.dynamic === true ? undefined : a.dynamic);
        if (text !== undefined) return { text: text === '' ? EMPTY : text };
        const titles = running.sections().map(({ title }) => title.toUpperCase());
        return messages.config.noModule(String(a.dynamic), titles.join(', '));
      },
    }),
    command(RESTART, {
      verify: (a) => (a.reboot === true && a.config !== undefined ? messages.parser.conflict('REBOOT', 'CONFIG') : mustExist(a.config)),
      apply: (a) => {
        if (a.reboot === true) owner.reboot();
        else {
          boot.useOnce(typeof a.config === 'object' ? bare(a.config.value) : a.config);
          owner.restart();
        }
        return messages.system.restarting();
      },
    }),
  ];
}

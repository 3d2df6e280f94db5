// UPDATE, CONFIRM, RESET and SHOW UPDATE: the second system of a box (ours; AlliedWare boxes load a release file).

import type { Ipv4 } from '../bytes/ip.ts';
import { command, form, type Command } from '../cli/command.ts';
import { messages } from '../cli/messages.ts';
import type { SystemUpdate } from './update.ts';

const UPDATE = form({
  syntax: 'UPDATE SYSTEM FILE=path [SERVER=host] [UNSIGNED]',
  level: 'manager',
  example: 'UPDATE SYSTEM FILE=hashi-raspberrypi.update SERVER=192.168.10.9',
  help: 'Fetches a system by HTTP into the slot that does not run. It is tried at the next start, once: unless CONFIRM UPDATE or some minutes of good work keep it, the start after that goes back. SERVER is taken from SET LOADER where it is not given. UNSIGNED takes one that is not signed, on the console only.',
});
const CONFIRM = form({ syntax: 'CONFIRM UPDATE', level: 'manager', example: 'CONFIRM UPDATE', help: 'Keeps the system that is on trial.' });
const RESET = form({ syntax: 'RESET UPDATE', level: 'manager', example: 'RESET UPDATE', help: 'Stops the transfer of a system, or takes the trial back: the next start is that of the confirmed system.' });
const SHOW = form({ syntax: 'SHOW UPDATE', level: 'user', example: 'SHOW UPDATE', help: 'Shows the two systems of the box and what is on trial.' });

export interface UpdateOwner {
  readonly update: SystemUpdate;
  /** What SET LOADER says. */
  loader(): { readonly server: Ipv4 | string | undefined };
}

export function updateCommands({ update, loader }: UpdateOwner): Command[] {
  return [
    command(UPDATE, {
      verify: (a, context) => {
        if (a.unsigned === true && context.kind !== 'console') return messages.update.consoleOnly();
        if ((a.server ?? loader().server) === undefined) return messages.loader.noServer();
        return update.mayInstall();
      },
      apply: (a, context) => {
        const server = a.server ?? loader().server;
        if (server === undefined) return messages.loader.noServer();
        return { pending: (done) => update.install({ server, file: a.file, unsigned: a.unsigned === true, say: context.print }, done), cancel: () => update.stop() };
      },
    }),
    command(CONFIRM, { apply: (_, context) => update.confirm(context.user) }),
    command(RESET, {
      apply: () => {
        if (update.running === undefined) return update.revert();
        update.stop();
        return messages.update.stopping();
      },
    }),
    command(SHOW, { apply: () => ({ text: show(update) }) }),
  ];
}

function show(update: SystemUpdate): string {
  const { state, running } = update;
  if (state === undefined) return 'This board has one system: it is replaced with the program.';
  const row = (label: string, value: string): string => `${`${label} `.padEnd(25, '.')} ${value}`;
  return [
    'System Update',
    '-'.repeat(60),
    row('Running slot', `${state.running}${state.trying ? ', on trial' : ''}`),
    row('Confirmed slot', state.active),
    row('Tried at the next start', state.next ?? 'none'),
    row('Failed before this start', state.failed ?? 'none'),
    ...(state.aside.length === 0 ? [] : [row('Saved while on trial', state.aside.join(', '))]),
    row('Key for signatures', state.key ? 'in this build' : 'none in this build'),
    row('Transfer', running === undefined ? 'none' : `${running.file}, ${running.bytes} bytes`),
    '-'.repeat(60),
  ].join('\n');
}

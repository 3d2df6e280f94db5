// ADD, SET, DELETE and SHOW L2TP USER (AR740 command reference 2.6).

import { type Args, type Command, command, form } from '../cli/command.ts';
import { nothingGiven } from '../cli/given.ts';
import { messages } from '../cli/messages.ts';
import { showUsers } from './l2tp.show.ts';
import type { L2tpServer } from './server.ts';
import { USER_DEFAULTS, type UserChange, type UserEntry } from './users.ts';

// The manual's syntax line has NUMBER={ON|OFF}, its text explains STARTUP.
export const ADD_USER = form({
  syntax: `ADD L2TP USER={domain-name|ALL|LOCAL|NONE|REMOTE} ACTION={DATABASE|DNSLOOKUP|IGNORE|RADIUS} [IP=ipadd [PORT=1..65535]]
    [NUMBER={ON|OFF|STARTUP}] [PASSWORD=password] [PRE13={ON|OFF}] [PREFIX=domain-prefix] [TIMEOUT=8..300]`,
  level: 'manager',
  defaults: USER_DEFAULTS,
  example: 'ADD L2TP USER=ALL ACTION=DATABASE IP=2.2.2.2 PASSWORD=password',
  help: 'Tells a LAC which dial-in users it relays and how it finds their LNS: by IP (DATABASE), by the domain in their name (DNSLOOKUP, RADIUS), or not at all (IGNORE).',
});

export const SET_USER = form({
  syntax: `SET L2TP USER={domain-name|ALL|LOCAL|NONE|REMOTE} [ACTION={DATABASE|DNSLOOKUP|IGNORE|RADIUS}] [IP=ipadd [PORT=1..65535]]
    [NUMBER={ON|OFF|STARTUP}] [PASSWORD=password] [PRE13={ON|OFF}] [PREFIX=domain-prefix] [TIMEOUT=8..300]`,
  level: 'manager',
  example: 'SET L2TP USER=ALL TIMEOUT=30',
  help: 'Changes a mapping of dial-in users to an LNS. A new ACTION takes away the values that it does not permit.',
});

const DELETE_USER = form({
  syntax: 'DELETE L2TP USER={domain-name|ALL|LOCAL|NONE|REMOTE}',
  level: 'manager',
  example: 'DELETE L2TP USER=ALL',
  help: 'Deletes a mapping of dial-in users to an LNS.',
});

const SHOW_USER = form({
  syntax: 'SHOW L2TP USER[={domain-name|ALL|LOCAL|NONE|REMOTE}]',
  level: 'manager',
  example: 'SHOW L2TP USER',
  help: 'Shows the mappings of dial-in users to LNSs.',
});

export const userCommands = ({ users }: L2tpServer): Command[] => [
  command(ADD_USER, {
    verify: (a) => users.mayAdd(entryOf(a)),
    apply: (a) => {
      users.add(entryOf(a));
      return messages.l2tp.done();
    },
  }),
  command(SET_USER, {
    verify: (a) => users.maySet(a.user, changeOf(a)) ?? nothingGiven(changeOf(a)),
    apply: (a) => {
      users.set(a.user, changeOf(a));
      return messages.l2tp.done();
    },
  }),
  command(DELETE_USER, {
    verify: (a) => users.mayRemove(a.user),
    apply: (a) => {
      users.remove(a.user);
      return messages.l2tp.done();
    },
  }),
  command(SHOW_USER, {
    verify: (a) => (a.user === undefined || a.user === true ? undefined : users.mayRemove(a.user)),
    apply: (a) => {
      const one = a.user === undefined || a.user === true ? undefined : users.get(a.user);
      const shown = one === undefined ? users.list() : [one];
      return shown.length === 0 ? messages.l2tp.noUsers() : { text: showUsers(shown) };
    },
  }),
];

const entryOf = (a: Args<typeof ADD_USER>): UserEntry => a;

function changeOf({ user: _user, ...change }: Args<typeof SET_USER>): UserChange {
  return change;
}

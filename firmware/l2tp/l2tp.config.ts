// The commands that recreate the L2TP configuration, as CREATE CONFIG and SHOW CONFIG DYNAMIC write them.

import { type ConfigSection, write } from '../cli/command.ts';
import { ADD_CALL, SET_CALL } from './call.commands.ts';
import { CALL_DEFAULTS, type CallSettings } from './calls.ts';
import { ADD_IP, ADD_PASSWORD, ENABLE, ENABLE_SERVER, SET_CHECKSUM, SET_FILTER } from './l2tp.commands.ts';
import type { L2tpServer } from './server.ts';
import { ADD_USER, SET_USER } from './user.commands.ts';
import { USER_DEFAULTS, type UserEntry } from './users.ts';

/** Longest line that AlliedWare's own configuration scripts hold; what does not fit goes into SET commands. */
const LINE = 121;

/** One section; empty where everything is as after a start without configuration. */
export function l2tpConfig(server: L2tpServer): ConfigSection[] {
  const lines: string[] = [];
  if (server.enabled) lines.push(write(ENABLE, {}));
  if (server.server !== undefined) lines.push(write(ENABLE_SERVER, { server: server.server }));
  if (!server.checksum) lines.push(write(SET_CHECKSUM, { checksum: 'OFF' }));
  if (server.filter !== undefined) lines.push(write(SET_FILTER, { filter: { value: server.filter } }));
  for (const { range, password } of server.passwords.list()) {
    lines.push(write(ADD_PASSWORD, { password: password === undefined ? 'NONE' : { value: password }, ip: range }));
  }
  for (const { range, template, number, pre13 } of server.templates.list()) lines.push(write(ADD_IP, { ip: range, ppptemplate: template, number, pre13 }));
  for (const call of server.calls.list()) lines.push(...callLines(call));
  for (const user of server.users.list()) lines.push(...userLines(user));
  return lines.length === 0 ? [] : [{ title: 'L2TP', lines }];
}

function callLines({ name: call, type, ip, ...rest }: CallSettings): string[] {
  return split(
    rest,
    (some) => write(ADD_CALL, { call, type, ip, ...CALL_DEFAULTS, ...some }),
    (some) => write(SET_CALL, { call, ...some }),
  );
}

function userLines({ user, action, ip, port, ...rest }: UserEntry): string[] {
  return split(
    rest,
    (some) => write(ADD_USER, { user, action, ip, port, ...USER_DEFAULTS, ...some }),
    (some) => write(SET_USER, { user, ...some }),
  );
}

/** `first` with as many values as one line holds, then the rest in lines of `next`. Values that are as usual only ever stand in `first`. */
function split<T extends object>(values: T, first: (some: Partial<T>) => string, next: (some: Partial<T>) => string): string[] {
  const lines: string[] = [];
  const bare = first({});
  let print = first;
  let line = bare;
  let taken: Partial<T> = {};
  for (const key of keysOf(values)) {
    const one: Partial<T> = {};
    one[key] = values[key];
    if (first(one) === bare) continue;
    const more = { ...taken, ...one };
    const longer = print(more);
    if (longer.length <= LINE) {
      taken = more;
      line = longer;
      continue;
    }
    lines.push(line);
    print = next;
    taken = one;
    line = next(one);
  }
  return [...lines, line];
}

/** The keys of a plain object that has no others than its type says. */
function keysOf<T extends object>(values: T): (keyof T)[] {
  const keys: (keyof T)[] = [];
  for (const key in values) keys.push(key);
  return keys;
}

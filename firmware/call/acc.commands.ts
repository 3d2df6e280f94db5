// ADD, SET, DELETE, ACTIVATE, DEACTIVATE and SHOW ACC CALL (AlliedWare ACC chapter).

import { type Command, command, type ConfigSection, form, write } from '../cli/command.ts';
import { nothingGiven } from '../cli/given.ts';
import { messages } from '../cli/messages.ts';
import { ACC_DEFAULTS, ADD_ACC, SET_ACC } from './acc.ts';
import type { DialCalls } from './dial.ts';
import { showCall, showCalls } from './dial.show.ts';

const DELETE = form({ syntax: 'DELETE ACC CALL=call-name', level: 'manager', example: 'DELETE ACC CALL=dialin', help: 'Deletes an asynchronous call that no interface uses.' });
const ACTIVATE = form({ syntax: 'ACTIVATE ACC CALL=call-name', level: 'manager', example: 'ACTIVATE ACC CALL=dialin', help: 'Makes an asynchronous call.' });
const DEACTIVATE = form({
  syntax: 'DEACTIVATE ACC CALL=call-name',
  level: 'manager',
  example: 'DEACTIVATE ACC CALL=dialin',
  help: 'Ends an asynchronous call. The call of a static PPP interface stays down until ACTIVATE ACC CALL.',
});
const SHOW = form({ syntax: 'SHOW ACC CALL[=call-name]', level: 'manager', example: 'SHOW ACC CALL=dialin', help: 'Shows all asynchronous calls, or one with all its parameters and where it stands.' });

const layer = (name: string): string => `ACC-${name}`;

export const accCommands = (dial: DialCalls): Command[] => [
  command(ADD_ACC, {
    verify: (a) => dial.acc.mayAdd(a),
    apply: (a, { now }) => {
      dial.acc.add(a);
      dial.changed(layer(a.call), now);
      return messages.acc.done();
    },
  }),
  command(SET_ACC, {
    verify: ({ call, ...change }) => dial.acc.maySet(call, change) ?? nothingGiven(change),
    apply: ({ call, ...change }, { now }) => {
      dial.acc.set(call, change);
      dial.changed(layer(call), now);
      return messages.acc.done();
    },
  }),
  command(DELETE, {
    verify: ({ call }) => {
      const [user] = dial.users(layer(call));
      return dial.acc.missing(call) ?? (user === undefined ? undefined : messages.acc.callInUse(call, user));
    },
    apply: ({ call }, { now }) => {
      dial.deactivate(layer(call), now);
      dial.acc.remove(call);
      dial.removed(layer(call));
      return messages.acc.done();
    },
  }),
  command(ACTIVATE, {
    verify: ({ call }) => {
      const obstacle = dial.acc.missing(call) ?? dial.mayActivate(layer(call));
      return typeof obstacle === 'object' && 'refused' in obstacle ? messages.acc.cannotCall(call, obstacle.refused) : obstacle === 'active' ? undefined : obstacle;
    },
    apply: ({ call }, { now }) => {
      if (dial.mayActivate(layer(call)) === 'active') return messages.acc.callActive(call);
      dial.activate(layer(call), now);
      return messages.acc.done();
    },
  }),
  command(DEACTIVATE, {
    verify: ({ call }) => dial.acc.missing(call),
    apply: ({ call }, { now }) => (dial.deactivate(layer(call), now) ? messages.acc.done() : messages.acc.callNotActive(call)),
  }),
  command(SHOW, {
    verify: ({ call }) => (typeof call === 'string' ? dial.acc.missing(call) : undefined),
    apply: ({ call }, { now }) => {
      const all = dial.status('ACC', now);
      if (all.length === 0) return messages.acc.noCalls();
      if (typeof call !== 'string') {
        return { text: showCalls('ACC', all, (name) => {
          const one = dial.acc.get(name);
          return { number: one?.number, remote: undefined, direction: one?.direction ?? '', precedence: '-' };
        }) };
      }
      const settings = dial.acc.get(call);
      const status = all.find((one) => one.call.name.toLowerCase() === call.toLowerCase());
      return settings === undefined || status === undefined ? messages.acc.callNotFound(call) : { text: showCall('ACC', { ...ABSENT, ...settings }, status, SET_ACC.read) };
    },
  }),
];

/** Parameters without default, shown also where they are not set. */
const ABSENT = { asyn: undefined, cdscript: undefined, number: undefined, password: undefined, ppptemplate: undefined, username: undefined };

/** ACC section. */
export function accConfig({ acc }: DialCalls): ConfigSection[] {
  const lines = acc.list().map((one) => write(ADD_ACC, { ...ACC_DEFAULTS, ...one }));
  return lines.length === 0 ? [] : [{ title: 'ACC', lines }];
}

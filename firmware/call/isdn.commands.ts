// ADD, SET, DELETE, ENABLE, DISABLE, ACTIVATE, DEACTIVATE and SHOW ISDN CALL (AlliedWare ISDN chapter).

import { type Command, command, type ConfigSection, form, write } from '../cli/command.ts';
import { nothingGiven } from '../cli/given.ts';
import { messages } from '../cli/messages.ts';
import type { DialCalls } from './dial.ts';
import { ADD_ISDN, ISDN_DEFAULTS, SET_ISDN } from './isdn.ts';
import { showCall, showCalls } from './dial.show.ts';

const DELETE = form({ syntax: 'DELETE ISDN CALL=call-name', level: 'manager', example: 'DELETE ISDN CALL=rmt', help: 'Deletes an ISDN call that no interface uses.' });
const ENABLE = form({ syntax: 'ENABLE ISDN CALL=call-name', level: 'manager', example: 'ENABLE ISDN CALL=rmt', help: 'Lets an ISDN call be made and answered again.' });
const DISABLE = form({
  syntax: 'DISABLE ISDN CALL=call-name',
  level: 'manager',
  example: 'DISABLE ISDN CALL=rmt',
  help: 'Lets an ISDN call not be made nor answered. One that is up stays.',
});
const ACTIVATE = form({ syntax: 'ACTIVATE ISDN CALL=call-name', level: 'manager', example: 'ACTIVATE ISDN CALL=rmt', help: 'Makes an ISDN call.' });
const DEACTIVATE = form({
  syntax: 'DEACTIVATE ISDN CALL=call-name',
  level: 'manager',
  example: 'DEACTIVATE ISDN CALL=rmt',
  help: 'Ends an ISDN call. The call of a static PPP interface stays down until ACTIVATE ISDN CALL.',
});
const SHOW = form({ syntax: 'SHOW ISDN CALL[=call-name]', level: 'manager', example: 'SHOW ISDN CALL=rmt', help: 'Shows all ISDN calls, or one with all its parameters and where it stands.' });

const layer = (name: string): string => `ISDN-${name}`;

export const isdnCommands = (dial: DialCalls): Command[] => [
  command(ADD_ISDN, {
    verify: (a) => dial.isdn.mayAdd(a),
    apply: (a, { now }) => {
      dial.isdn.add(a);
      dial.changed(layer(a.call), now);
      return messages.isdn.done();
    },
  }),
  command(SET_ISDN, {
    verify: ({ call, ...change }) => dial.isdn.maySet(call, change) ?? nothingGiven(change),
    apply: ({ call, ...change }, { now }) => {
      dial.isdn.set(call, change);
      dial.changed(layer(call), now);
      return messages.isdn.done();
    },
  }),
  command(DELETE, {
    verify: ({ call }) => {
      const [user] = dial.users(layer(call));
      return dial.isdn.missing(call) ?? (user === undefined ? undefined : messages.isdn.callInUse(call, user));
    },
    apply: ({ call }, { now }) => {
      dial.deactivate(layer(call), now);
      dial.isdn.remove(call);
      dial.removed(layer(call));
      return messages.isdn.done();
    },
  }),
  command(ENABLE, {
    verify: ({ call }) => dial.isdn.missing(call),
    apply: ({ call }, { now }) => {
      if (dial.isdn.isEnabled(call)) return messages.isdn.enabledAlready(call);
      dial.isdn.enable(call);
      dial.changed(layer(call), now);
      return messages.isdn.done();
    },
  }),
  command(DISABLE, {
    verify: ({ call }) => dial.isdn.missing(call),
    apply: ({ call }) => {
      if (!dial.isdn.isEnabled(call)) return messages.isdn.disabledAlready(call);
      dial.isdn.disable(call);
      return messages.isdn.done();
    },
  }),
  command(ACTIVATE, {
    verify: ({ call }) => {
      const obstacle = dial.isdn.missing(call) ?? dial.mayActivate(layer(call));
      return typeof obstacle === 'object' && 'refused' in obstacle ? messages.isdn.cannotCall(call, obstacle.refused) : obstacle === 'active' ? undefined : obstacle;
    },
    apply: ({ call }, { now }) => {
      if (dial.mayActivate(layer(call)) === 'active') return messages.isdn.callActive(call);
      dial.activate(layer(call), now);
      return messages.isdn.done();
    },
  }),
  command(DEACTIVATE, {
    verify: ({ call }) => dial.isdn.missing(call),
    apply: ({ call }, { now }) => (dial.deactivate(layer(call), now) ? messages.isdn.done() : messages.isdn.callNotActive(call)),
  }),
  command(SHOW, {
    verify: ({ call }) => (typeof call === 'string' ? dial.isdn.missing(call) : undefined),
    apply: ({ call }, { now }) => {
      const all = dial.status('ISDN', now);
      if (all.length === 0) return messages.isdn.noCalls();
      if (typeof call !== 'string') {
        return { text: showCalls('ISDN', all, (name) => {
          const one = dial.isdn.get(name);
          return { number: one?.number, remote: one?.remotecall, direction: one?.direction ?? '', precedence: one?.precedence ?? '' };
        }) };
      }
      const settings = dial.isdn.get(call);
      const status = all.find((one) => one.call.name.toLowerCase() === call.toLowerCase());
      return settings === undefined || status === undefined ? messages.isdn.callNotFound(call) : { text: showCall('ISDN', { ...ABSENT, ...settings }, status, SET_ISDN.read) };
    },
  }),
];

/** Parameters without default, shown also where they are not set. */
const ABSENT = {
  altnumber: undefined, callingnumber: undefined, callingsubaddress: undefined, cbdelay: undefined, password: undefined, ppptemplate: undefined, remotecall: undefined,
  subaddress: undefined, username: undefined,
};

/** ISDN section. */
export function isdnConfig({ isdn }: DialCalls): ConfigSection[] {
  const lines = isdn.list().flatMap((one) => [write(ADD_ISDN, { ...ISDN_DEFAULTS, ...one }), ...(isdn.isEnabled(one.call) ? [] : [write(DISABLE, { call: one.call })])]);
  return lines.length === 0 ? [] : [{ title: 'ISDN', lines }];
}

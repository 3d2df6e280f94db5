// ADD, SET, DELETE, ACTIVATE, DEACTIVATE and SHOW L2TP CALL (AR740 command reference 2.6).

import { type Args, type Command, command, form } from '../cli/command.ts';
import { nothingGiven } from '../cli/given.ts';
import { messages } from '../cli/messages.ts';
import { CALL_DEFAULTS, type CallChange, type CallSettings } from './calls.ts';
import { showCalls } from './l2tp.show.ts';
import type { L2tpServer } from './server.ts';

export const ADD_CALL = form({
  syntax: `ADD L2TP CALL=call-name TYPE={ASYNC|ISDN|VIRTUAL} IP=ipadd [REMOTE=call-name] [DIAL=phone-number] [NUMBER={ON|OFF|STARTUP}]
    [PASSWORD=password] [PRE13={ON|OFF}] [PRECEDENCE={IN|OUT}] [SPEED=300..4292967295] [SUBADDRESS=subaddress]`,
  level: 'manager',
  defaults: CALL_DEFAULTS,
  example: 'ADD L2TP CALL=virdial TYPE=VIRTUAL IP=200.100.10.5 REMOTE=virdial',
  help: 'Defines a call that can be placed in a tunnel to the L2TP router at IP; CREATE PPP OVER=TNL-name puts an interface over it. IP=0.0.0.0 never calls out.',
});

export const SET_CALL = form({
  syntax: `SET L2TP CALL=call-name [TYPE={ASYNC|ISDN|VIRTUAL}] [IP=ipadd] [REMOTE=call-name] [DIAL=phone-number] [NUMBER={ON|OFF|STARTUP}]
    [PASSWORD=password] [PRE13={ON|OFF}] [PRECEDENCE={IN|OUT}] [SPEED=300..4292967295] [SUBADDRESS=subaddress]`,
  level: 'manager',
  example: 'SET L2TP CALL=virdial IP=200.100.10.6',
  help: 'Changes values of a call. A session that is up keeps the old ones; the next one has the new ones.',
});

const DELETE_CALL = form({
  syntax: 'DELETE L2TP CALL=call-name',
  level: 'manager',
  example: 'DELETE L2TP CALL=virdial',
  help: 'Deletes a call that no PPP interface uses.',
});

const ACTIVATE_CALL = form({
  syntax: 'ACTIVATE L2TP CALL=call-name',
  level: 'manager',
  example: 'ACTIVATE L2TP CALL=virdial',
  help: 'Places a call: in a tunnel to its peer that is there already, else in a new one.',
});

const DEACTIVATE_CALL = form({
  syntax: 'DEACTIVATE L2TP CALL={call-name|call-id}',
  level: 'manager',
  example: 'DEACTIVATE L2TP CALL=virdial',
  help: 'Disconnects a call, by name or by the Call ID that SHOW L2TP TUNNEL CALL shows. A configured call stays down until ACTIVATE L2TP CALL.',
});

const SHOW_CALL = form({
  syntax: 'SHOW L2TP CALL[=call-name]',
  level: 'manager',
  example: 'SHOW L2TP CALL',
  help: 'Shows the configured calls; one that should be up and is not says why.',
});

export const callCommands = (server: L2tpServer): Command[] => [
  command(ADD_CALL, {
    verify: (a) => server.calls.mayAdd(settings(a)),
    apply: (a) => {
      server.calls.add(settings(a));
      return messages.l2tp.done();
    },
  }),
  command(SET_CALL, {
    verify: (a) => server.calls.maySet(a.call, changeOf(a)) ?? nothingGiven(changeOf(a)),
    apply: (a, context) => {
      server.setCall(a.call, changeOf(a), context.now);
      return messages.l2tp.done();
    },
  }),
  command(DELETE_CALL, {
    verify: (a) => server.mayRemoveCall(a.call),
    apply: (a, context) => {
      server.removeCall(a.call, context.now);
      return messages.l2tp.done();
    },
  }),
  command(ACTIVATE_CALL, {
    verify: (a) => server.mayActivate(a.call),
    apply: (a, context) => {
      server.want(a.call, context.now);
      return messages.l2tp.done();
    },
  }),
  command(DEACTIVATE_CALL, {
    verify: (a) => server.mayDeactivate(String(a.call)),
    apply: (a, context) => {
      server.deactivate(String(a.call), context.now);
      return messages.l2tp.done();
    },
  }),
  command(SHOW_CALL, {
    verify: (a) => (typeof a.call === 'string' && !server.callExists(a.call) ? messages.l2tp.callNotFound(a.call) : undefined),
    apply: (a, context) => {
      const all = server.callStatus(context.now);
      const { call: wanted } = a;
      const shown = typeof wanted === 'string' ? all.filter(({ call }) => call.name.toLowerCase() === wanted.toLowerCase()) : all;
      return shown.length === 0 ? messages.l2tp.noCalls() : { text: showCalls(shown) };
    },
  }),
];

function settings({ call: name, ...values }: Args<typeof ADD_CALL>): CallSettings {
  return { name, ...values };
}

function changeOf({ call: _call, ...change }: Args<typeof SET_CALL>): CallChange {
  return change;
}

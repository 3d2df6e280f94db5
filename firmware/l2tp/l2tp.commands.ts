// The L2TP commands of the AR740 command reference 2.6: module, server, passwords, IP ranges, debugging, SHOW. Calls and users have files of their own.

import { WHOLE_IPV4 } from '../bytes/ip.ts';
import { type Command, command, form } from '../cli/command.ts';
import { messages } from '../cli/messages.ts';
import { callCommands } from './call.commands.ts';
import type { DebugScope } from './debug.ts';
import { showModule, showModuleCounters, showRanges } from './l2tp.show.ts';
import type { L2tpServer } from './server.ts';
import { TEMPLATE_DEFAULTS } from './templates.ts';
import { tunnelCommands } from './tunnel.commands.ts';
import { userCommands } from './user.commands.ts';

export const ENABLE = form({
  syntax: 'ENABLE L2TP',
  level: 'manager',
  example: 'ENABLE L2TP',
  help: 'Enables the L2TP module: configured calls can be placed. Tunnels that peers open need ENABLE L2TP SERVER too. Default: disabled.',
});

const DISABLE = form({
  syntax: 'DISABLE L2TP',
  level: 'manager',
  example: 'DISABLE L2TP',
  help: 'Disables the L2TP module and closes all tunnels.',
});

export const ENABLE_SERVER = form({
  syntax: 'ENABLE L2TP SERVER={BOTH|LAC|LNS}',
  level: 'manager',
  example: 'ENABLE L2TP SERVER=BOTH',
  help: 'Lets peers open tunnels to this router: LNS takes calls that a LAC passes on, LAC places calls that an LNS asks for.',
});

const DISABLE_SERVER = form({
  syntax: 'DISABLE L2TP SERVER={LNS|LAC|BOTH}',
  level: 'manager',
  example: 'DISABLE L2TP SERVER=LAC',
  help: 'Takes a mode away from the L2TP server. Tunnels that are open stay open.',
});

export const ADD_PASSWORD = form({
  syntax: 'ADD L2TP PASSWORD={password|NONE} [IP=ipadd[-ipadd]]',
  level: 'manager',
  defaults: { ip: WHOLE_IPV4 },
  example: 'ADD L2TP PASSWORD=abcde IP=192.168.1.1',
  help: 'Sets the password that peers from these addresses must know to open a tunnel to this router. Of several ranges the narrowest counts.',
});

const SET_PASSWORD = form({
  syntax: 'SET L2TP PASSWORD={password|NONE}',
  level: 'manager',
  example: 'SET L2TP PASSWORD=abcde',
  help: 'Sets the password for peers from all addresses, or takes it away. CREATE CONFIG writes it as ADD L2TP PASSWORD.',
});

const DELETE_PASSWORD = form({
  syntax: 'DELETE L2TP PASSWORD [IP={ipadd[-ipadd]|ALL}]',
  level: 'manager',
  example: 'DELETE L2TP PASSWORD IP=192.168.1.1',
  help: 'Deletes the password of a range of addresses, 0.0.0.0-255.255.255.255 where none is given, or all passwords.',
});

export const ADD_IP = form({
  syntax: 'ADD L2TP IP=ipadd[-ipadd] PPPTEMPLATE=0..31 [NUMBER={ON|OFF|STARTUP}] [PRE13={ON|OFF}]',
  level: 'manager',
  defaults: TEMPLATE_DEFAULTS,
  example: 'ADD L2TP IP=0.0.0.0-255.255.255.255 PPPTEMPLATE=0',
  help: 'Tells an LNS which PPP template answers calls of LACs from these addresses. Of several ranges the narrowest counts.',
});

const DELETE_IP = form({
  syntax: 'DELETE L2TP IP=ipadd[-ipadd]',
  level: 'manager',
  example: 'DELETE L2TP IP=200.100.10.100',
  help: 'Deletes a range of LAC addresses.',
});

const SHOW_IP = form({
  syntax: 'SHOW L2TP IP',
  level: 'manager',
  example: 'SHOW L2TP IP',
  help: 'Shows which PPP template answers which LACs.',
});

export const SET_CHECKSUM = form({
  syntax: 'SET L2TP CHECKSUM={ON|OFF}',
  level: 'manager',
  example: 'SET L2TP CHECKSUM=OFF',
  help: 'Whether L2TP data messages leave with a UDP checksum. Default: ON.',
});

export const SET_FILTER = form({
  syntax: 'SET L2TP FILTER={0..99|NONE}',
  level: 'manager',
  example: 'SET L2TP FILTER=1',
  help: 'Takes L2TP packets only from sources that the IP filter permits. A number that names no filter lets nothing in. Default: NONE.',
});

const ENABLE_DEBUG = form({
  syntax: 'ENABLE L2TP DEBUG={ALL|DECODE|PKT|STATE} {CALL[=call-id]|TUNNEL[=tunnel-id]} [TIMEOUT=1..300]',
  level: 'manager',
  example: 'ENABLE L2TP DEBUG=STATE TUNNEL',
  help:
    'Prints state changes (STATE), packets (PKT) or both (ALL) of calls or tunnels as they happen; DECODE prints control messages in words. ' +
    'Without an ID all are traced, also those to come. After TIMEOUT seconds all L2TP debugging stops. It also stops for a session that logs off.',
});

const DISABLE_DEBUG = form({
  syntax: 'DISABLE L2TP DEBUG={ALL|DECODE|PKT|STATE} {CALL[=call-id]|TUNNEL[=tunnel-id]}',
  level: 'manager',
  example: 'DISABLE L2TP DEBUG=ALL TUNNEL',
  help: 'Stops printing of state changes or packets. ALL stops everything.',
});

const SHOW = form({
  syntax: 'SHOW L2TP [COUNTER]',
  level: 'manager',
  example: 'SHOW L2TP COUNTER',
  help: 'Shows the state of the L2TP module, with COUNTER also what it counted.',
});

const RESET_COUNTER = form({
  syntax: 'RESET L2TP COUNTER',
  level: 'manager',
  example: 'RESET L2TP COUNTER',
  help: 'Lets all counters of SHOW L2TP COUNTER and SHOW L2TP TUNNEL COUNTER begin at zero again.',
});

export const l2tpCommands = (server: L2tpServer): Command[] => [
  command(ENABLE, { apply: (_, context) => server.enable(context.now) }),
  command(DISABLE, { apply: (_, context) => server.disable(context.now) }),
  command(ENABLE_SERVER, { apply: (a) => done(() => server.enableServer(a.server)) }),
  command(DISABLE_SERVER, { apply: (a) => done(() => server.disableServer(a.server)) }),
  command(ADD_PASSWORD, {
    verify: (a) => server.passwords.mayAdd({ range: a.ip, password: freeOrNone(a.password) }),
    apply: (a) => done(() => server.passwords.add({ range: a.ip, password: freeOrNone(a.password) })),
  }),
  command(SET_PASSWORD, { apply: (a) => done(() => server.passwords.set(freeOrNone(a.password))) }),
  command(DELETE_PASSWORD, {
    verify: (a) => server.passwords.mayRemove(rangeOrAll(a.ip)),
    apply: (a) => done(() => server.passwords.remove(rangeOrAll(a.ip))),
  }),
  command(ADD_IP, {
    verify: ({ ip: range, ppptemplate: template, number, pre13 }) => server.templates.mayAdd({ range, template, number, pre13 }),
    apply: ({ ip: range, ppptemplate: template, number, pre13 }) => done(() => server.templates.add({ range, template, number, pre13 })),
  }),
  command(DELETE_IP, {
    verify: (a) => server.templates.mayRemove(a.ip),
    apply: (a) => done(() => server.templates.remove(a.ip)),
  }),
  command(SHOW_IP, {
    apply: () => {
      const entries = server.templates.list();
      return entries.length === 0 ? messages.l2tp.noRanges() : { text: showRanges(entries) };
    },
  }),
  command(SET_CHECKSUM, { apply: (a) => done(() => server.setChecksum(a.checksum === 'ON')) }),
  command(SET_FILTER, { apply: (a) => done(() => server.setFilter(freeOrNone(a.filter))) }),
  command(ENABLE_DEBUG, {
    apply: (a, context) => {
      server.tracer.enable({ option: a.debug, scope: scope(a), timeout: a.timeout === undefined ? undefined : a.timeout * 1000 }, context.print);
      return 'silent';
    },
  }),
  command(DISABLE_DEBUG, {
    apply: (a) => {
      server.tracer.disable(a.debug, scope(a));
      return 'silent';
    },
  }),
  command(SHOW, { apply: (a) => ({ text: a.counter === true ? showModuleCounters(server.module()) : showModule(server.module()) }) }),
  command(RESET_COUNTER, { apply: () => done(() => server.resetCounters()) }),
  ...callCommands(server),
  ...userCommands(server),
  ...tunnelCommands(server),
];

function done(act: () => void): ReturnType<typeof messages.l2tp.done> {
  act();
  return messages.l2tp.done();
}

const freeOrNone = <T>(value: 'NONE' | { readonly value: T }): T | undefined => (value === 'NONE' ? undefined : value.value);

const rangeOrAll = <T>(value: 'ALL' | { readonly value: T } | undefined): T | typeof WHOLE_IPV4 | 'ALL' =>
  value === undefined ? WHOLE_IPV4 : value === 'ALL' ? 'ALL' : value.value;

function scope(a: { readonly call?: true | number | undefined; readonly tunnel?: true | number | undefined }): DebugScope {
  const given = a.call ?? a.tunnel;
  return { of: a.call === undefined ? 'tunnel' : 'call', id: typeof given === 'number' ? given : undefined };
}

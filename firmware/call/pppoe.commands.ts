// The PPPoE commands of AlliedWare's PPP chapter: services of the access concentrator, and what PPPoE is doing.
// PPPoE clients have no commands of their own: CREATE PPP=0 OVER=eth1-any.

import { type Args, type Command, command, type ConfigSection, form, write } from '../cli/command.ts';
import { messages, type Message } from '../cli/messages.ts';
import { showPppoe } from './pppoe.show.ts';
import { SERVICE_DEFAULTS, type Service } from './pppoe.services.ts';
import type { Pppoe } from './pppoe.ts';

const ADD_SERVICE = form({
  syntax: 'ADD PPP ACSERVICE=string(1..18) TEMPLATE=0..31 [ACINTERFACE=interface] [ACRADIUS={ON|OFF}] [MACLIMIT=1..32000] [MAXSESSIONS=1..32000]',
  level: 'manager',
  defaults: { acinterface: SERVICE_DEFAULTS.port, acradius: SERVICE_DEFAULTS.acradius, maclimit: SERVICE_DEFAULTS.macLimit, maxsessions: SERVICE_DEFAULTS.maxSessions },
  example: 'ADD PPP ACSERVICE=ANY TEMPLATE=0 ACINTERFACE=eth1 MAXSESSIONS=200',
  help:
    'Offers a PPPoE service on an Ethernet port; ANY answers every service name. Callers get an interface by the template, which need not exist yet. ' +
    'MAXSESSIONS bounds the sessions of the service, MACLIMIT those of one Ethernet address.',
});
const SET_SERVICE = form({
  syntax: 'SET PPP ACSERVICE=string(1..18) [ACINTERFACE=interface] [ACRADIUS={ON|OFF}] [MACLIMIT=1..32000] [MAXSESSIONS=1..32000] [TEMPLATE=0..31]',
  level: 'manager',
  example: 'SET PPP ACSERVICE=ANY MAXSESSIONS=1000',
  help: 'Changes a PPPoE service for sessions from then on. ACINTERFACE says which is meant where several ports have one of that name.',
});
const DELETE_SERVICE = form({
  syntax: 'DELETE PPP ACSERVICE=string(1..18) [ACINTERFACE=interface]',
  level: 'manager',
  example: 'DELETE PPP ACSERVICE=ANY',
  help: 'Takes a PPPoE service back and ends its sessions.',
});
const ENABLE_AC = form({
  syntax: 'ENABLE PPP ACCESSCONCENTRATOR',
  level: 'manager',
  example: 'ENABLE PPP ACCESSCONCENTRATOR',
  help: 'Answers PPPoE hosts on the ports that have services (ADD PPP ACSERVICE).',
});
const DISABLE_AC = form({
  syntax: 'DISABLE PPP ACCESSCONCENTRATOR',
  level: 'manager',
  example: 'DISABLE PPP ACCESSCONCENTRATOR',
  help: 'Ends all sessions that PPPoE hosts have with this router and answers them no longer. Services stay configured.',
});
const SHOW_PPPOE = form({
  syntax: 'SHOW PPP PPPOE',
  level: 'user',
  example: 'SHOW PPP PPPOE',
  help: 'Shows PPPoE clients with their access concentrators, services with their sessions, and what was received, sent and refused.',
});

/** The commands of PPPoE. */
export function pppoeCommands(owner: Pppoe): Command[] {
  const meant = (a: { readonly acservice: string; readonly acinterface?: string | undefined }): Service | Message => owner.concentrator.services.meant(a.acservice, a.acinterface);
  const missing = (a: { readonly acservice: string; readonly acinterface?: string | undefined }): Message | undefined => {
    const found = meant(a);
    return 'severity' in found ? found : undefined;
  };
  return [
    command(ADD_SERVICE, { verify: (a) => mayAdd(owner, a), apply: (a, { now }) => add(owner, a, now) }),
    command(SET_SERVICE, {
      verify: (a) => missing(a) ?? ((a.acradius ?? a.maclimit ?? a.maxsessions ?? a.template) === undefined ? messages.parser.nothingToSet() : undefined),
      apply: (a) => {
        const found = meant(a);
        return 'severity' in found ? found : set(found, a);
      },
    }),
    command(DELETE_SERVICE, {
      verify: missing,
      apply: (a, { now }) => {
        const found = meant(a);
        if ('severity' in found) return found;
        const { concentrator } = owner;
        concentrator.services.delete(found);
        concentrator.end(found, 'the service was deleted', now);
        concentrator.sync(now);
        return messages.ppp.done();
      },
    }),
    command(ENABLE_AC, {
      apply: (_, { now }) => {
        const { concentrator } = owner;
        if (concentrator.enabled) return messages.pppoe.alreadyEnabled();
        concentrator.enable(now);
        for (const port of concentrator.services.ports()) {
          const failure = concentrator.failure(port);
          if (failure !== undefined) return messages.pppoe.waits(port.toUpperCase(), failure);
        }
        return messages.pppoe.enabled();
      },
    }),
    command(DISABLE_AC, {
      apply: (_, { now }) => {
        const { concentrator } = owner;
        if (!concentrator.enabled) return messages.pppoe.alreadyDisabled();
        concentrator.disable('the access concentrator was disabled', now);
        return messages.pppoe.disabled();
      },
    }),
    command(SHOW_PPPOE, { apply: (_, { now }) => ({ text: showPppoe(owner, now) }) }),
  ];
}

function mayAdd({ owner, concentrator }: Pppoe, a: Args<typeof ADD_SERVICE>): Message | undefined {
  if (!/^eth\d+$/i.test(a.acinterface)) return messages.parser.badValue(a.acinterface, 'ACINTERFACE', '; permitted: an Ethernet port like eth1');
  if (!owner.portExists(a.acinterface.toLowerCase())) return messages.pppoe.noPort(a.acinterface.toUpperCase(), '; name a port by ACINTERFACE');
  return concentrator.services.has(a.acservice, a.acinterface) ? messages.pppoe.serviceExists(a.acservice, a.acinterface.toUpperCase()) : undefined;
}

function add({ concentrator }: Pppoe, a: Args<typeof ADD_SERVICE>, now: number): Message {
  const port = a.acinterface.toLowerCase();
  concentrator.services.add({ name: a.acservice, port, template: a.template, maxSessions: a.maxsessions, macLimit: a.maclimit, acradius: a.acradius });
  concentrator.sync(now);
  const failure = concentrator.failure(port);
  if (failure !== undefined) return messages.pppoe.waits(port.toUpperCase(), failure);
  return a.acradius === 'ON' ? messages.pppoe.noRadius(a.acservice) : messages.ppp.done();
}

function set(service: Service, a: Args<typeof SET_SERVICE>): Message {
  const { settings } = service;
  service.settings = {
    ...settings,
    template: a.template ?? settings.template,
    maxSessions: a.maxsessions ?? settings.maxSessions,
    macLimit: a.maclimit ?? settings.macLimit,
    acradius: a.acradius ?? settings.acradius,
  };
  return a.acradius === 'ON' ? messages.pppoe.noRadius(settings.name) : messages.ppp.done();
}

/** The commands that make the same services again; they stand after the templates. */
export function pppoeConfig({ concentrator }: Pppoe): ConfigSection[] {
  const lines = concentrator.services.list().map(({ settings: s }) =>
    write(ADD_SERVICE, { acservice: s.name, template: s.template, acinterface: s.port, acradius: s.acradius, maclimit: s.macLimit, maxsessions: s.maxSessions }),
  );
  if (concentrator.enabled) lines.push(write(ENABLE_AC, {}));
  return lines.length === 0 ? [] : [{ title: 'PPPOE', lines }];
}

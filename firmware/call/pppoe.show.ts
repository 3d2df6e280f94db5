// SHOW PPP PPPOE (AlliedWare PPP chapter; no layout of it is known, so ours).

import type { Millis } from '../bytes/time.ts';
import type { ClientState } from './pppoe.clients.ts';
import type { CallerState } from './pppoe.concentrator.ts';
import { ORDER } from './pppoe.counters.ts';
import { formatMac } from './pppoe.frame.ts';
import type { Service } from './pppoe.services.ts';
import type { Pppoe } from './pppoe.ts';

const RULE = '-'.repeat(79);
/** Sessions of services listed at once; the rest is counted. */
const MOST_CALLERS = 100;

/** Values at columns from 0 on, at least one blank between two. */
function columns(...cells: readonly (readonly [number, string | number])[]): string {
  return cells.reduce((line, [at, value]) => `${line === '' ? '' : `${line} `}`.padEnd(at) + String(value), '').trimEnd();
}

/** All that PPPoE does. */
export function showPppoe(pppoe: Pppoe, now: Millis): string {
  const { layers, concentrator, counters } = pppoe;
  const clients = layers.list();
  const callers = concentrator.list();
  const services = concentrator.services.list();
  return [
    'PPPoE Clients',
    RULE,
    ...(clients.length === 0 ? ['none'] : clients.flatMap((client) => clientLines(pppoe, client, now))),
    RULE,
    `Access Concentrator: ${concentrator.enabled ? 'Enabled' : 'Disabled'}, Name: ${pppoe.owner.hostName()}`,
    RULE,
    columns([0, 'Service'], [20, 'Interface'], [31, 'Template'], [41, 'Sessions'], [51, 'Limit'], [58, 'Accepted'], [68, 'Refused']),
    ...(services.length === 0 ? ['none'] : services.flatMap((service) => serviceLines(service, concentrator.failure(service.settings.port)))),
    RULE,
    ...(callers.length === 0 ? [] : [columns([0, 'Session'], [9, 'Interface'], [20, 'Over'], [45, 'Address'], [64, 'MTU'], [70, 'Seconds'])]),
    ...callers.slice(0, MOST_CALLERS).map((caller) => callerLine(caller, now)),
    ...(callers.length > MOST_CALLERS ? [`and ${callers.length - MOST_CALLERS} more`] : []),
    ...(callers.length === 0 ? [] : [RULE]),
    columns([0, 'Packets'], ...ORDER.codes.map((code, i) => [16 + i * 12, code] as const)),
    columns([2, 'Received'], ...ORDER.codes.map((code, i) => [16 + i * 12, counters.received[code]] as const)),
    columns([2, 'Sent'], ...ORDER.codes.map((code, i) => [16 + i * 12, counters.sent[code]] as const)),
    ...counted('Malformed', ORDER.malformed.map((name) => [name, counters.malformed[name]])),
    ...counted('No session given', ORDER.dropped.map((name) => [name, counters.dropped[name]])),
    ...counted('Others', [['to another address', counters.foreign], ['frames without session', counters.stray]]),
    RULE,
  ].join('\n');
}

function clientLines({ owner }: Pppoe, { over, state, acName, peer, session, reason }: ClientState, now: Millis): string[] {
  const user = owner.layerUser(over)?.name ?? 'no interface';
  const lines = [columns([0, over.toUpperCase().replace(/-ANY$/, '-any')], [26, user], [38, state])];
  if (peer !== undefined) lines.push(columns([2, 'Access Concentrator'], [26, acName === '' ? '-' : acName]), columns([2, 'Address'], [26, formatMac(peer)]));
  if (session !== undefined) lines.push(columns([2, 'Session'], [26, session.spec.number]), columns([2, 'MTU'], [26, session.mtu]), columns([2, 'Up'], [26, `${age(session.since, now)} s`]));
  if (reason !== '') lines.push(columns([2, 'Reason'], [26, reason]));
  return lines;
}

function serviceLines(service: Service, failure: string | undefined): string[] {
  const { settings: s, sessions, accepted, refused, lastRefusal } = service;
  return [
    columns([0, s.name], [20, s.port.toUpperCase()], [31, s.template], [41, sessions], [51, s.maxSessions], [58, accepted], [68, refused]),
    ...(failure === undefined ? [] : [columns([2, 'Not served'], [20, failure])]),
    ...(lastRefusal === '' ? [] : [columns([2, 'Last Refusal'], [20, lastRefusal])]),
  ];
}

const callerLine = ({ name, service, session }: CallerState, now: Millis): string =>
  columns([0, session.spec.number], [9, name], [20, service], [45, formatMac(session.spec.peer)], [64, session.mtu], [70, age(session.since, now)]);

/** Counters that are not zero, in one line. */
function counted(title: string, all: readonly (readonly [string, number])[]): string[] {
  const some = all.filter(([, count]) => count > 0);
  return some.length === 0 ? [] : [`  ${title}: ${some.map(([name, count]) => `${name} ${count}`).join(', ')}`];
}

const age = (since: Millis, now: Millis): number => Math.floor((now - since) / 1000);


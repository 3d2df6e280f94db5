// What SHOW RADIUS prints. The layout is ours.

import { formatIpv4 } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';
import type { ServerState } from './radius.server.ts';
import type { Radius } from './radius.ts';

const RULE = '-'.repeat(79);
const COLUMNS = [17, 14, 14, 13, 12, 12] as const;

const leader = (label: string, value: string | number): string => `${`${label} `.padEnd(34, '.')} ${value}`;
const row = (...cells: readonly (string | number)[]): string => cells.map((cell, i) => String(cell).padEnd(COLUMNS[i] ?? 1)).join('').trimEnd();
/** `Requests 12   Repeated 0 ...`, four to a line. */
const counts = (...pairs: readonly (readonly [string, number])[]): string[] => {
  const cells = pairs.map(([label, value]) => `${label} ${value}`.padEnd(19));
  return Array.from({ length: Math.ceil(cells.length / 4) }, (_, i) => `   ${cells.slice(i * 4, i * 4 + 4).join('')}`.trimEnd());
};

export function showRadius(radius: Radius, now: Millis): string {
  const { settings, accounts, dynamic, exchange } = radius;
  const states = exchange.states(now);
  return [
    'RADIUS',
    RULE,
    leader('Timeout (s)', settings.timeout),
    leader('Retransmissions', settings.retransmit),
    leader('Dead time (min)', settings.deadtime),
    leader('Accounting updates (s)', settings.interim === 0 ? 'Off' : settings.interim),
    leader('Disconnect and CoA', settings.coa === 'OFF' ? 'Off' : states.length === 0 ? 'On (port closed: no servers)' : radius.dynamicState === 'open' ? 'On' : radius.dynamicState),
    RULE,
    ...(states.length === 0 ? ['There are no RADIUS servers.'] : [row('Server', 'Port', 'Accounting', 'Signed', 'Waiting'), ...states.flatMap(server)]),
    RULE,
    `Accounting: ${accounts.sessions().length} sessions, ${accounts.backlog} records kept`,
    ...counts(['Starts', accounts.counters.starts], ['Updates', accounts.counters.updates], ['Stops', accounts.counters.stops], ['Lost', accounts.counters.lost]),
    'Disconnect and CoA:',
    ...counts(
      ['Disconnected', dynamic.counters.disconnects], ['Changed', dynamic.counters.changes], ['Refused', dynamic.counters.refused], ['Repeated', dynamic.counters.repeated],
      ['Foreign', dynamic.counters.foreign], ['Malformed', dynamic.counters.malformed], ['Forged', dynamic.counters.forged], ['Stale', dynamic.counters.stale],
    ),
    `Answers from addresses or ports that are no server's: ${exchange.foreign}`,
    RULE,
  ].join('\n');
}

function server({ server: one, counters, login, account, waiting }: ServerState): string[] {
  return [
    row(formatIpv4(one.address), `${one.port} ${login}`, one.accPort === 0 ? 'off' : `${one.accPort} ${account}`, one.messageAuth.toLowerCase(), waiting),
    ...counts(
      ['Requests', counters.requests], ['Repeated', counters.retransmissions], ['Timeouts', counters.timeouts], ['Accounted', counters.responses],
      ['Accepts', counters.accepts], ['Rejects', counters.rejects], ['Challenges', counters.challenges], ['Unexpected', counters.unexpected],
      ['Forged', counters.forged], ['Unsigned', counters.unsigned], ['Malformed', counters.malformed],
    ),
  ];
}

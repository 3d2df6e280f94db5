// Events as syslog messages (RFC 3164, RFC 5424).

import { utf8 } from '../bytes/text.ts';
import { formatTime, monthName } from './calendar.ts';
import type { LogRecord, LogSeverity } from './log.ts';

export type SyslogFormat = 'RFC3164' | 'RFC5424';

/** Facility numbers (RFC 5424 6.2.1). */
export const FACILITY = { DEFAULT: 16, LOCAL1: 17, LOCAL2: 18, LOCAL3: 19, LOCAL4: 20, LOCAL5: 21, LOCAL6: 22, LOCAL7: 23 } as const;
export type Facility = keyof typeof FACILITY;

/** Our severities, 7 the highest, as those of RFC 5424 6.2.1, 0 the highest. 7 is no "emergency": collectors print that on every terminal. */
const SEVERITY: Record<LogSeverity, number> = { 0: 7, 1: 7, 2: 6, 3: 6, 4: 5, 5: 4, 6: 3, 7: 2 };

/** RFC 5424 6.1 wants every receiver to take 480 octets and advises 2048. */
const LONGEST = 2048;

/** Letters that header fields may hold; a system name with blanks would shift the fields behind it. */
const field = (text: string, most: number): string => text.replace(/[^\x21-\x7e]/g, '_').slice(0, most) || '-';

/**
 * One event as a datagram. `host` is the system name. The time is local time; as the router knows no time zone, RFC 5424's timestamp,
 * which cannot do without, is its NILVALUE and the collector's own time counts.
 */
export function syslogMessage(record: LogRecord, options: { readonly host: string; readonly facility: Facility; readonly format: SyslogFormat }): Uint8Array {
  const priority = FACILITY[options.facility] * 8 + SEVERITY[record.severity];
  const tag = field(record.module, 32);
  const kind = field(`${record.type}/${record.subtype}`, 32);
  const host = field(options.host, 255);
  const { at } = record;
  const line =
    options.format === 'RFC3164'
      ? `<${priority}>${monthName(at.month)} ${String(at.day).padStart(2, ' ')} ${formatTime(at)} ${host} ${tag}: ${kind}: ${record.text}`
      : `<${priority}>1 - ${host} hashi - ${kind} - ${tag}: ${record.text}`;
  return utf8(line).slice(0, LONGEST);
}

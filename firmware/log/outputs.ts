// Where events go besides the ring: further memories and syslog servers, each with filters
// (CREATE, ADD, SET, DELETE LOG OUTPUT of the AR740 command reference, "Logging").

import type { Ipv4 } from '../bytes/ip.ts';
import type { SeverityTest } from '../cli/values.ts';
import type { Datagrams } from '../hal/io.ts';
import type { EventRing, LogRecord } from './log.ts';
import { syslogMessage, type Facility, type SyslogFormat } from './syslog.ts';

export const SYSLOG_PORT = 514;

/** What an event must match; absent = any. */
export interface LogFilter {
  readonly severity?: SeverityTest | undefined;
  readonly module?: string | undefined;
  readonly type?: string | undefined;
  readonly subtype?: string | undefined;
  readonly action: 'PROCESS' | 'IGNORE';
}

export interface OutputSettings {
  readonly destination: 'SYSLOG' | 'MEMORY';
  /** The syslog server; undefined for MEMORY. */
  readonly server: Ipv4 | undefined;
  readonly port: number;
  readonly facility: Facility;
  readonly format: SyslogFormat;
  /** Events a MEMORY output keeps, 10..3000. */
  readonly messages: number;
}

export const OUTPUT_DEFAULTS = { port: SYSLOG_PORT, facility: 'DEFAULT', format: 'RFC3164', messages: 200 } as const;

/** One output, numbered 1..20. */
export interface LogOutput extends OutputSettings {
  readonly id: number;
  readonly enabled: boolean;
  /** Asked in order; the first that matches decides. Without filters every event is processed. */
  readonly filters: readonly LogFilter[];
  /** Events processed since it was made. */
  readonly sent: number;
}

/** True where the event matches: texts without regard to case. */
export function matches(record: LogRecord, filter: Omit<LogFilter, 'action'>): boolean {
  const { severity, module, type, subtype } = filter;
  if (severity !== undefined) {
    const { compare, level } = severity;
    const fits = compare === '=' ? record.severity === level : compare === '<' ? record.severity < level : compare === '>' ? record.severity > level : record.severity !== level;
    if (!fits) return false;
  }
  const same = (wanted: string | undefined, is: string): boolean => wanted === undefined || wanted.toLowerCase() === is.toLowerCase();
  return same(module, record.module) && same(type, record.type) && same(subtype, record.subtype);
}

/** What an output does with an event. */
const processes = (output: LogOutput, record: LogRecord): boolean =>
  output.filters.length === 0 || output.filters.find((filter) => matches(record, filter))?.action === 'PROCESS';

interface Kept {
  output: LogOutput;
  records: LogRecord[];
}

export class LogOutputs {
  readonly #outputs = new Map<number, Kept>();
  readonly #datagrams: Datagrams;
  readonly #host: () => string;

  /** `host` gives the system name for syslog headers. */
  constructor(ring: EventRing, datagrams: Datagrams, host: () => string) {
    this.#datagrams = datagrams;
    this.#host = host;
    ring.onRecord = (record) => this.#take(record);
  }

  get(id: number): LogOutput | undefined {
    return this.#outputs.get(id)?.output;
  }

  /** By number. */
  list(): readonly LogOutput[] {
    return [...this.#outputs.values()].map(({ output }) => output).sort((a, b) => a.id - b.id);
  }

  /** What a MEMORY output keeps, oldest first. */
  records(id: number): readonly LogRecord[] {
    return this.#outputs.get(id)?.records ?? [];
  }

  create(id: number, settings: OutputSettings): void {
    this.#outputs.set(id, { output: { ...settings, id, enabled: true, filters: [], sent: 0 }, records: [] });
  }

  set(id: number, change: Partial<OutputSettings>): void {
    const kept = this.#outputs.get(id);
    if (kept === undefined) return;
    kept.output = { ...kept.output, ...change };
    kept.records.splice(0, Math.max(0, kept.records.length - kept.output.messages));
  }

  enable(id: number, enabled: boolean): void {
    const kept = this.#outputs.get(id);
    if (kept !== undefined) kept.output = { ...kept.output, enabled };
  }

  /** Puts a filter at place `entry` (1 = first), behind all others where it is left out or too high. */
  addFilter(id: number, filter: LogFilter, entry: number | undefined): void {
    const kept = this.#outputs.get(id);
    if (kept === undefined) return;
    const filters = [...kept.output.filters];
    filters.splice(entry === undefined ? filters.length : entry - 1, 0, filter);
    kept.output = { ...kept.output, filters };
  }

  /** `entry` 1..; undefined = all. */
  deleteFilter(id: number, entry: number | undefined): void {
    const kept = this.#outputs.get(id);
    if (kept !== undefined) kept.output = { ...kept.output, filters: kept.output.filters.filter((_, i) => entry !== undefined && i !== entry - 1) };
  }

  delete(id: number): void {
    this.#outputs.delete(id);
  }

  clear(id: number): void {
    this.#outputs.get(id)?.records.splice(0);
  }

  #take(record: LogRecord): void {
    for (const kept of this.#outputs.values()) {
      const { output } = kept;
      if (!output.enabled || !processes(output, record)) continue;
      kept.output = { ...output, sent: output.sent + 1 };
      if (output.destination === 'MEMORY') {
        kept.records.push(record);
        if (kept.records.length > output.messages) kept.records.shift();
      } else if (output.server !== undefined) {
        this.#datagrams.send(output.server, output.port, syslogMessage(record, { host: this.#host(), facility: output.facility, format: output.format }));
      }
    }
  }
}

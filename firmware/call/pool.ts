// The lines of all call ports: who comes and goes, which are free for a call, which has which session.

import type { Millis } from '../bytes/time.ts';
import type { Clock } from '../hal/clock.ts';
import type { SessionKey } from '../hal/dataplane.ts';
import type { CallPort, CallPorts } from '../hal/io.ts';
import type { DialCall } from './dialcall.ts';
import { Keys, Line, type LineOwner, type LinePlane, type LineUse } from './line.ts';
import { isDialable } from './words.ts';

/** Own limit: lines of one port at a time; who connects more often is turned away. */
const MOST_LINES = 256;

export interface PoolOwner extends Pick<LineOwner, 'ready' | 'ring'> {
  /** Something to log of a port. */
  note(port: CallPort, text: string): void;
}

export class LinePool {
  readonly #ports: CallPorts;
  readonly #plane: LinePlane;
  readonly #clock: Clock;
  readonly #owner: PoolOwner;
  readonly #keys = new Keys();
  readonly #lines = new Set<Line>();
  readonly #bySession = new Map<SessionKey, Line>();

  constructor(parts: { readonly ports: CallPorts; readonly plane: LinePlane; readonly clock: Clock }, owner: PoolOwner) {
    this.#ports = parts.ports;
    this.#plane = parts.plane;
    this.#clock = parts.clock;
    this.#owner = owner;
    for (const port of parts.ports.list()) port.onLine = (stream) => this.#add(port, stream);
  }

  ports(): readonly CallPort[] {
    return this.#ports.list();
  }

  lines(): readonly Line[] {
    return [...this.#lines];
  }

  /** The line that has a session. */
  of(session: SessionKey): Line | undefined {
    return this.#bySession.get(session);
  }

  /** Lines with a call of a layer; any case. */
  over(layer: string): Line[] {
    return [...this.#lines].filter(({ use }) => use !== undefined && use.over.toLowerCase() === layer.toLowerCase());
  }

  /** Idle lines for a call, the preferred port's first; a text says why there is none. */
  free(call: DialCall): Line[] | string {
    const kind = call.ports === 'isdn' ? 'ISDN' : 'asynchronous';
    const ports = this.#ports.list().filter((port) => port.kind === call.ports && (call.required === undefined || port.name === call.required));
    if (ports.length === 0) return call.required === undefined ? `the board has no ${kind} port` : `the board has no ${kind} port ${call.required}`;
    const lines = [...this.#lines].filter((line) => ports.includes(line.port));
    const where = call.required ?? (ports.length === 1 ? (ports[0]?.name ?? '') : `the ${kind} ports`);
    if (lines.length === 0) return `no line of ${where} is connected`;
    const idle = lines.filter((line) => line.idle);
    if (idle.length === 0) return `no line of ${where} is free`;
    return idle.sort((a, b) => Number(b.port.name === call.preferred) - Number(a.port.name === call.preferred));
  }

  /** Makes a call; a text says why not, and `use` is told nothing. */
  dial(call: DialCall, to: { readonly number: string; readonly subAddress: string }, use: LineUse, now: Millis): Line | string {
    const lines = this.free(call);
    if (typeof lines === 'string') return lines;
    if (!isDialable(to.number, to.subAddress)) return `"${to.number}" is no number that can be dialled`;
    return lines.find((one) => one.dial(to.number, to.subAddress, use, now)) ?? 'no line takes the call';
  }

  /** Ends every call and line; who comes later is turned away. */
  close(now: Millis): void {
    for (const port of this.#ports.list()) port.onLine = (stream) => stream.close();
    for (const line of this.#lines) line.cut('the router ends', now);
  }

  #add(port: CallPort, stream: Parameters<CallPort['onLine']>[0]): void {
    if ([...this.#lines].filter((line) => line.port === port).length >= MOST_LINES) {
      this.#owner.note(port, `${port.name}: a line was turned away, ${MOST_LINES} are there`);
      return stream.close();
    }
    this.#lines.add(
      new Line(port, stream, {
        plane: this.#plane,
        clock: this.#clock,
        key: () => this.#keys.next((key) => this.#bySession.has(key)),
        attached: (session, line) => this.#bySession.set(session, line),
        detached: (session) => this.#bySession.delete(session),
        ready: (line, now) => this.#owner.ready(line, now),
        ring: (line, ring, now) => this.#owner.ring(line, ring, now),
        note: (line, text) => this.#owner.note(port, `${nameOf(line)}: ${text}`),
        gone: (line) => this.#lines.delete(line),
      }),
    );
  }
}

/** As messages name a line: its port, and which one where the port has several. */
export const nameOf = (line: Line): string => (line.from === '' || line.from === line.port.name ? line.port.name : `${line.port.name} (${line.from})`);

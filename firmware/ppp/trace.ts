// ENABLE PPP DEBUG: who sees which lines of one interface, and for how long (AlliedWare 2.9 ENABLE PPP DEBUG).

import { hex } from '../bytes/hex.ts';
import type { Millis } from '../bytes/time.ts';
import { parseFrame, PROTOCOL, protocolName } from './frame.ts';

export const DEBUG_KINDS = ['AUTH', 'DEMAND', 'LCP', 'NCP', 'PKT', 'UTILISATION'] as const;
export type DebugKind = (typeof DEBUG_KINDS)[number];

type Print = (text: string) => void;

interface Listener {
  readonly kinds: Set<DebugKind>;
  readonly until: Millis;
  packets: number;
}

/** The listeners of one interface. A session is known by the function that it prints by, one for a whole login. */
export class Trace {
  readonly #name: string;
  readonly #listeners = new Map<Print, Listener>();

  constructor(name: string) {
    this.#name = name;
  }

  /** Adds kinds to what a session sees. `packets`: how many PKT lines; may be Infinity. */
  enable(print: Print, kinds: readonly DebugKind[], bounds: { readonly until: Millis; readonly packets: number }): void {
    const known = this.#listeners.get(print);
    this.#listeners.set(print, { kinds: new Set([...(known?.kinds ?? []), ...kinds]), until: bounds.until, packets: bounds.packets });
  }

  /** Whoever printed by `print` is gone. */
  forget(print: Print): void {
    this.#listeners.delete(print);
  }

  /** Takes kinds away from all sessions. */
  disable(kinds: readonly DebugKind[]): void {
    for (const [session, listener] of this.#listeners) {
      for (const kind of kinds) listener.kinds.delete(kind);
      if (listener.kinds.size === 0) this.#listeners.delete(session);
    }
  }

  /** All kinds that somebody sees. */
  kinds(now: Millis): DebugKind[] {
    this.#expire(now);
    return DEBUG_KINDS.filter((kind) => [...this.#listeners.values()].some(({ kinds }) => kinds.has(kind)));
  }

  /** One line; `text` is called only when somebody sees it. */
  line(kind: DebugKind, text: () => string, now: Millis): void {
    if (this.#listeners.size === 0) return;
    this.#expire(now);
    const seeing = [...this.#listeners].filter(([, { kinds }]) => kinds.has(kind));
    if (seeing.length === 0) return;
    const line = `PPP ${this.#name} ${kind}: ${text()}`;
    for (const [print, listener] of seeing) {
      if (kind === 'PKT' && listener.packets-- <= 0) listener.kinds.delete('PKT');
      else print(line);
    }
  }

  /** A frame in hex, at most `most` octets; what could give a password away is left out. */
  frame(direction: 'rx' | 'tx', frame: Uint8Array, most: number, now: Millis): void {
    if (this.#listeners.size === 0) return;
    this.line(
      'PKT',
      () => {
        const parsed = parseFrame(frame);
        if (typeof parsed === 'string') return `${direction} ${frame.length} octets, ${parsed}`;
        const hidden = parsed.protocol === PROTOCOL.PAP || parsed.protocol === PROTOCOL.CHAP;
        const dump = hidden ? '(authentication not shown)' : hex(frame.subarray(0, most)).replace(/(.{8})(?=.)/g, '$1 ');
        return `${direction} ${protocolName(parsed.protocol)} ${frame.length} octets: ${dump}`;
      },
      now,
    );
  }

  #expire(now: Millis): void {
    for (const [session, { until }] of this.#listeners) if (now >= until) this.#listeners.delete(session);
  }
}

/** The kinds that DEBUG= names. */
export const kindsOf = (given: readonly ('ALL' | DebugKind)[]): readonly DebugKind[] => (given.includes('ALL') ? DEBUG_KINDS : DEBUG_KINDS.filter((kind) => given.includes(kind)));

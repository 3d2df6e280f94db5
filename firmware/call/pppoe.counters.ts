// What SHOW PPP PPPOE counts: discovery packets by code, frames that were none, requests that came to nothing.

import { type Drop, DROPS } from './pppoe.concentrator.ts';
import { type Code, CODES, type Refusal, REFUSALS } from './pppoe.frame.ts';

const codes = (): Record<Code, number> => ({ PADI: 0, PADO: 0, PADR: 0, PADS: 0, PADT: 0 });

export class PppoeCounters {
  readonly received = codes();
  readonly sent = codes();
  /** Frames that were no PPPoE discovery packet, by why. */
  readonly malformed: Record<Refusal, number> = { short: 0, ethertype: 0, version: 0, code: 0, length: 0, source: 0, session: 0, tag: 0, 'service name': 0, 'AC name': 0 };
  /** Requests that got no session, by why. */
  readonly dropped: Record<Drop, number> = { rate: 0, 'no service': 0, full: 0, cookie: 0, 'half open': 0, again: 0, refused: 0 };
  /** Packets to somebody else. */
  foreign = 0;
  /** Session frames without a session. */
  stray = 0;
}

/** The names of all counters of a kind, in the order they are shown. */
export const ORDER = { codes: ['PADI', 'PADO', 'PADR', 'PADS', 'PADT'], malformed: REFUSALS, dropped: DROPS } as const satisfies {
  readonly codes: readonly (keyof typeof CODES)[];
  readonly malformed: readonly Refusal[];
  readonly dropped: readonly Drop[];
};

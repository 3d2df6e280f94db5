// Why a control connection was given up: the record, and the one sentence an operator reads.

import type { Millis } from '../bytes/time.ts';

export interface GiveUp {
  /** The message that was not acknowledged: SCCRQ, HELLO. */
  readonly message: string;
  /** How often it was sent in all. */
  readonly sends: number;
  readonly firstSent: Millis;
  readonly gaveUp: Millis;
  /** When anything valid last came from the peer; undefined = never. */
  readonly lastHeard: Millis | undefined;
  /** What came instead of an answer: "ICMP port unreachable", "a message for tunnel 77". */
  readonly instead: string | undefined;
}

const seconds = (span: Millis): string => `${Math.round(span / 1000)} s`;

/** "SCCRQ sent 6 times in 31 s without an answer; nothing was ever heard from the peer; instead came ICMP port unreachable". */
export function describeGiveUp(record: GiveUp): string {
  const sent = `${record.message} sent ${record.sends} times in ${seconds(record.gaveUp - record.firstSent)} without an answer`;
  const heard =
    record.lastHeard === undefined ? 'nothing was ever heard from the peer' : `last heard from the peer ${seconds(record.gaveUp - record.lastHeard)} before`;
  return record.instead === undefined ? `${sent}; ${heard}` : `${sent}; ${heard}; instead came ${record.instead}`;
}

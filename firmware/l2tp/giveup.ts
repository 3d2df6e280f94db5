// Why a control connection was given up, as far as its transport knows. The sentence that an operator reads: reason.ts.

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

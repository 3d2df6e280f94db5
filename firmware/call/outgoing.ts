// Calls that an LNS asks for: what it may ask, how it is told, and the result codes of what goes wrong (RFC 2661 4.4.2, 10.4).

import type { Millis } from '../bytes/time.ts';
import { accCall } from './acc.ts';
import type { DialCall } from './dialcall.ts';
import { ISDN_DEFAULTS, isdnCall } from './isdn.ts';
import type { LineUse } from './line.ts';
import type { CallLink } from './link.ts';
import type { CallEnd } from './words.ts';

/** A call to make for an LNS. */
export interface DialRequest {
  /** ISDN or ACC call by name; empty = none, `number` is dialled on any port of the bearer. */
  readonly call: string;
  /** Empty = that of the call. */
  readonly number: string;
  readonly subAddress: string;
  /** Which kind of call is meant where both have the name, and which port where none is named: analog = ACC. */
  readonly bearer: 'digital' | 'analog' | 'none';
}

/** How the one that asked for a call is told: `connected` or `failed` once; after `connected` once `down`. */
export interface DialAnswer {
  connected(link: CallLink, line: { readonly speed: number; readonly framing: 'sync' | 'async' }, now: Millis): void;
  /** `cause`: CDN result code (RFC 2661 4.4.2). One sentence. */
  failed(cause: number, reason: string, now: Millis): void;
  down(reason: string, now: Millis): void;
}

/** The call being made. */
export interface DialHandle {
  /** 'ISDN-toi'. */
  readonly name: string;
  /** Ends it, whatever became of it; nothing more is told. */
  hangUp(reason: string, now: Millis): void;
}

/** CDN result codes (RFC 2661 4.4.2). */
export const CAUSE = { noCarrier: 1, noPort: 4, badDestination: 6, busy: 8, noDialTone: 9, timeout: 10 } as const;
const CAUSES: Record<CallEnd, number> = {
  'no carrier': CAUSE.noCarrier,
  busy: CAUSE.busy,
  'no dial tone': CAUSE.noDialTone,
  'no answer': CAUSE.timeout,
  refused: CAUSE.badDestination,
  timeout: CAUSE.timeout,
  'line cut': CAUSE.noCarrier,
};

/** For numbers that an LNS names without a call. */
export const BARE_ISDN: DialCall = { ...isdnCall({ ...ISDN_DEFAULTS, call: '', number: '', precedence: 'OUT' }, true), over: 'ISDN' };
export const BARE_ACC: DialCall = { ...accCall({ call: '', direction: 'ORIGINATE', authentication: 'NONE', encapsulation: 'PPP' }), over: 'ACC' };

/** The call of an LNS on a line. */
export function outgoingUse(call: DialCall, answer: DialAnswer): LineUse {
  let up = false;
  return {
    over: call.over,
    speed: call.speed,
    connected: (link, speed, now) => {
      up = true;
      answer.connected(link, { speed, framing: 'async' }, now);
    },
    negotiated: () => {},
    ended: (reason, end, now) => {
      if (up) answer.down(reason, now);
      else answer.failed(end === undefined ? CAUSE.noCarrier : CAUSES[end], reason, now);
    },
  };
}

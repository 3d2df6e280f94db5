// States, events and steps that the session tables share (RFC 2661 7.4, 7.5).

import type { MessageName, SessionMessage } from './catalog.ts';

/** RFC 2661 7.4 and 7.5. SHOW prints wait-tunnel as idle. */
export type SessionState = 'idle' | 'wait-tunnel' | 'wait-reply' | 'wait-connect' | 'wait-cs-answer' | 'established';

/** What moves a session: our side's doings, the peer's messages (acceptable or not), what goes wrong. */
export type SessionEvent =
  | 'open' | 'tunnel-open' | 'close' | 'answer' | 'failure' | SessionMessage['type']
  | 'ICRQ refused' | 'OCRQ refused' | 'ICRP refused' | 'OCRP refused' | 'ICCN refused' | 'OCCN refused'
  | 'invalid message' | 'timeout' | 'tunnel down';

/** One cell of a table: what to send, and the new state. `idle` = clean up. */
export interface Step {
  readonly send: MessageName | undefined;
  readonly next: SessionState;
}

export const to = (next: SessionState, send?: MessageName): Step => ({ send, next });
export const STAY = (state: SessionState): Step => ({ send: undefined, next: state });
/** "Clean up". */
export const CLEAN_UP: Step = { send: undefined, next: 'idle' };
/** "Send CDN, Clean up". */
export const DISCONNECT_CALL: Step = { send: 'CDN', next: 'idle' };

// What a LAC does in a call (RFC 2661 7.4.1 incoming, 7.5.1 outgoing): the tables, row by row, as pure functions.
//
// 7.4.1  idle, wait-tunnel, wait-reply, established          7.5.1  idle, wait-cs-answer, established
// What a table has no row for: a message out of place clears the call (7.1), WEN and SLI change nothing.

import { CLEAN_UP, DISCONNECT_CALL, STAY, type SessionEvent, type SessionState, type Step, to } from './step.ts';

/** 7.4.1 LAC Incoming Call States. */
export function lacIncoming(state: SessionState, event: SessionEvent): Step {
  if (event === 'WEN' || event === 'SLI') return STAY(state);
  if (event === 'tunnel down') return CLEAN_UP;
  switch (state) {
    case 'idle':
      return event === 'open' ? to('wait-tunnel') : CLEAN_UP;
    case 'wait-tunnel':
      return event === 'tunnel-open' ? to('wait-reply', 'ICRQ') : CLEAN_UP;
    case 'wait-reply':
      switch (event) {
        case 'ICRP':
          return to('established', 'ICCN');
        case 'CDN':
        case 'ICCN':
          return CLEAN_UP;
        default:
          return DISCONNECT_CALL;
      }
    case 'established':
      return event === 'CDN' ? CLEAN_UP : DISCONNECT_CALL;
    case 'wait-connect':
    case 'wait-cs-answer':
      return DISCONNECT_CALL;
    default:
      return state satisfies never;
  }
}

/** 7.5.1 LAC Outgoing Call States. */
export function lacOutgoing(state: SessionState, event: SessionEvent): Step {
  if (event === 'WEN' || event === 'SLI') return STAY(state);
  if (event === 'tunnel down') return CLEAN_UP;
  switch (state) {
    case 'idle':
      switch (event) {
        case 'OCRQ':
          return to('wait-cs-answer', 'OCRP');
        case 'OCRQ refused':
        case 'OCRP':
        case 'timeout':
          return DISCONNECT_CALL;
        default:
          return CLEAN_UP;
      }
    case 'wait-cs-answer':
      switch (event) {
        case 'answer':
          return to('established', 'OCCN');
        case 'CDN':
          return CLEAN_UP;
        default:
          return DISCONNECT_CALL;
      }
    case 'established':
      return event === 'CDN' ? CLEAN_UP : DISCONNECT_CALL;
    case 'wait-tunnel':
    case 'wait-reply':
    case 'wait-connect':
      return DISCONNECT_CALL;
    default:
      return state satisfies never;
  }
}

// What an LNS does in a call (RFC 2661 7.4.2 incoming, 7.5.2 outgoing): the tables, row by row, as pure functions.
//
// 7.4.2  idle, wait-connect, established          7.5.2  idle, wait-tunnel, wait-reply, wait-connect, established
// What a table has no row for: a message out of place clears the call (7.1), WEN and SLI change nothing.

import { CLEAN_UP, DISCONNECT_CALL, STAY, type SessionEvent, type SessionState, type Step, to } from './step.ts';

/** 7.4.2 LNS Incoming Call States. */
export function lnsIncoming(state: SessionState, event: SessionEvent): Step {
  if (event === 'WEN' || event === 'SLI') return STAY(state);
  if (event === 'tunnel down') return CLEAN_UP;
  switch (state) {
    case 'idle':
      switch (event) {
        case 'ICRQ':
          return to('wait-connect', 'ICRP');
        case 'ICRQ refused':
        case 'ICRP':
        case 'timeout':
          return DISCONNECT_CALL;
        default:
          return CLEAN_UP;
      }
    case 'wait-connect':
      switch (event) {
        case 'ICCN':
          return to('established');
        case 'CDN':
          return CLEAN_UP;
        default:
          return DISCONNECT_CALL;
      }
    case 'established':
      return event === 'CDN' ? CLEAN_UP : DISCONNECT_CALL;
    case 'wait-tunnel':
    case 'wait-reply':
    case 'wait-cs-answer':
      return DISCONNECT_CALL;
    default:
      return state satisfies never;
  }
}

/** 7.5.2 LNS Outgoing Call States. */
export function lnsOutgoing(state: SessionState, event: SessionEvent): Step {
  if (event === 'WEN' || event === 'SLI') return STAY(state);
  if (event === 'tunnel down') return CLEAN_UP;
  switch (state) {
    case 'idle':
      return event === 'open' ? to('wait-tunnel') : CLEAN_UP;
    case 'wait-tunnel':
      return event === 'tunnel-open' ? to('wait-reply', 'OCRQ') : CLEAN_UP;
    case 'wait-reply':
      switch (event) {
        case 'OCRP':
          return to('wait-connect');
        case 'CDN':
          return CLEAN_UP;
        default:
          return DISCONNECT_CALL;
      }
    case 'wait-connect':
      switch (event) {
        case 'OCCN':
          return to('established');
        case 'CDN':
          return CLEAN_UP;
        default:
          return DISCONNECT_CALL;
      }
    case 'established':
      return event === 'CDN' ? CLEAN_UP : DISCONNECT_CALL;
    case 'wait-cs-answer':
      return DISCONNECT_CALL;
    default:
      return state satisfies never;
  }
}

// Control connection establishment (RFC 2661 7.2.1): the table, row by row, as a pure function.

import type { MessageName } from './catalog.ts';

export type TunnelState = 'idle' | 'wait-ctl-reply' | 'wait-ctl-conn' | 'established';

/** What moves a tunnel. "refused" = the table's "not acceptable". */
export type TunnelEvent =
  | 'open' | 'new call' | 'close' | 'SCCRQ' | 'SCCRQ refused' | 'SCCRP' | 'SCCRP refused' | 'SCCCN' | 'SCCCN refused' | 'StopCCN'
  | 'tie lost' | 'invalid message' | 'no answer' | 'timeout';

/** One cell: what to send, the new state, and whether the control connection ends ("Clean up"). */
export interface TunnelStep {
  readonly send: MessageName | undefined;
  readonly next: TunnelState;
  readonly cleanUp: boolean;
}

const STOP: TunnelStep = { send: 'StopCCN', next: 'idle', cleanUp: true };
const CLEAN_UP: TunnelStep = { send: undefined, next: 'idle', cleanUp: true };
const to = (next: TunnelState, send?: MessageName): TunnelStep => ({ send, next, cleanUp: false });

/** 7.2.1. Events that no row names, and messages that cannot be taken, clear the connection (7.1). */
export function connectionStep(state: TunnelState, event: TunnelEvent): TunnelStep {
  if (event === 'StopCCN' || event === 'no answer') return CLEAN_UP;
  switch (state) {
    case 'idle':
      switch (event) {
        case 'open':
          return to('wait-ctl-reply', 'SCCRQ');
        case 'SCCRQ':
          return to('wait-ctl-conn', 'SCCRP');
        case 'SCCRQ refused':
        case 'SCCRP':
        case 'SCCRP refused':
          return STOP;
        default:
          return CLEAN_UP;
      }
    case 'wait-ctl-reply':
      switch (event) {
        case 'SCCRP':
          return to('established', 'SCCCN');
        case 'tie lost':
          return CLEAN_UP;
        case 'new call':
          return to('wait-ctl-reply');
        default:
          return STOP;
      }
    case 'wait-ctl-conn':
      switch (event) {
        case 'SCCCN':
          return to('established');
        case 'new call':
          return to('wait-ctl-conn');
        default:
          return STOP;
      }
    case 'established':
      return event === 'new call' ? to('established') : STOP;
    default:
      return state satisfies never;
  }
}

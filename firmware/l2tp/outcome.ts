// What the machines say of an end (TunnelDown, SessionDown) as the reason a call prints.

import { STOP } from './catalog.ts';
import type { TunnelEntry } from './entry.ts';
import { type CallReason, unreachableIn } from './reason.ts';
import type { SessionDown } from './session.ts';
import type { TunnelDown } from './tunnel.ts';

/** Why a tunnel went down. 'moved' where it lost a tie: its calls go on in the other one. */
export function tunnelReason(down: TunnelDown, { at, wasUp, tunnel }: TunnelEntry): CallReason | 'moved' {
  const { peer } = at;
  switch (down.cause) {
    case 'closed':
      return down.result.code === STOP.shutdown ? { kind: 'module disabled' } : { kind: 'hung up', why: 'the tunnel was closed' };
    case 'peer':
      // Before its SCCRP the peer has seen nothing of a password yet.
      if (down.result.code === STOP.notAuthorised && tunnel.peer !== undefined) return { kind: 'not authorised', peer, by: 'peer' };
      return { kind: wasUp ? 'tunnel closed' : 'tunnel refused', peer, result: down.result };
    case 'no answer': {
      const { message, sends, lastHeard, instead } = down.gaveUp;
      const what = unreachableIn(instead);
      if (what !== undefined) return { kind: 'unreachable', peer, port: at.port, what };
      return wasUp ? { kind: 'line lost', peer, message, sends } : { kind: 'no answer', peer, message, sends, heard: lastHeard !== undefined };
    }
    case 'timeout':
      return { kind: 'stalled', peer, state: down.state };
    case 'authentication':
      return down.what === 'no password to answer with' ? { kind: 'password needed', peer } : { kind: 'not authorised', peer, by: 'us' };
    case 'version':
      return { kind: 'protocol error', peer, what: `protocol version ${down.peer >>> 8}.${down.peer & 255}` };
    case 'protocol':
      return { kind: 'protocol error', peer, what: down.what };
    case 'tie':
      return 'moved';
  }
}

/** Why a session ended; undefined where its tunnel did, which says why by itself. */
export function sessionReason(down: SessionDown, { at }: TunnelEntry, wasUp: boolean): CallReason | undefined {
  const { peer } = at;
  switch (down.cause) {
    case 'closed':
      return { kind: 'hung up', why: down.result.message ?? 'the call was ended here' };
    case 'peer':
      return { kind: wasUp ? 'call ended' : 'call refused', peer, result: down.result };
    case 'protocol':
      return { kind: 'protocol error', peer, what: down.what };
    case 'timeout':
      return { kind: 'stalled', peer, state: down.state };
    case 'not offered':
      return { kind: 'protocol error', peer, what: `the peer offers no such ${down.what}` };
    case 'tunnel':
      return undefined;
  }
}

// Why a configured call is not up: a closed list, each with the sentence that SHOW L2TP CALL and the log print.

import { type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import { printable } from '../bytes/text.ts';
import type { Millis } from '../bytes/time.ts';
import { DISCONNECT, ERROR, type Result, STOP } from './catalog.ts';

/** Every reason there is. A new one needs its sentence below and a test that provokes it. */
export type CallReason =
  /** Not built up yet, nothing wrong. */
  | { readonly kind: 'opening tunnel'; readonly peer: Ipv4 }
  | { readonly kind: 'ringing'; readonly peer: Ipv4 }
  | { readonly kind: 'module disabled' }
  /** IP=0.0.0.0. */
  | { readonly kind: 'passive' }
  | { readonly kind: 'no route'; readonly peer: Ipv4 }
  | { readonly kind: 'route through itself'; readonly peer: Ipv4; readonly name: string }
  /** DEACTIVATE L2TP CALL. */
  | { readonly kind: 'deactivated'; readonly call: string }
  /** SCCRQ, OCRQ or ICRQ was given up. `sends` counts every transmission. */
  | { readonly kind: 'no answer'; readonly peer: Ipv4; readonly message: string; readonly sends: number; readonly heard: boolean }
  /** ICMP says that nothing listens there, or that the host or its network cannot be reached. */
  | { readonly kind: 'unreachable'; readonly peer: Ipv4; readonly port: number; readonly what: Unreachable }
  /** The peer acknowledges but does not go on with the set-up. */
  | { readonly kind: 'stalled'; readonly peer: Ipv4; readonly state: string }
  /** An established tunnel no longer acknowledges. */
  | { readonly kind: 'line lost'; readonly peer: Ipv4; readonly message: string; readonly sends: number }
  /** The peer asked for a password and CALL names none. */
  | { readonly kind: 'password needed'; readonly peer: Ipv4 }
  /** The peer did not accept our answer, or could not prove its own. */
  | { readonly kind: 'not authorised'; readonly peer: Ipv4; readonly by: 'peer' | 'us' }
  /** StopCCN while or after the tunnel came up. */
  | { readonly kind: 'tunnel refused'; readonly peer: Ipv4; readonly result: Result }
  | { readonly kind: 'tunnel closed'; readonly peer: Ipv4; readonly result: Result }
  /** CDN before, and after, the call was up. */
  | { readonly kind: 'call refused'; readonly peer: Ipv4; readonly result: Result }
  | { readonly kind: 'call ended'; readonly peer: Ipv4; readonly result: Result }
  /** The peer broke the protocol, or we found an error in what it sent. */
  | { readonly kind: 'protocol error'; readonly peer: Ipv4; readonly what: string }
  /** The peer called again: it had restarted. */
  | { readonly kind: 'replaced'; readonly peer: Ipv4 }
  /** PPP ended the link. */
  | { readonly kind: 'hung up'; readonly why: string }
  /** The data plane would not carry the session. */
  | { readonly kind: 'plane'; readonly why: string }
  /** A limit of this router. */
  | { readonly kind: 'too many'; readonly what: 'tunnels' | 'calls' };

/** What ICMP says is unreachable (RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1). */
export type Unreachable = 'port' | 'host' | 'network' | 'prohibited' | 'destination';

export type ReasonKind = CallReason['kind'];

/** One sentence without a full stop; `again` = milliseconds until the next attempt, where one is due. */
export function sentence(reason: CallReason, again?: Millis): string {
  const text = plain(reason);
  return again === undefined ? text : `${text}; calling again in ${Math.max(1, Math.ceil(again / 1000))} s`;
}

function plain(r: CallReason): string {
  switch (r.kind) {
    case 'opening tunnel':
      return `opening a tunnel to ${formatIpv4(r.peer)}`;
    case 'ringing':
      return `waiting for ${formatIpv4(r.peer)} to take the call`;
    case 'module disabled':
      return 'the L2TP module is not enabled (ENABLE L2TP)';
    case 'passive':
      return 'waiting for the peer to call (IP=0.0.0.0)';
    case 'no route':
      return `waiting for a route to ${formatIpv4(r.peer)}`;
    case 'route through itself':
      return `the route to ${formatIpv4(r.peer)} leads into ${r.name}, which this call carries; add a route to ${formatIpv4(r.peer)} through another interface`;
    case 'deactivated':
      return `deactivated by the operator (ACTIVATE L2TP CALL=${r.call} calls again)`;
    case 'no answer':
      return `no answer from ${formatIpv4(r.peer)}: ${r.message} sent ${times(r.sends)}, ${r.heard ? 'other messages of the peer arrived but no acknowledgement' : 'nothing heard from it'}`;
    case 'unreachable':
      return unreachableText(r);
    case 'stalled':
      return `${formatIpv4(r.peer)} acknowledges but does not go on with the set-up (${r.state})`;
    case 'line lost':
      return `${formatIpv4(r.peer)} stopped answering: ${r.message} sent ${times(r.sends)} without acknowledgement`;
    case 'password needed':
      return `${formatIpv4(r.peer)} asks for a password and the call has none (SET L2TP CALL PASSWORD=)`;
    case 'not authorised':
      return r.by === 'peer'
        ? `${formatIpv4(r.peer)} does not accept our password`
        : `${formatIpv4(r.peer)} could not prove that it knows the password`;
    case 'tunnel refused':
      return `${formatIpv4(r.peer)} refused the tunnel: ${stopText(r.result)}`;
    case 'tunnel closed':
      return `${formatIpv4(r.peer)} closed the tunnel: ${stopText(r.result)}`;
    case 'call refused':
      return `${formatIpv4(r.peer)} refused the call: ${disconnectText(r.result)}`;
    case 'call ended':
      return `${formatIpv4(r.peer)} ended the call: ${disconnectText(r.result)}`;
    case 'protocol error':
      return `protocol error with ${formatIpv4(r.peer)}: ${printable(r.what)}`;
    case 'replaced':
      return `${formatIpv4(r.peer)} called again, it must have restarted`;
    case 'hung up':
      return printable(r.why).replace(/\.$/, '');
    case 'plane':
      return `the data plane cannot carry the call: ${r.why}`;
    case 'too many':
      return `this router has too many L2TP ${r.what} already`;
    default:
      return impossible(r);
  }
}

const impossible = (reason: never): string => String(reason);

function unreachableText({ peer, port, what }: Extract<CallReason, { kind: 'unreachable' }>): string {
  const address = formatIpv4(peer);
  switch (what) {
    case 'port':
      return `${address} says that nothing listens on UDP port ${port} (is L2TP enabled there?)`;
    case 'host':
      return `${address} cannot be reached: host unreachable, says ICMP (is it up?)`;
    case 'network':
      return `${address} cannot be reached: network unreachable, says ICMP (is the way there routed all along?)`;
    case 'prohibited':
      return `${address} cannot be reached: a filter on the way refuses UDP port ${port}, says ICMP`;
    case 'destination':
      return `${address} cannot be reached, says ICMP`;
    default:
      return impossible(what);
  }
}

/** What a code of ICMP type 3 means; any other number: something else that kept the datagram from its destination. */
export function unreachableBy(code: number): Unreachable {
  switch (code) {
    case 0:
    case 6:
    case 11:
      return 'network';
    case 1:
    case 7:
    case 8:
    case 12:
      return 'host';
    case 3:
      return 'port';
    case 9:
    case 10:
    case 13:
      return 'prohibited';
    default:
      return 'destination';
  }
}

const INSTEAD: Readonly<Record<Unreachable, string>> = {
  port: 'ICMP port unreachable', host: 'ICMP host unreachable', network: 'ICMP network unreachable', prohibited: 'ICMP prohibited', destination: 'ICMP unreachable',
};
/** How a give-up record names it. */
export const insteadText = (what: Unreachable): string => INSTEAD[what];
/** And what such a name in a give-up record stood for; undefined where it is about something else. */
export const unreachableIn = (instead: string | undefined): Unreachable | undefined =>
  (['port', 'host', 'network', 'prohibited', 'destination'] as const).find((what) => INSTEAD[what] === instead);

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

const STOP_TEXT: Readonly<Record<number, string>> = {
  [STOP.clear]: 'request to clear the control connection',
  [STOP.error]: 'error',
  [STOP.exists]: 'a control connection exists already',
  [STOP.notAuthorised]: 'not authorised',
  [STOP.version]: 'protocol version not supported',
  [STOP.shutdown]: 'it is being shut down',
  [STOP.fsm]: 'state machine error',
};

const DISCONNECT_TEXT: Readonly<Record<number, string>> = {
  [DISCONNECT.carrierLost]: 'loss of carrier',
  [DISCONNECT.error]: 'error',
  [DISCONNECT.administrative]: 'administrative reasons',
  [DISCONNECT.temporary]: 'lack of facilities, temporary',
  [DISCONNECT.permanent]: 'lack of facilities, permanent',
  [DISCONNECT.badDestination]: 'invalid destination',
  [DISCONNECT.noCarrier]: 'no carrier',
  [DISCONNECT.busy]: 'busy',
  [DISCONNECT.noDialTone]: 'no dial tone',
  [DISCONNECT.timeout]: 'not established in time',
  [DISCONNECT.noFraming]: 'no framing detected',
};

const ERROR_TEXT: Readonly<Record<number, string>> = {
  [ERROR.noControlConnection]: 'no control connection yet',
  [ERROR.length]: 'length wrong',
  [ERROR.range]: 'value out of range',
  [ERROR.resources]: 'insufficient resources',
  [ERROR.badSession]: 'invalid session ID',
  [ERROR.vendor]: 'vendor-specific error',
  [ERROR.tryAnother]: 'try another',
  [ERROR.unknownMandatory]: 'unknown mandatory AVP',
};

const resultText = (names: Readonly<Record<number, string>>, { code, error, message }: Result): string => {
  const parts = [names[code] ?? `result ${code}`];
  if (error !== undefined && error !== ERROR.none) parts.push(ERROR_TEXT[error] ?? `error ${error}`);
  if (message !== undefined && message !== '') parts.push(`"${printable(message)}"`);
  return parts.join(', ');
};

/** What a StopCCN's Result Code says (RFC 2661 4.4.2). */
export const stopText = (result: Result): string => resultText(STOP_TEXT, result);
/** What a CDN's Result Code says. */
export const disconnectText = (result: Result): string => resultText(DISCONNECT_TEXT, result);

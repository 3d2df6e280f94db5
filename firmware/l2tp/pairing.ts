// Which call takes a request of a peer (OCRQ, ICRQ), and which of two calls stays where both ends call at once. Pure decisions.

import { type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import { utf8 } from '../bytes/text.ts';
import { type CallSettings, type Calls, calledName, isPassive } from './calls.ts';
import { BEARER, type ControlMessage, DISCONNECT, type Result } from './catalog.ts';
import type { TemplateEntry, Templates } from './templates.ts';

/** What a request of the peer comes to. `why` is one sentence for the log. */
export type Answer =
  | { readonly kind: 'call'; readonly call: CallSettings }
  | { readonly kind: 'template'; readonly entry: TemplateEntry }
  /** On a call port, by whoever has those. `unnamed`: what to say of a call without bearer that nobody has either. */
  | { readonly kind: 'dial'; readonly request: ControlMessage<'OCRQ'>; readonly unnamed: string | undefined }
  | { readonly kind: 'refuse'; readonly result: Result; readonly why: string };

export const refusal = (code: number, why: string): Extract<Answer, { kind: 'refuse' }> => ({
  kind: 'refuse', result: { code, error: 0, message: why.slice(0, 100) }, why,
});

/** OCRQ: the peer, an LNS, asks us to place a call. Called Number names it; Bearer Type says on what: none means one of ADD L2TP CALL, else a call port. */
export function answerOutgoing(request: ControlMessage<'OCRQ'>, peer: Ipv4, calls: Calls): Answer {
  if ((request.bearerType & (BEARER.digital | BEARER.analog)) !== 0) return { kind: 'dial', request, unnamed: undefined };
  const name = calledName(request.calledNumber);
  const call = calls.get(name);
  if (call === undefined) return { kind: 'dial', request, unnamed: `there is no call "${name}"` };
  if (call.type !== 'VIRTUAL') return refusal(DISCONNECT.badDestination, `call "${name}" is no VIRTUAL call`);
  if (!isPassive(call) && call.ip !== peer) return refusal(DISCONNECT.administrative, `call "${name}" belongs to ${formatIpv4(call.ip)}`);
  return { kind: 'call', call };
}

/** What the choice among calls for an ICRQ depends on beside their settings. */
export interface LineState {
  /** True while the call is established; an interface without carrier can take a call, one with carrier only a peer that restarted. */
  isUp(call: string): boolean;
  /** True where an interface is there to take the call. */
  hasUser(call: string): boolean;
}

/**
 * ICRQ: the peer, a LAC, passes a call on to us. A VIRTUAL call to exactly this peer whose interface is down takes it; else the
 * ADD L2TP IP template; else such a call that is up (the peer lost its end of it); else nobody.
 */
export function answerIncoming(peer: Ipv4, stores: { readonly calls: Calls; readonly templates: Templates }, lines: LineState): Answer {
  const ours = stores.calls.to(peer).filter((call) => call.type === 'VIRTUAL' && lines.hasUser(call.name));
  const free = ours.find((call) => !lines.isUp(call.name));
  if (free !== undefined) return { kind: 'call', call: free };
  const entry = stores.templates.find(peer);
  if (entry !== undefined) return { kind: 'template', entry };
  const [taken] = ours;
  if (taken !== undefined) return { kind: 'call', call: taken };
  return refusal(DISCONNECT.administrative, `neither a call nor an ADD L2TP IP range is configured for ${formatIpv4(peer)}`);
}

/** One end of a tunnel, as both ends know it. */
export interface End {
  readonly hostName: string;
  readonly address: Ipv4;
}

/** True where `a` counts as the higher end: Host Name in byte order, then address. */
export function isHigher(a: End, b: End): boolean {
  const [x, y] = [utf8(a.hostName), utf8(b.hostName)];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const difference = (x[i] ?? 0) - (y[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return x.length === y.length ? a.address > b.address : x.length > y.length;
}

/**
 * What to do with a pairing call that arrives while ours is on its way.
 * 'take': take theirs, drop ours at once. 'refuse': keep ours, refuse theirs at once.
 * 'answer': take theirs as far as it goes without opening it, keep ours; whichever the peer drops decides.
 * 'hold': leave theirs unanswered until the peer has decided on ours.
 */
export type Collision = 'take' | 'refuse' | 'answer' | 'hold';

/**
 * The peer's PRECEDENCE is not on the wire, so each end acts such that unequal settings (IN here, OUT there) keep the call that both
 * name, and equal ones keep the call of the higher end: the lower IN and the higher OUT know at once what stays in either case, the
 * other two wait for what the peer does with the call they made.
 */
export function collide(precedence: 'IN' | 'OUT', higher: boolean): Collision {
  if (precedence === 'IN') return higher ? 'answer' : 'take';
  return higher ? 'refuse' : 'hold';
}

// How a control connection begins, or is refused: SCCRQ, SCCRP, authentication, ties (RFC 2661 4.4.3, 5.1.1, 7.2.1).

import { challengeResponse, responseIsRight } from './auth.ts';
import { BEARER, type ControlMessage, ERROR, FRAMING, PROTOCOL_VERSION, type Result, STOP } from './catalog.ts';
import type { PeerInfo, Tie, TunnelDown, TunnelSettings } from './contract.ts';
import { encodeMessage } from './control.ts';
import { CONTROL_HEADER } from './header.ts';

/** Ours: the longest answer to an SCCRQ, whose source may be forged. */
const LONGEST_REPLY = 200;
/** Ours: octets of the host name in an answer that would be longer. */
const SHORT_NAME = 32;

/** All that this router can do: both framings, both bearers. */
export const ALL_FRAMING = FRAMING.sync | FRAMING.async;
export const ALL_BEARERS = BEARER.digital | BEARER.analog;

/** Our SCCRQ. `window`: the Receive Window Size we announce. */
export const request = (settings: TunnelSettings, window: number): ControlMessage<'SCCRQ'> => ({
  ...identity(settings, window), type: 'SCCRQ', vendorName: settings.vendorName, tieBreaker: settings.tieBreaker,
});

/** Our SCCRP to a peer that sent the challenge `theirs`. It stays within LONGEST_REPLY: what is only for show is left out first. */
export function reply(settings: TunnelSettings, window: number, theirs: Uint8Array | undefined): ControlMessage<'SCCRP'> {
  const { vendorName, hostName } = settings;
  const whole: ControlMessage<'SCCRP'> = { ...identity(settings, window), type: 'SCCRP', vendorName, challengeResponse: answer(settings, 'SCCRP', theirs) };
  if (isShort(whole)) return whole;
  const short = { ...whole, firmwareRevision: undefined, hostName: hostName.slice(0, SHORT_NAME) };
  // By the vendor a peer of our kind knows that it may hide what it tells of callers.
  return isShort(short) ? short : { ...short, vendorName: undefined };
}

function isShort(message: ControlMessage<'SCCRP'>): boolean {
  const size = encodeMessage(message)?.length;
  return size !== undefined && size <= LONGEST_REPLY - CONTROL_HEADER;
}

function identity(settings: TunnelSettings, receiveWindowSize: number): Omit<ControlMessage<'SCCRQ'>, 'type'> {
  const { id, hostName, firmwareRevision, framing, bearer, secret, challenge } = settings;
  return {
    protocolVersion: PROTOCOL_VERSION, framingCapabilities: framing, bearerCapabilities: bearer, firmwareRevision, hostName, assignedTunnelId: id,
    receiveWindowSize, challenge: secret === undefined ? undefined : challenge,
  };
}

/** The Challenge Response to the challenge `theirs`; undefined where there was none, or no secret. */
export function answer({ secret, crypto }: TunnelSettings, type: 'SCCRP' | 'SCCCN', theirs: Uint8Array | undefined): Uint8Array | undefined {
  return theirs === undefined || secret === undefined ? undefined : challengeResponse(type, secret, theirs, crypto);
}

/** What stands against a peer by its SCCRQ or SCCRP: its version, a challenge that we cannot answer. */
export function objection(settings: TunnelSettings, message: ControlMessage<'SCCRQ' | 'SCCRP'>): TunnelDown | undefined {
  if (message.protocolVersion >> 8 !== PROTOCOL_VERSION >> 8) return { cause: 'version', peer: message.protocolVersion };
  if (message.challenge !== undefined && settings.secret === undefined) return { cause: 'authentication', what: 'no password to answer with' };
  return undefined;
}

/** What is wrong with a peer's answer to our challenge; nothing where we sent none. */
export function unauthenticated({ secret, challenge, crypto }: TunnelSettings, message: ControlMessage<'SCCRP' | 'SCCCN'>): TunnelDown | undefined {
  if (secret === undefined || challenge === undefined) return undefined;
  if (message.challengeResponse === undefined) return { cause: 'authentication', what: 'no response' };
  const right = responseIsRight(message.type, message.challengeResponse, { secret, challenge, crypto });
  return right ? undefined : { cause: 'authentication', what: 'wrong response' };
}

/** What the peer says of itself. */
export function describePeer(message: ControlMessage<'SCCRQ' | 'SCCRP'>, receiveWindow: number): PeerInfo {
  const { hostName, vendorName, firmwareRevision, framingCapabilities: framing, bearerCapabilities: bearer } = message;
  return { hostName, vendorName, firmwareRevision, framing, bearer, receiveWindow };
}

/** Which of two SCCRQ that crossed stays (RFC 2661 4.4.3): the lower tie breaker, or the only one. */
export function settleTie(ours: Uint8Array | undefined, theirs: Uint8Array | undefined): Tie {
  if (theirs === undefined) return ours === undefined ? 'both stay' : 'ours stays';
  if (ours === undefined) return 'theirs stays';
  for (let i = 0; i < ours.length; i++) {
    const difference = (ours[i] ?? 0) - (theirs[i] ?? 0);
    if (difference !== 0) return difference < 0 ? 'ours stays' : 'theirs stays';
  }
  return 'neither stays';
}

/** What a StopCCN tells the peer. */
export function stopResult(reason: TunnelDown): Result {
  switch (reason.cause) {
    case 'closed':
    case 'peer':
    case 'protocol':
      return reason.result;
    case 'authentication':
      return { code: STOP.notAuthorised, error: ERROR.none, message: reason.what };
    case 'version':
      return { code: STOP.version, error: PROTOCOL_VERSION };
    case 'timeout':
    case 'no answer':
    case 'tie':
      return { code: STOP.clear };
    default:
      return reason satisfies never;
  }
}

// What the main thread writes into records for the worker: options as bits, the keys of legs.

import type { Ipv4Prefix } from '../../../firmware/bytes/ip.ts';
import type { L2tpLeg, PppoeLeg, SessionOptions } from '../../../firmware/hal/dataplane.ts';
import { OPTION, OPTION_SEQUENCE } from './layout.ts';

/** Octets of the pairs of address and mask that prefixes become. */
export const pairOctets = (routes: readonly Ipv4Prefix[] = [], sources: readonly Ipv4Prefix[] = []): number => (routes.length + sources.length) * 8;

/** A tunnel's session by its local ids; a port's by its number and peer. */
export const idsOf = (leg: L2tpLeg): number => leg.localTunnel * 65536 + leg.localSession;
export const peerOf = (leg: PppoeLeg): string => `${leg.session} ${leg.peer.join(':')}`;

/** The options given as bits of OPTION. */
export function bitsOf(options: Partial<SessionOptions>): number {
  return (
    (options.ipv4 === true ? OPTION.IPV4 : 0) |
    (options.ipv6 === true ? OPTION.IPV6 : 0) |
    (options.sequence === 'on' ? OPTION.SEQUENCE_ON : 0) |
    (options.sequence === 'follow' ? OPTION.SEQUENCE_FOLLOW : 0) |
    (options.checksum === true ? OPTION.CHECKSUM : 0) |
    (options.acfc === true ? OPTION.ACFC : 0) |
    (options.pfc === true ? OPTION.PFC : 0) |
    (options.trace === true ? OPTION.TRACE : 0)
  );
}

/** Which of those bits a change speaks about. */
export function maskOfChange(change: Partial<SessionOptions>): number {
  return (
    (change.ipv4 === undefined ? 0 : OPTION.IPV4) |
    (change.ipv6 === undefined ? 0 : OPTION.IPV6) |
    (change.sequence === undefined ? 0 : OPTION_SEQUENCE) |
    (change.checksum === undefined ? 0 : OPTION.CHECKSUM) |
    (change.acfc === undefined ? 0 : OPTION.ACFC) |
    (change.pfc === undefined ? 0 : OPTION.PFC) |
    (change.trace === undefined ? 0 : OPTION.TRACE)
  );
}

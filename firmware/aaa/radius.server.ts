// A RADIUS server as the operator adds it, and what is known of it.

import type { Ipv4 } from '../bytes/ip.ts';
import type { Secret } from '../bytes/secret.ts';

/** Authentication and accounting have ports, identifiers and life of their own. */
export type Lane = 'login' | 'account';

export interface RadiusServer {
  readonly address: Ipv4;
  readonly port: number;
  /** 0: this server does no accounting. */
  readonly accPort: number;
  readonly secret: Secret;
  /** Whether answers to logins without Message-Authenticator are ignored. */
  readonly messageAuth: 'REQUIRED' | 'OPTIONAL';
}

export interface ServerCounters {
  requests: number;
  retransmissions: number;
  timeouts: number;
  accepts: number;
  rejects: number;
  challenges: number;
  responses: number;
  /** No RADIUS packet, or no answer to such a request. */
  malformed: number;
  /** Made by somebody who does not know the secret. */
  forged: number;
  /** Without the Message-Authenticator that is required. */
  unsigned: number;
  /** Nothing waits for it: late, or a duplicate. */
  unexpected: number;
}

export interface ServerState {
  readonly server: RadiusServer;
  readonly counters: ServerCounters;
  readonly login: 'alive' | 'dead' | 'silent';
  readonly account: 'alive' | 'dead' | 'silent' | 'off';
  readonly waiting: number;
}

export const freshCounters = (): ServerCounters => ({
  requests: 0, retransmissions: 0, timeouts: 0, accepts: 0, rejects: 0, challenges: 0, responses: 0, malformed: 0, forged: 0, unsigned: 0, unexpected: 0,
});

// The LNSs that a USER entry names for a caller, and in which order they are tried: by address, by DNS, by RADIUS (AR740 command reference 2.6,
// ADD L2TP USER; RFC 2868 3.9). An LNS that just failed comes last.

import { ANY_IPV4, type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import { printable } from '../bytes/text.ts';
import type { Millis } from '../bytes/time.ts';
import type { Numbering } from './calls.ts';
import type { L2tpOwner, TunnelOffer } from './link.ts';
import { DEFAULT_LNS_PORT, type UserEntry, domainOf } from './users.ts';

/** One LNS for one call, and how its tunnel is to be opened. */
export interface Candidate {
  readonly peer: Ipv4;
  readonly port: number;
  readonly password: string | undefined;
  readonly pre13: boolean;
  readonly hostName: string | undefined;
  readonly assignment: string | undefined;
  readonly longestTimeout: Millis;
  readonly privateGroup: string | undefined;
  readonly number: Numbering;
}

export type Found = (answer: readonly Candidate[] | { readonly refused: string }, now: Millis) => void;

/** How long an LNS that failed is tried last (our limit). */
export const FAILED_FOR: Millis = 60_000;
/** LNSs that are tried for one call (our limit: the caller does not wait for more). */
const MOST = 16;
/** LNSs whose failure is remembered at once. */
const MEMORY = 1024;

export interface Search {
  readonly entry: UserEntry;
  /** As the caller gave it. */
  readonly name: string | undefined;
  readonly owner: Pick<L2tpOwner, 'resolve' | 'tunnels'>;
  /** Evenly spread in 0..1. */
  chance(): number;
}

/** Looks for the LNSs of a caller. `done` is called once, at once or later. */
export function findCandidates({ entry, name, owner, chance }: Search, done: Found, now: Millis): void {
  const domain = name === undefined ? undefined : domainOf(name);
  switch (entry.action) {
    case 'DATABASE':
      return done(entry.ip === undefined ? [] : [candidate(entry, entry.ip)], now);
    case 'DNSLOOKUP': {
      if (domain === undefined || domain === '') return done({ refused: 'the name has no domain to look up (ACTION=DNSLOOKUP)' }, now);
      const host = entry.prefix === undefined ? domain : `${entry.prefix}.${domain}`;
      if (!isHost(host)) return done({ refused: `${printable(host).slice(0, 64)} is no name that DNS could know` }, now);
      return owner.resolve(host, (answer, at) => {
        if ('refused' in answer) return done({ refused: `no address for ${printable(host)}: ${answer.refused}` }, at);
        const servers = [...new Set(answer.addresses)].filter((address) => address !== ANY_IPV4);
        if (servers.length === 0) return done({ refused: `no address for ${printable(host)}` }, at);
        done(servers.slice(0, MOST).map((server) => candidate(entry, server)), at);
      });
    }
    case 'RADIUS': {
      const asked = domain === undefined || domain === '' ? name : domain;
      if (asked === undefined) return done({ refused: 'there is no name to ask RADIUS for (ACTION=RADIUS)' }, now);
      return owner.tunnels(asked, (answer, at) => {
        if ('refused' in answer) return done({ refused: answer.refused }, at);
        if (answer.length === 0) return done({ refused: `RADIUS names no LNS for ${printable(asked)}` }, at);
        done(byPreference(answer, chance).map((offer) => offered(entry, offer)), at);
      });
    }
    case 'IGNORE':
      return done([], now);
    default:
      return entry.action satisfies never;
  }
}

/** RFC 1123 2.1, underscores too. An address is no name: a caller must not choose where his call goes but by DNS. */
const isHost = (text: string): boolean => text.length <= 253 && /^(?:[\w-]{1,63}\.)*[\w-]*[a-z][\w-]*\.?$/i.test(text) && !/[\w-]{64}/.test(text);

const candidate = (entry: UserEntry, peer: Ipv4): Candidate => ({
  peer, port: entry.port ?? DEFAULT_LNS_PORT, password: entry.password, pre13: entry.pre13 === 'ON', hostName: undefined, assignment: undefined,
  longestTimeout: entry.timeout * 1000, privateGroup: undefined, number: entry.number,
});

const offered = (entry: UserEntry, offer: TunnelOffer): Candidate => ({
  ...candidate(entry, offer.server),
  password: offer.password?.reveal() ?? entry.password,
  hostName: offer.hostName,
  assignment: offer.assignment,
  privateGroup: offer.privateGroup,
});

/** The offers of RADIUS by preference, the lowest first; equal ones in an order of chance, so that callers spread over them. */
export function byPreference(offers: readonly TunnelOffer[], chance: () => number): TunnelOffer[] {
  return offers
    .map((offer) => ({ offer, dice: chance() }))
    .sort((a, b) => a.offer.preference - b.offer.preference || a.dice - b.dice)
    .slice(0, MOST)
    .map(({ offer }) => offer);
}

/** Which LNSs failed of late. */
export class Failures {
  readonly #until = new Map<string, Millis>();

  failed({ peer, port }: LnsAddress, now: Millis): void {
    const key = keyOf({ peer, port });
    this.#until.delete(key);
    if (this.#until.size >= MEMORY) {
      const oldest = this.#until.keys().next();
      if (oldest.done !== true) this.#until.delete(oldest.value);
    }
    this.#until.set(key, now + FAILED_FOR);
  }

  /** It answered. */
  reached(at: LnsAddress): void {
    this.#until.delete(keyOf(at));
  }

  /** `candidates` in their order, those that failed of late behind the others. */
  last(candidates: readonly Candidate[], now: Millis): Candidate[] {
    const bad = (one: Candidate): boolean => (this.#until.get(keyOf(one)) ?? 0) > now;
    return [...candidates.filter((one) => !bad(one)), ...candidates.filter(bad)];
  }
}

export interface LnsAddress {
  readonly peer: Ipv4;
  readonly port: number;
}

const keyOf = ({ peer, port }: LnsAddress): string => `${formatIpv4(peer)}:${port}`;

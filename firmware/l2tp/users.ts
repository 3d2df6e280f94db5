// Which dial-in users a LAC relays, and to which LNS (ADD/SET/DELETE L2TP USER).

import type { Ipv4 } from '../bytes/ip.ts';
import { type Message, messages } from '../cli/messages.ts';
import type { Numbering } from './calls.ts';

export type UserAction = 'DATABASE' | 'DNSLOOKUP' | 'IGNORE' | 'RADIUS';
/** A kind of user, or a domain: those named `name@domain`. */
export type UserKind = 'ALL' | 'LOCAL' | 'NONE' | 'REMOTE' | { readonly value: string };

export interface UserEntry {
  readonly user: UserKind;
  readonly action: UserAction;
  /** The LNS, with ACTION=DATABASE only. */
  readonly ip?: Ipv4 | undefined;
  /** The LNS's UDP port, with ACTION=DATABASE only. */
  readonly port?: number | undefined;
  readonly number: Numbering;
  /** The LNS's L2TP server password. */
  readonly password?: string | undefined;
  readonly pre13: 'ON' | 'OFF';
  /** Put before the user's domain to make the name of the LNS, with ACTION=DNSLOOKUP only. */
  readonly prefix?: string | undefined;
  /** Longest retransmission interval on the tunnels this entry opens, seconds, 8..300. */
  readonly timeout: number;
}

export const USER_DEFAULTS = { number: 'OFF', pre13: 'OFF', timeout: 20 } as const;
export const DEFAULT_LNS_PORT = 1701;

export type UserChange = { readonly [K in keyof Omit<UserEntry, 'user'>]?: UserEntry[K] | undefined };

export class Users {
  readonly #entries = new Map<string, UserEntry>();

  list(): readonly UserEntry[] {
    return [...this.#entries.values()];
  }

  get(user: UserKind): UserEntry | undefined {
    return this.#entries.get(keyOf(user));
  }

  /**
   * The most specific entry for the name that a caller gave, whatever its ACTION: its domain (what stands behind the last @), then LOCAL or
   * REMOTE, then ALL. Undefined name: nothing had to be proved, only NONE is for such callers.
   */
  match(name: string | undefined): UserEntry | undefined {
    if (name === undefined) return this.get('NONE');
    const domain = domainOf(name);
    if (domain === undefined) return this.get('LOCAL') ?? this.get('ALL');
    return this.get({ value: domain }) ?? this.get('REMOTE') ?? this.get('ALL');
  }

  mayAdd(entry: UserEntry): Message | undefined {
    if (this.get(entry.user) !== undefined) return messages.l2tp.userExists(printUser(entry.user));
    return conflict(entry);
  }

  add(entry: UserEntry): void {
    this.#entries.set(keyOf(entry.user), entry);
  }

  maySet(user: UserKind, change: UserChange): Message | undefined {
    const entry = this.get(user);
    return entry === undefined ? messages.l2tp.userNotFound(printUser(user)) : conflict(merge(entry, change));
  }

  set(user: UserKind, change: UserChange): void {
    const entry = this.get(user);
    if (entry !== undefined) this.#entries.set(keyOf(user), merge(entry, change));
  }

  mayRemove(user: UserKind): Message | undefined {
    return this.get(user) === undefined ? messages.l2tp.userNotFound(printUser(user)) : undefined;
  }

  remove(user: UserKind): void {
    this.#entries.delete(keyOf(user));
  }
}

/** `all`, `local`, `none`, `remote` or the domain, as SHOW L2TP USER prints it. */
export const printUser = (user: UserKind): string => (typeof user === 'string' ? user.toLowerCase() : user.value);

/** What stands behind the last @ of a user's name; undefined where there is none. */
export function domainOf(name: string): string | undefined {
  const at = name.lastIndexOf('@');
  return at < 0 ? undefined : name.slice(at + 1);
}

// A domain may be spelt like a keyword only inside quotes; the mark keeps the two apart.
const keyOf = (user: UserKind): string => (typeof user === 'string' ? user : `@${user.value.toLowerCase()}`);

/** A new ACTION takes away the values that only the old one permitted, unless they are given again. */
function merge(entry: UserEntry, change: UserChange): UserEntry {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const kept = { ...entry };
  if (change.action !== undefined && change.action !== 'DATABASE') kept.ip = kept.port = undefined;
  if (change.action !== undefined && change.action !== 'DNSLOOKUP') kept.prefix = undefined;
  return { ...kept, ...given };
}

function conflict(entry: UserEntry): Message | undefined {
  if (entry.action === 'DATABASE' && entry.ip === undefined) return messages.l2tp.neededWith('IP', 'ACTION=DATABASE');
  if (entry.action !== 'DATABASE' && entry.ip !== undefined) return messages.l2tp.onlyWith('IP', 'ACTION=DATABASE');
  if (entry.action !== 'DATABASE' && entry.port !== undefined) return messages.l2tp.onlyWith('PORT', 'ACTION=DATABASE');
  if (entry.action !== 'DNSLOOKUP' && entry.prefix !== undefined) return messages.l2tp.onlyWith('PREFIX', 'ACTION=DNSLOOKUP');
  return undefined;
}

// The user database: who may log in, and whom PPP lets in (ADD, SET, DELETE USER of the AR740 command reference).

import { ANY_IPV4, type Ipv4 } from '../bytes/ip.ts';
import { Secret } from '../bytes/secret.ts';
import { messages, type Message } from '../cli/messages.ts';
import type { Crypto, Random } from '../hal/clock.ts';
import { digestOf, isDigest, parseDigest, verifyPassword, type StoredPassword } from './password.ts';

export type Privilege = 'USER' | 'MANAGER' | 'SECURITYOFFICER';

/** What an operator says of one user; absent values are not set. */
export interface UserSettings {
  readonly description: string;
  readonly privilege: Privilege;
  /** May log in to the command line; else the entry serves PPP alone. */
  readonly login: boolean;
  /** May open TELNET sessions from this router. */
  readonly telnet: boolean;
  readonly callingNumber?: string | undefined;
  readonly cbNumber?: string | undefined;
  /** Address and mask that PPP gives this user instead of one from a pool. */
  readonly ipAddress?: Ipv4 | undefined;
  readonly netmask?: Ipv4 | undefined;
  readonly ipxNetwork?: string | undefined;
  /** 40..1500 octets. */
  readonly mtu?: number | undefined;
}

/** One entry of the database. */
export interface User extends UserSettings {
  readonly name: string;
  readonly password: StoredPassword;
  readonly enabled: boolean;
  /** The password is the one the box is made with: good at the physical console alone. */
  readonly factory: boolean;
}

/** Counters of one user since start or RESET USER. */
export interface UserCounters {
  logins: number;
  loginFails: number;
  authentications: number;
  authenticationFails: number;
}

export type UserChange = { readonly [K in keyof UserSettings]?: UserSettings[K] | undefined };

/** SET USER without a name, with AlliedWare's ranges; seconds where a time. */
export const POLICY_DEFAULTS = { loginfail: 5, lockoutpd: 600, manpwdfail: 3, securedelay: 60, minpwdlen: 6, tacretries: 3, tactimeout: 5 } as const;
export type UserPolicy = { readonly [K in keyof typeof POLICY_DEFAULTS]: number };

/** The account of a new box. */
const FACTORY = { name: 'manager', password: 'friend' } as const;

const zero = (): UserCounters => ({ logins: 0, loginFails: 0, authentications: 0, authenticationFails: 0 });

/** How password digests are made. */
export interface UsersParts {
  readonly crypto: Crypto;
  readonly random: Random;
}

export class Users {
  readonly #parts: UsersParts;
  readonly #users = new Map<string, User>();
  readonly #counters = new Map<string, UserCounters>();
  policy: UserPolicy = POLICY_DEFAULTS;

  constructor(parts: UsersParts) {
    this.#parts = parts;
    this.#put({
      name: FACTORY.name,
      description: 'Manager Account',
      privilege: 'MANAGER',
      login: true,
      telnet: true,
      password: digestOf(FACTORY.password, parts),
      enabled: true,
      factory: true,
    });
  }

  /** The entry of that name in any case. */
  get(name: string): User | undefined {
    return this.#users.get(name.toLowerCase());
  }

  /** In the order they were added. */
  list(): readonly User[] {
    return [...this.#users.values()];
  }

  counters(name: string): UserCounters {
    const key = name.toLowerCase();
    const counters = this.#counters.get(key) ?? zero();
    if (this.#users.has(key)) this.#counters.set(key, counters);
    return counters;
  }

  mayAdd(name: string, password: string): Message | undefined {
    if (this.get(name) !== undefined) return messages.user.exists(name);
    return this.mayUsePassword(password);
  }

  add(name: string, password: string, settings: UserSettings): User {
    return this.#put({ ...settings, name, enabled: true, ...this.#stored(name, password, settings.login) });
  }

  maySet(name: string, change: UserChange & { readonly password?: string | undefined }): Message | undefined {
    const user = this.get(name);
    if (user === undefined) return messages.user.notFound(name);
    const losesLogin = change.login === false || (change.privilege !== undefined && change.privilege === 'USER');
    if (losesLogin && this.#isLastManager(user)) return messages.user.lastManager(user.name);
    return change.password === undefined ? undefined : this.mayUsePassword(change.password);
  }

  /** Changes what is given; the password of a user who may log in is digested, and stays a digest when LOGIN is taken away. */
  set(name: string, change: UserChange & { readonly password?: string | undefined }): User | undefined {
    const user = this.get(name);
    if (user === undefined) return undefined;
    const { password, ...rest } = change;
    const next = { ...user, ...given(rest) };
    if (password !== undefined) return this.#put({ ...next, ...this.#stored(user.name, password, next.login) });
    if (next.login && user.password.kind === 'clear') return this.#put({ ...next, ...this.#stored(user.name, user.password.secret.reveal(), true) });
    return this.#put(next);
  }

  mayDelete(name: string): Message | undefined {
    const user = this.get(name);
    if (user === undefined) return messages.user.notFound(name);
    return this.#isLastManager(user) ? messages.user.lastManager(user.name) : undefined;
  }

  delete(name: string): void {
    this.#users.delete(name.toLowerCase());
    this.#counters.delete(name.toLowerCase());
  }

  /** Deletes everybody but the built-in account, or but the managers where that is gone. */
  purge(): void {
    const builtIn = this.get(FACTORY.name);
    for (const user of this.list()) if (builtIn === undefined ? user.privilege === 'USER' : user !== builtIn) this.delete(user.name);
    if (builtIn !== undefined && !builtIn.enabled) this.#put({ ...builtIn, enabled: true });
  }

  mayEnable(name: string, enabled: boolean): Message | undefined {
    const user = this.get(name);
    if (user === undefined) return messages.user.notFound(name);
    if (!enabled && this.#isLastManager(user)) return messages.user.lastManager(user.name);
    if (user.enabled === enabled) return enabled ? messages.user.alreadyEnabled(user.name) : messages.user.alreadyDisabled(user.name);
    return undefined;
  }

  enable(name: string, enabled: boolean): void {
    const user = this.get(name);
    if (user !== undefined) this.#put({ ...user, enabled });
  }

  resetCounters(name: string | undefined): void {
    if (name === undefined) this.#counters.clear();
    else this.#counters.delete(name.toLowerCase());
  }

  /** Why `password` may not be set: too short for SET USER MINPWDLEN. A digest is taken as it is. */
  mayUsePassword(password: string): Message | undefined {
    return !isDigest(password) && [...password].length < this.policy.minpwdlen ? messages.user.passwordShort(this.policy.minpwdlen) : undefined;
  }

  /** True where `password` is the user's; takes as long for a user that does not exist. */
  verify(name: string, password: string): boolean {
    const user = this.get(name);
    const right = verifyPassword(user?.password ?? NOBODY, password, this.#parts.crypto);
    return user !== undefined && right;
  }

  // What PPP asks (joined by the appliance): a disabled user is as good as none.

  /** Judges a PAP request (RFC 1334 2.2). */
  judgePap(name: string, password: string): boolean {
    return this.get(name)?.enabled === true && this.verify(name, password);
  }

  /** The clear password for CHAP and MS-CHAP; 'digest' where it cannot be read back, undefined for an unknown or disabled user. */
  secretOf(name: string): Secret | 'digest' | undefined {
    const user = this.get(name);
    if (user === undefined || !user.enabled) return undefined;
    return user.password.kind === 'clear' ? user.password.secret : 'digest';
  }

  /** Counts a verdict that PPP came to. */
  countAuthentication(name: string, outcome: 'accepted' | 'refused'): void {
    const counters = this.counters(name);
    if (outcome === 'accepted') counters.authentications++;
    else counters.authenticationFails++;
  }

  #stored(name: string, password: string, login: boolean): Pick<User, 'password' | 'factory'> {
    const digest = parseDigest(password);
    const factoryName = name.toLowerCase() === FACTORY.name;
    const factory = factoryName && (digest === undefined ? password === FACTORY.password : verifyPassword(digest, FACTORY.password, this.#parts.crypto));
    if (digest !== undefined) return { password: digest, factory };
    return { password: login ? digestOf(password, this.#parts) : { kind: 'clear', secret: new Secret(password) }, factory };
  }

  #isLastManager(user: User): boolean {
    const runs = (u: User): boolean => u.enabled && u.login && u.privilege !== 'USER';
    return runs(user) && !this.list().some((other) => other !== user && runs(other));
  }

  #put(given: User): User {
    // 0.0.0.0 is how an operator takes the address away.
    const user = given.ipAddress === ANY_IPV4 ? { ...given, ipAddress: undefined, netmask: undefined } : given;
    this.#users.set(user.name.toLowerCase(), user);
    return user;
  }
}

/** What the password of an unknown user is compared with: nothing matches it, and it takes as long. */
const NOBODY: StoredPassword = { kind: 'digest', salt: new Uint8Array(8), digest: new Uint8Array(16) };

/** Only the values that are given, so that an absent parameter leaves what was set. */
function given(change: UserChange): Partial<UserSettings> {
  const { description, privilege, login, telnet, callingNumber, cbNumber, ipAddress, netmask, ipxNetwork, mtu } = change;
  return {
    ...(description === undefined ? {} : { description }),
    ...(privilege === undefined ? {} : { privilege }),
    ...(login === undefined ? {} : { login }),
    ...(telnet === undefined ? {} : { telnet }),
    ...(callingNumber === undefined ? {} : { callingNumber }),
    ...(cbNumber === undefined ? {} : { cbNumber }),
    ...(ipAddress === undefined ? {} : { ipAddress }),
    ...(netmask === undefined ? {} : { netmask }),
    ...(ipxNetwork === undefined ? {} : { ipxNetwork }),
    ...(mtu === undefined ? {} : { mtu }),
  };
}

// Who is let in at a prompt: passwords checked, guesses counted per source, a source that guesses too often locked out
// (SET USER LOGINFAIL and LOCKOUTPD of the AR740 command reference).

import type { Millis } from '../bytes/time.ts';
import { printable } from '../bytes/text.ts';
import type { Level } from '../cli/command.ts';
import { messages, type Message } from '../cli/messages.ts';
import type { Log } from '../log/log.ts';
import type { Privilege, Users } from './users.ts';

/** Where a login comes from: 'console' is the physical one. */
export type LoginKind = 'console' | 'telnet' | 'ssh' | 'web';

export interface LoginAttempt {
  readonly user: string;
  readonly password: string;
  readonly kind: LoginKind;
  /** The session's origin: 'asyn0', '192.168.1.5:40123'. Guesses are counted per origin without port. */
  readonly from: string;
  readonly now: Millis;
}

export type LoginVerdict = { readonly kind: 'accepted'; readonly user: string; readonly level: Level } | { readonly kind: 'refused'; readonly message: Message };

/** Counters that SHOW USER CONFIGURATION prints. */
export interface LoginCounters {
  logins: number;
  unknownLoginNames: number;
  totalPwdFails: number;
  managerPwdFails: number;
  managerPwdChanges: number;
  loginLockouts: number;
}

interface Guesses {
  fails: number;
  /** When the lock ends; 0 = not locked. */
  until: Millis;
}

/** Sources whose failures are remembered (our limit); the one that failed longest ago is forgotten first. */
const SOURCES = 1024;

export const levelOf = (privilege: Privilege): Level => (privilege === 'USER' ? 'user' : privilege === 'MANAGER' ? 'manager' : 'security');

/** Judges logins. `users` holds the accounts and the policy. */
export class Logins {
  readonly #users: Users;
  readonly #log: Log;
  readonly #guesses = new Map<string, Guesses>();
  counters: LoginCounters = fresh();

  constructor(users: Users, log: Log) {
    this.#users = users;
    this.#log = log;
  }

  /** Judges a user name and password typed at a prompt. The caller asks again after a refusal. */
  authenticate(attempt: LoginAttempt): LoginVerdict {
    const source = sourceOf(attempt.from);
    const locked = this.#lockedFor(source, attempt.now);
    if (locked > 0) return this.#refuse(messages.user.locked(locked));
    const user = this.#users.get(attempt.user);
    const right = this.#users.verify(attempt.user, attempt.password);
    if (user === undefined) this.counters.unknownLoginNames++;
    if (user === undefined || !right || !user.enabled || !user.login) {
      this.#failed(attempt, source);
      return this.#refuse(messages.user.incorrect());
    }
    if (user.factory && attempt.kind !== 'console') {
      this.#note(5, 'FAIL', attempt, 'refused: the factory password is valid on the console only; change it there with SET PASSWORD');
      return this.#refuse(messages.user.factoryPassword());
    }
    this.#guesses.delete(source);
    this.counters.logins++;
    this.#users.counters(user.name).logins++;
    this.#note(3, 'LON', attempt, 'logged in');
    return { kind: 'accepted', user: user.name, level: levelOf(user.privilege) };
  }

  /** The password of a user was changed by SET PASSWORD or SET USER; `by` says by whom and from where. */
  countChange(name: string, by: string): void {
    if (this.#users.get(name)?.privilege !== 'USER') this.counters.managerPwdChanges++;
    this.#log.add({ module: 'USER', severity: 4, type: 'USER', subtype: 'PASS', text: printable(`${name}: password changed by ${by}`) });
  }

  /** Forgets failures and locks, and the counters (RESET USER). */
  reset(): void {
    this.#guesses.clear();
    this.counters = fresh();
  }

  #refuse(message: Message): LoginVerdict {
    return { kind: 'refused', message };
  }

  /** Whole seconds that the source stays locked; 0 where it is not. */
  #lockedFor(source: string, now: Millis): number {
    const guesses = this.#guesses.get(source);
    if (guesses === undefined || guesses.until === 0) return 0;
    if (guesses.until > now) return Math.ceil((guesses.until - now) / 1000);
    this.#guesses.delete(source);
    return 0;
  }

  #failed(attempt: LoginAttempt, source: string): void {
    this.counters.totalPwdFails++;
    const user = this.#users.get(attempt.user);
    if (user !== undefined) this.#users.counters(user.name).loginFails++;
    if (user !== undefined && user.privilege !== 'USER') this.counters.managerPwdFails++;
    const guesses = this.#guesses.get(source) ?? { fails: 0, until: 0 };
    guesses.fails++;
    this.#guesses.delete(source);
    this.#guesses.set(source, guesses);
    if (this.#guesses.size > SOURCES) {
      const oldest = this.#guesses.keys().next();
      if (oldest.done !== true) this.#guesses.delete(oldest.value);
    }
    const { loginfail, lockoutpd } = this.#users.policy;
    if (guesses.fails < loginfail) return this.#note(5, 'FAIL', attempt, `refused: wrong name or password, failure ${guesses.fails} of ${loginfail}`);
    guesses.until = attempt.now + lockoutpd * 1000;
    this.counters.loginLockouts++;
    this.#note(6, 'LOCK', attempt, `refused ${loginfail} times: no login from there for ${lockoutpd} s`);
  }

  #note(severity: 3 | 5 | 6, subtype: string, attempt: LoginAttempt, what: string): void {
    // A name that is no user's may be a password typed at the wrong prompt.
    const name = this.#users.get(attempt.user)?.name ?? '(unknown user)';
    this.#log.add({ module: 'USER', severity, type: 'USER', subtype, text: printable(`${name} from ${attempt.from} (${attempt.kind}): ${what}`), source: `login ${sourceOf(attempt.from)}` });
  }
}

/** The origin without its port, which changes with every connection. */
const sourceOf = (from: string): string => from.replace(/:\d+$/, '');

const fresh = (): LoginCounters => ({
  logins: 0,
  unknownLoginNames: 0,
  totalPwdFails: 0,
  managerPwdFails: 0,
  managerPwdChanges: 0,
  loginLockouts: 0,
});

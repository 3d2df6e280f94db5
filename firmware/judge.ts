// Who a PPP peer is: the join of the rooms aaa and ppp. The user database first, then RADIUS (AlliedWare Operation chapter), as LOGIN of
// a PPP template narrows it; whoever fails again and again waits for the answer. Only appliance.ts uses it.

import type { Slowdown } from './aaa/slowdown.ts';
import type { Users } from './aaa/users.ts';
import { formatIpv4 } from './bytes/ip.ts';
import { printable } from './bytes/text.ts';
import type { Millis } from './bytes/time.ts';
import type { Clock, Crypto } from './hal/clock.ts';
import { verifyAttempt, type Attempt, type Verdict } from './ppp/auth.ts';
import type { Judged, Party } from './party.ts';

/** LOGIN of a PPP template. */
export type Databases = 'ALL' | 'RADIUS' | 'TACACS' | 'USER';

/** What a RADIUS server says of a caller. */
export type RadiusJudge = (attempt: Attempt, party: Party | undefined, answer: Judged, now: Millis) => void;

export interface JudgeParts {
  readonly users: Users;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly slowdown: Slowdown;
  /** Undefined while no RADIUS server is configured. */
  radius(): RadiusJudge | undefined;
}

export class Judge {
  readonly #parts: JudgeParts;

  constructor(parts: JudgeParts) {
    this.#parts = parts;
  }

  /** Judges an attempt of a caller, or of the peer of a static interface ('ppp1'); `answer` is called once, at once or later. */
  judge(attempt: Attempt, by: Databases, who: Party | string, answer: Judged, now: Millis): void {
    const { slowdown, clock } = this.#parts;
    const source = sourceOf(who);
    const settle: Judged = (verdict, at, grant) => {
      if (verdict.accepted) {
        slowdown.succeeded(source, at);
        return answer(verdict, at, grant);
      }
      slowdown.failed(source, at);
      const wait = slowdown.delay(source, at);
      if (wait === 0) answer(verdict, at);
      else clock.at(at + wait, () => answer(verdict, clock.now()));
    };
    this.#ask(attempt, by, typeof who === 'string' ? undefined : who, settle, now);
  }

  #ask(attempt: Attempt, by: Databases, party: Party | undefined, answer: Judged, now: Millis): void {
    if (by === 'TACACS') return answer({ accepted: false, reason: 'LOGIN=TACACS of its template is not available in this build' }, now);
    const { users } = this.#parts;
    const radius = this.#parts.radius();
    if (by === 'USER' || (by === 'ALL' && (radius === undefined || users.secretOf(attempt.name) !== undefined))) return answer(this.#local(attempt), now);
    if (radius === undefined) return answer({ accepted: false, reason: 'LOGIN=RADIUS of its template, and no RADIUS server is configured (ADD RADIUS SERVER)' }, now);
    radius(attempt, party, answer, now);
  }

  /** By the user database; an accepted attempt carries the user's own address, where he has one. */
  #local(attempt: Attempt): Verdict {
    const { users } = this.#parts;
    const verdict = this.#proof(attempt);
    users.countAuthentication(attempt.name, verdict.accepted ? 'accepted' : 'refused');
    const address = users.get(attempt.name)?.ipAddress;
    return verdict.accepted && address !== undefined ? { ...verdict, address } : verdict;
  }

  #proof(attempt: Attempt): Verdict {
    const { users, crypto } = this.#parts;
    const name = printable(attempt.name);
    const known = users.secretOf(attempt.name);
    if (known === undefined) return { accepted: false, reason: `There is no enabled user ${name}.` };
    if (known !== 'digest') return verifyAttempt(crypto, attempt, known);
    if (attempt.kind !== 'pap') return { accepted: false, reason: `Only a digest of the password of ${name} is kept: it can be proved by PAP only.` };
    return users.judgePap(attempt.name, attempt.password.reveal()) ? { accepted: true } : { accepted: false, reason: `Wrong password for user ${name}.` };
  }
}

/** Whom failures are counted for. The peer of a tunnel by his address alone: he may name another calling number with every call. */
function sourceOf(who: Party | string): string {
  if (typeof who === 'string') return who;
  const { peer, from } = who.call;
  return peer === undefined ? from : formatIpv4(peer);
}

// Who a PPP peer is, by the user database: the join of the rooms aaa and ppp. Only appliance.ts uses it.

import type { Users } from './aaa/users.ts';
import { printable } from './bytes/text.ts';
import type { Crypto } from './hal/clock.ts';
import { verifyAttempt, type Attempt, type Verdict } from './ppp/auth.ts';

/** Judges attempts against `users`; an accepted one carries the user's own address, where he has one. */
export const judgeBy = (users: Users, crypto: Crypto) => (attempt: Attempt): Verdict => {
  const verdict = proof(attempt, users, crypto);
  users.countAuthentication(attempt.name, verdict.accepted ? 'accepted' : 'refused');
  const address = users.get(attempt.name)?.ipAddress;
  return verdict.accepted && address !== undefined ? { ...verdict, address } : verdict;
};

function proof(attempt: Attempt, users: Users, crypto: Crypto): Verdict {
  const name = printable(attempt.name);
  const known = users.secretOf(attempt.name);
  if (known === undefined) return { accepted: false, reason: `There is no enabled user ${name}.` };
  if (known !== 'digest') return verifyAttempt(crypto, attempt, known);
  if (attempt.kind !== 'pap') return { accepted: false, reason: `Only a digest of the password of ${name} is kept: it can be proved by PAP only.` };
  return users.judgePap(attempt.name, attempt.password.reveal()) ? { accepted: true } : { accepted: false, reason: `Wrong password for user ${name}.` };
}

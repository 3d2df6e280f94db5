// RADIUS and callers joined: what a server is asked about a caller, what it gives him, and the accounts of those that are up.

import type { Radius } from './aaa/radius.ts';
import type { TerminateCause } from './aaa/accounting.ts';
import type { RadiusLine, RadiusLogin, RadiusProof } from './aaa/radius.login.ts';
import type { Ipv4, Ipv4Prefix } from './bytes/ip.ts';
import { lengthOf, networkOf } from './bytes/ip.ts';
import type { Millis } from './bytes/time.ts';
import type { Log } from './log/log.ts';
import type { Attempt } from './ppp/auth.ts';
import type { Grant, Judged, Party, Session } from './party.ts';

export interface AccountsParts {
  readonly radius: Radius;
  readonly log: Log;
  /** Our address on the way to another one; 0.0.0.0 = no route. */
  sourceAddress(to: Ipv4): Ipv4;
}

const PORT_TYPE = { L2TP: 'virtual', ISDN: 'isdn', ACC: 'async', PPPOE: 'ethernet' } as const;

/** Why sessions end, as RFC 2866 5.10 counts it; the first that fits. */
const CAUSES: readonly (readonly [RegExp, TerminateCause])[] = [
  [/^No traffic/, 'Idle-Timeout'],
  [/user database allows|ONLINELIMIT|DATALIMIT|limit/i, 'Session-Timeout'],
  [/operator|deactivated|RADIUS/i, 'Admin-Reset'],
  [/router stops|module|DISABLE/i, 'Admin-Reboot'],
  [/stopped answering|unreachable|echo|no answer|line/i, 'Lost-Carrier'],
  [/called again/i, 'Port-Preempted'],
];
const causeOf = (reason: string): TerminateCause => CAUSES.find(([pattern]) => pattern.test(reason))?.[1] ?? 'User-Request';

export class Accounts {
  readonly #parts: AccountsParts;
  /** Acct-Session-Ids: one for each call, from the first question on. */
  readonly #ids = new WeakMap<Party, string>();

  constructor(parts: AccountsParts) {
    this.#parts = parts;
  }

  get isConfigured(): boolean {
    return this.#parts.radius.isConfigured;
  }

  /** Asks about a caller, or about the peer of a static interface (no party). */
  judge(attempt: Attempt, party: Party | undefined, answer: Judged, now: Millis): void {
    const { radius, log } = this.#parts;
    const login: RadiusLogin = { name: attempt.name, proof: proofOf(attempt), line: this.#line(party) };
    radius.authenticate(
      login,
      (verdict, at) => {
        if (!verdict.accepted) return answer({ accepted: false, reason: verdict.reason }, at);
        for (const text of verdict.ignored) log.add({ module: 'RADIUS', severity: 4, type: 'AUTH', subtype: 'IGNR', text });
        const { success, address, sessionTimeout, idleTimeout } = verdict;
        answer(
          {
            accepted: true,
            ...(success === undefined ? {} : { success: `${success} M=Welcome` }),
            ...(address === undefined ? {} : { address }),
            ...(sessionTimeout === undefined ? {} : { sessionTimeout }),
            ...(idleTimeout === undefined ? {} : { idleTimeout }),
          },
          at,
          grantOf(verdict),
        );
      },
      now,
    );
  }

  /** A caller is up: accounted for until the function is called. */
  began(session: Session, now: Millis): (reason: string, now: Millis) => void {
    const { radius } = this.#parts;
    if (!radius.isConfigured) return () => {};
    const { grant, party } = session;
    const account = radius.begin(
      {
        name: session.user,
        line: this.#line(party),
        class: grant?.class ?? [],
        interim: grant?.interim,
        proved: grant === undefined ? 'local' : 'radius',
        address: () => session.address,
        traffic: () => session.traffic(),
        disconnect: (reason, at) => session.hangUp(reason, at),
        change: (limits, at) => session.limit(limits, at),
      },
      now,
    );
    return (reason, at) => account.end(causeOf(reason), at);
  }

  #line(party: Party | undefined): RadiusLine {
    const { radius, sourceAddress } = this.#parts;
    if (party === undefined) return { nasPort: 0, portType: 'virtual', callingNumber: '', calledNumber: '', sessionId: radius.sessionId() };
    const sessionId = this.#ids.get(party) ?? radius.sessionId();
    this.#ids.set(party, sessionId);
    const { kind, callingNumber, calledNumber } = party.call.line;
    const { peer } = party.call;
    return {
      nasPort: party.number, portType: PORT_TYPE[kind], calledNumber, sessionId,
      callingNumber: callingNumber === '' && kind === 'PPPOE' ? party.call.from : callingNumber,
      ...(peer === undefined ? {} : { tunnel: { client: peer, server: sourceAddress(peer), connection: party.call.serial } }),
    };
  }
}

const proofOf = (attempt: Attempt): RadiusProof =>
  attempt.kind === 'pap'
    ? { kind: 'pap', password: attempt.password }
    : { kind: attempt.algorithm === 'MSCHAPv2' ? 'mschapv2' : 'chap', id: attempt.id, challenge: attempt.challenge, response: attempt.response };

function grantOf({ address, netmask, pool, routes, dns, class: given, interim }: Extract<Parameters<Parameters<Radius['authenticate']>[1]>[0], { accepted: true }>): Grant {
  const length = netmask === undefined ? undefined : lengthOf(netmask);
  // A netmask names the network that the caller brings with him (RFC 2865 5.9).
  const own: Ipv4Prefix[] = address === undefined || length === undefined || length === 0 || length >= 32 ? [] : [networkOf(address, length)];
  return { pool, networks: [...own, ...routes.map(({ prefix }) => prefix)], dns, class: given, interim };
}

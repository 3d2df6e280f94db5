// Who failures of authentication are counted for, when the rooms are joined.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { libraryCrypto } from '../../board/linux/crypto.ts';
import { SeededRandom, World } from '../../board/sim/world.ts';
import { Slowdown } from '../../firmware/aaa/slowdown.ts';
import { Users } from '../../firmware/aaa/users.ts';
import { parseIpv4 } from '../../firmware/bytes/ip.ts';
import { Secret } from '../../firmware/bytes/secret.ts';
import { Judge } from '../../firmware/judge.ts';
import type { Party } from '../../firmware/party.ts';

/** A judge without users; how long after a guess the refusal comes. */
function guesses(): (who: Party | string) => number {
  const world = new World(1);
  const judge = new Judge({ users: new Users({ crypto: libraryCrypto, random: new SeededRandom(1) }), crypto: libraryCrypto, clock: world.clock(), slowdown: new Slowdown(), radius: () => undefined });
  return (who) => {
    const began = world.now;
    let after = -1;
    judge.judge({ kind: 'pap', name: 'nobody', id: 1, password: new Secret('guess') }, 'ALL', who, ({ accepted }, now) => {
      assert.not(accepted);
      after = now - began;
    }, began);
    world.run(60_000, () => after >= 0);
    return after;
  };
}

const party = (callingNumber: string, peer: string | undefined): Party => ({
  number: 0,
  call: {
    template: 0, over: 'TNL-x', from: callingNumber, peer: peer === undefined ? undefined : parseIpv4(peer), serial: '',
    line: { kind: peer === undefined ? 'ISDN' : 'L2TP', callingNumber, calledNumber: '', subAddress: '', speed: 64_000, bearer: 'digital', framing: 'sync' },
  },
});

test('a guesser in a tunnel gains nothing by another calling number with every call; another tunnel is not slowed', () => {
  const guess = guesses();
  assert.equal(Array.from({ length: 6 }, (_, i) => guess(party(`03${i}`, '1.1.1.1'))), [0, 0, 1000, 2000, 4000, 8000]);
  assert.is(guess(party('030', '1.1.1.2')), 0);
});

test('callers of lines without a tunnel are told apart by their number', () => {
  const guess = guesses();
  assert.equal(Array.from({ length: 4 }, () => guess(party('031', undefined))), [0, 0, 1000, 2000]);
  assert.is(guess(party('032', undefined)), 0);
});

test('who guesses at a static interface is slowed down too', () => {
  const guess = guesses();
  assert.equal(Array.from({ length: 4 }, () => guess('ppp1')), [0, 0, 1000, 2000]);
  assert.is(guess('ppp2'), 0);
});

test.run();

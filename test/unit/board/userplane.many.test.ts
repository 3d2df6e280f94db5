// How many sessions the user plane holds, and how quickly they come and go: a storm of callers at a LAC, two sessions for each.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { MAX_SESSIONS } from '../../../board/linux/userplane/layout.ts';
import { UserPlane } from '../../../board/linux/userplane/plane.ts';
import { ANY_IPV4, toIpv4 } from '../../../firmware/bytes/ip.ts';
import { toSessionKey, type Refusal, type UnderlayId } from '../../../firmware/hal/dataplane.ts';

const CALLS = 20_000;
const OPTIONS = { ipv4: false, ipv6: false, sequence: 'off', checksum: true, acfc: false, pfc: false, mss: 0, mtu: 0, address: ANY_IPV4, trace: false } as const;

function open(plane: UserPlane): UnderlayId {
  const id = plane.listen({ address: ANY_IPV4, port: 0 });
  if (typeof id === 'object') throw new Error(id.refused);
  return id;
}

/** Session `n` of a relay whose sides are 2k and 2k + 1. */
const attach = (plane: UserPlane, underlay: UnderlayId, n: number): Refusal | undefined =>
  plane.attach({
    key: toSessionKey(n + 2), far: { relay: toSessionKey((n ^ 1) + 2) }, options: OPTIONS,
    leg: { kind: 'l2tpv2', underlay, local: ANY_IPV4, peer: toIpv4(0x7f000001), peerPort: 1701, localTunnel: 1 + (n >> 15), localSession: 1 + (n & 0x7fff), peerTunnel: 1, peerSession: 1 },
  });

test('twenty thousand relayed calls come, go and come again within seconds', () => {
  const plane = new UserPlane();
  const underlay = open(plane);
  const started = performance.now();
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 2 * CALLS; n++) assert.is(attach(plane, underlay, n), undefined);
    assert.is(plane.counters(toSessionKey(2 * CALLS + 1))?.inPackets, 0);
    for (let n = 0; n < 2 * CALLS; n++) plane.detach(toSessionKey(n + 2));
    assert.is(plane.counters(toSessionKey(2)), undefined);
  }
  // The worker has obeyed all of it when this returns.
  plane.unlisten(underlay);
  assert.ok(performance.now() - started < 5000, `${(performance.now() - started).toFixed(0)} ms`);
  plane.shutdown();
});

test('the plane says how many sessions it holds when one more is asked for', () => {
  const plane = new UserPlane();
  const underlay = open(plane);
  let n = 0;
  while (n <= MAX_SESSIONS && attach(plane, underlay, n) === undefined) n++;
  assert.is(n, MAX_SESSIONS);
  assert.equal(attach(plane, underlay, n), { refused: `The data plane carries no more than ${MAX_SESSIONS} sessions` });
  plane.detach(toSessionKey(2));
  assert.is(attach(plane, underlay, n), undefined);
  plane.unlisten(underlay);
  assert.is(plane.counters(toSessionKey(3)), undefined);
  plane.shutdown();
});

test.run();

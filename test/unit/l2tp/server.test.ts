// Two L2TP servers back to back in virtual time: calls of both kinds both ways, the manual's counters, both ends calling at once.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { configure, pair } from './world.ts';

const test = suite('L2TP server');

test('A call with REMOTE comes up as an outgoing call: the caller is the LNS', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  assert.ok(world.run(5000, () => a.links.size === 1 && b.links.size === 1));
  assert.equal(a.events, ['up remote lns']);
  assert.equal(b.events, ['up remote lac']);
});

test('A call with REMOTE counts its control messages as the manual prints them', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.want('remote');
  world.run(2000);
  const [tunnel] = a.server.tunnels();
  assert.equal(tunnel?.counters, {
    in: 3, inWithData: 3, inNoData: 0, processed: 3, inOrder: 3, outOfOrder: 0, orderDiscarded: 0, out: 4, outWithData: 3, outNoData: 1, timeouts: 0,
  });
  assert.is(tunnel?.lastAcked, 2);
  assert.is(tunnel?.nextSent, 3);
  assert.is(tunnel?.nextReceived, 3);
  assert.is(tunnel?.calls[0]?.role, 'LNS');
  assert.is(tunnel?.calls[0]?.state, 'established');
});

test.run();

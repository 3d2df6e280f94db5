// The RADIUS client against servers on a simulated wire.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { accept, Net, papLogin } from './radius.rig.ts';
import type { RadiusVerdict } from '../../../firmware/aaa/radius.login.ts';

test('RADIUS logs a caller in', () => {
  const net = new Net();
  const server = net.server();
  net.radius.putServer(server.as(), net.now);
  const verdicts: RadiusVerdict[] = [];
  net.radius.authenticate(papLogin(), (verdict) => verdicts.push(verdict), net.now);
  net.world.run(50);
  assert.equal(verdicts, [{ accepted: true, routes: [], dns: [], class: [], ignored: [] }]);
  assert.is(server.policy, accept);
});

test.run();

// A relay between two legs with fixed ids on the user plane, without any control plane: for planerelay.ts and the network tests.
// bun plane.lac.ts LEG LEG (see plane.ends.ts); prints READY; SIGUSR1 prints counters; SIGTERM ends it.

import { UserPlane } from '../../board/linux/userplane/plane.ts';
import { toSessionKey } from '../../firmware/hal/dataplane.ts';
import { legs, must, options } from './plane.ends.ts';

const plane = new UserPlane();
const keys = [toSessionKey(1), toSessionKey(2)] as const;
const [first, second] = legs(plane, process.argv.slice(2));
if (first === undefined || second === undefined) throw new Error('two legs are needed');
must(plane.attach({ key: keys[0], leg: first, far: { relay: keys[1] }, options: options() }));
must(plane.attach({ key: keys[1], leg: second, far: { relay: keys[0] }, options: options() }));
process.on('SIGUSR1', () => console.log(JSON.stringify(keys.map((key) => plane.counters(key)))));
process.on('SIGTERM', () => {
  plane.shutdown();
  process.exit(0);
});
setInterval(() => undefined, 1 << 30);
console.log('READY');

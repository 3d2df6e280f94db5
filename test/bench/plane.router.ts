// One end of a session with fixed ids on the user plane, without any control plane: for plane.ts and the network tests.
// bun plane.router.ts DEVICE LEG [MTU] (see plane.ends.ts), or DEVICE LOCAL PEER TUNNEL SESSION PEER-TUNNEL PEER-SESSION [MTU];
// prints READY; SIGUSR1 prints counters; SIGTERM ends it.

import { UserPlane } from '../../board/linux/userplane/plane.ts';
import { toSessionKey } from '../../firmware/hal/dataplane.ts';
import { legs, must, options } from './plane.ends.ts';

const [device = 'ppp0', ...words] = process.argv.slice(2);
const isLeg = words[0]?.includes(',') === true;
const text = isLeg ? (words[0] ?? '') : ['l2tp', ...words.slice(0, 6)].join(',');
const mtu = (isLeg ? words[1] : words[6]) ?? '1460';

const plane = new UserPlane();
const [leg] = legs(plane, [text]);
if (leg === undefined) throw new Error('a leg is needed');
const far = must(plane.open({ kind: 'tun', name: device, mtu: Number(mtu), onDemand: false }));
const key = toSessionKey(1);
must(plane.attach({ key, far, leg, options: options() }));
plane.set(far, { up: true });
process.on('SIGUSR1', () => console.log(JSON.stringify({ session: plane.counters(key), underlay: leg.kind === 'l2tpv2' ? plane.underlayCounters(leg.underlay) : undefined })));
process.on('SIGTERM', () => {
  plane.shutdown();
  process.exit(0);
});
setInterval(() => undefined, 1 << 30);
console.log('READY');

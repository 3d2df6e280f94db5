// Control messages through the user plane: how many a second the main thread can exchange, and how long one takes there and back.
// unshare -n bun test/bench/punts.ts: two planes on the loopback of a network namespace of their own.

import { UserPlane } from '../../board/linux/userplane/plane.ts';
import { parseIpv4, type Ipv4 } from '../../firmware/bytes/ip.ts';
import type { Frame, UnderlayId } from '../../firmware/hal/dataplane.ts';

const OCTETS = 100;
const PORT = 1701;
const SECONDS = 2;

function ip(text: string): Ipv4 {
  const value = parseIpv4(text);
  if (value === undefined) throw new Error(text);
  return value;
}

interface End {
  readonly plane: UserPlane;
  readonly underlay: UnderlayId;
  readonly address: Ipv4;
}

function end(address: Ipv4): End {
  const plane = new UserPlane();
  const underlay = plane.listen({ address, port: PORT });
  if (typeof underlay === 'object') throw new Error(underlay.refused);
  return { plane, underlay, address };
}

const data = new Uint8Array(OCTETS);
data.set([0xc8, 2, 0, OCTETS]);
const frame = (from: End, to: End): Frame => ({ to: 'peer', underlay: from.underlay, local: from.address, peer: to.address, peerPort: PORT, data });

/** Two ends answer each other's messages one for one; `window` of them are under way. Messages a second, both ways counted. */
async function exchange(a: End, b: End, window: number): Promise<number> {
  let count = 0;
  let over = false;
  for (const [self, other] of [[a, b], [b, a]] as const)
    self.plane.onPunt = (batch) => {
      count += batch.length;
      if (!over) self.plane.send(batch.map(() => frame(self, other)));
    };
  const started = performance.now();
  a.plane.send(Array.from({ length: window }, () => frame(a, b)));
  await Bun.sleep(SECONDS * 1000);
  over = true;
  const rate = count / ((performance.now() - started) / 1000);
  await Bun.sleep(200);
  return rate;
}

if (import.meta.main) {
  Bun.spawnSync(['ip', 'link', 'set', 'lo', 'up']);
  const a = end(ip('127.0.0.1'));
  const b = end(ip('127.0.0.2'));
  await exchange(a, b, 16);
  console.log(`one message at a time: ${(2e6 / (await exchange(a, b, 1))).toFixed(0)} us there and back`);
  for (const window of [16, 128, 512]) console.log(`${window} messages under way: ${((await exchange(a, b, window)) / 1000).toFixed(0)} thousand messages a second sent and as many received, by one main thread for both ends`);
  a.plane.shutdown();
  b.plane.shutdown();
  process.exit(0);
}

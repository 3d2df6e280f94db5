// The lab "dynamic": the manual's LAN-to-LAN example with dynamic PPP. Router A, whose LAN is behind NAT, calls router B, which gives it
// an address of a pool.

import { Lans } from './lans.ts';
import type { Lab, LabPlan } from './plan.ts';
import dynamicA from './scripts/dynamic-a.cfg' with { type: 'text' };
import dynamicB from './scripts/dynamic-b.cfg' with { type: 'text' };
import preludeA from './scripts/prelude-a.cfg' with { type: 'text' };
import preludeB from './scripts/prelude-b.cfg' with { type: 'text' };

/** The lowest address of the pool on router B. */
const GIVEN = '192.168.20.200';

class DynamicLab extends Lans implements Lab {
  constructor() {
    super({ a: preludeA + dynamicA, b: preludeB + dynamicB });
  }

  get first(): Lab['first'] {
    return this.a;
  }

  get steps(): Lab['steps'] {
    const { host1, host2 } = this;
    return [
      ['both routers run the manual\'s scripts', () => this.ready()],
      ['ping from the LAN of the caller', () => host1.run('ping', host2, 15)],
      ['the caller has the lowest address of the pool, and a host route leads to it', () => this.#given()],
      ['host2 sees the caller\'s address in place of host1\'s', () => host1.run('seen', host2, 5, GIVEN)],
      ['TCP through the tunnel and back', () => host1.run('tcp', host2, 8)],
      ['UDP through the tunnel and back', () => host1.run('udp', host2, 5)],
      ['traffic returns after router B was stopped and started again', () => this.restarted(() => host1.run('ping', host2, 10))],
      ['the same address again, and no other in use', () => this.#given()],
    ];
  }

  async #given(): Promise<string | undefined> {
    const shown = await this.b.command('SHOW IP POOL=ips', 'SHOW IP ROUTE');
    const used = [...shown.matchAll(/^ {2}(\d[\d.]+) +ppp\d+$/gm)].map((m) => m[1]);
    if (used.length !== 1 || used[0] !== GIVEN) return `the pool has given ${used.join(', ') || 'nothing'}`;
    return shown.includes(`\n${GIVEN} `) ? undefined : `there is no route to ${GIVEN}`;
  }
}

export const DYNAMIC: LabPlan = {
  welcome: [
    '192.168.10.2 host1 - A 1.1.1.1 - internet - 2.2.2.2 B - host2 192.168.20.2',
    'Router A calls B and gets an address of its pool; LAN A is behind NAT. This is the console of router A.',
    'Try SHOW L2TP TUNNEL, SHOW PPP, SHOW IP NAT, PING 192.168.20.2, HELP. LOGOFF ends the lab.',
  ],
  build: () => new DynamicLab(),
};

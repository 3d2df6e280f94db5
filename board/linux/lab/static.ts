// The lab "static": the manual's LAN-to-LAN example with static PPP interfaces.

import { Lans } from './lans.ts';
import type { Lab, LabPlan } from './plan.ts';
import preludeA from './scripts/prelude-a.cfg' with { type: 'text' };
import preludeB from './scripts/prelude-b.cfg' with { type: 'text' };
import routerA from './scripts/router-a.cfg' with { type: 'text' };
import routerB from './scripts/router-b.cfg' with { type: 'text' };
import type { Step } from './steps.ts';

/** The scripts of the two routers, preludes included. */
export const SCRIPTS = { a: preludeA + routerA, b: preludeB + routerB } as const;

class StaticLab extends Lans implements Lab {
  constructor() {
    super(SCRIPTS);
  }

  get first(): Lab['first'] {
    return this.a;
  }

  get steps(): Lab['steps'] {
    const { host1, host2 } = this;
    /** From both ends at the same time: after a fault either router may be the one that notices first and calls. */
    const both = async (seconds: number): Promise<string | undefined> => {
      const [there, back] = await Promise.all([host1.run('ping', host2, seconds), host2.run('ping', host1, seconds)]);
      return there ?? back;
    };
    return [
      ['both routers run the manual\'s scripts', () => this.ready()],
      ['ping from LAN to LAN', () => host1.run('ping', host2, 15)],
      ['ping the other way', () => host2.run('ping', host1, 3)],
      ['TCP through the tunnel, host1 to host2 and back', () => host1.run('tcp', host2, 8)],
      ['TCP through the tunnel, host2 to host1 and back', () => host2.run('tcp', host1, 8)],
      ['UDP through the tunnel, host1 to host2 and back', () => host1.run('udp', host2, 5)],
      ['UDP through the tunnel, host2 to host1 and back', () => host2.run('udp', host1, 5)],
      ['traffic returns after router B was killed and started again', () => this.killed(() => both(20))],
      ['traffic returns after the line was down and up', () => this.lineDown(() => both(15))],
      ['traffic flows after both routers called at once', () => this.#bothCall(() => both(15))],
    ];
  }

  async #bothCall(then: Step): Promise<string | undefined> {
    const routers = [this.a, this.b];
    await Promise.all(routers.map((router) => router.command('DEACTIVATE L2TP CALL=remote')));
    await Promise.all(routers.map((router) => router.command('ACTIVATE L2TP CALL=remote')));
    return then();
  }
}

export const STATIC: LabPlan = {
  welcome: [
    '192.168.10.2 host1 - A 1.1.1.1 - internet - 2.2.2.2 B - host2 192.168.20.2',
    'This is the console of router A; you are logged in as manager.',
    'Try SHOW L2TP TUNNEL, SHOW PPP, PING 192.168.20.2, HELP. LOGOFF ends the lab.',
  ],
  build: () => new StaticLab(),
};

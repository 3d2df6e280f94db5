// The lab "static": the manual's LAN-to-LAN example. host1 - router A - internet - router B - host2; the internet routes between
// 1.1.1.0/24 and 2.2.2.0/24 and knows nothing of the LANs.

import { LabHost, LabRouter } from './members.ts';
import preludeA from './scripts/prelude-a.cfg' with { type: 'text' };
import preludeB from './scripts/prelude-b.cfg' with { type: 'text' };
import routerA from './scripts/router-a.cfg' with { type: 'text' };
import routerB from './scripts/router-b.cfg' with { type: 'text' };
import { Space } from './space.ts';
import type { Step } from './steps.ts';

/** Between two failures of the line: longer than a few retransmissions, shorter than what a tunnel outlives. */
const LINE_DOWN_S = 3;

/** The scripts of the two routers, preludes included. */
export const SCRIPTS = { a: preludeA + routerA, b: preludeB + routerB } as const;
export const WELCOME: readonly string[] = [
  '192.168.10.2 host1 - A 1.1.1.1 - internet - 2.2.2.2 B - host2 192.168.20.2',
  'This is the console of router A; you are logged in as manager.',
  'Try SHOW L2TP TUNNEL, SHOW PPP, PING 192.168.20.2, HELP. LOGOFF ends the lab.',
];

export class StaticLab {
  /** The one whose console the lab gives. */
  readonly first: LabRouter;
  readonly #a: LabRouter;
  readonly #b: LabRouter;
  readonly #host1: LabHost;
  readonly #host2: LabHost;
  readonly #internet: Space;

  /** Builds the network and starts the hosts, in the namespace that the calling process is in (which becomes the internet). */
  constructor() {
    const internet = Space.own('internet');
    const [host1, a, b, host2] = [Space.make('host1'), Space.make('a'), Space.make('b'), Space.make('host2')];
    host1.wire('eth0', a, 'lan');
    a.wire('wan', internet, 'to-a');
    b.wire('wan', internet, 'to-b');
    b.wire('lan', host2, 'eth0');
    internet.addAddress('to-a', '1.1.1.254', 24);
    internet.addAddress('to-b', '2.2.2.254', 24);
    internet.forward();
    host1.addAddress('eth0', '192.168.10.2', 24);
    host1.addDefaultRoute('eth0', '192.168.10.1');
    host2.addAddress('eth0', '192.168.20.2', 24);
    host2.addDefaultRoute('eth0', '192.168.20.1');
    this.#internet = internet;
    this.#a = new LabRouter('router A', 'a', ['lan', 'wan'], SCRIPTS.a);
    this.#b = new LabRouter('router B', 'b', ['lan', 'wan'], SCRIPTS.b);
    this.first = this.#a;
    this.#a.start();
    this.#b.start();
    this.#host1 = new LabHost('host1', 'host1', '192.168.10.2');
    this.#host2 = new LabHost('host2', 'host2', '192.168.20.2');
  }

  /** Waits for the routers; why one does not run. */
  async ready(): Promise<string | undefined> {
    const [failureA, failureB] = await Promise.all([this.#a.ready(), this.#b.ready(), this.#host1.ready(), this.#host2.ready()]);
    return failureA ?? failureB;
  }

  get steps(): readonly (readonly [string, Step])[] {
    const [host1, host2] = [this.#host1, this.#host2];
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
      ['traffic returns after router B was killed and started again', () => this.#killed(() => both(20))],
      ['traffic returns after the line was down and up', () => this.#lineDown(() => both(15))],
      ['traffic flows after both routers called at once', () => this.#bothCall(() => both(15))],
    ];
  }

  /** What helps to see why a step failed. */
  async diagnosis(): Promise<string> {
    const parts = await Promise.all(
      [this.#a, this.#b].map(async (router) => `--- ${router.name}\n${router.printed()}\n${await router.command('SHOW L2TP TUNNEL', 'SHOW PPP', 'SHOW LOG')}`),
    );
    return parts.join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all([this.#a.stop(), this.#b.stop(), this.#host1.stop(), this.#host2.stop()]);
  }

  async #killed(then: Step): Promise<string | undefined> {
    await this.#b.kill();
    this.#b.start();
    return (await this.#b.ready()) ?? then();
  }

  async #lineDown(then: Step): Promise<string | undefined> {
    this.#internet.setUp('to-a', 'down');
    const heard = await this.#host1.run('silence', this.#host2, LINE_DOWN_S);
    this.#internet.setUp('to-a', 'up');
    return heard ?? then();
  }

  async #bothCall(then: Step): Promise<string | undefined> {
    const routers = [this.#a, this.#b];
    await Promise.all(routers.map((router) => router.command('DEACTIVATE L2TP CALL=remote')));
    await Promise.all(routers.map((router) => router.command('ACTIVATE L2TP CALL=remote')));
    return then();
  }
}

// The network of the labs between two LANs: host1 - router A - internet - router B - host2. The internet routes between 1.1.1.0/24 and
// 2.2.2.0/24 and knows nothing of the LANs.

import { LabHost, LabRouter } from './members.ts';
import { diagnose } from './plan.ts';
import { Space } from './space.ts';
import type { Step } from './steps.ts';

/** Between two failures of the line: longer than a few retransmissions, shorter than what a tunnel outlives. */
const LINE_DOWN_S = 3;

export class Lans {
  readonly a: LabRouter;
  readonly b: LabRouter;
  readonly host1: LabHost;
  readonly host2: LabHost;
  readonly #internet: Space;

  /** `scripts` become the boot scripts; the calling process is in the internet. */
  constructor(scripts: { readonly a: string; readonly b: string }) {
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
    this.a = new LabRouter('router A', 'a', ['lan', 'wan'], scripts.a);
    this.b = new LabRouter('router B', 'b', ['lan', 'wan'], scripts.b);
    this.a.start();
    this.b.start();
    this.host1 = new LabHost('host1', 'host1', '192.168.10.2');
    this.host2 = new LabHost('host2', 'host2', '192.168.20.2');
  }

  async ready(): Promise<string | undefined> {
    const [failureA, failureB] = await Promise.all([this.a.ready(), this.b.ready(), this.host1.ready(), this.host2.ready()]);
    return failureA ?? failureB;
  }

  /** Router B ends as by a power cut and starts again; then `step`. */
  async killed(then: Step): Promise<string | undefined> {
    await this.b.kill();
    this.b.start();
    return (await this.b.ready()) ?? then();
  }

  /** Router B says goodbye, ends and starts again; then `step`. */
  async restarted(then: Step): Promise<string | undefined> {
    await this.b.stop();
    this.b.start();
    return (await this.b.ready()) ?? then();
  }

  /** The line of router A is down for some seconds; then `step`. */
  async lineDown(then: Step): Promise<string | undefined> {
    this.#internet.setUp('to-a', 'down');
    const heard = await this.host1.run('silence', this.host2, LINE_DOWN_S);
    this.#internet.setUp('to-a', 'up');
    return heard ?? then();
  }

  diagnosis(): Promise<string> {
    return diagnose([this.a, this.b], ['SHOW L2TP TUNNEL', 'SHOW PPP', 'SHOW LOG']);
  }

  async stop(): Promise<void> {
    await Promise.all([this.a.stop(), this.b.stop(), this.host1.stop(), this.host2.stop()]);
  }
}

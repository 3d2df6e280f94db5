// The lab "remote": a LAC that serves a dial-in user and a PPPoE user and passes each on to the LNS that his name says.
//   user (AT dialogue) - bri0 \                          / LNS 1 - host1
//                              LAC - internet - aaa -----
//   pc - home (PPPoE) --- eth0 /                         \ LNS 2 - host2

import { LabAaa, LabDialIn, LabHost, LabRouter } from './members.ts';
import { diagnose, type Lab, type LabPlan } from './plan.ts';
import home from './scripts/remote-home.cfg' with { type: 'text' };
import lac from './scripts/remote-lac.cfg' with { type: 'text' };
import lns1 from './scripts/remote-lns1.cfg' with { type: 'text' };
import lns2 from './scripts/remote-lns2.cfg' with { type: 'text' };
import { Space } from './space.ts';
import type { Step } from './steps.ts';

/** What the lab's AAA server knows. The secrets stand in the scripts too: they guard nothing but this lab. */
const BOOK = {
  secret: 'labsecret',
  names: { 'lns.one.example': ['2.2.2.2', '3.3.3.3'] },
  users: { 'ann@one.example': 'annpass', 'bob@two.example': 'bobpass' },
  tunnels: { 'two.example': [{ server: '3.3.3.3', preference: 1, password: 'tunnelpass' }, { server: '2.2.2.2', preference: 2, password: 'tunnelpass' }] },
} as const;
/** The socket that is bri0 of the LAC. */
const BRI0 = '/run/hashi-lab/bri0.sock';

class RemoteLab implements Lab {
  readonly first: LabRouter;
  readonly #home: LabRouter;
  readonly #lns1: LabRouter;
  readonly #lns2: LabRouter;
  readonly #aaa: LabAaa;
  readonly #user: LabHost;
  readonly #pc: LabHost;
  readonly #host1: LabHost;
  readonly #host2: LabHost;
  #dialIn: LabDialIn | undefined;

  constructor() {
    const internet = Space.own('internet');
    // The dial-in user's only way out is his call.
    Space.make('user');
    const [pc, homeSpace, lacSpace] = [Space.make('pc'), Space.make('home'), Space.make('lac')];
    const [one, two, host1, host2, aaa] = [Space.make('lns1'), Space.make('lns2'), Space.make('host1'), Space.make('host2'), Space.make('aaa')];
    pc.wire('eth0', homeSpace, 'lan');
    homeSpace.wire('wan', lacSpace, 'access');
    lacSpace.wire('core', internet, 'to-lac');
    one.wire('core', internet, 'to-lns1');
    two.wire('core', internet, 'to-lns2');
    aaa.wire('eth0', internet, 'to-aaa');
    one.wire('lan', host1, 'eth0');
    two.wire('lan', host2, 'eth0');
    for (const [device, address] of [['to-lac', '1.1.1.254'], ['to-lns1', '2.2.2.254'], ['to-lns2', '3.3.3.254'], ['to-aaa', '9.9.9.254']] as const) internet.addAddress(device, address, 24);
    internet.forward();
    for (const [space, address, gateway] of [[aaa, '9.9.9.9', '9.9.9.254'], [pc, '192.168.10.2', '192.168.10.1'], [host1, '10.1.0.2', '10.1.0.1'], [host2, '10.2.0.2', '10.2.0.1']] as const) {
      space.addAddress('eth0', address, 24);
      space.addDefaultRoute('eth0', gateway);
    }
    this.#aaa = new LabAaa('aaa', BOOK);
    this.#home = new LabRouter('router Home', 'home', ['lan', 'wan'], home);
    this.first = new LabRouter('router LAC', 'lac', ['access', 'core'], lac, [`bri0=unix:${BRI0}`]);
    this.#lns1 = new LabRouter('router LNS1', 'lns1', ['lan', 'core'], lns1);
    this.#lns2 = new LabRouter('router LNS2', 'lns2', ['lan', 'core'], lns2);
    for (const router of this.#routers) router.start();
    this.#user = new LabHost('the dial-in user', 'user', '');
    this.#pc = new LabHost('the PC at home', 'pc', '192.168.10.2');
    this.#host1 = new LabHost('host1', 'host1', '10.1.0.2');
    this.#host2 = new LabHost('host2', 'host2', '10.2.0.2');
  }

  get #routers(): readonly LabRouter[] {
    return [this.first, this.#lns1, this.#lns2, this.#home];
  }

  async ready(): Promise<string | undefined> {
    await Promise.all([this.#user, this.#pc, this.#host1, this.#host2, this.#aaa].map((member) => member.ready()));
    const failures = await Promise.all(this.#routers.map((router) => router.ready()));
    const failure = failures.find((text) => text !== undefined);
    if (failure === undefined) this.#dialIn ??= new LabDialIn('user', { socket: BRI0, user: 'ann@one.example', password: 'annpass' });
    return failure;
  }

  get steps(): Lab['steps'] {
    const [user, pc, host1, host2] = [this.#user, this.#pc, this.#host1, this.#host2];
    return [
      ['LAC, LNSs and the router at home run', () => this.ready()],
      ['the dial-in user on bri0 reaches the host behind LNS 1, which DNS names for his domain', () => user.run('ping', host1, 12)],
      ['the PPPoE user reaches the host behind LNS 2, which RADIUS names for his domain', () => pc.run('ping', host2, 12)],
      ['both have an address of the pool of their LNS', () => this.#pools()],
      ['TCP from the dial-in user to host1 and back', () => user.run('tcp', host1, 20)],
      ['TCP from the PPPoE user to host2 and back', () => pc.run('tcp', host2, 8)],
      ['UDP from the PPPoE user to host2 and back', () => pc.run('udp', host2, 5)],
      ['LNS 2 stops: its user returns through LNS 1', () => this.#stopped(this.#lns2, () => pc.run('ping', host1, 10))],
      ['LNS 2 starts, LNS 1 stops: both users return through LNS 2', () => this.#swapped(async () => (await pc.run('ping', host2, 10)) ?? user.run('ping', host2, 10))],
    ];
  }

  diagnosis(): Promise<string> {
    return diagnose(this.#routers, ['SHOW L2TP TUNNEL CALL', 'SHOW PPP', 'SHOW LOG']).then((text) => `${text}\n--- dial-in user\n${this.#dialIn?.printed() ?? ''}`);
  }

  async stop(): Promise<void> {
    const members = [...this.#routers, this.#user, this.#pc, this.#host1, this.#host2, this.#aaa, ...(this.#dialIn === undefined ? [] : [this.#dialIn])];
    await Promise.all(members.map((member) => member.stop()));
  }

  async #pools(): Promise<string | undefined> {
    for (const [router, user, range] of [[this.#lns1, 'ann@one.example', '10.1.100.'], [this.#lns2, 'bob@two.example', '10.2.100.']] as const) {
      const shown = await router.command('SHOW IP POOL=ips', 'SHOW L2TP TUNNEL CALL');
      if (![...shown.matchAll(/^ {2}(\d[\d.]+) +ppp\d+$/gm)].every((m) => m[1]?.startsWith(range))) return `${router.name} has given addresses of another range`;
      if (!shown.includes(` ${range}1 `)) return `the pool of ${router.name} has given no address`;
      if (!new RegExp(`^Username \\.+ ${user}$`, 'm').test(shown)) return `${user} is not at ${router.name}`;
    }
    return undefined;
  }

  async #stopped(router: LabRouter, then: Step): Promise<string | undefined> {
    await router.stop();
    return then();
  }

  async #swapped(then: Step): Promise<string | undefined> {
    this.#lns2.start();
    const failure = await this.#lns2.ready();
    if (failure !== undefined) return failure;
    await this.#lns1.stop();
    return then();
  }
}

export const REMOTE: LabPlan = {
  welcome: [
    'a dial-in user on bri0 and a PPPoE user on eth0 - LAC 1.1.1.1 - internet - LNS1 2.2.2.2 (host1 10.1.0.2), LNS2 3.3.3.3 (host2 10.2.0.2)',
    'This is the console of the LAC; you are logged in as manager.',
    'Try SHOW L2TP TUNNEL CALL, SHOW L2TP USER, SHOW ISDN CALL, SHOW PPP PPPOE, HELP. LOGOFF ends the lab.',
  ],
  build: () => new RemoteLab(),
};

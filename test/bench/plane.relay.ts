// A LAC's part of the user plane in figures: host - a == m == b - host in namespaces, where m passes on what crosses it. "forward": the
// kernel of m forwards the datagrams of one tunnel from a to b; "switch": m relays between two tunnels; "pppoe": m relays between a PPPoE
// session of a and a tunnel to b; "plain": all kernels forward, no tunnel. All share the machine's cores, m has only its share of them.

import { Network, until } from '../network.ts';
import { figuresText, Hosts, medians, type Figures } from './plane.figures.ts';

const MODES = ['plain', 'forward', 'switch', 'pppoe'] as const;
type Mode = (typeof MODES)[number];

const ROUTED = { a: 'l2tp,192.168.1.1,192.168.2.2,1,2,3,4', b: 'l2tp,192.168.2.2,192.168.1.1,3,4,1,2' } as const;
const TO_M = 'l2tp,192.168.1.1,192.168.1.2,1,2,3,4';
const FROM_A = 'l2tp,192.168.1.2,192.168.1.1,3,4,1,2';
const TO_B = 'l2tp,192.168.2.1,192.168.2.2,5,6,7,8';
const FROM_M = 'l2tp,192.168.2.2,192.168.2.1,7,8,5,6';

class Course {
  readonly #network = new Network('plr');
  readonly #hosts = new Hosts(this.#network);
  #routers: Bun.Subprocess[] = [];

  async up(kind: 'nic' | 'veth'): Promise<void> {
    const n = this.#network;
    const spaces = ['h1', 'a', 'm', 'b', 'h2'];
    await n.space(...spaces);
    for (const space of spaces) await n.exec(space, ['sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1', 'net.ipv6.conf.all.disable_ipv6=1']);
    for (const [one, other] of [['h1/e1', 'a/e2'], ['a/w1', 'm/w2'], ['m/w3', 'b/w4'], ['b/e3', 'h2/e4']] as const) await n.wire(one, other);
    for (const [space, device, address] of [
      ['h1', 'e1', '10.1.0.2/24'], ['a', 'e2', '10.1.0.1/24'], ['a', 'w1', '192.168.1.1/24'], ['m', 'w2', '192.168.1.2/24'],
      ['m', 'w3', '192.168.2.1/24'], ['b', 'w4', '192.168.2.2/24'], ['b', 'e3', '10.2.0.1/24'], ['h2', 'e4', '10.2.0.2/24'],
    ] as const) {
      await n.ip(space, 'addr', 'add', address, 'dev', device);
      const nic = kind === 'nic' && device.startsWith('w');
      const features = nic ? ['tso', 'off', 'gso', 'off', 'tx-udp-segmentation', 'off', 'tx', 'off', 'gro', 'on'] : ['tx', 'on', 'tso', 'on', 'gso', 'on', 'tx-udp-segmentation', 'on'];
      await n.exec(space, ['ethtool', '-K', device, ...features]);
    }
    await n.ip('h1', 'route', 'add', 'default', 'via', '10.1.0.1');
    await n.ip('h2', 'route', 'add', 'default', 'via', '10.2.0.1');
    for (const [space, to, via] of [
      ['a', '192.168.2.0/24', '192.168.1.2'], ['b', '192.168.1.0/24', '192.168.2.1'], ['m', '10.1.0.0/24', '192.168.1.1'], ['m', '10.2.0.0/24', '192.168.2.2'],
    ] as const) await n.ip(space, 'route', 'add', to, 'via', via);
    for (const space of ['a', 'm', 'b']) await n.exec(space, ['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0']);
    await this.#hosts.up();
  }

  async mode(mode: Mode): Promise<void> {
    const n = this.#network;
    await this.#stop();
    for (const host of ['h1', 'h2']) await n.ip(host, 'route', 'flush', 'cache');
    if (mode === 'plain') {
      await n.ip('a', 'route', 'replace', '10.2.0.0/24', 'via', '192.168.1.2');
      await n.ip('b', 'route', 'replace', '10.1.0.0/24', 'via', '192.168.2.1');
    } else {
      const [a, m, b] = await this.#legs(mode);
      // PPPoE and a tunnel of 1456 octets both fit a wire of 1500.
      const router = (space: string, leg: string): Bun.Subprocess => n.start(space, [process.execPath, 'test/bench/plane.router.ts', 'ppp0', leg, '1456']);
      this.#routers = [...(m === undefined ? [] : [n.start('m', [process.execPath, 'test/bench/plane.lac.ts', ...m])]), router('a', a), router('b', b)];
      for (const [space, behind] of [['a', '10.2.0.0/24'], ['b', '10.1.0.0/24']] as const) {
        await until(`ppp0 in ${space}`, 10, async () => (await n.exec(space, ['ip', 'link', 'show', 'ppp0', 'up'])).output.includes('UP'));
        await n.ip(space, 'route', 'replace', behind, 'dev', 'ppp0');
      }
    }
    await n.pings('h1', '10.2.0.2', 5);
  }

  async measure(): Promise<Figures> {
    return this.#hosts.measure();
  }

  async down(): Promise<void> {
    await this.#stop();
    await this.#network.remove();
  }

  async #legs(mode: Exclude<Mode, 'plain'>): Promise<readonly [string, readonly string[] | undefined, string]> {
    if (mode === 'forward') return [ROUTED.a, undefined, ROUTED.b];
    if (mode === 'switch') return [TO_M, [FROM_A, TO_B], FROM_M];
    const [a, m] = [await this.#station('a', 'w1'), await this.#station('m', 'w2')];
    return [`pppoe,w1,${m},77`, [`pppoe,w2,${a},77`, TO_B], FROM_M];
  }

  async #station(space: string, device: string): Promise<string> {
    const { output } = await this.#network.exec(space, ['ip', '-o', 'link', 'show', 'dev', device]);
    return /link\/ether ([0-9a-f:]+)/.exec(output)?.[1] ?? '';
  }

  async #stop(): Promise<void> {
    for (const router of this.#routers.splice(0)) {
      router.kill('SIGTERM');
      await router.exited;
    }
  }
}

/** Medians of alternating rounds, as lines with their ratios to "forward"; `tell` gets each round as it comes. */
export async function measureRelay(kind: 'nic' | 'veth', rounds: number, tell: (line: string) => void): Promise<string[]> {
  const course = new Course();
  const found = new Map<Mode, Figures[]>(MODES.map((mode) => [mode, []]));
  try {
    await course.up(kind);
    for (let round = 1; round <= rounds; round++)
      for (const mode of MODES) {
        await course.mode(mode);
        const figures = await course.measure();
        found.get(mode)?.push(figures);
        tell(`${kind} relay round ${round} ${mode.padEnd(7)} ${figuresText(figures)}`);
      }
  } finally {
    await course.down();
  }
  const forward = medians(found.get('forward') ?? []);
  return [...found].map(([mode, all]) => `${kind} relay ${mode.padEnd(7)} ${figuresText(medians(all), forward)}`);
}

// The user data plane beside plain kernel forwarding and a C loop, in one run: host - router == router - host in namespaces.
// bun test/bench/plane.ts [veth|nic] [ROUNDS] [MODE]...   both wires, 3 rounds and all modes where not told otherwise
// bun test/bench/plane.ts relay [veth|nic] [ROUNDS]        the same for a router between the two (plane.relay.ts); without words, after the others
// "veth": super-packets pass the wire as they are. "nic": offloads off and GRO on at both ends of it, as with a plain network card.

import { join } from 'node:path';

import { missing } from '../needs.ts';
import { must, Network, until } from '../network.ts';
import { FIGURES, figuresText, Hosts, medians, type Figures } from './plane.figures.ts';
import { measureRelay } from './plane.relay.ts';

const NEEDS = ['root', 'tun', 'netns', 'ethtool', 'iperf3', 'gcc', 'nft', 'ping'] as const;
const MODES = ['plain', 'c', 'hashi'] as const;
const WIRES = ['nic', 'veth'] as const;

export type Mode = (typeof MODES)[number];
export type WireKind = (typeof WIRES)[number];

/** What the issue asks of the plane: at least this share of plain forwarding, or so many times the C loop. */
const TARGETS: Record<WireKind, readonly (readonly [(typeof FIGURES)[number], 'plain' | 'c', number])[]> = {
  nic: [['tcp1', 'plain', 0.6], ['tcp4', 'plain', 0.85], ['tcp1', 'c', 2], ['kpps', 'plain', 0.65]],
  veth: [['tcp1', 'c', 3], ['tcp4', 'c', 3], ['kpps', 'plain', 0.65]],
};

class Course {
  readonly #network = new Network('plb');
  readonly #hosts = new Hosts(this.#network);
  readonly #loop = join(this.#network.folder, 'l2tploop');
  #routers: Bun.Subprocess[] = [];

  async up(kind: WireKind): Promise<void> {
    const n = this.#network;
    await must(['gcc', '-O2', '-o', this.#loop, 'test/bench/l2tploop.c']);
    await n.space('h1', 'a', 'b', 'h2');
    for (const space of ['h1', 'a', 'b', 'h2']) await n.exec(space, ['sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1', 'net.ipv6.conf.all.disable_ipv6=1']);
    await n.wire('h1/e1', 'a/e2');
    await n.wire('a/w1', 'b/w2');
    await n.wire('b/e3', 'h2/e4');
    for (const [space, device, address] of [
      ['h1', 'e1', '10.1.0.2/24'], ['a', 'e2', '10.1.0.1/24'], ['a', 'w1', '192.168.77.1/24'],
      ['b', 'w2', '192.168.77.2/24'], ['b', 'e3', '10.2.0.1/24'], ['h2', 'e4', '10.2.0.2/24'],
    ] as const) {
      await n.ip(space, 'addr', 'add', address, 'dev', device);
      const nic = kind === 'nic' && device.startsWith('w');
      const features = nic ? ['tso', 'off', 'gso', 'off', 'tx-udp-segmentation', 'off', 'tx', 'off', 'gro', 'on'] : ['tx', 'on', 'tso', 'on', 'gso', 'on', 'tx-udp-segmentation', 'on'];
      await n.exec(space, ['ethtool', '-K', device, ...features]);
    }
    await n.ip('h1', 'route', 'add', 'default', 'via', '10.1.0.1');
    await n.ip('h2', 'route', 'add', 'default', 'via', '10.2.0.1');
    for (const space of ['a', 'b']) await n.exec(space, ['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0']);
    await this.#hosts.up();
  }

  async mode(mode: Mode): Promise<void> {
    const n = this.#network;
    await this.#stop();
    // Path MTUs learnt in the mode before.
    for (const host of ['h1', 'h2']) await n.ip(host, 'route', 'flush', 'cache');
    if (mode === 'plain') {
      await n.ip('a', 'route', 'replace', '10.2.0.0/24', 'via', '192.168.77.2');
      await n.ip('b', 'route', 'replace', '10.1.0.0/24', 'via', '192.168.77.1');
    } else {
      const program = mode === 'c' ? [this.#loop] : [process.execPath, 'test/bench/plane.router.ts'];
      this.#routers = [
        n.start('a', [...program, 'ppp0', '192.168.77.1', '192.168.77.2', '7', '9', '17', '19']),
        n.start('b', [...program, 'ppp0', '192.168.77.2', '192.168.77.1', '17', '19', '7', '9']),
      ];
      for (const [space, behind] of [['a', '10.2.0.0/24'], ['b', '10.1.0.0/24']] as const) {
        await until(`ppp0 in ${space}`, 10, async () => (await n.exec(space, ['ip', 'link', 'show', 'ppp0'])).code === 0);
        await n.ip(space, 'link', 'set', 'ppp0', 'mtu', '1460', 'txqueuelen', '1000', 'up');
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

  async #stop(): Promise<void> {
    for (const router of this.#routers.splice(0)) {
      router.kill('SIGTERM');
      await router.exited;
    }
  }
}

/** Medians of alternating rounds over one kind of wire; `tell` gets each round as it comes. */
export async function measurePlane(kind: WireKind, rounds: number, modes: readonly Mode[], tell: (line: string) => void): Promise<Map<Mode, Figures>> {
  const course = new Course();
  const found = new Map<Mode, Figures[]>(modes.map((mode) => [mode, []]));
  try {
    await course.up(kind);
    for (let round = 1; round <= rounds; round++)
      for (const mode of modes) {
        await course.mode(mode);
        const figures = await course.measure();
        found.get(mode)?.push(figures);
        tell(`${kind} round ${round} ${mode.padEnd(6)} ${figuresText(figures)}`);
      }
  } finally {
    await course.down();
  }
  return new Map([...found].map(([mode, all]) => [mode, medians(all)]));
}

/** Medians with their ratios to plain forwarding, then the targets. */
export function report(kind: WireKind, found: ReadonlyMap<Mode, Figures>): string[] {
  const lines: string[] = [];
  const plain = found.get('plain');
  for (const [mode, figures] of found)
    lines.push(`${kind} ${mode.padEnd(6)} ${figuresText(figures, plain)}`);
  const hashi = found.get('hashi');
  for (const [figure, beside, target] of TARGETS[kind]) {
    const other = found.get(beside);
    if (hashi === undefined || other === undefined) continue;
    const ratio = hashi[figure] / other[figure];
    lines.push(`${kind} ${figure}: ${ratio.toFixed(2)} of ${beside}, target ${target}: ${ratio >= target ? 'met' : ratio >= target * 0.9 ? 'close' : 'open'}`);
  }
  return lines;
}

if (import.meta.main) {
  const reason = missing(...NEEDS);
  if (reason !== undefined) {
    console.log(`SKIP plane: ${reason}`);
    process.exit(0);
  }
  const words = process.argv.slice(2);
  const wires = WIRES.filter((kind) => words.includes(kind));
  const modes = MODES.filter((mode) => words.includes(mode));
  const rounds = Number(words.find((word) => /^\d+$/.test(word)) ?? 3);
  if (!words.includes('relay')) for (const kind of wires.length > 0 ? wires : WIRES)
    for (const line of report(kind, await measurePlane(kind, rounds, modes.length > 0 ? modes : MODES, console.log))) console.log(line);
  if (words.includes('relay') || modes.length === 0) for (const kind of wires.length > 0 ? wires : WIRES) for (const line of await measureRelay(kind, rounds, console.log)) console.log(line);
}

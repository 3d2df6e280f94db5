// What is measured between two hosts with a network of routers between them: TCP, small packets, round trips.

import { join } from 'node:path';

import { must, type Network } from '../network.ts';

const SECONDS = 2;
const FLOOD_PORT = 9999;
/** 64 octets of Ethernet frame. */
const SMALL = 22;

/** TCP in Gbit/s with one and four flows, small packets that arrive in thousands a second, mean round trip in microseconds. */
export interface Figures {
  readonly tcp1: number;
  readonly tcp4: number;
  readonly kpps: number;
  readonly rtt: number;
}
export const FIGURES = ['tcp1', 'tcp4', 'kpps', 'rtt'] as const;

/** The hosts "h1", which sends, and "h2" with 10.2.0.2, which receives. */
export class Hosts {
  readonly #network: Network;
  readonly #flood: string;

  constructor(network: Network) {
    this.#network = network;
    this.#flood = join(network.folder, 'flood');
  }

  /** Once both hosts have their addresses. */
  async up(): Promise<void> {
    await must(['gcc', '-O2', '-o', this.#flood, 'test/bench/flood.c']);
    await this.#network.exec('h2', ['nft', `add table ip flood; add chain ip flood p { type filter hook prerouting priority -300; }; add rule ip flood p udp dport ${FLOOD_PORT} counter drop`]);
    this.#network.start('h2', ['iperf3', '-s']);
  }

  async measure(): Promise<Figures> {
    return { tcp1: await this.#tcp(1), tcp4: await this.#tcp(4), kpps: await this.#small(), rtt: await this.#rtt() };
  }

  async #tcp(flows: number): Promise<number> {
    const { output } = await this.#network.exec('h1', ['iperf3', '-c', '10.2.0.2', '-J', '-t', String(SECONDS), '-P', String(flows)]);
    const { end } = JSON.parse(output) as { end: { sum_received: { bits_per_second: number } } };
    return end.sum_received.bits_per_second / 1e9;
  }

  async #small(): Promise<number> {
    const before = await this.#arrived();
    await this.#network.exec('h1', [this.#flood, '10.2.0.2', String(FLOOD_PORT), String(SMALL), String(SECONDS)]);
    await Bun.sleep(200);
    return ((await this.#arrived()) - before) / SECONDS / 1000;
  }

  /** Datagrams at the far host; a super-packet is one packet with one header to nftables, so they are reckoned from the octets. */
  async #arrived(): Promise<number> {
    const { output } = await this.#network.exec('h2', ['nft', 'list', 'chain', 'ip', 'flood', 'p']);
    const [, packets = '0', octets = '0'] = /packets (\d+) bytes (\d+)/.exec(output) ?? [];
    return (Number(octets) - Number(packets) * 28) / SMALL;
  }

  async #rtt(): Promise<number> {
    const { output } = await this.#network.exec('h1', ['ping', '-qn', '-c', '300', '-i', '0.003', '10.2.0.2']);
    return Number(/= [\d.]+\/([\d.]+)/.exec(output)?.[1] ?? 0) * 1000;
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

export const medians = (all: readonly Figures[]): Figures => {
  const of = (figure: keyof Figures): number => median(all.map((one) => one[figure]));
  return { tcp1: of('tcp1'), tcp4: of('tcp4'), kpps: of('kpps'), rtt: of('rtt') };
};

/** The figures in one line, with their ratios to `beside`. */
export const figuresText = (figures: Figures, beside?: Figures): string =>
  FIGURES.map((f) => `${f} ${figures[f].toFixed(f.startsWith('tcp') ? 2 : 0)}${beside === undefined ? '' : ` (x${(figures[f] / beside[f]).toFixed(2)})`}`).join('  ');

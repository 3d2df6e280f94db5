// What the tests of whole routers with real peers share: namespaces, bridges, machines of the peer scripts, servers beside them.

import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { Need } from '../needs.ts';
import { must, Network, run, type Capture } from '../network.ts';

const PEERS = join(import.meta.dir, 'peers');
/** What every test with a peer machine needs. */
export const MACHINES: readonly Need[] = ['root', 'tun', 'netns', 'ethtool', 'tshark', 'tcpdump', 'ping', 'linux.uml', 'pppd', 'flock'];

export interface Lab {
  readonly net: Network;
  /** A peer script; its output, an error where it fails. */
  peer(script: string, ...words: string[]): Promise<string>;
  /** A peer script with settings in its environment ("NAME=value"). */
  peerWith(settings: readonly string[], script: string, ...words: string[]): Promise<string>;
  /** A peer script in a namespace. */
  peerIn(space: string, settings: readonly string[], script: string, ...words: string[]): Promise<string>;
  /** A bridge "br0" of its own in a new namespace, with a wire to each "space/device". */
  bridge(space: string, ...members: string[]): Promise<void>;
  /** A peer machine on a bridge. */
  machine(name: string, space: string, address: string): Promise<void>;
  /** A shell text in a peer machine; what it prints. */
  on(name: string, text: string): Promise<string>;
  /** What is stopped at the end, last things first. */
  atEnd(stop: () => Promise<unknown>): void;
}

/** Makes the namespaces and takes everything away again after `body`. */
export async function lab(prefix: string, spaces: readonly string[], body: (lab: Lab) => Promise<void>): Promise<void> {
  const { here, close } = await openLab(prefix, spaces);
  try {
    await body(here);
  } finally {
    await close();
  }
}

/** The same for a suite whose tests share one lab: the caller calls `close`. */
export async function openLab(prefix: string, spaces: readonly string[]): Promise<{ readonly here: Lab; close(): Promise<void> }> {
  const net = new Network(prefix);
  const ends: (() => Promise<unknown>)[] = [];
  const env = ['env', `RUN=${join(net.folder, 'peers')}`];
  let taps = 0;
  const command = (settings: readonly string[], script: string, words: readonly string[]): string[] => [...env, ...settings, join(PEERS, script), ...words];
  const here: Lab = {
    net,
    peer: (script, ...words) => must(command([], script, words), { seconds: 120 }),
    peerWith: (settings, script, ...words) => must(command(settings, script, words), { seconds: 120 }),
    peerIn: (space, settings, script, ...words) => must(['ip', 'netns', 'exec', net.name(space), ...command(settings, script, words)], { seconds: 120 }),
    async bridge(space, ...members) {
      await net.space(space);
      // With an Ethernet address of its own: else the bridge takes the lowest of its members', and changes it when one joins.
      await net.ip(space, 'link', 'add', 'br0', 'address', '02:00:00:00:00:fe', 'type', 'bridge');
      await net.ip(space, 'link', 'set', 'br0', 'up');
      for (const [i, member] of members.entries()) {
        await net.wire(member, `${space}/port${i}`);
        await net.ip(space, 'link', 'set', `port${i}`, 'master', 'br0');
      }
    },
    async machine(name, space, address) {
      ends.push(() => run(command([], 'machine.sh', ['stop', name])));
      await here.peer('machine.sh', 'start', name, net.name(space), `tap${++taps}`, 'br0', address);
    },
    on: (name, text) => here.peer('machine.sh', 'exec', name, text),
    atEnd: (stop) => void ends.push(stop),
  };
  const close = async (): Promise<void> => {
    for (const end of ends.toReversed()) await end().catch((error: unknown) => console.log(`INFO ${String(error)}`));
    await net.remove();
  };
  try {
    await net.space(...spaces);
  } catch (error) {
    await close();
    throw error;
  }
  return { here, close };
}

/** A host: its address and its way out. */
export async function host({ net }: Lab, at: string, address: string, gateway: string): Promise<void> {
  const [space = '', device = ''] = at.split('/');
  await net.ip(space, 'addr', 'add', address, 'dev', device);
  await net.ip(space, 'route', 'replace', 'default', 'via', gateway);
}

/** Pings from a peer machine until three in a row are answered; `options` as ping takes them. The last output. */
export const reaches = ({ on }: Lab, name: string, address: string, ...options: string[]): Promise<string> =>
  on(name, `for i in $(seq 10); do ping -n -q -c 3 -i 0.2 -W 2 ${options.join(' ')} ${address} && break; sleep 0.1; done`);

/** The address of a device of a peer machine once it has one: "192.0.2.7 peer 192.0.2.1/32". */
export const addressOn = ({ peer }: Lab, name: string, device: string, seconds: number): Promise<string> =>
  peer('machine.sh', 'exec', name, '-t', String(seconds + 5), `end=$((SECONDS + ${seconds})); while [ $SECONDS -lt $end ]; do a=$(ip -o -4 addr show dev ${device} 2>/dev/null | sed 's/.* inet //;s/ scope.*//'); [ -n "$a" ] && break; sleep 0.1; done; echo "\${a:-none}"`);

/** Nothing malformed or worth a warning in L2TP and what it carries, and each of these control messages at least once. */
export async function assertClean(capture: Capture, secret: string, types: readonly number[], filter = 'l2tp'): Promise<void> {
  await capture.end();
  assert.equal(await capture.complaints(filter, secret), []);
  for (const type of types) assert.ok((await capture.count(`l2tp.avp.message_type == ${type}`)) >= 1, `message type ${type}`);
}

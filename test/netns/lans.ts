// What the tests of the manual's LAN-to-LAN line share: host1 - a - inet - b - host2, the scripts, and reading of SHOW outputs.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Need } from '../needs.ts';
import { Network } from '../network.ts';

export const NEEDS: readonly Need[] = ['root', 'tun', 'netns', 'ethtool', 'ping'];
export const PORTS = ['eth0=lan', 'eth1=wan'];
/** The manual's chapter takes the IP set-up for granted: addresses and the way to the other end. */
export const PRELUDE = {
  a: `SET SYSTEM NAME=RouterA
ENABLE IP
ADD IP INT=eth0 IP=192.168.10.1 MASK=255.255.255.0
ADD IP INT=eth1 IP=1.1.1.1 MASK=255.255.255.0
ADD IP ROUTE=2.2.2.0 MASK=255.255.255.0 INT=eth1 NEXT=1.1.1.254
`,
  b: `SET SYSTEM NAME=RouterB
ENABLE IP
ADD IP INT=eth0 IP=192.168.20.1 MASK=255.255.255.0
ADD IP INT=eth1 IP=2.2.2.2 MASK=255.255.255.0
ADD IP ROUTE=1.1.1.0 MASK=255.255.255.0 INT=eth1 NEXT=2.2.2.254
`,
};

const SCRIPTS = join(import.meta.dir, '..', 'vectors', 'scripts');
/** A script of the manual, as it stands there. */
export const seed = (name: string): string => readFileSync(join(SCRIPTS, name), 'utf8');
export const SCRIPT_A = 'seed003-04-static-ppp-A.cfg';
export const SCRIPT_B = 'seed003-05-static-ppp-B.cfg';

/** host1 - a - inet - b - host2, without routers. */
export async function lans(prefix: string): Promise<Network> {
  const net = new Network(prefix);
  await net.space('h1', 'a', 'inet', 'b', 'h2');
  await net.wire('h1/eth0', 'a/lan');
  await net.wire('a/wan', 'inet/toa');
  await net.wire('inet/tob', 'b/wan');
  await net.wire('b/lan', 'h2/eth0');
  await net.ip('h1', 'addr', 'add', '192.168.10.2/24', 'dev', 'eth0');
  await net.ip('h1', 'route', 'add', 'default', 'via', '192.168.10.1');
  await net.ip('h2', 'addr', 'add', '192.168.20.2/24', 'dev', 'eth0');
  await net.ip('h2', 'route', 'add', 'default', 'via', '192.168.20.1');
  await net.ip('inet', 'addr', 'add', '1.1.1.254/24', 'dev', 'toa');
  await net.ip('inet', 'addr', 'add', '2.2.2.254/24', 'dev', 'tob');
  await net.exec('inet', ['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
  return net;
}

/** The value of a "Label ..... value" line of a SHOW output. */
export function field(output: string, label: string): string {
  const found = new RegExp(`^\\s*${label.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')} \\.+ (.*)$`, 'm').exec(output);
  if (found?.[1] === undefined) throw new Error(`no field "${label}" in:\n${output}`);
  return found[1].trim();
}

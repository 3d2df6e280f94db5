// Which device of the kernel is which port: built-in Ethernet by driver and place, USB adapters by the socket they are in.

import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A built-in port: its driver, and where the path of its device must match, for boards that have the same chip in adapters. */
export interface BuiltIn {
  readonly driver: string;
  readonly place?: RegExp;
}

export interface PortRules {
  /** In the order of their port numbers where there are several. */
  readonly builtIn: readonly BuiltIn[];
  /** How many built-in ports this board has: adapters are numbered behind them, and one that is missing is told. */
  readonly expected: number;
  /** Further devices: those of these drivers, or of any where it is empty, and those on USB. */
  readonly others: readonly string[];
}

export interface FoundPorts {
  readonly ports: Readonly<Record<string, string>>;
  /** One sentence for each port that should be there. */
  readonly missing: readonly string[];
}

interface Device {
  readonly name: string;
  readonly driver: string;
  readonly path: string;
}

const ETHERNET = '1';

/** The Ethernet devices of the hardware, in the order of their places. */
function devices(net: string): Device[] {
  return readdirSync(net).flatMap((name): Device[] => {
    try {
      if (readFileSync(join(net, name, 'type'), 'latin1').trim() !== ETHERNET) return [];
      return [{ name, driver: basename(realpathSync(join(net, name, 'device', 'driver'))), path: realpathSync(join(net, name, 'device')) }];
    } catch {
      // No hardware behind it: lo, TUN, VLAN.
      return [];
    }
  }).toSorted((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true }));
}

/** Names the ports. A built-in one that is missing keeps its number and a device name that does not exist. */
export function findPorts(rules: PortRules, net = '/sys/class/net'): FoundPorts {
  const found = devices(net);
  const builtIn = rules.builtIn.flatMap(({ driver, place }) => found.filter((one) => one.driver === driver && (place === undefined || place.test(one.path)))).slice(0, rules.expected);
  const rest = found.filter((one) => !builtIn.includes(one) && (rules.others.includes(one.driver) || one.path.includes('/usb')));
  const missing: string[] = [];
  const names = Array.from({ length: rules.expected }, (_, index) => {
    const device = builtIn[index];
    if (device === undefined) missing.push(`Port eth${index} is missing: no built-in Ethernet was found (${rules.builtIn.map(({ driver }) => driver).join(', ')})`);
    return device?.name ?? `absent${index}`;
  });
  const all = [...names, ...rest.map(({ name }) => name)];
  return { ports: Object.fromEntries(all.map((name, index) => [`eth${index}`, name])), missing };
}

/** USB takes a moment to find what is soldered to it. */
const PATIENCE_MS = 3000;
const LOOK_MS = 100;

/** The ports as soon as none is missing, or after some seconds as they are. */
export async function awaitPorts(find: () => FoundPorts): Promise<FoundPorts> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = find();
    if (found.missing.length === 0 || performance.now() > end) return found;
    await Bun.sleep(LOOK_MS);
  }
}

/** Makes the VLAN devices among port devices: 'eth0.10' is VLAN 10 on eth0. Gives a sentence for each that cannot be. */
export function makeVlans(ports: Iterable<string>, net = '/sys/class/net'): string[] {
  const present = new Set(readdirSync(net));
  const failures: string[] = [];
  for (const device of ports) {
    const parts = /^(.+)\.(\d{1,4})$/.exec(device);
    if (parts === null || present.has(device)) continue;
    const [, parent = '', vlan = ''] = parts;
    const commands = [['ip', 'link', 'add', 'link', parent, 'name', device, 'type', 'vlan', 'id', vlan], ['ip', 'link', 'set', parent, 'up']];
    for (const command of commands) {
      const done = Bun.spawnSync(command, { stdout: 'ignore', stderr: 'pipe' });
      if (done.exitCode === 0) continue;
      failures.push(`VLAN ${vlan} on ${parent} cannot be made: ${done.stderr.toString().trim()}`);
      break;
    }
  }
  return failures;
}

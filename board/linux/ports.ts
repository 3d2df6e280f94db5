// Which device of the kernel is which port: built-in Ethernet by driver and place, USB adapters by the socket they are in.

import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';

import { RouteClient } from './netlink/route.ts';

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

/** Classes of USB interfaces that may be network or serial adapters (USB-IF class codes): communication, its data, of the maker's own. */
const ADAPTERS: ReadonlySet<string> = new Set(['02', '0a', 'ff']);
/** Wireless controllers, of which RNDIS (subclass 1, protocol 3) is a network adapter. */
const WIRELESS = 'e0';
const RNDIS = '03';

/** Whether an adapter is on USB whose driver has not come yet. */
export function awaitsDriver(usb = '/sys/bus/usb/devices'): boolean {
  if (!existsSync(usb)) return false;
  return readdirSync(usb).some((name) => {
    const folder = join(usb, name);
    try {
      const kind = readFileSync(join(folder, 'bInterfaceClass'), 'latin1').trim();
      const isAdapter = ADAPTERS.has(kind) || (kind === WIRELESS && readFileSync(join(folder, 'bInterfaceProtocol'), 'latin1').trim() === RNDIS);
      return isAdapter && !existsSync(join(folder, 'driver'));
    } catch {
      // A device rather than an interface of one, or gone meanwhile.
      return false;
    }
  });
}

/** USB takes a moment to find what is soldered to it or plugged in, and drivers are loaded beside us. */
const PATIENCE_MS = 3000;
const LOOK_MS = 100;

/** The ports as soon as none is missing and every adapter has its driver, or after some seconds as they are. */
export async function awaitPorts(find: () => FoundPorts, awaits: () => boolean = awaitsDriver): Promise<FoundPorts> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    // Asked first: what has its driver before we look is found.
    const waits = awaits();
    const found = find();
    if ((found.missing.length === 0 && !waits) || performance.now() > end) return found;
    await Bun.sleep(LOOK_MS);
  }
}

const MOST_VLAN = 4094;
/** IFNAMSIZ without the closing zero. */
const MOST_NAME = 15;

/** The device and the number in 'eth0.10'; undefined where it is no VLAN. */
function vlanOf(device: string): { readonly parent: string; readonly id: number } | undefined {
  const parts = /^(.+)\.(\d+)$/.exec(device);
  return parts === null ? undefined : { parent: parts[1] ?? '', id: Number(parts[2]) };
}

/** The kernel's name of what a board file calls 'eth0' or 'eth0.10', where the board has found its ports; a text says what is wrong. */
export function deviceOf(device: string, found: FoundPorts['ports']): { readonly device: string } | string {
  const own = found[device];
  if (own !== undefined) return { device: own };
  const vlan = vlanOf(device);
  if (vlan === undefined) return { device };
  if (vlan.id < 1 || vlan.id > MOST_VLAN) return `"${device}": VLANs have numbers from 1 to ${MOST_VLAN}`;
  const name = `${found[vlan.parent] ?? vlan.parent}.${vlan.id}`;
  return name.length > MOST_NAME ? `"${name}" is longer than the ${MOST_NAME} characters that a device's name may have` : { device: name };
}

/** Makes the VLAN devices among port devices: 'eth0.10' is VLAN 10 on eth0. A sentence for each that cannot be; `remove` takes those made away. */
export function makeVlans(devices: Iterable<string>): { readonly failures: readonly string[]; remove(): void } {
  const failures: string[] = [];
  const made: string[] = [];
  // Not /sys, which may show another network namespace.
  const route = new RouteClient();
  for (const device of devices) {
    const vlan = vlanOf(device);
    if (vlan === undefined || route.link(device) !== undefined) continue;
    const { parent, id } = vlan;
    if (route.link(parent) === undefined) {
      failures.push(`VLAN ${id} on ${parent} cannot be made: there is no device ${parent}`);
      continue;
    }
    const commands = [['ip', 'link', 'add', 'link', parent, 'name', device, 'type', 'vlan', 'id', String(id)], ['ip', 'link', 'set', parent, 'up']];
    for (const command of commands) {
      const done = Bun.spawnSync(command, { stdout: 'ignore', stderr: 'pipe' });
      if (done.exitCode === 0) continue;
      failures.push(`VLAN ${id} on ${parent} cannot be made: ${done.stderr.toString().trim()}`);
      break;
    }
    if (route.link(device) !== undefined) made.push(device);
  }
  route.close();
  return {
    failures,
    remove() {
      for (const device of made) Bun.spawnSync(['ip', 'link', 'delete', device], { stdout: 'ignore', stderr: 'ignore' });
    },
  };
}

// The Raspberry Pi 3, 4, 5 and Zero 2 W, as the device trees of the kernel in the image describe them. eth0 is the built-in Ethernet,
// where there is one; USB adapters follow in the order of their sockets. Serial adapters on USB are asyn1 and asyn2; bri0 and
// VLANs are named by board.json in the flash.

import { FACTORY_SCRIPT, FALLBACK } from '../appliance/factory.ts';
import { kernelConsole, model } from '../linux/hardware.ts';
import { type FoundPorts, findPorts, type PortRules } from '../linux/ports.ts';
import type { BoardTable } from '../linux/table.ts';

const RULES: PortRules = {
  builtIn: [
    // Pi 4: brcm,bcm2711-genet-v5
    { driver: 'bcmgenet' },
    // Pi 5: raspberrypi,rp1-gem, a Cadence MAC behind RP1
    { driver: 'macb' },
    // Pi 3B: usb424,ec00 soldered to port 1 of the hub on the board, which is on port 1 of the controller; the same chips are sold as adapters
    { driver: 'smsc95xx', place: /\/1-1\.1:/ },
    // Pi 3B+: usb424,7800 behind two hubs
    { driver: 'lan78xx', place: /\/1-1\.1\.1:/ },
  ],
  expected: 1,
  others: [],
};
/** No Ethernet on the board: the first adapter is eth0. */
const WITHOUT = /Zero 2|3 Model A|Compute Module 3/;
/** The three-pin debug connector (serial10 of the device tree); the header's mini UART (serial1) on all others. */
const consoleOf = (board: string): string => (board.includes('Pi 5') ? '/dev/ttyAMA10' : '/dev/ttyS1');

/** The ports of the board of that model. */
export const portsOf = (board: string, net?: string): FoundPorts => findPorts(WITHOUT.test(board) ? { ...RULES, expected: 0 } : RULES, net);

export const RASPBERRY_PI: BoardTable = {
  id: 'raspberrypi',
  get name() {
    return model() ?? 'Raspberry Pi';
  },
  ports: {},
  findPorts: () => portsOf(model() ?? ''),
  lines: { asyn1: 'usb-serial:1', asyn2: 'usb-serial:2' },
  get consoles() {
    return [kernelConsole() ?? consoleOf(model() ?? '')];
  },
  consoleSpeed: 115200,
  flash: '/flash',
  watchdog: '/dev/watchdog',
  boot: '/run/hashi/boot',
  // Labels of the device trees. The 4B, 3B+, 3A+ and Compute Module 4 have both, the 3B and Zero 2 W only ACT, the 400 only PWR, the
  // 5 none that its device tree tells of. A link has its LED at the socket, an adapter's included.
  leds: { tunnel: 'ACT', fault: 'PWR' },
  factoryScript: FACTORY_SCRIPT,
  fallback: FALLBACK,
};

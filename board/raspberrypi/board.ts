// The Raspberry Pi 3, 4, 5 and Zero 2 W. eth0 is the built-in Ethernet, where there is one; USB adapters follow in the order of
// their sockets. The console is the header's UART (on the Pi 5 the debug connector); adapters on ttyUSB0 are asyn1 and bri0 by --port or board.json.

import { FACTORY_SCRIPT, FALLBACK } from '../appliance/factory.ts';
import { model } from '../linux/hardware.ts';
import { findPorts, type PortRules } from '../linux/ports.ts';
import type { BoardTable } from '../linux/table.ts';

const RULES: PortRules = {
  builtIn: [
    // Pi 4
    { driver: 'bcmgenet' },
    // Pi 5: a Cadence MAC behind RP1
    { driver: 'macb' },
    // Pi 3B and 3B+: soldered to the first port of the hub on the board; the same chips are sold as adapters
    { driver: 'smsc95xx', place: /\/1-1\.1:/ },
    { driver: 'lan78xx', place: /\/1-1\.1\.1:/ },
  ],
  expected: 1,
  others: [],
};
/** No Ethernet on the board: the first adapter is eth0. */
const WITHOUT = /Zero 2|3 Model A|Compute Module 3/;

export const RASPBERRY_PI: BoardTable = {
  id: 'raspberrypi',
  get name() {
    return model() ?? 'Raspberry Pi';
  },
  ports: {},
  findPorts: () => findPorts(WITHOUT.test(model() ?? '') ? { ...RULES, expected: 0 } : RULES),
  consoles: ['/dev/ttyS1'],
  consoleSpeed: 115200,
  flash: '/flash',
  watchdog: '/dev/watchdog',
  boot: '/run/hashi/boot',
  // The link has its LED on the jack. Names as the kernel's device trees give them.
  leds: { tunnel: 'ACT', fault: 'PWR' },
  factoryScript: FACTORY_SCRIPT,
  fallback: FALLBACK,
};

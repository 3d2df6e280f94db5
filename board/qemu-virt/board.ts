// qemu-system-aarch64 -M virt: the image without hardware. Network cards are virtio, in the order of their slots.

import { FACTORY_SCRIPT, FALLBACK } from '../appliance/factory.ts';
import { kernelConsole } from '../linux/hardware.ts';
import { findPorts } from '../linux/ports.ts';
import type { BoardTable } from '../linux/table.ts';

export const QEMU_VIRT: BoardTable = {
  id: 'qemu-virt',
  name: 'qemu virt',
  ports: {},
  findPorts: () => findPorts({ builtIn: [{ driver: 'virtio_net' }], expected: 1, others: ['virtio_net'] }),
  get consoles() {
    return [kernelConsole() ?? '/dev/ttyAMA0'];
  },
  consoleSpeed: 115200,
  flash: '/flash',
  watchdog: '/dev/watchdog',
  boot: '/run/hashi/boot',
  leds: {},
  factoryScript: FACTORY_SCRIPT,
  fallback: FALLBACK,
};

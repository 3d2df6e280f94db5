// The image of each machine that qemu has, without keys or updates, and what that machine's firmware would start.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { extract, must } from './image.ts';
import type { QemuOptions } from './target.ts';

export type Machine = 'virt' | 'raspi3b';
const BOARD = { virt: 'qemu-virt', raspi3b: 'raspberrypi' } as const satisfies Record<Machine, string>;
/** The one that the firmware of a Raspberry Pi 3B hands to the kernel. */
const PI_TREE = 'bcm2837-rpi-3-b.dtb';

export type MachineImage = Pick<QemuOptions, 'image' | 'kernel' | 'initramfs' | 'machine' | 'dtb'>;

/** Builds the image of a machine from the arm64 binary in build/out, and takes out of its boot partition what the firmware would load. */
export function machineImage(machine: Machine, folder: string): MachineImage {
  mkdirSync(folder, { recursive: true });
  must([process.execPath, 'build/compile.ts', 'arm64']);
  must([process.execPath, 'build/image/image.ts', '--board', BOARD[machine], '--fast', '--out', folder]);
  const image = join(folder, `hashi-${BOARD[machine]}.img`);
  const boot = extract(image, 'boot', join(folder, 'boot'));
  const taken = (name: string): string => {
    const to = join(folder, `${machine}-${name}`);
    must(['mcopy', '-o', '-i', boot, `::${name}`, to]);
    return to;
  };
  return { image, kernel: taken('loader.img'), initramfs: taken('loader.cpio'), machine, ...(machine === 'raspi3b' ? { dtb: taken(PI_TREE) } : {}) };
}

// What differs between the boards an image is made for: what their firmware needs on the boot partition.

export interface ImageBoard {
  readonly name: 'raspberrypi' | 'qemu-virt';
  readonly about: string;
  /** Kernel's device trees by name pattern, below dtb/. */
  readonly deviceTrees: RegExp | undefined;
  /** Files of the package raspi-firmware. */
  readonly firmware: readonly string[];
  /** Files of the boot partition beside firmware, kernel, initramfs and device trees. */
  readonly files: Readonly<Record<string, string>>;
}

/** One sector, because the loader replaces its text in place. */
const sector = (text: string): string => text.padEnd(512, '\n');
/** Errors only; what the loader says stands out. */
const COMMON = 'quiet loglevel=4 panic=10';

const CONFIG = `# hashi on the Raspberry Pi 3, 4, 5 and Zero 2 W. The firmware starts one fixed kernel, the loader; the slots are its business.
[all]
arm_64bit=1
kernel=loader.img
initramfs loader.cpio followkernel
# Debian's kernel: the names of its device trees
upstream_kernel=1
enable_uart=1
uart_2ndstage=0
disable_splash=1
gpu_mem=16
boot_delay=0
# How many processors the loader runs on: it writes this file itself
include loader.txt
[pi5]
cmdline=pi5.txt
[all]
`;

/**
 * With less than 32 MB for graphics the firmware of the Pi 3, 4 and Zero 2 W takes its cut-down files and does not start without them;
 * the others are for owners who give it more.
 */
const FIRMWARE = ['bootcode.bin', 'start_cd.elf', 'start4cd.elf', 'fixup_cd.dat', 'fixup4cd.dat', 'start.elf', 'start4.elf', 'fixup.dat', 'fixup4.dat'] as const;

export const BOARDS: Readonly<Record<ImageBoard['name'], ImageBoard>> = {
  raspberrypi: {
    name: 'raspberrypi',
    about: 'Raspberry Pi 3, 4, 5 and Zero 2 W',
    deviceTrees: /^broadcom\/bcm(2837-rpi-(3-|zero-2)|2711-rpi-(4|cm4)|2712-)/,
    firmware: FIRMWARE,
    files: {
      'config.txt': CONFIG,
      'loader.txt': sector('cmdline=all.txt\n'),
      // The mini UART of the header, on all but the Pi 5.
      'all.txt': `console=ttyS1,115200 ${COMMON}\n`,
      'one.txt': `console=ttyS1,115200 nr_cpus=1 ${COMMON}\n`,
      // The three-pin debug connector. This board's processors stop by PSCI: one mode is enough.
      'pi5.txt': `console=ttyAMA10,115200 ${COMMON}\n`,
    },
  },
  'qemu-virt': {
    name: 'qemu-virt',
    about: 'qemu-system-aarch64 -M virt',
    deviceTrees: undefined,
    firmware: [],
    files: { 'cmdline.txt': `console=ttyAMA0 ${COMMON}\n` },
  },
};

// Power on to login prompt of the image, against busybox alone: the same loader, kernel and machine, a slot that holds nothing but
// busybox's init and getty. Both in turns, medians; under qemu's software emulation only the ratio says something.
// Arguments: --machine virt|raspi3b (both), --rounds N (5).

import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { partition } from '../../build/image/disk.ts';
import { TOOLS } from '../../build/image/tools.ts';
import { missing } from '../needs.ts';
import { extract, must } from '../hil/image.ts';
import { type Machine, machineImage } from '../hil/machine.ts';
import { QemuTarget, type QemuOptions } from '../hil/target.ts';

const CONSOLE = { virt: 'ttyAMA0', raspi3b: 'ttyS1' } as const satisfies Record<Machine, string>;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const word = (name: string): string | undefined => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};

/** The same image with busybox alone in its slot. */
function busyboxOnly(image: string, machine: Machine, folder: string): string {
  const tree = join(folder, 'busybox');
  rmSync(tree, { recursive: true, force: true });
  must(['unsquashfs', '-q', '-n', '-d', tree, extract(image, 'slot-a', join(folder, 'slot')), 'boot/id', 'usr/bin/busybox']);
  for (const name of ['usr/sbin', 'etc', 'proc', 'sys', 'dev', 'run', 'tmp', 'flash']) mkdirSync(join(tree, name), { recursive: true });
  for (const name of ['bin', 'sbin']) symlinkSync(`usr/${name}`, join(tree, name));
  for (const name of ['sbin/init', 'sbin/getty', 'bin/sh']) symlinkSync('/usr/bin/busybox', join(tree, 'usr', name));
  writeFileSync(join(tree, 'etc/inittab'), `${CONSOLE[machine]}::respawn:/sbin/getty -L 115200 ${CONSOLE[machine]} vt100\n`);
  // The loader takes no slot for one that has none.
  writeFileSync(join(tree, 'usr/sbin/router'), '#!/bin/sh\n');
  chmodSync(join(tree, 'usr/sbin/router'), 0o755);
  const slot = join(folder, 'busybox.slot');
  must(['mksquashfs', tree, slot, '-comp', 'zstd', '-all-root', '-noappend', '-quiet', '-no-progress']);
  const alone = join(folder, `busybox-${machine}.img`);
  cpSync(image, alone);
  const { at, size } = partition('slot-a');
  must(['dd', 'if=/dev/zero', `of=${alone}`, 'bs=1M', `seek=${at >> 20}`, `count=${size >> 20}`, 'conv=notrunc', 'status=none']);
  must(['dd', `if=${slot}`, `of=${alone}`, 'bs=1M', `seek=${at >> 20}`, 'conv=notrunc', 'status=none']);
  return alone;
}

/** Seconds to the prompt; with `answers` also until a name and a password typed at that moment have been answered. */
async function once(options: QemuOptions, answers: 'answers' | 'prompt'): Promise<{ readonly prompt: number; readonly answered: number }> {
  const box = new QemuTarget(options);
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  try {
    await box.power();
    await box.console.expect(/login: $/, 300);
    const prompt = seconds();
    if (answers === 'prompt') return { prompt, answered: Number.NaN };
    box.console.send('manager\rfriend\r');
    await box.console.expect(/Manager[^\n>]*> $/, 300);
    return { prompt, answered: seconds() };
  } finally {
    await box.stop();
  }
}

async function measure(machine: Machine, rounds: number, folder: string): Promise<void> {
  const image = machineImage(machine, folder);
  const alone = busyboxOnly(image.image, machine, folder);
  const [ours, answers, theirs]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    const { prompt, answered } = await once({ ...image, folder: join(folder, 'ours') }, 'answers');
    ours.push(prompt);
    answers.push(answered);
    theirs.push((await once({ ...image, image: alone, folder: join(folder, 'theirs') }, 'prompt')).prompt);
  }
  const show = (values: readonly number[]): string => `${median(values).toFixed(1)} s (${Math.min(...values).toFixed(1)}-${Math.max(...values).toFixed(1)})`;
  console.log(`${machine}: login prompt ${show(ours)}, a login typed then answered ${show(answers)}; busybox alone ${show(theirs)}`);
  console.log(`${machine}: prompt ${(median(ours) / median(theirs)).toFixed(2)} times busybox alone (aim 1.2), answered ${(median(answers) / median(theirs)).toFixed(2)} times; medians of ${rounds}`);
}

const lacking = missing('qemu-system-aarch64', 'unsquashfs', ...Object.keys(TOOLS));
if (lacking !== undefined) {
  console.log(`not measured here: it ${lacking}`);
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'hashi-boot-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const machines = (['virt', 'raspi3b'] as const).filter((machine) => (word('--machine') ?? machine) === machine);
for (const machine of machines) await measure(machine, Number(word('--rounds') ?? 5), folder);

// Power cuts where they hurt: at the octets that make a slot a system, at the records that say which one starts, and while a system on
// trial saves its configuration. The disk of the guest is a file here: what it writes is seen as it comes.

import { closeSync, openSync, readSync } from 'node:fs';

import { RECORDS } from '../../board/linux/slots.ts';
import { partition } from '../../build/image/disk.ts';
import { type Case, begin, check, has, nameOf, online, restart, runningSlot, saveAs, type Suite, update } from './suite.ts';

/** Moments of an update that a cut aims at; each in turn. */
const AIMS = ['anywhere', 'the first block written', 'a state record', 'the first block emptied'] as const;
type Aim = (typeof AIMS)[number];
const BLOCK = 4096;
const SECTOR = 512;

/** What stands at places of the disk now. */
function at(fd: number, places: readonly { readonly at: number; readonly size: number }[]): Buffer {
  return Buffer.concat(places.map(({ at: from, size }) => {
    const octets = Buffer.alloc(size);
    readSync(fd, octets, 0, size, from);
    return octets;
  }));
}

/** Waits for the moment; whether it came within so many milliseconds. */
async function moment(aim: Aim, disk: string, slot: string, most: number): Promise<boolean> {
  const end = performance.now() + most;
  const first = [{ at: partition(slot === 'B' ? 'slot-b' : 'slot-a').at, size: BLOCK }];
  const places = aim === 'a state record' ? RECORDS.map((from) => ({ at: from, size: SECTOR })) : first;
  const fd = openSync(disk, 'r');
  try {
    const before = at(fd, places);
    const isEmpty = (octets: Buffer): boolean => octets.every((octet) => octet === 0);
    // One that is empty from the cut before is emptied again: only the octets behind it tell.
    let emptied = false;
    const came = (): boolean => {
      const now = at(fd, places);
      emptied ||= isEmpty(now);
      if (aim === 'the first block emptied') return emptied;
      if (aim === 'the first block written') return emptied && !isEmpty(now);
      return !now.equals(before);
    };
    while (performance.now() < end) {
      if (came()) return true;
      // One that looks without a pause takes the guest's processor.
      await Bun.sleep(1);
    }
    return false;
  } finally {
    closeSync(fd);
  }
}

/** Milliseconds of one whole update, which is taken back. */
async function measured(suite: Suite): Promise<number> {
  const began = performance.now();
  await has(suite, update(suite, 'good'), /is in slot [AB]/, 400);
  const took = performance.now() - began;
  await has(suite, 'reset update', /next start/);
  return took;
}

export const cutUpdates: Case = {
  name: 'a power cut during an update leaves the system that runs, or the whole new one on trial',
  cuts: true,
  async run(suite) {
    const { qemu, target, cuts, say } = suite;
    if (qemu === undefined) return;
    const whole = await measured(suite);
    const before = await runningSlot(suite);
    const other = before === 'A' ? 'B' : 'A';
    const name = `update-${Math.floor(Math.random() * 1e6)}`;
    await saveAs(suite, name);
    const aimed = new Map<Aim, number>();
    let trials = 0;
    for (let turn = 1; turn <= cuts; turn++) {
      const aim = AIMS[turn % AIMS.length] ?? 'anywhere';
      await online(suite);
      target.console.send(`${update(suite, 'good')}\r`);
      if (aim === 'anywhere') await Bun.sleep(Math.random() * whole * 1.1);
      else if (await moment(aim, qemu.disk, other, whole * 6)) {
        aimed.set(aim, (aimed.get(aim) ?? 0) + 1);
        // At once, and a little later.
        if (turn % 3 !== 0) await Bun.sleep(Math.random() * 60);
      }
      await target.cut();
      await begin(suite);
      const after = await target.console.command('show update');
      const trial = new RegExp(`Running slot \\.+ ${other}, on trial`).test(after);
      check(trial || new RegExp(`Running slot \\.+ ${before}\\n`).test(after), `after cut ${turn} (${aim}): ${after}`);
      check((await nameOf(suite)) === name, `after cut ${turn} (${aim}) the configuration is another one`);
      if (!trial) continue;
      // Another cut, of the trial: the system before it, and its configuration.
      trials++;
      await target.cut();
      await begin(suite);
      check((await runningSlot(suite)) === before, `after the trial of cut ${turn} the box is not back`);
      check((await nameOf(suite)) === name, `after the trial of cut ${turn} the configuration is another one`);
    }
    say(`${cuts} power cuts during updates of ${(whole / 1000).toFixed(1)} s (${[...aimed].map(([aim, times]) => `${times} at ${aim}`).join(', ')}), ${trials} more of the trials that came of them`);
  },
};

export const cutTrials: Case = {
  name: 'a power cut while a system on trial saves gives back the system before it and its configuration',
  cuts: true,
  async run(suite) {
    const { target, say } = suite;
    const cuts = Math.ceil(suite.cuts / 5);
    const before = await runningSlot(suite);
    const name = `steady-${Math.floor(Math.random() * 1e6)}`;
    await saveAs(suite, name);
    let aside = 0;
    for (let turn = 1; turn <= cuts; turn++) {
      await online(suite);
      await has(suite, update(suite, 'good'), /is in slot/, 400);
      await restart(suite);
      const end = performance.now() + Math.random() * 1500;
      for (let i = 0; performance.now() < end; i++) {
        target.console.send(`set system name=trial-${turn}-${i}\rcreate config=boot.cfg\r`);
        if ((await target.console.seen(/successful\.[\s\S]*?successful\.[\s\S]*?> $/, Math.max(0, end - performance.now()) / 1000)) === undefined) break;
      }
      await target.cut();
      // The way back is cut, too, while it puts the files back.
      if (turn % 2 === 0) {
        const up = target.start();
        await Promise.race([up.catch(() => 0), Bun.sleep(3500 + Math.random() * 2500)]);
        await target.cut();
      }
      await begin(suite);
      check((await runningSlot(suite)) === before, `after cut ${turn} the box is not back on the system before`);
      const now = await nameOf(suite);
      check(now === name, `after cut ${turn} the configuration is that of "${now}", not of "${name}"`);
      if (/boot-trial\.cfg/.test(await target.console.command('show file'))) aside++;
    }
    say(`${cuts} power cuts during saves on trial, ${Math.floor(cuts / 2)} more on the way back; ${aside} times something was put aside`);
  },
};

// What a box must do, told to its console. Each case leaves the box running and at the login prompt or logged in.

import { closeSync, openSync, readSync, writeSync } from 'node:fs';

import { partition } from '../../build/image/disk.ts';
import { cutTrials, cutUpdates } from './cuts.ts';
import type { Case } from './suite.ts';
import { begin, check, has, online, restart, runningSlot, update } from './suite.ts';
import { byHand, clean, keptAside, keptBySelf } from './trial.ts';

/** What the kernel may say at level "error" and worse in a start without faults: nothing. Warnings that are known, with their reason. */
const KNOWN: readonly RegExp[] = [
  // The end of the start before it.
  /reboot: Restarting system/,
  // qemu's own: the 64-bit window of its PCI host.
  /pci-host-generic 4010000000\.pcie: Memory resource size exceeds max for 32 bits/,
  // qemu's Pi 3B: its firmware knows no GPIO expander and no power domains, and its watchdog is kept away from (target.ts).
  /raspberrypi-exp-gpio [^\n]*Failed to get GPIO \d config/,
  /bcm2835-power bcm2835-power: ASB register ID returned 0x00000000/,
  /Module bcm2835_wdt is blacklisted/,
  // What the mount option asks for.
  /EXT4-fs: Warning: mounting with data=journal disables delayed allocation/,
];

const boots: Case = {
  name: 'the box starts to its login prompt, and its kernel complains of nothing',
  cuts: false,
  async run(suite) {
    const { target, qemu, say } = suite;
    const seconds = await target.start();
    say(`login prompt after ${seconds.toFixed(1)} s`);
    const lines = target.console.history.split(/\r?\n/).filter((line) => /^\[ *\d+\.\d+\]/.test(line));
    const unknown = lines.filter((line) => !KNOWN.some((one) => one.test(line)));
    check(unknown.length === 0, `the kernel said: ${unknown.join('\n')}`);
    if (qemu !== undefined) check(/Network logins are refused until the password of manager is changed/.test(target.console.history), 'the console does not say that network logins are refused');
    await target.console.login();
    await has(suite, 'show system', /Kernel +: Linux \d/);
  },
};

const keeps: Case = {
  name: 'a configuration that was typed and saved is there after a power cut',
  cuts: true,
  async run(suite) {
    const { target } = suite;
    await target.console.command('set system name=kept-1');
    await has(suite, 'create config=boot.cfg', /successful/i);
    await has(suite, 'set config=boot.cfg', /successful/i);
    await target.cut();
    await begin(suite);
    await has(suite, 'show system', /kept-1/);
    await has(suite, 'show config', /boot\.cfg \(exists\)/);
  },
};

const restarts: Case = {
  name: 'a configuration that was typed and saved is there after a restart',
  cuts: false,
  async run(suite) {
    const { target } = suite;
    const name = /SysName\n([^\n]*)/.exec(await target.console.command('show system'))?.[1]?.trim() ?? '';
    const script = /Boot configuration file: (\S+\.(?:cfg|scp))/i.exec(await target.console.command('show config'))?.[1];
    const other = `hil-${Math.floor(Math.random() * 1e6)}`;
    await target.console.command(`set system name=${other}`);
    await has(suite, 'create config=hil-test.cfg', /successful/i);
    await has(suite, 'set config=hil-test.cfg', /successful/i);
    await restart(suite);
    await has(suite, 'show system', new RegExp(other));
    // As it was before.
    await target.console.command(`set system name=${name === '' ? '""' : name}`);
    await has(suite, `set config=${script ?? 'none'}`, /successful/i);
    await has(suite, 'delete file=hil-test.cfg', /successful|deleted/i);
  },
};

const saves: Case = {
  name: 'a power cut during a save leaves the old or the new configuration, whole',
  cuts: true,
  async run(suite) {
    const { target, cuts, say } = suite;
    let saved = 'kept-1';
    for (let turn = 1; turn <= cuts; turn++) {
      const name = `cut-${turn}-`;
      const end = performance.now() + 300 + Math.random() * 1500;
      let next = saved;
      for (let i = 0; performance.now() < end; i++) {
        next = `${name}${i}`;
        target.console.send(`set system name=${next}\rcreate config=boot.cfg\r`);
        const left = Math.max(0, end - performance.now());
        if ((await target.console.seen(/successful\.[\s\S]*?successful\.[\s\S]*?> $/, left / 1000)) === undefined) break;
        saved = next;
      }
      await target.cut();
      await begin(suite);
      const text = await target.console.command('show system');
      const now = /SysName\n([^\n]*)/.exec(text)?.[1]?.trim() ?? '';
      check(now === saved || now === next, `after cut ${turn} the name is "${now}", not "${saved}" nor "${next}"`);
      await has(suite, 'show config', /Current configuration: boot\.cfg/);
      saved = now;
    }
    say(`${cuts} power cuts during saves`);
  },
};

const refuses: Case = {
  name: 'an update that is damaged, short, unsigned, signed by a stranger or for another board is not taken',
  cuts: false,
  async run(suite) {
    await online(suite);
    const given = (file: string): string => update(suite, file);
    await has(suite, given('unsigned'), /not signed/, 200);
    await has(suite, given('stranger'), /signature is wrong/, 200);
    await has(suite, given('other'), /for the board raspberrypi/, 200);
    await has(suite, given('short'), /too early|closed|connection/i, 400);
    await has(suite, given('damaged'), /does not match its hash/, 400);
    await has(suite, given('nothing'), /answered 404/, 200);
    await has(suite, 'show update', /Tried at the next start \. none/);
  },
};

const updates: Case = {
  name: 'an update is tried, confirmed and stays',
  cuts: false,
  async run(suite) {
    await online(suite);
    const other = (await runningSlot(suite)) === 'A' ? 'B' : 'A';
    await has(suite, update(suite, 'good'), new RegExp(`is in slot ${other}`), 400);
    await has(suite, 'show update', new RegExp(`Tried at the next start \\. ${other}`));
    await restart(suite);
    await has(suite, 'show update', new RegExp(`Running slot \\.+ ${other}, on trial`));
    await has(suite, 'confirm update', new RegExp(`slot ${other} is kept`));
    await restart(suite);
    await has(suite, 'show update', new RegExp(`Running slot \\.+ ${other}\\n?.*Confirmed slot \\.+ ${other}`, 's'));
  },
};

const falls: Case = {
  name: 'an update that does not come up is left for the system before it, by itself',
  cuts: false,
  async run(suite) {
    await online(suite);
    const before = await runningSlot(suite);
    const other = before === 'A' ? 'B' : 'A';
    await has(suite, update(suite, 'bad'), new RegExp(`is in slot ${other}`), 400);
    await restart(suite);
    await has(suite, 'show update', new RegExp(`Running slot \\.+ ${before}`));
    await has(suite, 'show update', new RegExp(`Failed before this start \\.* ?${other}|Failed before this start +${other}`));
  },
};

const damaged: Case = {
  name: 'a damaged flash partition is left as it is and the box starts with factory settings',
  cuts: true,
  async run(suite) {
    const { qemu, target } = suite;
    if (qemu === undefined) return;
    await target.cut();
    const { at, size } = partition('flash');
    const fd = openSync(qemu.disk, 'r+');
    const before = Buffer.alloc(size);
    const after = Buffer.alloc(size);
    try {
      // All superblocks and the first group.
      const noise = Buffer.alloc(9 << 20, 0x5a);
      for (const place of [0, 24 << 20, 40 << 20]) writeSync(fd, noise, 0, noise.length, at + place);
      readSync(fd, before, 0, size, at);
      await target.start();
      check(/flash is damaged and left as it is/.test(target.console.history), 'the console does not tell of the damage');
      await target.console.login();
      await has(suite, 'show config', /Current configuration: None/);
      await target.cut();
      readSync(fd, after, 0, size, at);
    } finally {
      closeSync(fd);
    }
    check(before.equals(after), 'the damaged partition was written to');
    qemu.fresh();
    await begin(suite);
  },
};

const watchdog: Case = {
  name: 'a router whose main loop stands still is started anew by the hardware watchdog',
  cuts: true,
  async run(suite) {
    const { qemu, target, say } = suite;
    if (qemu === undefined) return;
    const memory = await qemu.shell('free | grep Mem; grep -E "VmRSS|VmHWM" /proc/$(pidof hashi)/status');
    say(memory.split('\n').filter((line) => /Mem:|Vm/.test(line)).join(', '));
    const began = performance.now();
    qemu.rescue.send('kill -STOP $(pidof hashi)\r');
    await target.console.started(240);
    say(`login prompt ${((performance.now() - began) / 1000).toFixed(1)} s after the router stood still`);
    await target.console.login();
  },
};

/** What CI runs, and what the command runs. */
export const SHORT: readonly Case[] = [boots, keeps, saves, refuses, updates, falls];
/** What a machine can that has neither a shell on a second line nor a network. */
export const BARE: readonly Case[] = [boots, keeps, saves, damaged];
export const CASES: readonly Case[] = [...SHORT, restarts, clean, byHand, keptBySelf, keptAside, watchdog, cutUpdates, cutTrials, damaged];
export type { Case, Suite } from './suite.ts';

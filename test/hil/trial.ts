// Systems on trial: kept by themselves, left by themselves, and the configuration on the way there and back.

import { rmSync } from 'node:fs';

import type { GuestImage } from './image.ts';
import { SERVER, serving } from './qemu.ts';
import { type Case, check, has, nameOf, online, restart, runningSlot, saveAs, type Suite, update } from './suite.ts';
import { OWN_PROMPT, QemuTarget } from './target.ts';

/** firmware/system/update.ts: how long a router on trial works before it is kept, in seconds. */
const HEALTHY = 180;

/** Puts good.update on trial; the slot that ran before. */
async function onTrial(suite: Suite): Promise<string> {
  const before = await runningSlot(suite);
  await online(suite);
  await has(suite, update(suite, 'good'), /is in slot/, 400);
  await restart(suite);
  await has(suite, 'show update', /Running slot \.+ [AB], on trial/);
  return before;
}

export const keptBySelf: Case = {
  name: 'an update whose router has run well for some minutes is kept by itself, with what was saved meanwhile',
  cuts: true,
  async run(suite) {
    const { qemu, say } = suite;
    if (qemu === undefined) return;
    await saveAs(suite, 'before-trial');
    const before = await onTrial(suite);
    const began = performance.now();
    await saveAs(suite, 'on-trial');
    check(/about/.test(await qemu.shell('ls /flash/.before-update')), 'the configuration is not kept for the way back');
    await Bun.sleep((HEALTHY - 15) * 1000 - (performance.now() - began));
    await has(suite, 'show update', /Running slot \.+ [AB], on trial/);
    await Bun.sleep(20_000);
    const other = before === 'A' ? 'B' : 'A';
    await has(suite, 'show update', new RegExp(`Running slot \\.+ ${other}\\s+Confirmed slot \\.+ ${other}`));
    say(`kept ${((performance.now() - began) / 1000).toFixed(0)} s after its login prompt at the latest`);
    const left = await qemu.shell('ls -a /flash');
    check(!/before-update|-trial/.test(left), `something is left over: ${left}`);
    check(!/trial-guard/.test(await qemu.shell('sleep 6; ps | grep [t]rial-guard')), 'the guard still waits');
    await restart(suite);
    check((await nameOf(suite)) === 'on-trial', 'what was saved on trial is not there');
    check((await runningSlot(suite)) === other, 'the update did not stay');
  },
};

export const keptAside: Case = {
  name: 'a trial that is not kept gives the configuration from before it back, and what it saved another name',
  cuts: false,
  async run(suite) {
    const { target } = suite;
    const script = /Boot configuration file: (\S+\.(?:cfg|scp))/i.exec(await target.console.command('show config'))?.[1];
    const own = await nameOf(suite);
    await saveAs(suite, 'before-trial');
    const before = await onTrial(suite);
    await saveAs(suite, 'on-trial');
    await target.console.command('create config=fresh.cfg');
    await restart(suite);
    check((await runningSlot(suite)) === before, 'the box is not back on the system before');
    check((await nameOf(suite)) === 'before-trial', `the configuration from before the trial is not back: ${await nameOf(suite)}`);
    await has(suite, 'show file', /boot-trial\.cfg/);
    await has(suite, 'show file=boot-trial.cfg', /on-trial/);
    await has(suite, 'show file=fresh.cfg', /on-trial/);
    await has(suite, 'show file=boot.cfg', /before-trial/);
    if (suite.target.hearsStart) check(/saved meanwhile is kept as boot-trial\.cfg/.test(target.console.history), 'the console does not say where it is');
    for (const name of ['boot-trial.cfg', 'fresh.cfg']) await target.console.command(`delete file=${name}`);
    await target.console.command(`set system name=${own === '' ? '""' : own}`);
    await target.console.command('create config=boot.cfg');
    if (script !== undefined) await target.console.command(`set config=${script}`);
  },
};

export const byHand: Case = {
  name: 'hashi update takes a system from a file and from standard input, one at a time, and says why not',
  cuts: true,
  async run(suite) {
    const { qemu, target, server } = suite;
    if (qemu === undefined) return;
    const before = await runningSlot(suite);
    const other = before === 'A' ? 'B' : 'A';
    await online(suite);
    const sends = (file: string): string => `wget -q -O - http://${server}/${file}.update`;
    // The shell's line is short: the words that count are asked for one by one.
    const says = async (command: string, pattern: RegExp): Promise<void> => {
      const text = (await qemu.shell(`${command} 2>&1; echo code $?`, 300)).replaceAll(/\s+/g, ' ');
      check(pattern.test(text), `${command}: ${String(pattern)} is not in ${text}`);
    };
    await says(`${sends('damaged')} | hashi update -`, /not taken: its content does not match its hash code 1/);
    await says(`${sends('stranger')} >/tmp/u; hashi update /tmp/u`, /not taken: its signature is wrong code 1/);
    await says('hashi update /tmp/nothing', /not taken: .*no such file.* code 1/i);
    await says('hashi update', /update needs the name of one file.* code 2/);
    // While this one is written, the router takes none and cannot change the state.
    const slow = `{ ${sends('good')} | head -c 30000000; sleep 8; } | hashi update - >/tmp/slow 2>&1 &`;
    qemu.rescue.send(`${slow}\r`);
    await Bun.sleep(5000);
    await has(suite, update(suite, 'good'), /not taken: another update is being written to this card/, 60);
    await says('wait; cat /tmp/slow', /not taken: it ends too early/);
    await has(suite, 'show update', /Tried at the next start \. none/);
    // And the other way round.
    target.console.send(`${update(suite, 'good')}\r`);
    await says('sleep 1; hashi update /tmp/u', /another update is being written to this card code 1/);
    await target.console.expect(/is in slot [AB]/, 120);
    await says('ls -a /flash', /\.before-update/);
    await has(suite, 'reset update', /next start is that of the system in slot/);
    check(!/before-update/.test(await qemu.shell('ls -a /flash')), 'the copies of an update that was taken back are left over');
    await says(`mount -o remount,size=200m /tmp; ${sends('good')} >/tmp/u; hashi update /tmp/u`, new RegExp(`is in slot ${other} and is tried at the next start code 0`));
    await says('ls -a /flash', /\.before-update/);
    await qemu.shell('rm /tmp/u');
    await has(suite, 'show update', new RegExp(`Tried at the next start \\. ${other}`));
    await says(`${sends('good')} | hashi update -`, new RegExp(`is in slot ${other} and is tried at the next start code 0`));
    await restart(suite);
    await has(suite, 'show update', new RegExp(`Running slot \\.+ ${other}, on trial`));
    await says(`${sends('good')} | hashi update -`, /the other slot is the way back.* code 1/);
    await has(suite, update(suite, 'good'), /on trial/);
    await restart(suite);
    check((await runningSlot(suite)) === before, 'the box is not back on the system before');
  },
};

export const clean: Case = {
  name: 'an orderly restart leaves the flash whole: nothing is recovered at the start',
  cuts: true,
  async run(suite) {
    const { qemu, target, say } = suite;
    if (qemu === undefined) return;
    const look = async (when: string): Promise<void> => {
      check(!/can't unmount|busy|not permitted/i.test(target.console.history), `${when}: ${/[^\n]*(?:can't unmount|busy|not permitted)[^\n]*/i.exec(target.console.history)?.[0]}`);
      const log = await qemu.shell('dmesg | grep -i -E "recover|orphan|ext4-fs error"');
      check(!/recover|orphan|error/i.test(log.replace(/dmesg[^\n]*\n/, '')), `${when}: ${log}`);
    };
    await saveAs(suite, 'clean');
    const seconds = await target.restart();
    say(`login prompt ${seconds.toFixed(1)} s after RESTART REBOOT`);
    await target.console.login();
    await look('after a restart');
    await onTrial(suite);
    await look('after the restart into a trial');
    await restart(suite);
    await look('after the restart out of a trial');
    await qemu.shell('reboot');
    await target.console.started(120);
    await target.console.login();
    await look('after a restart that nobody told the router of');
  },
};

/** The guard's time in this case, in seconds. */
const GUARD = 60;

/** An update whose router never comes up: the box restarts by itself and is back. */
export async function guarded(built: GuestImage, folder: string, say: (text: string) => void): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const network = ['-netdev', `user,id=n,${serving(built)}`, '-device', 'virtio-net-pci,netdev=n,romfile='];
  const box = new QemuTarget({ ...built, folder, append: `hashi.guard=${GUARD}`, extra: network });
  const suite: Suite = { target: box, qemu: box, server: SERVER, cuts: 0, say };
  try {
    await box.open();
    await online(suite);
    await saveAs(suite, 'guarded');
    await has(suite, update(suite, 'asleep'), /is in slot B/, 400);
    box.console.history = '';
    box.console.send('restart reboot\r');
    await box.console.expect(/reboot: Restarting system/, 60);
    const began = performance.now();
    check((await box.console.seen(OWN_PROMPT, GUARD - 5)) === undefined, 'the update without a router has one all the same');
    await box.console.expect(/reboot: Restarting system/, GUARD + 60);
    const left = (performance.now() - began) / 1000;
    await box.console.started(120);
    say(`left ${left.toFixed(0)} s after its start, login prompt of the system before it ${((performance.now() - began) / 1000).toFixed(0)} s after`);
    await box.console.login();
    await has(suite, 'show update', /Running slot \.+ A\s.*Failed before this start +\.* ?B/);
    check((await nameOf(suite)) === 'guarded', 'the configuration is another one');
  } finally {
    await box.stop();
  }
}

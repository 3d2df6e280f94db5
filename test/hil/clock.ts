// The clock of a box without a clock chip: one network with DHCP, names and a time server that is years ahead. Needs root.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { type GuestImage, must } from './image.ts';
import { check } from './suite.ts';
import { QemuTarget } from './target.ts';

const SPACE = 'hs-image-time';
const SELF = '10.9.9.1';
/** How far the server is ahead of this machine, in seconds: what the box starts with is that far behind. */
const AHEAD = 2 * 365 * 86_400;

/** Throws where the box does not take the time, or its router is disturbed by that. */
export async function clock(built: GuestImage, folder: string, say: (text: string) => void): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  Bun.spawnSync(['ip', 'netns', 'delete', SPACE], { stderr: 'ignore' });
  const inside = ['ip', 'netns', 'exec', SPACE];
  must(['sh', '-ec', `ip netns add ${SPACE}; ip -n ${SPACE} link set lo up; ip netns exec ${SPACE} ip tuntap add wan0 mode tap; ip -n ${SPACE} addr add ${SELF}/24 dev wan0; ip -n ${SPACE} link set wan0 up`]);
  const options = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' } as const;
  const dhcp = Bun.spawn([...inside, 'dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--interface=wan0', '--bind-interfaces', '--no-resolv', '--no-hosts', '--user=root', '--dhcp-range=10.9.9.10,10.9.9.20,1h', `--dhcp-option=3,${SELF}`, `--dhcp-option=6,${SELF}`, `--address=/pool.ntp.org/${SELF}`, `--dhcp-leasefile=${join(folder, 'leases')}`], options);
  const box = new QemuTarget({ ...built, folder, wrap: inside, extra: ['-netdev', 'tap,id=n,ifname=wan0,script=no,downscript=no', '-device', 'virtio-net-pci,netdev=n,romfile='] });
  let time: Bun.Subprocess | undefined;
  try {
    await box.open();
    const before = Number((await box.shell('date +%s')).trim().split('\n').at(-1));
    check(Math.abs(before - Date.now() / 1000) < 86_400, `the box starts with ${before}`);
    // Nobody answers at first: the one who keeps the time has to go on asking.
    await Bun.sleep(45_000);
    const began = performance.now();
    time = Bun.spawn([...inside, process.execPath, join(import.meta.dir, 'sntp.ts'), String(AHEAD), SELF], options);
    const uptime = async (): Promise<number> => Number(/System Up Time\D*(\d+)/i.exec(await box.console.command('show system'))?.[1] ?? Number.NaN);
    const up = await uptime();
    let off = Number.NaN;
    while (performance.now() - began < 180_000) {
      off = Number((await box.shell('date +%s')).trim().split('\n').at(-1)) - Date.now() / 1000 - AHEAD;
      if (Math.abs(off) < 5) break;
      await Bun.sleep(2000);
    }
    check(Math.abs(off) < 5, `the clock is off by ${off} s: ${await box.shell('cat /run/resolv.conf; ip route; ps | grep [n]tpd')}`);
    say(`the clock was set ${((performance.now() - began) / 1000).toFixed(0)} s after the time server had begun to answer; it is off by ${off.toFixed(1)} s`);
    const text = await box.console.command('show time');
    check(new RegExp(String(new Date(Date.now() + AHEAD * 1000).getFullYear())).test(text), `SHOW TIME: ${text}`);
    const later = await uptime();
    check(Number.isNaN(up) || later - up < 10 * 86_400, `the time since the start jumped from ${up} to ${later}`);
  } finally {
    time?.kill();
    dhcp.kill();
    await dhcp.exited;
    await box.stop();
    Bun.spawnSync(['ip', 'netns', 'delete', SPACE], { stderr: 'ignore' });
  }
}

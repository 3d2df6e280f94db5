// The manual's LAN-to-LAN example with the image as router A: two Ethernet ports of the guest on taps, router B and the hosts in
// namespaces of this machine. Needs root.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { SCRIPTS } from '../../board/linux/lab/static.ts';
import type { GuestImage } from './image.ts';
import { QemuTarget } from './target.ts';

const ROOT = join(import.meta.dir, '..', '..');
const NAMES = ['net', 'h1', 'b', 'h2'] as const;
const space = (name: (typeof NAMES)[number]): string => `hs-image-${name}`;

function shell(script: string): void {
  const done = Bun.spawnSync(['sh', '-ec', script], { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
  if (done.exitCode !== 0) throw new Error(done.stderr.toString());
}

function removeSpaces(): void {
  for (const name of NAMES) Bun.spawnSync(['ip', 'netns', 'delete', space(name)], { stderr: 'ignore' });
}

/** host1 - lan0 [guest] wan0 - net - B - host2 */
function makeSpaces(): void {
  removeSpaces();
  const [net, h1, b, h2] = NAMES.map(space);
  shell(`
    for one in ${net} ${h1} ${b} ${h2}; do ip netns add $one; ip -n $one link set lo up; done
    in="ip -n ${net}"
    ip netns exec ${net} ip tuntap add lan0 mode tap
    ip netns exec ${net} ip tuntap add wan0 mode tap
    $in link add br0 type bridge
    $in link set lan0 master br0
    $in link add v1 type veth peer name eth0 netns ${h1}
    $in link set v1 master br0
    for one in lan0 wan0 br0 v1; do $in link set $one up; done
    $in addr add 1.1.1.254/24 dev wan0
    $in link add tob type veth peer name wan netns ${b}
    $in addr add 2.2.2.254/24 dev tob
    $in link set tob up
    ip netns exec ${net} sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
    ip -n ${b} link add lan type veth peer name eth0 netns ${h2}
    ip -n ${h1} addr add 192.168.10.2/24 dev eth0
    ip -n ${h1} link set eth0 up
    ip -n ${h1} route add default via 192.168.10.1
    ip -n ${h2} addr add 192.168.20.2/24 dev eth0
    ip -n ${h2} link set eth0 up
    ip -n ${h2} route add default via 192.168.20.1
  `);
}

/** Types router A's script into the guest and sends traffic from LAN to LAN. Throws with what is wrong. */
export async function lanToLan(built: GuestImage, folder: string, say: (text: string) => void): Promise<void> {
  makeSpaces();
  const tap = (name: string): string[] => ['-netdev', `tap,id=${name},ifname=${name},script=no,downscript=no`, '-device', `virtio-net-pci,netdev=${name},romfile=`];
  const guest = new QemuTarget({ ...built, folder, wrap: ['ip', 'netns', 'exec', space('net')], extra: [...tap('lan0'), ...tap('wan0')] });
  const flash = join(folder, 'b');
  mkdirSync(flash, { recursive: true });
  writeFileSync(join(folder, 'b.cfg'), SCRIPTS.b);
  const router = Bun.spawn(['ip', 'netns', 'exec', space('b'), process.execPath, join(ROOT, 'board/main.ts'), 'run', '--flash', flash, '--config', join(folder, 'b.cfg'), '--console', 'none', '--port', 'eth0=lan', '--port', 'eth1=wan'], { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' });
  try {
    await guest.start();
    await guest.console.login();
    // The factory settings have eth0 by DHCP.
    await guest.console.command('delete ip interface=eth0');
    for (const line of SCRIPTS.a.split('\n')) {
      if (line.trim() === '' || line.startsWith('#')) continue;
      const answer = await guest.console.command(line);
      if (/^Error/m.test(answer)) throw new Error(`${line}: ${answer}`);
    }
    const ping = (from: 'h1' | 'h2', to: string): string => Bun.spawnSync(['ip', 'netns', 'exec', space(from), 'ping', '-c', '3', '-i', '0.3', '-W', '5', to], { stdout: 'pipe' }).stdout.toString();
    let answer = '';
    for (let turn = 0; turn < 10 && !/ 0% packet loss/.test(answer); turn++) answer = ping('h1', '192.168.20.2');
    if (!/ 0% packet loss/.test(answer)) throw new Error(`host1 does not reach host2: ${answer}\n${await guest.console.command('show l2tp tunnel')}\n${await guest.console.command('show log')}`);
    say(`host1 to host2 through the image: ${/rtt [^\n]*/.exec(answer)?.[0] ?? ''}`);
    const back = ping('h2', '192.168.10.2');
    if (!/ 0% packet loss/.test(back)) throw new Error(`host2 does not reach host1: ${back}`);
    // A time server has answered at last: nothing that waits, repeats or counts may care.
    const sessions = async (): Promise<string> => (await guest.console.command('show l2tp tunnel')).match(/\b\d{1,5}\b/g)?.slice(0, 2).join() ?? '';
    const linked = await sessions();
    for (const year of [2035, 2011]) {
      await guest.shell(`date -s "${year}-06-01 12:00:00"`);
      // Longer than HELLOs and echoes wait for their answers.
      await Bun.sleep(75_000);
      const over = ping('h1', '192.168.20.2');
      if (!/ 0% packet loss/.test(over)) throw new Error(`the link is down after the clock jumped to ${year}: ${over}`);
    }
    if ((await sessions()) !== linked) throw new Error('the tunnel is another one after the clock jumped');
    const log = await guest.console.command('show log');
    say(`the same tunnel after the clock jumped to 2035 and to 2011${/retransmi|timed? out|silent/i.test(log) ? `; ${/[^\n]*(?:retransmi|timed? out|silent)[^\n]*/i.exec(log)?.[0]}` : ''}`);
    await guest.console.command('show l2tp tunnel');
    await guest.console.command('show ppp');
  } finally {
    router.kill();
    await router.exited;
    await guest.stop();
    removeSpaces();
  }
}

// Ports as the board file in the flash of a box names them: addresses, traffic between them, a file that is wrong.
// That the kernel of a box makes the VLANs among them is shown on the image (test/hil/vlan.ts).

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { missing } from '../needs.ts';
import { must, Network, run, until } from '../network.ts';

const vlan = suite('vlan');
const ROOT = join(import.meta.dir, '..', '..');
const need = missing('root', 'tun', 'netns', 'ping', 'ethtool');

const SCRIPT = `ENABLE IP
ADD IP INT=eth0 IP=192.168.10.1 MASK=255.255.255.0
ADD IP INT=eth1 IP=192.168.20.1 MASK=255.255.255.0
`;
const VLANS = ['10', '20'] as const;

interface Started {
  readonly words: readonly string[];
  readonly flash: string;
}

/** A router with `words`, the hosts of both VLANs, and what it said. */
async function traffic(net: Network, { words, flash }: Started): Promise<string> {
  for (const id of VLANS) {
    await net.ip(`h${id}`, 'addr', 'add', `192.168.${id}.2/24`, 'dev', `t${id}`);
    await net.ip(`h${id}`, 'link', 'set', `t${id}`, 'up');
    await net.ip(`h${id}`, 'route', 'add', 'default', 'via', `192.168.${id}.1`);
  }
  const script = join(net.folder, 'r.cfg');
  writeFileSync(script, SCRIPT);
  const router = Bun.spawn([process.execPath, 'board/main.ts', 'run', '--netns', net.name('r'), '--flash', flash, '--config', script, ...words], { cwd: ROOT, stdin: 'ignore', stdout: 'inherit', stderr: 'pipe' });
  const said = new Response(router.stderr).text();
  const cli = async (command: string): Promise<string> => (await run([process.execPath, 'board/main.ts', 'cli', '--flash', flash, '-c', command], { seconds: 30 })).output;
  try {
    await until('the router to have both ports up', 20, async () => {
      if (router.exitCode !== null) throw new Error(`it ended: ${await said}`);
      return /eth0 +Up +Up[^]*eth1 +Up +Up/.test(await cli('SHOW INTERFACE'));
    });
    await net.pings('h10', '192.168.20.2', 10);
    await net.pings('h20', '192.168.10.2', 10);
    assert.match(await cli('SHOW INTERFACE'), /eth2 +Down +Not present/);
  } finally {
    router.kill('SIGTERM');
    await router.exited;
  }
  return said;
}

async function within(body: (net: Network) => Promise<void>): Promise<void> {
  const net = new Network('vl');
  try {
    await net.space('r', 'sw', 'h10', 'h20');
    mkdirSync(join(net.folder, 'flash'));
    await body(net);
  } finally {
    await net.remove();
  }
}

const test = (name: string, reason: string | undefined, body: (net: Network) => Promise<void>): void => {
  if (reason === undefined) vlan(name, () => within(body));
  else console.log(`SKIP ${name}: ${reason}`);
};

// A box would feed the machine's own watchdog.
test('a box takes the ports that board.json in its flash names', need ?? (existsSync('/dev/watchdog') ? 'needs a machine without a watchdog' : undefined), async (net) => {
  for (const id of VLANS) await net.wire(`r/lan.${id}`, `h${id}/t${id}`);
  const flash = join(net.folder, 'flash');
  writeFileSync(join(flash, 'board.json'), '{"ports": {"eth0": "lan.10", "eth1": "lan.20", "eth2": "gone.30"}, "consoles": ["none"]}');
  const said = await traffic(net, { words: ['--board', 'qemu-virt'], flash });
  assert.match(said, /VLAN 30 on gone cannot be made: there is no device gone/);
  // Those that were there before stay.
  assert.match(await must(['ip', '-n', net.name('r'), 'link']), /lan\.10[^]*lan\.20/);
});

test('a box whose board.json is wrong says so in one line and starts with the ports that it finds', need ?? (existsSync('/dev/watchdog') ? 'needs a machine without a watchdog' : undefined), async (net) => {
  const flash = join(net.folder, 'flash');
  writeFileSync(join(flash, 'board.json'), '{"ports": {"lan": "eth0"}}');
  writeFileSync(join(net.folder, 'r.cfg'), 'SET SYSTEM NAME=started\n');
  const router = Bun.spawn([process.execPath, 'board/main.ts', 'run', '--netns', net.name('r'), '--board', 'qemu-virt', '--flash', flash, '--console', 'none', '--config', join(net.folder, 'r.cfg')], { cwd: ROOT, stdin: 'ignore', stdout: 'inherit', stderr: 'pipe' });
  const said = new Response(router.stderr).text();
  try {
    await until('the router to answer', 20, async () => /started/.test((await run([process.execPath, 'board/main.ts', 'cli', '--flash', flash, '-c', 'SHOW SYSTEM'], { seconds: 30 })).output));
  } finally {
    router.kill('SIGTERM');
    await router.exited;
  }
  const lines = (await said).split('\n').filter((line) => line.includes('board.json'));
  assert.is(lines.length, 1);
  assert.match(lines[0] ?? '', /^hashi: The board file .*board\.json: port "lan=eth0" is not ethN=DEVICE.*; it is left out$/);
});

vlan.run();

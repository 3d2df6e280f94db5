// Two VLANs of one port as eth0 and eth1, as a board file names them: addresses, traffic between them, and what is left afterwards.
// Needs a kernel with 802.1Q.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { missing } from '../needs.ts';
import { must, Network, run, until } from '../network.ts';

const vlan = suite('vlan');
const NAME = 'two VLANs of one port are eth0 and eth1 of the router, and it forwards between them';

function refusal(): string | undefined {
  const need = missing('root', 'tun', 'netns', 'ping');
  if (need !== undefined) return need;
  const made = Bun.spawnSync(['unshare', '-n', 'sh', '-ec', 'ip link add a type veth peer name b; ip link add link a name a.10 type vlan id 10'], { stdout: 'ignore', stderr: 'ignore' });
  return made.exitCode === 0 ? undefined : 'needs a kernel with 802.1Q (8021q)';
}

const SCRIPT = `ENABLE IP
ADD IP INT=eth0 IP=192.168.10.1 MASK=255.255.255.0
ADD IP INT=eth1 IP=192.168.20.1 MASK=255.255.255.0
`;

async function traffic(): Promise<void> {
  const net = new Network('vl');
  try {
    await net.space('r', 'sw', 'h10', 'h20');
    await net.wire('r/lan', 'sw/trunk');
    for (const id of ['10', '20']) {
      await net.ip('sw', 'link', 'add', 'link', 'trunk', 'name', `t${id}`, 'type', 'vlan', 'id', id);
      await net.ip('sw', 'link', 'set', `t${id}`, 'netns', net.name(`h${id}`));
      await net.ip(`h${id}`, 'addr', 'add', `192.168.${id}.2/24`, 'dev', `t${id}`);
      await net.ip(`h${id}`, 'link', 'set', `t${id}`, 'up');
      await net.ip(`h${id}`, 'route', 'add', 'default', 'via', `192.168.${id}.1`);
    }
    const flash = join(net.folder, 'flash');
    mkdirSync(flash, { recursive: true });
    writeFileSync(join(net.folder, 'own.json'), '{"id": "own", "ports": {"eth0": "lan.10", "eth1": "lan.20", "eth2": "gone.30"}, "consoles": ["none"]}');
    writeFileSync(join(net.folder, 'r.cfg'), SCRIPT);
    const router = Bun.spawn([process.execPath, 'board/main.ts', 'run', '--netns', net.name('r'), '--board', join(net.folder, 'own.json'), '--flash', flash, '--config', join(net.folder, 'r.cfg')], { cwd: join(import.meta.dir, '..', '..'), stdin: 'ignore', stdout: 'inherit', stderr: 'pipe' });
    const said = new Response(router.stderr).text();
    const cli = (command: string): Promise<string> => run([process.execPath, 'board/main.ts', 'cli', '--flash', flash, '-c', command], { seconds: 60 }).then(({ output }) => output);
    try {
      await until('the router to have both ports up', 60, async () => {
        if (router.exitCode !== null) throw new Error(`it ended: ${await said}`);
        return /eth0 +Up +Up[^]*eth1 +Up +Up/.test(await cli('SHOW INTERFACE'));
      });
      await net.pings('h10', '192.168.20.2', 30);
      await net.pings('h20', '192.168.10.2', 30);
      assert.match(await cli('SHOW INTERFACE'), /eth2 +Down +Not present/);
    } finally {
      router.kill('SIGTERM');
      await router.exited;
    }
    assert.match(await said, /VLAN 30 on gone cannot be made: there is no device gone/);
    assert.not.match(await must(['ip', '-n', net.name('r'), 'link']), /lan\.\d/);
  } finally {
    await net.remove();
  }
}

const reason = refusal();
if (reason === undefined) vlan(NAME, traffic);
else console.log(`SKIP ${NAME}: ${reason}`);
vlan.run();

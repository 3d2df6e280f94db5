// Against real peers: xl2tpd with pppd on a kernel L2TP (in a machine of its own) as LNS and as LAC, and l2tpns as LNS.

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { when, type Need } from '../needs.ts';
import { must, Network, run, type Router } from '../network.ts';

const PEERS = join(import.meta.dir, 'peers');
const MACHINE_NEEDS: readonly Need[] = ['root', 'tun', 'netns', 'ethtool', 'tshark', 'tcpdump', 'linux.uml', 'xl2tpd', 'pppd', 'flock'];
const L2TPNS_NEEDS: readonly Need[] = ['root', 'tun', 'netns', 'ethtool', 'tshark', 'tcpdump', 'l2tpns', 'freeradius'];
const SECRET = 's3cret';

const base = (address: string): string => `ENABLE IP
ADD IP INT=eth0 IP=${address} MASK=255.255.255.0
ENABLE L2TP
ENABLE L2TP SERVER=BOTH
`;
/** A line to an LNS that gives us our address. `options` go to CREATE PPP. */
const client = (lns: string, route: string, secret: string): string => `ADD L2TP CALL=peer TYPE=VIRTUAL IP=${lns} PRECEDENCE=OUT${secret === '' ? '' : ` PASSWORD=${secret}`}
CREATE PPP=1 OVER=TNL-peer BAP=OFF LQR=OFF ECHO=ON IPREQUEST=ON
SET PPP=1 USER=user PASSWORD=secret
ENABLE IP REMOTEASSIGN
ADD IP INT=ppp1 IP=0.0.0.0
ADD IP ROUTE=${route} MASK=255.255.0.0 INT=ppp1 NEXT=0.0.0.0
`;

interface Lab {
  readonly net: Network;
  readonly peer: (script: string, ...words: string[]) => Promise<string>;
}

/** hashi's namespace "r" and a bridge in "sw", where machines of the peer scripts hang their taps. */
async function lab(prefix: string, body: (lab: Lab) => Promise<void>): Promise<void> {
  const net = new Network(prefix);
  const machines: string[] = [];
  const env = { RUN: join(net.folder, 'peers') };
  const peer = async (script: string, ...words: string[]): Promise<string> => {
    if (script === 'machine.sh' && words[0] === 'start') machines.push(words[1] ?? '');
    return must(['env', `RUN=${env.RUN}`, join(PEERS, script), ...words], { seconds: 120 });
  };
  try {
    await net.space('r', 'sw');
    await net.ip('sw', 'link', 'add', 'br0', 'type', 'bridge');
    await net.ip('sw', 'link', 'set', 'br0', 'up');
    await net.wire('r/wan', 'sw/tor');
    await net.ip('sw', 'link', 'set', 'tor', 'master', 'br0');
    await body({ net, peer });
  } finally {
    for (const name of machines) await run(['env', `RUN=${env.RUN}`, join(PEERS, 'machine.sh'), 'stop', name]);
    await net.remove();
  }
}

async function assertClean(net: Network, router: Router, capture: Awaited<ReturnType<Network['capture']>>, least: readonly (readonly [number, number])[]): Promise<void> {
  assert.is(await router.stop(), 0);
  await capture.end();
  assert.equal(await capture.complaints('l2tp', SECRET), []);
  for (const [type, count] of least) {
    const seen = await capture.count(`l2tp.avp.message_type == ${type}`);
    assert.ok(seen >= count, `message type ${type}: ${seen} of at least ${count}`);
  }
  assert.not.match(await net.ip('r', '-o', 'link'), /ppp1/);
}

const interop = suite('peers');

for (const auth of ['pap', 'chap', 'mschapv2', 'none'] as const) {
  when(MACHINE_NEEDS, interop, `xl2tpd as LNS gives us an address and answers ping, authentication ${auth}`, async () => {
    await lab(`x${auth.slice(0, 2)}`, async ({ net, peer }) => {
      await peer('machine.sh', 'start', 'lns', net.name('sw'), 'ptap', 'br0', '10.99.1.11/24');
      await peer('xl2tpd.sh', 'lns', 'lns', '10.99.1.11', '--secret', SECRET, '--auth', auth, ...(auth === 'pap' ? ['--seq'] : []));
      const capture = await net.capture('r', 'wan', 'udp port 1701');
      const router = await net.router('r', ['eth0=wan'], base('10.99.1.1') + client('10.99.1.11', '10.67.0.0', SECRET));
      await net.pings('r', '10.67.0.1', 30);
      assert.match(await router.cli('SHOW IP INTERFACE'), /ppp1[^\n]*10\.67\.1\./);
      assert.match(await router.cli('SHOW L2TP TUNNEL'), /Server Type \.+ LAC/);
      await assertClean(net, router, capture, [[1, 1], [2, 1], [3, 1], [10, 1], [11, 1], [12, 1]]);
    });
  });
}

when(MACHINE_NEEDS, interop, 'xl2tpd as LAC calls in on a LAN-to-LAN line, hangs up and calls again', async () => {
  await lab('xl', async ({ net, peer }) => {
    await peer('machine.sh', 'start', 'lac', net.name('sw'), 'ptap', 'br0', '10.99.1.12/24');
    const capture = await net.capture('r', 'wan', 'udp port 1701');
    const router = await net.router(
      'r',
      ['eth0=wan'],
      `${base('10.99.1.1')}ADD USER=user PASSWORD=secret LOGIN=NO
ADD L2TP PASSWORD=${SECRET}
ADD L2TP CALL=peer TYPE=VIRTUAL IP=10.99.1.12 PRECEDENCE=IN PASSWORD=${SECRET}
CREATE PPP=1 OVER=TNL-peer IDLE=999999999 BAP=OFF LQR=OFF AUTHENTICATION=CHAP
ADD IP INT=ppp1 IP=10.68.0.1 MASK=255.255.255.0
`,
    );
    await peer('xl2tpd.sh', 'lac', 'lac', '10.99.1.12', '10.99.1.1', '--secret', SECRET, '--ppp', '10.68.0.2:10.68.0.1');
    assert.match(await peer('xl2tpd.sh', 'wait', 'lac', '20'), /10\.68\.0\.2/);
    await net.pings('r', '10.68.0.2', 10);
    assert.match(await router.cli('SHOW L2TP TUNNEL'), /Server Type \.+ LNS/);
    await peer('xl2tpd.sh', 'hangup', 'lac');
    await peer('xl2tpd.sh', 'dial', 'lac');
    assert.match(await peer('xl2tpd.sh', 'wait', 'lac', '20'), /10\.68\.0\.2/);
    await net.pings('r', '10.68.0.2', 10);
    await assertClean(net, router, capture, [[1, 1], [2, 1], [3, 1], [10, 2], [11, 2], [12, 2]]);
  });
});

when(MACHINE_NEEDS, interop, 'xl2tpd with a wrong tunnel secret is refused, and the operator is told why', async () => {
  await lab('xw', async ({ net, peer }) => {
    await peer('machine.sh', 'start', 'lns', net.name('sw'), 'ptap', 'br0', '10.99.1.11/24');
    await peer('xl2tpd.sh', 'lns', 'lns', '10.99.1.11', '--secret', 'other');
    const router = await net.router('r', ['eth0=wan'], base('10.99.1.1') + client('10.99.1.11', '10.67.0.0', SECRET));
    await Bun.sleep(4000);
    assert.match(await router.cli('SHOW LOG'), /10\.99\.1\.11/);
    assert.not.match(await router.cli('SHOW LOG'), new RegExp(SECRET));
    assert.not.match(await router.cli('SHOW L2TP TUNNEL'), /Call ID/);
    await router.stop();
  });
});

when(L2TPNS_NEEDS, interop, 'l2tpns as LNS gives us an address and answers ping', async () => {
  await lab('ln', async ({ net, peer }) => {
    await net.space('n');
    await net.wire('n/eth0', 'sw/ton');
    await net.ip('sw', 'link', 'set', 'ton', 'master', 'br0');
    await net.ip('n', 'addr', 'add', '10.99.1.2/24', 'dev', 'eth0');
    try {
      await peer('l2tpns.sh', 'start', net.name('n'), '10.99.1.2', SECRET, 'user', 'secret');
      const capture = await net.capture('r', 'wan', 'udp port 1701');
      const router = await net.router('r', ['eth0=wan'], base('10.99.1.1') + client('10.99.1.2', '10.63.0.0', SECRET));
      await net.pings('r', '10.63.0.1', 30);
      assert.match(await router.cli('SHOW IP INTERFACE'), /ppp1[^\n]*10\.64\./);
      await assertClean(net, router, capture, [[1, 1], [2, 1], [3, 1], [10, 1], [11, 1], [12, 1]]);
    } finally {
      await peer('l2tpns.sh', 'stop', net.name('n'));
    }
  });
});

interop.run();

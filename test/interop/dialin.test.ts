// Dial-in users of today (xl2tpd and pppd on a kernel L2TP, in machines of their own) against the manual's LNS scripts on the real kernel.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { when, type Need } from '../needs.ts';
import { must, Network, run, until, type Router } from '../network.ts';

const PEERS = join(import.meta.dir, 'peers');
const SCRIPTS = join(import.meta.dir, '..', 'vectors', 'scripts');
const seed = (name: string): string => readFileSync(join(SCRIPTS, name), 'utf8');
const NEEDS: readonly Need[] = ['root', 'tun', 'netns', 'ethtool', 'tshark', 'tcpdump', 'ping', 'linux.uml', 'xl2tpd', 'pppd', 'flock'];
/** The tunnel password of the scripts. */
const SECRET = 'password';
const LNS = '1.1.1.254';
/** The chapter takes the IP set-up for granted. */
const PRELUDE = `SET SYSTEM NAME=RouterB
ENABLE IP
ADD IP INT=eth0 IP=192.168.20.1 MASK=255.255.255.0
ADD IP INT=eth1 IP=${LNS} MASK=255.255.255.0
`;

interface Lab {
  readonly net: Network;
  peer(script: string, ...words: string[]): Promise<string>;
  /** A dial-in user in a machine of its own, which dials at once. */
  user(name: string, address: string, ...options: string[]): Promise<void>;
}

/** Users on a bridge in "sw", the router "r" between them and the host "h". */
async function lab(prefix: string, body: (lab: Lab) => Promise<void>): Promise<void> {
  const net = new Network(prefix);
  const machines: string[] = [];
  const env = `RUN=${join(net.folder, 'peers')}`;
  const peer = (script: string, ...words: string[]): Promise<string> => must(['env', env, join(PEERS, script), ...words], { seconds: 120 });
  try {
    await net.space('r', 'sw', 'h');
    await net.ip('sw', 'link', 'add', 'br0', 'type', 'bridge');
    await net.ip('sw', 'link', 'set', 'br0', 'up');
    await net.wire('r/wan', 'sw/tor');
    await net.ip('sw', 'link', 'set', 'tor', 'master', 'br0');
    await net.wire('r/lan', 'h/eth0');
    await net.ip('h', 'addr', 'add', '192.168.20.2/24', 'dev', 'eth0');
    await body({
      net,
      peer,
      user: async (name, address, ...options) => {
        machines.push(name);
        await peer('machine.sh', 'start', name, net.name('sw'), `tap${machines.length}`, 'br0', `${address}/24`);
        const ppp = ['noipdefault', 'usepeerdns'].flatMap((line) => ['--ppp', line]);
        await peer('xl2tpd.sh', 'lac', name, address, LNS, '--secret', SECRET, '--user', 'remuser', '--password', 'rempass', '--route', '192.168.20.0/24', ...ppp, ...options);
      },
    });
  } finally {
    for (const name of machines) await run(['env', env, join(PEERS, 'machine.sh'), 'stop', name]);
    await net.remove();
  }
}

/** Kernel routes of the router to callers. */
const routes = async (net: Network): Promise<string[]> => (await net.ip('r', 'route', 'show', 'dev', 'dyn0')).split('\n').map((line) => line.split(' ')[0] ?? '').filter((line) => line !== '');

/** Whether the router's kernel sends ICMP redirects. */
const redirects = async (net: Network, device: string): Promise<string> => (await net.exec('r', ['cat', `/proc/sys/net/ipv4/conf/${device}/send_redirects`])).output.trim();

/** A machine's pppd sets its routes a moment after its address. */
const reaches = (peer: Lab['peer'], name: string, address: string): Promise<string> =>
  peer('machine.sh', 'exec', name, `for i in $(seq 10); do ping -n -q -c 3 -i 0.2 -W 2 ${address} && break; sleep 0.1; done`);

async function assertUp({ net, peer }: Lab, router: Router, name: string, address: string): Promise<void> {
  assert.match(await peer('xl2tpd.sh', 'wait', name, '20'), new RegExp(`^${address.replaceAll('.', '\\.')} peer 192\\.168\\.20\\.1/`));
  assert.match(await reaches(peer, name, '192.168.20.2'), / 3 received/, 'a host behind the LNS answers the user');
  await net.pings('h', address, 5);
  assert.match(await router.cli('SHOW IP POOL'), new RegExp(`^ +${address.replaceAll('.', '\\.')} +ppp`, 'm'));
}

const dialin = suite('dial-in');

for (const auth of ['chap', 'pap', 'mschapv2'] as const) {
  when(NEEDS, dialin, `a user of the manual's LNS with a pool gets its lowest address and reaches the host behind it, authentication ${auth}; hanging up gives the address back`, async () => {
    await lab(`d${auth.slice(0, 1)}`, async (here) => {
      const { net, peer, user } = here;
      const capture = await net.capture('r', 'wan', 'udp port 1701');
      const router = await net.router('r', ['eth0=lan', 'eth1=wan'], PRELUDE + seed('seed003-02-lns-pool.cfg'));
      await user('one', '1.1.1.1', '--auth', auth);
      await assertUp(here, router, 'one', '192.168.20.200');
      assert.equal(await routes(net), ['192.168.20.200']);
      assert.equal([await redirects(net, 'dyn0'), await redirects(net, 'all'), await redirects(net, 'lan')], ['0', '0', '1']);
      assert.match(await router.cli('SHOW L2TP TUNNEL CALL'), /^Username \.+ remuser$/m);
      assert.match(await router.cli('SHOW IP ROUTE'), /192\.168\.20\.200 +255\.255\.255\.255 +0\.0\.0\.0 +ppp0 /);
      await peer('xl2tpd.sh', 'hangup', 'one');
      await until('the address to be free', 5, async () => /\(0\)/.test(await router.cli('SHOW IP POOL')));
      assert.equal(await routes(net), []);
      assert.is((await net.exec('h', ['ping', '-n', '-c', '1', '-W', '1', '192.168.20.200'])).code, 1);
      await peer('xl2tpd.sh', 'dial', 'one');
      await assertUp(here, router, 'one', '192.168.20.200');
      assert.is(await router.stop(), 0);
      assert.is(await redirects(net, 'all'), '1', 'the switch is put back');
      await capture.end();
      assert.equal(await capture.complaints('l2tp', SECRET), []);
      for (const [type, least] of [[1, 1], [2, 1], [3, 1], [10, 2], [11, 2], [12, 2]] as const) assert.ok((await capture.count(`l2tp.avp.message_type == ${type}`)) >= least, `message type ${type}`);
      assert.not.match(await net.ip('r', '-o', 'link'), /dyn0/);
      assert.is((await net.ip('r', 'neigh', 'show', 'proxy')).trim(), '', 'no ARP proxy is left');
    });
  });
}

when(NEEDS, dialin, 'a second user gets the next address; what the first gives back goes to the next who calls', async () => {
  await lab('d2', async (here) => {
    const { net, peer, user } = here;
    const router = await net.router('r', ['eth0=lan', 'eth1=wan'], `${PRELUDE}${seed('seed003-02-lns-pool.cfg')}ADD L2TP IP=1.1.1.2 PPPTEMPLATE=0\n`);
    await user('one', '1.1.1.1');
    await assertUp(here, router, 'one', '192.168.20.200');
    await user('two', '1.1.1.2');
    await assertUp(here, router, 'two', '192.168.20.201');
    assert.equal(await routes(net), ['192.168.20.200', '192.168.20.201']);
    assert.match(await reaches(peer, 'one', '192.168.20.201'), / 3 received/, 'user reaches user');
    await peer('xl2tpd.sh', 'hangup', 'one');
    await until('the first address to be free', 5, async () => !/192\.168\.20\.200 +ppp/.test(await router.cli('SHOW IP POOL')));
    await assertUp(here, router, 'two', '192.168.20.201');
    await peer('xl2tpd.sh', 'hangup', 'two');
    await peer('xl2tpd.sh', 'dial', 'two');
    await assertUp(here, router, 'two', '192.168.20.200');
    assert.is(await router.stop(), 0);
  });
});

when(NEEDS, dialin, 'a user of the manual\'s LNS with a fixed address gets that one', async () => {
  await lab('df', async ({ net, peer, user }) => {
    const router = await net.router('r', ['eth0=lan', 'eth1=wan'], PRELUDE + seed('seed003-03-lns-fixed-user-ip.cfg'));
    await user('one', '1.1.1.1');
    assert.match(await peer('xl2tpd.sh', 'wait', 'one', '20'), /^192\.168\.20\.200 peer 192\.168\.20\.1\//);
    assert.match(await reaches(peer, 'one', '192.168.20.2'), / 3 received/);
    assert.equal(await routes(net), ['192.168.20.200']);
    assert.is(await router.stop(), 0);
  });
});

dialin.run();

// PPPoE against real peers: the kernel's PPPoE client, rp-pppoe's server (both in machines of their own), l2tpns as server.

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { when, type Need } from '../needs.ts';
import { must, Network, run, until, type Capture, type Router } from '../network.ts';

const PEERS = join(import.meta.dir, 'peers');
const NEEDS: readonly Need[] = ['root', 'tun', 'netns', 'ethtool', 'tshark', 'tcpdump', 'ping', 'linux.uml', 'pppd', 'flock'];
const L2TPNS_NEEDS: readonly Need[] = ['root', 'tun', 'netns', 'ethtool', 'tshark', 'tcpdump', 'ping', 'l2tpns', 'freeradius'];
const HOST = '192.168.20.2';

/** An access concentrator with a pool and a host behind it. */
const ac = (auth: string, service = 'ANY'): string => `SET SYSTEM NAME=hashi-ac
ENABLE IP
ADD IP INT=eth0 IP=192.168.20.1 MASK=255.255.255.0
ADD USER=remuser PASSWORD=rempass LOGIN=NO
CREATE IP POOL=ips IP=192.168.20.200-192.168.20.210
CREATE PPP TEMPLATE=0 AUTHENTICATION=${auth} IPPOOL=ips BAP=OFF LQR=OFF ECHO=ON
ADD PPP ACSERVICE=${service} TEMPLATE=0 ACINTERFACE=eth1
ENABLE PPP ACCESSCONCENTRATOR
`;
/** A client that routes to `far` over its line. */
const client = (service: string, far: string): string => `ENABLE IP
ENABLE IP REMOTEASSIGN
ADD IP INT=eth0 IP=192.168.10.1 MASK=255.255.255.0
CREATE PPP=0 OVER=eth1-${service} BAP=OFF LQR=OFF ECHO=ON IPREQUEST=ON USERNAME=user PASSWORD=secret
ADD IP INT=ppp0 IP=0.0.0.0
ADD IP ROUTE=${far} MASK=255.255.0.0 INT=ppp0 NEXT=0.0.0.0
`;

interface Lab {
  readonly net: Network;
  peer(script: string, ...words: string[]): Promise<string>;
  /** A machine of its own on the bridge; it has no address. */
  machine(name: string): Promise<void>;
}

/** The router "r" with its port `wan` on a bridge in "sw", a host "h" behind its port `lan`. */
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
    await body({
      net, peer,
      machine: async (name) => {
        machines.push(name);
        await peer('machine.sh', 'start', name, net.name('sw'), `tap${machines.length}`, 'br0', `10.255.0.${machines.length}/24`);
      },
    });
  } finally {
    for (const name of machines) await run(['env', env, join(PEERS, 'machine.sh'), 'stop', name]);
    await net.remove();
  }
}

const reaches = (peer: Lab['peer'], name: string, address: string, ...options: string[]): Promise<string> =>
  peer('machine.sh', 'exec', name, `ip route replace ${address} dev ppp0; for i in $(seq 10); do ping -n -q -c 3 -i 0.2 -W 2 ${options.join(' ')} ${address} && break; sleep 0.1; done`);

/** Nothing malformed, and every code of the discovery was seen. */
async function assertClean(capture: Capture, codes: readonly string[]): Promise<void> {
  await capture.end();
  assert.equal(await capture.complaints('pppoed || pppoes'), []);
  const seen = new Set(await capture.fields('pppoed', 'pppoe.code'));
  for (const code of codes) assert.ok(seen.has(code), `code ${code} among ${[...seen].join(' ')}`);
}
const DISCOVERY = ['0x09', '0x07', '0x19', '0x65'];
const PADT = '0xa7';

async function hostBehind({ net }: Lab, address: string, gateway: string): Promise<void> {
  await net.ip('h', 'addr', 'add', address, 'dev', 'eth0');
  await net.ip('h', 'route', 'replace', 'default', 'via', gateway);
}

const test = suite('PPPoE with real peers');


for (const [auth, demanded] of [['chap', 'CHAP'], ['pap', 'PAP'], ['mschapv2', 'EITHER']] as const) {
  when(NEEDS, test, `a kernel PPPoE client, authentication ${auth}, gets an address of the pool and reaches the host behind; hanging up gives it back`, async () => {
    await lab(`e${auth.slice(0, 1)}`, async (here) => {
      const { net, peer, machine } = here;
      await hostBehind(here, `${HOST}/24`, '192.168.20.1');
      const capture = await net.capture('r', 'wan', 'pppoed or pppoes');
      const router = await net.router('r', ['eth0=lan', 'eth1=wan'], ac(demanded));
      await machine('one');
      await peer('pppoe.sh', 'client', 'one', '--user', 'remuser', '--password', 'rempass', '--auth', auth, '--ac', 'hashi-ac');
      assert.match(await peer('pppoe.sh', 'wait', 'one'), /^192\.168\.20\.200 peer 192\.168\.20\.1\//);
      assert.match(await reaches(peer, 'one', HOST), / 3 received/);
      assert.match(await reaches(peer, 'one', HOST, '-M do -s 1464'), / 3 received/, 'packets of 1492 octets pass whole');
      assert.match(await router.cli('SHOW PPP PPPOE'), /^ANY +ETH1 +0 +1 +512 +1 +0$/m);
      await peer('pppoe.sh', 'hangup', 'one');
      await until('the address to be free', 5, async () => /\(0\)/.test(await router.cli('SHOW IP POOL')));
      await peer('pppoe.sh', 'dial', 'one');
      assert.match(await peer('pppoe.sh', 'wait', 'one'), /^192\.168\.20\.200 /);
      assert.is(await router.stop(), 0);
      await assertClean(capture, [...DISCOVERY, PADT]);
    });
  });
}

when(NEEDS, test, 'kernel PPPoE clients come back by themselves after the access concentrator was killed and started anew', async () => {
  await lab('ek', async (here) => {
    const { net, peer, machine } = here;
    await hostBehind(here, `${HOST}/24`, '192.168.20.1');
    const router = await net.router('r', ['eth0=lan', 'eth1=wan'], ac('CHAP'));
    await machine('one');
    await peer('pppoe.sh', 'client', 'one', '--user', 'remuser', '--password', 'rempass');
    await peer('pppoe.sh', 'wait', 'one');
    await router.kill();
    const again = await net.startRouter('r', ['eth0=lan', 'eth1=wan'], ac('CHAP'), router.flash);
    await until('the user to be back', 40, async () => /192\.168\.20\.200 +ppp/.test(await again.cli('SHOW IP POOL')));
    assert.match(await reaches(peer, 'one', HOST), / 3 received/);
    assert.is(await again.stop(), 0);
  });
});

when(NEEDS, test, 'a kernel PPPoE client that asks for another service is not answered', async () => {
  await lab('es', async ({ net, peer, machine }) => {
    const router = await net.router('r', ['eth0=lan', 'eth1=wan'], ac('CHAP', 'gold'));
    await machine('one');
    await peer('pppoe.sh', 'client', 'one', '--user', 'remuser', '--password', 'rempass', '--service', 'silver');
    await until('the PADIs to come', 15, async () => /no service [1-9]/.test(await router.cli('SHOW PPP PPPOE')));
    assert.match(await router.cli('SHOW PPP PPPOE'), /^ {2}Sent +0 +0 +0 +0 +0$/m);
    await peer('pppoe.sh', 'client', 'one', '--user', 'remuser', '--password', 'rempass', '--service', 'gold');
    assert.match(await peer('pppoe.sh', 'wait', 'one', '30'), /^192\.168\.20\.200 /);
    assert.is(await router.stop(), 0);
  });
});

/** The router has its address, and a host behind it reaches the far end of the line. */
async function assertOnline({ net }: Lab, router: Router, address: RegExp, far: string): Promise<void> {
  await until('IP over the line', 40, async () => address.test(await router.cli('SHOW IP INTERFACE=ppp0')));
  assert.is((await net.exec('r', ['ping', '-n', '-q', '-c', '3', '-i', '0.2', '-W', '2', far])).code, 0, `${far} answers`);
}

for (const auth of ['chap', 'pap', 'mschapv2'] as const) {
  when([...NEEDS, 'pppoe-server'], test, `the router is a client of rp-pppoe's server, authentication ${auth}: service and name are shown, the line carries packets of 1492 octets`, async () => {
    await lab(`s${auth.slice(0, 1)}`, async (here) => {
      const { net, peer, machine } = here;
      await machine('server');
      await peer('pppoe.sh', 'server', 'server', '--auth', auth, '--service', 'gold', '--ac', 'peer-ac');
      const capture = await net.capture('r', 'wan', 'pppoed or pppoes');
      const router = await net.router('r', ['eth0=lan', 'eth1=wan'], client('gold', '10.67.0.0'));
      await assertOnline(here, router, /10\.67\.1\.\d/, '10.67.0.1');
      assert.is((await net.exec('r', ['ping', '-n', '-q', '-M', 'do', '-s', '1464', '-c', '3', '-i', '0.2', '-W', '2', '10.67.0.1'])).code, 0, 'packets of 1492 octets pass whole');
      assert.match(await router.cli('SHOW PPP PPPOE'), /^ETH1-gold +ppp0 +Session\n {2}Access Concentrator +peer-ac$/im);
      assert.match(await router.cli('SHOW IP INTERFACE=ppp0'), /1492/);
      assert.is(await router.stop(), 0);
      await peer('pppoe.sh', 'down', 'server', '10');
      await assertClean(capture, [...DISCOVERY, PADT]);
      // RFC 2516 7: no MRU above 1492 is asked for.
      const asked = (await capture.fields('lcp.opt.type == 1', 'lcp.opt.mru')).map(Number);
      assert.ok(asked.length > 0 && asked.every((mru) => mru === 1492), asked.join(' '));
    });
  });
}

when([...NEEDS, 'pppoe-server'], test, "the router dials again by itself when rp-pppoe's server was killed, as soon as it is back", async () => {
  await lab('sk', async (here) => {
    const { net, peer, machine } = here;
    await machine('server');
    await peer('pppoe.sh', 'server', 'server');
    const router = await net.router('r', ['eth0=lan', 'eth1=wan'], client('any', '10.67.0.0'));
    await assertOnline(here, router, /10\.67\.1\.\d/, '10.67.0.1');
    await peer('machine.sh', 'exec', 'server', 'killall -q -KILL pppoe-server pppd pppoe; true');
    await until('the line to be lost', 60, async () => !/10\.67\.1\.\d/.test(await router.cli('SHOW IP INTERFACE=ppp0')));
    await peer('pppoe.sh', 'server', 'server');
    await assertOnline(here, router, /10\.67\.1\.\d/, '10.67.0.1');
    assert.is(await router.stop(), 0);
  });
});

/** Starts l2tpns in a namespace for the time of `body`. */
async function withL2tpns({ net, peer }: Lab, where: { readonly space: string; readonly address: string; readonly secret: string; readonly user: string }, env: readonly string[], body: () => Promise<void>): Promise<void> {
  const { space, address, secret, user } = where;
  await must(['env', `RUN=${join(net.folder, 'peers')}`, ...env, join(PEERS, 'l2tpns.sh'), 'start', net.name(space), address, secret, user, 'secret']);
  try {
    await body();
  } finally {
    await peer('l2tpns.sh', 'stop', net.name(space));
  }
}

when(L2TPNS_NEEDS, test, 'the router is a PPPoE client of l2tpns', async () => {
  await lab('l2', async (here) => {
    const { net } = here;
    await net.ip('sw', 'addr', 'add', '10.99.1.1/24', 'dev', 'br0');
    await withL2tpns(here, { space: 'sw', address: '10.99.1.1', secret: '', user: 'user' }, ['PPPOE_IF=br0'], async () => {
      const capture = await net.capture('r', 'wan', 'pppoed or pppoes');
      const router = await net.router('r', ['eth0=lan', 'eth1=wan'], client('any', '10.63.0.0'));
      await assertOnline(here, router, /10\.64\.\d+\.\d+/, '10.63.0.1');
      assert.match(await router.cli('SHOW PPP PPPOE'), /^ {2}Access Concentrator +l2tpns$/m);
      assert.is(await router.stop(), 0);
      await assertClean(capture, [...DISCOVERY, PADT]);
    });
  });
});

when([...NEEDS, 'l2tpns', 'freeradius'], test, 'a kernel PPPoE client reaches the LNS of its USER entry, l2tpns, through the router as LAC', async () => {
  await lab('ef', async (here) => {
    const { net, peer, machine } = here;
    await net.ip('h', 'addr', 'add', '192.0.2.2/24', 'dev', 'eth0');
    await withL2tpns(here, { space: 'h', address: '192.0.2.2', secret: 's3cret', user: 'joe@isp' }, [], async () => {
      const capture = await net.capture('r', 'wan', 'pppoed or pppoes');
      const router = await net.router('r', ['eth0=lan', 'eth1=wan'], `ENABLE IP
ADD IP INT=eth0 IP=192.0.2.1 MASK=255.255.255.0
CREATE PPP TEMPLATE=0 AUTHENTICATION=CHAP BAP=OFF LQR=OFF
ADD PPP ACSERVICE=ANY TEMPLATE=0 ACINTERFACE=eth1
ENABLE PPP ACCESSCONCENTRATOR
ENABLE L2TP
ENABLE L2TP SERVER=LAC
ADD L2TP USER="isp" ACTION=DATABASE IP=192.0.2.2 PASSWORD=s3cret
`);
      await machine('one');
      await peer('pppoe.sh', 'client', 'one', '--user', 'joe@isp', '--password', 'secret');
      assert.match(await peer('pppoe.sh', 'wait', 'one', '30'), /^10\.64\.\d+\.\d+ peer 10\.63\.0\.1\//);
      assert.match(await reaches(peer, 'one', '10.63.0.1'), / 3 received/);
      assert.match(await router.cli('SHOW PPP PPPOE'), /^ANY +ETH1 +0 +1 /m);
      assert.is(await router.stop(), 0);
      await peer('pppoe.sh', 'down', 'one', '10');
      await assertClean(capture, [...DISCOVERY, PADT]);
    });
  });
});

when(['root', 'tun', 'netns', 'ethtool', 'tshark', 'tcpdump', 'ping'], test, 'two routers on a port that carries 1508 octets agree on packets of 1500 (RFC 4638)', async () => {
  await lab('mm', async (here) => {
    const { net } = here;
    await net.space('c');
    await net.wire('r/big', 'c/big');
    for (const space of ['r', 'c']) await net.ip(space, 'link', 'set', 'big', 'mtu', '1508');
    const capture = await net.capture('r', 'big', 'pppoed or pppoes');
    const server = await net.router('r', ['eth0=lan', 'eth1=big'], ac('CHAP').replace('ECHO=ON', 'ECHO=ON MTU=1500'));
    const caller = await net.router('c', ['eth0=none', 'eth1=big'], `ENABLE IP
ENABLE IP REMOTEASSIGN
CREATE PPP=0 OVER=eth1-any BAP=OFF LQR=OFF IPREQUEST=ON USERNAME=remuser PASSWORD=rempass
ADD IP INT=ppp0 IP=0.0.0.0
`);
    await until('IP over the line', 40, async () => /192\.168\.20\.200/.test(await caller.cli('SHOW IP INTERFACE=ppp0')));
    assert.match(await caller.cli('SHOW PPP PPPOE'), /^ {2}MTU +1500$/m);
    assert.is((await net.exec('c', ['ping', '-n', '-q', '-M', 'do', '-s', '1472', '-c', '3', '-i', '0.2', '-W', '2', '192.168.20.1'])).code, 0, 'packets of 1500 octets pass whole');
    assert.is(await caller.stop(), 0);
    assert.is(await server.stop(), 0);
    await assertClean(capture, [...DISCOVERY, PADT]);
  });
});

when(['root', 'tun', 'netns', 'ethtool', 'tshark', 'tcpdump', 'ping'], test, 'a port whose device is taken away loses its sessions at once; both ends come back with the device', async () => {
  await lab('mg', async (here) => {
    const { net } = here;
    await net.space('c');
    await net.wire('r/far', 'c/far');
    const server = await net.router('r', ['eth0=lan', 'eth1=far'], ac('CHAP'));
    const caller = await net.router('c', ['eth0=none', 'eth1=far'], `ENABLE IP
ENABLE IP REMOTEASSIGN
CREATE PPP=0 OVER=eth1-any BAP=OFF LQR=OFF IPREQUEST=ON USERNAME=remuser PASSWORD=rempass
ADD IP INT=ppp0 IP=0.0.0.0
`);
    const online = (): Promise<void> => until('IP over the line', 30, async () => /192\.168\.20\.200/.test(await caller.cli('SHOW IP INTERFACE=ppp0')));
    await online();
    await net.ip('r', 'link', 'del', 'far');
    await until('the sessions to be gone', 5, async () => /\(0\)/.test(await server.cli('SHOW IP POOL')) && !/Session$/m.test(await caller.cli('SHOW PPP PPPOE')));
    assert.match(await server.cli('SHOW PPP PPPOE'), /Not served +There is no Ethernet port eth1/);
    await net.wire('r/far', 'c/far');
    await online();
    assert.is((await net.exec('c', ['ping', '-n', '-q', '-c', '3', '-i', '0.2', '-W', '2', '192.168.20.1'])).code, 0);
    assert.is(await caller.stop(), 0);
    assert.is(await server.stop(), 0);
  });
});

when(L2TPNS_NEEDS, test, 'the router is a PPPoE client of l2tpns as LAC, which passes the caller on to another router as LNS', async () => {
  await lab('lf', async (here) => {
    const { net } = here;
    await net.ip('sw', 'addr', 'add', '10.99.1.1/24', 'dev', 'br0');
    await net.space('n');
    await net.wire('sw/upl', 'n/wan');
    await net.ip('sw', 'addr', 'add', '10.99.2.1/24', 'dev', 'upl');
    const env = ['PPPOE_IF=br0', 'FORWARD=@isp 10.99.2.2 1701 s3cret'];
    await withL2tpns(here, { space: 'sw', address: '10.99.1.1', secret: 's3cret', user: 'joe@isp' }, env, async () => {
      const lns = await net.router('n', ['eth0=wan'], `SET SYSTEM NAME=LNS
ENABLE IP
ADD IP INT=eth0 IP=10.99.2.2 MASK=255.255.255.0
ADD IP ROUTE=10.99.1.0 MASK=255.255.255.0 INT=eth0 NEXT=10.99.2.1
ADD USER=joe@isp PASSWORD=secret LOGIN=NO
CREATE IP POOL=ips IP=10.66.0.1-10.66.0.9
CREATE PPP TEMPLATE=0 AUTHENTICATION=CHAP IPPOOL=ips BAP=OFF LQR=OFF
ENABLE L2TP
ENABLE L2TP SERVER=LNS
ADD L2TP PASSWORD=s3cret
ADD L2TP IP=10.99.2.1 PPPTEMPLATE=0
`);
      const router = await net.router('r', ['eth0=lan', 'eth1=wan'], client('any', '10.99.0.0').replace('USERNAME=user', 'USERNAME=joe@isp'));
      await assertOnline(here, router, /10\.66\.0\.1\b/, '10.99.2.2');
      assert.match(await lns.cli('SHOW IP POOL'), /10\.66\.0\.1 +ppp0/);
      assert.is(await router.stop(), 0);
      assert.is(await lns.stop(), 0);
    });
  });
});

test.run();

// The router as LAC before real LNSs, and as LNS behind a real LAC: callers are the kernel's PPPoE client and a dial-in user on bri0.
// Neither xl2tpd nor l2tpns takes over what a LAC has agreed: both begin LCP with the caller anew, through the relay.

import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { when, type Need } from '../needs.ts';
import { until } from '../network.ts';
import { addressOn, assertClean, host, lab, MACHINES, reaches, type Lab } from './lab.ts';

const SECRET = 's3cret';
const LAC = '192.0.2.1';
const LNS = '192.0.2.2';
const CALL_SET_UP = [1, 2, 3, 10, 11, 12];

/** A LAC without users; whoever calls goes to one LNS. */
const lac = `SET SYSTEM NAME=hashi-lac
ENABLE IP
ADD IP INT=eth1 IP=${LAC} MASK=255.255.255.0
CREATE PPP TEMPLATE=0 AUTHENTICATION=EITHER BAP=OFF LQR=OFF LOGIN=USER
ADD ISDN CALL=rmt NUMBER=0 PRECEDENCE=IN INANY=ON INTREQ=bri0 USER=PPP PPPTEMPLATE=0
ADD PPP ACSERVICE=ANY TEMPLATE=0 ACINTERFACE=eth0
ENABLE PPP ACCESSCONCENTRATOR
ENABLE L2TP
ENABLE L2TP SERVER=LAC
ADD L2TP USER=ALL ACTION=DATABASE IP=${LNS} PASSWORD=${SECRET}
`;

/** A user in namespace "u" who calls on bri0 and routes everything into the call; what he has printed. */
function dialIn({ net }: Lab, socket: string, user: string, password: string): () => string {
  const words = ['--socket', socket, '--user', user, '--password', password, '--number', '0312345678', '--tun', 'ppp0'];
  const child = Bun.spawn(['ip', 'netns', 'exec', net.name('u'), process.execPath, join(import.meta.dir, '..', 'dialin.ts'), ...words], {
    stdin: 'ignore', stdout: 'pipe', stderr: 'inherit', env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
  });
  let printed = '';
  void (async () => {
    for await (const part of child.stdout) printed += Buffer.from(part).toString();
  })();
  return () => printed;
}

const test = suite('LAC');
const XL2TPD: readonly Need[] = [...MACHINES, 'xl2tpd', 'iperf3'];

when(XL2TPD, test, 'a PPPoE caller and a dial-in user reach xl2tpd as LNS through the router as LAC, in one tunnel; TCP both ways', async () => {
  await lab('ax', ['r', 'u'], async (here) => {
    const { net, peer, machine, on } = here;
    await here.bridge('acc', 'r/access');
    await here.bridge('core', 'r/core');
    await machine('lns', 'core', `${LNS}/24`);
    await peer('xl2tpd.sh', 'lns', 'lns', LNS, '--secret', SECRET, '--user', 'user@isp', '--password', 'secret');
    const capture = await net.capture('r', 'core', 'udp port 1701');
    const socket = join(net.folder, 'bri0.sock');
    const router = await net.router('r', ['eth0=access', 'eth1=core', `bri0=unix:${socket}`], lac);
    await machine('one', 'acc', '10.255.0.1/24');
    await peer('pppoe.sh', 'client', 'one', '--user', 'user@isp', '--password', 'secret');
    const printed = dialIn(here, socket, 'user@isp', 'secret');
    assert.match(await peer('pppoe.sh', 'wait', 'one', '30'), /^10\.67\.1\.\d+ peer 10\.67\.0\.1\//);
    assert.match(await reaches(here, 'one', '10.67.0.1', '-s 1372'), / 3 received/);
    await until('the dial-in user to get an address', 20, () => /address 10\.67\.1\.\d+/.test(printed()));
    await net.pings('u', '10.67.0.1', 10);
    assert.is((await net.exec('u', ['ping', '-n', '-q', '-c', '3', '-i', '0.2', '-s', '1300', '-W', '2', '10.67.0.1'])).code, 0);
    const shown = await router.cli('SHOW L2TP TUNNEL CALL');
    assert.is((shown.match(/^Username \.+ user@isp$/gm) ?? []).length, 2, shown);
    await assertClean(capture, SECRET, CALL_SET_UP);
    assert.is(await capture.count('l2tp.avp.message_type == 1'), 1, 'one tunnel for both');
    assert.ok((await capture.count('chap.code == 1')) >= 2, 'the LNS asks both for a proof of its own');
    await on('lns', 'iperf3 -s -D >/dev/null 2>&1');
    for (const way of ['', '-R']) {
      const done = await on('one', `iperf3 -c 10.67.0.1 -t 2 ${way} -f m | grep receiver`);
      const rate = Number(/([\d.]+) Mbits/.exec(done)?.[1] ?? 0);
      console.log(`INFO TCP of a kernel PPPoE client ${way === '' ? 'to' : 'from'} xl2tpd's kernel L2TP through the LAC: ${rate} Mbit/s`);
      assert.ok(rate > 5, done);
    }
    await net.pings('u', '10.67.0.1', 5);
    await peer('pppoe.sh', 'hangup', 'one');
    await until('the call to end', 5, async () => ((await router.cli('SHOW L2TP TUNNEL CALL')).match(/^Username \.+ user@isp$/gm) ?? []).length === 1);
    assert.is((await net.exec('u', ['ping', '-n', '-c', '1', '-W', '2', '10.67.0.1'])).code, 0, 'the other call goes on');
    assert.is(await router.stop(), 0);
  });
});

when(XL2TPD, test, 'a wrong password is refused by xl2tpd as LNS through the relay; the call is not kept', async () => {
  await lab('aw', ['r', 'u'], async (here) => {
    const { net, peer, machine } = here;
    await here.bridge('core', 'r/core');
    await machine('lns', 'core', `${LNS}/24`);
    await peer('xl2tpd.sh', 'lns', 'lns', LNS, '--secret', SECRET, '--auth', 'pap');
    const socket = join(net.folder, 'bri0.sock');
    const router = await net.router('r', ['eth1=core', `bri0=unix:${socket}`], lac.replace(/^ADD PPP ACSERVICE.*\n/m, ''));
    const wrong = dialIn(here, socket, 'user', 'wrong');
    await until('the refusal', 20, () => /^refused: /m.test(wrong()));
    await until('the call to be gone', 10, async () => !/established/.test(await router.cli('SHOW L2TP TUNNEL CALL')));
    const right = dialIn(here, socket, 'user', 'secret');
    await until('an address', 20, () => /address 10\.67\.1\./.test(right()));
    await net.pings('u', '10.67.0.1', 10);
    assert.is(await router.stop(), 0);
  });
});

const L2TPNS: readonly Need[] = ['root', 'tun', 'netns', 'ethtool', 'tshark', 'tcpdump', 'ping', 'l2tpns', 'freeradius'];

when(L2TPNS, test, 'a dial-in user reaches l2tpns as LNS through the router as LAC', async () => {
  await lab('al', ['r', 'u', 'n'], async (here) => {
    const { net, peer } = here;
    await net.wire('r/core', 'n/eth0');
    await host(here, 'n/eth0', `${LNS}/24`, LAC);
    await peer('l2tpns.sh', 'start', net.name('n'), LNS, SECRET, 'joe@isp', 'secret');
    here.atEnd(() => peer('l2tpns.sh', 'stop', net.name('n')));
    const capture = await net.capture('r', 'core', 'udp port 1701');
    const socket = join(net.folder, 'bri0.sock');
    const router = await net.router('r', ['eth1=core', `bri0=unix:${socket}`], lac.replace(/^ADD PPP ACSERVICE.*\n/m, ''));
    const printed = dialIn(here, socket, 'joe@isp', 'secret');
    await until('the dial-in user to get an address', 30, () => /address 10\.64\.\d+\.\d+/.test(printed()));
    await net.pings('u', '10.63.0.1', 10);
    assert.is((await net.exec('u', ['ping', '-n', '-q', '-c', '3', '-i', '0.2', '-s', '1300', '-W', '2', '10.63.0.1'])).code, 0);
    assert.match(await peer('l2tpns.sh', 'cli', net.name('n'), 'show session'), /joe@isp/);
    assert.is(await router.stop(), 0);
    await assertClean(capture, SECRET, CALL_SET_UP);
  });
});

when([...MACHINES, ...L2TPNS], test, 'a kernel PPPoE client reaches a host behind the router as LNS through l2tpns as LAC', async () => {
  await lab('ac', ['r', 'h'], async (here) => {
    const { net, peer, machine } = here;
    await here.bridge('acc');
    await net.wire('acc/core', 'r/core');
    await net.ip('acc', 'addr', 'add', `${LAC}/24`, 'dev', 'core');
    await net.wire('r/lan', 'h/eth0');
    await host(here, 'h/eth0', '192.168.20.2/24', '192.168.20.1');
    // Its word about tunnel authentication is for both ways; it calls from port 65432.
    await here.peerWith(['PPPOE_IF=br0', `FORWARD=@isp ${LNS} 1701 ${SECRET}`], 'l2tpns.sh', 'start', net.name('acc'), LAC, SECRET, 'nobody', 'secret');
    here.atEnd(() => peer('l2tpns.sh', 'stop', net.name('acc')));
    const capture = await net.capture('r', 'core', 'udp');
    const router = await net.router('r', ['eth0=lan', 'eth1=core'], `SET SYSTEM NAME=hashi-lns
ENABLE IP
ADD IP INT=eth0 IP=192.168.20.1 MASK=255.255.255.0
ADD IP INT=eth1 IP=${LNS} MASK=255.255.255.0
ADD USER=joe@isp PASSWORD=secret LOGIN=NO
CREATE IP POOL=ips IP=192.168.20.200-192.168.20.210
CREATE PPP TEMPLATE=0 AUTHENTICATION=CHAP IPPOOL=ips BAP=OFF LQR=OFF
ENABLE L2TP
ENABLE L2TP SERVER=LNS
ADD L2TP PASSWORD=${SECRET}
ADD L2TP IP=${LAC} PPPTEMPLATE=0
`);
    await machine('one', 'acc', '10.255.0.1/24');
    await peer('pppoe.sh', 'client', 'one', '--user', 'joe@isp', '--password', 'secret', '--ac', 'l2tpns');
    assert.match(await addressOn(here, 'one', 'ppp0', 30), /^192\.168\.20\.200 peer 192\.168\.20\.1\//);
    await here.on('one', 'ip route replace 192.168.20.2 dev ppp0');
    assert.match(await reaches(here, 'one', '192.168.20.2', '-s 1372'), / 3 received/);
    await net.pings('h', '192.168.20.200', 5);
    assert.match(await router.cli('SHOW L2TP TUNNEL CALL'), /^Username \.+ joe@isp$/m);
    await peer('pppoe.sh', 'hangup', 'one');
    await until('the address to be free', 10, async () => /\(0\)/.test(await router.cli('SHOW IP POOL')));
    assert.is(await router.stop(), 0);
    await assertClean(capture, SECRET, CALL_SET_UP, `l2tp && ip.src == ${LNS}`);
  });
});

test.run();

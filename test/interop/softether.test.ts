// SoftEther's VPN server as LNS for plain L2TP. It is no LNS for a LAC: it waits for the caller's LCP, which a LAC has settled by then.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { when, type Need } from '../needs.ts';
import { assertClean, host, lab, type Lab } from './lab.ts';

const NEEDS: readonly Need[] = ['root', 'tun', 'netns', 'ethtool', 'tshark', 'tcpdump', 'ping', 'vpnserver', 'vpncmd'];
const LNS = '192.0.2.2';

async function softEther(here: Lab): Promise<void> {
  const { net, peer } = here;
  await net.wire('r/core', 'n/eth0');
  await host(here, 'n/eth0', `${LNS}/24`, '192.0.2.1');
  here.atEnd(() => peer('softether.sh', 'stop', net.name('n')));
  await peer('softether.sh', 'start', net.name('n'), 'user', 'secret');
}

const test = suite('SoftEther');

when(NEEDS, test, 'SoftEther as LNS gives the router that calls it an address, and packets cross', async () => {
  await lab('se', ['r', 'n'], async (here) => {
    const { net } = here;
    await softEther(here);
    const capture = await net.capture('r', 'core', 'udp port 1701');
    const router = await net.router('r', ['eth0=none', 'eth1=core'], `ENABLE IP
ENABLE IP REMOTEASSIGN
ADD IP INT=eth1 IP=192.0.2.1 MASK=255.255.255.0
ENABLE L2TP
ENABLE L2TP SERVER=BOTH
ADD L2TP CALL=peer TYPE=VIRTUAL IP=${LNS} PRECEDENCE=OUT
CREATE PPP=1 OVER=TNL-peer BAP=OFF LQR=OFF ECHO=ON IPREQUEST=ON USER=user PASSWORD=secret
ADD IP INT=ppp1 IP=0.0.0.0
ADD IP ROUTE=10.65.0.0 MASK=255.255.0.0 INT=ppp1 NEXT=0.0.0.0
`);
    await net.pings('r', '10.65.0.1', 30);
    assert.is((await net.exec('r', ['ping', '-n', '-q', '-c', '5', '-i', '0.2', '-s', '1200', '-W', '2', '10.65.0.1'])).code, 0);
    assert.match(await router.cli('SHOW IP INTERFACE'), /ppp1[^\n]*10\.65\.0\.\d+/);
    assert.is(await router.stop(), 0);
    // Its PAP Authenticate-Ack lacks the length of its message (RFC 1334 2.2.2): what it sends is not judged.
    await assertClean(capture, '', [1, 2, 3, 10, 11, 12], 'l2tp && ip.src == 192.0.2.1');
  });
});

test.run();

// The manual's LAN-to-LAN scripts on the real kernel: two routers, a LAN behind each, an internet between them.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { when } from '../needs.ts';
import { until, type Capture, type Network, type Router } from '../network.ts';
import { field, lans, NEEDS, PORTS, PRELUDE, seed } from './lans.ts';

async function both(prefix: string, scriptA: string, scriptB: string, body: (net: Network, a: Router, b: Router) => Promise<void>): Promise<void> {
  const net = await lans(prefix);
  try {
    const a = await net.router('a', PORTS, PRELUDE.a + scriptA);
    const b = await net.router('b', PORTS, PRELUDE.b + scriptB);
    await body(net, a, b);
    assert.is(await a.stop(), 0, 'router A ends with 0 on SIGTERM');
    assert.is(await b.stop(), 0, 'router B ends with 0 on SIGTERM');
  } finally {
    await net.remove();
  }
}

async function dissect(capture: Capture): Promise<void> {
  // What TCP inside does when a connection ends (a reset, a FIN sent twice and reported by D-SACK) is worth a warning to tshark, not to us.
  assert.equal(await capture.complaints('l2tp && !(tcp.flags.reset == 1) && !tcp.options.sack.dsack'), []);
}

const netns = suite('static');

when([...NEEDS, 'tshark', 'tcpdump', 'iperf3'], netns, 'two routers with the manual\'s scripts carry ping, TCP and UDP both ways, and every packet on the wire is well formed', async () => {
  const net = await lans('st');
  try {
    const capture = await net.capture('inet', 'toa', 'udp port 1701');
    const a = await net.router('a', PORTS, PRELUDE.a + seed('seed003-04-static-ppp-A.cfg'));
    const b = await net.router('b', PORTS, PRELUDE.b + seed('seed003-05-static-ppp-B.cfg'));
    await net.pings('h1', '192.168.20.2', 15);
    await net.pings('h2', '192.168.10.2', 5);
    net.start('h2', ['iperf3', '-s', '-1', '-p', '5201']);
    net.start('h1', ['iperf3', '-s', '-1', '-p', '5202']);
    await Bun.sleep(300);
    const tcp = await net.exec('h1', ['iperf3', '-c', '192.168.20.2', '-p', '5201', '-n', '200K', '-J']);
    assert.is(tcp.code, 0, tcp.output);
    const udp = await net.exec('h2', ['iperf3', '-c', '192.168.10.2', '-p', '5202', '-u', '-b', '2M', '-t', '1', '-J']);
    assert.is(udp.code, 0, udp.output);

    const tunnel = await a.cli('SHOW L2TP TUNNEL');
    assert.is(field(tunnel, 'State'), 'established');
    assert.is(field(tunnel, 'Remote IP Address'), '2.2.2.2');
    assert.is(field(tunnel, 'Remote UDP Port'), '1701');
    assert.is(field(tunnel, 'Remote Hostname'), 'RouterB');
    assert.match(await a.cli('SHOW IP ROUTE'), /192\.168\.20\.0 +255\.255\.255\.0 +0\.0\.0\.0 +ppp1/);
    assert.match(await a.cli('SHOW PPP'), /ppp1[^]*IPCP +OPENED[^]*TNL-remote +LCP +OPENED/);

    // Counters and capture are compared at a moment when nothing moved in between: keep-alives come only every 10 s.
    const expected = async (): Promise<Record<string, number>> => ({
      'In Control Packets': await capture.count('l2tp.type == 1 && ip.dst == 1.1.1.1'),
      'Out Control Packets': await capture.count('l2tp.type == 1 && ip.src == 1.1.1.1'),
      'In Data Packets': await capture.count('l2tp.type == 0 && ip.dst == 1.1.1.1'),
      'Out Data Packets': await capture.count('l2tp.type == 0 && ip.src == 1.1.1.1'),
      'Out Control Packets No Data': await capture.count('l2tp.type == 1 && ip.src == 1.1.1.1 && !l2tp.avp.message_type'),
    });
    const counters = async (): Promise<Record<string, number>> => {
      const output = await a.cli('SHOW L2TP COUNTER');
      return Object.fromEntries(Object.keys(await expected()).map((label) => [label, Number(field(output, label))]));
    };
    let shown: Record<string, number> = {};
    let seen: Record<string, number> = {};
    for (let attempt = 0; attempt < 4; attempt++) {
      shown = await counters();
      await Bun.sleep(300);
      seen = await expected();
      if (JSON.stringify(shown) === JSON.stringify(seen)) break;
    }
    assert.equal(shown, seen, 'SHOW L2TP COUNTER against the capture');
    assert.is(await a.stop(), 0);
    assert.is(await b.stop(), 0);
    await capture.end();
    await dissect(capture);
    for (const [type, least] of [[1, 1], [2, 1], [3, 1], [7, 1], [8, 1], [9, 1], [4, 1]] as const) {
      const n = await capture.count(`l2tp.avp.message_type == ${type}`);
      assert.ok(n >= least, `message type ${type}: ${n} of at least ${least}`);
    }
  } finally {
    await net.remove();
  }
});

when(NEEDS, netns, 'a passive router (IP=0.0.0.0) is called by the other and never calls', async () => {
  await both('sp', seed('seed003-06-static-ppp-fixed-side-passive.cfg'), seed('seed003-05-static-ppp-B.cfg'), async (net, a) => {
    // The lines are on demand: as the manual says, it is always the side whose address is not fixed that calls.
    await net.pings('h2', '192.168.10.2', 20);
    await net.pings('h1', '192.168.20.2', 5);
    assert.is(field(await a.cli('SHOW L2TP TUNNEL'), 'Server Type'), 'LAC');
  });
});

when(NEEDS, netns, 'traffic returns after one router was killed and started again', async () => {
  const net = await lans('sk');
  try {
    const a = await net.router('a', PORTS, PRELUDE.a + seed('seed003-04-static-ppp-A.cfg'));
    const b = await net.router('b', PORTS, PRELUDE.b + seed('seed003-05-static-ppp-B.cfg'));
    await net.pings('h1', '192.168.20.2', 15);
    await b.kill();
    const again = await net.startRouter('b', PORTS, PRELUDE.b + seed('seed003-05-static-ppp-B.cfg'), b.flash);
    await net.pings('h1', '192.168.20.2', 40);
    assert.is(await a.stop(), 0);
    assert.is(await again.stop(), 0);
  } finally {
    await net.remove();
  }
});

when(NEEDS, netns, 'traffic returns after the line was down for longer than the retransmissions last', async () => {
  await both('sl', seed('seed003-04-static-ppp-A.cfg'), seed('seed003-05-static-ppp-B.cfg'), async (net, a) => {
    await net.pings('h1', '192.168.20.2', 15);
    await net.ip('inet', 'link', 'set', 'toa', 'down');
    await until('router A to say what it waits for', 90, async () => !/established/.test(await a.cli('SHOW L2TP TUNNEL')));
    await net.ip('inet', 'link', 'set', 'toa', 'up');
    await net.pings('h1', '192.168.20.2', 90);
  });
});

when(NEEDS, netns, 'a router leaves no device, address or route behind when it ends', async () => {
  const net = await lans('sc');
  try {
    const state = async (): Promise<string> => {
      const names = (await net.ip('a', '-o', 'link')).replace(/^\d+: ([^:]+):.*$/gm, '$1');
      return [names, await net.ip('a', '-o', '-4', 'addr'), await net.ip('a', 'route')].join();
    };
    const before = await state();
    const a = await net.router('a', PORTS, PRELUDE.a + seed('seed003-04-static-ppp-A.cfg'));
    assert.match(await net.ip('a', '-o', 'link'), /ppp1/);
    assert.is(await a.stop(), 0);
    assert.is(await state(), before);
  } finally {
    await net.remove();
  }
});

netns.run();

// Calls of the LAN-to-LAN kind in their forms on the real kernel: several in one tunnel, numbered, without checksums, placed as
// incoming calls, with right and wrong passwords. What is on the wire is read by tshark.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { when } from '../needs.ts';
import { until, type Capture, type Network, type Router } from '../network.ts';
import { field, lans, NEEDS, PORTS, PRELUDE } from './lans.ts';

const CAPTURING = [...NEEDS, 'tshark', 'tcpdump'];
const BEGIN = 'ENABLE L2TP\nENABLE L2TP SERVER=BOTH\n';

interface Line {
  readonly net: Network;
  readonly a: Router;
  readonly b: Router;
  readonly wire: Capture;
}

/** Two routers with these scripts behind the prelude; `body` ends before they do. */
async function line(prefix: string, scripts: { readonly a: string; readonly b: string }, body: (line: Line) => Promise<void>): Promise<void> {
  const net = await lans(prefix);
  try {
    const wire = await net.capture('inet', 'toa', 'udp or icmp');
    const a = await net.router('a', PORTS, PRELUDE.a + BEGIN + scripts.a);
    const b = await net.router('b', PORTS, PRELUDE.b + BEGIN + scripts.b);
    await body({ net, a, b, wire });
    assert.is(await a.stop(), 0);
    assert.is(await b.stop(), 0);
    await wire.end();
    assert.equal(await wire.complaints('l2tp'), []);
  } finally {
    await net.remove();
  }
}

const ppp = (number: number, call: string, route: string): string => `CREATE PPP=${number} OVER=TNL-${call} IDLE=999999999 BAP=OFF LQR=OFF ECHO=ON
ADD IP INT=ppp${number} IP=0.0.0.0
ADD IP ROUTE=${route} MASK=255.255.255.0 INT=ppp${number} NEXT=0.0.0.0
`;

const calls = suite('calls');

when(CAPTURING, calls, 'Two calls share one tunnel; the one with NUMBER=ON is numbered without a gap, the other is not', async () => {
  const call = (peer: string, precedence: string): string => `ADD L2TP CALL=one REMOTE=one TYPE=VIRTUAL IP=${peer} PRECEDENCE=${precedence}
ADD L2TP CALL=two REMOTE=two TYPE=VIRTUAL IP=${peer} PRECEDENCE=${precedence} NUMBER=ON
`;
  const scripts = {
    a: call('2.2.2.2', 'IN') + ppp(1, 'one', '192.168.20.0') + ppp(2, 'two', '192.168.21.0'),
    b: `ADD IP INT=eth0-1 IP=192.168.21.1 MASK=255.255.255.0\n${call('1.1.1.1', 'OUT')}${ppp(1, 'one', '192.168.10.0')}${ppp(2, 'two', '192.168.11.0')}`,
  };
  await line('c2', scripts, async ({ net, a, wire }) => {
    await net.pings('h1', '192.168.20.2', 20);
    // The address on eth0-1 is reached by the second call; the answer comes by the first, which has the route to host 1.
    await net.pings('h1', '192.168.21.1', 20);
    const many = await net.exec('h1', ['ping', '-n', '-q', '-c', '20', '-i', '0.01', '192.168.21.1']);
    assert.is(many.code, 0, many.output);
    const shown = await a.cli('SHOW L2TP TUNNEL');
    assert.is(shown.match(/^Tunnel ID/gm)?.length, 3, shown);
    assert.is(field(shown, 'Calls Active'), '2');
    assert.is(await wire.count('l2tp.avp.message_type == 1 && ip.src == 1.1.1.1'), 1);

    const own = [...shown.matchAll(/^Call ID \.+ (\d+)$/gm)].map(([, id]) => id ?? '');
    const names = new Map<string, string>();
    for (const id of own) names.set(field(await a.cli(`SHOW L2TP TUNNEL CALL=${id}`), 'Dialed Number'), field(await a.cli(`SHOW L2TP TUNNEL CALL=${id}`), 'Remote Call ID'));
    assert.equal([...names.keys()].toSorted(), ['one', 'two']);
    const sent = await wire.fields('l2tp.type == 0 && ip.src == 1.1.1.1', 'l2tp.session', 'l2tp.Ns');
    const numbersOf = (name: string): string[] => sent.filter((packet) => Number(packet.split('\t')[0]) === Number(names.get(name))).map((packet) => packet.split('\t')[1] ?? '');
    const two = numbersOf('two');
    assert.ok(two.length >= 20, `${two.length} packets in call two`);
    assert.equal(two, two.map((_, i) => `${i}`));
    assert.ok(numbersOf('one').length >= 3);
    for (const number of numbersOf('one')) assert.is(number, '');

    const [, second = ''] = own;
    const counter = await a.cli(`SHOW L2TP TUNNEL CALL=${second} COUNTER`, `SHOW L2TP TUNNEL CALL=${own[0]} COUNTER`);
    assert.match(counter, /In Order Payload Packets \.+ [1-9]/);
    assert.match(counter, /Out Of Order Payload Packets \.+ 0/);
  });
});

when(CAPTURING, calls, 'SET L2TP CHECKSUM=OFF leaves the checksum out of data messages and keeps it in control messages', async () => {
  const scripts = {
    a: `SET L2TP CHECKSUM=OFF\nADD L2TP CALL=remote REMOTE=remote TYPE=VIRTUAL IP=2.2.2.2 PRECEDENCE=IN\n${ppp(1, 'remote', '192.168.20.0')}`,
    b: `ADD L2TP CALL=remote REMOTE=remote TYPE=VIRTUAL IP=1.1.1.1 PRECEDENCE=OUT\n${ppp(1, 'remote', '192.168.10.0')}`,
  };
  await line('cc', scripts, async ({ net, a, wire }) => {
    await net.pings('h1', '192.168.20.2', 20);
    assert.match(await a.cli('SHOW L2TP'), /Checksum Payload Packets \.+ off/);
    const off = 'udp.checksum == 0';
    const [data, without] = [await wire.count('l2tp.type == 0 && ip.src == 1.1.1.1'), await wire.count(`l2tp.type == 0 && ip.src == 1.1.1.1 && ${off}`)];
    assert.ok(data >= 5);
    assert.is(without, data, 'data messages of router A');
    assert.is(await wire.count(`l2tp.type == 0 && ip.src == 2.2.2.2 && ${off}`), 0, 'data messages of router B, which has it on');
    assert.is(await wire.count(`l2tp.type == 1 && ${off}`), 0, 'control messages');
    await a.cli('SET L2TP CHECKSUM=ON');
    await net.pings('h1', '192.168.20.2', 5);
    await Bun.sleep(500);
    const [last = ''] = (await wire.fields('l2tp.type == 0 && ip.src == 1.1.1.1', 'udp.checksum')).slice(-1);
    assert.is.not(Number(last.split(',')[0]), 0, 'a running call follows SET L2TP CHECKSUM');
  });
});

when(CAPTURING, calls, 'A call without REMOTE is placed by ICRQ and answered by the call that names our address', async () => {
  const scripts = {
    a: `ADD L2TP CALL=out TYPE=VIRTUAL IP=2.2.2.2\n${ppp(1, 'out', '192.168.20.0')}`,
    b: `ADD L2TP CALL=in TYPE=VIRTUAL IP=1.1.1.1\n${ppp(1, 'in', '192.168.10.0').replace('ECHO=ON', 'ECHO=OFF')}`,
  };
  await line('ci', scripts, async ({ net, a, b, wire }) => {
    // Both are on demand: only host 1 asks.
    await net.pings('h1', '192.168.20.2', 20);
    assert.is(field(await a.cli('SHOW L2TP TUNNEL'), 'Server Type'), 'LAC');
    assert.is(field(await b.cli('SHOW L2TP TUNNEL'), 'Server Type'), 'LNS');
    const types = (await wire.fields('l2tp.avp.message_type', 'l2tp.avp.message_type')).map(Number);
    assert.equal(types.slice(0, 6).toSorted((x, y) => x - y), [1, 2, 3, 10, 11, 12]);
    assert.not.ok(types.includes(7), 'no outgoing call request');
  });
});

/** Router A calls with `password`; B wants "s3cretB" of everybody. */
const guarded = (password: string): { readonly a: string; readonly b: string } => ({
  a: `ADD L2TP CALL=remote REMOTE=remote TYPE=VIRTUAL IP=2.2.2.2 PRECEDENCE=IN${password}\n${ppp(1, 'remote', '192.168.20.0')}`,
  b: `ADD L2TP PASSWORD=s3cretB\nADD L2TP CALL=remote REMOTE=remote TYPE=VIRTUAL IP=1.1.1.1 PRECEDENCE=OUT\n${ppp(1, 'remote', '192.168.10.0')}`,
});

when(CAPTURING, calls, 'A tunnel with the right password comes up by challenge and response', async () => {
  await line('cr', guarded(' PASSWORD=s3cretB'), async ({ net, wire }) => {
    await net.pings('h1', '192.168.20.2', 20);
    assert.ok((await wire.count('l2tp.avp.message_type == 2 && l2tp.avp.chap_challenge')) >= 1);
    assert.ok((await wire.count('l2tp.avp.message_type == 3 && l2tp.avp.chap_challenge_response')) >= 1);
  });
});

when(CAPTURING, calls, 'A wrong password is refused; both ends say so, and neither names a password', async () => {
  await line('cw', guarded(' PASSWORD=wr0ng'), async ({ net, a, b, wire }) => {
    const pinged = await net.exec('h1', ['ping', '-n', '-c', '2', '-W', '1', '192.168.20.2']);
    assert.is.not(pinged.code, 0);
    await until('router A to say why', 10, async () => /Status \.+ .*does not accept our\s+password/.test((await a.cli('SHOW L2TP CALL')).replace(/\n {26}/g, ' ')));
    assert.ok((await wire.count('l2tp.avp.message_type == 4')) >= 1);
    assert.match(await b.cli('SHOW L2TP'), /Failed Authentications \.+ [1-9]/);
    const logs = [await a.cli('SHOW LOG'), await b.cli('SHOW LOG')];
    assert.match(logs[0] ?? '', /does not accept our\s+password/);
    assert.match(logs[1] ?? '', /1\.1\.1\.1/);
    for (const log of logs) assert.not.match(log, /s3cretB|wr0ng/);
    // The operator puts it right: the call comes up without another command.
    await a.cli('SET L2TP CALL=remote PASSWORD=s3cretB');
    await net.pings('h1', '192.168.20.2', 40);
  });
});

when(CAPTURING, calls, 'A call that has no password where one is asked for says what to set', async () => {
  await line('cn', guarded(''), async ({ net, a }) => {
    await net.exec('h1', ['ping', '-n', '-c', '2', '-W', '1', '192.168.20.2']);
    await until('router A to say why', 10, async () => /Status \.+ .*asks for a password and the call has none\s+\(SET L2TP CALL PASSWORD=\)/.test((await a.cli('SHOW L2TP CALL')).replace(/\n {26}/g, ' ')));
  });
});

when(CAPTURING, calls, 'A call whose peer cannot be reached says what ICMP says: port, host, network or a filter', async () => {
  const reasons = {
    port: ['2.2.2.254', /2\.2\.2\.254 says that nothing listens on UDP port 1701 \(is L2TP enabled there\?\)/],
    host: ['2.2.2.77', /2\.2\.2\.77 cannot be reached: host unreachable, says ICMP \(is it up\?\)/],
    network: ['3.3.3.3', /3\.3\.3\.3 cannot be reached: network unreachable, says ICMP/],
    filter: ['4.4.4.4', /4\.4\.4\.4 cannot be reached: a filter on the way refuses UDP port 1701, says ICMP/],
  } as const;
  const net = await lans('cu');
  try {
    await net.ip('inet', 'route', 'add', 'prohibit', '4.4.4.4');
    const lines = Object.entries(reasons).map(([name, [peer]], i) => `ADD L2TP CALL=${name} TYPE=VIRTUAL IP=${peer}\nCREATE PPP=${i + 1} OVER=TNL-${name} BAP=OFF LQR=OFF\n`);
    const a = await net.router('a', PORTS, `${PRELUDE.a}ADD IP ROUTE=0.0.0.0 INT=eth1 NEXT=1.1.1.254\n${BEGIN}${lines.join('')}`);
    for (const name of Object.keys(reasons)) await a.cli(`ACTIVATE L2TP CALL=${name}`);
    for (const [name, [, sentence]] of Object.entries(reasons)) {
      await until(`call ${name} to say why`, 20, async () => sentence.test((await a.cli(`SHOW L2TP CALL=${name}`)).replace(/\s+/g, ' ')));
    }
    assert.is(await a.stop(), 0);
  } finally {
    await net.remove();
  }
});

calls.run();

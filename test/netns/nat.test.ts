// NAT and filters on the real kernel: what each kind of translation does to packets on the wire, what a filter lets in and counts,
// that rules are replaced under a connection without ending it, and that nothing of them stays.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { when, type Need } from '../needs.ts';
import { Network, until, type Router } from '../network.ts';
import { lans, PORTS, PRELUDE, seed } from './lans.ts';

const NEEDS: readonly Need[] = ['root', 'netns', 'nft', 'ethtool', 'ping'];
const BASE = `ENABLE IP
ADD IP INT=eth0 IP=192.168.10.1 MASK=255.255.255.0
ADD IP INT=eth1 IP=1.1.1.1 MASK=255.255.255.0
`;

/** h1, h3 (192.168.10.2 and .3) - a - out (1.1.1.254, which knows no way to 192.168.10.0, but 203.0.113.0/24 by the router). */
async function network(prefix: string): Promise<Network> {
  const net = new Network(prefix);
  await net.space('h1', 'a', 'out');
  await net.wire('h1/eth0', 'a/lan');
  await net.wire('a/wan', 'out/eth0');
  await net.ip('h1', 'addr', 'add', '192.168.10.2/24', 'dev', 'eth0');
  await net.ip('h1', 'addr', 'add', '192.168.10.3/24', 'dev', 'eth0');
  await net.ip('h1', 'route', 'add', 'default', 'via', '192.168.10.1');
  await net.ip('out', 'addr', 'add', '1.1.1.254/24', 'dev', 'eth0');
  await net.ip('out', 'route', 'add', '203.0.113.0/24', 'via', '1.1.1.1');
  return net;
}

async function withRouter(prefix: string, script: string, body: (net: Network, router: Router) => Promise<void>): Promise<void> {
  const net = await network(prefix);
  try {
    const router = await net.router('a', PORTS, BASE + script);
    await body(net, router);
    assert.is(await router.stop(), 0, 'the router ends with 0 on SIGTERM');
  } finally {
    await net.remove();
  }
}

/** A server that answers each piece it gets with who the client is, on all addresses of a namespace. */
async function serve(net: Network, space: string, port: number): Promise<void> {
  const code = `Bun.listen({ hostname: '0.0.0.0', port: ${port}, socket: { data(s) { s.write(s.remoteAddress + '\\n'); } } });`;
  net.start(space, [process.execPath, '-e', code]);
  await until(`the server at ${port} in ${space}`, 10, async () => (await net.exec(space, ['ss', '-Htln', `sport = :${port}`])).output.includes(`:${port}`));
}

/** Connects and returns what the server sees as the client's address; '' where nobody answers in time. */
async function seen(net: Network, space: string, to: string, port: number, from = '', limit = 4000): Promise<string> {
  const code = `setTimeout(() => process.exit(1), ${limit});
    require('net').connect({ host: '${to}', port: ${port}${from === '' ? '' : `, localAddress: '${from}'`} }, function () { this.write('x'); }).on('data', (d) => { process.stdout.write(String(d)); process.exit(0); }).on('error', () => process.exit(1));`;
  const { code: exit, output } = await net.exec(space, [process.execPath, '-e', code]);
  return exit === 0 ? output.trim() : '';
}

/** Nobody answers, for as long as it takes when somebody does. */
const unseen = async (...[net, space, to, port, from]: [Network, string, string, number, string?]): Promise<boolean> => (await seen(net, space, to, port, from, 1000)) === '';

const tables = async (net: Network): Promise<string> => (await net.exec('a', ['nft', 'list', 'tables'])).output.trim();

const test = suite('nat');

when(NEEDS, test, 'all hosts of a LAN go out behind the address of an interface, and one service comes in through it', () =>
  withRouter('n1', 'ENABLE IP NAT\nADD IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLINT=eth1\nADD IP NAT IP=192.168.10.3 PROTOCOL=TCP PORT=www GBLINT=eth1 GBLPORT=8080\n', async (net, router) => {
    await serve(net, 'out', 5000);
    await serve(net, 'h1', 80);
    assert.is(await seen(net, 'h1', '1.1.1.254', 5000), '1.1.1.1');
    await net.pings('h1', '1.1.1.254', 3);
    assert.is(await seen(net, 'out', '1.1.1.1', 8080), '1.1.1.254', 'the port that is forwarded');
    assert.ok(await unseen(net, 'out', '1.1.1.1', 80), 'a port that is not');
    await router.cli('SET IP INT=eth1 IP=1.1.1.9 MASK=255.255.255.0');
    assert.is(await seen(net, 'h1', '1.1.1.254', 5000), '1.1.1.9', 'the address that the interface has now');
    assert.is(await seen(net, 'out', '1.1.1.9', 8080), '1.1.1.254');
    await router.cli('DISABLE IP NAT');
    assert.ok(await unseen(net, 'h1', '1.1.1.254', 5000), 'nothing knows the way back to the LAN');
    assert.is(await tables(net), '');
  }));

when(NEEDS, test, 'one to one, range to range and network to network', () =>
  withRouter('n2', 'ENABLE IP NAT\nADD IP NAT IP=192.168.10.2 GBLIP=203.0.113.2\n', async (net, router) => {
    await serve(net, 'out', 5000);
    await serve(net, 'h1', 5001);
    assert.is(await seen(net, 'h1', '1.1.1.254', 5000, '192.168.10.2'), '203.0.113.2');
    assert.ok(await unseen(net, 'h1', '1.1.1.254', 5000, '192.168.10.3'), 'a host that nothing translates');
    assert.match(await router.cli('ADD IP NAT IP=192.168.10.3 GBLIP=1.1.1.3'), /^Info/);
    assert.is(await seen(net, 'h1', '1.1.1.254', 5000, '192.168.10.3'), '1.1.1.3', 'an address of the network outside, for which the router answers ARP');
    assert.is(await seen(net, 'out', '1.1.1.3', 5001), '1.1.1.254');
    await router.cli('DELETE IP NAT IP=192.168.10.3 GBLIP=1.1.1.3');
    assert.not.match(await net.ip('a', 'addr', 'show', 'dev', 'wan'), /1\.1\.1\.3/);
    assert.is(await seen(net, 'out', '203.0.113.2', 5001), '1.1.1.254', 'the way in');
    assert.match(await router.cli('ADD IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLIP=203.0.113.8 GBLMASK=255.255.255.248'), /^Info/);
    assert.is(await seen(net, 'h1', '1.1.1.254', 5000, '192.168.10.2'), '203.0.113.2', 'the more particular translation');
    const other = await seen(net, 'h1', '1.1.1.254', 5000, '192.168.10.3');
    assert.match(other, /^203\.0\.113\.(9|1[0-4])$/);
    assert.is(await seen(net, 'h1', '1.1.1.254', 5000, '192.168.10.3'), other, 'the same host, the same address');
    await router.cli('DELETE IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLIP=203.0.113.8 GBLMASK=255.255.255.248', 'ADD IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLIP=203.0.113.0 GBLMASK=255.255.255.0');
    assert.is(await seen(net, 'h1', '1.1.1.254', 5000, '192.168.10.3'), '203.0.113.3', 'host bits stay');
  }));

when(NEEDS, test, 'a filter lets in what its first entry that matches includes, and counts it', () =>
  withRouter('n3', `ADD IP ROUTE=0.0.0.0 INT=eth1 NEXT=1.1.1.254
ADD IP FILTER=1 SOURCE=1.1.1.0 SMASK=255.255.255.0 ACTION=INCLUDE PROTOCOL=ICMP
ADD IP FILTER=1 SOURCE=1.1.1.254 ACTION=INCLUDE PROTOCOL=TCP DPORT=5001
SET IP INT=eth1 FILTER=1
`, async (net, router) => {
    await net.ip('out', 'route', 'add', '192.168.10.0/24', 'via', '1.1.1.1');
    await serve(net, 'h1', 5001);
    await serve(net, 'h1', 5002);
    await serve(net, 'out', 5000);
    await net.pings('out', '192.168.10.2', 3);
    assert.is(await seen(net, 'out', '192.168.10.2', 5001), '1.1.1.254');
    assert.ok(await unseen(net, 'out', '192.168.10.2', 5002));
    assert.ok(await unseen(net, 'h1', '1.1.1.254', 5000), 'the answers are not let in');
    assert.match(await router.cli('ADD IP FILTER=1 SOURCE=0.0.0.0 ACTION=INCLUDE PROTOCOL=TCP SESSION=ESTABLISHED'), /^Info/);
    assert.is(await seen(net, 'h1', '1.1.1.254', 5000), '192.168.10.2', 'answers of connections from inside');
    assert.ok(await unseen(net, 'out', '192.168.10.2', 5002));
    const shown = await router.cli('SHOW IP FILTER=1');
    const matches = [...shown.matchAll(/Include +None +(\d+)/g)].map(([, count]) => Number(count));
    assert.is(matches.length, 3, shown);
    assert.ok(matches.every((count) => count > 0), shown);
    await router.cli('ADD IP FILTER=1 SOURCE=0.0.0.0 ACTION=EXCLUDE PROTOCOL=ICMP ICMPTYPE=8 ENTRY=1');
    assert.is.not((await net.exec('out', ['ping', '-n', '-c', '1', '-W', '1', '192.168.10.2'])).code, 0);
    await net.pings('h1', '1.1.1.254', 3);
    const later = [...(await router.cli('SHOW IP FILTER=1')).matchAll(/(?:In|Ex)clude +None +(\d+)/g)].map(([, count]) => Number(count));
    assert.ok((later[1] ?? 0) >= (matches[0] ?? 0), `counts go on when rules are replaced: ${matches} then ${later}`);
    // A datagram of three fragments, of which only the first has ports.
    await router.cli('ADD IP FILTER=1 SOURCE=0.0.0.0 ACTION=INCLUDE PROTOCOL=UDP DPORT=7000');
    const listening = net.exec('h1', [process.execPath, '-e', "setTimeout(() => process.exit(1), 5000); const s = require('dgram').createSocket('udp4'); s.on('message', (m) => { process.stdout.write(String(m.length)); process.exit(0); }); s.bind(7000);"]);
    await until('the UDP socket', 5, async () => (await net.exec('h1', ['ss', '-Huln', 'sport = :7000'])).output.includes(':7000'));
    await net.exec('out', [process.execPath, '-e', "const s = require('dgram').createSocket('udp4'); s.send(Buffer.alloc(4000), 7000, '192.168.10.2', () => s.close());"]);
    assert.is((await listening).output, '4000');
  }));

when(NEEDS, test, 'rules are replaced under a connection without losing it', () =>
  withRouter('n4', 'ENABLE IP NAT\nADD IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLINT=eth1\n', async (net, router) => {
    await serve(net, 'out', 5000);
    const code = `const s = require('net').connect(5000, '1.1.1.254'); let got = 0; let sent = 0;
      s.setNoDelay(true); s.on('data', (d) => { got += String(d).split('\\n').length - 1; });
      s.on('error', () => process.exit(2)); s.on('close', () => process.exit(3));
      setInterval(() => { s.write('x'); sent++; if (sent === 200) setTimeout(() => { console.log(got); process.exit(got > 150 ? 0 : 4); }, 500); }, 20);`;
    const client = net.exec('h1', [process.execPath, '-e', code]);
    await until('the connection', 3, async () => (await net.exec('out', ['ss', '-Htn', 'state', 'established', 'sport = :5000'])).output.includes('1.1.1.1'));
    const answers = await router.cli(
      ...[2, 3, 4, 5, 6, 7, 8, 9].flatMap((host) => [`ADD IP NAT IP=192.168.10.${host} PROTOCOL=TCP PORT=${host} GBLINT=eth1`, `ADD IP FILTER=1 SOURCE=1.1.1.254 ACTION=INCLUDE ENTRY=1`]),
      'SET IP INT=eth1 FILTER=1', 'DELETE IP NAT IP=192.168.10.2 PROTOCOL=TCP PORT=2 GBLINT=eth1', 'ADD IP NAT IP=192.168.10.77 GBLIP=1.1.1.77', 'SET IP INT=eth1 FILTER=NONE',
    );
    assert.is(answers.split('\n').filter((line) => line.startsWith('Info')).length, 20, answers);
    const done = await client;
    assert.is(done.code, 0, `the client: exit ${done.code}, ${done.output}`);
  }));

when(NEEDS, test, 'nothing of the rules stays after the end, and after a crash the next start takes it away; tables of others stay', async () => {
  const net = await network('n5');
  const script = `${BASE}ENABLE IP NAT\nADD IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLINT=eth1\n`;
  try {
    await net.exec('a', ['nft', 'add', 'table', 'inet', 'theirs']);
    const first = await net.router('a', PORTS, script);
    assert.is(await tables(net), 'table inet theirs\ntable inet hashi');
    await first.stop();
    assert.is(await tables(net), 'table inet theirs', 'after SIGTERM');
    const second = await net.startRouter('a', PORTS, script, first.flash);
    await second.kill();
    assert.is(await tables(net), 'table inet theirs\ntable inet hashi', 'what kill -9 leaves');
    const third = await net.startRouter('a', PORTS, BASE, first.flash);
    assert.is(await tables(net), 'table inet theirs', 'after the next start');
    assert.match(await third.cli('ENABLE IP NAT'), /^Info/);
    assert.is(await tables(net), 'table inet theirs', 'NAT without translations needs no table');
    await third.cli('ADD IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLINT=eth1');
    assert.is(await tables(net), 'table inet theirs\ntable inet hashi');
    await third.cli('RESTART ROUTER');
    await until('the restarted router, which has no boot script, to have no rules', 5, async () => (await tables(net)) === 'table inet theirs');
    await third.stop();
    assert.is(await tables(net), 'table inet theirs');
  } finally {
    await net.remove();
  }
});

when(NEEDS, test, 'two routers in one namespace have a table each, and the next start finds those of both', async () => {
  const net = await network('n7');
  const script = `${BASE}ENABLE IP NAT\nADD IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLINT=eth1\n`;
  try {
    const first = await net.router('a', PORTS, script);
    const second = await net.router('a', PORTS, script);
    assert.is(await tables(net), `table inet hashi\ntable inet hashi_${second.pid}`);
    await first.stop();
    assert.is(await tables(net), `table inet hashi_${second.pid}`, 'each takes its own away');
    const third = await net.router('a', PORTS, script);
    assert.is(await tables(net), `table inet hashi_${second.pid}\ntable inet hashi`, 'the table of a process that lives stays');
    await second.kill();
    await third.kill();
    const last = await net.router('a', PORTS, BASE);
    assert.is(await tables(net), '');
    await last.stop();
  } finally {
    await net.remove();
  }
});

when([...NEEDS, 'tun', 'tcpdump', 'tshark'], test, 'the manual\'s dynamic scripts: a LAN behind an address that the other router gives, once it has given one', async () => {
  const net = await lans('n6');
  try {
    const capture = await net.capture('inet', 'toa', 'udp port 1701');
    const b = await net.router('b', PORTS, PRELUDE.b + seed('seed003-08-dynamic-ppp-B-server.cfg'));
    const a = await net.router('a', PORTS, PRELUDE.a + seed('seed003-07-dynamic-ppp-A-client.cfg'));
    await net.pings('h1', '192.168.20.2', 20);
    await serve(net, 'h2', 5000);
    const address = await seen(net, 'h1', '192.168.20.2', 5000);
    assert.match(await a.cli('SHOW IP NAT'), new RegExp(`Dynamic ENAT 192\\.168\\.10\\.0/24 .* ppp1 \\(${address.replaceAll('.', '\\.')}\\)`));
    assert.is.not(address, '192.168.10.2');
    assert.not.match(await a.cli('SHOW SYSTEM'), /this build does not have|not in force/);
    assert.is(await a.stop(), 0);
    assert.is(await b.stop(), 0);
    await capture.end();
    assert.equal(await capture.complaints('l2tp', 'l2tpB'), [], 'every packet on the wire is well formed');
    for (const [type, name] of [[1, 'SCCRQ'], [2, 'SCCRP'], [3, 'SCCCN'], [10, 'ICRQ'], [11, 'ICRP'], [12, 'ICCN'], [4, 'StopCCN']] as const) {
      assert.ok((await capture.count(`l2tp.avp.message_type == ${type}`)) >= 1, name);
    }
    assert.is(await capture.count('ip.src == 192.168.10.2'), 0, 'no address of the LAN behind the translation is seen in the tunnel');
  } finally {
    await net.remove();
  }
});

test.run();

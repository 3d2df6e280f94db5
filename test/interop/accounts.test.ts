// A whole router whose callers FreeRADIUS judges, equips, accounts for and ends. Callers are xl2tpd with pppd (L2TP) and the kernel's PPPoE
// client, each in a machine of its own. The tests share one router and follow each other.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { missing, when, type Need } from '../needs.ts';
import { until, type Router } from '../network.ts';
import { addressOn, host, MACHINES, openLab, reaches, type Lab } from './lab.ts';

const NEEDS: readonly Need[] = [...MACHINES, 'xl2tpd', 'freeradius', 'radclient'];
const SECRET = 'radius-secret';
const SERVERS = { a: '10.9.0.2', b: '10.9.0.3' } as const;
const HOST = '192.168.20.2';

const SCRIPT = `SET SYSTEM NAME=hashi-lns
ENABLE IP
ADD IP INT=eth0 IP=192.168.20.1 MASK=255.255.255.0
ADD IP INT=eth1 IP=192.0.2.1 MASK=255.255.255.0
ADD IP INT=eth2 IP=10.9.0.1 MASK=255.255.255.0
ADD IP DNS PRIMARY=192.0.2.53
ADD RADIUS SERVER=${SERVERS.a} SECRET=${SECRET}
ADD RADIUS SERVER=${SERVERS.b} SECRET=${SECRET}
SET RADIUS TIMEOUT=1 RETRANSMIT=1 DEADTIME=1
CREATE IP POOL=ips IP=192.168.20.200-192.168.20.210
CREATE IP POOL=gold IP=192.168.21.1-192.168.21.9
CREATE PPP TEMPLATE=0 AUTHENTICATION=EITHER LOGIN=RADIUS IPPOOL=ips BAP=OFF LQR=OFF ECHO=OFF
ADD PPP ACSERVICE=ANY TEMPLATE=0 ACINTERFACE=eth1
ENABLE PPP ACCESSCONCENTRATOR
ENABLE L2TP
ENABLE L2TP SERVER=LNS
ADD L2TP PASSWORD=s3cret
ADD L2TP IP=192.0.2.1-192.0.2.254 PPPTEMPLATE=0
`;

const USERS = `rich  Cleartext-Password := "secret"
	Service-Type = Framed-User,
	Framed-Protocol = PPP,
	Framed-IP-Address = 192.168.20.77,
	Framed-IP-Netmask = 255.255.255.255,
	Framed-Route = "10.7.0.0/16 0.0.0.0 1",
	MS-Primary-DNS-Server = 192.0.2.99,
	MS-Secondary-DNS-Server = 192.0.2.98,
	Acct-Interim-Interval = 60,
	Class = 0x01020304

alice  Cleartext-Password := "wonder"
	Framed-IP-Address = 255.255.255.254,
	Framed-Pool = "gold"

brief  Cleartext-Password := "secret"
	Session-Timeout = 6
`;

const test = suite('accounts');
let here: Lab;
let router: Router;
let close: (() => Promise<void>) | undefined;
/** When the session of `rich` began. */
let began = 0;

const startServer = (name: keyof typeof SERVERS): Promise<string> =>
  here.peerIn('aaa', [`RADIUS_ADDRESS=${SERVERS[name]}`], 'radius.sh', 'start', name, SECRET, join(here.net.folder, 'users'));
/** A Disconnect-Request or CoA-Request by radclient: what it printed, whatever the answer. */
const ask = (kind: 'coa' | 'disconnect', attributes: string, secret = SECRET): Promise<string> =>
  here.peerIn('aaa', ['RADIUS_NAS=10.9.0.1'], 'radius.sh', 'ask', kind, secret, attributes).catch(String);
/** Accounting records of a user that a server has received, oldest first, as text. */
async function records(user: string, status: string, server: keyof typeof SERVERS = 'a'): Promise<string[]> {
  return (await here.peer('radius.sh', 'detail', server)).split('\n\n').filter((one) => one.includes(`User-Name = "${user}"`) && one.includes(`Acct-Status-Type = ${status}\n`));
}
/** Waits until there are `count` such records; the last one. */
async function record(user: string, status: string, count = 1, server: keyof typeof SERVERS = 'a', seconds = 10): Promise<string> {
  let found: string[] = [];
  await until(`${count} ${status} of ${user} at server ${server}`, seconds, async () => (found = await records(user, status, server)).length >= count);
  return found.at(-1) ?? '';
}
const numberIn = (text: string, attribute: string): number => Number(new RegExp(`\\b${attribute} = (\\d+)`).exec(text)?.[1] ?? -1);

type Auth = 'pap' | 'chap' | 'mschapv2';

async function begin(user: string, password: string, auth: Auth): Promise<void> {
  await here.peer('xl2tpd.sh', 'lac', 'one', '192.0.2.11', '192.0.2.1', '--secret', 's3cret', '--user', user, '--password', password, '--auth', auth, '--route', '192.168.20.0/24', '--ppp', 'usepeerdns', '--ppp', 'noipdefault');
}
/** Dials in by L2TP; the address got, or "none". */
async function dial(user: string, password: string, auth: Auth, seconds = 15): Promise<string> {
  await begin(user, password, auth);
  return (await addressOn(here, 'one', 'ppp0', seconds)).trim();
}
const gone = (): Promise<void> => until('the L2TP caller to be gone', 10, async () => !/established/.test(await router.cli('SHOW L2TP TUNNEL CALL')));
async function hangUp(): Promise<void> {
  await here.peer('xl2tpd.sh', 'hangup', 'one');
  await gone();
}

test.before(async () => {
  if (missing(...NEEDS) !== undefined) return;
  const made = await openLab('ac', ['r', 'h', 'aaa']);
  ({ here, close } = made);
  const { net } = here;
  writeFileSync(join(net.folder, 'users'), USERS);
  await here.bridge('core', 'r/wan');
  await net.wire('r/lan', 'h/eth0');
  await net.wire('r/mgmt', 'aaa/eth0');
  await host(here, 'h/eth0', `${HOST}/24`, '192.168.20.1');
  for (const address of Object.values(SERVERS)) await net.ip('aaa', 'addr', 'add', `${address}/24`, 'dev', 'eth0');
  for (const name of ['a', 'b'] as const) {
    await startServer(name);
    here.atEnd(() => here.peer('radius.sh', 'stop', name));
  }
  router = await net.router('r', ['eth0=lan', 'eth1=wan', 'eth2=mgmt'], SCRIPT);
  await here.machine('one', 'core', '192.0.2.11/24');
  await here.machine('two', 'core', '192.0.2.12/24');
});
test.after(async () => {
  await close?.();
});

when(NEEDS, test, 'a PPPoE caller gets the address, the name servers and the route that FreeRADIUS gives; the network behind him answers', async () => {
  await here.on('two', 'ip addr add 10.7.0.1/32 dev lo');
  await here.peer('pppoe.sh', 'client', 'two', '--user', 'rich', '--password', 'secret');
  assert.match(await here.peer('pppoe.sh', 'wait', 'two'), /^192\.168\.20\.77 peer 192\.168\.20\.1\//);
  await here.on('two', 'ip route replace 192.168.20.0/24 dev ppp0');
  began = performance.now();
  await here.net.pings('h', '192.168.20.77', 10);
  await here.net.pings('h', '10.7.0.1', 10);
  assert.match(await router.cli('SHOW IP ROUTE'), /10\.7\.0\.0 +255\.255\.0\.0 +\S+ +ppp0/);
  assert.equal((await here.on('two', 'cat /etc/ppp/resolv.conf')).trim().split('\n'), ['nameserver 192.0.2.99', 'nameserver 192.0.2.98']);
  const start = await record('rich', 'Start');
  for (const wanted of ['Framed-IP-Address = 192.168.20.77', 'NAS-IP-Address = 10.9.0.1', 'NAS-Identifier = "hashi-lns"', 'NAS-Port-Type = Ethernet', 'Class = 0x01020304', 'Acct-Authentic = RADIUS', 'Service-Type = Framed-User']) {
    assert.ok(start.includes(wanted), `${wanted} is not in\n${start}`);
  }
  // The machine's Ethernet address.
  assert.match(start, /Calling-Station-Id = "02[:-]00[:-]/i);
});

for (const [i, auth] of (['pap', 'chap', 'mschapv2'] as const).entries()) {
  when(NEEDS, test, `xl2tpd and pppd dial in by ${auth}: FreeRADIUS judges, its pool gives the address, its record counts what SHOW PPP COUNTER counts`, async () => {
    await begin('alice', 'wrong', auth);
    await until('the refusal', 10, async () => ((await router.cli('SHOW LOG')).match(/The RADIUS\s+server\s+refuses/g) ?? []).length > i);
    assert.match(await dial('alice', 'wonder', auth), /^192\.168\.21\.1 peer 192\.168\.20\.1\//);
    assert.match(await router.cli('SHOW IP POOL=gold'), /192\.168\.21\.1 +ppp1/);
    assert.match(await reaches(here, 'one', HOST, '-s 1200'), / 3 received/);
    assert.equal((await here.on('one', 'cat /etc/ppp/resolv.conf')).trim(), 'nameserver 192.0.2.53');
    const start = await record('alice', 'Start', i + 1);
    for (const wanted of ['NAS-Port-Type = Virtual', 'Tunnel-Type:0 = L2TP', 'Tunnel-Client-Endpoint:0 = "192.0.2.11"', 'Tunnel-Server-Endpoint:0 = "192.0.2.1"']) assert.ok(start.includes(wanted), `${wanted} is not in\n${start}`);
    const counted = await router.cli('SHOW PPP=1 COUNTER=IF');
    const [inOctets, outOctets] = ['inOctets', 'outOctets'].map((label) => Number(new RegExp(`${label} +(\\d+)`).exec(counted)?.[1] ?? -1));
    await hangUp();
    const stop = await record('alice', 'Stop', i + 1);
    // An echo of LCP and what ends PPP may come on top.
    const within = (value: number, least: number | undefined): boolean => least !== undefined && least >= 3 * 1200 && value >= least && value <= least + 150;
    assert.ok(within(numberIn(stop, 'Acct-Input-Octets'), inOctets), `${inOctets} in\n${stop}`);
    assert.ok(within(numberIn(stop, 'Acct-Output-Octets'), outOctets), `${outOctets} out\n${stop}`);
    assert.match(stop, /Framed-IP-Address = 192\.168\.21\.1\n/);
    assert.is(/Acct-Session-Id = "(\w+)"/.exec(stop)?.[1], /Acct-Session-Id = "(\w+)"/.exec(start)?.[1]);
    assert.match(stop, /Acct-Terminate-Cause = User-Request/);
  });
}

when(NEEDS, test, 'Session-Timeout ends a session on time, and the record says so', async () => {
  const from = performance.now();
  assert.match(await dial('brief', 'secret', 'chap'), /^192\.168\.20\.200 /);
  const up = performance.now();
  await record('brief', 'Start');
  const stop = await record('brief', 'Stop', 1, 'a', 12);
  const at = performance.now();
  assert.ok(at - up <= 9000 && at - from >= 5500, `${Math.round(at - up)} ms after the address, ${Math.round(at - from)} ms after dialling`);
  assert.match(stop, /Acct-Terminate-Cause = Session-Timeout/);
  assert.ok([5, 6, 7].includes(numberIn(stop, 'Acct-Session-Time')), stop);
  await gone();
});

when(NEEDS, test, 'CoA of radclient sets when a session ends, Disconnect-Request ends it at once; strangers get neither', async () => {
  const sessions = (await records('alice', 'Stop')).length;
  assert.match(await dial('alice', 'wonder', 'chap'), /^192\.168\.21\.1 /);
  await record('alice', 'Start', sessions + 1);
  assert.match(await ask('disconnect', 'User-Name = "nobody"'), /Received Disconnect-NAK[\s\S]*Session-Context-Not-Found/);
  assert.match(await ask('disconnect', 'User-Name = "alice"', 'another-secret'), /No reply/);
  assert.match(await reaches(here, 'one', HOST), / 3 received/, 'the session goes on');
  assert.match(await ask('disconnect', 'User-Name = "alice"'), /Received Disconnect-ACK/);
  const first = await record('alice', 'Stop', sessions + 1);
  assert.match(first, /Acct-Terminate-Cause = Admin-Reset/);
  await gone();
  assert.match(await dial('alice', 'wonder', 'chap'), /^192\.168\.21\.1 /);
  await record('alice', 'Start', sessions + 2);
  assert.match(await ask('coa', 'Framed-IP-Address = 192.168.21.1, Session-Timeout = 4'), /Received CoA-ACK/);
  const second = await record('alice', 'Stop', sessions + 2, 'a', 8);
  assert.match(second, /Acct-Terminate-Cause = Session-Timeout/);
  await gone();
});

when(NEEDS, test, 'a server that is gone is asked no more while it is dead: the second one judges and accounts, the next caller does not wait', async () => {
  await here.peer('radius.sh', 'stop', 'a');
  assert.match(await dial('alice', 'wonder', 'mschapv2'), /^192\.168\.21\.1 /);
  await record('alice', 'Start', 1, 'b');
  assert.match(await router.cli('SHOW RADIUS'), /^10\.9\.0\.2 +1645 dead/m);
  assert.match(await router.cli('SHOW RADIUS'), /^10\.9\.0\.3 +1645 alive/m);
  await hangUp();
  const requests = (text: string): number => Number(/^10\.9\.0\.2 [^\n]*\n +Requests (\d+)/m.exec(text)?.[1] ?? -1);
  const before = requests(await router.cli('SHOW RADIUS'));
  assert.match(await dial('alice', 'wonder', 'pap'), /^192\.168\.21\.1 /);
  assert.is(requests(await router.cli('SHOW RADIUS')), before, 'the dead server is left alone');
  await hangUp();
  await record('alice', 'Stop', 2, 'b');
});

when(NEEDS, test, 'with a wrong secret nobody comes in, and SHOW LOG asks about the secret; with the right one callers come in', async () => {
  await router.cli(`DELETE RADIUS SERVER=${SERVERS.a}`, `SET RADIUS SERVER=${SERVERS.b} SECRET=wrong`);
  assert.is(await dial('alice', 'wonder', 'chap', 5), 'none');
  assert.match((await router.cli('SHOW LOG')).replace(/\s+/g, ' '), /RADIUS server 10\.9\.0\.3 does not answer on port 1645; is its secret the same there, and are we its client\?/);
  await router.cli(`SET RADIUS SERVER=${SERVERS.b} SECRET=${SECRET}`);
  assert.match(await dial('alice', 'wonder', 'chap'), /^192\.168\.21\.1 /);
  await hangUp();
});

when(NEEDS, test, 'the session of the first test goes on all the while, and an update of it came after a minute', async () => {
  await here.net.pings('h', '10.7.0.1', 2);
  let updates: string[] = [];
  // On a slow machine the first one may fall into the time of the wrong secret: then it is the second.
  await until('an update', Math.max(5, (began + 135_000 - performance.now()) / 1000), async () => {
    updates = [...(await records('rich', 'Interim-Update', 'a')), ...(await records('rich', 'Interim-Update', 'b'))];
    return updates.length > 0;
  });
  const seconds = numberIn(updates[0] ?? '', 'Acct-Session-Time');
  assert.ok([60, 120].some((due) => seconds >= due - 6 && seconds <= due + 10), `after ${seconds} s`);
  assert.ok(numberIn(updates[0] ?? '', 'Acct-Input-Octets') > 0);
  await here.peer('pppoe.sh', 'hangup', 'two');
  const stop = await record('rich', 'Stop', 1, 'b');
  assert.match(stop, /Class = 0x01020304/);
  assert.not.match(await router.cli('SHOW IP ROUTE'), /10\.7\.0\.0/);
  assert.is(await router.stop(), 0);
});

test.run();

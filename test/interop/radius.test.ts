// The RADIUS client on the Linux board's sockets against Debian's FreeRADIUS and radclient, in a network namespace of its own.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { kernelRandom } from '../../board/linux/chance.ts';
import { LinuxClock, OffsetWall } from '../../board/linux/clock.ts';
import { libraryCrypto } from '../../board/linux/crypto.ts';
import { hostResolver } from '../../board/linux/resolver.ts';
import { LinuxUdpSockets } from '../../board/linux/udp.ts';
import type { RadiusSession } from '../../firmware/aaa/accounting.ts';
import type { RadiusLine, RadiusProof, RadiusVerdict } from '../../firmware/aaa/radius.login.ts';
import { Radius } from '../../firmware/aaa/radius.ts';
import { fromHex, hex } from '../../firmware/bytes/hex.ts';
import { formatIpv4, parseIpv4, toIpv4 } from '../../firmware/bytes/ip.ts';
import { Secret } from '../../firmware/bytes/secret.ts';
import { utf8 } from '../../firmware/bytes/text.ts';
import { EventRing } from '../../firmware/log/log.ts';
import { inside } from '../inside.ts';
import { when, type Need } from '../needs.ts';

const NEEDS: readonly Need[] = ['root', 'netns', 'unshare', 'freeradius', 'radclient', 'ss'];
const ready = inside(import.meta.path, 'net');
const SCRIPT = join(import.meta.dir, 'peers', 'radius.sh');
const SECRET = 'radius-secret';
const HERE = toIpv4(0x7f000001);
const bytes = (digits: string): Uint8Array => fromHex(digits) ?? new Uint8Array(0);

/** What FreeRADIUS knows. `User` has the password of RFC 2759 9.2. */
const USERS = `User  Cleartext-Password := "clientPass"
	Service-Type = Framed-User,
	Framed-Protocol = PPP

rich  Cleartext-Password := "secret"
	Framed-IP-Address = 192.168.20.77,
	Framed-IP-Netmask = 255.255.255.255,
	Framed-Route = "10.7.0.0/16 0.0.0.0 3",
	Framed-Route += "10.8.1.0/24 192.168.20.77 1",
	Framed-Pool = "gold",
	Session-Timeout = 3600,
	Idle-Timeout = 600,
	Acct-Interim-Interval = 300,
	Class = 0x01020304,
	Class += 0xfffefd,
	MS-Primary-DNS-Server = 192.0.2.53,
	MS-Secondary-DNS-Server = 192.0.2.54,
	Reply-Message = "welcome"

isp.example  Cleartext-Password := "hashi"
	Tunnel-Type:1 = L2TP,
	Tunnel-Medium-Type:1 = IPv4,
	Tunnel-Server-Endpoint:1 = "192.0.2.20",
	Tunnel-Password:1 = "first secret, longer than sixteen",
	Tunnel-Preference:1 = 20,
	Tunnel-Assignment-Id:1 = "shared",
	Tunnel-Type:2 = L2TP,
	Tunnel-Medium-Type:2 = IPv4,
	Tunnel-Server-Endpoint:2 = "192.0.2.21",
	Tunnel-Password:2 = "s2",
	Tunnel-Preference:2 = 10,
	Tunnel-Client-Auth-Id:2 = "lac2",
	Tunnel-Server-Auth-Id:2 = "lns2",
	Tunnel-Type:3 = PPTP,
	Tunnel-Medium-Type:3 = IPv4,
	Tunnel-Server-Endpoint:3 = "192.0.2.22"

plain.example  Cleartext-Password := "hashi"
	Tunnel-Type = L2TP,
	Tunnel-Server-Endpoint = "192.0.2.30"

DEFAULT Cleartext-Password := "secret"
	Framed-IP-Address = 255.255.255.254
`;

const folder = mkdtempSync('/tmp/hs-radius-');
const clock = new LinuxClock();
const udp = new LinuxUdpSockets();
const ring = new EventRing(new OffsetWall(), clock);

async function script(...words: string[]): Promise<{ readonly code: number; readonly output: string }> {
  const child = Bun.spawn([SCRIPT, ...words], { env: { ...process.env, RUN: folder }, stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' });
  const output = await new Response(child.stdout).text();
  return { code: await child.exited, output };
}

const clients: Radius[] = [];

function client(change: { readonly secret?: string; readonly messageAuth?: 'OPTIONAL' } = {}): Radius {
  const radius = new Radius({
    clock, udp, wall: new OffsetWall(), random: kernelRandom, crypto: libraryCrypto, resolver: hostResolver(() => clock.now()), log: ring,
    hostName: () => 'RouterA',
    sourceAddress: () => HERE,
  });
  radius.set({ timeout: 1, retransmit: 1 });
  radius.putServer({ address: HERE, port: 1645, accPort: 1646, secret: new Secret(change.secret ?? SECRET), messageAuth: change.messageAuth ?? 'REQUIRED' }, clock.now());
  clients.push(radius);
  return radius;
}

const lineOf = (radius: Radius): RadiusLine => ({
  nasPort: 12, portType: 'virtual', callingNumber: '0312345678', calledNumber: '*99', sessionId: radius.sessionId(),
  tunnel: { client: toIpv4(0x01010101), server: toIpv4(0x010101fe), connection: '4711' },
});
const login = (radius: Radius, name: string, proof: RadiusProof): Promise<RadiusVerdict> =>
  new Promise((resolve) => radius.authenticate({ name, proof, line: lineOf(radius) }, resolve, clock.now()));
const pap = (password: string): RadiusProof => ({ kind: 'pap', password: new Secret(password) });
/** Waits until `value` is there; the answer is what a test looks at. */
async function eventually<T>(value: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let i = 0; i < 100; i++) {
    const now = await value();
    if (now !== undefined) return now;
    await Bun.sleep(50);
  }
  throw new Error('did not come within 5 s');
}

const test = suite('freeradius');

test.before(async () => {
  if (!ready) return;
  Bun.spawnSync(['ip', 'link', 'set', 'lo', 'up']);
  writeFileSync(join(folder, 'users.txt'), USERS);
  assert.is((await script('start', 'a', SECRET, join(folder, 'users.txt'))).code, 0);
});
test.after.each(() => {
  for (const radius of clients.splice(0)) radius.close(clock.now());
});
test.after(async () => {
  if (ready) await script('stop', 'a');
  udp.close();
  clock.close();
  rmSync(folder, { recursive: true, force: true });
});

when(NEEDS, test, 'PAP is accepted with the right password, refused with a wrong one', async () => {
  const radius = client();
  assert.is((await login(radius, 'User', pap('clientPass'))).accepted, true);
  assert.equal(await login(radius, 'User', pap('wrong')), { accepted: false, reason: 'The RADIUS server refuses' });
});

when(NEEDS, test, 'A PAP password of 100 octets is judged', async () => {
  const radius = client();
  assert.is((await login(radius, 'User', pap('x'.repeat(100)))).accepted, false);
});

when(NEEDS, test, 'CHAP is accepted with the right response, refused with a wrong one', async () => {
  const radius = client();
  const challenge = kernelRandom.bytes(16);
  const response = libraryCrypto.md5(Uint8Array.of(9, ...utf8('secret'), ...challenge));
  assert.is((await login(radius, 'somebody', { kind: 'chap', id: 9, challenge, response })).accepted, true);
  assert.is((await login(radius, 'somebody', { kind: 'chap', id: 10, challenge, response })).accepted, false);
});

// RFC 2759 9.2: the response as PPP carries it has its flags last.
const CHALLENGE = bytes('5b5d7c7d7b3f2f3e3c2c602132262628');
const RESPONSE = bytes('21402324255e262a28295f2b3a337c7e000000000000000082309ecd8d708b5ea08faa3981cd83544233114a3d85d6df00');

when(NEEDS, test, 'MS-CHAPv2 is accepted with the proof of the server that RFC 2759 gives, refused with a wrong response', async () => {
  const radius = client();
  const verdict = await login(radius, 'User', { kind: 'mschapv2', id: 5, challenge: CHALLENGE, response: RESPONSE });
  assert.ok(verdict.accepted);
  assert.is(verdict.success, 'S=407A5589115FD0D6209F510FE9C04566932CDA56');
  const wrong = RESPONSE.slice();
  wrong[30] = 0;
  const refused = await login(radius, 'User', { kind: 'mschapv2', id: 5, challenge: CHALLENGE, response: wrong });
  assert.match(refused.accepted ? 'accepted' : refused.reason, /^The RADIUS server refuses: E=691 /);
});

when(NEEDS, test, 'All that a server gives a caller arrives', async () => {
  const radius = client();
  const verdict = await login(radius, 'rich', pap('secret'));
  assert.equal(verdict.accepted ? { ...verdict, class: verdict.class.map(hex) } : verdict, {
    accepted: true,
    address: parseIpv4('192.168.20.77'),
    netmask: parseIpv4('255.255.255.255'),
    pool: 'gold',
    routes: [{ prefix: { address: parseIpv4('10.7.0.0'), length: 16 }, metric: 3 }, { prefix: { address: parseIpv4('10.8.1.0'), length: 24 }, metric: 1 }],
    sessionTimeout: 3600,
    idleTimeout: 600,
    interim: 300,
    dns: [parseIpv4('192.0.2.53'), parseIpv4('192.0.2.54')],
    class: ['01020304', 'fffefd'],
    ignored: [],
  });
});

const tunnels = (radius: Radius, name: string): Promise<unknown> =>
  new Promise((resolve) =>
    radius.tunnels(name, (answer) => resolve('refused' in answer ? answer.refused : answer.map((one) => ({ ...one, server: formatIpv4(one.server), password: one.password?.reveal() }))), clock.now()),
  );

when(NEEDS, test, 'Tunnels with tags arrive in the order of their preference, with decrypted passwords; those that are not L2TP are left out', async () => {
  const radius = client();
  assert.equal(await tunnels(radius, 'isp.example'), [
    { preference: 10, server: '192.0.2.21', password: 's2', assignment: undefined, hostName: 'lac2', peerName: 'lns2' },
    { preference: 20, server: '192.0.2.20', password: 'first secret, longer than sixteen', assignment: 'shared', hostName: undefined, peerName: undefined },
  ]);
  assert.equal(await tunnels(radius, 'plain.example'), [{ preference: 0xffffff, server: '192.0.2.30', password: undefined, assignment: undefined, hostName: undefined, peerName: undefined }]);
  assert.is(await tunnels(radius, 'nowhere.example'), 'The RADIUS server knows no tunnels for nowhere.example');
});

const sessionOf = (radius: Radius, change: Partial<RadiusSession> = {}): RadiusSession => ({
  name: 'rich', line: lineOf(radius), class: [bytes('01020304'), bytes('fffefd')], interim: undefined, proved: 'radius',
  address: () => parseIpv4('192.168.20.77'),
  traffic: () => ({ inOctets: 5 * 0x1_0000_0000 + 17, outOctets: 99, inPackets: 3, outPackets: 4 }),
  disconnect: () => assert.unreachable(),
  change: () => assert.unreachable(),
  ...change,
});

when(NEEDS, test, 'Accounting of a session is written by the server: on, start, stop and off, with class, tunnel and gigawords', async () => {
  const radius = client();
  await eventually(async () => ((await script('detail', 'a')).output.includes('Accounting-On') ? true : undefined));
  const session = sessionOf(radius);
  const account = radius.begin(session, clock.now());
  await eventually(async () => ((await script('detail', 'a')).output.includes('Acct-Status-Type = Start') ? true : undefined));
  account.end('Idle-Timeout', clock.now());
  await eventually(async () => ((await script('detail', 'a')).output.includes('Acct-Status-Type = Stop') ? true : undefined));
  radius.close(clock.now());
  const { output } = await eventually(async () => {
    const now = await script('detail', 'a');
    return now.output.includes('Accounting-Off') ? now : undefined;
  });
  const records = output.split('\n\n');
  const stop = records.find((one) => one.includes(session.line.sessionId) && one.includes('= Stop')) ?? '';
  for (const wanted of [
    'User-Name = "rich"', 'Service-Type = Framed-User', 'Framed-Protocol = PPP', 'Framed-IP-Address = 192.168.20.77', 'NAS-IP-Address = 127.0.0.1', 'NAS-Identifier = "RouterA"',
    'NAS-Port = 12', 'NAS-Port-Type = Virtual', 'Calling-Station-Id = "0312345678"', 'Called-Station-Id = "*99"', 'Class = 0x01020304', 'Class = 0xfffefd',
    'Acct-Input-Octets = 17', 'Acct-Input-Gigawords = 5', 'Acct-Output-Octets = 99', 'Acct-Output-Gigawords = 0', 'Acct-Input-Packets = 3', 'Acct-Output-Packets = 4',
    'Acct-Terminate-Cause = Idle-Timeout', 'Acct-Authentic = RADIUS', 'Acct-Session-Time = 0', 'Acct-Delay-Time = 0', 'Event-Timestamp = ',
    'Tunnel-Type:0 = L2TP', 'Tunnel-Medium-Type:0 = IPv4', 'Tunnel-Client-Endpoint:0 = "1.1.1.1"', 'Tunnel-Server-Endpoint:0 = "1.1.1.254"', 'Acct-Tunnel-Connection = "4711"',
  ]) assert.ok(stop.includes(wanted), `${wanted} is not in\n${stop}`);
});

when(NEEDS, test, 'An accounting update is written by the server', async () => {
  const radius = client();
  const session = sessionOf(radius);
  const account = radius.begin(session, clock.now());
  // A minute is the shortest interval: its end is given to the machine, not waited for.
  radius.accounts.interim = 60;
  radius.accounts.tick(clock.now() + 61_000);
  radius.accounts.tick(clock.now() + 122_000);
  const records = await eventually(async () => {
    const of = (await script('detail', 'a')).output.split('\n\n').filter((one) => one.includes(session.line.sessionId) && one.includes('= Interim-Update'));
    return of.length > 0 ? of : undefined;
  });
  assert.match(records[0] ?? '', /Acct-Session-Time = (6|12)\d/);
  account.end('User-Request', clock.now());
});

when(NEEDS, test, 'radclient ends a session by Disconnect-Request and changes one by CoA-Request; wrong names and secrets get nowhere', async () => {
  const radius = client();
  const heard: string[] = [];
  const session = sessionOf(radius, {
    disconnect: (reason) => heard.push(`end: ${reason}`),
    change: (limits) => heard.push(`change: ${JSON.stringify(limits)}`),
  });
  const account = radius.begin(session, clock.now());
  const ask = (kind: 'coa' | 'disconnect', attributes: string, secret = SECRET): Promise<{ readonly code: number; readonly output: string }> => script('ask', kind, secret, attributes);
  const changed = await ask('coa', `User-Name = "rich", Acct-Session-Id = "${session.line.sessionId}", Session-Timeout = 900, Idle-Timeout = 60`);
  assert.match(changed.output, 'Received CoA-ACK');
  const unknown = await ask('disconnect', 'User-Name = "nobody"');
  assert.match(unknown.output, /Received Disconnect-NAK[\s\S]*Error-Cause = Session-Context-Not-Found/);
  const unsupported = await ask('coa', 'User-Name = "rich", Filter-Id = "f"');
  assert.match(unsupported.output, /Received CoA-NAK[\s\S]*Error-Cause = Unsupported-Attribute/);
  const nothing = await ask('disconnect', 'NAS-Identifier = "RouterA"');
  assert.match(nothing.output, /Received Disconnect-NAK[\s\S]*Error-Cause = Missing-Attribute/);
  const elsewhere = await ask('disconnect', 'User-Name = "rich", NAS-Identifier = "RouterB"');
  assert.match(elsewhere.output, /Received Disconnect-NAK[\s\S]*Error-Cause = NAS-Identification-Mismatch/);
  const forged = await ask('disconnect', 'User-Name = "rich"', 'another-secret');
  assert.match(forged.output, 'No reply');
  const ended = await ask('disconnect', 'User-Name = "rich", Framed-IP-Address = 192.168.20.77, Message-Authenticator = 0x00, Event-Timestamp = "' + Math.floor(Date.now() / 1000) + '"');
  assert.match(ended.output, 'Received Disconnect-ACK');
  assert.equal(heard, ['change: {"sessionTimeout":900,"idleTimeout":60}', 'end: RADIUS server 127.0.0.1 asked for it']);
  assert.ok(radius.dynamic.counters.forged > 0);
  account.end('Admin-Reset', clock.now());
});

when(NEEDS, test, 'An answer without Message-Authenticator is ignored, and believed only where the operator says so', async () => {
  const strict = client();
  assert.equal(await login(strict, 'unsigned', pap('secret')), { accepted: false, silent: true, reason: 'No RADIUS server answers' });
  assert.ok((strict.exchange.states(clock.now())[0]?.counters.unsigned ?? 0) > 0);
  strict.close(clock.now());
  const lenient = client({ messageAuth: 'OPTIONAL' });
  assert.is((await login(lenient, 'unsigned', pap('secret'))).accepted, true);
});

when(NEEDS, test, 'A wrong secret makes a server that does not answer, and the log asks about it', async () => {
  const radius = client({ secret: 'another-secret' });
  assert.equal(await login(radius, 'User', pap('clientPass')), { accepted: false, silent: true, reason: 'No RADIUS server answers' });
  assert.ok(ring.records().some(({ text }) => text === 'RADIUS server 127.0.0.1 does not answer on port 1645; is its secret the same there, and are we its client?'));
});

when(NEEDS, test, '5,000 logins at once are all accepted', async () => {
  const radius = client();
  radius.set({ timeout: 3, retransmit: 3 });
  const started = performance.now();
  const verdicts = await Promise.all(Array.from({ length: 5000 }, (_, i) => login(radius, `user${i}`, pap('secret'))));
  const seconds = (performance.now() - started) / 1000;
  assert.is(verdicts.filter(({ accepted }) => accepted).length, 5000);
  const [state] = radius.exchange.states(clock.now());
  console.log(`INFO 5,000 logins by FreeRADIUS in ${seconds.toFixed(1)} s, ${state?.counters.retransmissions} repetitions`);
});

test.run();

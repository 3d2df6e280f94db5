// What the parameters of a PPP template do to the callers it answers: whole router, a played client, virtual time.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import type { Lans } from '../../board/sim/lans.ts';
import { ip } from '../../board/sim/lans.ts';
import { formatIpv4 } from '../../firmware/bytes/ip.ts';
import type { UnderlayId } from '../../firmware/hal/dataplane.ts';
import { log, pingStream, show } from './calls.rig.ts';
import { clients, type ClientVariant } from './clients.player.ts';
import { Client, router, server } from './clients.rig.ts';
import { dynamics, hostRoutes, inUse } from './remote.rig.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function variant(name: string): ClientVariant {
  const found = clients().find((one) => one.name.startsWith(name));
  if (found === undefined) throw new Error(`no client ${name}`);
  return found.variant;
}
const LINUX = variant('networkmanager');
const APPLE = variant('apple');

function caller(template: string, of = LINUX): { net: Lans; client: Client } {
  const net = router(server(template));
  const client = new Client(net, of);
  assert.ok(client.comesUp(), `${client.ended} ${client.player.heard.join()} ${log(net.b)}`);
  net.world.run(100);
  return { net, client };
}

const gone = ({ b }: Lans): boolean => inUse(b).length + hostRoutes(b).length + dynamics(b).length === 0;
const challenges = (client: Client): number => client.player.heard.filter((word) => word === 'c223 1').length;

for (const [setting, every] of [['RECHALLENGE=360', 360], ['RECHALLENGE=ON', 900], ['', 900]] as const) {
  test(`RECHALLENGE: a caller of a template with ${setting === '' ? 'nothing said' : setting} is challenged again every ${every} seconds and notices nothing`, () => {
    const { net, client } = caller(`AUTHENTICATION=CHAP BAP=OFF LQR=OFF ${setting}`);
    assert.is(challenges(client), 1);
    net.world.run((every * 5 + 10) * 1000);
    assert.equal([challenges(client), client.player.lcpOpened, client.player.terminated], [6, 1, undefined]);
    assert.is(client.pings('192.168.20.2'), 4);
  });
}

test('RECHALLENGE=OFF: a caller is challenged once and never again', () => {
  const { net, client } = caller('AUTHENTICATION=CHAP BAP=OFF LQR=OFF RECHALLENGE=OFF');
  net.world.run(6 * HOUR);
  assert.equal([challenges(client), client.player.terminated], [1, undefined]);
});

test('RECHALLENGE: a caller whose password was changed meanwhile is told so at the next challenge and put out', () => {
  const { net, client } = caller('AUTHENTICATION=MSCHAPV2 BAP=OFF LQR=OFF RECHALLENGE=360');
  show(net.b, 'SET USER=bob PASSWORD=another1');
  net.world.run(5 * MINUTE);
  assert.is(inUse(net.b).length, 1, 'not before');
  net.world.run(2 * MINUTE);
  assert.match(client.player.refusedText ?? '', /^E=691 R=0 /);
  assert.ok(gone(net));
});

test('RECHALLENGE: a caller who does not answer a further challenge is put out', () => {
  const { net, client } = caller('AUTHENTICATION=CHAP BAP=OFF LQR=OFF RECHALLENGE=360');
  client.die();
  net.world.run(6 * MINUTE);
  assert.is(inUse(net.b).length, 1);
  net.world.run(MINUTE);
  assert.ok(gone(net));
  assert.match(log(net.b), /did not answer 10 CHAP challenges/);
});

test('IDLE: a caller stays while packets of either way come and is put out so long after the last', () => {
  const { net, client } = caller('AUTHENTICATION=PAP BAP=OFF LQR=OFF IDLE=60');
  for (let n = 0; n < 5; n++) {
    net.world.run(50_000);
    assert.is(client.pings('192.168.20.2'), 4, `after ${n}`);
  }
  net.world.run(55_000);
  assert.is(inUse(net.b).length, 1);
  net.world.run(20_000);
  assert.ok(gone(net));
  assert.match(log(net.b), /No traffic for 60 seconds/);
  assert.match(client.player.terminated ?? '', /No traffic for 60 seconds/, 'the caller is told');
});

test('ONLINELIMIT: a caller is put out when its hours are over, however busy', () => {
  const { net, client } = caller('AUTHENTICATION=PAP BAP=OFF LQR=OFF ONLINELIMIT=1');
  for (let n = 0; n < 11; n++) {
    net.world.run(5 * MINUTE);
    client.pings('192.168.20.2');
  }
  assert.is(inUse(net.b).length, 1);
  net.world.run(6 * MINUTE);
  assert.ok(gone(net));
  assert.match(log(net.b), /The limit on connection time \(ONLINELIMIT\) is reached/);
});

for (const [limit, megabytes, says] of [['INDATALIMIT', 1, 'data received'], ['OUTDATALIMIT', 1, 'data sent'], ['TOTALDATALIMIT', 2, 'data']] as const) {
  test(`${limit}: a caller is put out after ${megabytes} megabytes, not before, and the next call counts anew`, () => {
    const { net, client } = caller(`AUTHENTICATION=PAP BAP=OFF LQR=OFF ${limit}=${megabytes}`);
    const stream = pingStream(net, { from: client.node.board.ip, interval: 20, size: 1400 });
    net.world.run(12_000);
    assert.is(inUse(net.b).length, 1, '0.8 megabytes each way');
    net.world.run(18_000);
    stream.stop(0);
    assert.ok(gone(net), show(net.b, 'SHOW PPP LIMITS'));
    assert.match(log(net.b), new RegExp(`The limit on ${says} \\(${limit}\\) is reached`));
    client.hangUp();
    const next = new Client(net, LINUX, { number: 1 });
    assert.ok(next.comesUp());
    net.world.run(MINUTE);
    assert.is(inUse(net.b).length, 1);
  });
}

for (const [setting, within] of [['ECHO=ON', 70], ['ECHO=5', 40]] as const) {
  test(`${setting}: a caller whose power is off is gone within ${within} seconds, one that is there stays`, () => {
    const { net, client } = caller(`AUTHENTICATION=PAP BAP=OFF LQR=OFF ${setting}`);
    net.world.run(10 * MINUTE);
    assert.equal([inUse(net.b).length, client.player.lcpOpened], [1, 1]);
    assert.ok(client.player.heard.filter((word) => word === 'c021 9').length >= 59, 'echo requests');
    client.die();
    net.world.run(within * 1000);
    assert.ok(gone(net));
  });
}

test('LQR: a caller that refuses quality reports is not asked for them twice and stays', () => {
  for (const setting of ['', 'LQR=ON', 'LQR=10']) {
    const { net, client } = caller(`AUTHENTICATION=PAP BAP=OFF ${setting}`);
    net.world.run(10 * MINUTE);
    assert.equal([inUse(net.b).length, client.player.lcpOpened, client.player.terminated, client.player.heard.includes('c025 1')], [1, 1, undefined, false], setting);
  }
});

test('MTU and MRU: what the template says is asked of the caller, and holds', () => {
  for (const [setting, asked, mtu] of [['MTU=1300', 1300, 1300], ['MRU=1200', 1200, 1400], ['MTU=1300 MRU=1280', 1280, 1300], ['', 1460, 1400]] as const) {
    const { net, client } = caller(`AUTHENTICATION=PAP BAP=OFF LQR=OFF ${setting}`);
    assert.is(client.player.peerMru, asked, setting);
    assert.match(show(net.b, 'SHOW PPP=0'), new RegExp(`MTU ${mtu}\\b`), setting);
  }
  const { net } = caller('AUTHENTICATION=PAP BAP=OFF LQR=OFF', APPLE);
  assert.match(show(net.b, 'SHOW PPP=0'), /MTU 1280\b/, 'the caller\'s own MRU');
});

test('another path MTU under a caller\'s tunnel changes his MTU, and nothing is negotiated', () => {
  const { net, client } = caller('AUTHENTICATION=PAP BAP=OFF LQR=OFF');
  assert.match(show(net.b, 'SHOW PPP=0'), /MTU 1400\b/);
  const { plane } = net.b.board;
  for (let underlay = 1; underlay < 20; underlay++) {
    const id = underlay as UnderlayId;
    if (plane.boundPort(id) === 1701) plane.onPunt([{ kind: 'unreachable', underlay: id, peer: ip('2.2.2.77'), peerPort: 1701, mtu: 1300, code: 4 }], net.world.now);
  }
  net.world.run(1000);
  assert.match(show(net.b, 'SHOW PPP=0'), /MTU 1260\b/);
  assert.equal([client.player.lcpOpened, client.player.terminated, client.player.trouble], [1, undefined, []]);
  assert.is(client.pings('192.168.20.2', 1200), 4);
});

test('parameters of what this build does not negotiate are taken, shown and written again, and callers come up all the same', () => {
  const rest =
    'BAP=ON BAPMODE=CALLBACK CBDELAY=5 CBMODE=ACCEPT CBOPERATION=E164NUMBER COMPALGORITHM=PREDICTOR COMPRESSION=ON DEBUGMAXBYTES=64 DOWNRATE=10 DOWNTIME=30 ' +
    'ENCRYPTION=ON FRAGMENT=ON FRAGOVERHEAD=5 MAXLINKS=2 MULTILINK=OFF NULLFRAGTIMER=7 PREDCHECK=CRCCCITT RESTART=2 STACCHECK=SEQUENCE STARENTITY=9 TERMINATE=3 UPRATE=70 UPTIME=20 VJC=ON';
  const { net, client } = caller(`AUTHENTICATION=EITHER ${rest}`);
  assert.is(formatIpv4(client.player.address), '192.168.20.200');
  const shown = show(net.b, 'SHOW PPP TEMPLATE=0').replace(/ +/g, ' ').toUpperCase();
  const written = show(net.b, 'SHOW CONFIG DYNAMIC=PPP').toUpperCase();
  for (const one of rest.split(' ')) {
    const [name = '', value = ''] = one.split('=');
    assert.match(shown, new RegExp(`^ ${name} ${value}$`, 'm'), one);
    // What is the usual value is not written.
    if (one !== 'BAP=ON') assert.match(written, new RegExp(`\\b${one}\\b`), one);
  }
});

test('a caller that negotiates LCP again and again is put out after three minutes without IP', () => {
  for (const template of ['AUTHENTICATION=PAP BAP=OFF LQR=OFF', 'AUTHENTICATION=NONE BAP=OFF LQR=OFF']) {
    const net = router(server(template));
    const client = new Client(net, LINUX);
    client.player.stalls = true;
    for (let second = 0; second < 170; second += 2) {
      net.world.run(2000);
      client.renegotiate();
    }
    assert.is(client.ended, undefined, template);
    for (let second = 0; second < 40 && client.ended === undefined; second += 2) {
      net.world.run(2000);
      client.renegotiate();
    }
    net.world.run(10_000);
    assert.is.not(client.ended, undefined, template);
    assert.ok(gone(net));
    assert.match(log(net.b), /The caller has no IP after 180 seconds/);
  }
});

test('a caller that negotiates LCP anew once gets the same address again and keeps his call', () => {
  const { net, client } = caller('AUTHENTICATION=CHAP BAP=OFF LQR=OFF');
  net.world.run(MINUTE);
  client.renegotiate();
  assert.ok(net.world.run(20_000, () => client.player.ready));
  net.world.run(HOUR);
  assert.equal([formatIpv4(client.player.address), client.ended], ['192.168.20.200', undefined]);
  assert.is(client.pings('192.168.20.2'), 4);
});

test('a verdict\'s refusal and a full pool leave no trace of the caller', () => {
  const net = router(server('AUTHENTICATION=CHAP BAP=OFF LQR=OFF').replace('192.168.20.200-192.168.20.210', '192.168.20.200'));
  const first = new Client(net, LINUX);
  assert.ok(first.comesUp());
  const second = new Client(net, LINUX, { number: 1 });
  net.world.run(10_000);
  assert.is(second.player.terminated, 'No address for you');
  assert.equal(inUse(net.b), ['192.168.20.200 ppp0']);
  assert.is(first.player.lcpOpened, 1);
});

test.run();

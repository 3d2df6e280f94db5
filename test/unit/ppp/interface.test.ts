// PPP interfaces: when they open a link, what they do with it, and what commands change while traffic flows.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { ip, packet, World } from './box.ts';

const PLAIN = 'CREATE PPP=1 OVER=TNL-remote BAP=OFF LQR=OFF';
const SEED = 'CREATE PPP=1 OVER=TNL-remote IDLE=999999999 BAP=OFF LQR=OFF ECHO=ON';
const DONE = 'Info (13003): Operation successful.';

function pair(a = PLAIN, b = PLAIN): World {
  const world = new World();
  world.a.lan = ip('192.168.10.1');
  world.b.lan = ip('192.168.20.1');
  assert.is(world.a.run(a), DONE);
  assert.is(world.b.run(b), DONE);
  return world;
}

function up(a = PLAIN, b = PLAIN): World {
  const world = pair(a, b);
  if (a.includes('IDLE')) world.a.interfaces.demand('ppp1', packet(1), world.now);
  assert.ok(world.run(10_000, () => world.bothUp()));
  return world;
}

test('an interface without IDLE opens at once and announces the router\'s address', () => {
  const world = up();
  assert.equal(world.a.up.get('ppp1'), { local: ip('192.168.10.1'), remote: ip('192.168.20.1'), dns: [], assigned: false, mtu: 1460 });
  assert.is(world.a.one().condition(world.now), 'up');
  assert.ok(world.a.events.some(({ text }) => text === 'ppp1: Interface has come up and is able to send and receive data'));
});

test('an interface with IDLE waits for a packet, keeps it, and sends it when IPCP opens', () => {
  const world = pair(SEED, SEED);
  world.run(60_000);
  assert.equal(world.a.calls, []);
  assert.is(world.a.one().condition(world.now), 'waiting');
  assert.is(world.a.devices.get(1)?.onDemand, true);
  world.a.interfaces.demand('ppp1', packet(7), world.now);
  assert.equal(world.a.calls, ['want ppp1 TNL-remote']);
  assert.ok(world.run(10_000, () => world.bothUp()));
  world.run(100);
  assert.equal(world.b.received, [packet(7)]);
});

test('IDLE=999999999 stays up for days without traffic', () => {
  const world = up(SEED, SEED);
  world.run(3 * 86_400_000);
  assert.ok(world.bothUp());
  assert.is(world.a.calls.length, 1);
});

test('a link that the peer opened needs no call of ours', () => {
  const world = up(SEED, SEED);
  assert.equal(world.b.calls, []);
  assert.is(world.b.one().condition(world.now), 'up');
});

test('at most four first packets are kept while the link comes up', () => {
  const world = pair(SEED, SEED);
  for (let tag = 0; tag < 10; tag++) world.a.interfaces.demand('ppp1', packet(tag), world.now);
  assert.ok(world.run(10_000, () => world.bothUp()));
  world.run(100);
  assert.is(world.b.received.length, 4);
});

test('a kept packet does not change when its buffer is used again', () => {
  const world = pair(SEED, SEED);
  const buffer = packet(9);
  world.a.interfaces.demand('ppp1', buffer, world.now);
  buffer.fill(0);
  world.run(10_000, () => world.b.received.length > 0);
  assert.equal(world.b.received, [packet(9)]);
});

test('packets kept for more than half a minute are not sent any more', () => {
  const world = pair(SEED, SEED);
  world.reachable = false;
  world.a.interfaces.demand('ppp1', packet(1), world.now);
  world.run(40_000);
  world.a.interfaces.demand('ppp1', packet(2), world.now);
  world.reachable = true;
  assert.ok(world.run(10_000, () => world.bothUp()));
  world.run(100);
  assert.equal(world.b.received, [packet(2)]);
});

test('traffic opens a link again a second after it has ended, not at once', () => {
  const world = up(SEED, SEED);
  world.hangUp(world.a, 'cut', world.now);
  world.a.interfaces.demand('ppp1', packet(1), world.now);
  world.run(900);
  assert.is(world.a.one().condition(world.now), 'waiting');
  world.run(200);
  world.a.interfaces.demand('ppp1', packet(2), world.now);
  assert.is(world.a.one().condition(world.now), 'calling');
});

test('IDLE=60 closes the link a minute after the last packet and opens it with the next', () => {
  const world = up('CREATE PPP=1 OVER=TNL-remote LQR=OFF IDLE=60', SEED);
  for (let i = 0; i < 5; i++) {
    world.run(30_000);
    world.a.carried(100, 'out');
  }
  assert.ok(world.bothUp());
  assert.not.ok(world.run(55_000, () => !world.a.up.has('ppp1')));
  assert.ok(world.run(12_000, () => !world.a.up.has('ppp1')));
  assert.ok(world.run(10_000, () => !world.connected));
  assert.is(world.a.one().lastReason, 'No traffic for 60 seconds.');
  assert.equal(world.a.calls, ['want ppp1 TNL-remote', 'unwant ppp1 TNL-remote']);
  world.run(5000);
  world.a.interfaces.demand('ppp1', packet(2), world.now);
  assert.ok(world.run(10_000, () => world.bothUp()));
});

test('an interface without IDLE calls again after every loss', () => {
  const world = up();
  for (let i = 0; i < 20; i++) {
    world.hangUp(world.b, 'cut', world.now);
    assert.not.ok(world.bothUp());
    assert.ok(world.run(30_000, () => world.bothUp()), `round ${i}`);
  }
  assert.equal(world.a.calls, ['want ppp1 TNL-remote']);
  assert.is(world.a.one().lastReason, 'The peer cleared the call.');
});

test('a packet opens an on-demand link again after the peer died', () => {
  const world = up(SEED, SEED);
  world.hangUp(world.b, 'The peer died.', world.now);
  world.run(5000);
  assert.is(world.a.one().condition(world.now), 'waiting');
  world.a.interfaces.demand('ppp1', packet(3), world.now);
  assert.ok(world.run(10_000, () => world.bothUp()));
});

test('an on-demand interface goes on wanting its link until it is up', () => {
  const world = pair(SEED, SEED);
  world.reachable = false;
  world.a.interfaces.demand('ppp1', packet(1), world.now);
  world.run(600_000);
  assert.is(world.a.one().condition(world.now), 'calling');
  world.reachable = true;
  assert.ok(world.run(10_000, () => world.bothUp()));
});

test('SET PPP under traffic drops nothing and holds from the next negotiation on', () => {
  const world = up();
  const changes = ['ECHO=ON', 'MRU=1400', 'AUTHENTICATION=CHAP', 'RESTART=5', 'USERNAME=a PASSWORD=b', 'MAGIC=OFF', 'IPREQUEST=ON', 'DESCRIPTION="two words"', 'OVER=tnl-REMOTE UPTIME=31'];
  for (const change of changes) assert.is(world.a.run(`SET PPP=1 ${change}`), DONE, change);
  world.run(60_000);
  assert.ok(world.bothUp());
  assert.is(world.a.calls.length, 1);
  assert.is(world.a.one().link?.lcp.ourMru, 1460);
  world.a.run('SET PPP=1 AUTHENTICATION=NONE IPREQUEST=OFF');
  world.a.run('RESET PPP=1');
  assert.ok(world.run(20_000, () => !world.a.up.has('ppp1')));
  assert.ok(world.run(20_000, () => world.bothUp()));
  assert.is(world.a.one().link?.lcp.ourMru, 1400);
  assert.is(world.a.one().link?.lcp.ourMagic, 0);
});

test('SET PPP IDLE=OFF opens a waiting interface, and IDLE keeps a link that is up', () => {
  const world = pair(SEED, SEED);
  world.a.run('SET PPP=1 IDLE=OFF');
  assert.ok(world.run(10_000, () => world.bothUp()));
  assert.is(world.a.devices.get(1)?.onDemand, false);
  world.a.run('SET PPP=1 IDLE=600');
  world.run(300_000);
  assert.ok(world.bothUp());
  assert.is(world.a.devices.get(1)?.onDemand, true);
});

test('DISABLE PPP closes the link, refuses the peer\'s calls and traffic, until ENABLE PPP', () => {
  const world = up();
  assert.is(world.a.run('DISABLE PPP=1'), DONE);
  assert.ok(world.run(10_000, () => !world.a.up.has('ppp1')));
  world.run(60_000);
  assert.is(world.a.one().condition(world.now), 'disabled');
  assert.not.ok(world.a.wanted.has('ppp1'));
  assert.not.ok(world.b.up.has('ppp1'));
  world.a.interfaces.demand('ppp1', packet(1), world.now);
  assert.not.ok(world.a.wanted.has('ppp1'));
  assert.is(world.a.run('DISABLE PPP=1'), 'Warning (23257): Interface ppp1 is already disabled.');
  assert.is(world.a.run('ENABLE PPP=1'), DONE);
  assert.ok(world.run(30_000, () => world.bothUp()));
});

test('ACTIVATE PPP opens an on-demand interface without traffic', () => {
  const world = pair(SEED, SEED);
  assert.is(world.a.run('ACTIVATE PPP=1'), DONE);
  assert.ok(world.run(10_000, () => world.bothUp()));
  assert.is(world.a.run('ACTIVATE PPP=1'), 'Warning (23258): Interface ppp1 is already open.');
});

test('RESET PPP negotiates anew', () => {
  const world = up(SEED, SEED);
  const before = world.a.one().link;
  assert.is(world.a.run('RESET PPP=1'), DONE);
  assert.ok(world.run(30_000, () => world.bothUp() && world.a.one().link !== before));
});

test('DESTROY PPP is refused while IP is on it, and then leaves nothing behind', () => {
  const world = up();
  world.a.attached.add('ppp1');
  assert.match(world.a.run('DESTROY PPP=1'), /^Error \(33264\): .*DELETE IP INTERFACE=ppp1/);
  world.a.attached.clear();
  assert.is(world.a.run('DESTROY PPP=1'), DONE);
  assert.is(world.a.devices.size, 0);
  assert.is(world.a.wanted.size, 0);
  assert.is(world.a.up.size, 0);
  world.run(1000);
  assert.not.ok(world.b.up.has('ppp1'));
  assert.is(world.b.run('DESTROY PPP=1'), DONE);
  world.run(100_000);
  assert.is(world.timers.size, 0);
});

test('clearing all interfaces leaves no timer, device or wish', () => {
  const world = up(SEED, SEED);
  world.a.interfaces.clear(world.now);
  world.b.interfaces.clear(world.now);
  world.run(100_000);
  assert.equal([world.timers.size, world.a.devices.size, world.b.devices.size, world.a.wanted.size, world.b.wanted.size], [0, 0, 0, 0, 0]);
});

test('INDATALIMIT closes the link and keeps it closed until it is reset', () => {
  const world = up(`${PLAIN} INDATALIMIT=2`);
  world.a.carried(1_999_999, 'in');
  world.run(30_000);
  assert.ok(world.bothUp());
  world.a.carried(1, 'in');
  assert.ok(world.run(20_000, () => !world.a.up.has('ppp1')));
  world.run(20_000);
  assert.is(world.a.one().condition(world.now), 'limited');
  assert.match(world.a.one().lastReason, /INDATALIMIT/);
  assert.not.ok(world.a.wanted.has('ppp1'));
  world.a.run('RESET PPP=1 OUTDATALIMIT');
  world.run(20_000);
  assert.is(world.a.one().condition(world.now), 'limited');
  world.a.run('RESET PPP=1 INDATALIMIT');
  assert.ok(world.run(30_000, () => world.bothUp()));
});

test('ONLINELIMIT counts hours over all links together', () => {
  const world = up(`${PLAIN} ONLINELIMIT=1`);
  world.run(1_800_000);
  world.hangUp(world.b, 'cut', world.now);
  assert.ok(world.run(30_000, () => world.bothUp()));
  assert.not.ok(world.run(1_780_000, () => !world.a.up.has('ppp1')));
  assert.ok(world.run(60_000, () => !world.a.up.has('ppp1')));
  world.run(10_000);
  assert.is(world.a.one().condition(world.now), 'limited');
});

test('a higher limit opens the interface again', () => {
  const world = up(`${PLAIN} TOTALDATALIMIT=1`);
  world.a.carried(1_000_000, 'out');
  assert.ok(world.run(20_000, () => !world.a.up.has('ppp1')));
  world.run(10_000);
  world.a.run('SET PPP=1 TOTALDATALIMIT=NONE');
  assert.ok(world.run(30_000, () => world.bothUp()));
});

test('IPREQUEST=ON takes the address only where the router permits it', () => {
  const world = pair(`${PLAIN} IPREQUEST=ON`);
  assert.ok(world.run(10_000, () => world.bothUp()));
  assert.equal(world.a.up.get('ppp1'), { local: ip('192.168.10.1'), remote: ip('192.168.20.1'), dns: [], assigned: false, mtu: 1460 });
});

test('an interface that may take an address says when the peer has none', () => {
  const world = new World();
  world.a.take = true;
  world.b.lan = ip('192.168.20.1');
  world.a.run(`${PLAIN} IPREQUEST=ON`);
  world.b.run(PLAIN);
  assert.ok(world.run(20_000, () => world.a.one().lastReason !== ''));
  assert.is(world.a.one().lastReason, 'The peer gives us no address.');
});

test('a verdict that comes after the link is gone changes nothing', () => {
  const world = pair(`${PLAIN} AUTHENTICATION=CHAP`, `${PLAIN} USERNAME=B PASSWORD=secretb`);
  world.a.users['B'] = 'secretb';
  world.a.verdictDelay = 5000;
  world.run(3000, () => world.a.one().link?.phase === 'Authenticate');
  world.run(500);
  world.reachable = false;
  world.hangUp(world.b, 'cut', world.now);
  world.run(10_000);
  assert.is(world.a.up.size, 0);
  world.reachable = true;
  assert.ok(world.run(60_000, () => world.bothUp()));
  assert.is(world.a.one().link?.peerName, 'B');
});

test('a wrong password is logged with the user and never with the password', () => {
  const world = pair(`${PLAIN} AUTHENTICATION=PAP`, `${PLAIN} USERNAME=B PASSWORD=wrongword`);
  world.a.users['B'] = 'rightword';
  world.a.run('ENABLE PPP=1 DEBUG=ALL');
  assert.ok(world.run(20_000, () => world.a.one().lastReason !== ''));
  assert.is(world.a.one().lastReason, 'Wrong password for user B.');
  const everything = JSON.stringify([world.a.events, world.b.events, world.a.printed, world.a.run('SHOW PPP=1'), world.b.run('SHOW PPP=1 CONFIG'), world.b.run('SHOW PPP=1 COUNTER')]);
  assert.not.match(everything, /wrongword|rightword/);
  assert.not.match(everything, /77726f6e67776f7264/);
});

test('DEBUG shows what is negotiated, to the session that asked, for as long as it asked', () => {
  const world = pair();
  assert.is(world.a.run('ENABLE PPP=1 DEBUG=LCP,NCP TIMEOUT=30', 'console'), DONE);
  world.run(10_000, () => world.bothUp());
  assert.ok(world.a.printed.includes('PPP ppp1 LCP: LCP Ack-Sent RCA Opened') || world.a.printed.includes('PPP ppp1 LCP: LCP Ack-Rcvd RCR+ Opened'));
  assert.ok(world.a.printed.some((line) => /^PPP ppp1 NCP: tx IPCP Configure-Request id \d+ \(Address 192\.168\.10\.1\)$/.test(line)), world.a.printed.join('\n'));
  assert.not.ok(world.a.printed.some((line) => line.includes('PKT')));
  world.run(40_000);
  world.a.printed.length = 0;
  world.a.run('RESET PPP=1');
  world.run(10_000);
  assert.equal(world.a.printed, []);
});

test('DEBUG=PKT prints frames in hex, NUMPKTS of them', () => {
  const world = pair(`${PLAIN} DEBUGMAXBYTES=16`);
  world.a.run('ENABLE PPP=1 DEBUG=PKT NUMPKTS=3');
  world.run(10_000, () => world.bothUp());
  assert.is(world.a.printed.length, 3);
  assert.match(world.a.printed[0] ?? '', /^PPP ppp1 PKT: [rt]x LCP \d+ octets: c021[0-9a-f ]{1,40}$/);
});

test('a device that the board cannot make is an error that says why', () => {
  const world = new World();
  world.a.refuseDevices = 'ppp1 exists already on this host.';
  assert.is(world.a.run(PLAIN), 'Error (33265): Interface ppp1 could not be made: ppp1 exists already on this host.');
  assert.is(world.a.interfaces.all().length, 0);
});

test('what the peer said when it closed PPP is told even when the call is cleared first', () => {
  const world = pair(PLAIN, `${PLAIN} AUTHENTICATION=PAP`);
  assert.ok(world.run(60_000, () => world.b.one().lastReason !== '' && world.a.one().lastReason !== ''));
  assert.is(world.b.one().lastReason, 'The peer will not prove itself by PAP.');
  assert.is(world.a.one().lastReason, 'The peer closed LCP: "The peer will not prove itself by PAP.". The peer cleared the call.');
});

test('a second call of the peer replaces the link at once', () => {
  const world = up();
  const first = world.a.one().link;
  world.connect(world.now);
  assert.ok(world.run(10_000, () => world.bothUp() && world.a.one().link !== first));
  assert.is(world.a.one().lastReason, 'The peer called again.');
});

test('a thousand losses of every kind leave one link and no forgotten timer', () => {
  const world = up();
  for (let i = 0; i < 1000; i++) {
    switch (i % 4) {
      case 0:
        world.hangUp(i % 8 === 0 ? world.a : world.b, 'cut', world.now);
        break;
      case 1:
        world.a.run('RESET PPP=1');
        break;
      case 2:
        world.b.run('RESET PPP=1');
        break;
      default:
        world.connect(world.now);
    }
    world.run((i * 37) % 3000);
  }
  assert.ok(world.run(60_000, () => world.bothUp()));
  assert.ok(world.timers.size < 20, `${world.timers.size}`);
});

test('the traffic of all links is added up', () => {
  const world = up();
  world.a.carried(1000, 'in');
  world.hangUp(world.b, 'cut', world.now);
  assert.ok(world.run(30_000, () => world.bothUp()));
  world.a.carried(500, 'in');
  world.a.one().refresh(world.now);
  assert.is(world.a.one().accounting.total.inOctets, 1500);
});

test.run();

// Two whole routers in virtual time: how configured calls come up, meet, fail, and come back, as the operator sees it.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ip, lans, residue } from '../../board/sim/lans.ts';
import { icmp, ipPacket, PROTOCOL } from '../../board/sim/packet.ts';
import { CLEAN } from '../../board/sim/wire.ts';
import { inject, isControl, log, messageType, network, numbers, pings, pingStream, scriptA, scriptB, sessions, show, status, tap, tunnels, value, WireCount } from './calls.rig.ts';

const MINUTE = 60_000;
const DEMAND = 'IDLE=999999999 BAP=OFF LQR=OFF ECHO=ON';

/** Both ends have one session, and ten pings of ten come back both ways. */
function works(net: ReturnType<typeof network>, what = ''): void {
  assert.is(sessions(net.a), 1, `${what} sessions of A\n${log(net.a)}`);
  assert.is(sessions(net.b), 1, `${what} sessions of B\n${log(net.b)}`);
  assert.is(pings(net), 10, `${what} pings to the far LAN`);
  assert.is(pings(net, { from: net.host2, to: '192.168.10.2' }), 10, `${what} pings from the far LAN`);
}

for (const [a, b] of [['IN', 'OUT'], ['OUT', 'IN'], ['IN', 'IN'], ['OUT', 'OUT']] as const) {
  test(`two routers that call each other at once with PRECEDENCE ${a} and ${b} end with one session, whoever is how much earlier`, () => {
    for (const offset of [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 50, 100]) {
      for (const first of ['a', 'b'] as const) {
        const enable = 'ENABLE L2TP SERVER=BOTH';
        const net = network({ call: `PRECEDENCE=${a}`, enable }, { call: `PRECEDENCE=${b}`, enable }, CLEAN, 1 + offset * 10);
        const [early, late] = first === 'a' ? [net.a, net.b] : [net.b, net.a];
        show(early, 'ENABLE L2TP');
        net.world.run(offset);
        show(late, 'ENABLE L2TP');
        net.world.run(10_000);
        works(net, `${first} is ${offset} ms earlier:`);
        const ups = [...log(net.a).matchAll(/ppp1: Interface has come up/g)].length;
        net.world.run(MINUTE);
        assert.is([...log(net.a).matchAll(/ppp1: Interface has come up/g)].length, ups, 'it stays up');
      }
    }
  });
}

test('two routers that call each other at once settle on one session over a bad line too', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const quality = { loss: 0.15, duplicate: 0.1, delay: 10, jitter: 60, mtu: 1500 };
    const net = network({ call: 'PRECEDENCE=IN' }, { call: 'PRECEDENCE=IN' }, quality, seed);
    net.world.run(3 * MINUTE);
    net.wires[0].quality = CLEAN;
    net.world.run(MINUTE);
    works(net, `seed ${seed}:`);
  }
});

test('a call with IP=0.0.0.0 never calls, says so, and takes the call of its pair', () => {
  const net = network({ ip: '0.0.0.0' }, { enable: 'ENABLE L2TP SERVER=BOTH' });
  let fromA = 0;
  tap(net.wires[0], (_, seen) => {
    if (seen?.from === ip('1.1.1.1')) fromA++;
    return true;
  });
  net.world.run(5 * MINUTE);
  assert.is(fromA, 0);
  assert.match(status(net.a), /waiting for the peer to call \(IP=0\.0\.0\.0\)/);
  show(net.b, 'ENABLE L2TP');
  net.world.run(5000);
  works(net);
  assert.match(show(net.a, 'ACTIVATE L2TP CALL=remote'), /^Error/);
});

test('a VIRTUAL call without REMOTE is an ICRQ, which the call to that peer answers', () => {
  const types = new Set<number>();
  const net = network({ remote: '' }, { remote: '', ppp: 'IDLE=999999999' });
  tap(net.wires[0], (_, seen) => {
    if (seen !== undefined) types.add(messageType(seen));
    return true;
  });
  net.world.run(5000);
  assert.ok(types.has(10) && types.has(11) && types.has(12), `ICRQ, ICRP, ICCN were on the wire: ${[...types].join()}`);
  assert.not.ok(types.has(7), 'no OCRQ was');
  works(net);
  assert.match(show(net.a, 'SHOW L2TP TUNNEL'), /Server Type \.+ LAC/);
  assert.match(show(net.b, 'SHOW L2TP TUNNEL'), /Server Type \.+ LNS/);
});

test('four calls between two routers share one tunnel, and each carries its own traffic', () => {
  const more = (peer: string, net: string, last: number): string =>
    [2, 3, 4]
      .map((n) => `ADD L2TP CALL=c${n} REMOTE=c${n} TYPE=VIRTUAL IP=${peer} PASSWORD=${peer === '2.2.2.2' ? 'l2tpB' : 'l2tpA'}\nCREATE PPP=${n} OVER=TNL-c${n} ${last === 1 ? '' : DEMAND}\nADD IP INT=ppp${n} IP=10.${n}.0.${last} MASK=255.255.255.252\n`)
      .join('') + net;
  const net = network({ after: more('2.2.2.2', '', 1) }, { ppp: DEMAND, after: more('1.1.1.1', '', 2) });
  net.world.run(5000);
  assert.is(sessions(net.a), 4);
  assert.is(tunnels(net.a), 1);
  assert.is(tunnels(net.b), 1);
  for (const n of [2, 3, 4]) assert.is(pings(net, { to: `10.${n}.0.2`, from: net.a.board.ip }), 10, `call ${n}`);
  show(net.a, 'DISABLE PPP=3');
  net.world.run(5000);
  assert.is(sessions(net.a), 3, 'one call ends alone');
  assert.is(pings(net, { to: '10.2.0.2', from: net.a.board.ip }), 10);
});

test('a wrong tunnel password is named in SHOW L2TP CALL and in the log, and no password is', () => {
  const net = network({ password: 'wrongSecret' }, { ip: '0.0.0.0' });
  net.world.run(5000);
  assert.match(status(net.a), /2\.2\.2\.2 does not accept our password; calling again in \d+ s/);
  const logs = log(net.a) + log(net.b) + show(net.a, 'SHOW DEBUG') + show(net.b, 'SHOW DEBUG');
  assert.match(log(net.a), /does not accept our password/);
  assert.match(log(net.b), /1\.1\.1\.1/);
  for (const secret of ['wrongSecret', 'l2tpA', 'l2tpB']) assert.not.ok(log(net.a).includes(secret) || log(net.b).includes(secret), `${secret} is in a log`);
  assert.not.match(logs, /wrongSecret.*tunnel/);
  assert.is(value(show(net.b, 'SHOW L2TP'), 'Failed Authentications') > 0, true);
  show(net.a, 'SET L2TP CALL=remote PASSWORD=l2tpB');
  net.world.run(2000);
  works(net, 'after SET L2TP CALL PASSWORD');
});

test('a call without the password that the peer asks for says which command sets it', () => {
  const net = lans(1, CLEAN, { a: scriptA().replace('PASSWORD=l2tpB ', ''), b: scriptB({ ip: '0.0.0.0' }) });
  net.world.run(5000);
  assert.match(status(net.a), /asks for a password and the call has none \(SET L2TP CALL PASSWORD=\)/);
});

test('a silent peer is called for ever, at most a minute apart, and SHOW L2TP CALL says what was sent and that nothing came', () => {
  const net = network({}, { ip: '0.0.0.0' });
  const requests: number[] = [];
  tap(net.wires[0], (_, seen) => {
    if (seen !== undefined && messageType(seen) === 1) requests.push(net.world.now);
    return seen === undefined || seen.from !== ip('2.2.2.2');
  });
  net.world.run(10 * MINUTE);
  assert.match(status(net.a), /no answer from 2\.2\.2\.2: SCCRQ sent \d+ times, nothing heard from it; calling again in \d+ s|opening a tunnel to 2\.2\.2\.2/);
  assert.match(log(net.a), /no answer from 2\.2\.2\.2: SCCRQ sent \d+ times, nothing heard from it/);
  const before = requests.length;
  net.world.run(60 * MINUTE);
  assert.ok(requests.length - before >= 60, 'it still calls an hour later');
  const gaps = requests.slice(1).map((at, i) => at - (requests[i] ?? 0));
  assert.ok(Math.max(...gaps) <= 70_000, `never more than a minute and a retransmission apart: ${Math.max(...gaps)}`);
});

test('a call without a route waits for it and starts the moment it is added', () => {
  const net = lans(1, CLEAN, { a: scriptA().replace(/ADD IP ROUTE=2.2.2.0.*\n/, ''), b: scriptB({ ip: '0.0.0.0' }) });
  net.world.run(5000);
  assert.match(status(net.a), /waiting for a route to 2\.2\.2\.2/);
  show(net.a, 'ADD IP ROUTE=2.2.2.0 MASK=255.255.255.0 INT=eth1 NEXT=1.1.1.254');
  net.world.run(10);
  assert.is(sessions(net.a), 1, 'at once');
  net.world.run(3000);
  works(net);
});

test('traffic comes back by itself after the line between the routers was cut for ten seconds, and for ten minutes', () => {
  const net = network({ ppp: DEMAND }, { ppp: DEMAND });
  pings(net, { count: 3, interval: 1000 });
  for (const span of [10_000, 10 * MINUTE]) {
    net.wires[0].up = false;
    const stream = pingStream(net, { interval: 1000 });
    net.world.run(span);
    net.wires[0].up = true;
    net.world.run(90_000);
    stream.stop(0);
    works(net, `after ${span / 1000} s`);
  }
});

test('the line that goes up and down every second does not wedge a call', () => {
  const net = network({ ppp: 'LQR=OFF ECHO=ON' }, { ppp: 'LQR=OFF ECHO=ON' });
  for (let i = 0; i < 120; i++) {
    net.wires[0].up = i % 2 === 1;
    net.world.run(1000);
  }
  net.wires[0].up = true;
  net.world.run(2 * MINUTE);
  works(net);
});

test('a router that was cut from power and restarted is found again by the other one', () => {
  for (const [a, b] of [['', ''], [DEMAND, DEMAND]] as const) {
    const net = network({ ppp: a }, { ppp: b });
    pings(net, { count: 3, interval: 1000 });
    net.b.board.ip.unplug();
    net.world.run(500);
    const again = { ...net, b: net.startB() };
    const stream = pingStream(again, { interval: 1000 });
    again.world.run(MINUTE);
    stream.stop(0);
    works(again, `PPP ${a}:`);
  }
});

test('a router that was away for an hour is found again', () => {
  const net = network();
  net.world.run(5000);
  net.b.board.ip.unplug();
  net.world.run(60 * MINUTE);
  const again = { ...net, b: net.startB() };
  again.world.run(2 * MINUTE);
  works(again);
});

for (const number of ['ON', 'STARTUP', 'OFF'] as const) {
  test(`NUMBER=${number} never stalls over a wire that loses, doubles and reorders`, () => {
    const net = network({ call: `NUMBER=${number}` }, { call: `NUMBER=${number}`, ppp: DEMAND });
    net.world.run(5000);
    works(net);
    net.wires[0].quality = { loss: 0.2, duplicate: 0.1, delay: 5, jitter: 40, mtu: 1500 };
    const stream = pingStream(net, { interval: 10 });
    net.world.run(MINUTE);
    const { sent, answered } = stream.stop(1000);
    assert.ok(answered > sent * (number === 'ON' ? 0.25 : 0.55), `${answered} of ${sent} came back`);
    net.wires[0].quality = CLEAN;
    works(net, 'on a clean wire again');
  });
}

test('NUMBER=ON numbers every data message, OFF none, STARTUP those before IP only', () => {
  for (const number of ['ON', 'OFF', 'STARTUP'] as const) {
    const net = network({ call: `NUMBER=${number}` }, { call: `NUMBER=${number}`, ppp: DEMAND });
    const seen = { numbered: 0, plain: 0 };
    let traffic = false;
    const later = { numbered: 0, plain: 0 };
    tap(net.wires[0], (_, one) => {
      if (one === undefined || isControl(one)) return true;
      const into = traffic ? later : seen;
      if (((one.data[0] ?? 0) & 0x08) !== 0) into.numbered++;
      else into.plain++;
      return true;
    });
    net.world.run(5000);
    traffic = true;
    assert.is(pings(net), 10);
    if (number === 'ON') assert.equal([seen.plain, later.plain], [0, 0]);
    if (number === 'OFF') assert.equal([seen.numbered, later.numbered], [0, 0]);
    if (number === 'STARTUP') assert.ok(seen.numbered > 0 && later.numbered === 0, JSON.stringify({ seen, later }));
    if (number === 'ON') assert.ok(value(show(net.a, 'SHOW L2TP COUNTER'), 'In Order Data Packets') >= 10);
  }
});

test('a tunnel that has gone silent is closed by HELLO within three minutes, and not while data comes in', () => {
  const net = network({ ppp: 'LQR=OFF' }, { ppp: 'LQR=OFF' });
  net.world.run(5000);
  const hellos: number[] = [];
  tap(net.wires[0], (_, seen) => {
    if (seen !== undefined && messageType(seen) === 6) hellos.push(net.world.now);
    return true;
  });
  const stream = pingStream(net, { interval: 5000 });
  net.world.run(5 * MINUTE);
  stream.stop(0);
  assert.is(hellos.length, 0, 'no HELLO while data comes in');
  net.world.run(3 * MINUTE);
  assert.ok(hellos.length >= 2, 'HELLO in silence');
  works(net, 'a quiet tunnel stays:');
  net.wires[0].quality = { ...CLEAN, loss: 1 };
  net.world.run(3 * MINUTE);
  assert.is(sessions(net.a), 0);
  assert.match(log(net.a), /2\.2\.2\.2 stopped answering: HELLO sent \d+ times without acknowledgement/);
});

test('a peer whose tunnel is silent is asked by LCP echo: only where that is silent too the call is given up', () => {
  const quiet = 'LQR=OFF ECHO=OFF';
  const net = network({ ppp: quiet }, { ppp: quiet });
  net.world.run(10_000);
  let hellos = 0;
  // Control messages of B get lost, as those of a peer that does not know HELLO are never sent.
  tap(net.wires[0], (_, seen) => {
    if (seen !== undefined && messageType(seen) === 6) hellos++;
    return seen === undefined || !isControl(seen) || seen.from !== ip('2.2.2.2');
  });
  net.world.run(20 * MINUTE);
  assert.ok(hellos > 10, `${hellos} HELLOs`);
  assert.equal([sessions(net.a), sessions(net.b)], [1, 1]);
  assert.not.match(log(net.a), 'stopped answering');
  works(net);
  net.wires[0].quality = { ...CLEAN, loss: 1 };
  net.world.run(3 * MINUTE);
  assert.is(sessions(net.a), 0);
  assert.match(log(net.a), /2\.2\.2\.2 stopped answering: HELLO sent \d+ times without acknowledgement/);
});

test('DISABLE L2TP closes what is there and says so; ENABLE L2TP brings it back', () => {
  const net = network({}, { ip: '0.0.0.0' });
  net.world.run(5000);
  works(net);
  show(net.a, 'DISABLE L2TP');
  net.world.run(1000);
  assert.is(sessions(net.b), 0, 'the peer knows at once');
  assert.match(show(net.a, 'SHOW L2TP'), /State \.+ disabled/);
  assert.match(status(net.a), /L2TP/);
  net.world.run(5 * MINUTE);
  assert.is(net.a.board.plane.residue.services, 0, 'the port is given back');
  show(net.a, 'ENABLE L2TP');
  net.world.run(2000);
  works(net);
});

test('RESTART ROUTER tells the peer, reads its configuration again and calls again', () => {
  const net = network({}, { ip: '0.0.0.0' });
  show(net.a, 'CREATE CONFIG=lan.cfg');
  net.world.run(100);
  show(net.a, 'SET CONFIG=lan.cfg');
  net.world.run(5000);
  works(net);
  show(net.a, 'RESTART ROUTER');
  net.world.run(10);
  assert.match(log(net.b), /1\.1\.1\.1 closed the tunnel: .*shut down/, 'StopCCN came');
  net.world.run(5000);
  works(net);
});

test('ACTIVATE L2TP CALL opens an on-demand line once: when IDLE has closed it, it waits for a packet', () => {
  const net = network({ ppp: 'IDLE=30 LQR=OFF' }, { ppp: DEMAND });
  net.world.run(2000);
  show(net.a, 'ACTIVATE L2TP CALL=remote');
  net.world.run(10_000);
  assert.is(sessions(net.a), 1);
  net.world.run(10 * MINUTE);
  assert.equal([sessions(net.a), sessions(net.b)], [0, 0]);
  assert.is(status(net.a), '');
  assert.is(log(net.a).match(/call remote: up with/g)?.length, 1);
  assert.not.match(log(net.a), 'calling again');
  pings(net, { count: 1 });
  net.world.run(3000);
  works(net, 'a packet opens it again:');
});

test('DEACTIVATE L2TP CALL keeps a call down on both sides until ACTIVATE', () => {
  const net = network();
  net.world.run(5000);
  show(net.a, 'DEACTIVATE L2TP CALL=remote');
  net.world.run(5 * MINUTE);
  assert.is(sessions(net.a), 0);
  assert.match(status(net.a), /deactivated by the operator \(ACTIVATE L2TP CALL=remote calls again\)/);
  assert.match(status(net.b), /refused the call: .*call remote is deactivated/);
  assert.match(show(net.a, 'ACTIVATE L2TP CALL=remote'), /^Info/);
  net.world.run(2 * MINUTE);
  works(net);
  const id = value(show(net.a, 'SHOW L2TP TUNNEL CALL'), 'Call ID');
  show(net.a, `DEACTIVATE L2TP CALL=${id}`);
  net.world.run(1000);
  assert.is(sessions(net.a), 0, 'by its id too');
});

/** Every SET, and what adds or takes away beside the call that is up. What names the call itself is in it: new values hold from the next call on. */
const CHANGES = [
  'SET L2TP CALL=remote SPEED=128000', 'SET L2TP CALL=remote NUMBER=ON', 'SET L2TP CALL=remote PRECEDENCE=OUT', 'SET L2TP CALL=remote PASSWORD=other', 'SET L2TP CALL=remote PRE13=ON', 'SET L2TP CALL=remote REMOTE=other',
  'SET L2TP CALL=remote IP=3.3.3.3', 'SET L2TP CHECKSUM=OFF', 'SET L2TP CHECKSUM=ON', 'SET L2TP FILTER=NONE', 'SET L2TP PASSWORD=new', 'ADD L2TP PASSWORD=p2 IP=2.2.2.2', 'DELETE L2TP PASSWORD IP=ALL',
  'ADD L2TP USER=ALL ACTION=IGNORE', 'SET L2TP USER=ALL ACTION=DATABASE IP=9.9.9.9 PASSWORD=x TIMEOUT=30 NUMBER=STARTUP', 'DELETE L2TP USER=ALL', 'ADD L2TP IP=2.2.2.2 PPPTEMPLATE=3', 'DELETE L2TP IP=2.2.2.2',
  'ADD L2TP CALL=second TYPE=VIRTUAL IP=2.2.2.2', 'DELETE L2TP CALL=second', 'ENABLE L2TP SERVER=BOTH', 'DISABLE L2TP SERVER=LAC', 'DISABLE L2TP SERVER=BOTH', 'ENABLE L2TP DEBUG=ALL CALL', 'DISABLE L2TP DEBUG=ALL CALL', 'RESET L2TP COUNTER',
  'SET PPP=1 IDLE=7200', 'SET PPP=1 IDLE=OFF', 'SET PPP=1 ECHO=ON LQR=OFF', 'SET PPP=1 ECHO=OFF LQR=ON', 'SET PPP=1 USERNAME=me PASSWORD=secret', 'SET PPP=1 AUTHENTICATION=CHAP', 'SET PPP=1 MRU=1200', 'SET PPP=1 MAGIC=OFF', 'SET PPP=1 IPREQUEST=ON',
  'SET PPP=1 RESTART=5 CONFIGURE=CONTINUOUS TERMINATE=5', 'SET PPP=1 MSSHEADER=120', 'SET PPP=1 ONLINELIMIT=10 TOTALDATALIMIT=100', 'SET PPP=1 RECHALLENGE=OFF', 'SET PPP=1 DESCRIPTION=x BAP=ON FRAGMENT=ON COMPRESSION=ON', 'RESET PPP=1 ONLINELIMIT',
  'SET SYSTEM NAME=Other LOCATION=here', 'SET IP INTERFACE=eth0 RIPMETRIC=2 PROXYARP=OFF', 'SET IP INTERFACE=ppp1 VJC=ON', 'SET IP LOCAL IPADDRESS=192.168.10.1', 'ADD IP ROUTE=9.0.0.0 MASK=255.0.0.0 INT=eth1 NEXT=1.1.1.254',
  'SET IP ROUTE=9.0.0.0 MASK=255.0.0.0 INT=eth1 NEXT=1.1.1.254 METRIC=3', 'SET IP ROUTE=2.2.2.0 MASK=255.255.255.0 INT=eth1 NEXT=1.1.1.254 PREFERENCE=10', 'SET IP ROUTE=192.168.20.0 MASK=255.255.255.0 INT=ppp1 NEXT=0.0.0.0 METRIC=2', 'DELETE IP ROUTE=9.0.0.0 MASK=255.0.0.0 INT=eth1 NEXT=1.1.1.254',
  'ENABLE IP REMOTEASSIGN', 'DISABLE IP REMOTEASSIGN', 'SET PING DELAY=2', 'ADD USER=bob PASSWORD=bobsecret LOGIN=NO', 'SET USER=bob PASSWORD=bobsecret2', 'SET USER LOGINFAIL=4', 'DELETE USER=bob', 'SET TIME=03:04:05 DATE=01-Jan-2020', 'SET LOADER METHOD=HTTP',
  'CREATE LOG OUTPUT=1 DESTINATION=SYSLOG SERVER=192.168.10.2', 'SET LOG OUTPUT=1 PORT=515', 'SET TELNET LISTENPORT=2323', 'CREATE CONFIG=now.cfg', 'SET CONFIG=now.cfg',
] as const;

test('no SET, ADD, DELETE or DEBUG command loses a packet or a session of a call that is up', () => {
  const net = network();
  net.world.run(5000);
  works(net);
  const ids = (): string => numbers(show(net.a, 'SHOW L2TP TUNNEL CALL'), 'Call ID').join() + numbers(show(net.b, 'SHOW L2TP TUNNEL CALL'), 'Call ID').join();
  const was = ids();
  for (const node of [net.a, net.b]) {
    for (const line of CHANGES) {
      const local = node === net.b ? line.replaceAll('2.2.2.', '1.1.1.').replace('NEXT=1.1.1.254', 'NEXT=2.2.2.254').replaceAll('192.168.20.', '192.168.10.') : line;
      const stream = pingStream(net, { interval: 10 });
      net.world.run(100);
      const said = show(node, local.replace('LOCAL IPADDRESS=192.168.10.1', `LOCAL IPADDRESS=${node === net.a ? '192.168.10.1' : '192.168.20.1'}`));
      assert.not.match(said, /^Error/, local);
      net.world.run(2000);
      const { sent, answered } = stream.stop(100);
      assert.is(answered, sent, `${local} lost packets`);
      assert.is(ids(), was, `${local} changed the session`);
    }
  }
  assert.is([...log(net.a).matchAll(/Interface has gone down/g)].length, 0);
});

test('IDLE closes a quiet link, and the first packet opens it again and is not lost', () => {
  const net = network({ ppp: 'IDLE=30 LQR=OFF' }, { ppp: 'IDLE=3000 LQR=OFF' });
  net.world.run(MINUTE);
  assert.is(sessions(net.a), 0, 'on demand: nothing without traffic');
  for (let round = 0; round < 3; round++) {
    assert.is(pings(net, { count: 1, interval: 3000 }), 1, 'the first packet is kept and sent');
    assert.is(sessions(net.a), 1);
    net.world.run(25_000);
    assert.is(sessions(net.a), 1, 'it stays for 30 s');
    net.world.run(8000);
    assert.is(sessions(net.a), 0, 'then it closes');
    assert.is(sessions(net.b), 0, 'on both sides');
  }
  assert.match(show(net.a, 'SHOW PPP=1'), /No traffic for 30 seconds/);
});

for (const method of ['PAP', 'CHAP', 'MSCHAPV2', 'EITHER'] as const) {
  test(`AUTHENTICATION=${method}: each router proves itself to the other; a wrong password ends in a reason that names no password`, () => {
    const users = (name: string, password: string): string => `ADD USER=${name} PASSWORD=${password} LOGIN=NO`;
    const ends = (secretOfA: string): Parameters<typeof network> => [
      { ppp: `AUTHENTICATION=${method} USERNAME=siteA PASSWORD=${secretOfA}`, before: users('siteB', 'bSecret99') },
      { ppp: `AUTHENTICATION=${method} USERNAME=siteB PASSWORD=bSecret99`, before: users('siteA', 'aSecret11'), ip: '0.0.0.0' },
    ];
    const net = network(...ends('aSecret11'));
    net.world.run(5000);
    works(net);
    assert.match(show(net.b, 'SHOW PPP=1'), /Peer is siteA/);
    const bad = network(...ends('notIt5'));
    bad.world.run(30_000);
    assert.is(pings(bad), 0);
    assert.match(log(bad.b), /siteA/);
    assert.match(show(bad.a, 'SHOW PPP=1') + status(bad.a), /password|authentic|refus/i);
    for (const secret of ['notIt5', 'aSecret11', 'bSecret99']) assert.not.ok(log(bad.a).includes(secret) || log(bad.b).includes(secret), `${secret} is in a log`);
    show(bad.a, 'SET PPP=1 PASSWORD=aSecret11');
    bad.world.run(2 * MINUTE);
    works(bad, 'after SET PPP PASSWORD:');
  });
}

test('authentication by one side only works in either direction of the call', () => {
  for (const asks of ['a', 'b'] as const) {
    const asking = { ppp: 'AUTHENTICATION=CHAP', before: 'ADD USER=far PASSWORD=farsecret LOGIN=NO' };
    const proving = { ppp: 'USERNAME=far PASSWORD=farsecret' };
    const net = asks === 'a' ? network(asking, proving) : network(proving, asking);
    net.world.run(5000);
    works(net, `${asks} asks:`);
  }
});

test('IPREQUEST with REMOTEASSIGN takes the address that the peer gives to this user', () => {
  const net = network(
    { ppp: 'IPREQUEST=ON USERNAME=roam PASSWORD=roamsecret', before: 'ENABLE IP REMOTEASSIGN' },
    { ppp: `AUTHENTICATION=CHAP ${DEMAND}`, before: 'ADD USER=roam PASSWORD=roamsecret LOGIN=NO IPADDRESS=10.9.9.9 NETMASK=255.255.255.255', ip: '0.0.0.0' },
  );
  net.world.run(5000);
  assert.match(show(net.a, 'SHOW IP INTERFACE'), /ppp1 +Remote +10\.9\.9\.9/);
  assert.is(pings(net, { from: net.a.board.ip, to: '192.168.20.2' }), 10);
});

test('ECHO finds a peer whose PPP has died although its tunnel answers, and the call is made again', () => {
  const net = network({ ppp: 'LQR=OFF ECHO=ON' }, { ppp: 'LQR=OFF ECHO=ON' });
  net.world.run(5000);
  works(net);
  let deaf = true;
  tap(net.wires[0], (_, seen) => seen === undefined || isControl(seen) || !deaf);
  net.world.run(2 * MINUTE);
  deaf = false;
  assert.match(log(net.a) + log(net.b), /echo/i);
  net.world.run(MINUTE);
  works(net);
});

test('a default route through the tunnel does not swallow the tunnel: the call ends, says which route it needs, and waits for it', () => {
  for (const ppp of ['', DEMAND]) {
    const net = network({ ppp, after: 'ADD IP ROUTE=0.0.0.0 INT=ppp1 NEXT=0.0.0.0' }, { ppp: DEMAND });
    pings(net, { count: 3, interval: 1000 });
    works(net, 'a route to the peer is there:');
    show(net.a, 'DELETE IP ROUTE=2.2.2.0 MASK=255.255.255.0 INT=eth1 NEXT=1.1.1.254');
    assert.is(sessions(net.a), 0, 'it ends at once');
    assert.match(log(net.a), /call remote: down, the route to 2\.2\.2\.2 leads into ppp1, which this call carries; add a route to 2\.2\.2\.2 through another interface/);
    const stream = pingStream(net, { interval: 1000 });
    net.world.run(10 * MINUTE);
    stream.stop(0);
    assert.match(status(net.a), ppp === '' ? /waiting for a route to 2\.2\.2\.2/ : /the route to 2\.2\.2\.2 leads into ppp1/);
    assert.ok(net.wires[0].sent < 2000, `nothing runs in circles: ${net.wires[0].sent}`);
    show(net.a, 'ADD IP ROUTE=2.2.2.0 MASK=255.255.255.0 INT=eth1 NEXT=1.1.1.254');
    assert.ok(pings(net, { count: 10, interval: 1000 }) >= 8, 'the route is back');
    works(net, 'the route is back:');
  }
});

test('a better default route through the tunnel than the one that leads to its peer ends the call once a minute at most, with the reason', () => {
  const net = lans(1, CLEAN, {
    a: scriptA({ after: 'ADD IP ROUTE=0.0.0.0 INT=eth1 NEXT=1.1.1.254\nADD IP ROUTE=0.0.0.0 INT=ppp1 NEXT=0.0.0.0 PREFERENCE=10' }).replace(/ADD IP ROUTE=2.2.2.0.*\n/, ''),
    b: scriptB({ ip: '0.0.0.0' }),
  });
  net.world.run(10 * MINUTE);
  const ends = [...log(net.a).matchAll(/call remote: down, the route to 2\.2\.2\.2 leads into ppp1/g)].length;
  assert.ok(ends >= 1 && ends <= 15, `${ends} times in ten minutes`);
  show(net.a, 'ADD IP ROUTE=2.2.2.2 MASK=255.255.255.255 INT=eth1 NEXT=1.1.1.254');
  net.world.run(5000);
  works(net);
});

test('packets of every size from 28 to 1500 cross the tunnel or come back as too big with a size that does cross', () => {
  for (const [number, mru] of [['OFF', ''], ['ON', ''], ['OFF', 'MRU=1200'], ['ON', 'MRU=576']] as const) {
    const net = network({ call: `NUMBER=${number}`, ppp: mru }, { call: `NUMBER=${number}`, ppp: mru === '' ? DEMAND : `${DEMAND} ${mru}` });
    net.world.run(5000);
    let largest = 0;
    tap(net.wires[0], (packet) => {
      largest = Math.max(largest, packet.length);
      return true;
    });
    let limit = 0;
    for (let size = 28; size <= 1500; size += size > 400 && size < 1400 ? 37 : 4) {
      let big = 0;
      const errors = net.host1.open((answer) => {
        if (answer.type === 3 && answer.code === 4) big = ((answer.rest[2] ?? 0) << 8) | (answer.rest[3] ?? 0);
      });
      const came = pings(net, { count: 1, size });
      if (!('refused' in errors)) errors.close();
      if (came === 1) limit = size;
      else assert.ok(big > 0 && big < size && big >= limit, `${size} octets, NUMBER=${number} ${mru}: ${came} answers, too big says ${big}`);
    }
    assert.ok(largest <= 1500, `a datagram of ${largest} octets was on the wire`);
    const expected = mru === '' ? (number === 'ON' ? 1456 : 1460) : Number(mru.slice(4));
    assert.match(show(net.a, 'SHOW PPP=1'), new RegExp(`MTU ${expected}\nThe path takes 1500 octets, ${number === 'ON' ? 44 : 40} of them for IP, UDP, L2TP and PPP$`, 'm'));
    assert.is(pings(net, { count: 1, size: expected }), 1, `${expected} octets cross`);
  }
});

test('a path that takes smaller packets from some time on makes the interface and TCP segments smaller, without a word to the peer', () => {
  const net = network({}, { ppp: DEMAND });
  net.world.run(10_000);
  assert.is(pings(net, { count: 3, size: 1460 }), 3);
  const [wire] = net.wires;
  tap(wire, (packet, seen) => {
    if (seen?.from !== ip('1.1.1.1') || packet.length <= 1300) return true;
    const rest = Uint8Array.of(0, 0, 1300 >> 8, 1300 & 0xff, ...packet.subarray(0, 28));
    const error = { source: ip('1.1.1.254'), destination: ip('1.1.1.1'), protocol: PROTOCOL.icmp, ttl: 64 };
    net.world.at(net.world.now + 1, () => wire.send(ipPacket(error, icmp(3, 4, rest)), ip('1.1.1.1')));
    return false;
  });
  pings(net, { count: 3, size: 1460 });
  assert.match(show(net.a, 'SHOW PPP=1'), 'MTU 1260');
  assert.is(pings(net, { count: 3, size: 1260 }), 3);
  assert.is(pings(net, { count: 3, size: 1264 }), 0, 'larger ones come back to the host as too big');
  assert.is(sessions(net.a), 1);
});

test('what a session carried is counted to its last packet, also when it ends between two readings', () => {
  const net = network({ ppp: 'IDLE=3600' }, { ppp: DEMAND });
  pings(net, { count: 3, interval: 1000 });
  const carried = (): number => Number(/inOctets +(\d+)/.exec(show(net.a, 'SHOW PPP=1 COUNTER=IF'))?.[1]);
  net.world.run(20_000);
  const before = carried();
  assert.is(pings(net, { count: 5, size: 1000 }), 5);
  net.b.app.runCommand('DEACTIVATE L2TP CALL=remote', () => {}, () => {});
  net.world.run(1000);
  assert.is(sessions(net.a), 0);
  assert.ok(carried() - before >= 5 * 1000, `${carried() - before} octets`);
});

test('a port unreachable from the peer makes the tunnel ask at once whether it is there, and the call says what it met', () => {
  const net = network({ ppp: 'LQR=OFF' }, { ppp: `LQR=OFF ${DEMAND.replace('LQR=OFF', '')}` });
  net.world.run(5000);
  const started = net.world.now;
  net.b.board.plane.unlisten(1 as never);
  for (let id = 1; id < 9; id++) net.b.board.plane.unlisten(id as never);
  const stream = pingStream(net, { interval: 1000 });
  let lost = 0;
  net.world.run(3 * MINUTE, () => {
    if (sessions(net.a) === 0) lost = net.world.now;
    return lost > 0;
  });
  stream.stop(0);
  assert.ok(lost > 0 && lost - started < 45_000, `noticed after ${(lost - started) / 1000} s, long before HELLO in silence`);
  net.world.run(5000);
  assert.match(status(net.a), /2\.2\.2\.2 says that nothing listens on UDP port 1701 \(is L2TP enabled there\?\)/);
});

test('a flood of SCCRQs from many addresses leaves the established session unharmed and the tunnel table bounded', () => {
  const net = network({}, { after: 'ADD IP ROUTE=0.0.0.0 INT=eth1 NEXT=2.2.2.254' });
  net.world.run(5000);
  works(net);
  let request: Uint8Array | undefined;
  const probe = network({}, { ip: '0.0.0.0' }, CLEAN, 7);
  tap(probe.wires[0], (_, seen) => {
    if (seen !== undefined && messageType(seen) === 1) request ??= seen.data.slice();
    return true;
  });
  show(probe.a, 'DISABLE L2TP');
  show(probe.a, 'ENABLE L2TP');
  probe.world.run(5000);
  assert.ok(request !== undefined);
  const stream = pingStream(net, { interval: 50 });
  let answers = 0;
  let octetsIn = 0;
  let octetsOut = 0;
  tap(net.wires[1], (_, seen) => {
    if (seen?.from === ip('2.2.2.2') && seen.to !== ip('1.1.1.1')) {
      answers++;
      octetsOut += seen.data.length;
    }
    return true;
  });
  for (let i = 0; i < 20_000; i++) {
    inject(net.wires[1], { from: ip(`10.${(i >> 12) & 255}.${(i >> 4) & 255}.${(i & 15) + 1}`), to: ip('2.2.2.2'), fromPort: 1024 + (i % 60_000) }, request ?? new Uint8Array());
    octetsIn += request?.length ?? 0;
    net.world.run(0.5);
  }
  const { sent, answered } = stream.stop(1000);
  assert.is(answered, sent, 'the established session lost nothing');
  assert.ok(answers > 0 && octetsOut <= octetsIn * 3, `${octetsOut} octets out for ${octetsIn} in`);
  assert.ok(tunnels(net.b) <= 600, `${tunnels(net.b)} tunnels`);
  net.world.run(3 * MINUTE);
  assert.is(tunnels(net.b), 1, 'all half-open tunnels are gone');
  works(net);
});

test('SHOW L2TP COUNTER, SHOW L2TP TUNNEL COUNTER and SHOW PPP COUNTER of a live run agree with the packets on the wire', () => {
  for (const number of ['OFF', 'ON'] as const) {
    const net = network({ call: `NUMBER=${number}` }, { call: `NUMBER=${number}`, ppp: DEMAND, enable: 'ENABLE L2TP SERVER=BOTH' });
    show(net.a, 'DISABLE L2TP');
    net.world.run(3 * MINUTE);
    show(net.a, 'RESET L2TP COUNTER');
    const atA = new WireCount(net.wires[0], ip('1.1.1.1'));
    const atB = new WireCount(net.wires[1], ip('2.2.2.2'));
    show(net.b, 'ENABLE L2TP');
    show(net.a, 'ENABLE L2TP');
    net.world.run(5000);
    assert.is(pings(net, { count: 93 }), 93);
    net.world.run(3 * MINUTE);
    for (const [node, wire] of [[net.a, atA], [net.b, atB]] as const) {
      const module = show(node, 'SHOW L2TP COUNTER');
      assert.equal(
        ['In Control Packets', 'In Control Packets With Data', 'Out Control Packets', 'Out Control Packets With Data', 'In Data Packets', 'Out Data Packets', 'In Messages', 'Out Messages', 'In Errors'].map((label) => value(module, label)),
        [wire.inControl, wire.inWithAvps, wire.outControl, wire.outWithAvps, wire.inData, wire.outData, wire.inControl + wire.inData, wire.outControl + wire.outData, 0],
        module,
      );
      assert.is(value(module, 'In Order Data Packets'), number === 'ON' ? wire.inData : 0);
      const tunnel = show(node, 'SHOW L2TP TUNNEL COUNTER');
      assert.equal(
        ['In Control Packets', 'In Control Packets With Data', 'Out Control Packets', 'Out Control Packets With Data', 'Out Flow Control Timeouts'].map((label) => value(tunnel, label)),
        [wire.inControl, wire.inWithAvps, wire.outControl, wire.outWithAvps, 0],
      );
      const call = show(node, 'SHOW L2TP TUNNEL CALL COUNTER');
      assert.equal([value(call, 'In Payload Packets'), value(call, 'Out Payload Packets')], [wire.inData, wire.outData]);
      const ppp = show(node, 'SHOW PPP=1 COUNTER');
      assert.is(Number(/inPackets +(\d+)/.exec(ppp)?.[1]), wire.inData);
      assert.is(Number(/outPackets +(\d+)/.exec(ppp)?.[1]), wire.outData);
    }
  }
});

test('two routers that stop leave nothing: no session, device, route, port or timer', () => {
  const net = network({ ppp: DEMAND }, {});
  net.world.run(5000);
  works(net);
  let closed = 0;
  net.a.app.shutdown(() => closed++);
  net.b.app.shutdown(() => closed++);
  net.world.run(MINUTE);
  assert.is(closed, 2);
  assert.equal([...Object.values(residue(net.a)), ...Object.values(residue(net.b)), net.world.pending].filter((n) => n !== 0), []);
});

test('a peer behind another source port is answered there', () => {
  const net = network({}, { ip: '0.0.0.0' });
  // A translator between the routers gives A another port.
  for (const wire of net.wires) {
    const send = wire.send.bind(wire);
    wire.send = (packet, next) => send(translate(packet), next);
  }
  net.world.run(5000);
  assert.is(value(show(net.b, 'SHOW L2TP TUNNEL'), 'Remote UDP Port'), 40_001);
  works(net);
});

/** Port 1701 of 1.1.1.1 as 40001 towards B, and back. */
function translate(packet: Uint8Array): Uint8Array {
  if (packet[9] !== 17) return packet;
  const out = packet.slice();
  const at = ((out[0] ?? 0) & 15) * 4;
  const port = (o: number): number => ((out[o] ?? 0) << 8) | (out[o + 1] ?? 0);
  const put = (o: number, v: number): void => {
    out[o] = v >> 8;
    out[o + 1] = v;
  };
  if (out[12] === 1 && port(at) === 1701) put(at, 40_001);
  else if (out[16] === 1 && port(at + 2) === 40_001) put(at + 2, 1701);
  return out;
}

test.run();

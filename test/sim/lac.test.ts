// A LAC that passes callers on by their name, in virtual time: the caller dials by PPPoE, the LNS of his USER entry judges and serves him.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ip, residue, type Node } from '../../board/sim/lans.ts';
import { CLEAN } from '../../board/sim/wire.ts';
import { log, pings, sessions, show, tap, tunnels } from './calls.rig.ts';
import { lacNet, type LacNet, type LacScripts } from './lac.rig.ts';
import { dynamics, hostRoutes, inUse } from './remote.rig.ts';

const MINUTE = 60_000;

/** The address that the user has now; '' = none. */
const address = (net: LacNet): string => /^ppp0#? +Remote +(\d[\d.]+)/m.exec(show(net.home, 'SHOW IP INTERFACE'))?.[1] ?? '';

/** A network whose user has had time to come up. */
function run(scripts: LacScripts = {}, time = 8000): LacNet {
  const net = lacNet(scripts);
  net.world.run(time);
  return net;
}

const reaches = (net: LacNet, n: 1 | 2, count = 5): number => pings(net, { from: net.home.board.ip, to: `10.${n}.0.2`, count });

/** Nothing of a caller is left on the LAC. */
function idle(net: LacNet, what: string): void {
  assert.equal([sessions(net.lac), show(net.lac, 'SHOW PPP').includes('ppp0')], [0, false], what);
}

test('a caller lands at the LNS of his domain, which judges him by what the LAC passes on; traffic flows both ways', () => {
  const net = run();
  assert.is(address(net), '10.1.100.1');
  assert.is(reaches(net, 1), 5, 'from the user to a host behind LNS 1');
  assert.is(pings(net, { from: net.host1, to: '10.1.100.1', count: 5 }), 5, 'from that host to the user');
  assert.equal([inUse(net.lns1), hostRoutes(net.lns1), dynamics(net.lns1)], [['10.1.100.1 ppp0'], ['10.1.100.1 ppp0'], ['ppp0']]);
  assert.equal([sessions(net.lac), sessions(net.lns1), sessions(net.lns2)], [1, 1, 0]);
  assert.not.match(show(net.lac, 'SHOW PPP'), /ppp0/, 'the LAC has no interface of the caller any more');
  assert.match(show(net.lac, 'SHOW L2TP TUNNEL CALL'), /^Server Type \.+ LAC$/m);
  assert.match(show(net.lac, 'SHOW L2TP TUNNEL CALL'), /^Username \.+ ann@one\.example$/m);
  assert.match(show(net.lns1, 'SHOW L2TP TUNNEL CALL'), /^Username \.+ ann@one\.example$/m);
  assert.match(log(net.lns1), /LCP is taken over from the LAC, authentication by CHAP-MD5 of ann@one\.example too/);
  assert.not.match(show(net.lac, 'SHOW CONFIG DYNAMIC') + log(net.lac) + log(net.lns1), /annpass/);
});

test('packets of every size cross PPPoE, the LAC and the tunnel, whole or in fragments, or come back as too big with a size that does cross', () => {
  const net = run();
  let largest = 0;
  tap(net.wan, (packet) => {
    largest = Math.max(largest, packet.length);
    return true;
  });
  for (const [from, to] of [[net.home.board.ip, '10.1.0.2'], [net.host1, '10.1.100.1']] as const) {
    let limit = 0;
    for (let size = 28; size <= 1500; size += size > 60 && size < 1400 ? 137 : 4) {
      let big = 0;
      const errors = from.open((answer) => {
        if (answer.type === 3 && answer.code === 4) big = ((answer.rest[2] ?? 0) << 8) | (answer.rest[3] ?? 0);
      });
      const came = pings(net, { from, to, count: 1, size });
      if (!('refused' in errors)) errors.close();
      if (came === 1) limit = size;
      else assert.ok(size > 1456 && (from === net.home.board.ip || (big >= limit && big < size)), `${size} octets to ${to}: too big says ${big}`);
    }
    assert.ok(limit >= 1456, `${limit} octets to ${to}`);
  }
  assert.ok(largest <= 1500, `a datagram of ${largest} octets was on the wire`);
});

test('another domain goes to another LNS, with the same LAC and the same line', () => {
  const net = run({ user: 'bob@two.example', password: 'bobpass' });
  assert.is(address(net), '10.2.100.1');
  assert.is(reaches(net, 2), 5);
  assert.equal([sessions(net.lns1), sessions(net.lns2)], [0, 1]);
});

for (const [what, ppp, template, lns, said] of [
  ['PAP', '', 'AUTHENTICATION=PAP', 'AUTHENTICATION=EITHER', /LCP is taken over from the LAC, authentication by PAP/],
  ['PAP where the LNS wants CHAP', '', 'AUTHENTICATION=PAP', 'AUTHENTICATION=CHAP', /LCP begins anew/],
  ['CHAP where the LNS wants PAP', '', 'AUTHENTICATION=CHAP', 'AUTHENTICATION=PAP', /LCP begins anew/],
  ['MS-CHAPv2, which proxy authentication has no name for', '', 'AUTHENTICATION=MSCHAPV2', 'AUTHENTICATION=EITHER', /LCP begins anew/],
  ['an LNS with a smaller MRU', '', 'AUTHENTICATION=EITHER', 'AUTHENTICATION=EITHER MRU=1300', /LCP begins anew|taken over/],
] as const) {
  test(`a caller comes up through the LAC by ${what}`, () => {
    const net = run({ ppp, template: `${template} LOGIN=USER`, lnsTemplate: lns }, 20_000);
    assert.is(address(net), '10.1.100.1', log(net.lns1) + log(net.home));
    assert.is(reaches(net, 1), 5);
    assert.match(log(net.lns1), said);
  });
}

test('a caller who has to prove nothing goes where USER=NONE says', () => {
  const net = run({
    user: '', template: 'AUTHENTICATION=NONE', lnsTemplate: 'AUTHENTICATION=NONE',
    users: 'ADD L2TP USER=ALL ACTION=DATABASE IP=2.2.2.2 PASSWORD=password\nADD L2TP USER=NONE ACTION=DATABASE IP=3.3.3.3 PASSWORD=password\n',
  });
  assert.is(address(net), '10.2.100.1', log(net.lac));
});

test('the most specific entry wins: domain before LOCAL and REMOTE, these before ALL', () => {
  const users = `ADD L2TP USER=ALL ACTION=DATABASE IP=2.2.2.2 PASSWORD=password
ADD L2TP USER=REMOTE ACTION=DATABASE IP=3.3.3.3 PASSWORD=password
ADD L2TP USER="one.example" ACTION=DATABASE IP=2.2.2.2 PASSWORD=password
`;
  assert.is(address(run({ users })), '10.1.100.1', 'a domain');
  assert.is(address(run({ users, user: 'bob@two.example', password: 'bobpass' })), '10.2.100.1', 'REMOTE');
  assert.is(address(run({ users, user: 'local', password: 'localpass' })), '10.1.100.1', 'a name without a domain: ALL');
  assert.is(address(run({ users: users.replace('USER=REMOTE', 'USER=LOCAL'), user: 'local', password: 'localpass' })), '10.2.100.1', 'LOCAL');
});

test('IGNORE, and a name that no entry matches, end at the LAC itself, judged by its own users', () => {
  const own = `ADD USER="ann@one.example" PASSWORD=annpass LOGIN=NO
ADD USER=local PASSWORD=localpass LOGIN=NO
CREATE IP POOL=own IP=172.16.0.200
SET PPP TEMPLATE=0 IPPOOL=own
`;
  const ignore = run({ lac: own, users: 'ADD L2TP USER=ALL ACTION=DATABASE IP=2.2.2.2 PASSWORD=password\nADD L2TP USER="one.example" ACTION=IGNORE\n' });
  assert.is(address(ignore), '172.16.0.200');
  assert.is(sessions(ignore.lac), 0);
  assert.match(log(ignore.lac), /ppp0: IP is up to 172\.16\.0\.200, user ann@one\.example, from 02-/);
  const unmatched = run({ lac: own, user: 'local', password: 'localpass' });
  assert.is(address(unmatched), '172.16.0.200');
  const wrong = run({ lac: own, user: 'local', password: 'wrong' });
  assert.is(address(wrong), '');
  assert.match(log(wrong.lac), /Wrong password for user local/);
});

test('a LAC that runs as LNS too serves callers of its own tunnels and passes on those of its lines', () => {
  const both = `ENABLE L2TP SERVER=LNS
ADD L2TP PASSWORD=third
ADD L2TP IP=2.2.2.2 PPPTEMPLATE=1
CREATE PPP TEMPLATE=1 BAP=OFF LQR=OFF AUTHENTICATION=EITHER IPPOOL=own
CREATE IP POOL=own IP=172.16.0.200
ADD USER=branch PASSWORD=branchpass LOGIN=NO
`;
  const caller = `ADD L2TP CALL=lac TYPE=VIRTUAL IP=1.1.1.1 PASSWORD=third
CREATE PPP=9 OVER=TNL-lac BAP=OFF LQR=OFF IPREQUEST=ON USERNAME=branch PASSWORD=branchpass
ENABLE IP REMOTEASSIGN
ADD IP INT=ppp9 IP=0.0.0.0
`;
  const net = run({ lac: both, lns1: caller, users: 'ADD L2TP USER=ALL ACTION=DATABASE IP=2.2.2.2 PASSWORD=password\n' }, 15_000);
  assert.is(address(net), '10.1.100.1');
  assert.match(show(net.lns1, 'SHOW IP INTERFACE'), /ppp9 +Remote +172\.16\.0\.200/, log(net.lac));
});

test('a wrong password is refused by the LNS, the caller is told, and nothing of him stays anywhere', () => {
  const net = run({ password: 'wrong', home: 'SET PPP=0 IDLE=OFF' });
  assert.is(address(net), '');
  assert.match(log(net.lns1), /Wrong password for user ann@one\.example/);
  assert.match(log(net.home), /[Aa]uthentication|refused/);
  show(net.home, 'DISABLE PPP=0');
  net.world.run(40_000);
  idle(net, 'after the caller has given up');
  assert.equal([inUse(net.lns1), sessions(net.lns1)], [[], 0]);
});

test('an LNS that does not answer: the caller is refused in good time, and comes up when it is there', () => {
  const net = lacNet({ users: 'ADD L2TP USER=ALL ACTION=DATABASE IP=2.2.2.9 PASSWORD=password\n' });
  net.world.run(60_000);
  assert.is(address(net), '');
  assert.match(log(net.lac), /ann@one\.example.*2\.2\.2\.9/);
  show(net.lac, 'SET L2TP USER=ALL IP=2.2.2.2');
  net.world.run(90_000);
  assert.is(address(net), '10.1.100.1', log(net.lac));
});

test('DNS names several LNSs: they are tried in order, and the caller of a dead one is up within seconds', () => {
  const users = 'ADD L2TP USER="one.example" ACTION=DNSLOOKUP PREFIX=lns PASSWORD=password\n';
  const first = run({ users, names: { 'lns.one.example': ['2.2.2.2', '3.3.3.3'] } });
  assert.is(address(first), '10.1.100.1', log(first.lac));
  const second = run({ users, names: { 'lns.one.example': ['2.2.2.9', '3.3.3.3'] }, lns2: 'ADD USER=x PASSWORD=xxxxxx LOGIN=NO' }, 20_000);
  assert.is(address(second), '10.2.100.1', log(second.lac));
  const none = run({ users });
  assert.is(address(none), '');
  assert.match(log(none.lac), /lns\.one\.example/);
});

test('an LNS that is stopped lets its callers go at once; they return through the other one', () => {
  const users = 'ADD L2TP USER="one.example" ACTION=DNSLOOKUP PASSWORD=password\n';
  const net = run({ users, names: { 'one.example': ['2.2.2.2', '3.3.3.3'] } });
  assert.is(address(net), '10.1.100.1');
  net.lns1.app.shutdown(() => {});
  net.world.run(20_000);
  assert.is(address(net), '10.2.100.1', log(net.lac) + log(net.home));
  assert.is(reaches(net, 2), 5);
});

test('an LNS that vanishes without a word is found out by HELLO, and its callers return through the other one', () => {
  const users = 'ADD L2TP USER="one.example" ACTION=DNSLOOKUP PASSWORD=password\n';
  const net = run({ users, names: { 'one.example': ['2.2.2.2', '3.3.3.3'] } });
  net.lns1.board.ip.unplug();
  const steady = setPings(net);
  net.world.run(3 * MINUTE);
  steady();
  assert.is(address(net), '10.2.100.1', log(net.lac));
});

/** A packet a second from the user into the tunnel. */
function setPings(net: LacNet): () => void {
  const socket = net.home.board.ip.open(() => {});
  if ('refused' in socket) throw new Error(socket.refused);
  let on = true;
  const next = (): void => {
    if (!on) return;
    socket.send(ip('10.1.0.2'), Uint8Array.of(8, 0, 0xf7, 0xff, 0, 0, 0, 0), { source: ip('0.0.0.0'), ttl: 64, tos: 0 });
    net.world.at(net.world.now + 1000, next);
  };
  next();
  return () => {
    on = false;
    socket.close();
  };
}

test('a caller who hangs up at any moment leaves nothing at the LAC and nothing at the LNS', () => {
  for (let at = 0; at <= 4000; at += 150) {
    const net = lacNet();
    net.world.run(at);
    show(net.home, 'DISABLE PPP=0');
    net.world.run(40_000);
    assert.equal([sessions(net.lac), sessions(net.lns1), inUse(net.lns1), dynamics(net.lns1)], [0, 0, [], []], `hung up after ${at} ms`);
    idle(net, `hung up after ${at} ms`);
  }
});

test('a line that is cut, a tunnel that is reset and a LAC that stops take the other side with them', () => {
  const cut = run();
  cut.home.board.ip.unplug();
  show(cut.lns1, 'RESET PPP=0');
  cut.world.run(MINUTE);
  assert.equal([sessions(cut.lac), sessions(cut.lns1), inUse(cut.lns1)], [0, 0, []]);
  const deactivated = run();
  const call = /^Call ID \.+ (\d+)$/m.exec(show(deactivated.lac, 'SHOW L2TP TUNNEL CALL'))?.[1] ?? '';
  assert.match(show(deactivated.lac, `DEACTIVATE L2TP CALL=${call}`), /^Info/);
  deactivated.world.run(20);
  assert.equal([sessions(deactivated.lns1), inUse(deactivated.lns1)], [0, []], 'DEACTIVATE ends it at the LNS');
  deactivated.world.run(30_000);
  assert.is(address(deactivated), '10.1.100.1', 'and the caller dials again');
  const stopped = run();
  for (const node of [stopped.lac, stopped.home, stopped.lns1]) node.app.shutdown(() => {});
  stopped.world.run(5 * MINUTE);
  for (const node of [stopped.lac, stopped.lns1, stopped.home] as Node[]) assert.equal(Object.values(residue(node)).filter((n) => n !== 0), [], 'nothing left');
});

test('with a lossy line and a lossy internet every caller comes up, whatever is lost', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const net = lacNet({ seed, quality: { ...CLEAN, loss: 0.2, duplicate: 0.05, delay: 20, jitter: 30 } });
    let up = false;
    for (let at = 0; at < 4 * MINUTE && !up; at += 1000) {
      net.world.run(1000);
      up = address(net) !== '';
    }
    assert.ok(up, `seed ${seed}\n${log(net.lac)}\n${log(net.home)}`);
    assert.ok(tunnels(net.lac) <= 1, 'one tunnel');
  }
});

test.run();

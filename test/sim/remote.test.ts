// Callers and the router that takes them, in virtual time: addresses, routes and interfaces come with the call and go with it.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ip, residue, type Lans, type Node } from '../../board/sim/lans.ts';
import { SeededRandom } from '../../board/sim/world.ts';
import { log, pings, sessions, show } from './calls.rig.ts';
import { caller, CLIENT, dialIn, dynamics, further, hostRoutes, inUse, SERVER } from './remote.rig.ts';

const MINUTE = 60_000;
const BASE = `ENABLE IP REMOTEASSIGN
ENABLE L2TP
`;

/** Addresses in use, host routes and interfaces tell the same story; each address has one holder. */
function consistent(node: Node, what: string): string[] {
  const held = inUse(node);
  const byNumber = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });
  assert.is(new Set(held.map((line) => line.split(' ')[0])).size, held.length, `${what}: one holder each\n${held.join('\n')}`);
  const routes = hostRoutes(node);
  assert.equal(routes.filter((line) => line.includes('#')), [], `${what}: every host route is in the kernel`);
  assert.equal(routes.sort(byNumber).filter((line) => !held.includes(line)), [], `${what}: no route without a holder`);
  assert.equal(routes.map((line) => line.split(' ')[1] ?? '').sort(byNumber), dynamics(node).sort(byNumber), `${what}: a route for each interface`);
  return held;
}

test('the dynamic LAN-to-LAN scripts of the manual bring the caller up with the lowest address of the pool, and traffic flows both ways', () => {
  const net = dialIn();
  net.world.run(5000);
  assert.equal(consistent(net.b, 'up'), ['192.168.20.200 ppp0']);
  assert.equal(hostRoutes(net.b), ['192.168.20.200 ppp0']);
  assert.match(show(net.a, 'SHOW IP INTERFACE'), /ppp1 +Remote +192\.168\.20\.200/);
  assert.is(pings(net, { from: net.a.board.ip, to: '192.168.20.2' }), 10, 'from the caller to a host behind the server');
  assert.is(pings(net, { from: net.host2, to: '192.168.20.200' }), 10, 'from that host to the caller');
  assert.match(show(net.b, 'SHOW PPP'), /ppp0 +YES +04 +IPCP +OPENED\n +TNL-1\.1\.1\.1 +LCP +OPENED/);
  assert.match(show(net.b, 'SHOW PPP=0'), /Local address 192\.168\.20\.1, peer 192\.168\.20\.200.*\nThe path takes 1500 octets, 40 of them .*\nPeer is RouterA/);
  assert.match(show(net.b, 'SHOW L2TP TUNNEL CALL'), /^Username \.+ RouterA$/m);
  assert.match(log(net.b), /ppp0: IP is up to 192\.168\.20\.200, user RouterA, from 1\.1\.1\.1 by PPP template 0/);
  assert.not.match(show(net.b, 'SHOW CONFIG DYNAMIC'), /ppp=0|ppp0/, 'a dynamic interface is never saved');
});

test('when the interface behind which a LAN is translated comes up, connections that began before it begin anew', () => {
  const net = dialIn(SERVER, `${CLIENT}ENABLE IP NAT\nADD IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLINT=ppp1\n`);
  const before = net.a.board.filter.forgotten.length;
  net.world.run(5000);
  assert.equal(net.a.board.filter.forgotten.slice(before), [{ low: ip('192.168.10.0'), high: ip('192.168.10.255') }]);
  show(net.b, 'RESET PPP=0');
  net.world.run(10_000);
  assert.is(net.a.board.filter.forgotten.length - before, 2, 'and so each time');
});

test('hanging up gives the address back and takes interface and route away at once; a stopped router leaves nothing behind', () => {
  const net = dialIn();
  net.world.run(5000);
  show(net.a, 'DISABLE PPP=1');
  net.world.run(1000);
  assert.equal([inUse(net.b), hostRoutes(net.b), dynamics(net.b), sessions(net.b)], [[], [], [], 0]);
  assert.is(pings(net, { from: net.host2, to: '192.168.20.200', count: 2 }), 0);
  show(net.a, 'ENABLE PPP=1');
  net.world.run(5000);
  assert.equal(consistent(net.b, 'up again'), ['192.168.20.200 ppp0']);
  for (const node of [net.a, net.b]) node.app.shutdown(() => {});
  net.world.run(5 * MINUTE);
  assert.equal([...Object.values(residue(net.a)), ...Object.values(residue(net.b)), net.world.pending].filter((n) => n !== 0), []);
});

test('two callers have addresses of their own and reach each other; the next caller gets the lowest one that was given back', () => {
  const net = dialIn(SERVER, CLIENT);
  net.world.run(5000);
  const second = further(net, 1, BASE + caller(1));
  net.world.run(5000);
  assert.equal(consistent(net.b, 'two'), ['192.168.20.200 ppp0', '192.168.20.201 ppp1']);
  show(second, 'ADD IP ROUTE=192.168.20.0 MASK=255.255.255.0 INT=ppp1 NEXT=0.0.0.0');
  assert.is(pings(net, { from: net.a.board.ip, to: '192.168.20.201' }), 10, 'from caller to caller');
  show(net.a, 'DISABLE PPP=1');
  net.world.run(1000);
  assert.equal(consistent(net.b, 'one'), ['192.168.20.201 ppp1']);
  further(net, 2, BASE + caller(1));
  net.world.run(5000);
  assert.equal(consistent(net.b, 'the next'), ['192.168.20.200 ppp0', '192.168.20.201 ppp1'], 'the lowest address and the lowest number');
});

test('an empty pool refuses the caller, and console, log and SHOW say why; the next free address goes to the next caller', () => {
  const net = dialIn(SERVER.replace('192.168.20.200-192.168.20.210', '192.168.20.200'));
  net.world.run(5000);
  const second = further(net, 1, BASE + caller(1));
  net.world.run(5000);
  assert.equal(consistent(net.b, 'full'), ['192.168.20.200 ppp0']);
  assert.match(log(net.b), /User RouterA refused: IP pool ips has no free address\./);
  assert.match(show(net.b, 'SHOW IP POOL=ips'), /Last Refusal \.+ IP pool ips has no free address\./);
  assert.match(show(net.b, 'SHOW PPP TEMPLATE=0'), /Last Refusal +User RouterA refused: IP pool ips has no free address\./);
  assert.match(show(second, 'SHOW PPP=1'), /No address for you/, 'the caller is told');
  show(net.a, 'DISABLE PPP=1');
  net.world.run(2 * MINUTE);
  assert.equal(consistent(net.b, 'next'), ['192.168.20.200 ppp0']);
  assert.match(show(second, 'SHOW IP INTERFACE'), /192\.168\.20\.200/);
});

const FIXED = `ADD USER=remuser PASSWORD=rempass LOGIN=NO IPADDRESS=192.168.20.200 NETMASK=255.255.255.255
ADD USER=other PASSWORD=rempass LOGIN=NO IPADDRESS=192.168.20.200
`;
const as = (user: string, password: string): string => CLIENT.replace('USER=RouterA PASSWORD=PasswordA', `USER=${user} PASSWORD=${password}`);

test('a user with an IPADDRESS gets that one, the pool does not give it away, and no second user shares it', () => {
  const net = dialIn(FIXED + SERVER, as('remuser', 'rempass'));
  net.world.run(5000);
  assert.equal(consistent(net.b, 'fixed'), ['192.168.20.200 ppp0']);
  further(net, 1, BASE + caller(1));
  further(net, 2, BASE + caller(1, 'other', 'rempass'));
  net.world.run(10_000);
  assert.equal(consistent(net.b, 'three'), ['192.168.20.200 ppp0', '192.168.20.201 ppp1']);
  assert.match(log(net.b), /User other refused: Address 192\.168\.20\.200 is in use by ppp0\./);
});

test('the manual\'s script with an address for the user works without a pool; a user without one is refused by name', () => {
  const script = `ADD USER=remuser PASSWORD=rempass LOGIN=NO IPADDRESS=192.168.20.200 NETMASK=255.255.255.255
ADD USER=plain PASSWORD=rempass LOGIN=NO
CREATE PPP TEMPLATE=0 BAP=OFF LQR=OFF AUTHENTICATION=EITHER
ENABLE L2TP
ENABLE L2TP SERVER=LNS
ADD L2TP PASSWORD=l2tpB
ADD L2TP IP=1.1.1.1 PPPTEMPLATE=0
`;
  const net = dialIn(script, as('remuser', 'rempass') + caller(2, 'plain', 'rempass'));
  net.world.run(10_000);
  assert.equal(hostRoutes(net.b), ['192.168.20.200 ppp0']);
  assert.is(pings(net, { from: net.host2, to: '192.168.20.200' }), 10);
  assert.match(log(net.b), /User plain refused: There is no address: the user has no IPADDRESS and PPP template 0 no IPPOOL\./);
});

test('a user whose IPADDRESS is the peer of his tunnel, of another tunnel or the router is refused by that address', () => {
  for (const [own, whose] of [['1.1.1.1', 'that of the tunnel\'s peer'], ['3.3.1.1', 'that of a tunnel peer'], ['192.168.20.1', 'an address of this router'], ['2.2.2.2', 'an address of this router']]) {
    const net = dialIn(`ADD USER=remuser PASSWORD=rempass LOGIN=NO IPADDRESS=${own}\n${SERVER}`, as('remuser', 'rempass'));
    show(net.a, 'DISABLE PPP=1');
    further(net, 1, BASE + caller(1));
    net.world.run(10_000);
    show(net.a, 'ENABLE PPP=1');
    net.world.run(10_000);
    assert.equal(consistent(net.b, own ?? ''), ['192.168.20.200 ppp0']);
    assert.match(log(net.b), new RegExp(`User remuser refused: Address ${own?.replaceAll('.', '\\.')} is ${whose}\\.`), own);
  }
});

test('of several ADD L2TP IP ranges the narrowest that holds the peer gives its template, whatever their order', () => {
  const ranges = ['ADD L2TP IP=0.0.0.0-255.255.255.255 PPPTEMPLATE=0', 'ADD L2TP IP=1.1.1.0-1.1.1.255 PPPTEMPLATE=1', 'ADD L2TP IP=1.1.1.1 PPPTEMPLATE=2'];
  for (const order of [ranges, ranges.toReversed()]) {
    const net = dialIn(`${SERVER.replace(/^ADD L2TP IP=.*$/m, '')}CREATE PPP TEMPLATE=1 COPY=0\nCREATE PPP TEMPLATE=2 COPY=0\n${order.join('\n')}\n`);
    net.world.run(5000);
    assert.match(log(net.b), /from 1\.1\.1\.1 by PPP template 2/);
    show(net.b, 'DELETE L2TP IP=1.1.1.1');
    assert.is(inUse(net.b).length, 1, 'a call that is up stays');
    show(net.a, 'RESET PPP=1');
    net.world.run(10_000);
    assert.match(log(net.b), /from 1\.1\.1\.1 by PPP template 1/);
    further(net, 1, BASE + caller(1));
    net.world.run(5000);
    assert.match(log(net.b), /from 3\.3\.1\.1 by PPP template 0/);
  }
});

test('a user with an address of his own who calls again takes the place of his former call', () => {
  const net = dialIn(FIXED + SERVER, as('remuser', 'rempass'));
  net.world.run(5000);
  net.a.board.ip.unplug();
  further(net, 1, BASE + caller(1, 'remuser', 'rempass'));
  net.world.run(5000);
  const held = consistent(net.b, 'again');
  assert.is(held.length, 1);
  assert.match(held[0] ?? '', /^192\.168\.20\.200 /);
  assert.match(log(net.b), /User remuser called again\./);
});

test('what is missing is named: template, pool, IP, password, database', () => {
  const refused = (server: string, client = CLIENT): string => {
    const net = dialIn(server, client);
    net.world.run(5000);
    assert.equal([dynamics(net.b), hostRoutes(net.b)], [[], []], server);
    return log(net.b);
  };
  assert.match(refused(SERVER.replace(/^CREATE PPP TEMPLATE.*$/m, '')), /refused: PPP template 0 does not exist \(CREATE PPP TEMPLATE=0\)/);
  assert.match(refused(SERVER.replace(/^CREATE IP POOL.*$/m, '')), /IP pool ips does not exist: CREATE IP POOL=ips makes it\./);
  assert.match(refused(SERVER, as('RouterA', 'PasswordB')), /ppp0: The link did not come up: Wrong password for user RouterA/);
  assert.match(refused(SERVER, as('nobody', 'PasswordA')), /There is no enabled user nobody/);
  assert.match(refused(SERVER.replace('IDLE=60', 'LOGIN=RADIUS')), /LOGIN=RADIUS of its template, and no RADIUS server is configured \(ADD RADIUS SERVER\)/);
  const later = dialIn(SERVER.replace(/^CREATE (IP POOL|PPP TEMPLATE).*$/gm, ''));
  later.world.run(5000);
  show(later.b, 'CREATE PPP TEMPLATE=0 LQR=OFF AUTHENTICATION=EITHER IPPOOL=ips');
  show(later.b, 'CREATE IP POOL=ips IP=192.168.20.200-192.168.20.210');
  later.world.run(2 * MINUTE);
  assert.equal(consistent(later.b, 'made later'), ['192.168.20.200 ppp0']);
});

for (const method of ['PAP', 'CHAP', 'MSCHAPV2', 'EITHER', 'NONE']) {
  test(`a caller comes up under AUTHENTICATION=${method}`, () => {
    const net = dialIn(SERVER.replace('AUTHEN=EITHER', `AUTHEN=${method}`));
    net.world.run(5000);
    assert.equal(consistent(net.b, method), ['192.168.20.200 ppp0']);
    assert.is(pings(net, { from: net.a.board.ip, to: '192.168.20.2' }), 10);
  });
}

test('a caller that is silent longer than IDLE, or online longer than ONLINELIMIT, is put out, and only he', () => {
  const demand = CLIENT.replace('IPREQUEST=ON', 'IPREQUEST=ON IDLE=3600');
  const idle = dialIn(SERVER, demand);
  pings(idle, { from: idle.a.board.ip, count: 2 });
  idle.world.run(10_000);
  assert.is(inUse(idle.b).length, 1);
  idle.world.run(2 * MINUTE);
  assert.equal([inUse(idle.b), dynamics(idle.b)], [[], []]);
  assert.match(log(idle.b), /No traffic for 60 seconds/);
  const online = dialIn(SERVER.replace('IDLE=60', 'ONLINELIMIT=1 ECHO=ON'), demand);
  pings(online, { from: online.a.board.ip, count: 2 });
  online.world.run(59 * MINUTE);
  assert.is(inUse(online.b).length, 1);
  online.world.run(2 * MINUTE);
  assert.match(log(online.b), /The limit on connection time \(ONLINELIMIT\) is reached/);
});

test('a caller whose power was cut is gone after its echoes stay unanswered, and its address is free', () => {
  const net = dialIn(SERVER.replace('IDLE=60', 'ECHO=5'));
  net.world.run(5000);
  assert.is(inUse(net.b).length, 1);
  net.a.board.ip.unplug();
  net.world.run(5 * MINUTE);
  assert.equal([inUse(net.b), hostRoutes(net.b), dynamics(net.b)], [[], [], []]);
});

test('what callers use cannot be destroyed and says who they are; their interfaces cannot be changed like static ones', () => {
  const net = dialIn();
  net.world.run(5000);
  assert.match(show(net.b, 'DESTROY IP POOL=ips'), /^Error \(35317\): IP pool ips is in use by ppp0\./m);
  assert.match(show(net.b, 'DESTROY PPP TEMPLATE=0'), /^Error .*PPP template 0 is in use by ppp0\./m);
  for (const line of ['DESTROY PPP=0', 'SET PPP=0 ECHO=ON', 'DISABLE PPP=0']) assert.match(show(net.b, line), /^Error .*Interface ppp0 is dynamic: made from PPP template 0/m, line);
  assert.match(show(net.b, 'ADD IP INT=ppp0 IP=10.0.0.1'), /^Error/m);
  assert.match(show(net.b, 'CREATE PPP=0 OVER=TNL-x'), /^Error .*Interface ppp0 already exists/m);
  assert.equal(consistent(net.b, 'untouched'), ['192.168.20.200 ppp0']);
  show(net.a, 'DISABLE PPP=1');
  net.world.run(1000);
  assert.match(show(net.b, 'DESTROY IP POOL=ips'), /successful/);
  assert.match(show(net.b, 'DESTROY PPP TEMPLATE=0'), /successful/);
  assert.is(net.b.board.plane.residue.devices, 0, 'the shared device goes with its template');
});

test('SET PPP TEMPLATE holds for callers from then on, and SHOW PPP TEMPLATE names those that keep former values', () => {
  const net = dialIn(SERVER, CLIENT + caller(2));
  net.world.run(5000);
  const former = (): string | undefined => /^ {2}With Former Values +(.*)$/m.exec(show(net.b, 'SHOW PPP TEMPLATE=0'))?.[1];
  assert.is(former(), undefined);
  show(net.b, 'SET PPP TEMPLATE=0 IDLE=OFF AUTHENTICATION=PAP');
  assert.is(former(), 'ppp0, ppp1');
  show(net.a, 'RESET PPP=1');
  net.world.run(10_000);
  assert.match(former() ?? '', /^ppp[01]$/);
  show(net.a, 'RESET PPP=2');
  net.world.run(10_000);
  assert.is(former(), undefined);
  assert.is(consistent(net.b, 'all').length, 2);
});

test('SHOW LOG SOURCE shows what befell one caller, by his interface, name or address, and nothing of others', () => {
  const net = dialIn(`${SERVER}ADD USER=ann PASSWORD=annpass LOGIN=NO IPADDRESS=192.168.30.200\n`, CLIENT + caller(2, 'ann', 'annpass'));
  net.world.run(5000);
  const of = (source: string): string => show(net.b, `SHOW LOG SOURCE=${source}`).replaceAll(/\n {31}/g, ' ');
  const name = /^192\.168\.30\.200 (ppp\d)$/m.exec(hostRoutes(net.b).join('\n'))?.[1] ?? '';
  for (const source of [name, 'ANN', '192.168.30.200']) {
    assert.match(of(source), /IP is up to 192\.168\.30\.200, user ann/, source);
    assert.not.match(of(source), /RouterA/, source);
  }
  assert.is(of('192.168.30.20').split('\n').filter((line) => /^\d/.test(line)).length, 0);
});

test('RESET PPP on a dynamic interface ends that caller alone', () => {
  const net = dialIn(SERVER, CLIENT + caller(2));
  net.world.run(5000);
  assert.is(inUse(net.b).length, 2);
  show(net.a, 'DISABLE PPP=2');
  net.world.run(1000);
  const [kept] = inUse(net.b);
  show(net.a, 'ENABLE PPP=2');
  net.world.run(20_000);
  const ended = inUse(net.b).find((line) => line !== kept) ?? '';
  show(net.b, `RESET PPP=${ended.replace(/.*ppp/, '')}`);
  net.world.run(200);
  assert.equal(inUse(net.b), [kept]);
});

test('a caller cannot send from an address that is not his', () => {
  const net = dialIn();
  net.world.run(5000);
  let heard = 0;
  net.host2.onUdp = () => {
    heard++;
    return true;
  };
  net.a.board.ip.sendUdp(ip('192.168.10.1'), 4000, ip('192.168.20.2'), 5000, new Uint8Array(8));
  net.world.run(1000);
  assert.is(heard, 0, 'a source of the LAN behind him, which nobody gave him');
  net.a.board.ip.sendUdp(ip('192.168.20.200'), 4000, ip('192.168.20.2'), 5000, new Uint8Array(8));
  net.world.run(1000);
  assert.is(heard, 1);
});

test('hosts of the LAN that the address lies in find the caller by the router, also after the LAN was down; PROXYARP=OFF ends that', () => {
  const net = dialIn();
  net.world.run(5000);
  const toCaller = (): number => pings(net, { from: net.host2, to: '192.168.20.200' });
  assert.is(toCaller(), 10);
  // The kernel drops the ARP entries of a device that is set down.
  net.b.board.ip.deleteProxy('eth0', ip('192.168.20.200'));
  assert.is(toCaller(), 0);
  net.b.board.ip.onLink('eth0');
  assert.is(toCaller(), 10);
  show(net.b, 'SET IP INT=eth0 PROXYARP=OFF');
  assert.is(toCaller(), 0);
  show(net.b, 'SET IP INT=eth0 PROXYARP=ON');
  assert.is(toCaller(), 10);
});

test('the configuration that is written makes the same router again', () => {
  const net = dialIn(`${SERVER}CREATE PPP TEMPLATE=31 COPY=0 ECHO=ON PASSWORD="two words" DESCRIPTION="a, b" USERNAME=hq RECHALLENGE=360 ONLINELIMIT=5 MTU=1400\n`);
  const written = show(net.b, 'SHOW CONFIG DYNAMIC');
  const again = dialIn(written.replace(/^(set system|enable ip$|add ip (int|route)).*$/gim, ''));
  assert.is(show(again.b, 'SHOW CONFIG DYNAMIC'), written);
  assert.match(written, /^create ppp template=31 /m);
  again.world.run(5000);
  assert.equal(consistent(again.b, 'written'), ['192.168.20.200 ppp0']);
});

test('200 callers at once all come up, each with an address of his own, and all go', () => {
  const calls = Array.from({ length: 200 }, (_, i) => caller(i + 2)).join('');
  const net = dialIn(SERVER.replace('192.168.20.200-192.168.20.210', '10.5.0.1-10.5.1.250').replace('IDLE=60', 'ECHO=60'), `ENABLE L2TP\nENABLE IP REMOTEASSIGN\n${calls}`);
  net.world.run(30_000);
  assert.is(consistent(net.b, 'all').length, 200);
  assert.is(hostRoutes(net.b).length, 200);
  assert.is(net.b.board.plane.residue.devices, 1, 'one device carries them');
  const got = (): number[] => net.a.board.ip.links().filter(({ name }) => name.startsWith('ppp')).map(({ inPackets }) => inPackets);
  const before = got();
  pings(net, { from: net.b.board.ip, to: '10.5.0.77' });
  assert.equal(got().map((count, i) => count - (before[i] ?? 0)).filter((count) => count > 0), [10], 'a packet to one caller reaches him alone');
  show(net.a, 'DISABLE L2TP');
  net.world.run(10_000);
  assert.equal([inUse(net.b), hostRoutes(net.b), dynamics(net.b)], [[], [], []]);
});

/** One thing that happens to a network of callers. */
const EVENTS: readonly ((net: Lans, clients: readonly Node[], dice: (sides: number) => number) => void)[] = [
  (_net, clients, dice) => void show(clients[dice(clients.length)] ?? _net.a, `DISABLE PPP=${1 + dice(3)}`),
  (_net, clients, dice) => void show(clients[dice(clients.length)] ?? _net.a, `ENABLE PPP=${1 + dice(3)}`),
  (_net, clients, dice) => void show(clients[dice(clients.length)] ?? _net.a, `RESET PPP=${1 + dice(3)}`),
  (net, _clients, dice) => void show(net.b, `RESET PPP=${dice(6)}`),
  (net, _clients, dice) => void show(net.b, `DEACTIVATE L2TP CALL=${/Call ID \.+ (\d+)/.exec(show(net.b, 'SHOW L2TP TUNNEL CALL'))?.[1] ?? dice(9)}`),
  (_net, clients, dice) => void show(clients[dice(clients.length)] ?? _net.a, 'DISABLE L2TP'),
  (_net, clients) => clients.forEach((client) => show(client, 'ENABLE L2TP')),
  (net, _clients, dice) => void show(net.b, dice(4) === 0 ? 'DISABLE IP' : 'ENABLE IP'),
  (net) => void show(net.b, 'ENABLE IP'),
  (net, _clients, dice) => void show(net.b, `SET PPP TEMPLATE=0 AUTHENTICATION=${['PAP', 'CHAP', 'EITHER'][dice(3)]}`),
  (net, _clients, dice) => (net.wires[0].quality = { loss: dice(3) * 0.2, duplicate: 0.1, delay: 5, jitter: 30, mtu: 1500 }),
];

test('whatever happens in whatever order, addresses in use, host routes and interfaces agree, and no address has two holders', () => {
  for (let seed = 1; seed <= 8; seed++) {
    const net = dialIn(FIXED + SERVER.replace('200-192.168.20.210', '200-192.168.20.204').replace('IDLE=60', 'ECHO=5'), CLIENT + caller(2) + caller(3, 'remuser', 'rempass'), undefined, seed);
    const clients = [net.a, further(net, 1, BASE + caller(1) + caller(2, 'other', 'rempass')), further(net, 2, BASE + caller(1) + caller(2) + caller(3, 'remuser', 'rempass'))];
    const random = new SeededRandom(seed);
    const dice = (sides: number): number => (random.bytes(1)[0] ?? 0) % sides;
    for (let step = 0; step < 60; step++) {
      EVENTS[dice(EVENTS.length)]?.(net, clients, dice);
      net.world.run(dice(4) === 0 ? 10_000 : dice(200) * 5);
      const held = inUse(net.b);
      assert.is(new Set(held.map((line) => line.split(' ')[0])).size, held.length, `seed ${seed} step ${step}: one holder each`);
      const there = new Set([...show(net.b, 'SHOW PPP').matchAll(/^(ppp\d+) /gm)].map((m) => m[1] ?? ''));
      assert.equal(held.map((line) => line.split(' ')[1] ?? '').filter((name) => !there.has(name)), [], `seed ${seed} step ${step}: every holder is there`);
    }
    net.wires[0].quality = { loss: 0, duplicate: 0, delay: 1, jitter: 0, mtu: 1500 };
    show(net.b, 'ENABLE IP');
    for (const client of clients) for (const line of ['ENABLE L2TP', 'DISABLE PPP=1', 'DISABLE PPP=2', 'DISABLE PPP=3']) show(client, line);
    net.world.run(3 * MINUTE);
    assert.equal([inUse(net.b), hostRoutes(net.b), dynamics(net.b), sessions(net.b)], [[], [], [], 0], `seed ${seed}: nothing is left`);
    for (const client of clients) show(client, 'ENABLE PPP=1');
    net.world.run(3 * MINUTE);
    assert.is(consistent(net.b, `seed ${seed}: everybody again`).length, 3);
  }
});

test('a restart of the router puts its callers out and gives everything back', () => {
  const net = dialIn();
  net.world.run(5000);
  show(net.b, 'RESTART ROUTER');
  net.world.run(1000);
  assert.equal([net.b.board.plane.residue.devices, net.b.board.ip.residue.routes, net.b.board.ip.residue.proxies], [0, 0, 0]);
});

test.run();

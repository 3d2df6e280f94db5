// Transcripts of IP DNS, IP HOST and IP DNSRELAY on a whole router in memory, with name servers on its wire.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CLEAN } from '../../board/sim/wire.ts';
import { type Reply, answerTo, askedName } from '../unit/ip/nameserver.ts';
import { Box, ip } from './names.rig.ts';

const test = suite('name service commands');
const DONE = 'Info (15003): Operation successful.';
const ON = ['ENABLE IP', 'ADD IP INT=eth0 IP=192.168.10.1', 'ADD IP INT=eth1 IP=192.0.2.1 MASK=255.255.255.0'];
const ANY = 'ADD IP DNS PRIMARY=192.0.2.53 SECONDARY=192.0.2.54';

/** [what was given before, the line, what it prints]. */
const TRANSCRIPTS: readonly (readonly [readonly string[], string, string])[] = [
  [[], ANY, DONE],
  [[], 'ADD IP DNS', 'Error (335267): Parameter missing; PRIMARY or INTERFACE must follow.'],
  [[], 'ADD IP DNS SECONDARY=192.0.2.54', 'Error (335267): Parameter missing; PRIMARY or INTERFACE must follow.'],
  [[], 'ADD IP DNS PRIMARY=dns.example', 'Error (335261): Value "dns.example" not valid for parameter "PRIMARY"; permitted: an IP address like 192.0.2.1.'],
  [[], 'ADD IP DNS PRIMARY=224.0.0.1', 'Error (335261): Value "224.0.0.1" not valid for parameter "PRIMARY"; permitted: the address of a host.'],
  [[], 'ADD IP DNS PRIMARY=192.0.2.53 INTERFACE=eth0', 'Error (335263): Parameters "PRIMARY" and "INTERFACE" conflict.'],
  [[], 'ADD IP DNS DOMAIN=a.example INTERFACE=ppp7', 'Error (35300): Interface ppp7 does not exist.'],
  [[], 'ADD IP DNS DOMAIN=a.example INTERFACE=eth1', DONE],
  [[], 'SET IP DNS TERTIARY=192.0.2.53', 'Error (335257): Parameter "TERTIARY" not recognised; permitted here: DOMAIN, PRIMARY, SECONDARY or INTERFACE.'],
  [[ANY], 'ADD IP DNS DOMAIN=any PRIMARY=192.0.2.55', 'Error (35351): Name servers for ANY are set already; SET IP DNS changes them.'],
  [[ANY], 'ADD IP DNS DOMAIN=Branch.example PRIMARY=192.0.2.55', DONE],
  [[ANY], 'SET IP DNS', 'Error (335276): Nothing to set: no parameter given.'],
  [[ANY], 'SET IP DNS SECONDARY=0.0.0.0', DONE],
  [[ANY], 'SET IP DNS DOMAIN=b.example PRIMARY=192.0.2.5', 'Error (35350): There are no name servers for b.example; there are some for ANY.'],
  [[], 'DELETE IP DNS', 'Error (35350): There are no name servers for ANY.'],
  [[ANY], 'DELETE IP DNS DOMAIN=ANY', DONE],
  [[], 'DELETE IP DNS DOMAIN=a,b', 'Error (335261): Value "a,b" not valid for parameter "DOMAIN"; permitted: ANY or a domain name of 1..63 characters.'],
  [[], 'SHOW IP DNS CACHE', 'Info (15356): No names are known.'],
  [[], 'ADD IP HOST=branch IP=192.168.20.1', DONE],
  [[], 'ADD IP HOST=192.168.20.1 IP=192.168.20.1', 'Error (335261): Value "192.168.20.1" not valid for parameter "HOST"; permitted: a host name like branch or router.example.'],
  [[], 'ADD IP HOST=branch IP=0.0.0.0', 'Error (335261): Value "0.0.0.0" not valid for parameter "IPADDRESS"; permitted: the address of a host.'],
  [['ADD IP HOST=branch IP=192.168.20.1'], 'ADD IP HOST=BRANCH IP=192.168.20.2', 'Error (35353): IP host BRANCH already exists; SET IP HOST changes it.'],
  [['ADD IP HOST=branch IP=192.168.20.1'], 'SET IP HOST=branch IP=192.168.20.2', DONE],
  [[], 'SET IP HOST=branch IP=192.168.20.2', 'Error (35352): IP host branch not found.'],
  [[], 'DELETE IP HOST=branch', 'Error (35352): IP host branch not found.'],
  [['ADD IP HOST=branch IP=192.168.20.1'], 'DELETE IP HOST=Branch', DONE],
  [[], 'SHOW IP HOST', 'Info (15354): There are no IP hosts.'],
  [['ADD IP HOST=branch IP=192.168.20.1'], 'SHOW IP HOST', `IP Address       Host\n${'-'.repeat(79)}\n192.168.20.1     branch\n${'-'.repeat(79)}`],
  [[], 'ENABLE IP DNSRELAY', DONE],
  [['ENABLE IP DNSRELAY'], 'ENABLE IP DNSRELAY', 'Warning (25289): The DNS relay is already enabled.'],
  [['ENABLE IP DNSRELAY'], 'DISABLE IP DNSRELAY', DONE],
  [[], 'DISABLE IP DNSRELAY', 'Warning (25290): The DNS relay is already disabled.'],
  [[], 'SET IP DNSRELAY INT=eth1', DONE],
  [[], 'SET IP DNSRELAY INT=eth9', 'Error (35300): Interface eth9 does not exist.'],
];

for (const [before, line, printed] of TRANSCRIPTS) {
  test(`"${line}" answers ${printed.split('\n')[0]}`, () => assert.is(new Box([...ON, ...before]).give(line), printed));
}

test('CREATE CONFIG writes name servers, hosts and the relay, and reading it back gives the same', () => {
  const lines = [
    'add ip host=branch ipaddress=192.168.20.1', 'add ip dns primary=192.0.2.53 secondary=192.0.2.54', 'add ip dns domain=branch.example interface=eth1', 'enable ip dnsrelay',
  ];
  const first = new Box([...ON, ...lines]);
  const config = first.config();
  assert.equal(config.filter((line) => /dns|host/.test(line)), lines);
  assert.equal(new Box(config).config(), config);
});

/** Answers every question for `name`; how many came. */
function serve(box: Box, address: string, reply: (name: string, count: number) => Reply | undefined): { count: number } {
  const seen = { count: 0 };
  const sockets = box.neighbour(address);
  const socket = sockets.open({
    port: 53,
    received: (from, port, data) => {
      const question = data.slice();
      const answer = reply(askedName(question), ++seen.count);
      if (answer !== undefined) socket.send(from, port, answerTo(question, answer));
    },
    failed: (why) => assert.unreachable(why),
  });
  return seen;
}

const HOST: Reply = { answers: [['host.example', 'CNAME', 'h.example', 300], ['h.example', 'A', '192.0.2.53', 60]] };

test('PING of a name asks the name servers of the router, and the name is in the cache until its TTL is over', () => {
  const box = new Box([...ON, ANY]);
  const seen = serve(box, '192.0.2.53', (name) => (name === 'host.example' ? HOST : undefined));
  assert.match(box.give('PING host.example NUMBER=1'), /Echo reply 1 from 192\.0\.2\.53/);
  assert.is(seen.count, 1);
  assert.match(box.give('SHOW IP DNS CACHE'), /^Name +IP Address +Seconds\n-+\nhost\.example +192\.0\.2\.53 +(59|60)\n-+$/);
  assert.match(box.give('SHOW IP DNS'), /Names in the cache \.+ 1\n-+\nDomain +Primary +Secondary +Interface\nANY +192\.0\.2\.53 +192\.0\.2\.54 +-\n-+\nQuestions sent \.+ 1\nNames answered \.+ 1\n/);
  box.pass(61_000);
  assert.is(box.give('SHOW IP DNS CACHE'), 'Info (15356): No names are known.');
});

test('PING of a name that ADD IP HOST gives asks nobody', () => {
  const box = new Box([...ON, ANY, 'ADD IP HOST=ns IP=192.0.2.53']);
  const seen = serve(box, '192.0.2.53', () => undefined);
  assert.match(box.give('PING ns NUMBER=1'), /Echo reply 1 from 192\.0\.2\.53/);
  assert.is(seen.count, 0);
});

test('A name is found over a wire that loses half of all packets, by asking again', () => {
  let found = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const box = new Box([...ON, ANY], { ...CLEAN, loss: 0.3, duplicate: 0.2, jitter: 50 }, seed);
    serve(box, '192.0.2.53', () => HOST);
    serve(box, '192.0.2.54', () => HOST);
    box.give('PING host.example NUMBER=1');
    if (/192\.0\.2\.53/.test(box.give('SHOW IP DNS CACHE'))) found++;
  }
  assert.ok(found >= 18, `${found} of 20`);
});

test('Where the first server is dead the second one answers within three seconds', () => {
  const box = new Box([...ON, ANY]);
  serve(box, '192.0.2.54', () => ({ answers: [['host.example', 'A', '192.0.2.54', 60]] }));
  const started = box.world.now;
  assert.match(box.give('PING host.example NUMBER=1'), /Echo reply 1 from 192\.0\.2\.54/);
  assert.ok(box.world.now - started < 3000, `${box.world.now - started} ms`);
});

test('Without name servers the resolver of the board answers', () => {
  const box = new Box(ON);
  box.neighbour('192.0.2.9');
  box.board.names.set('host.example', [ip('192.0.2.9')]);
  assert.match(box.give('PING host.example NUMBER=1'), /Echo reply 1 from 192\.0\.2\.9/);
  assert.match(box.give('SHOW IP DNS'), /No name servers are set: the resolver of the board answers\./);
});

test('The relay serves ports with addresses and callers, with the servers and hosts of the router, but not where the default route leads', () => {
  const box = new Box([...ON, ANY, 'ADD IP DNS DOMAIN=branch.example PRIMARY=192.168.10.5', 'ADD IP HOST=gw IP=192.168.10.1', 'ENABLE IP DNSRELAY']);
  assert.equal(box.board.services.served, {
    interfaces: ['dyn*', 'eth0', 'eth1'],
    relay: {
      servers: [{ domain: '', servers: [ip('192.0.2.53'), ip('192.0.2.54')] }, { domain: 'branch.example', servers: [ip('192.168.10.5')] }],
      hosts: [{ name: 'gw', address: ip('192.168.10.1') }],
    },
    ranges: [],
  });
  box.give('ADD IP ROUTE=0.0.0.0 INT=eth1 NEXTHOP=192.0.2.254');
  box.pass(10);
  assert.equal(box.board.services.served?.interfaces, ['dyn*', 'eth0']);
  box.give('SET IP DNS PRIMARY=192.168.10.1');
  assert.equal(box.board.services.served?.relay?.servers[0], { domain: '', servers: [ip('192.0.2.54')] }, 'never itself');
  box.give('DISABLE IP');
  box.pass(10);
  assert.is(box.board.services.served, undefined);
  box.give('ENABLE IP');
  box.pass(10);
  assert.is(box.board.services.served?.interfaces.length, 2);
});

test('ENABLE IP DNSRELAY on a board without the program names what is missing, and the line is kept', () => {
  const box = new Box(ON);
  box.board.services.missing = 'This machine has no dnsmasq (Debian: package dnsmasq-base), which serves DHCP and relays DNS';
  assert.is(box.give('ENABLE IP DNSRELAY'), 'Error (35357): DNS relay cannot be served: This machine has no dnsmasq (Debian: package dnsmasq-base), which serves DHCP and relays DNS.');
  assert.ok(box.config().includes('enable ip dnsrelay'));
});

test('A relay that the board cannot start says why, and is tried again at the next change', () => {
  const box = new Box(ON);
  box.board.services.failure = 'failed to create listening socket for port 53: Address already in use';
  assert.is(box.give('ENABLE IP DNSRELAY'), 'Error (35357): DNS relay cannot be served: failed to create listening socket for port 53: Address already in use.');
  box.board.services.failure = undefined;
  assert.is(box.give('ADD IP HOST=gw IP=192.168.10.1'), DONE);
  assert.ok(box.board.services.served !== undefined);
});

test('SHOW IP DNS tells of a relay that knows no name servers', () => {
  const box = new Box([...ON, 'ENABLE IP DNSRELAY']);
  assert.match(box.give('SHOW IP DNS'), /DNS Relay \.+ ENABLED, but no name servers are known/);
  box.give(ANY);
  assert.match(box.give('SHOW IP DNS'), /DNS Relay \.+ ENABLED$/m);
});

test('Closing the router takes the services down and leaves no socket', () => {
  const box = new Box([...ON, ANY, 'ENABLE IP DNSRELAY']);
  box.app.runCommand('PING nobody.example', () => {}, () => {});
  box.pass(10);
  box.app.shutdown(() => {});
  box.pass(10);
  assert.is(box.board.services.served, undefined);
  assert.is(box.board.udp.residue, 0);
});

test.run();

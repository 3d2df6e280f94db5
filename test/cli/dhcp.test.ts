// Transcripts of DHCP on a whole router in memory: policies, ranges, what the board is told to serve, and ports that get their address by DHCP.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatIpv4 } from '../../firmware/bytes/ip.ts';
import { Box, ip } from './names.rig.ts';

const test = suite('dhcp commands');
const DONE = 'Info (170003): Operation successful.';
const ON = ['ENABLE IP', 'ADD IP INT=eth0 IP=192.168.10.1'];
const POLICY = 'CREATE DHCP POLICY=lan LEASETIME=7200';
const RANGE = 'CREATE DHCP RANGE=lan POLICY=lan IP=192.168.10.100 NUMBER=50';
const KEPT = 'ADD DHCP RANGE=lan IP=192.168.10.120 ADDRESS=00-00-f4-90-19-9f';
const RULE = '-'.repeat(79);

/** [what was given before, the line, what it prints]. */
const TRANSCRIPTS: readonly (readonly [readonly string[], string, string])[] = [
  [[], 'ENABLE DHCP', 'Info (170004): DHCP server has been enabled.'],
  [['ENABLE DHCP'], 'ENABLE DHCP', 'Warning (270256): The DHCP server is already enabled.'],
  [[], 'DISABLE DHCP', 'Warning (270257): The DHCP server is already disabled.'],
  [['ENABLE DHCP'], 'DISABLE DHCP', 'Info (170005): DHCP server has been disabled.'],
  [[], POLICY, DONE],
  [[], 'CREATE DHCP POLICY=lan LEASETIME=0', 'Error (335261): Value "0" not valid for parameter "LEASETIME"; permitted: INFINITY or 1..4294967294.'],
  [[], 'CREATE DHCP POLICY=lan', 'Error (335260): Parameter "LEASETIME" missing; permitted: INFINITY or 1..4294967294.'],
  [[POLICY], 'CREATE DHCP POLICY=LAN LEASETIME=60', 'Error (370261): DHCP policy LAN already exists; SET DHCP POLICY changes it.'],
  [[], 'CREATE DHCP POLICY=lan LEASETIME=INFINITY INHERIT=base', DONE],
  [[], 'CREATE DHCP POLICY=lan LEASETIME=60 INHERIT=LAN', 'Error (370268): DHCP policy lan would take from itself.'],
  [['CREATE DHCP POLICY=a LEASETIME=60 INHERIT=b', 'CREATE DHCP POLICY=b LEASETIME=60 INHERIT=c'], 'CREATE DHCP POLICY=c LEASETIME=60 INHERIT=a', 'Error (370268): DHCP policy c would take from itself.'],
  [['CREATE DHCP POLICY=a LEASETIME=60 INHERIT=b', 'CREATE DHCP POLICY=b LEASETIME=60'], 'SET DHCP POLICY=b INHERIT=a', 'Error (370268): DHCP policy b would take from itself.'],
  [[POLICY], 'ADD DHCP POLICY=lan ROUTER=192.168.10.1', DONE],
  [[POLICY], 'ADD DHCP POLICY=lan', 'Error (335276): Nothing to set: no parameter given.'],
  [[], 'ADD DHCP POLICY=lan ROUTER=192.168.10.1', 'Error (370260): DHCP policy lan not found.'],
  [[POLICY, 'ADD DHCP POLICY=lan ROUTER=192.168.10.1'], 'ADD DHCP POLICY=lan ROUTER=192.168.10.2', 'Error (370269): DHCP policy lan has ROUTER already; SET DHCP POLICY changes it.'],
  [[POLICY], 'ADD DHCP POLICY=lan SUBNETMASK=255.0.255.0', 'Error (335261): Value "255.0.255.0" not valid for parameter "SUBNETMASK"; permitted: a mask of contiguous bits like 255.255.255.0.'],
  [[POLICY], 'ADD DHCP POLICY=lan DNSSERVER=192.0.2.53,0.0.0.0', 'Error (335261): Value "0.0.0.0" not valid for parameter "DNSSERVER"; permitted: addresses of hosts.'],
  [[POLICY], 'ADD DHCP POLICY=lan DNSSERVER=192.0.2.53,dns', 'Error (335261): Value "dns" not valid for parameter "DNSSERVER"; permitted: an IP address like 192.0.2.1.'],
  [[POLICY], 'ADD DHCP POLICY=lan DOMAIN=a@b', 'Error (335261): Value "a@b" not valid for parameter "DOMAINNAME"; permitted: a domain name like branch.example.'],
  [[POLICY], 'SET DHCP POLICY=lan LEASETIME=60 NTPSERVER=192.168.10.9', DONE],
  [[POLICY], 'SET DHCP POLICY=lan', 'Error (335276): Nothing to set: no parameter given.'],
  [[POLICY], 'DELETE DHCP POLICY=lan ROUTER', 'Error (370270): DHCP policy lan has no ROUTER.'],
  [[POLICY], 'DELETE DHCP POLICY=lan', 'Error (335276): Nothing to set: no parameter given.'],
  [[POLICY], 'DELETE DHCP POLICY=lan NTPSERVER=192.0.2.1', 'Error (335266): Parameter "NTPSERVER" takes no value.'],
  [[POLICY, 'ADD DHCP POLICY=lan ROUTER=192.168.10.1'], 'DELETE DHCP POLICY=lan ROUTER', DONE],
  [[POLICY], 'DESTROY DHCP POLICY=lan', DONE],
  [[POLICY, RANGE], 'DESTROY DHCP POLICY=lan', 'Error (370262): DHCP policy lan is in use by range lan.'],
  [[POLICY, 'CREATE DHCP POLICY=b LEASETIME=60 INHERIT=lan'], 'DESTROY DHCP POLICY=lan', 'Error (370262): DHCP policy lan is in use by policy b.'],
  [[], RANGE, DONE],
  [[], 'CREATE DHCP RANGE=lan POLICY=lan IP=192.168.10.100 NUMBER=0', 'Error (335261): Value "0" not valid for parameter "NUMBER"; permitted: 1..65535.'],
  [[], 'CREATE DHCP RANGE=lan POLICY=lan IP=223.255.255.250 NUMBER=50', 'Error (370271): Addresses 223.255.255.250 to 224.0.0.43 are not all those of hosts.'],
  [[], 'CREATE DHCP RANGE=lan POLICY=lan IP=255.255.255.250 NUMBER=50', 'Error (370271): Addresses 255.255.255.250 to 255.255.255.255 are not all those of hosts.'],
  [[RANGE], 'CREATE DHCP RANGE=Lan POLICY=lan IP=10.0.0.1 NUMBER=1', 'Error (370264): DHCP range lan already exists.'],
  [[RANGE], 'CREATE DHCP RANGE=more POLICY=lan IP=192.168.10.90 NUMBER=11', 'Error (370265): Address 192.168.10.100 is in DHCP range lan already.'],
  [['ENABLE DHCP'], RANGE, 'Warning (270258): Stored, but without effect so far: DHCP policy lan does not exist.'],
  [['ENABLE DHCP', POLICY], 'CREATE DHCP RANGE=far POLICY=lan IP=10.0.0.5 NUMBER=9', 'Warning (270258): Stored, but without effect so far: no LAN of this router that is up has the address 10.0.0.5 in its network.'],
  [['ENABLE DHCP', POLICY], 'CREATE DHCP RANGE=wide POLICY=lan IP=192.168.10.200 NUMBER=100', 'Warning (270258): Stored, but without effect so far: its address 192.168.11.0 is not in the network 192.168.10.0/24.'],
  [[RANGE], KEPT, DONE],
  [[RANGE, KEPT], 'ADD DHCP RANGE=lan IP=192.168.10.120 ADDRESS=00-00-f4-90-19-aa', 'Error (370267): DHCP range lan keeps 192.168.10.120 for 00-00-f4-90-19-9f already.'],
  [[RANGE, KEPT], 'ADD DHCP RANGE=lan IP=192.168.10.121 ADDRESS=00:00:F4:90:19:9F', 'Error (370267): DHCP range lan keeps 192.168.10.120 for 00-00-f4-90-19-9f already.'],
  [[RANGE], 'ADD DHCP RANGE=lan IP=192.168.10.120', 'Error (370265): Address 192.168.10.120 is in DHCP range lan already.'],
  [[RANGE], 'ADD DHCP RANGE=lan IP=192.168.10.20', DONE],
  [[], 'ADD DHCP RANGE=lan IP=192.168.10.20', 'Error (370263): DHCP range lan not found.'],
  [[RANGE], 'DELETE DHCP RANGE=lan IP=192.168.10.99', 'Error (370266): Address 192.168.10.99 is not in DHCP range lan.'],
  [[RANGE], 'DELETE DHCP RANGE=lan IP=192.168.10.120 ADDRESS=00-00-f4-90-19-9f', 'Error (370266): Address 192.168.10.120 is not in DHCP range lan for 00-00-f4-90-19-9f.'],
  [[RANGE, KEPT], 'DELETE DHCP RANGE=lan IP=192.168.10.120 ADDRESS=00-00-f4-90-19-9f', DONE],
  [[RANGE], 'DELETE DHCP RANGE=lan IP=192.168.10.120', DONE],
  [[RANGE], 'DESTROY DHCP RANGE=LAN', DONE],
  [[], 'DESTROY DHCP RANGE=lan', 'Error (370263): DHCP range lan not found.'],
  [[], 'SHOW DHCP CLIENT', 'Info (170008): No client has an address.'],
  [[], 'SHOW DHCP POLICY', 'Info (170006): There are no DHCP policies.'],
  [[], 'SHOW DHCP RANGE', 'Info (170007): There are no DHCP ranges.'],
  [[], 'SHOW DHCP POLICY=lan', 'Error (370260): DHCP policy lan not found.'],
  [[], 'SHOW DHCP', ['DHCP Server', RULE, 'DHCP Server Status ............... DISABLED', 'Policies ......................... 0', 'Ranges (served) .................. 0 (0)', 'Clients .......................... 0', RULE].join('\n')],
];

for (const [before, line, printed] of TRANSCRIPTS) {
  test(`"${line}" answers ${printed.split('\n')[0]}`, () => assert.is(new Box([...ON, ...before]).give(line), printed));
}

const FULL = [
  'create dhcp policy=base leasetime=infinity', 'add dhcp policy=base dnsserver=192.0.2.53,192.0.2.54 domainname=branch.example ntpserver=192.0.2.9',
  'create dhcp policy=lan leasetime=7200 inherit=base', 'add dhcp policy=lan subnetmask=255.255.255.0 router=192.168.10.1',
  'create dhcp range=lan policy=lan ip=192.168.10.100 number=50', 'add dhcp range=lan ip=192.168.10.20', 'add dhcp range=lan ip=192.168.10.120 address=00-00-f4-90-19-9f', 'delete dhcp range=lan ip=192.168.10.110',
  'create dhcp range=far policy=base ip=10.9.0.10 number=5 gateway=10.9.0.1', 'enable dhcp',
];

test('CREATE CONFIG writes policies, ranges and the server, and reading it back gives the same', () => {
  const first = new Box([...ON, ...FULL]);
  const config = first.config();
  assert.equal(config.filter((line) => line.includes('dhcp')), FULL);
  const second = new Box(config);
  assert.equal(second.config(), config);
  assert.equal(second.board.services.served, first.board.services.served);
});

test('The board is told ranges with all that their policies say, inherited or not', () => {
  const { served } = new Box([...ON, ...FULL]).board.services;
  const [lan, far] = served?.ranges ?? [];
  assert.equal(served?.interfaces, ['eth0']);
  assert.equal(lan?.addresses.map(({ low, high }) => `${formatIpv4(low)}-${formatIpv4(high)}`), ['192.168.10.100-192.168.10.109', '192.168.10.111-192.168.10.149', '192.168.10.20-192.168.10.20']);
  assert.equal(lan?.fixed, [{ mac: '00-00-f4-90-19-9f', address: ip('192.168.10.120') }]);
  assert.equal([lan?.lease, lan?.domain, lan?.routers, lan?.dns, lan?.ntp], [7200, 'branch.example', [ip('192.168.10.1')], [ip('192.0.2.53'), ip('192.0.2.54')], [ip('192.0.2.9')]]);
  assert.equal(lan?.network, { address: ip('192.168.10.0'), length: 24 });
  assert.equal([far?.lease, far?.routers, far?.network], [Infinity, [], { address: ip('10.0.0.0'), length: 8 }]);
});

test('Ranges, policies and LANs may come in any order: what waits is named in SHOW DHCP and the log, and is served when all is there', () => {
  const box = new Box(['ENABLE DHCP', 'ENABLE IP', RANGE, 'ADD IP INT=eth0 IP=10.0.0.1']);
  assert.is(box.board.services.served, undefined);
  assert.match(box.give('SHOW DHCP'), /Range lan waits \.+ DHCP policy lan does not exist/);
  assert.match(box.log(), /DHCP range lan is not served: DHCP policy lan does not exist/);
  box.give(POLICY);
  assert.match(box.give('SHOW DHCP RANGE'), /Status \.+ waiting: no LAN of this router that is up has the address 192\.168\.10\.100 in its network/);
  box.give('SET IP INT=eth0 IP=192.168.10.1');
  box.pass(10);
  assert.is(box.board.services.served?.ranges.length, 1);
  assert.match(box.give('SHOW DHCP RANGE'), /Status \.+ served/);
  box.lan.up = false;
  box.pass(10);
  assert.is(box.board.services.served, undefined, 'a LAN without carrier has no clients');
});

test('Clients without DNSSERVER are told this router where it relays names', () => {
  const box = new Box([...ON, POLICY, RANGE, 'ENABLE DHCP']);
  assert.equal(box.board.services.served?.ranges[0]?.dns, []);
  box.give('ENABLE IP DNSRELAY');
  assert.equal(box.board.services.served?.ranges[0]?.dns, [ip('192.168.10.1')]);
  assert.ok(box.board.services.served?.relay !== undefined, 'one program serves both');
});

test('SHOW DHCP CLIENT shows the leases of the board, names made harmless', () => {
  const box = new Box([...ON, POLICY, RANGE, 'ENABLE DHCP']);
  box.board.services.given.push({ address: ip('192.168.10.101'), mac: '00-00-f4-90-19-9f', host: 'pc\u001b[2J', left: 7000 }, { address: ip('192.168.10.102'), mac: '00-00-f4-90-19-a0', host: '', left: Infinity });
  assert.is(
    box.give('SHOW DHCP CLIENT'),
    ['IP Address      Client             Left (s)    Name', RULE, '192.168.10.101  00-00-f4-90-19-9f  7000        pc\\x1b[2J', '192.168.10.102  00-00-f4-90-19-a0  Infinity', RULE].join('\n'),
  );
  assert.match(box.give('SHOW DHCP RANGE=lan'), /Addresses \(in use\) \.+ 50 \(2\)/);
});

test('ENABLE DHCP on a board without the program names the package, and the configuration stays', () => {
  const box = new Box([...ON, POLICY, RANGE]);
  box.board.services.missing = 'This machine has no dnsmasq (Debian: package dnsmasq-base), which serves DHCP and relays DNS';
  assert.is(box.give('ENABLE DHCP'), 'Error (370259): Stored, but not served: This machine has no dnsmasq (Debian: package dnsmasq-base), which serves DHCP and relays DNS.');
  assert.ok(box.config().includes('enable dhcp'));
  box.pass(10);
  assert.match(box.give('SHOW DHCP'), /Not served \.+ This machine has no dnsmasq/);
});

test('A DHCP server that stops by itself is logged, and that it runs again', () => {
  const box = new Box([...ON, POLICY, RANGE, 'ENABLE DHCP']);
  box.board.services.onTrouble('dnsmasq: it was ended by signal 9');
  assert.match(box.give('SHOW DHCP'), /Not served \.+ dnsmasq: it was ended by signal 9/);
  box.board.services.onTrouble(undefined);
  assert.not.match(box.give('SHOW DHCP'), /Not served/);
  assert.match(box.log(), /stopped: dnsmasq: it was ended by signal 9; they are started again[^]*run again/);
});

// -- ports that get their address by DHCP --

const CLIENT = ['ENABLE IP', 'ENABLE IP REMOTEASSIGN', 'ADD IP INT=eth0 IP=DHCP'];

/** [what was given before, the line, what it prints]. */
const CLIENTS: readonly (readonly [readonly string[], string, string])[] = [
  [['ENABLE IP'], 'ADD IP INT=eth0 IP=DHCP', 'Error (35358): IP addresses may not be assigned from outside; give ENABLE IP REMOTEASSIGN first.'],
  [['ENABLE IP', 'ENABLE IP REMOTEASSIGN'], 'ADD IP INT=eth0 IP=DHCP', 'Info (15275): interface successfully added.'],
  [['ENABLE IP', 'ENABLE IP REMOTEASSIGN'], 'ADD IP INT=eth0-1 IP=DHCP', 'Error (35359): Interface eth0-1 cannot get its address by DHCP; permitted: ports like eth0.'],
  [['ENABLE IP', 'ENABLE IP REMOTEASSIGN'], 'ADD IP INT=eth0 IP=DHCP MASK=255.255.255.0', 'Error (335263): Parameters "MASK" and "IPADDRESS=DHCP" conflict.'],
  [CLIENT, 'SET IP INT=eth0 MASK=255.255.0.0', 'Error (335263): Parameters "MASK" and "IPADDRESS=DHCP" conflict.'],
  [CLIENT, 'SET IP INT=eth0 RIPMETRIC=3', 'Info (15276): interface successfully modified.'],
  [['ENABLE IP', 'ENABLE IP REMOTEASSIGN', 'ADD IP INT=eth0 IP=192.168.10.9'], 'SET IP INT=eth0 IP=DHCP', 'Info (15276): interface successfully modified.'],
  [CLIENT, 'RESET IP INT=eth0', 'Info (15280): interface has been reset.'],
];

for (const [before, line, printed] of CLIENTS) test(`"${line}" after ${before.length} lines answers ${printed}`, () => assert.is(new Box(before).give(line), printed));

const shownAddress = (box: Box): string | undefined => /^(eth0#? +\S+ +\S+)/m.exec(box.give('SHOW IP INT'))?.[1]?.replace(/ +/g, ' ');

test('A lease gives the port its address, a default route and name servers, and all go with it', () => {
  const box = new Box(CLIENT);
  assert.is(box.board.dhcp.asking.get('eth0')?.hostName, 'hashi');
  assert.is(shownAddress(box), 'eth0# DHCP 0.0.0.0');
  assert.match(box.give('SHOW IP INT=eth0'), /Reason \.+ no DHCP server has given it an address yet/);
  box.lease('eth0');
  assert.is(shownAddress(box), 'eth0 DHCP 192.168.10.100');
  assert.match(box.give('SHOW IP ROUTE'), /^0\.0\.0\.0 +0\.0\.0\.0 +192\.168\.10\.1 +eth0 +0\n- +remote +0 +dhcp +1 +360$/m);
  assert.match(box.give('SHOW IP DNS'), /in use those learned: 192\.168\.10\.1/);
  assert.match(box.log(), /eth0: address 192\.168\.10\.100\/24 given by DHCP server 192\.168\.10\.1/);
  box.board.dhcp.asking.get('eth0')?.events.unbound(box.world.now);
  box.pass(10);
  assert.is(shownAddress(box), 'eth0# DHCP 0.0.0.0');
  assert.not.match(box.give('SHOW IP ROUTE'), /^0\.0\.0\.0/m);
  assert.match(box.give('SHOW IP DNS'), /the resolver of the board answers/);
  assert.match(box.log(), /took the address 192\.168\.10\.100 back, or did not renew it in time; asking for another/);
});

test('A lease that is renewed changes nothing and says nothing; another address takes the place of the first', () => {
  const box = new Box(CLIENT);
  box.lease('eth0');
  const logged = box.log();
  box.pass(1_800_000);
  assert.match(box.give('SHOW IP INT=eth0'), /Lease left \(s\) \.+ 1(799|800)/);
  box.lease('eth0');
  assert.is(box.log(), logged);
  assert.match(box.give('SHOW IP INT=eth0'), /Lease left \(s\) \.+ 3600/);
  box.lease('eth0', { address: ip('10.0.0.7'), length: 8, routers: [] });
  assert.is(shownAddress(box), 'eth0 DHCP 10.0.0.7');
  assert.not.match(box.give('SHOW IP ROUTE'), /dhcp/);
});

test('A default route of the operator with a lower preference goes before that of DHCP', () => {
  const box = new Box([...CLIENT, 'ADD IP INT=eth1 IP=192.0.2.1 MASK=255.255.255.0', 'ADD IP ROUTE=0.0.0.0 INT=eth1 NEXTHOP=192.0.2.254 PREFERENCE=10']);
  box.lease('eth0');
  const routes = box.give('SHOW IP ROUTE').split('\n').filter((line) => line.startsWith('0.0.0.0'));
  assert.equal(routes.map((line) => line.split(/ +/)[3]), ['eth1', 'eth0']);
  assert.is(box.board.ip.lookup(ip('198.51.100.1'))?.name, 'eth1');
  box.wan.up = false;
  box.pass(10);
  assert.is(box.board.ip.lookup(ip('198.51.100.1'))?.name, 'eth0');
});

test('An address that cannot be that of a host is not taken', () => {
  const box = new Box(CLIENT);
  for (const address of ['0.0.0.0', '127.0.0.1', '224.0.0.5', '192.168.10.255']) box.lease('eth0', { address: ip(address) });
  assert.is(shownAddress(box), 'eth0# DHCP 0.0.0.0');
  assert.match(box.log(), /which is no address of a host; not taken/);
});

test('An address that another interface has is not taken', () => {
  const box = new Box([...CLIENT, 'ADD IP INT=eth1 IP=192.168.10.100 MASK=255.255.255.0']);
  box.lease('eth0');
  assert.is(shownAddress(box), 'eth0# DHCP 0.0.0.0');
  assert.match(box.log(), /gives 192\.168\.10\.100, which is the address of eth1; not taken/);
});

test('DELETE, DISABLE, SET to a fixed address, DISABLE IP and DISABLE IP REMOTEASSIGN end the client and give its address back', () => {
  const ends: readonly (readonly [string, string | undefined])[] = [
    ['DELETE IP INT=eth0', undefined],
    ['DISABLE IP INT=eth0', 'eth0# DHCP 0.0.0.0'],
    ['SET IP INT=eth0 IP=192.168.10.9', 'eth0 Static 192.168.10.9'],
    ['DISABLE IP', 'eth0# DHCP 0.0.0.0'],
    ['DISABLE IP REMOTEASSIGN', 'eth0# DHCP 0.0.0.0'],
  ];
  for (const [line, shown] of ends) {
    const box = new Box(CLIENT);
    box.lease('eth0');
    assert.match(box.give(line), /^Info/, line);
    box.pass(10);
    assert.is(box.board.dhcp.asking.size, 0, line);
    assert.is(shownAddress(box), shown, line);
    assert.not.match(box.give('SHOW IP ROUTE'), /^0\.0\.0\.0/m, line);
    assert.match(box.give('SHOW IP DNS'), /the resolver of the board answers/, line);
  }
});

test('RESET IP INTERFACE gives the lease back and asks anew; what the earlier client says later counts no more', () => {
  const box = new Box(CLIENT);
  box.lease('eth0');
  const before = box.board.dhcp.asking.get('eth0');
  box.give('RESET IP INT=eth0');
  const after = box.board.dhcp.asking.get('eth0');
  assert.ok(after !== undefined && after !== before);
  assert.is(shownAddress(box), 'eth0# DHCP 0.0.0.0');
  before?.events.bound({ address: ip('192.168.10.66'), length: 24, routers: [], dns: [], domain: '', server: ip('192.168.10.1'), seconds: 60 }, box.world.now);
  assert.is(shownAddress(box), 'eth0# DHCP 0.0.0.0');
  box.lease('eth0', { address: ip('192.168.10.101') });
  assert.is(shownAddress(box), 'eth0 DHCP 192.168.10.101');
});

test('A port whose carrier is back asks whether its lease still holds', () => {
  const box = new Box(CLIENT);
  box.lease('eth0');
  box.lan.up = false;
  box.pass(10);
  assert.is(box.board.dhcp.asking.get('eth0')?.renewals, 0);
  assert.is(shownAddress(box), 'eth0# DHCP 192.168.10.100');
  box.lan.up = true;
  box.pass(10);
  assert.is(box.board.dhcp.asking.get('eth0')?.renewals, 1);
  assert.is(shownAddress(box), 'eth0 DHCP 192.168.10.100');
});

test('Silence of all DHCP servers and a client that does not run are named in SHOW IP INTERFACE and logged once', () => {
  const box = new Box(CLIENT);
  const { events } = box.board.dhcp.asking.get('eth0') ?? {};
  for (let i = 0; i < 5; i++) events?.unanswered(box.world.now);
  assert.match(box.give('SHOW IP INT=eth0'), /Reason \.+ no DHCP server answers/);
  assert.is(box.log().match(/no DHCP server answers/g)?.length, 1);
  events?.failed('it ended with status 1 (udhcpc: SIOCGIFINDEX: No such device)', box.world.now);
  assert.match(box.give('SHOW IP INT=eth0'), /Reason \.+ it ended with status 1/);
});

test('ADD IP INTERFACE with IPADDRESS=DHCP on a board without the program names the package', () => {
  const box = new Box(['ENABLE IP', 'ENABLE IP REMOTEASSIGN']);
  box.board.dhcp.missing = 'This machine has no udhcpc (Debian: package busybox), which asks DHCP servers for addresses';
  assert.is(box.give('ADD IP INT=eth0 IP=DHCP'), 'Error (35360): IPADDRESS=DHCP is not possible on this board: This machine has no udhcpc (Debian: package busybox), which asks DHCP servers for addresses.');
});

test('CREATE CONFIG writes IPADDRESS=DHCP, never the address that a server gave, and keeps it readable where REMOTEASSIGN is off', () => {
  const box = new Box([...CLIENT, 'SET IP INT=eth0 RIPMETRIC=3']);
  box.lease('eth0');
  assert.equal(box.config(), ['enable ip', 'enable ip remoteassign', 'add ip interface=eth0 ipaddress=dhcp ripmetric=3']);
  box.give('DISABLE IP REMOTEASSIGN');
  const config = box.config();
  assert.equal(config, ['enable ip', 'enable ip remoteassign', 'add ip interface=eth0 ipaddress=dhcp ripmetric=3', 'disable ip remoteassign']);
  assert.equal(new Box(config).config(), config);
});

test('A port that gets its address by DHCP serves no DHCP and relays no names itself', () => {
  const box = new Box([...CLIENT, POLICY, RANGE, 'ENABLE DHCP', 'ENABLE IP DNSRELAY', 'ADD IP INT=eth1 IP=192.0.2.1 MASK=255.255.255.0']);
  box.lease('eth0');
  assert.equal(box.board.services.served?.interfaces, ['dyn*', 'eth1']);
  assert.equal(box.board.services.served?.ranges, []);
});

test('Closing the router ends the client', () => {
  const box = new Box(CLIENT);
  box.lease('eth0');
  box.app.shutdown(() => {});
  box.pass(10);
  assert.is(box.board.dhcp.asking.size, 0);
});

test.run();

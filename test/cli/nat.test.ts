// Transcripts of IP FILTER and IP NAT on a whole router in memory: what each command prints, what it says where it is given wrongly, what
// the board is told, and what CREATE CONFIG would write.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatIpv4 } from '../../firmware/bytes/ip.ts';
import { createAppliance, type Appliance } from '../../firmware/appliance.ts';
import { SimBoard } from '../../board/sim/board.ts';
import { Wire } from '../../board/sim/wire.ts';
import { World } from '../../board/sim/world.ts';

const test = suite('filters and nat');

class Box {
  readonly world = new World(1);
  readonly board = new SimBoard(this.world, { seed: 1 });
  readonly app: Appliance;

  constructor(...lines: readonly string[]) {
    this.board.ip.plug('eth0', new Wire(this.world));
    this.board.ip.plug('eth1', new Wire(this.world));
    this.app = createAppliance(this.board, { factoryScript: '' });
    this.app.boot({ name: 'empty.cfg', text: '' });
    for (const line of lines) assert.match(this.give(line), /^(?:Info|Warning)/, line);
  }

  /** What the console prints. */
  give(line: string): string {
    let printed = '';
    this.app.runCommand(line, (text) => (printed += `${text}\n`), () => {});
    return printed.trimEnd();
  }

  config(): string[] {
    return this.give('SHOW CONFIG DYNAMIC').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  }
}

const ON = ['ENABLE IP', 'ADD IP INT=eth0 IP=192.168.10.1', 'ADD IP INT=eth1 IP=1.1.1.1 MASK=255.255.255.0'];
const ENTRY = 'ADD IP FILTER=1 SOURCE=192.168.20.0 SMASK=255.255.255.0 ACTION=INCLUDE';
const MASQ = 'ADD IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLINT=eth1';
const STATIC = 'ADD IP NAT IP=192.168.10.5 GBLIP=1.1.1.5';
const WWW = 'ADD IP NAT IP=192.168.10.4 PROTOCOL=TCP PORT=www GBLINT=eth1 GBLPORT=8080';

/** [what was given before, the line, what it prints]. */
const TRANSCRIPTS: readonly (readonly [readonly string[], string, string])[] = [
  [[], ENTRY, 'Info (15003): Operation successful.'],
  [[], 'ADD IP FILTER=1 SOURCE=0.0.0.0', 'Error (335267): Parameter missing; ACTION, POLICY or PRIORITY must follow.'],
  [[], 'ADD IP FILTER=1 ACTION=INCLUDE', 'Error (335260): Parameter "SOURCE" missing; permitted: an IP address like 192.0.2.1.'],
  [[], 'ADD IP FILTER=300 SOURCE=0.0.0.0 ACTION=INCLUDE', 'Error (335261): Value "300" not valid for parameter "FILTER"; permitted: 0..299.'],
  [[], 'ADD IP FILTER=1 SOURCE=10.0.0.0 ACTION=INCLUDE POLICY=3', 'Error (335263): Parameters "ACTION" and "POLICY" conflict.'],
  [[], 'ADD IP FILTER=1 SOURCE=10.0.0.0 POLICY=3', 'Error (35336): Parameter "POLICY" is permitted only with FILTER=100..199.'],
  [[], 'ADD IP FILTER=100 SOURCE=10.0.0.0 ACTION=INCLUDE', 'Error (35336): Parameter "ACTION" is permitted only with FILTER=0..99.'],
  [[], 'ADD IP FILTER=200 SOURCE=10.0.0.0 PRIORITY=P7', 'Error (335264): IP FILTER from 100 on (policy and priority filters) is not available in this build.'],
  [[], 'ADD IP FILTER=1 SOURCE=10.0.0.1 SMASK=255.0.0.0 ACTION=INCLUDE', 'Error (335261): Value "10.0.0.1" not valid for parameter "SOURCE"; permitted: an address without bits outside of SMASK=255.0.0.0.'],
  [[], 'ADD IP FILTER=1 SOURCE=10.0.0.0 SMASK=255.0.255.0 ACTION=INCLUDE', 'Error (335261): Value "255.0.255.0" not valid for parameter "SMASK"; permitted: a mask of contiguous bits like 255.255.255.0.'],
  [[], 'ADD IP FILTER=1 SOURCE=0.0.0.0 DEST=10.0.0.9 DMASK=255.0.0.0 ACTION=INCLUDE', 'Error (335261): Value "10.0.0.9" not valid for parameter "DESTINATION"; permitted: an address without bits outside of DMASK=255.0.0.0.'],
  [[], 'ADD IP FILTER=1 SOURCE=0.0.0.0 ACTION=INCLUDE DPORT=TELNET', 'Error (35336): Parameter "DPORT" is permitted only with PROTOCOL=TCP or PROTOCOL=UDP.'],
  [[], 'ADD IP FILTER=1 SOURCE=0.0.0.0 ACTION=INCLUDE PROTOCOL=ICMP SPORT=7', 'Error (35336): Parameter "SPORT" is permitted only with PROTOCOL=TCP or PROTOCOL=UDP.'],
  [[], 'ADD IP FILTER=1 SOURCE=0.0.0.0 ACTION=INCLUDE PROTOCOL=UDP SESSION=START', 'Error (35336): Parameter "SESSION" is permitted only with PROTOCOL=TCP.'],
  [[], 'ADD IP FILTER=1 SOURCE=0.0.0.0 ACTION=INCLUDE PROTOCOL=TCP ICMPTYPE=8', 'Error (35336): Parameter "ICMPTYPE" is permitted only with PROTOCOL=ICMP.'],
  [[ENTRY], `${ENTRY} ENTRY=3`, 'Error (335261): Value "3" not valid for parameter "ENTRY"; permitted: 1..2, as filter 1 has 1 entries.'],
  [[ENTRY], 'SET IP FILTER=1 ENTRY=1 ACTION=EXCLUDE', 'Info (15003): Operation successful.'],
  [[ENTRY], 'SET IP FILTER=1 ENTRY=1', 'Error (35306): Nothing to set: no parameter given.'],
  [[ENTRY], 'SET IP FILTER=1 ENTRY=2 ACTION=EXCLUDE', 'Error (35334): IP filter 1 has no entry 2; permitted: 1..1.'],
  [[ENTRY], 'SET IP FILTER=2 ENTRY=1 ACTION=EXCLUDE', 'Error (35333): IP filter 2 not found, there are: 1.'],
  [[ENTRY], 'SET IP FILTER=1 ENTRY=1 DPORT=80', 'Error (35336): Parameter "DPORT" is permitted only with PROTOCOL=TCP or PROTOCOL=UDP.'],
  [[ENTRY], 'DELETE IP FILTER=1 ENTRY=1', 'Info (15003): Operation successful.'],
  [[ENTRY], 'DELETE IP FILTER=1 ENTRY=2', 'Error (35334): IP filter 1 has no entry 2; permitted: 1..1.'],
  [[], 'DELETE IP FILTER=1 ENTRY=ALL', 'Error (35333): IP filter 1 not found, there is none.'],
  [[ENTRY], 'DELETE IP FILTER=1', 'Error (335260): Parameter "ENTRY" missing; permitted: ALL or 1..255.'],
  [[ENTRY, 'ADD IP INT=eth0 IP=10.0.0.1 FILTER=1'], 'DELETE IP FILTER=1 ENTRY=ALL', 'Warning (25330): IP filter 1 has no entries: it lets nothing in on eth0.'],
  [[], 'SHOW IP FILTER', 'Info (15332): There are no IP filters.'],
  [[], 'SHOW IP FILTER=9', 'Error (35333): IP filter 9 not found, there is none.'],
  [[], 'SHOW IP FILTER=P1', 'Error (335261): Value "P1" not valid for parameter "FILTER"; permitted: 0..299.'],
  [[], 'ADD IP INT=eth0 IP=10.0.0.1 FILTER=7', 'Warning (25330): IP filter 7 has no entries: it lets nothing in.'],
  [[ENTRY], 'ADD IP INT=eth0 IP=10.0.0.1 FILTER=1', 'Info (15275): interface successfully added.'],
  [[ENTRY, 'ADD IP INT=eth0 IP=10.0.0.1 FILTER=1'], 'SET IP INT=eth0 FILTER=NONE', 'Info (15276): interface successfully modified.'],

  [[], 'ENABLE IP NAT', 'Info (15340): IP NAT has been enabled.'],
  [['ENABLE IP NAT'], 'ENABLE IP NAT', 'Warning (25289): IP NAT is already enabled.'],
  [['ENABLE IP NAT'], 'DISABLE IP NAT', 'Info (15341): IP NAT has been disabled.'],
  [[], 'DISABLE IP NAT', 'Warning (25290): IP NAT is already disabled.'],
  [[], 'DISABLE IP NAT=1', 'Error (335266): Parameter "NAT" takes no value.'],
  [[], 'ENABLE IP NAT LOG=FAILS,INTCP', 'Info (15003): Operation successful.'],
  [[], 'ENABLE IP NAT FRAGMENT=TCP', 'Error (335261): Value "TCP" not valid for parameter "FRAGMENT"; permitted: ICMP, UDP or OTHER.'],
  [[], MASQ, 'Info (15342): IP NAT successfully added.'],
  [[], 'ADD IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLINT=ppp1', 'Warning (25291): Stored, but without effect so far: there is no interface ppp1 yet.'],
  [[MASQ], MASQ, 'Error (35345): Translation 192.168.10.0/24 behind eth1 already exists.'],
  [[STATIC], 'ADD IP NAT IP=192.168.10.5 GBLIP=1.1.1.6', 'Error (35344): Translation 192.168.10.5 behind 1.1.1.5 says otherwise already; DELETE IP NAT ends it.'],
  [[WWW], 'ADD IP NAT IP=192.168.10.9 PROTOCOL=TCP PORT=www GBLINT=eth1 GBLPORT=8080', 'Error (35344): Translation 192.168.10.4 TCP 80 behind eth1 8080 says otherwise already; DELETE IP NAT ends it.'],
  [[], 'ADD IP NAT IP=192.168.10.1', 'Error (335267): Parameter missing; GBLIP or GBLINTERFACE must follow.'],
  [[], 'ADD IP NAT IP=192.168.10.1 GBLIP=192.0.2.1 GBLINT=eth1', 'Error (335263): Parameters "GBLIP" and "GBLINTERFACE" conflict.'],
  [[], 'ADD IP NAT IP=0.0.0.0 GBLIP=192.0.2.1', 'Error (335261): Value "0.0.0.0" not valid for parameter "IP"; permitted: the address of a host, or IP=network with MASK.'],
  [[], 'ADD IP NAT IP=192.168.10.1 MASK=255.255.255.0 GBLIP=192.0.2.1', 'Error (335261): Value "192.168.10.1" not valid for parameter "IP"; permitted: the address of a network like 192.168.10.0, as MASK=255.255.255.0 is given.'],
  [[], 'ADD IP NAT IP=192.168.10.0 MASK=255.0.255.0 GBLIP=192.0.2.1', 'Error (335261): Value "255.0.255.0" not valid for parameter "MASK"; permitted: a mask of contiguous bits like 255.255.255.0.'],
  [[], 'ADD IP NAT IP=192.168.10.0 GBLIP=192.0.2.0 GBLMASK=255.255.255.0', 'Error (335268): Parameter "GBLMASK" is permitted only together with "MASK".'],
  [[], 'ADD IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLIP=192.0.2.3 GBLMASK=255.255.255.0', 'Error (335261): Value "192.0.2.3" not valid for parameter "GBLIP"; permitted: the address of a network like 192.0.2.0, as GBLMASK=255.255.255.0 is given.'],
  [[], 'ADD IP NAT IP=192.168.10.4 GBLIP=192.0.2.3 PORT=80', 'Error (35336): Parameter "PORT" is permitted only with PROTOCOL=TCP or PROTOCOL=UDP.'],
  [[], 'ADD IP NAT IP=192.168.10.4 GBLIP=192.0.2.3 PROTOCOL=GRE GBLPORT=80', 'Error (35336): Parameter "GBLPORT" is permitted only with PROTOCOL=TCP or PROTOCOL=UDP.'],
  [[], 'ADD IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLIP=192.0.2.3 PROTOCOL=TCP PORT=80', 'Error (335263): Parameters "PORT" and "MASK" conflict.'],
  [[], 'ADD IP NAT IP=192.168.10.4 GBLIP=192.0.2.3 PROTOCOL=TCP PORT=0', 'Error (335261): Value "0" not valid for parameter "PORT"; permitted: 1..65535 or a service name.'],
  [[], 'ADD IP NAT IP=192.168.10.4 GBLINT=eth1-1 PROTOCOL=TCP PORT=80', 'Error (335261): Value "eth1-1" not valid for parameter "GBLINTERFACE"; permitted: a port or PPP interface like eth0 or ppp1 (the address of a logical interface is given with GBLIP).'],
  [[WWW], 'DELETE IP NAT IP=192.168.10.4 PROTOCOL=6 PORT=80 GBLINT=ETH1 GBLPORT=8080', 'Info (15343): IP NAT successfully deleted.'],
  [[WWW], 'DELETE IP NAT IP=192.168.10.4 PROTOCOL=TCP PORT=81 GBLINT=eth1', 'Error (35346): Translation 192.168.10.4 TCP 81 behind eth1 81 not found.'],
  [[], 'DELETE IP NAT MASK=255.255.255.0', 'Error (335260): Parameter "IP" missing; permitted: an IP address like 192.0.2.1.'],
  [[], 'SHOW IP NAT=1', 'Error (335266): Parameter "NAT" takes no value.'],
];

for (const [before, line, printed] of TRANSCRIPTS) {
  test(`${line}${before.length === 0 ? '' : ` after ${before.length} lines`}: ${printed.slice(0, 60)}`, () => {
    assert.is(new Box(...before).give(line), printed);
  });
}

test('SHOW IP FILTER prints the entries in order with what they have matched', () => {
  const box = new Box(
    ENTRY,
    'ADD IP FILTER=1 SOURCE=0.0.0.0 DESTINATION=192.168.10.4 ACTION=INCLUDE PROTOCOL=TCP DPORT=1000-1999 SPORT=ANY SESSION=ESTABLISHED SIZE=1500 OPTIONS=NO LOG=HEADER',
    'ADD IP FILTER=1 SOURCE=0.0.0.0 ACTION=EXCLUDE PROTOCOL=ICMP ICMPTYPE=8 ENTRY=1',
    'ADD IP FILTER=7 SOURCE=10.0.0.1 ACTION=INCLUDE PROTOCOL=47 LOG=64',
  );
  box.board.filter.counts.set(2, { packets: 12, octets: 1000 });
  assert.is(box.give('SHOW IP FILTER'), `IP Filters
-------------------------------------------------------------------------------
No.  Ent. Source Port   Source Address    Source Mask       Session      Size
          Dest. Port    Dest. Address     Dest. Mask        Prot.(C/T)   Options
          Action        Logging           Matches
-------------------------------------------------------------------------------
1    1    Any           0.0.0.0           0.0.0.0           Any          Any
          Any           0.0.0.0           0.0.0.0           ICMP(Any/8)  Any
          Exclude       None              0
1    2    Any           192.168.20.0      255.255.255.0     Any          Any
          Any           0.0.0.0           0.0.0.0           Any          Any
          Include       None              0
1    3    Any           0.0.0.0           0.0.0.0           Established  1500
          1000-1999     192.168.10.4      255.255.255.255   TCP          No
          Include       Header            12
-------------------------------------------------------------------------------
7    1    Any           10.0.0.1          255.255.255.255   Any          Any
          Any           0.0.0.0           0.0.0.0           47           Any
          Include       64                0
-------------------------------------------------------------------------------`);
  assert.not.match(box.give('SHOW IP FILTER=7'), /192\.168\.20\.0/);
});

test('SHOW IP NAT prints each kind, and the address that an interface has now', () => {
  const box = new Box(
    ...ON, 'ENABLE IP NAT', 'ENABLE IP NAT FRAGMENT=ICMP,UDP LOG=ALL', MASQ, STATIC, WWW,
    'ADD IP NAT IP=192.168.11.0 MASK=255.255.255.0 GBLIP=192.0.2.8 GBLMASK=255.255.255.248',
    'ADD IP NAT IP=192.168.12.0 MASK=255.255.255.0 GBLIP=192.0.3.0 GBLMASK=255.255.255.0',
    'ADD IP NAT IP=192.168.10.4 PROTOCOL=GRE GBLIP=1.1.1.6',
  );
  assert.is(box.give('SHOW IP NAT'), `IP NAT
-------------------------------------------------------------------------------
Status ........................... ENABLED
Fragments ........................ ICMP, UDP
Logging .......................... All
-------------------------------------------------------------------------------
Type         IP Address          Port   Global Address          Port     Protocol
-------------------------------------------------------------------------------
Dynamic ENAT 192.168.10.0/24     -      eth1 (1.1.1.1)          -        All
Static       192.168.10.5        -      1.1.1.5                 -        All
Static ENAT  192.168.10.4        80     eth1 (1.1.1.1)          8080     TCP
Dynamic      192.168.11.0/24     -      192.0.2.9-192.0.2.14    -        All
Dynamic      192.168.12.0/24     -      192.0.3.0/24            -        All
Static ENAT  192.168.10.4        -      1.1.1.6                 -        GRE
-------------------------------------------------------------------------------`);
});

test('The board gets all rules together, while IP is enabled', () => {
  const box = new Box(ENTRY, 'ENABLE IP NAT', WWW);
  assert.equal(box.board.filter.rules, { filters: [], uses: [], translations: [] });
  for (const line of ON) box.give(line);
  box.give('SET IP INT=eth1 FILTER=1');
  assert.equal(box.board.filter.rules.uses, [{ interface: 'eth1', filter: 1 }]);
  assert.is(box.board.filter.rules.filters[0]?.rules.length, 1);
  assert.equal(box.board.filter.rules.translations.map(({ kind }) => kind), ['service']);
  box.give('DISABLE IP NAT');
  assert.equal(box.board.filter.rules.translations, []);
  box.give('DISABLE IP');
  assert.equal(box.board.filter.rules, { filters: [], uses: [], translations: [] });
});

test('A filter that no interface uses loads nothing', () => {
  const box = new Box(...ON, 'ENABLE IP NAT', MASQ);
  const { replaced } = box.board.filter;
  box.give(ENTRY);
  box.give('SET IP FILTER=1 ENTRY=1 ACTION=EXCLUDE');
  assert.is(box.board.filter.replaced, replaced);
  box.give('SET IP INT=eth1 FILTER=1');
  assert.is(box.board.filter.replaced, replaced + 1);
  assert.is(box.board.filter.rules.filters[0]?.rules[0]?.action, 'exclude');
});

test('The filter of a logical interface is for its network, and narrower networks are asked first', () => {
  const box = new Box('ENABLE IP', 'ADD IP INT=eth0 IP=10.0.0.1 FILTER=1', 'ADD IP INT=eth0-1 IP=10.1.0.1 MASK=255.255.0.0 FILTER=2', 'ADD IP INT=eth0-2 IP=10.1.2.1 MASK=255.255.255.0 FILTER=3', 'ADD IP INT=eth1 IP=11.0.0.1');
  assert.equal(box.board.filter.rules.uses.map(({ filter, from }) => [filter, from?.length]), [[3, 24], [2, 16], [1, undefined]]);
});

test('Rules that the board refuses are an Error with its reason, stay configured, and are a Warning until they hold', () => {
  const box = new Box(...ON, 'ENABLE IP NAT');
  box.board.filter.refuse = 'This machine has no nft command';
  assert.is(box.give(MASQ), 'Error (35331): Stored, but not in force: This machine has no nft command.');
  assert.match(box.give('SHOW SYSTEM').replaceAll(/\s+/g, ' '), /IP filters and NAT are not in force as configured: This machine has no nft command\./);
  assert.match(box.give('SHOW IP NAT'), /Not in force \.+ This machine has no nft command/);
  assert.match(box.give('SHOW LOG'), /IP +FILT +FAIL +IP filters and NAT are not in force as/);
  assert.ok(box.config().includes('add ip nat mask=255.255.255.0 ip=192.168.10.0 gblinterface=eth1'));
  box.board.filter.refuse = undefined;
  box.give(STATIC);
  assert.is(box.board.filter.rules.translations.length, 2);
  assert.not.match(box.give('SHOW SYSTEM'), /not in force/);
});

test('An ADD IP INTERFACE whose filter cannot be put in force says so', () => {
  const box = new Box('ENABLE IP', ENTRY);
  box.board.filter.refuse = 'No';
  assert.is(box.give('ADD IP INT=eth0 IP=10.0.0.1 FILTER=1'), 'Error (35331): Stored, but not in force: No.');
});

test('The router answers for outside addresses on the LAN they belong to, and for no others', () => {
  const box = new Box(...ON, 'ENABLE IP NAT', STATIC, 'ADD IP NAT IP=192.168.11.0 MASK=255.255.255.0 GBLIP=1.1.1.8 GBLMASK=255.255.255.252', 'ADD IP NAT IP=192.168.10.6 GBLIP=203.0.113.6', 'ADD IP NAT IP=192.168.12.0 MASK=255.255.255.0 GBLIP=1.1.1.1');
  const added: string[] = [];
  const { ip } = box.board;
  for (const [verb, method] of [['+', 'addAddress'], ['-', 'deleteAddress']] as const) {
    const real = ip[method].bind(ip);
    ip[method] = (name, address, length) => {
      if (length === 32) added.push(`${verb}${name} ${formatIpv4(address)}/${length}`);
      return real(name, address, length) as undefined;
    };
  }
  box.give('DISABLE IP NAT');
  assert.equal(added, ['-eth1 1.1.1.5/32', '-eth1 1.1.1.9/32', '-eth1 1.1.1.10/32']);
  added.length = 0;
  box.give('ENABLE IP NAT');
  assert.equal(added, ['+eth1 1.1.1.5/32', '+eth1 1.1.1.9/32', '+eth1 1.1.1.10/32']);
});

test('NAT that the box has is no reason for a Warning', () => {
  const box = new Box(...ON, 'ENABLE IP NAT', MASQ);
  assert.not.match(box.give('SHOW SYSTEM'), /this build does not have/);
});

test('Everything is written back, filters before the interfaces that name them', () => {
  const lines = [
    'add ip filter=1 source=192.168.20.0 action=include smask=255.255.255.0 sport=1000-1999 destination=10.0.0.0 dport=23 dmask=255.0.0.0 protocol=tcp',
    'enable ip', 'enable ip nat', 'enable ip nat fragment=udp', 'enable ip nat log=fails,intcp',
  ];
  const box = new Box(
    'ENABLE IP', 'ADD IP FILTER=1 SOURCE=192.168.20.0 SMASK=255.255.255.0 ACTION=INCLUDE PROTOCOL=6 SPORT=1000-1999 DPORT=TELNET DESTINATION=10.0.0.0 DMASK=255.0.0.0',
    'ADD IP INT=eth0 IP=10.0.0.1 FILTER=1', 'ENABLE IP NAT', 'ENABLE IP NAT LOG=INTCP,FAILS FRAGMENT=UDP', WWW, 'ADD IP NAT IP=192.168.10.7 PROTOCOL=ALL GBLINT=eth1',
  );
  const config = box.config();
  assert.is(config.indexOf('add ip interface=eth0 ipaddress=10.0.0.1 filter=1') > config.findIndex((line) => line.startsWith('add ip filter=1')), true);
  for (const line of lines.slice(1)) assert.ok(config.includes(line), `${line}\nin\n${config.join('\n')}`);
  const again = new Box(...config);
  assert.equal(again.config(), config);
  assert.equal(again.board.filter.rules, box.board.filter.rules);
});

test('SET L2TP FILTER lets in what the filter permits, and follows its changes', () => {
  const box = new Box(...ON, 'ENABLE L2TP', 'ENABLE L2TP SERVER=BOTH', 'SET L2TP FILTER=3');
  const seen: unknown[] = [];
  const permit = box.board.plane.permit.bind(box.board.plane);
  box.board.plane.permit = (id, sources) => {
    seen.push(sources?.length);
    permit(id, sources);
  };
  box.give('ADD IP FILTER=3 SOURCE=2.2.2.0 SMASK=255.255.255.0 ACTION=INCLUDE');
  box.give('ADD IP FILTER=3 SOURCE=2.2.2.9 ACTION=EXCLUDE ENTRY=1');
  box.give('DELETE IP FILTER=3 ENTRY=ALL');
  assert.equal(seen, [1, 8, 0]);
});

test('The end of the router takes all rules out', () => {
  const box = new Box(...ON, 'ENABLE IP NAT', MASQ);
  assert.is(box.board.filter.rules.translations.length, 1);
  box.app.shutdown(() => {});
  assert.is(box.board.filter.rules.translations.length, 0);
});

test.run();

// Transcripts of the IP commands: what each prints, and what it says where it is given wrongly.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ip4 } from '../unit/ip/fakehost.ts';
import { IpRig } from '../unit/ip/rig.ts';

const test = suite('ip commands');
const LAN = 'add ip interface=eth0 ipaddress=192.168.10.1';
const PPP = 'add ip interface=ppp1 ipaddress=0.0.0.0';
const ROUTE = 'add ip route=192.168.20.0 mask=255.255.255.0 interface=ppp1 nexthop=0.0.0.0';
const BRANCH = ['enable ip', LAN, PPP, ROUTE];

/** [what was given before, the line, what it prints]. */
const TRANSCRIPTS: readonly (readonly [readonly string[], string, string])[] = [
  [[], 'ENABLE IP', 'Info (15287): IP module has been enabled.'],
  [['enable ip'], 'ENABLE IP', 'Warning (25289): The IP module is already enabled.'],
  [['enable ip'], 'DISABLE IP', 'Info (15288): IP module has been disabled.'],
  [[], 'DISABLE IP', 'Warning (25290): The IP module is already disabled.'],
  [BRANCH, 'RESET IP', 'Info (15286): IP module has been reset.'],
  [[], 'ENABLE IP FORWARDING', 'Warning (25289): IP forwarding is already enabled.'],
  [[], 'DISABLE IP FORWARDING', 'Info (15003): Operation successful.'],
  [['disable ip forwarding'], 'DISABLE IP FORW', 'Warning (25290): IP forwarding is already disabled.'],
  [[], 'ENABLE IP REMOTEASSIGN', 'Info (15003): Operation successful.'],
  [['enable ip remoteassign'], 'ENABLE IP REMOTEASSIGN', 'Warning (25289): IP remote address assignment is already enabled.'],
  [['enable ip remoteassign'], 'DISABLE IP REMOTEASSIGN', 'Info (15003): Operation successful.'],
  [[], 'DISABLE IP REMOTEASSIGN', 'Warning (25290): IP remote address assignment is already disabled.'],

  [[], 'ADD IP INT=ppp1 IP=0.0.0.0', 'Info (15275): interface successfully added.'],
  [[LAN], LAN, 'Error (35302): IP interface eth0 already exists; SET IP INTERFACE changes it.'],
  [[LAN], 'ADD IP INT=ETH0-0 IP=10.0.0.1', 'Error (35302): IP interface eth0 already exists; SET IP INTERFACE changes it.'],
  [[], 'ADD IP INT=eth9 IP=10.0.0.1', 'Error (35300): Interface eth9 does not exist.'],
  [[], 'ADD IP INT=ppp7 IP=0.0.0.0', 'Error (35300): Interface ppp7 does not exist; CREATE PPP makes it.'],
  [[LAN], 'ADD IP INT=eth1 IP=192.168.10.1', 'Error (35303): Address 192.168.10.1 is that of IP interface eth0.'],
  [[], 'ADD IP INT=eth1', 'Error (335260): Parameter "IPADDRESS" missing; permitted: DHCP or an IP address like 192.0.2.1.'],
  [[], 'ADD IP INT=eth1 IP=300.0.0.1', 'Error (335261): Value "300.0.0.1" not valid for parameter "IPADDRESS"; permitted: DHCP or an IP address like 192.0.2.1.'],
  [[], 'ADD IP INT=eth1 IP=10.255.255.255', 'Error (335261): Value "10.255.255.255" not valid for parameter "IPADDRESS"; permitted: 0.0.0.0, DHCP, or the address of a host in its network (prefix length 8).'],
  [[], 'ADD IP INT=eth1 IP=127.0.0.1', 'Error (335261): Value "127.0.0.1" not valid for parameter "IPADDRESS"; permitted: 0.0.0.0, DHCP, or the address of a host in its network (prefix length 8).'],
  [[], 'ADD IP INT=eth1 IP=10.0.0.1 MASK=255.0.255.0', 'Error (335261): Value "255.0.255.0" not valid for parameter "MASK"; permitted: a mask of contiguous bits like 255.255.255.0.'],
  [[], 'ADD IP INT=eth1-16 IP=10.0.0.1', 'Error (335261): Value "eth1-16" not valid for parameter "INTERFACE"; permitted: a port or PPP interface like eth0 or ppp1, with a logical number -0..-15 where wanted.'],
  [[], 'ADD IP INT=eth1 IP=10.0.0.1 RIPMETRIC=17', 'Error (335261): Value "17" not valid for parameter "RIPMETRIC"; permitted: 1..16.'],
  [[], 'ADD IP INT=eth1 IP=DHCP', 'Error (35358): IP addresses may not be assigned from outside; give ENABLE IP REMOTEASSIGN first.'],
  [[LAN], 'SET IP INT=eth0 IP=192.168.10.2', 'Info (15276): interface successfully modified.'],
  [[LAN], 'SET IP INT=eth0', 'Error (35306): Nothing to set: no parameter given.'],
  [[LAN], 'SET IP INT=eth0 MASK=255.255.255.254', 'Info (15276): interface successfully modified.'],
  [[LAN], 'SET IP INT=eth0 IP=192.168.10.255', 'Error (335261): Value "192.168.10.255" not valid for parameter "IPADDRESS"; permitted: 0.0.0.0, DHCP, or the address of a host in its network (prefix length 24).'],
  [[LAN, PPP], 'SET IP INT=eth1 RIPMETRIC=2', 'Error (35301): IP interface eth1 not found; there are: eth0, ppp1.'],
  [[], 'SET IP INT=eth1 RIPMETRIC=2', 'Error (35301): IP interface eth1 not found; there is none.'],
  [[LAN], 'SET IP INT=eth0 VLANTAG=4095', 'Error (335261): Value "4095" not valid for parameter "VLANTAG"; permitted: NONE or 1..4094.'],
  [[LAN], 'DELETE IP INT=eth0', 'Info (15277): interface successfully deleted.'],
  [[], 'DELETE IP INT=eth0', 'Error (35301): IP interface eth0 not found; there is none.'],
  [[LAN], 'DISABLE IP INT=eth0', 'Info (15279): interface has been disabled.'],
  [[LAN, 'disable ip int=eth0'], 'DISABLE IP INT=eth0', 'Warning (25290): IP interface eth0 is already disabled.'],
  [[LAN, 'disable ip int=eth0'], 'ENABLE IP INT=eth0', 'Info (15278): interface has been enabled.'],
  [[LAN], 'ENABLE IP INT=eth0', 'Warning (25289): IP interface eth0 is already enabled.'],
  [[LAN], 'RESET IP INT=eth0', 'Info (15280): interface has been reset.'],
  [[], 'RESET IP INT=eth0', 'Error (35301): IP interface eth0 not found; there is none.'],
  [[], 'SHOW IP INT=eth0', 'Error (35301): IP interface eth0 not found; there is none.'],
  [[], 'SET IP LOCAL IP=10.0.0.1', 'Info (15003): Operation successful.'],
  [[], 'SET IP LOCAL IP=255.255.255.255', 'Error (335261): Value "255.255.255.255" not valid for parameter "IPADDRESS"; permitted: 0.0.0.0 or the address of a host.'],

  [[PPP], ROUTE, 'Info (15281): IP route successfully added.'],
  [[], 'ADD IP ROUTE=192.168.20.0 INT=ppp1 NEXT=0.0.0.0', 'Warning (25291): Stored, but without effect so far: there is no IP interface ppp1 yet.'],
  [BRANCH, ROUTE, 'Error (35304): IP route 192.168.20.0/24 through ppp1 0.0.0.0 already exists; SET IP ROUTE changes it.'],
  [BRANCH, 'ADD IP ROUTE=192.168.20.5 INT=ppp1 NEXT=0.0.0.0', 'Error (335261): Value "192.168.20.5" not valid for parameter "ROUTE"; permitted: an address without bits outside the mask, like 192.168.20.0.'],
  [BRANCH, 'ADD IP ROUTE=224.0.0.0 INT=ppp1 NEXT=0.0.0.0', 'Error (335261): Value "224.0.0.0" not valid for parameter "ROUTE"; permitted: a unicast network or host.'],
  [BRANCH, 'ADD IP ROUTE=10.0.0.0 INT=ppp1 NEXT=224.0.0.1', 'Error (335261): Value "224.0.0.1" not valid for parameter "NEXTHOP"; permitted: 0.0.0.0 or the address of a host.'],
  [BRANCH, 'ADD IP ROUTE=10.0.0.0 INT=vlan99-77 NEXT=0.0.0.0', 'Error (335261): Value "vlan99-77" not valid for parameter "INTERFACE"; permitted: a port or PPP interface like eth0 or ppp1, with a logical number -0..-15 where wanted.'],
  [BRANCH, 'ADD IP ROUTE=10.0.0.0 INT=ppp1', 'Error (335260): Parameter "NEXTHOP" missing; permitted: an IP address like 192.0.2.1.'],
  [BRANCH, 'ADD IP ROUTE=10.0.0.0 INT=ppp1 NEXT=0.0.0.0 METRIC=1 METRIC1=2', 'Error (335263): Parameters "METRIC" and "METRIC1" conflict.'],
  [BRANCH, 'ADD IP ROUTE=10.0.0.0 INT=ppp1 NEXT=0.0.0.0 PREFERENCE=65536', 'Error (335261): Value "65536" not valid for parameter "PREFERENCE"; permitted: 0..65535.'],
  [BRANCH, 'SET IP ROUTE=192.168.20.0 INT=ppp1 NEXT=0.0.0.0 METRIC=3', 'Info (15282): IP route successfully modified.'],
  [BRANCH, 'SET IP ROUTE=192.168.20.0 INT=ppp1 NEXT=0.0.0.0', 'Error (35306): Nothing to set: no parameter given.'],
  [BRANCH, 'SET IP ROUTE=192.168.21.0 INT=ppp1 NEXT=0.0.0.0 METRIC=3', 'Error (35305): IP route 192.168.21.0/24 through ppp1 0.0.0.0 not found.'],
  [BRANCH, 'DELETE IP ROUTE=192.168.20.0 INT=ppp1 NEXT=0.0.0.0', 'Info (15283): IP route successfully deleted.'],
  [BRANCH, 'DELETE IP ROUTE=192.168.20.0 INT=eth0 NEXT=0.0.0.0', 'Error (35305): IP route 192.168.20.0/24 through eth0 0.0.0.0 not found.'],

  [[], 'PING', 'Error (335260): Parameter "IPADDRESS" missing.'],
  [[], 'PING 192.168.1.1 LENGTH=70000', 'Error (335261): Value "70000" not valid for parameter "LENGTH"; permitted: 0..65507.'],
  [[], 'PING 192.168.1.1 PATTERN=0x00112233445566778899aabbccddeeff0', 'Error (335261): Value "0x00112233445566778899aabbccddeeff0" not valid for parameter "PATTERN"; permitted: 1..32 hexadecimal digits.'],
  [['ping 192.168.1.1'], 'PING 192.168.1.2', 'Error (35307): A ping is in progress; STOP PING ends it.'],
  [['ping 192.168.1.1'], 'STOP PING', 'Info (15311): PING stopped.'],
  [[], 'STOP PING', 'Warning (25292): No ping is in progress.'],
  [[], 'SET PING NUMBER=CONTINUOUS', 'Info (15003): Operation successful.'],
  [[], 'SET PING', 'Error (35306): Nothing to set: no parameter given.'],
  [[], 'TRACE', 'Error (335260): Parameter "IPADDRESS" missing; permitted: an IP address like 192.0.2.1 or a host name.'],
  [[], 'TRACE 192.168.1.1 MINTTL=9 MAXTTL=3', 'Error (335261): Value "9" not valid for parameter "MINTTL"; permitted: 1..3, not above MAXTTL.'],
  [['trace 192.168.1.1'], 'TRACE 192.168.1.2', 'Error (35307): A trace is in progress; STOP TRACE ends it.'],
  [['trace 192.168.1.1'], 'STOP TRACE', 'Info (15311): TRACE stopped.'],
  [[], 'STOP TRACE', 'Warning (25292): No trace is in progress.'],
];

for (const [before, line, printed] of TRANSCRIPTS) {
  const after = before.length === 0 ? '' : ` after ${before.join('; ')}`;
  test(`"${line}"${after} answers ${printed}`, () => {
    const r = new IpRig();
    r.runAll(...before);
    assert.is(r.run(line), printed);
  });
}

const screen = (text: string): string => text.replace(/^\n/, '').replace(/\n$/, '');

test('SHOW IP INTERFACE prints two lines for each interface and marks one that is down', () => {
  const r = new IpRig();
  r.runAll(...BRANCH, 'add ip int=eth1 ip=10.0.0.1 mask=255.255.0.0 filter=7 gre=3 ripmetric=16 multicast=off directedbroadcast=yes', 'set ip int=ppp1 vjc=on');
  r.host.plug('eth1', { carrier: false });
  r.ip.linkUp('ppp1', { local: ip4('192.168.10.1'), peer: ip4('192.168.20.1'), assigned: false });
  assert.is(r.run('show ip interface'), screen(`
Interface     Type      IP Address       Bc Fr PArp  Filt RIP Met.   SAMode IPSc
Pri. Filt     Pol.Filt  Network Mask     MTU   VJC   GRE  OSPF Met.  DBcast Mul.
--------------------------------------------------------------------------------
Local         ---       Not set          -  -  -     ---  --         Pass   No
---           ---       Not set          1500  -     ---  --         ---    ---
eth0          Static    192.168.10.1     1  n  On    ---  01         Pass   No
---           ---       255.255.255.0    1500  -     ---  0000000001 No     Rec
ppp1          Static    0.0.0.0          1  n  -     ---  01         Pass   No
---           ---       0.0.0.0          1460  On    ---  0000000001 No     Rec
eth1#         Static    10.0.0.1         1  n  On    007  16         Pass   No
---           ---       255.255.0.0      1500  -     003  0000000001 Yes    Off
--------------------------------------------------------------------------------
`));
});

test('SHOW IP INTERFACE of one interface adds its state and what the table has no column for', () => {
  const r = new IpRig();
  r.runAll('enable ip', LAN, 'set ip interface=eth0 igmpproxy=upstream vlantag=5');
  r.host.unplug('eth0');
  assert.is(r.run('show ip interface=eth0'), screen(`
Interface     Type      IP Address       Bc Fr PArp  Filt RIP Met.   SAMode IPSc
Pri. Filt     Pol.Filt  Network Mask     MTU   VJC   GRE  OSPF Met.  DBcast Mul.
--------------------------------------------------------------------------------
eth0#         Static    192.168.10.1     1  n  On    ---  01         Pass   No
---           ---       255.255.255.0    1500  -     ---  0000000001 No     Rec
--------------------------------------------------------------------------------
Status ........................... down
Reason ........................... eth0 has no device in the kernel; it comes
                                   up when the device appears
Device ........................... Not present
IGMP proxy ....................... Upstream
VJ compression ................... Off
Proxy ARP ........................ On
VLAN tag ......................... 5
VLAN priority .................... None
--------------------------------------------------------------------------------
`));
});

test('SHOW IP ROUTE prints interface and static routes by destination, with ages, and marks those not in use', () => {
  const r = new IpRig();
  r.runAll(...BRANCH, 'add ip route=0.0.0.0 interface=eth7 nexthop=1.2.3.4 metric1=2 metric2=7 circuit=wan');
  r.clock.run(12_345);
  const all = screen(`
IP Routes
-------------------------------------------------------------------------------
Destination     Mask             NextHop           Interface          Age
DLCI/Circ.      Type      Policy     Protocol      Metrics      Preference
-------------------------------------------------------------------------------
0.0.0.0         0.0.0.0          1.2.3.4           eth7#                12
wan             remote    0          static        2/7                 360
192.168.10.0    255.255.255.0    0.0.0.0           eth0                 12
-               direct    0          interface     1                     0
192.168.20.0    255.255.255.0    0.0.0.0           ppp1                 12
-               direct    0          static        1                    60
-------------------------------------------------------------------------------
`);
  assert.is(r.run('show ip route'), all);
  const one = r.run('show ip route=192.168.20.77').split('\n');
  assert.equal(one.slice(5, -1), all.split('\n').filter((_, i) => i === 5 || i === 6 || i === 9 || i === 10));
});

test('SHOW IP counts interfaces and routes that are in use', () => {
  const r = new IpRig();
  r.runAll(...BRANCH, 'set ip local ip=10.0.0.1', 'disable ip forwarding', 'add ip route=10.0.0.0 int=eth7 next=0.0.0.0');
  assert.is(r.run('show ip'), screen(`
IP Module Configuration
-------------------------------------------------------------------------------
Module Status .................... ENABLED
IP Packet Forwarding ............. DISABLED
IP Remote Address Assign ......... DISABLED
Local IP Address ................. 10.0.0.1
Interfaces (up) .................. 2 (1)
Static Routes (in use) ........... 2 (1)
-------------------------------------------------------------------------------
`));
});

test('SHOW IP ARP prints neighbours by interface and address', () => {
  const r = new IpRig();
  r.host.neighbourList.push(
    { name: 'eth1', address: ip4('10.0.0.2'), mac: '00-00-f4-90-19-9f', kind: 'static', active: false },
    { name: 'eth0', address: ip4('192.168.10.9'), mac: '00-00-f4-90-19-01', kind: 'dynamic', active: true },
  );
  assert.is(r.run('show ip arp'), screen(`
Interface      IP Address         Physical Address    ARP Type    Status
-------------------------------------------------------------------------------
eth0           192.168.10.9       00-00-f4-90-19-01   Dynamic     Active
eth1           10.0.0.2           00-00-f4-90-19-9f   Static      Inactive
-------------------------------------------------------------------------------
`));
});

test('DELETE IP ARP and FLUSHARP forget learned neighbours, never fixed ones', () => {
  const r = new IpRig();
  r.runAll(LAN);
  const mac = '00-00-f4-90-19-9f';
  r.host.neighbourList.push(
    { name: 'eth0', address: ip4('192.168.10.9'), mac, kind: 'dynamic', active: true },
    { name: 'eth0', address: ip4('192.168.10.8'), mac, kind: 'static', active: true },
    { name: 'eth1', address: ip4('10.0.0.2'), mac, kind: 'dynamic', active: true },
  );
  const left = (): string[] => r.host.neighbourList.map((n) => n.name);
  assert.is(r.run('delete ip arp=192.168.10.8'), 'Error (35312): No learned ARP entry for 192.168.10.8.');
  assert.is(r.run('delete ip arp=192.168.10.9'), 'Info (15003): Operation successful.');
  assert.equal(left(), ['eth0', 'eth1']);
  assert.is(r.run('delete ip arp=alldynamic interface=eth0'), 'Info (15003): Operation successful.');
  assert.equal(left(), ['eth0', 'eth1']);
  assert.is(r.run('set ip interface=eth0 flusharp'), 'Info (15276): interface successfully modified.');
  assert.is(r.run('delete ip arp=alldynamic'), 'Info (15003): Operation successful.');
  assert.equal(left(), ['eth0']);
  assert.is(r.run('delete ip arp=eth0'), 'Error (335261): Value "eth0" not valid for parameter "ARP"; permitted: ALLDYNAMIC or an IP address like 192.0.2.1.');
});

test.run();

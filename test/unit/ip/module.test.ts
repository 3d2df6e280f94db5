// The IP module against a fake kernel: what is put there when, and what comes back after a device returns.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ip4 } from './fakehost.ts';
import { IpRig } from './rig.ts';

const test = suite('ip module');
const LAN = 'add ip interface=eth0 ipaddress=192.168.10.1';
const UNNUMBERED = 'add ip interface=ppp1 ipaddress=0.0.0.0';
const ROUTE = 'add ip route=192.168.20.0 mask=255.255.255.0 interface=ppp1 nexthop=0.0.0.0';

function rig(...lines: string[]): IpRig {
  const r = new IpRig();
  for (const line of lines) {
    const answer = r.run(line);
    if (answer.startsWith('Error')) throw new Error(`${line}: ${answer}`);
  }
  return r;
}

test('The IP module puts nothing into the kernel before ENABLE IP', () => {
  const r = rig(LAN, UNNUMBERED, ROUTE);
  assert.equal([r.host.addresses, r.host.routes, r.host.forwarding], [[], [], false]);
  r.run('enable ip');
  assert.equal(r.host.addresses, ['eth0 192.168.10.1/24', 'ppp1 192.168.10.1/32']);
  assert.equal(r.host.routes, ['192.168.20.0/24 via 0.0.0.0 ppp1 metric 15361']);
  assert.ok(r.host.forwarding);
});

test('DISABLE IP takes out everything of ours and nothing else', () => {
  const r = rig('enable ip', LAN, UNNUMBERED, ROUTE);
  r.host.addRoute({ destination: ip4('10.0.0.0'), length: 8, via: ip4('0.0.0.0'), name: 'eth1', metric: 5 });
  r.host.addAddress('eth1', ip4('10.0.0.1'), 8);
  r.run('disable ip');
  assert.equal(r.host.addresses, ['eth1 10.0.0.1/8']);
  assert.equal(r.host.routes, ['10.0.0.0/8 via 0.0.0.0 eth1 metric 5']);
  assert.not.ok(r.host.forwarding);
});

test('A port without a device is stored with a warning and comes up when the device appears', () => {
  const r = new IpRig();
  r.host.unplug('eth1');
  r.run('enable ip');
  assert.is(
    r.run('add ip interface=eth1 ipaddress=10.1.1.1 mask=255.255.255.0'),
    'Warning (25291): Stored, but without effect so far: eth1 has no device in the kernel; it comes up when the device appears.',
  );
  r.run('add ip route=10.2.0.0 mask=255.255.0.0 interface=eth1 nexthop=10.1.1.2');
  assert.equal(r.host.addresses, []);
  r.host.plug('eth1', { admin: false });
  assert.equal(r.host.addresses, ['eth1 10.1.1.1/24']);
  assert.equal(r.host.routes, ['10.2.0.0/16 via 10.1.1.2 eth1 metric 15361']);
  assert.ok(r.host.devices.get('eth1')?.admin);
  assert.ok(r.log.some((e) => e.text === 'eth1: IP is up'));
});

test('Addresses and routes come back after a device was gone', () => {
  const r = rig('enable ip', LAN, 'add ip route=0.0.0.0 interface=eth0 nexthop=192.168.10.254');
  const before = [r.host.addresses, r.host.routes];
  r.host.unplug('eth0');
  assert.equal([r.host.addresses, r.host.routes], [[], []]);
  r.host.plug('eth0');
  assert.equal([r.host.addresses, r.host.routes], before);
});

test('A route leaves the kernel while its port has no carrier, and another takes over', () => {
  const r = rig('enable ip', LAN, 'add ip int=eth1 ip=10.0.0.1', 'add ip rou=0.0.0.0 int=eth0 next=192.168.10.254 pref=10', 'add ip rou=0.0.0.0 int=eth1 next=10.0.0.2');
  assert.is(r.host.routes.length, 2);
  r.host.plug('eth0', { carrier: false });
  assert.equal(r.host.routes, ['0.0.0.0/0 via 10.0.0.2 eth1 metric 92161']);
  assert.match(r.run('show ip route'), /eth0# /);
  r.host.plug('eth0', { carrier: true });
  assert.is(r.host.routes.length, 2);
  assert.not.match(r.run('show ip route'), /#/);
});

test('A route over a PPP interface that does not dial on demand waits for its link', () => {
  const r = rig('enable ip', LAN, 'add ip int=ppp0 ip=0.0.0.0', 'add ip route=192.168.30.0 int=ppp0 next=0.0.0.0');
  assert.equal(r.host.routes, []);
  r.ip.linkUp('ppp0', { local: ip4('192.168.10.1'), peer: ip4('192.168.30.1'), assigned: false });
  assert.equal(r.host.routes, ['192.168.30.0/24 via 0.0.0.0 ppp0 metric 15361', '192.168.30.1/32 via 0.0.0.0 ppp0 metric 0']);
  assert.equal(r.host.addresses, ['eth0 192.168.10.1/24', 'ppp0 192.168.10.1/32']);
  r.ip.linkDown('ppp0');
  assert.equal(r.host.routes, []);
  assert.equal(r.host.addresses, ['eth0 192.168.10.1/24']);
});

test('linkUp sets a PPP device up', () => {
  const r = rig('enable ip', LAN, 'add ip int=ppp0 ip=0.0.0.0');
  r.host.plug('ppp0', { admin: false });
  assert.not.ok(r.host.devices.get('ppp0')?.admin);
  r.ip.linkUp('ppp0', { local: ip4('192.168.10.1'), peer: ip4('192.168.30.1'), assigned: false });
  assert.ok(r.host.devices.get('ppp0')?.admin);
});

test('A port that someone else sets down stays down until IP begins on it again', () => {
  const r = rig('enable ip', LAN);
  r.host.plug('eth0', { admin: false });
  assert.not.ok(r.host.devices.get('eth0')?.admin);
  assert.match(r.run('show ip route'), /eth0# /);
  r.run('reset ip interface=eth0');
  assert.ok(r.host.devices.get('eth0')?.admin);
  assert.not.match(r.run('show ip route'), /#/);
});

test('linkUp makes no host route that would swallow the tunnel under it, nor one to an address of ours', () => {
  const r = rig('enable ip', LAN, UNNUMBERED);
  r.outer.add(ip4('2.2.2.2'));
  r.ip.linkUp('ppp1', { local: ip4('192.168.10.1'), peer: ip4('2.2.2.2'), assigned: false });
  assert.equal(r.host.routes, []);
  r.ip.linkUp('ppp1', { local: ip4('192.168.10.1'), peer: ip4('192.168.10.1'), assigned: false });
  assert.equal(r.host.routes, []);
});

test('An address assigned by the peer is put on the device and taken off with the link', () => {
  const r = rig('enable ip', LAN, 'enable ip remoteassign', UNNUMBERED);
  assert.ok(r.ip.mayAssign('ppp1'));
  assert.not.ok(r.ip.mayAssign('eth0'));
  r.ip.linkUp('ppp1', { local: ip4('192.168.20.200'), peer: ip4('192.168.20.1'), assigned: true });
  assert.equal(r.host.addresses, ['eth0 192.168.10.1/24', 'ppp1 192.168.20.200/32']);
  assert.match(r.run('show ip interface=ppp1'), /^ppp1 +Remote +192\.168\.20\.200 /m);
  r.ip.linkDown('ppp1');
  assert.equal(r.host.addresses, ['eth0 192.168.10.1/24', 'ppp1 192.168.10.1/32']);
});

test('A numbered PPP interface carries its own address and mask', () => {
  const r = rig('enable ip', LAN, 'add ip int=ppp1 ip=10.9.9.1 mask=255.255.255.252');
  assert.is(r.ip.localAddress('ppp1'), ip4('10.9.9.1'));
  r.ip.linkUp('ppp1', { local: ip4('10.9.9.1'), peer: ip4('10.9.9.2'), assigned: false });
  assert.equal(r.host.addresses, ['eth0 192.168.10.1/24', 'ppp1 10.9.9.1/30']);
});

test('localAddress of an unnumbered interface is that of the first interface that was given one', () => {
  const r = rig(UNNUMBERED, 'add ip int=eth1 ip=10.0.0.1', LAN);
  assert.is(r.ip.localAddress('ppp1'), ip4('10.0.0.1'));
  r.run('delete ip interface=eth1');
  assert.is(r.ip.localAddress('ppp1'), ip4('192.168.10.1'));
  r.run('delete ip interface=eth0');
  assert.is(r.ip.localAddress('ppp1'), 0);
});

test('sourceAddress prefers what was asked for, then SET IP LOCAL', () => {
  const r = rig('enable ip', LAN);
  assert.is(r.ip.sourceAddress(), 0);
  r.run('set ip local ip=172.16.0.1');
  assert.is(r.ip.sourceAddress(), ip4('172.16.0.1'));
  assert.is(r.ip.sourceAddress(ip4('192.168.10.1')), ip4('192.168.10.1'));
  assert.equal(r.host.addresses, ['eth0 172.16.0.1/32', 'eth0 192.168.10.1/24']);
});

test('Two logical interfaces of one network both keep their address when the first is deleted', () => {
  const r = rig('enable ip', LAN, 'add ip int=eth0-1 ip=192.168.10.2', 'add ip route=10.0.0.0 int=eth0-1 next=192.168.10.9');
  assert.equal(r.host.addresses, ['eth0 192.168.10.1/24', 'eth0 192.168.10.2/24']);
  r.run('delete ip interface=eth0');
  assert.equal(r.host.addresses, ['eth0 192.168.10.2/24']);
  assert.equal(r.host.routes, ['10.0.0.0/8 via 192.168.10.9 eth0 metric 15361']);
});

test('Routes of equal preference and metric do not replace each other in the kernel', () => {
  const r = rig('enable ip', LAN, 'add ip route=10.0.0.0 int=eth0 next=192.168.10.2', 'add ip route=10.0.0.0 int=eth0 next=192.168.10.3', 'add ip route=10.0.0.0 int=eth0 next=192.168.10.4 metric=2');
  assert.equal(r.host.routes, ['10.0.0.0/8 via 192.168.10.2 eth0 metric 15361', '10.0.0.0/8 via 192.168.10.3 eth0 metric 15362', '10.0.0.0/8 via 192.168.10.4 eth0 metric 15377']);
  r.run('delete ip route=10.0.0.0 int=eth0 next=192.168.10.2');
  assert.equal(r.host.routes, ['10.0.0.0/8 via 192.168.10.3 eth0 metric 15361', '10.0.0.0/8 via 192.168.10.4 eth0 metric 15377']);
});

test('A next hop that is not on the interface is a warning with the kernel\'s reason, and works once it is', () => {
  const r = rig('enable ip', LAN);
  assert.is(
    r.run('add ip route=10.0.0.0 int=eth0 next=172.16.0.1'),
    'Warning (25291): Stored, but without effect so far: Next hop 172.16.0.1 is not on the network of eth0.',
  );
  r.run('add ip int=eth0-1 ip=172.16.0.9');
  assert.equal(r.host.routes, ['10.0.0.0/8 via 172.16.0.1 eth0 metric 15361']);
});

test('A refused forwarding switch is named', () => {
  const r = new IpRig();
  r.host.refuseForwarding = true;
  assert.is(r.run('enable ip'), 'Warning (25291): Stored, but without effect so far: /proc/sys/net/ipv4/ip_forward is read-only.');
});

test('The owner hears of every change that IPCP has to follow, and of no other', () => {
  const r = rig('enable ip', UNNUMBERED);
  assert.equal(r.changed, ['ppp1']);
  r.run('set ip int=ppp1 ripmetric=3');
  r.run(ROUTE);
  assert.equal(r.changed, ['ppp1']);
  r.run('set ip int=ppp1 ip=10.0.0.1');
  r.run('disable ip int=ppp1');
  assert.not.ok(r.ip.active('ppp1'));
  assert.ok(r.ip.attached('ppp1'));
  r.run('delete ip int=ppp1');
  assert.not.ok(r.ip.attached('ppp1'));
  assert.equal(r.changed, ['ppp1', 'ppp1', 'ppp1', 'ppp1']);
});

test('Thousands of routes cost one kernel call each', () => {
  const r = rig('enable ip', LAN);
  const before = r.host.calls;
  for (let i = 0; i < 2000; i++) r.run(`add ip route=10.${i >> 8}.${i & 255}.0 mask=255.255.255.0 int=eth0 next=192.168.10.2`);
  assert.is(r.host.calls - before, 2000);
});

test('clear leaves nothing behind', () => {
  const r = rig('enable ip', LAN, UNNUMBERED, ROUTE, 'set ip local ip=10.0.0.1');
  r.ip.clear();
  assert.equal([r.host.addresses, r.host.routes, r.config()], [[], [], []]);
});

test.run();

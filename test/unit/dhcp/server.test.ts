// The DHCP server's own bookkeeping: policies that inherit, ranges with holes, and what of them can be served on which LANs.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Ipv4, formatIpv4, inRange, parseIpv4, toIpv4 } from '../../../firmware/bytes/ip.ts';
import { Policies } from '../../../firmware/dhcp/policy.ts';
import { Range } from '../../../firmware/dhcp/range.ts';
import { DhcpServer, type Lan } from '../../../firmware/dhcp/server.ts';
import { chance } from '../../fuzz/mutate.ts';

const test = suite('dhcp server');
const ip = (text: string): Ipv4 => parseIpv4(text) ?? toIpv4(0);
const range = (name: string, low: string, count: number, more: { readonly policy?: string; readonly gateway?: Ipv4 } = {}): Range =>
  new Range({ name, policy: more.policy ?? 'p', base: { low: ip(low), high: toIpv4(ip(low) + count - 1) }, gateway: more.gateway });

test('A policy says what it says itself, else what the nearest ancestor says', () => {
  const policies = new Policies();
  policies.put({ name: 'Top', lease: 1, inherit: '', options: { domainname: 'top', router: [ip('10.0.0.1')], ntpserver: [ip('10.0.0.9')] } });
  policies.put({ name: 'mid', lease: 2, inherit: 'TOP', options: { domainname: 'mid' } });
  policies.put({ name: 'low', lease: 3, inherit: 'mid', options: { router: [ip('10.0.0.2')] } });
  assert.equal(policies.whole('LOW'), { domainname: 'mid', router: [ip('10.0.0.2')], ntpserver: [ip('10.0.0.9')] });
  assert.is(policies.whole('none'), 'DHCP policy none does not exist');
  policies.delete('top');
  assert.is(policies.whole('low'), 'DHCP policy TOP, which policy mid takes from, does not exist');
});

test('A circle of policies is seen before it is closed, and one that exists ends all the same', () => {
  const policies = new Policies();
  policies.put({ name: 'a', lease: 1, inherit: 'b', options: {} });
  assert.ok(policies.circles('b', 'a'));
  assert.ok(policies.circles('a', 'A'));
  assert.not.ok(policies.circles('c', 'a'));
  policies.put({ name: 'b', lease: 1, inherit: 'a', options: { domainname: 'b' } });
  assert.equal(policies.whole('a'), { domainname: 'b' });
});

test('A range has exactly the addresses that were put in and not taken out, in whatever order that happened', () => {
  const next = chance(67);
  for (let round = 0; round < 200; round++) {
    const low = ip('10.0.0.10');
    const one = range('r', '10.0.0.10', 20);
    const model = new Set<number>(Array.from({ length: 20 }, (_, i) => low + i));
    for (let step = 0; step < 40; step++) {
      const address = toIpv4(ip('10.0.0.0') + (next() % 45));
      if (model.has(address)) {
        one.remove(address);
        model.delete(address);
      } else {
        one.add(address);
        model.add(address);
      }
    }
    const ranges = one.ranges();
    for (let n: number = ip('10.0.0.0'); n < ip('10.0.0.50'); n++) {
      const held = ranges.filter((each) => inRange(toIpv4(n), each)).length;
      assert.is(held, model.has(n) ? 1 : 0, formatIpv4(toIpv4(n)));
      assert.is(one.gives(toIpv4(n)), model.has(n));
    }
    assert.is(one.size, model.size);
    assert.is([...one.all()].length, model.size);
  }
});

function server(...lans: readonly Lan[]): DhcpServer {
  const made = new DhcpServer({ lans: () => lans, missing: () => undefined, leases: () => [], relays: () => false });
  made.policies.put({ name: 'p', lease: 600, inherit: '', options: {} });
  made.enabled = true;
  return made;
}

const ETH0: Lan = { name: 'eth0', address: ip('192.168.10.1'), length: 24 };
const ETH1: Lan = { name: 'eth1', address: ip('10.1.0.1'), length: 16 };

test('Each range is served on the LAN that its addresses lie in', () => {
  const dhcp = server(ETH0, ETH1);
  dhcp.createRange(range('one', '192.168.10.10', 5));
  dhcp.createRange(range('two', '10.1.255.0', 255));
  assert.equal(dhcp.wanted().map(({ name, network }) => `${name} ${formatIpv4(network.address)}/${network.length}`), ['one 192.168.10.0/24', 'two 10.1.0.0/16']);
  assert.equal(dhcp.waiting(), []);
});

test('A range that its LAN does not hold as a whole is not served, nor one that a kept address takes out of it', () => {
  const dhcp = server(ETH0);
  dhcp.createRange(range('wide', '192.168.10.250', 10));
  const kept = range('kept', '192.168.10.10', 5);
  kept.keep({ address: ip('192.168.11.5'), mac: '00-00-f4-90-19-9f' });
  dhcp.createRange(kept);
  assert.equal(dhcp.waiting().map(({ range: { name }, why }) => `${name}: ${why}`), [
    'wide: its address 192.168.11.0 is not in the network 192.168.10.0/24', 'kept: its address 192.168.11.5 is not in the network 192.168.10.0/24',
  ]);
});

test('A range that holds the address of its network or its broadcast address is not served', () => {
  for (const [low, count, bad] of [['192.168.10.0', 5, '192.168.10.0'], ['192.168.10.250', 6, '192.168.10.255']] as const) {
    const dhcp = server(ETH0);
    dhcp.createRange(range('one', low, count));
    assert.is(dhcp.waiting()[0]?.why, `its address ${bad} is not that of a host in the network 192.168.10.0/24`);
  }
});

test('A range behind a relay is of the relay\'s network, by the mask of its policy', () => {
  const dhcp = server(ETH0);
  dhcp.policies.put({ name: 'far', lease: 600, inherit: '', options: { subnetmask: ip('255.255.255.128') } });
  dhcp.createRange(range('far', '172.16.5.130', 20, { policy: 'far', gateway: ip('172.16.5.129') }));
  assert.equal(dhcp.wanted().map(({ network }) => network), [{ address: ip('172.16.5.128'), length: 25 }]);
});

test('Nothing is served while the server is off', () => {
  const dhcp = server(ETH0);
  dhcp.createRange(range('one', '192.168.10.10', 5));
  dhcp.enabled = false;
  assert.equal(dhcp.wanted(), []);
});

test('A range whose addresses were all taken out waits for nothing and gives only what is kept', () => {
  const dhcp = server(ETH0);
  const one = range('one', '192.168.10.10', 1);
  one.remove(ip('192.168.10.10'));
  one.keep({ address: ip('192.168.10.20'), mac: '00-00-f4-90-19-9f' });
  dhcp.createRange(one);
  assert.equal(dhcp.wanted().map(({ addresses, fixed }) => [addresses.length, fixed.length]), [[0, 1]]);
});

test.run();

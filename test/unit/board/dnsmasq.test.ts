// What dnsmasq is told and what is read from it and from udhcpc, as text.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Ipv4, formatIpv4, parseIpv4, toIpv4 } from '../../../firmware/bytes/ip.ts';
import type { ServedRange, ServicesConfig } from '../../../firmware/hal/dhcp.ts';
import { readLeases, renderServices } from '../../../board/linux/dnsmasq.text.ts';
import { readLease } from '../../../board/linux/udhcpc.ts';

const test = suite('dnsmasq text');
const ip = (text: string): Ipv4 => parseIpv4(text) ?? toIpv4(0);
const AROUND = { device: (name: string): string => (name === 'eth0' ? 'enp1s0' : name), folder: '/run/x', user: { name: 'nobody', group: 'nogroup' } };
const LAN: ServedRange = {
  name: 'lan', network: { address: ip('192.168.10.0'), length: 24 }, addresses: [{ low: ip('192.168.10.100'), high: ip('192.168.10.149') }], fixed: [], lease: 7200,
  mask: ip('255.255.255.0'), routers: [], dns: [], ntp: [], domain: '',
};
const config = (change: Partial<ServicesConfig>): string[] => renderServices({ interfaces: ['eth0'], relay: undefined, ranges: [], ...change }, AROUND).split('\n');
const has = (lines: readonly string[], ...wanted: string[]): void => {
  for (const line of wanted) assert.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`);
};

test('dnsmasq reads nothing of the host, serves only the devices it is told and never the loopback', () => {
  const lines = config({ interfaces: ['eth0', 'dyn*'], ranges: [LAN] });
  has(lines, 'no-resolv', 'no-poll', 'no-hosts', 'bind-dynamic', 'except-interface=lo', 'interface=enp1s0', 'interface=dyn*', 'user=nobody', 'group=nogroup', 'pid-file=/run/x/dnsmasq.pid');
  assert.equal(lines.filter((line) => /^(?:interface|listen-address|conf-file|conf-dir|resolv-file|addn-hosts)/.test(line)), ['interface=enp1s0', 'interface=dyn*']);
});

test('A DHCP server alone answers no names', () => {
  const lines = config({ ranges: [LAN] });
  has(lines, 'port=0', 'dhcp-authoritative', 'dhcp-leasefile=/run/x/dnsmasq.leases', 'dhcp-range=set:lan,192.168.10.100,192.168.10.149,255.255.255.0,7200');
  assert.not.ok(lines.some((line) => line.startsWith('server=')));
});

test('Options that a policy does not name are not sent, so that dnsmasq does not put itself there', () => {
  has(config({ ranges: [LAN] }), 'dhcp-option=tag:lan,3', 'dhcp-option=tag:lan,6');
  const full = { ...LAN, routers: [ip('192.168.10.1'), ip('192.168.10.2')], dns: [ip('192.0.2.53')], ntp: [ip('192.0.2.9')], domain: 'branch.example', mask: ip('255.255.0.0'), lease: Infinity };
  has(
    config({ ranges: [full] }),
    'dhcp-option=tag:lan,3,192.168.10.1,192.168.10.2', 'dhcp-option=tag:lan,6,192.0.2.53', 'dhcp-option=tag:lan,42,192.0.2.9', 'dhcp-option=tag:lan,15,branch.example', 'dhcp-option=tag:lan,1,255.255.0.0',
    'dhcp-range=set:lan,192.168.10.100,192.168.10.149,255.255.255.0,infinite',
  );
});

test('A range of kept addresses alone gives addresses to nobody else', () => {
  const lines = config({ ranges: [{ ...LAN, addresses: [], fixed: [{ mac: '00-00-f4-90-19-9f', address: ip('192.168.10.120') }] }] });
  has(lines, 'dhcp-range=set:lan,192.168.10.0,static,255.255.255.0,7200', 'dhcp-host=00:00:f4:90:19:9f,set:lan,192.168.10.120,7200');
});

test('A relay asks its servers in their order, those of a domain for that domain only, and knows the router\'s hosts', () => {
  const lines = config({
    relay: {
      servers: [{ domain: '', servers: [ip('192.0.2.53'), ip('192.0.2.54')] }, { domain: 'branch.example', servers: [ip('192.168.10.5')] }, { domain: 'late.example', servers: [] }],
      hosts: [{ name: 'gw', address: ip('192.168.10.1') }],
    },
  });
  has(lines, 'port=53', 'strict-order', 'server=/branch.example/192.168.10.5', 'server=/late.example/', 'host-record=gw,192.168.10.1');
  assert.equal(lines.filter((line) => line.startsWith('server=1')), ['server=192.0.2.53', 'server=192.0.2.54']);
  assert.not.ok(lines.some((line) => line.startsWith('dhcp-')));
});

test('As a user who can become no other dnsmasq stays what it is', () => {
  assert.ok(renderServices({ interfaces: [], relay: undefined, ranges: [] }, { ...AROUND, user: undefined }).includes('\nuser=root\ngroup=\n'));
});

test('Leases are read with what is left of them; those that are over and lines of another kind are left out', () => {
  const file = ['1000 aa:bb:cc:dd:ee:01 192.168.10.101 pc 01:aa', '900 aa:bb:cc:dd:ee:02 192.168.10.102 * *', '0 aa:bb:cc:dd:ee:03 192.168.10.100 * *', 'duid 00:01', '5000 x fe80::1 h *', '', 'rubbish'].join('\n');
  assert.equal(readLeases(file, 900.5), [
    { address: ip('192.168.10.100'), mac: 'aa-bb-cc-dd-ee-03', host: '', left: Infinity },
    { address: ip('192.168.10.101'), mac: 'aa-bb-cc-dd-ee-01', host: 'pc', left: 99 },
  ]);
});

test('A lease of udhcpc is read from one line; what is missing or odd falls back to what harms nobody', () => {
  const line = (...fields: string[]): string => ['lease', 'bound', ...fields].join('\t');
  const whole = readLease(line('192.168.10.107', '255.255.255.0', '192.168.10.1 192.168.10.2', '192.0.2.53', '192.168.10.1', '3600', 'branch.example'));
  assert.equal(whole, {
    address: ip('192.168.10.107'), length: 24, routers: [ip('192.168.10.1'), ip('192.168.10.2')], dns: [ip('192.0.2.53')], server: ip('192.168.10.1'), seconds: 3600, domain: 'branch.example',
  });
  assert.equal(readLease(line('192.168.10.107', '-', '-', 'dns; reboot', '-', '4294967295', '')), {
    address: ip('192.168.10.107'), length: 32, routers: [], dns: [], server: ip('0.0.0.0'), seconds: Infinity, domain: '',
  });
  assert.is(readLease(line('192.168.10.107', '255.0.255.0'))?.length, 32, 'a mask with holes is none');
  assert.is(readLease(line('-')), undefined);
  assert.is(readLease('lease'), undefined);
  assert.is(formatIpv4(readLease(line('192.168.10.107', '255.255.255.0', '192.168.10.1'))?.routers[0] ?? toIpv4(0)), '192.168.10.1');
});

test.run();

// Name service on the real kernel: the router asks name servers over the wire, and relays for hosts on its LAN but for nobody outside.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { when } from '../needs.ts';
import { Network, until } from '../network.ts';

const test = suite('dns');
const NEEDS = ['root', 'tun', 'netns', 'ethtool', 'dnsmasq', 'busybox'] as const;

const SCRIPT = `
enable ip
add ip interface=eth0 ipaddress=192.168.10.1
add ip interface=eth1 ipaddress=192.0.2.1 mask=255.255.255.0
add ip route=0.0.0.0 interface=eth1 nexthop=192.0.2.53
add ip dns primary=192.0.2.53
add ip host=gateway.branch ipaddress=192.168.10.1
enable ip dnsrelay
`;

/** What nslookup in a namespace hears from the router about a name; '' = no answer. */
const ask = async (net: Network, space: string, name: string, server: string): Promise<string> => {
  const { output } = await net.exec(space, ['timeout', '2', 'busybox', 'nslookup', '-type=a', name, server], { seconds: 10 });
  const [, answer = ''] = output.split(/\n\n/).map((part) => part.trim()).join('\n').split(/Name:\s*\S+/);
  return /Address(?: 1)?:\s*(\S+)/.exec(answer)?.[1] ?? '';
};

when(NEEDS, test, 'The router looks names up at its name server, and its relay answers hosts on the LAN but nobody outside', async () => {
  const net = new Network('dns');
  try {
    await net.space('h', 'r', 'ns');
    await net.wire('h/h0', 'r/lan');
    await net.wire('r/wan', 'ns/ns0');
    await net.ip('h', 'addr', 'add', '192.168.10.2/24', 'dev', 'h0');
    await net.ip('h', 'route', 'add', 'default', 'via', '192.168.10.1');
    await net.ip('ns', 'addr', 'add', '192.0.2.53/24', 'dev', 'ns0');
    await net.ip('ns', 'route', 'add', '192.168.10.0/24', 'via', '192.0.2.1');
    net.start('ns', [
      'dnsmasq', '-k', '-C', '/dev/null', '--no-resolv', '--no-hosts', '--user=root', '--pid-file=', '--interface=ns0', '--bind-interfaces', '--local-ttl=30',
      '--host-record=far.example,192.0.2.53', '--cname=alias.example,far.example', '--local=/example/',
    ]);
    const router = await net.router('r', ['eth0=lan', 'eth1=wan'], SCRIPT);
    await until('the name server', 10, async () => (await ask(net, 'r', 'far.example', '192.0.2.53')) === '192.0.2.53');

    assert.match(await router.cli('PING alias.example NUMBER=1'), /Echo reply 1 from 192\.0\.2\.53/);
    assert.match(await router.cli('SHOW IP DNS CACHE'), /alias\.example +192\.0\.2\.53 +(29|30|28)/);
    assert.match(await router.cli('PING nobody.example NUMBER=1'), /There is no host named nobody\.example/);
    assert.match(await router.cli('PING gateway.branch NUMBER=1'), /Echo reply 1 from 192\.168\.10\.1/);

    await until('the relay', 10, async () => (await ask(net, 'h', 'far.example', '192.168.10.1')) === '192.0.2.53');
    assert.is(await ask(net, 'h', 'alias.example', '192.168.10.1'), '192.0.2.53');
    assert.is(await ask(net, 'h', 'gateway.branch', '192.168.10.1'), '192.168.10.1', 'what ADD IP HOST says');
    assert.is(await ask(net, 'ns', 'far.example', '192.0.2.1'), '', 'nobody outside, at the outer address');
    assert.is(await ask(net, 'ns', 'far.example', '192.168.10.1'), '', 'nor at the inner one');
    assert.is(await ask(net, 'r', 'far.example', '127.0.0.1'), '', 'nor on the loopback');

    // The device that callers share comes with the first of them, with the router's address and routes to theirs.
    await net.space('c');
    await net.wire('r/dyn0', 'c/c0');
    await net.ip('r', 'addr', 'add', '192.168.10.1/32', 'dev', 'dyn0');
    await net.ip('r', 'route', 'add', '192.168.20.5', 'dev', 'dyn0');
    await net.ip('c', 'addr', 'add', '192.168.20.5/32', 'dev', 'c0');
    await net.ip('c', 'route', 'add', '192.168.10.1', 'dev', 'c0');
    await until('the relay to serve callers', 5, async () => (await ask(net, 'c', 'far.example', '192.168.10.1')) === '192.0.2.53');

    await router.cli('ADD IP HOST=late.branch IP=192.168.10.7');
    assert.is(await ask(net, 'h', 'late.branch', '192.168.10.1'), '192.168.10.7');
    await router.cli('DISABLE IP DNSRELAY');
    assert.is(await ask(net, 'h', 'far.example', '192.168.10.1'), '');
  } finally {
    await net.remove();
  }
});

test.run();

// The text that nft is given, whole; the counters it gives back; what its errors become.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NftFilter } from '../../../board/linux/nftables.ts';
import { failureText, readCounts, renderRules } from '../../../board/linux/nftables.text.ts';
import type { Ipv4Prefix } from '../../../firmware/bytes/ip.ts';
import type { RuleSet } from '../../../firmware/hal/packetfilter.ts';
import { ip4 } from '../ip/fakehost.ts';

const net = (text: string, length: number): Ipv4Prefix => ({ address: ip4(text), length });
const ANY = net('0.0.0.0', 0);
const NOTHING: RuleSet = { filters: [], uses: [], translations: [] };
const HOW = { table: 'hashi', device: (name: string) => (name === 'eth0' ? 'enp1s0' : name), count: (id: number) => (id === 2 ? { packets: 7, octets: 700 } : undefined) };
const render = (some: Partial<RuleSet>): string => renderRules({ ...NOTHING, ...some }, HOW);

test('No rules are no table', () => {
  assert.is(render({}), 'table inet hashi\ndelete table inet hashi\n');
});

test('A filter that no interface uses is not loaded', () => {
  assert.is(render({ filters: [{ number: 1, rules: [{ id: 1, action: 'include', source: ANY, destination: ANY }] }] }), render({}));
});

test('A filter in use becomes a chain that ends in a drop, on what its interface receives', () => {
  const text = render({
    filters: [
      {
        number: 1,
        rules: [
          { id: 1, action: 'include', source: net('192.168.20.0', 24), destination: ANY, protocol: 6, destinationPorts: { low: 23, high: 23 }, session: 'start' },
          { id: 2, action: 'include', source: ANY, destination: net('10.0.0.1', 32), protocol: 6, session: 'established' },
          { id: 3, action: 'exclude', source: ANY, destination: ANY, protocol: 1, icmpType: 8, icmpCode: 0 },
          { id: 4, action: 'include', source: ANY, destination: ANY, protocol: 17, sourcePorts: { low: 1, high: 99 }, size: 100, options: false },
          { id: 5, action: 'exclude', source: ANY, destination: ANY, options: true },
          { id: 6, action: 'include', source: ANY, destination: ANY, protocol: 47 },
        ],
      },
    ],
    uses: [{ interface: 'eth0', filter: 1, from: net('10.1.0.0', 16) }, { interface: 'eth0', filter: 1 }, { interface: 'ppp1', filter: 9 }],
  });
  assert.is(text, `table inet hashi
delete table inet hashi
table inet hashi {
  chain filter_1 {
    ip saddr 192.168.20.0/24 tcp dport 23 tcp flags & (syn | ack) == syn counter packets 0 bytes 0 accept comment "1"
    ip saddr 192.168.20.0/24 ip frag-off & 0x1fff != 0 meta l4proto 6 accept
    ip daddr 10.0.0.1 tcp flags & (ack | rst) != 0 counter packets 7 bytes 700 accept comment "2"
    ip daddr 10.0.0.1 ip frag-off & 0x1fff != 0 meta l4proto 6 accept
    icmp type 8 icmp code 0 counter packets 0 bytes 0 drop comment "3"
    ip length <= 100 ip hdrlength 5 udp sport 1-99 counter packets 0 bytes 0 accept comment "4"
    ip frag-off & 0x1fff != 0 ip length <= 100 ip hdrlength 5 meta l4proto 17 accept
    ip hdrlength > 5 counter packets 0 bytes 0 drop comment "5"
    meta l4proto 47 counter packets 0 bytes 0 accept comment "6"
    counter drop
  }
  chain filter_9 {
    counter drop
  }
  chain receive {
    type filter hook prerouting priority raw; policy accept;
    iifname "enp1s0" meta nfproto ipv4 ip saddr 10.1.0.0/16 goto filter_1
    iifname "enp1s0" meta nfproto ipv4 goto filter_1
    iifname "ppp1" meta nfproto ipv4 goto filter_9
  }
}
`);
});

test('Translations stand with the most particular first, each way', () => {
  const text = render({
    translations: [
      { kind: 'masquerade', inside: net('192.168.10.0', 24), outside: { interface: 'ppp1' } },
      { kind: 'masquerade', inside: ANY, outside: { address: ip4('1.1.1.1') }, protocol: 6 },
      { kind: 'range', inside: net('192.168.11.0', 24), outside: { low: ip4('1.2.4.9'), high: ip4('1.2.4.14') } },
      { kind: 'network', inside: net('192.168.12.0', 24), outside: net('1.2.3.0', 24) },
      { kind: 'static', inside: ip4('192.168.10.5'), outside: ip4('1.1.1.5') },
      { kind: 'service', inside: ip4('192.168.10.4'), port: 80, protocol: 6, outside: { interface: 'eth0' }, globalPort: 8080 },
      { kind: 'service', inside: ip4('192.168.10.4'), protocol: 17, port: 53, outside: { address: ip4('1.1.1.6') }, globalPort: 53 },
      { kind: 'service', inside: ip4('192.168.10.4'), protocol: 47, outside: { address: ip4('1.1.1.6') } },
      { kind: 'service', inside: ip4('192.168.10.7'), outside: { interface: 'ppp1' } },
    ],
  });
  assert.is(text, `table inet hashi
delete table inet hashi
table inet hashi {
  chain inwards {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "enp1s0" fib daddr . iif type local tcp dport 8080 dnat ip to 192.168.10.4:80
    ip daddr 1.1.1.6 udp dport 53 dnat ip to 192.168.10.4:53
    ip daddr 1.1.1.6 meta l4proto 47 dnat ip to 192.168.10.4
    iifname "ppp1" fib daddr . iif type local dnat ip to 192.168.10.7
    ip daddr 1.1.1.5 dnat ip to 192.168.10.5
  }
  chain outwards {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "enp1s0" ip saddr 192.168.10.4 tcp sport 80 masquerade to :8080
    ip saddr 192.168.10.4 udp sport 53 snat ip to 1.1.1.6:53
    ip saddr 192.168.10.4 meta l4proto 47 snat ip to 1.1.1.6
    oifname "ppp1" ip saddr 192.168.10.7 masquerade
    ip saddr 192.168.10.5 snat ip to 1.1.1.5
    ip saddr 192.168.12.0/24 snat ip prefix to 1.2.3.0/24
    ip saddr 192.168.11.0/24 snat ip to 1.2.4.9-1.2.4.14 persistent
    oifname "ppp1" ip saddr 192.168.10.0/24 masquerade
    meta nfproto ipv4 meta l4proto 6 snat ip to 1.1.1.1
  }
}
`);
});

test('A device name cannot leave its quotation marks', () => {
  const text = renderRules({ ...NOTHING, uses: [{ interface: 'eth0', filter: 1 }] }, { ...HOW, device: () => 'a"b\n' });
  assert.match(text, /iifname "ab" meta/);
});

test('Counters are read by the comment of their rule', () => {
  const rule = (comment: string | undefined, packets: number): object => ({ rule: { comment, expr: [{ match: {} }, { counter: { packets, bytes: packets * 60 } }, { accept: null }] } });
  const counts = readCounts(JSON.stringify({ nftables: [{ metainfo: {} }, rule('4', 2), rule(undefined, 9), rule('x', 9), rule('17', 0)] }));
  assert.equal([...counts], [[4, { packets: 2, octets: 120 }], [17, { packets: 0, octets: 0 }]]);
});

test('What nft says becomes one sentence', () => {
  assert.is(failureText('/dev/stdin:3:1-2: Error: Could not process rule: Operation not permitted\ntable inet hashi\n^^^'), 'The kernel lets only the superuser (CAP_NET_ADMIN) load packet rules');
  assert.is(failureText('/dev/stdin:3:1-2: Error: Could not process rule: Operation not supported\n'), 'This kernel lacks what the rules need (nftables with NAT): Could not process rule: Operation not supported');
  assert.is(failureText('/dev/stdin:9:4-9: Error: Could not process rule: No space left on device\n'), 'The kernel does not take the rules: Could not process rule: No space left on device');
  assert.is(failureText(''), 'nft ended without saying why');
});

test('A machine without nft says so', () => {
  const filter = new NftFilter({ ports: new Map(), sole: false, command: '/nonexistent/nft' });
  const said: (string | undefined)[] = [];
  filter.apply({ ...NOTHING, uses: [{ interface: 'eth0', filter: 1 }] }, (failure) => said.push(failure));
  assert.is(said.length, 1);
  assert.match(said[0] ?? '', /^nft cannot be started: /);
});

/** A folder with an `nft` that writes down what it is asked and does what `then` says. */
function fakeNft(then: string): { readonly command: string; asked(): string[]; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'hs-nft-'));
  const command = join(folder, 'nft');
  writeFileSync(command, `#!/bin/sh\necho "$*" >> ${folder}/asked\n${then}\n`, { mode: 0o755 });
  return {
    command,
    asked: () => readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n'),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

const USE: RuleSet = { ...NOTHING, uses: [{ interface: 'eth0', filter: 1 }] };
const applied = (filter: NftFilter, rules: RuleSet): Promise<string | undefined> => new Promise((done) => filter.apply(rules, done));

test('What the kernel refuses comes back as its words', async () => {
  const nft = fakeNft('cat > /dev/null; echo "/dev/stdin:1:1-5: Error: Could not process rule: No buffer space available" >&2; exit 1');
  const filter = new NftFilter({ ports: new Map(), sole: false, command: nft.command });
  assert.is(await applied(filter, USE), 'The kernel does not take the rules: Could not process rule: No buffer space available');
  filter.clear();
  assert.equal(nft.asked(), ['-f -'], 'what was never loaded is not removed');
  nft.remove();
});

test('Rules that were on their way when all were taken out are not loaded after that', async () => {
  const nft = fakeNft('cat > /dev/null; exit 0');
  const filter = new NftFilter({ ports: new Map(), sole: false, command: nft.command });
  assert.is(await applied(filter, USE), undefined);
  const second = applied(filter, { ...NOTHING, uses: [{ interface: 'eth0', filter: 2 }] });
  filter.clear();
  assert.is(await second, 'All rules were taken out meanwhile');
  assert.is(nft.asked().at(-1), '-f -', 'the last thing asked is the removal');
  assert.is(nft.asked().filter((line) => line === '-f -').length, 2, 'the first load and the removal');
  assert.is(await applied(filter, USE), undefined, 'and rules can be loaded again');
  nft.remove();
});

test('An empty rule set asks nothing of the kernel while nothing was loaded', async () => {
  const filter = new NftFilter({ ports: new Map(), sole: false, command: '/nonexistent/nft' });
  assert.is(await applied(filter, NOTHING), undefined);
  filter.clear();
});

test.run();

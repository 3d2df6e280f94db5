// SHOW CONFIG DYNAMIC of the IP module: its lines, run on an empty router, give the same state, and the same lines again.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ip4 } from '../unit/ip/fakehost.ts';
import { IpRig } from '../unit/ip/rig.ts';

const test = suite('ip configuration');

/** mulberry32: the same choices for the same seed. */
function chance(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const INTERFACES = ['eth0', 'eth1', 'ppp0', 'ppp1', 'eth0-1', 'eth0-15', 'eth1-7'];
const SETTINGS: readonly (readonly [string, readonly string[]])[] = [
  ['broadcast', ['0', '1']], ['directedbroadcast', ['yes', 'no', 'on', 'off']], ['filter', ['0', '99', 'none']], ['fragment', ['yes', 'no']],
  ['gre', ['1', '100', 'none']], ['igmpproxy', ['off', 'upstream', 'downstream']], ['multicast', ['off', 'send', 'receive', 'both', 'on']],
  ['ospfmetric', ['1', '65534']], ['policyfilter', ['100', '199', 'none']], ['priorityfilter', ['200', '299', 'none']], ['proxyarp', ['on', 'off']],
  ['ripmetric', ['1', '16']], ['vjc', ['on', 'off']],
];
const LATER: typeof SETTINGS = [['vlantag', ['1', '4094', 'none']], ['vlanpriority', ['0', '7', 'none']]];

/** Lines of a random configuration; some of them errors (a route given twice, an address in use), which change nothing. */
function generate(seed: number): string[] {
  const next = chance(seed);
  const one = <T>(list: readonly T[]): T => list[next(list.length)] ?? (list[0] as T);
  const some = (table: typeof SETTINGS): string => table.filter(() => next(3) === 0).map(([name, values]) => ` ${name}=${one(values)}`).join('');
  const lines = [...(next(3) > 0 ? ['enable ip'] : []), ...(next(3) === 0 ? ['disable ip forwarding'] : []), ...(next(2) === 0 ? ['enable ip remoteassign'] : [])];
  for (const name of INTERFACES.filter(() => next(2) === 0)) {
    const address = next(4) === 0 ? '0.0.0.0' : `${one([10, 172, 192, 203])}.${next(255)}.${next(255)}.${1 + next(253)}`;
    const mask = next(3) === 0 ? ` mask=${one(['255.255.255.0', '255.255.0.0', '255.0.0.0', '255.255.255.255', '0.0.0.0'])}` : '';
    lines.push(`add ip interface=${name} ipaddress=${address}${mask}${some(SETTINGS)}`);
    const change = `${some(LATER)}${some(SETTINGS)}`;
    if (change !== '') lines.push(`set ip interface=${name}${change}`);
    if (next(5) === 0) lines.push(`disable ip interface=${name}`);
  }
  for (let i = next(8); i > 0; i--) {
    const target = one(['0.0.0.0', '10.0.0.0', '192.168.20.0', '192.168.21.0', `172.16.${next(255)}.0 mask=255.255.255.0`]);
    const extra = ['metric1=1', 'metric1=16', 'metric2=65535', 'policy=7', 'preference=0', 'preference=65535', 'tag=9', one(['circuit=wan', 'dlci=1023'])].filter(() => next(4) === 0);
    const seen = new Set(extra.map((e) => e.split('=')[0]));
    lines.push(`add ip route=${target} interface=${one(INTERFACES)} nexthop=${one(['0.0.0.0', '10.0.0.2', '192.168.10.254'])} ${seen.size === extra.length ? extra.join(' ') : ''}`);
  }
  if (next(3) === 0) lines.push('set ip local ipaddress=10.255.0.1');
  if (next(3) === 0) lines.push(`set ping ${one(['10.0.0.1', 'router.example'])} number=${one(['continuous', '7'])} pattern=00ff delay=2 length=0 timeout=9 tos=255 sipaddress=10.0.0.9`);
  return lines;
}

/** Everything the module knows, ages apart. */
function state(r: IpRig): unknown {
  return {
    status: { ...r.ip.status, interfaces: undefined, links: undefined, upSince: undefined },
    interfaces: r.ip.interfaces(),
    routes: r.ip.routes().map((route) => ({ ...route, since: 0 })),
    ping: r.probes.settings,
    kernel: [r.host.addresses, r.host.routes, r.host.forwarding],
  };
}

test('The written lines give the same state and the same lines, for 500 generated configurations', () => {
  let written = 0;
  for (let seed = 1; seed <= 500; seed++) {
    const first = new IpRig();
    first.runAll(...generate(seed));
    const config = first.config();
    const second = new IpRig();
    for (const line of config) {
      const answer = second.run(line);
      assert.not.match(answer, /^Error/, `seed ${seed}: ${line}: ${answer}`);
      assert.ok(line.length <= 121, `seed ${seed}: ${line} has ${line.length} characters`);
    }
    assert.equal(state(second), state(first), `seed ${seed}`);
    assert.equal(second.config(), config, `seed ${seed}`);
    written += config.length;
  }
  assert.ok(written > 2000, `${written} lines`);
});

test('An empty module writes nothing', () => {
  assert.equal(new IpRig().config(), []);
});

test('Defaults are left out, and what does not fit a line goes into SET', () => {
  const r = new IpRig();
  r.runAll('enable ip', 'add ip int=eth0 ip=192.168.10.1 mask=255.255.255.0 ripmetric=1');
  r.run('add ip int=eth1 ip=10.0.0.1 mask=255.255.255.0 filter=1 policyfilter=100 priorityfilter=200 multicast=both igmpproxy=downstream directedbroadcast=yes gre=9');
  assert.equal(r.config(), [
    'enable ip',
    'add ip interface=eth0 ipaddress=192.168.10.1',
    'add ip interface=eth1 ipaddress=10.0.0.1 mask=255.255.255.0 directedbroadcast=yes filter=1 gre=9 igmpproxy=downstream',
    'set ip interface=eth1 multicast=both policyfilter=100 priorityfilter=200',
  ]);
});

test('An address assigned by a peer is not written', () => {
  const r = new IpRig();
  r.runAll('enable ip', 'enable ip remoteassign', 'add ip int=ppp1 ip=0.0.0.0');
  r.ip.linkUp('ppp1', { local: ip4('192.168.20.200'), peer: ip4('192.168.20.1'), assigned: true });
  assert.equal(r.config(), ['enable ip', 'enable ip remoteassign', 'add ip interface=ppp1 ipaddress=0.0.0.0']);
});

test.run();

// IP address pools: lowest free address first, one holder for each address, given back in one place.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { formatIpv4, parseIpv4, toIpv4, type Ipv4 } from '../../../firmware/bytes/ip.ts';
import { Pools } from '../../../firmware/ip/pool.ts';
import { SeededRandom } from '../../../board/sim/world.ts';

const ip = (text: string): Ipv4 => parseIpv4(text) ?? toIpv4(0);
const shown = (got: Ipv4 | { readonly refused: string }): string => (typeof got === 'number' ? formatIpv4(got) : got.refused);

function pools(taken?: (address: Ipv4) => string | undefined): Pools {
  const made = new Pools(taken);
  made.create('ips', { low: ip('192.168.20.200'), high: ip('192.168.20.202') });
  return made;
}

test('a pool gives its lowest free address first', () => {
  const p = pools();
  assert.equal(['a', 'b', 'c'].map((holder) => shown(p.take('IPS', holder))), ['192.168.20.200', '192.168.20.201', '192.168.20.202']);
  p.release('b');
  p.release('a');
  assert.is(shown(p.take('ips', 'd')), '192.168.20.200');
  assert.is(shown(p.take('ips', 'e')), '192.168.20.201');
});

test('an empty pool refuses with its name and counts it, and the next free address goes to the next who asks', () => {
  const p = pools();
  for (const holder of ['a', 'b', 'c']) p.take('ips', holder);
  assert.is(shown(p.take('ips', 'd')), 'IP pool ips has no free address.');
  assert.is(p.get('ips')?.refused, 1);
  p.release('c');
  assert.is(shown(p.take('ips', 'e')), '192.168.20.202');
});

test('a pool that does not exist is named', () => {
  assert.is(shown(new Pools().take('later', 'a')), 'IP pool later does not exist: CREATE IP POOL=later makes it.');
});

test('a holder that asks again keeps its address', () => {
  const p = pools();
  p.take('ips', 'a');
  assert.is(shown(p.take('ips', 'b')), '192.168.20.201');
  p.release('a');
  assert.is(shown(p.take('ips', 'b')), '192.168.20.201');
  assert.is(p.holdings().length, 1);
});

test('an address that a user has for himself is not given from the pool, and not to a second one', () => {
  const p = pools();
  assert.is(shown(p.claim(ip('192.168.20.200'), 'a')), '192.168.20.200');
  assert.is(shown(p.claim(ip('192.168.20.200'), 'b')), 'Address 192.168.20.200 is in use by a.');
  assert.is(shown(p.take('ips', 'c')), '192.168.20.201');
});

test('addresses of the router itself are never given', () => {
  const p = pools((address) => (address === ip('192.168.20.200') ? 'an address of this router' : undefined));
  assert.is(shown(p.take('ips', 'a')), '192.168.20.201');
  assert.is(shown(p.claim(ip('192.168.20.200'), 'b')), 'Address 192.168.20.200 is an address of this router.');
  assert.is(shown(p.claim(ip('224.0.0.5'), 'b')), 'Address 224.0.0.5 cannot be that of a host.');
});

test('a pool that is made again knows who still holds its addresses', () => {
  const p = pools();
  p.take('ips', 'a');
  p.destroy('ips');
  p.create('ips', { low: ip('192.168.20.199'), high: ip('192.168.20.210') });
  assert.is(shown(p.take('ips', 'b')), '192.168.20.199');
  assert.is(shown(p.take('ips', 'c')), '192.168.20.201');
});

test('the address above all others is given and given back', () => {
  const p = new Pools();
  p.create('top', { low: ip('223.255.255.254'), high: ip('223.255.255.255') });
  for (let i = 0; i < 3; i++) {
    assert.is(shown(p.take('top', 'a')), '223.255.255.254');
    assert.is(shown(p.take('top', 'b')), '223.255.255.255');
    assert.match(shown(p.take('top', 'c')), /no free address/);
    for (const holder of ['b', 'a']) p.release(holder);
  }
});

test('whatever happens, the addresses in use are those of their holders, each with one, and the lowest free one is given', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = new SeededRandom(seed);
    const dice = (sides: number): number => (random.bytes(1)[0] ?? 0) % sides;
    const p = new Pools();
    const ranges = [[10, 20], [15, 30], [40, 41]] as const;
    const model = new Map<string, number>();
    const free = (low: number, high: number): number | undefined => {
      for (let value = low; value <= high; value++) if (![...model.values()].includes(value)) return value;
      return undefined;
    };
    const base = ip('10.0.0.0');
    for (let step = 0; step < 400; step++) {
      const holder = `ppp${dice(40)}`;
      const which = dice(3);
      const [low, high] = ranges[which] ?? [0, 0];
      const had = model.get(holder);
      switch (dice(6)) {
        case 0:
          p.destroy(`p${which}`);
          break;
        case 1:
          if (p.get(`p${which}`) === undefined) p.create(`p${which}`, { low: toIpv4(base + low), high: toIpv4(base + high) });
          break;
        case 2: {
          const value = 10 + dice(35);
          const got = p.claim(toIpv4(base + value), holder);
          const other = [...model].find(([, address]) => address === value)?.[0];
          model.delete(holder);
          assert.is(typeof got === 'number', other === undefined || other === holder);
          if (typeof got === 'number') model.set(holder, value);
          break;
        }
        case 3:
          p.release(holder);
          model.delete(holder);
          break;
        default: {
          const exists = p.get(`p${which}`) !== undefined;
          const got = p.take(`p${which}`, holder);
          if (!(exists && had !== undefined && had >= low && had <= high)) model.delete(holder);
          const wanted = exists ? (model.get(holder) ?? free(low, high)) : undefined;
          assert.is(typeof got === 'number' ? got - base : undefined, wanted, `seed ${seed} step ${step}`);
          if (wanted !== undefined) model.set(holder, wanted);
        }
      }
      const holdings = p.holdings();
      assert.equal(holdings.map(({ address, holder: who }) => `${who} ${address - base}`).sort(), [...model].map(([who, value]) => `${who} ${value}`).sort());
      assert.is(new Set(holdings.map(({ address }) => address)).size, holdings.length);
    }
  }
});

test.run();

// IP filters as lists: positions, and the sources that SET L2TP FILTER takes from them.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ANY_IPV4, type Ipv4Prefix, formatIpv4, inPrefix, maskOf, toIpv4 } from '../../../firmware/bytes/ip.ts';
import { type FilterEntry, Filters } from '../../../firmware/ip/filter.ts';
import { ip4 } from './fakehost.ts';

const test = suite('filters');
const ANY: Ipv4Prefix = { address: ANY_IPV4, length: 0 };

function entry(action: 'INCLUDE' | 'EXCLUDE', source: string, change: Partial<FilterEntry> = {}): Omit<FilterEntry, 'id'> {
  const [address = '', length = '32'] = source.split('/');
  return {
    action, source: { address: ip4(address), length: Number(length) }, destination: ANY, protocol: undefined, sport: undefined, dport: undefined, session: 'ANY',
    icmptype: undefined, icmpcode: undefined, size: undefined, options: undefined, log: 'NONE', ...change,
  };
}

function permitted(...entries: readonly Omit<FilterEntry, 'id'>[]): string[] | undefined {
  const filters = new Filters();
  for (const [i, one] of entries.entries()) filters.add(1, one, i + 1);
  return filters.permitted(1)?.map(({ address, length }) => `${formatIpv4(address)}/${length}`);
}

test('An entry added at a position moves those behind it, and every entry keeps its id', () => {
  const filters = new Filters();
  filters.add(1, entry('INCLUDE', '1.0.0.1'), 1);
  filters.add(1, entry('INCLUDE', '1.0.0.2'), 2);
  filters.add(1, entry('EXCLUDE', '1.0.0.3'), 1);
  filters.set(1, entry('EXCLUDE', '1.0.0.9'), 2);
  assert.equal(filters.entries(1).map(({ id, source }) => [id, formatIpv4(source.address)]), [[3, '1.0.0.3'], [1, '1.0.0.9'], [2, '1.0.0.2']]);
  filters.delete(1, 1);
  assert.equal(filters.entries(1).map(({ id }) => id), [1, 2]);
  filters.delete(1, 'ALL');
  assert.equal(filters.list(), []);
});

test('A filter that does not exist permits nothing that could be named', () => {
  assert.is(new Filters().permitted(1), undefined);
});

test('An include permits its source', () => {
  assert.equal(permitted(entry('INCLUDE', '2.2.2.2')), ['2.2.2.2/32']);
  assert.equal(permitted(entry('INCLUDE', '0.0.0.0/0')), ['0.0.0.0/0']);
});

test('An exclude before a wider include leaves a hole, behind it none', () => {
  assert.equal(permitted(entry('EXCLUDE', '10.0.0.0/30'), entry('INCLUDE', '10.0.0.0/28')), ['10.0.0.4/30', '10.0.0.8/29']);
  assert.equal(permitted(entry('INCLUDE', '10.0.0.0/28'), entry('EXCLUDE', '10.0.0.0/30')), ['10.0.0.0/28']);
});

test('Entries for other protocols and other ports say nothing about tunnels', () => {
  assert.equal(permitted(entry('EXCLUDE', '0.0.0.0/0', { protocol: 6 }), entry('EXCLUDE', '0.0.0.0/0', { protocol: 17, dport: { low: 53, high: 53 } }), entry('INCLUDE', '1.1.1.1')), ['1.1.1.1/32']);
  assert.equal(permitted(entry('INCLUDE', '1.1.1.1', { protocol: 17, dport: { low: 1700, high: 1702 } })), ['1.1.1.1/32']);
  assert.equal(permitted(entry('INCLUDE', '1.1.1.1', { protocol: 1 })), []);
});

/** mulberry32. */
function chance(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

test('The networks permitted are those of first match, and do not overlap', () => {
  const next = chance(7);
  let inside = 0;
  for (let round = 0; round < 500; round++) {
    const entries = Array.from({ length: 1 + next(6) }, () => {
      const length = 24 + next(9);
      const address = toIpv4((0x0a000000 + next(256)) & maskOf(length));
      return entry(next(2) === 0 ? 'INCLUDE' : 'EXCLUDE', `${formatIpv4(address)}/${next(8) === 0 ? 0 : length}`.replace(/^.*\/0$/, '0.0.0.0/0'));
    });
    const filters = new Filters();
    for (const [i, one] of entries.entries()) filters.add(1, one, i + 1);
    const networks = filters.permitted(1) ?? [];
    for (let low = 0; low < 256; low += 1 + next(3)) {
      const address = toIpv4(0x0a000000 + low);
      const first = entries.find(({ source }) => inPrefix(address, source));
      const holding = networks.filter((network) => inPrefix(address, network)).length;
      assert.is(holding, first?.action === 'INCLUDE' ? 1 : 0, `${formatIpv4(address)} in round ${round}`);
      inside += holding;
    }
  }
  assert.ok(inside > 1000);
});

test.run();

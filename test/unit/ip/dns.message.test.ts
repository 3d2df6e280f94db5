// DNS messages: questions as RFC 1035 has them, answers with aliases, negative and truncated ones, and everything that is refused.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseIpv4 } from '../../../firmware/bytes/ip.ts';
import { fromHex, hex } from '../../../firmware/bytes/hex.ts';
import { decodeAnswer, dnsName, encodeQuestion } from '../../../firmware/ip/dns.message.ts';
import { answerTo, type Reply } from './nameserver.ts';

const test = suite('dns message');
const ip = (text: string): number => parseIpv4(text) ?? 0;
const ASKED = { id: 0x1234, name: 'lns.example' };
const question = encodeQuestion(ASKED.id, ASKED.name);
const decode = (reply: Reply): unknown => decodeAnswer(answerTo(question, reply), ASKED);

test('A question is the one of RFC 1035: one A record of class IN, recursion desired', () => {
  assert.is(hex(question), '123401000001000000000000036c6e73076578616d706c650000010001');
});

test('Host names are compared in lower case and without final dot; what cannot be asked for is refused', () => {
  assert.is(dnsName('LNS.Example.'), 'lns.example');
  for (const bad of ['', '.', 'a..b', `${'a'.repeat(64)}.example`, 'two words', 'a\u0000b', `${'abc.'.repeat(64)}de`]) assert.is(dnsName(bad), undefined, bad);
});

test('Addresses of the name come in the order of the answer, without repetition, with the least TTL', () => {
  assert.equal(decode({ answers: [['lns.example', 'A', '192.0.2.1', 300], ['lns.example', 'A', '192.0.2.2', 60], ['lns.example', 'A', '192.0.2.1', 300]] }), {
    kind: 'addresses', addresses: [ip('192.0.2.1'), ip('192.0.2.2')], ttl: 60,
  });
});

test('An answer in other letters than the question, with compressed names, is read (recorded form)', () => {
  const b = fromHex('123481800001000200000000036c6e73076578616d706c650000010001c00c000500010000003c000704686f7374c010c029000100010000001e0004c0000207') ?? new Uint8Array(0);
  assert.equal(decodeAnswer(b, ASKED), { kind: 'addresses', addresses: [ip('192.0.2.7')], ttl: 30 });
});

test('Aliases are followed in whatever order the records stand; the chain holds as long as its shortest link', () => {
  assert.equal(
    decode({ answers: [['c.example', 'A', '192.0.2.3', 500], ['b.example', 'CNAME', 'c.example', 20], ['lns.example', 'CNAME', 'b.example', 900]] }),
    { kind: 'addresses', addresses: [ip('192.0.2.3')], ttl: 20 },
  );
});

test('Addresses of names that nobody asked for are not taken', () => {
  assert.equal(decode({ answers: [['other.example', 'A', '192.0.2.66', 300]] }), { kind: 'none', exists: true, ttl: undefined });
});

test('An alias without address leads to its target, to be asked for', () => {
  assert.equal(decode({ answers: [['lns.example', 'CNAME', 'far.example', 77]] }), { kind: 'alias', target: 'far.example', ttl: 77 });
});

test('Aliases in a circle end, as a server that cannot tell', () => {
  const answer = decode({ answers: [['lns.example', 'CNAME', 'b.example', 9], ['b.example', 'CNAME', 'lns.example', 9]] });
  assert.equal(answer, { kind: 'failed', why: 'its aliases lead in a circle' });
});

test('A name that does not exist holds as long as the zone says (RFC 2308)', () => {
  assert.equal(decode({ rcode: 3, authority: [['example', 'SOA', '40', 900]] }), { kind: 'none', exists: false, ttl: 40 });
  assert.equal(decode({ authority: [['example', 'SOA', '4000', 90]] }), { kind: 'none', exists: true, ttl: 90 });
  assert.equal(decode({ rcode: 3 }), { kind: 'none', exists: false, ttl: undefined });
});

test('A truncated answer gives the addresses that are in it, or says that it did not fit', () => {
  const whole = answerTo(question, { truncated: true, answers: [['lns.example', 'A', '192.0.2.1', 30], ['lns.example', 'A', '192.0.2.2', 30]] });
  assert.equal(decodeAnswer(whole.subarray(0, whole.length - 3), ASKED), { kind: 'addresses', addresses: [ip('192.0.2.1')], ttl: 30 });
  assert.equal(decode({ truncated: true }), { kind: 'truncated' });
});

test('What a server will not or cannot tell is said in words', () => {
  assert.equal(decode({ rcode: 2 }), { kind: 'failed', why: 'it failed' });
  assert.equal(decode({ rcode: 5 }), { kind: 'failed', why: 'it refuses to answer' });
  assert.equal(decode({ rcode: 9 }), { kind: 'failed', why: 'it answers with code 9' });
});

test('A TTL with the highest bit set counts as none (RFC 2181 8)', () => {
  assert.equal(decode({ answers: [['lns.example', 'A', '192.0.2.1', 0x80000000]] }), { kind: 'addresses', addresses: [ip('192.0.2.1')], ttl: 0 });
});

const good = answerTo(question, { answers: [['lns.example', 'A', '192.0.2.1', 300]] });
const changed = (at: number, ...octets: number[]): Uint8Array => {
  const b = good.slice();
  b.set(octets, at);
  return b;
};
const RECORD = question.length;
/** Of its one record: what follows the owner. */
const FIXED = RECORD + 13;

/** [what, the datagram, how it is refused]. */
const REFUSED: readonly (readonly [string, Uint8Array, string])[] = [
  ['nothing', new Uint8Array(0), 'dns-short'],
  ['half a header', good.subarray(0, 11), 'dns-short'],
  ['a question', question, 'dns-query'],
  ['another opcode', changed(2, 0x91), 'dns-query'],
  ['another identifier', changed(0, 0x12, 0x35), 'dns-id'],
  ['no question', changed(4, 0, 0), 'dns-question'],
  ['two questions', changed(4, 0, 2), 'dns-question'],
  ['another name', changed(13, 0x6d), 'dns-question'],
  ['another type', changed(RECORD - 3, 28), 'dns-question'],
  ['another class', changed(RECORD - 1, 3), 'dns-question'],
  ['a question without end', good.subarray(0, RECORD - 1), 'dns-short'],
  ['a name past the end', good.subarray(0, 20), 'dns-name'],
  ['a label of a reserved kind', changed(12, 0x83), 'dns-name'],
  ['a pointer to itself', changed(RECORD, 0xc0, RECORD), 'dns-name'],
  ['a pointer forward', changed(RECORD, 0xc0, RECORD + 4), 'dns-name'],
  ['a pointer into the header', changed(RECORD, 0xc0, 4), 'dns-name'],
  ['a record past the end', good.subarray(0, good.length - 1), 'dns-record'],
  ['a record without its fixed part', good.subarray(0, FIXED + 5), 'dns-record'],
  ['more records than there are', changed(6, 0, 2), 'dns-name'],
  ['an address of three octets', changed(FIXED + 9, 3), 'dns-record'],
  ['data longer than the datagram', changed(FIXED + 8, 0xff, 0xff), 'dns-record'],
  ['a thousand records', changed(6, 1000 >> 8, 1000 & 255), 'dns-records'],
];

for (const [what, datagram, refusal] of REFUSED) {
  test(`${what} is refused as ${refusal}`, () => assert.is(decodeAnswer(datagram, ASKED), refusal));
}

test('A name of many pointers is given up within the bounds of a name, and one that fits is read', () => {
  const chained = (links: number): Uint8Array => {
    const chain: number[] = [];
    let before = 12;
    // Behind the fixed part of a record that nobody reads: each name is a pointer to the one before it.
    const start = RECORD + 1 + 10;
    for (let i = 0; i < links; i++) {
      const at = start + chain.length;
      chain.push(0xc0 | (before >> 8), before & 255);
      before = at;
    }
    const hidden = [0, 0, 16, 0, 1, 0, 0, 0, 0, chain.length >> 8, chain.length & 255, ...chain];
    const last = [0xc0 | (before >> 8), before & 255, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1];
    const head = [...good.subarray(0, 6), 0, 2, 0, 0, 0, 0];
    return Uint8Array.from([...head, ...good.subarray(12, RECORD), ...hidden, ...last]);
  };
  assert.equal(decodeAnswer(chained(20), ASKED), { kind: 'addresses', addresses: [ip('192.0.2.1')], ttl: 9 });
  assert.is(decodeAnswer(chained(2000), ASKED), 'dns-name');
});

test.run();

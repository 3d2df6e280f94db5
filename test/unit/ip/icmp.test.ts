// The ICMP codec of PING and TRACE against octets typed from RFC 792.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checksum } from '../../../firmware/bytes/checksum.ts';
import { fromHex, hex } from '../../../firmware/bytes/hex.ts';
import { parseIpv4 } from '../../../firmware/bytes/ip.ts';
import { decodeAnswer, encodeEcho, isEchoData, unreachableWords } from '../../../firmware/ip/icmp.ts';

const test = suite('icmp');
const NONE = new Uint8Array(0);

function octets(text: string): Uint8Array {
  const found = fromHex(text);
  if (found === undefined) throw new Error(`not hexadecimal: ${text}`);
  return found;
}

/** Quoted IPv4 header 192.168.10.1 -> 192.168.20.5, ICMP, and the first 8 octets of echo request 1234/0007. */
const QUOTE = '45000034 00004000 40010000 c0a80a01 c0a81405 0800000012340007';

test('encodeEcho writes type, code, checksum, identifier, sequence and counted data', () => {
  const echo = encodeEcho({ id: 0x1234, sequence: 7 }, 4, NONE);
  assert.is(hex(echo), `0800${(~(0x0800 + 0x1234 + 0x0007 + 0x0001 + 0x0203) & 0xffff).toString(16)}1234000700010203`);
  assert.is(checksum(echo), 0);
});

test('encodeEcho repeats the pattern and stops in its middle', () => {
  assert.is(hex(encodeEcho({ id: 1, sequence: 1 }, 5, octets('abcdef'))).slice(16), 'abcdefabcd');
});

test('isEchoData tells a changed octet and a changed length', () => {
  const data = encodeEcho({ id: 1, sequence: 1 }, 24, octets('a5')).slice(8);
  assert.ok(isEchoData(data, 24, octets('a5')));
  assert.not.ok(isEchoData(data.subarray(0, 23), 24, octets('a5')));
  data[23] = 0;
  assert.not.ok(isEchoData(data, 24, octets('a5')));
});

test('decodeAnswer reads an echo reply', () => {
  assert.equal(decodeAnswer(0, 0, octets('12340007aabb')), { kind: 'reply', id: 0x1234, sequence: 7, data: octets('aabb') });
});

test('decodeAnswer reads time exceeded with the quoted request', () => {
  assert.equal(decodeAnswer(11, 0, octets(`00000000${QUOTE}`)), { kind: 'exceeded', id: 0x1234, sequence: 7, target: parseIpv4('192.168.20.5') });
});

test('decodeAnswer reads the next-hop MTU of fragmentation needed (RFC 1191)', () => {
  const answer = decodeAnswer(3, 4, octets(`000005b4${QUOTE}`));
  assert.equal(answer, { kind: 'unreachable', code: 4, target: parseIpv4('192.168.20.5'), mtu: 1460, id: 0x1234, sequence: 7 });
});

test('decodeAnswer steps over options in the quoted IP header', () => {
  const answer = decodeAnswer(3, 1, octets(`00000000 46000038 00004000 40010000 c0a80a01 c0a81405 94040000 0800000012340007`));
  assert.equal(answer, { kind: 'unreachable', code: 1, target: parseIpv4('192.168.20.5'), mtu: 0, id: 0x1234, sequence: 7 });
});

const REFUSED: readonly (readonly [string, number, string])[] = [
  ['icmp-short', 0, '123400'],
  ['icmp-type', 8, '12340007'],
  ['icmp-quote-short', 3, '00000000'],
  ['icmp-quote-short', 3, `00000000${QUOTE}`.slice(0, -2)],
  ['icmp-quote-version', 3, `00000000${QUOTE.replace('45000034', '65000034')}`],
  ['icmp-quote-header', 3, `00000000${QUOTE.replace('45000034', '44000034')}`],
  ['icmp-quote-fragment', 3, `00000000${QUOTE.replace('00004000', '00000001')}`],
  ['icmp-quote-protocol', 3, `00000000${QUOTE.replace('40010000', '40110000')}`],
  ['icmp-quote-protocol', 3, `00000000${QUOTE.replace('0800000012340007', '0000000012340007')}`],
];
for (const [refusal, type, text] of REFUSED) {
  test(`decodeAnswer refuses type ${type} ${text} as ${refusal}`, () => {
    assert.is(decodeAnswer(type, 0, octets(text)), refusal);
  });
}

test('unreachableWords names the code, and the MTU where there is one', () => {
  assert.is(unreachableWords(1, 0), 'Host unreachable');
  assert.is(unreachableWords(4, 1460), 'Packet too big for a link of MTU 1460');
  assert.is(unreachableWords(99, 0), 'Destination unreachable (code 99)');
});

test.run();

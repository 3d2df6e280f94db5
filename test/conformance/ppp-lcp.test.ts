// LCP and the rules of all control protocols against RFC 1661, packet by packet; the peer is the test.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { fromHex } from '../../firmware/bytes/hex.ts';
import { utf8 } from '../../firmware/bytes/text.ts';
import { encodeFrame, encodePacket } from '../../firmware/ppp/frame.ts';
import { encodeOptions } from '../../firmware/ppp/option.ts';
import { option, Solo, type EndSettings, type Seen } from '../unit/ppp/wire.ts';

const LCP = 0xc021;
const IPCP = 0x8021;
const hexOf = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);
const MAGIC = option(5, 1, 2, 3, 4);

/** A link in state Req-Sent with what it sent taken away; `request` is its Configure-Request. */
function asking(settings: EndSettings = {}): { solo: Solo; request: Seen } {
  const solo = new Solo(settings).wait(1000);
  const [request] = solo.taken();
  if (request === undefined) throw new Error('silent');
  return { solo, request };
}

/** A link whose LCP is open, with what it sent taken away. */
function opened(settings: EndSettings = {}, options = [MAGIC]): Solo {
  const solo = new Solo(settings).openLcp(options);
  solo.taken();
  assert.not.equal(solo.end.link.phase, 'Establish');
  return solo;
}

/** The one packet that answers. */
function only(solo: Solo): Seen {
  const taken = solo.taken();
  assert.is(taken.length, 1, JSON.stringify(taken.map(({ protocol, code }) => [protocol, code])));
  const [one] = taken;
  if (one === undefined) throw new Error('silent');
  return one;
}

test('nothing is sent for a second unless the peer speaks first', () => {
  const solo = new Solo().wait(999);
  assert.equal(solo.taken(), []);
  solo.wait(1);
  assert.equal(
    solo.taken().map(({ protocol, code }) => [protocol, code]),
    [[LCP, 1]],
  );
});

test('an acceptable request is acknowledged unmodified, in order, under its identifier', () => {
  const options = [option(1, 5, 0xdc), option(2, 0, 0, 0, 0), MAGIC, option(7), option(8)];
  const { solo } = asking();
  solo.give(LCP, 1, 77, options);
  const ack = only(solo);
  assert.equal([ack.code, ack.identifier], [2, 77]);
  assert.equal(ack.data, encodeOptions(options));
});

test('unknown options are rejected as they came, and only they', () => {
  const { solo } = asking();
  solo.give(LCP, 1, 9, [option(1, 5, 0xdc), option(17, 1, 2), MAGIC, option(13, 6), option(99)]);
  const reject = only(solo);
  assert.equal([reject.code, reject.identifier], [4, 9]);
  assert.equal(reject.options, [option(17, 1, 2), option(13, 6), option(99)]);
});

test('an option that comes twice is rejected', () => {
  const { solo } = asking();
  solo.give(LCP, 1, 9, [MAGIC, MAGIC]);
  assert.equal(only(solo).code, 4);
});

test('a bad value gets a Nak with a better one, and options that are fine are left out', () => {
  const { solo } = asking();
  solo.give(LCP, 1, 9, [option(1, 0, 20), MAGIC]);
  const nak = only(solo);
  assert.is(nak.code, 3);
  assert.equal(nak.options, [option(1, 0, 128)]);
});

test('options of a wrong length get a Nak with the right one', () => {
  const { solo } = asking({ credentials: ['a', 'b'] });
  solo.give(LCP, 1, 9, [option(1, 5), option(2, 1), option(5, 1, 2), option(7, 1), option(8, 1), option(3, 0xc0)]);
  const nak = only(solo);
  assert.is(nak.code, 3);
  assert.equal(
    nak.options.map(({ type, data }) => [type, data.length]),
    [[1, 2], [2, 4], [5, 4], [7, 0], [8, 0], [3, 3]],
  );
});

test('after Max-Failure Naks a Nak becomes a Reject', () => {
  const { solo } = asking();
  const codes: number[] = [];
  for (let id = 0; id < 7; id++) {
    solo.give(LCP, 1, id, [option(1, 0, 20)]);
    codes.push(only(solo).code);
  }
  assert.equal(codes, [3, 3, 3, 3, 3, 4, 4]);
});

test('a list with an option of length 0, 1 or beyond the packet is silently discarded', () => {
  const { solo } = asking();
  for (const bad of ['0100', '0101', '010405dc0500', '0105dc', '01', 'ffff', '0506']) solo.give(LCP, 1, 9, hexOf(bad));
  assert.equal(solo.taken(), []);
  assert.is(solo.end.link.states()[0]?.counters.refused['options malformed'], 7);
});

test('a packet whose length field is below 4 or beyond the frame is silently discarded', () => {
  const { solo } = asking();
  for (const bad of ['c02101090000', 'c02101090003', 'c02101090005', 'c0210109ffff', 'c021', 'c02101', 'c021010900']) solo.frame(hexOf(bad));
  assert.equal(solo.taken(), []);
  assert.is(solo.end.link.refused.malformed, 7);
});

test('octets behind the length field are padding', () => {
  const { solo } = asking();
  solo.frame(hexOf('c0210109000401ffffffff'));
  assert.is(only(solo).code, 2);
});

test('an Ack whose identifier or options differ from our request is discarded', () => {
  const { solo, request } = asking();
  solo.give(LCP, 1, 9, [MAGIC]).taken();
  solo.give(LCP, 2, request.identifier + 1, request.data);
  solo.give(LCP, 2, request.identifier, [MAGIC]);
  solo.give(LCP, 2, request.identifier, request.data.slice(0, -1));
  assert.is(solo.end.link.phase, 'Establish');
  solo.give(LCP, 2, request.identifier, request.data);
  assert.is.not(solo.end.link.phase, 'Establish');
});

test('an Ack that comes twice does not close what it opened', () => {
  const { solo, request } = asking();
  solo.give(LCP, 1, 9, [MAGIC]);
  for (let i = 0; i < 5; i++) solo.give(LCP, 2, request.identifier, request.data);
  assert.is(solo.end.link.phase, 'Network');
});

test('a Reject of what we did not ask is discarded', () => {
  const { solo, request } = asking();
  solo.give(LCP, 4, request.identifier, [option(7)]);
  solo.give(LCP, 4, request.identifier, []);
  solo.give(LCP, 4, request.identifier, [option(5, 9, 9, 9, 9)]);
  assert.equal(solo.taken(), []);
});

test('a rejected option is not asked for again, under a new identifier', () => {
  const { solo, request } = asking();
  const mru = request.options.filter(({ type }) => type === 1);
  assert.is(mru.length, 1);
  solo.give(LCP, 4, request.identifier, mru);
  const next = only(solo);
  assert.is(next.code, 1);
  assert.is.not(next.identifier, request.identifier);
  assert.equal(
    next.options.map(({ type }) => type),
    [5],
  );
});

test('a retransmission keeps its identifier and content', () => {
  const { solo, request } = asking();
  solo.wait(3000);
  const again = only(solo);
  assert.equal([again.identifier, again.data], [request.identifier, request.data]);
});

test('a request after an answer has a new identifier, though its content is the same', () => {
  const { solo, request } = asking();
  solo.give(LCP, 2, request.identifier, request.data).wait(3000);
  const again = only(solo);
  assert.equal(again.data, request.data);
  assert.is.not(again.identifier, request.identifier);
});

test('a Nak that suggests what we did not ask changes nothing of our request', () => {
  const { solo, request } = asking();
  solo.give(LCP, 3, request.identifier, [option(3, 0xc0, 0x23), option(17, 1, 1), option(200)]);
  assert.equal(only(solo).options, request.options);
});

test('a smaller MRU suggested by the peer is taken, a larger one is not', () => {
  const { solo, request } = asking();
  solo.give(LCP, 3, request.identifier, [option(1, 4, 0)]);
  const smaller = only(solo);
  assert.equal(smaller.options[0], option(1, 4, 0));
  solo.give(LCP, 3, smaller.identifier, [option(1, 0x23, 0x28)]);
  const same = only(solo);
  assert.equal(same.options[0], option(1, 4, 0));
  solo.give(LCP, 3, same.identifier, [option(1, 0x23, 0x28)]);
  assert.is(only(solo).options.find(({ type }) => type === 1), undefined);
});

test('a peer that never stops suggesting is not followed for ever', () => {
  const { solo, request } = asking();
  let last = request;
  let rounds = 0;
  while (solo.end.ended === undefined && rounds < 1000) {
    rounds++;
    solo.give(LCP, 3, last.identifier, [option(5, rounds >> 8, rounds, 1, 1)]);
    const next = solo.taken().find(({ code }) => code === 1);
    if (next === undefined) solo.wait(3000);
    else last = next;
  }
  assert.ok(rounds < 20, `${rounds}`);
});

test('a peer that never agrees is answered a bounded number of times', () => {
  const { solo } = asking();
  let answers = 0;
  for (let id = 0; id < 1000; id++) {
    solo.give(LCP, 1, id & 255, [option(99, id & 255)]);
    answers += solo.taken().filter(({ code }) => code === 4).length;
  }
  assert.ok(answers <= 41, `${answers}`);
  solo.wait(10_000);
  assert.is(solo.end.ended, 'No agreement with the peer on LCP options after 40 exchanges.');
});

test('magic number zero and our own magic number get a Nak with another', () => {
  const { solo, request } = asking();
  const own = request.options.find(({ type }) => type === 5);
  if (own === undefined) throw new Error('no magic');
  for (const bad of [option(5, 0, 0, 0, 0), own]) {
    solo.give(LCP, 1, 9, [bad]);
    const nak = only(solo);
    assert.is(nak.code, 3);
    assert.is(nak.options[0]?.type, 5);
    assert.not.equal(nak.options[0], bad);
    assert.not.equal(nak.options[0]?.data, Uint8Array.of(0, 0, 0, 0));
  }
});

test('a rejected magic number is done without', () => {
  const { solo, request } = asking();
  solo.give(LCP, 4, request.identifier, request.options.filter(({ type }) => type === 5));
  const next = only(solo);
  assert.equal(next.options, request.options.filter(({ type }) => type !== 5));
});

test('an Echo-Request is answered with its identifier and data and our magic number, in Opened only', () => {
  const early = asking().solo;
  early.give(LCP, 9, 5, hexOf('01020304'));
  assert.equal(early.taken(), []);
  const solo = opened();
  solo.give(LCP, 9, 5, hexOf('01020304deadbeef'));
  const reply = only(solo);
  assert.equal([reply.code, reply.identifier], [10, 5]);
  assert.equal(reply.data.slice(4), hexOf('deadbeef'));
  assert.not.equal(reply.data.slice(0, 4), hexOf('01020304'));
});

test('an Echo-Request larger than the peer\'s MRU is answered within it', () => {
  const solo = opened({}, [option(1, 0, 200), MAGIC]);
  solo.give(LCP, 9, 5, new Uint8Array(1400).fill(7));
  assert.is(only(solo).data.length, 196);
});

test('Echo-Requests with our own magic number are a loop', () => {
  const solo = new Solo().wait(1000);
  const own = solo.taken()[0]?.options.find(({ type }) => type === 5)?.data ?? new Uint8Array(4);
  solo.openLcpAgain();
  for (let i = 0; i < 3; i++) solo.give(LCP, 9, i, own);
  solo.wait(10_000);
  assert.is(solo.end.ended, 'The line is looped back: we hear ourselves.');
});

test('an Echo-Request without room for a magic number is discarded', () => {
  const solo = opened();
  solo.give(LCP, 9, 5, hexOf('010203'));
  assert.equal(solo.taken(), []);
});

test('Discard-Request, Identification and Time-Remaining are dropped', () => {
  const solo = opened();
  for (const code of [11, 12, 13]) solo.give(LCP, code, 1, hexOf('0102030405060708'));
  assert.equal(solo.taken(), []);
  assert.is(solo.end.link.phase, 'Network');
});

test('an unknown code is rejected with the packet, cut to the peer\'s MRU', () => {
  const solo = opened({}, [option(1, 0, 200), MAGIC]);
  solo.give(LCP, 99, 5, new Uint8Array(1000).fill(7));
  const reject = only(solo);
  assert.is(reject.code, 7);
  assert.is(reject.data.length, 196);
  assert.equal(reject.data.slice(0, 2), Uint8Array.of(99, 5));
});

test('a Code-Reject of a Code-Reject is not answered and changes nothing', () => {
  const solo = opened();
  solo.give(LCP, 7, 1, encodePacket(7, 3, hexOf('63050004')));
  solo.give(LCP, 7, 1, new Uint8Array(0));
  assert.equal(solo.taken(), []);
  assert.is(solo.end.link.phase, 'Network');
});

test('a Code-Reject of Configure-Request ends the link', () => {
  const solo = opened();
  solo.give(LCP, 7, 1, encodePacket(1, 1, new Uint8Array(0))).wait(10_000);
  assert.is(solo.end.ended, 'The peer does not know code 1 of LCP.');
});

test('a Protocol-Reject of LCP ends the link', () => {
  const solo = opened();
  solo.give(LCP, 8, 1, hexOf('c021')).wait(10_000);
  assert.ok(solo.end.ended !== undefined);
});

test('a Protocol-Reject before LCP is open is discarded', () => {
  const { solo } = asking();
  solo.give(LCP, 8, 1, hexOf('c021'));
  solo.wait(3000);
  assert.is(only(solo).code, 1);
  assert.is(solo.end.ended, undefined);
});

test('a Protocol-Reject of IPCP stops IPCP and, nothing else being open, the link', () => {
  const solo = opened();
  solo.give(LCP, 8, 1, hexOf('802101010004')).wait(10_000);
  assert.is(solo.end.ended, 'The peer does not speak IPCP.');
});

test('a Protocol-Reject of something we never sent changes nothing', () => {
  const solo = opened();
  solo.give(LCP, 8, 1, hexOf('80fd')).give(LCP, 8, 2, hexOf('80')).give(LCP, 8, 3, new Uint8Array(0));
  assert.equal(solo.taken(), []);
  assert.is(solo.end.link.phase, 'Network');
});

test('unknown protocols get a Protocol-Reject with a new identifier each, cut to the peer\'s MRU', () => {
  const solo = opened({}, [option(1, 0, 200), MAGIC]);
  const identifiers = new Set<number>();
  for (const protocol of [0x80fd, 0xc227, 0x802b, 0xc023, 0xc223, 0xc025]) {
    solo.frame(encodeFrame(protocol, encodePacket(1, 1, new Uint8Array(600))));
    const reject = only(solo);
    assert.equal([reject.protocol, reject.code, (reject.data[0] ?? 0) * 256 + (reject.data[1] ?? 0)], [LCP, 8, protocol]);
    assert.is(reject.data.length, 196);
    identifiers.add(reject.identifier);
  }
  assert.is(identifiers.size, 6);
});

test('IP packets before IPCP is open are silently dropped', () => {
  const solo = opened();
  solo.frame(hexOf('002145000014')).frame(hexOf('005760000000'));
  assert.equal(solo.taken(), []);
  assert.is(solo.end.link.refused['protocol not open'], 2);
});

test('everything but LCP is dropped before LCP is open and after it is closed', () => {
  const { solo } = asking();
  for (const protocol of [IPCP, 0x8057, 0xc023, 0xc223, 0x0021, 0x80fd, 0xc025]) solo.frame(encodeFrame(protocol, encodePacket(1, 1, new Uint8Array(0))));
  assert.equal(solo.taken(), []);
  const closing = opened();
  closing.end.link.close('Over.', closing.now);
  closing.taken();
  for (const protocol of [IPCP, 0x8057, 0xc023, 0x80fd]) closing.frame(encodeFrame(protocol, encodePacket(1, 1, new Uint8Array(0))));
  assert.equal(closing.taken(), []);
});

test('a Terminate-Request is always acknowledged under its identifier, and the link ends one restart time later', () => {
  const solo = opened();
  solo.give(LCP, 5, 42, utf8('Good bye\u001b[31m'));
  const ack = only(solo);
  assert.equal([ack.code, ack.identifier], [6, 42]);
  solo.wait(2999);
  assert.is(solo.end.ended, undefined);
  solo.wait(1);
  assert.is(solo.end.ended, 'The peer closed LCP: "Good bye\\x1b[31m".');
});

test('LCP packets are answered in full form whatever was negotiated', () => {
  const solo = opened({ compression: 'ask' }, [MAGIC, option(7), option(8)]);
  solo.give(LCP, 9, 5, hexOf('01020304'));
  assert.equal(solo.end.sent[0]?.slice(0, 2), hexOf('c021'));
});

test('frames are taken with and without address, control and the protocol\'s leading zero', () => {
  const packet = encodePacket(9, 5, hexOf('01020304'));
  const solo = opened();
  for (const head of ['c021', 'ff03c021']) {
    solo.frame(Uint8Array.from([...hexOf(head), ...packet]));
    assert.is(only(solo).code, 10, head);
  }
  for (const head of ['21', 'ff0321', '0021', 'ff030021']) solo.frame(Uint8Array.from([...hexOf(head), 0x45, 0]));
  assert.is(solo.end.link.refused['protocol not open'], 4);
  for (const bad of ['', 'ff', 'ff03', '00', 'ff0300', 'c0', 'c020', '0020', 'ff03c020']) solo.frame(hexOf(bad));
  assert.equal(solo.taken().filter(({ code }) => code !== 8), []);
});

test('the peer\'s wish for authentication is rejected when we have no name', () => {
  const { solo } = asking();
  solo.give(LCP, 1, 9, [option(3, 0xc2, 0x23, 5), MAGIC]);
  assert.equal(only(solo).options, [option(3, 0xc2, 0x23, 5)]);
});

for (const [name, wish] of [
  ['PAP', option(3, 0xc0, 0x23)],
  ['CHAP with MD5', option(3, 0xc2, 0x23, 5)],
  ['MS-CHAPv2', option(3, 0xc2, 0x23, 0x81)],
] as const)
  test(`the peer's wish for ${name} is granted`, () => {
    const { solo } = asking({ credentials: ['a', 'b'] });
    solo.give(LCP, 1, 9, [wish]);
    assert.is(only(solo).code, 2);
  });

for (const [name, wish] of [
  ['EAP', option(3, 0xc2, 0x27)],
  ['MS-CHAPv1', option(3, 0xc2, 0x23, 0x80)],
  ['an unknown CHAP algorithm', option(3, 0xc2, 0x23, 6)],
] as const)
  test(`a peer that wants ${name} is offered CHAP with MD5`, () => {
    const { solo } = asking({ credentials: ['a', 'b'] });
    solo.give(LCP, 1, 9, [wish]);
    const nak = only(solo);
    assert.is(nak.code, 3);
    assert.equal(nak.options, [option(3, 0xc2, 0x23, 5)]);
  });

test('two authentication protocols at once are never agreed', () => {
  const { solo } = asking({ credentials: ['a', 'b'] });
  solo.give(LCP, 1, 9, [option(3, 0xc2, 0x23, 5), option(3, 0xc0, 0x23)]);
  const reject = only(solo);
  assert.is(reject.code, 4);
  assert.equal(reject.options, [option(3, 0xc0, 0x23)]);
});

test('EITHER offers CHAP, follows a Nak to MS-CHAPv2, goes over to PAP when that is refused, and then ends', () => {
  const { solo, request } = asking({ demand: ['CHAP-MD5', 'PAP'], accept: ['CHAP-MD5', 'MSCHAPv2', 'PAP'], users: {} });
  const wished = (seen: Seen) => seen.options.find(({ type }) => type === 3);
  assert.equal(wished(request), option(3, 0xc2, 0x23, 5));
  solo.give(LCP, 3, request.identifier, [option(3, 0xc2, 0x23, 0x81)]);
  const second = only(solo);
  assert.equal(wished(second), option(3, 0xc2, 0x23, 0x81));
  solo.give(LCP, 4, second.identifier, [option(3, 0xc2, 0x23, 0x81)]);
  const third = only(solo);
  assert.equal(wished(third), option(3, 0xc0, 0x23));
  solo.give(LCP, 4, third.identifier, [option(3, 0xc0, 0x23)]);
  assert.is(only(solo).code, 5);
  solo.wait(10_000);
  assert.is(solo.end.ended, 'The peer will not prove itself by CHAP-MD5 or MSCHAPv2 or PAP.');
});

test('CHAP does not follow a Nak to PAP', () => {
  const { solo, request } = asking({ demand: ['CHAP-MD5'], accept: ['CHAP-MD5', 'MSCHAPv2'], users: {} });
  solo.give(LCP, 3, request.identifier, [option(3, 0xc0, 0x23)]).wait(10_000);
  assert.is(solo.end.ended, 'The peer will not prove itself by CHAP-MD5.');
});

test('link quality reporting is agreed when ours is on and rejected when it is off', () => {
  const wish = option(4, 0xc0, 0x25, 0, 0, 3, 0xe8);
  const off = asking().solo;
  off.give(LCP, 1, 9, [wish]);
  assert.equal(only(off).options, [wish]);
  const on = asking({ quality: 6000 });
  assert.ok(on.request.options.some(({ type }) => type === 4));
  on.solo.give(LCP, 1, 9, [wish]);
  assert.is(only(on.solo).code, 2);
  on.solo.give(LCP, 1, 10, [option(4, 0xc0, 0x27, 1)]);
  assert.is(only(on.solo).code, 4);
});

test('the peer\'s report period is kept to the hundredth of a second', () => {
  const solo = new Solo({ quality: 6000 }).openLcp([option(4, 0xc0, 0x25, 0, 0, 3, 0xe8)]);
  solo.openIpcp();
  solo.taken();
  solo.wait(10_000);
  assert.equal(
    solo.end.sent.map((frame) => [frame[0], frame[1], frame.length]),
    [[0xc0, 0x25, 50]],
  );
});

test('a peer that asks for reports with a period of zero gets one for each of its own', () => {
  const solo = new Solo({ quality: 6000 }).openLcp([option(4, 0xc0, 0x25, 0, 0, 0, 0)]);
  solo.openIpcp();
  solo.end.sent.length = 0;
  solo.wait(60_000);
  assert.is(solo.end.sent.length, 0);
  for (let i = 1; i <= 3; i++) {
    solo.frame(encodeFrame(0xc025, new Uint8Array(48)));
    assert.is(solo.end.sent.length, i);
  }
});

test('a request that differs from the one acknowledged starts the negotiation again', () => {
  const solo = opened();
  solo.give(LCP, 1, 201, [option(5, 9, 9, 9, 9)]);
  assert.equal(
    solo.taken().map(({ protocol, code }) => [protocol, code]),
    [[LCP, 1], [LCP, 2]],
  );
  assert.is(solo.end.link.phase, 'Establish');
});

test('a request that the wire doubled is acknowledged again without a new negotiation, but a peer that insists gets one', () => {
  const solo = opened();
  for (let i = 0; i < 2; i++) {
    solo.give(LCP, 1, 200, [MAGIC]);
    assert.is(only(solo).code, 2);
    assert.is(solo.end.link.phase, 'Network');
  }
  solo.give(LCP, 1, 200, [MAGIC]);
  assert.is(solo.end.link.phase, 'Establish');
});

test('a thousand options of one kind are one Reject, not a thousand', () => {
  const { solo } = asking();
  solo.give(LCP, 1, 9, Array.from({ length: 300 }, () => option(99, 1, 2)));
  assert.is(only(solo).options.length, 300);
});

test('an async map is asked for on a line that wants one, grows by what the peer names, and is done without where it is rejected', () => {
  const solo = new Solo({ asyncMap: 0x000a0000, magic: false }).wait(1000);
  const request = only(solo);
  assert.equal(request.options, [option(1, 5, 180), option(2, 0, 0x0a, 0, 0)]);
  solo.give(LCP, 3, request.identifier, [option(2, 0, 0, 0, 6)]);
  const wider = only(solo);
  assert.equal(wider.options[1], option(2, 0, 0x0a, 0, 6));
  solo.give(LCP, 4, wider.identifier, [wider.options[1] ?? option(2)]);
  assert.equal(only(solo).options, [option(1, 5, 180)]);
});

test('the line is told what to escape when LCP opens: what the peer asked, else everything', () => {
  const asked = new Solo({ asyncMap: 0 }).wait(1000).openLcpAgain();
  assert.equal(asked.end.maps, [[0xffffffff, 0]]);
  asked.openLcp([option(2, 0, 0x0a, 0, 0)]);
  assert.equal(asked.end.maps.slice(1), [[0x000a0000, 0]]);
  const plain = new Solo({}).wait(1000).openLcpAgain();
  assert.equal(plain.end.maps, [[0xffffffff, 0xffffffff]]);
  const bad = new Solo({}).wait(1000);
  bad.taken();
  bad.give(LCP, 1, 1, [option(2, 0, 0)]);
  assert.equal(bad.taken().map(({ code, options }) => [code, options]), [[3, [option(2, 0, 0, 0, 0)]]]);
});

test.run();

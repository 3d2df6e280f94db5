// IPCP (RFC 1332, RFC 1877) and IPV6CP (RFC 5072), packet by packet; the peer is the test.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { option, Solo, address, type EndSettings, type Seen } from '../unit/ppp/wire.ts';

const IPCP = 0x8021;
const IPV6CP = 0x8057;
const OWN = address('192.168.10.1');

const quad = (text: string): number[] => text.split('.').map(Number);
const addressOption = (text: string) => option(3, ...quad(text));

/** A link in the network phase; `request` is its IPCP Configure-Request. */
function network(ip: EndSettings['ip'] = { local: OWN }): { solo: Solo; request: Seen } {
  const solo = new Solo(ip === undefined ? {} : { ip }).openLcp([option(5, 1, 2, 3, 4)]);
  const request = solo.taken().find(({ protocol, code }) => protocol === IPCP && code === 1);
  if (request === undefined) throw new Error('no IPCP request');
  return { solo, request };
}

function reply(solo: Solo, options: Parameters<Solo['give']>[3], protocol = IPCP): Seen {
  solo.give(protocol, 1, 50, options);
  const answer = solo.taken().find((seen) => seen.protocol === protocol && seen.identifier === 50 && seen.code !== 1);
  if (answer === undefined) throw new Error('silent');
  return answer;
}

test('IPCP announces the router\'s address, or no address at all', () => {
  assert.equal(network().request.options, [addressOption('192.168.10.1')]);
  assert.equal(network({}).request.options, []);
});

test('IPCP asks with 0.0.0.0, and for name servers', () => {
  assert.equal(network({ localMode: 'ask', wantDns: true }).request.options, [addressOption('0.0.0.0'), option(129, 0, 0, 0, 0), option(131, 0, 0, 0, 0)]);
});

test('a peer\'s own address is taken', () => {
  const { solo, request } = network();
  solo.give(IPCP, 2, request.identifier, request.data);
  assert.is(reply(solo, [addressOption('192.168.20.1')]).code, 2);
  assert.is(solo.end.up?.remote, address('192.168.20.1'));
});

test('a peer without address is taken', () => {
  const { solo, request } = network();
  solo.give(IPCP, 2, request.identifier, request.data);
  assert.is(reply(solo, []).code, 2);
  assert.is(solo.end.up?.remote, 0);
});

for (const bad of ['0.0.0.0', '255.255.255.255', '127.0.0.1', '127.255.255.254', '224.0.0.1', '240.0.0.1', '0.1.2.3', '192.168.10.1'])
  test(`a peer that calls itself ${bad} on a static link is told to do without`, () => {
    const answer = reply(network().solo, [addressOption(bad)]);
    assert.equal([answer.code, answer.options], [4, [addressOption(bad)]]);
  });

test('an address option of a wrong length is rejected where we have nothing better', () => {
  assert.is(reply(network().solo, [option(3, 1, 2, 3)]).code, 4);
});

test('a peer that we give an address gets a Nak with it, whether it asks, names another or none', () => {
  for (const wish of [[addressOption('0.0.0.0')], [addressOption('10.9.9.9')], [option(3, 1)], []]) {
    const answer = reply(network({ local: OWN, remote: address('10.1.1.7') }).solo, wish);
    assert.equal([answer.code, answer.options], [3, [addressOption('10.1.1.7')]]);
  }
  assert.is(reply(network({ local: OWN, remote: address('10.1.1.7') }).solo, [addressOption('10.1.1.7')]).code, 2);
});

test('a peer that never names the address it was given is taken without after Max-Failure Naks', () => {
  const { solo } = network({ local: OWN, remote: address('10.1.1.7') });
  const codes = Array.from({ length: 6 }, () => reply(solo, []).code);
  assert.equal(codes, [3, 3, 3, 3, 3, 2]);
});

test('a peer that asks for name servers gets them, and is told to do without those we have not', () => {
  const some = network({ local: OWN, dns: [address('10.0.0.53')] }).solo;
  const rejected = reply(some, [addressOption('10.2.2.2'), option(129, 0, 0, 0, 0), option(131, 0, 0, 0, 0)]);
  assert.equal([rejected.code, rejected.options], [4, [option(131, 0, 0, 0, 0)]]);
  const naked = reply(some, [addressOption('10.2.2.2'), option(129, 0, 0, 0, 0)]);
  assert.equal([naked.code, naked.options], [3, [option(129, ...quad('10.0.0.53'))]]);
  assert.is(reply(some, [addressOption('10.2.2.2'), option(129, ...quad('10.0.0.53'))]).code, 2);
});

test('NetBIOS name servers, header compression and the old address option are rejected', () => {
  const options = [option(1, 0, 0, 0, 0, 0, 0, 0, 0), option(2, 0, 0x2d, 15, 1), option(130, 0, 0, 0, 0), option(132, 0, 0, 0, 0)];
  const answer = reply(network().solo, options);
  assert.equal([answer.code, answer.options], [4, options]);
});

test('an address that the peer gives is taken in the mode that asks', () => {
  const { solo, request } = network({ localMode: 'ask', wantDns: true });
  solo.give(IPCP, 3, request.identifier, [addressOption('10.1.1.7'), option(129, ...quad('10.0.0.53')), option(131, 0, 0, 0, 0)]);
  const [next] = solo.taken();
  assert.equal(next?.options, [addressOption('10.1.1.7'), option(129, ...quad('10.0.0.53'))]);
  solo.give(IPCP, 2, next?.identifier ?? 0, next?.data ?? new Uint8Array(0));
  solo.give(IPCP, 1, 1, []);
  assert.equal(solo.end.up, { local: address('10.1.1.7'), remote: 0, dns: [address('10.0.0.53')] });
});

for (const bad of ['0.0.0.0', '255.255.255.255', '127.0.0.1', '230.0.0.1'])
  test(`an address like ${bad} given by the peer ends the link with the reason`, () => {
    const { solo, request } = network({ localMode: 'ask' });
    solo.give(IPCP, 3, request.identifier, [addressOption(bad)]).wait(20_000);
    assert.is(solo.end.ended, `The peer gives us the address ${bad}, which no interface can have.`);
  });

test('the peer\'s own address given to us ends the link with the reason', () => {
  const { solo, request } = network({ localMode: 'ask' });
  solo.give(IPCP, 1, 1, [addressOption('10.1.1.1')]);
  solo.give(IPCP, 3, request.identifier, [addressOption('10.1.1.1')]).wait(20_000);
  assert.is(solo.end.ended, 'The peer gives us the address 10.1.1.1, which no interface can have.');
});

test('an Ack of our question for an address is no address', () => {
  const { solo, request } = network({ localMode: 'ask' });
  solo.give(IPCP, 1, 1, [addressOption('10.1.1.1')]).give(IPCP, 2, request.identifier, request.data);
  assert.is(solo.end.up, undefined);
  solo.wait(20_000);
  assert.is(solo.end.ended, 'The peer gives us no address.');
});

test('a peer that rejects our fixed address is left without it', () => {
  const { solo, request } = network();
  solo.give(IPCP, 4, request.identifier, [addressOption('192.168.10.1')]);
  assert.equal(solo.taken()[0]?.options, []);
});

test('IP that is being carried ends when IPCP is negotiated anew, and comes back', () => {
  const { solo, request } = network();
  solo.give(IPCP, 2, request.identifier, request.data).give(IPCP, 1, 1, []);
  assert.is(solo.end.configured['ipv4'], true);
  solo.give(IPCP, 1, 2, [addressOption('10.1.1.1')]);
  assert.is(solo.end.configured['ipv4'], false);
  assert.is(solo.end.up, undefined);
  const again = solo.taken().find(({ code }) => code === 1);
  solo.give(IPCP, 2, again?.identifier ?? 0, again?.data ?? new Uint8Array(0));
  assert.is(solo.end.configured['ipv4'], true);
  assert.is(solo.end.up?.remote, address('10.1.1.1'));
});

test('a peer that closes IPCP closes the link', () => {
  const { solo, request } = network();
  solo.give(IPCP, 2, request.identifier, request.data).give(IPCP, 1, 1, []).give(IPCP, 5, 9, []);
  assert.is(solo.end.up, undefined);
  solo.wait(20_000);
  assert.is(solo.end.ended, 'The peer closed IPCP.');
});

// -- IPV6CP

const identifier = (...tail: number[]) => option(1, ...Array.from({ length: 8 - tail.length }, () => 0), ...tail);

test('IPV6CP is not begun, but answered', () => {
  const { solo } = network();
  solo.wait(5000);
  assert.not.ok(solo.taken().some(({ protocol }) => protocol === IPV6CP));
  solo.give(IPV6CP, 1, 50, [identifier(7)]);
  const sent = solo.taken().filter(({ protocol }) => protocol === IPV6CP);
  assert.equal(
    sent.map(({ code }) => code),
    [1, 2],
  );
  const [own] = sent[0]?.options ?? [];
  assert.equal([own?.type, own?.data.length, (own?.data[0] ?? 0) & 2], [1, 8, 0]);
  solo.give(IPV6CP, 2, sent[0]?.identifier ?? 0, sent[0]?.data ?? new Uint8Array(0));
  assert.ok(solo.end.ipv6);
  assert.is(solo.end.configured['ipv6'], true);
});

test('an interface identifier of zero, of a wrong length or equal to ours gets a Nak with another', () => {
  const { solo } = network();
  solo.give(IPV6CP, 1, 1, [identifier(7)]);
  const own = solo.taken().find(({ protocol, code }) => protocol === IPV6CP && code === 1)?.options[0];
  if (own === undefined) throw new Error('no identifier');
  for (const bad of [identifier(), own, option(1, 1, 2), option(1)]) {
    const answer = reply(solo, [bad], IPV6CP);
    assert.is(answer.code, 3);
    assert.is(answer.options[0]?.data.length, 8);
    assert.not.equal(answer.options[0], own);
    assert.not.equal(answer.options[0], identifier());
  }
});

test('an interface identifier of zero is rejected where we have none either', () => {
  const { solo } = network();
  solo.give(IPV6CP, 1, 1, [identifier(7)]);
  const own = solo.taken().find(({ protocol, code }) => protocol === IPV6CP && code === 1);
  solo.give(IPV6CP, 4, own?.identifier ?? 0, own?.options ?? []).taken();
  assert.is(reply(solo, [identifier()], IPV6CP).code, 4);
});

test('an identifier that the peer suggests is taken', () => {
  const { solo } = network();
  solo.give(IPV6CP, 1, 1, [identifier(7)]);
  const own = solo.taken().find(({ protocol, code }) => protocol === IPV6CP && code === 1);
  solo.give(IPV6CP, 3, own?.identifier ?? 0, [identifier(9)]);
  assert.equal(solo.taken().find(({ code }) => code === 1)?.options, [identifier(9)]);
});

test('header compression for IPv6 is rejected', () => {
  assert.is(reply(network().solo, [option(2, 0, 0x61)], IPV6CP).code, 4);
});

test('an IPV6CP that fails leaves IPCP and the link alone', () => {
  const { solo, request } = network();
  solo.give(IPCP, 2, request.identifier, request.data).give(IPCP, 1, 1, []);
  solo.give(IPV6CP, 1, 1, [identifier(7)]).wait(60_000);
  solo.give(IPV6CP, 5, 2, []).wait(60_000);
  solo.give(0xc021, 8, 1, Uint8Array.of(0x80, 0x57)).wait(60_000);
  assert.ok(solo.end.up !== undefined);
  assert.is(solo.end.ended, undefined);
});

test('a link with IPV6CP open lives on when IPCP ends', () => {
  const { solo } = network();
  solo.give(IPV6CP, 1, 1, [identifier(7)]);
  const own = solo.taken().find(({ protocol, code }) => protocol === IPV6CP && code === 1);
  solo.give(IPV6CP, 2, own?.identifier ?? 0, own?.data ?? new Uint8Array(0));
  assert.ok(solo.end.ipv6);
  solo.give(0xc021, 8, 1, Uint8Array.of(0x80, 0x21)).wait(60_000);
  assert.is(solo.end.ended, undefined);
  assert.ok(solo.end.ipv6);
});

test('a peer that must take our address and does not is put out though its IPV6CP is open', () => {
  const { solo, request } = network({ local: OWN, remote: address('10.1.1.7'), remoteMode: 'must' });
  solo.give(IPV6CP, 1, 1, [identifier(7)]);
  const own = solo.taken().find(({ protocol, code }) => protocol === IPV6CP && code === 1);
  solo.give(IPV6CP, 2, own?.identifier ?? 0, own?.data ?? new Uint8Array(0));
  assert.ok(solo.end.ipv6);
  solo.give(IPCP, 2, request.identifier, request.data.slice());
  for (let n = 0; n < 7; n++) solo.give(IPCP, 1, 100 + n, []);
  solo.wait(30_000);
  assert.is(solo.end.ended, 'The peer does not take the address that we give it.');
  assert.not.ok(solo.end.ipv6);
});

test('compression and encryption are declined by Protocol-Reject and nothing else', () => {
  const { solo, request } = network();
  solo.give(IPCP, 2, request.identifier, request.data).give(IPCP, 1, 1, []).taken();
  for (const protocol of [0x80fd, 0x8053]) {
    solo.give(protocol, 1, 1, [option(18, 1, 0, 0, 0x60)]);
    assert.equal(
      solo.taken().map((seen) => [seen.protocol, seen.code]),
      [[0xc021, 8]],
    );
  }
  assert.ok(solo.end.up !== undefined);
});

test.run();

// One attempt of a PPPoE client: which offer it takes, what it repeats, what it gives up for (RFC 2516 5, 8).

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { utf8 } from '../../../firmware/bytes/text.ts';
import { NEVER } from '../../../firmware/bytes/time.ts';
import { type Confirmed, Dialer } from '../../../firmware/call/pppoe.dialer.ts';
import { type Code, type Discovery, numberTag, type Tag, TAGS, textTag } from '../../../firmware/call/pppoe.frame.ts';
import { Redial } from '../../../firmware/call/pppoe.redial.ts';

const test = suite('PPPoE client');
const OWN = Uint8Array.of(2, 0, 0, 0, 0, 1);
const AC1 = Uint8Array.of(2, 0, 0, 0, 0, 0xa1);
const AC2 = Uint8Array.of(2, 0, 0, 0, 0, 0xa2);
const UNIQ = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

interface Bench {
  readonly dialer: Dialer;
  /** 'time code last octet of the destination' */
  readonly sent: string[];
  readonly tags: (readonly Tag[])[];
  readonly opened: Confirmed[];
  readonly failed: string[];
  /** 'last octet of the address, session' */
  readonly unwanted: string[];
  now: number;
  offer(from: Uint8Array, ...more: readonly Tag[]): void;
  confirm(from: Uint8Array, session: number, ...more: readonly Tag[]): void;
  run(span: number): void;
}

const packet = (code: Code, source: Uint8Array, session: number, tags: readonly Tag[]): Discovery => ({ destination: OWN, source, code, session, tags });
const uniq: Tag = { type: TAGS.hostUniq, value: UNIQ };

function bench(service = '', payload = 1492): Bench {
  const sent: string[] = [];
  const tags: (readonly Tag[])[] = [];
  const opened: Confirmed[] = [];
  const failed: string[] = [];
  const unwanted: string[] = [];
  const dialer = new Dialer(
    {
      send: (code, destination, carried) => {
        sent.push(`${one.now} ${code} ${(destination[5] ?? 0).toString(16)}`);
        tags.push(carried);
      },
      unwanted: (peer, session) => unwanted.push(`${(peer[5] ?? 0).toString(16)} ${session}`),
      opened: (confirmed) => opened.push(confirmed),
      failed: (reason) => failed.push(reason),
    },
    { service, uniq: UNIQ, payload },
  );
  const one: Bench = {
    dialer, sent, tags, opened, failed, unwanted,
    now: 0,
    offer: (from, ...more) => dialer.receive(packet('PADO', from, 0, [textTag(TAGS.acName, `ac${from[5]}`), textTag(TAGS.serviceName, service), uniq, ...more]), one.now),
    confirm: (from, session, ...more) => dialer.receive(packet('PADS', from, session, [textTag(TAGS.serviceName, service), uniq, ...more]), one.now),
    run: (span) => {
      const end = one.now + span;
      for (let due = dialer.deadline(); due <= end; due = dialer.deadline()) {
        one.now = due;
        dialer.tick(due);
      }
      one.now = end;
    },
  };
  dialer.start(0);
  return one;
}

test('a client broadcasts a PADI with its service and its own mark', () => {
  const { sent, tags } = bench('gold');
  assert.equal(sent, ['0 PADI ff']);
  assert.equal(tags, [[textTag(TAGS.serviceName, 'gold'), uniq]]);
});

test('the wait for an offer doubles; an attempt ends after five PADIs and 31 s', () => {
  const one = bench();
  one.run(100_000);
  assert.equal(one.sent.map((line) => line.split(' ')[0]), ['0', '1000', '3000', '7000', '15000']);
  assert.equal(one.failed, ['no access concentrator answers']);
  assert.is(one.dialer.deadline(), NEVER);
});

test('an offer is answered with a PADR that carries the cookie and the relay mark as they came', () => {
  const one = bench();
  const cookie: Tag = { type: TAGS.acCookie, value: utf8('cookie') };
  const relay: Tag = { type: TAGS.relaySessionId, value: utf8('relay') };
  one.offer(AC1, cookie, relay, { type: TAGS.vendorSpecific, value: utf8('vendor') });
  assert.equal(one.sent, ['0 PADI ff', '0 PADR a1']);
  assert.equal(one.tags[1], [textTag(TAGS.serviceName, ''), uniq, cookie, relay]);
  one.confirm(AC1, 77);
  assert.equal(one.opened, [{ peer: AC1, acName: 'ac161', session: 77, maxPayload: 1492 }]);
  assert.is(one.dialer.deadline(), NEVER);
});

test('the access concentrator that answers first is asked; one that answers later only when that refuses', () => {
  const one = bench();
  one.offer(AC1);
  one.offer(AC2);
  one.offer(AC2);
  assert.equal(one.sent.slice(1), ['0 PADR a1']);
  one.confirm(AC1, 0, textTag(TAGS.acSystemError, 'full'));
  assert.equal(one.sent.slice(1), ['0 PADR a1', '0 PADR a2']);
  one.confirm(AC2, 5);
  assert.is(one.opened[0]?.session, 5);
});

test('a PADR without answer is repeated four times, then the next offer is asked, then the attempt ends', () => {
  const one = bench();
  one.offer(AC1);
  one.offer(AC2);
  one.run(60_000);
  assert.equal(one.sent.slice(1), ['0 PADR a1', '1000 PADR a1', '3000 PADR a1', '7000 PADR a1', '15000 PADR a2', '16000 PADR a2', '18000 PADR a2', '22000 PADR a2']);
  assert.equal(one.failed, ['access concentrator ac162 did not confirm a session']);
});

test('a confirmation that comes when the next one is asked already is turned down', () => {
  const one = bench();
  one.offer(AC1);
  one.offer(AC2);
  one.run(16_000);
  one.confirm(AC1, 9);
  one.confirm(AC1, 0, textTag(TAGS.acSystemError, 'late'));
  one.confirm(Uint8Array.of(2, 0, 0, 0, 0, 0xa3), 10);
  assert.equal(one.unwanted, ['a1 9']);
  one.confirm(AC2, 11);
  assert.is(one.opened[0]?.session, 11);
});

test('an offer of another service is not taken', () => {
  const one = bench('gold');
  one.dialer.receive(packet('PADO', AC1, 0, [textTag(TAGS.acName, 'x'), textTag(TAGS.serviceName, 'silver'), uniq]), 0);
  assert.is(one.dialer.phase, 'PADI');
  one.dialer.receive(packet('PADO', AC1, 0, [textTag(TAGS.acName, 'x'), textTag(TAGS.serviceName, 'silver'), textTag(TAGS.serviceName, 'gold'), uniq]), 0);
  assert.is(one.dialer.phase, 'PADR');
  one.run(60_000);
  assert.match(one.failed[0] ?? '', 'did not confirm');
});

test('an attempt that finds no offer of its service names the service', () => {
  const one = bench('gold');
  one.run(60_000);
  assert.equal(one.failed, ['no access concentrator offers the service gold']);
});

test('answers with another mark, or none, are not ours', () => {
  const one = bench();
  const others: readonly Tag[][] = [[], [{ type: TAGS.hostUniq, value: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 9) }], [{ type: TAGS.hostUniq, value: UNIQ.subarray(0, 7) }]];
  for (const tags of others) one.dialer.receive(packet('PADO', AC1, 0, [textTag(TAGS.acName, 'x'), textTag(TAGS.serviceName, ''), ...tags]), 0);
  assert.is(one.dialer.phase, 'PADI');
  one.offer(AC1);
  for (const tags of others) one.dialer.receive(packet('PADS', AC1, 9, tags), 0);
  one.confirm(AC2, 9);
  assert.is(one.dialer.phase, 'PADR');
  assert.equal(one.opened, []);
});

test('a PADS that comes twice makes one session', () => {
  const one = bench();
  one.offer(AC1);
  one.confirm(AC1, 9);
  one.confirm(AC1, 9);
  assert.is(one.opened.length, 1);
});

for (const [what, session, tags, reason] of [
  ['without a service', 0, [textTag(TAGS.serviceNameError, '')], 'access concentrator ac161 does not have the service'],
  ['without room, and saying so', 0, [textTag(TAGS.acSystemError, 'all\u001b[2J taken')], 'access concentrator ac161 cannot give a session: all\\x1b[2J taken'],
  ['that reports an error beside a number', 4, [textTag(TAGS.genericError, 'no')], 'access concentrator ac161 reports an error: no'],
  ['without a number', 0, [], 'access concentrator ac161 confirmed a session without a valid number'],
  ['with the reserved number', 65535, [], 'access concentrator ac161 confirmed a session without a valid number'],
] as const) {
  test(`an access concentrator ${what} is given up for that reason`, () => {
    const one = bench();
    one.offer(AC1);
    one.confirm(AC1, session, ...tags);
    assert.equal(one.failed, [reason]);
    assert.equal(one.opened, []);
  });
}

test('more than 1492 octets are agreed only where port, offer and confirmation say so (RFC 4638)', () => {
  const agreed = (payload: number, offer: readonly Tag[], confirm: readonly Tag[]): number | undefined => {
    const one = bench('', payload);
    one.offer(AC1, ...offer);
    one.confirm(AC1, 9, ...confirm);
    return one.opened[0]?.maxPayload;
  };
  const big = [numberTag(TAGS.pppMaxPayload, 1500)];
  assert.is(agreed(1500, big, big), 1500);
  assert.is(agreed(1500, big, [numberTag(TAGS.pppMaxPayload, 1496)]), 1496);
  assert.is(agreed(1500, big, [numberTag(TAGS.pppMaxPayload, 9000)]), 1500);
  assert.is(agreed(1500, [], big), 1492);
  assert.is(agreed(1500, big, []), 1492);
  assert.is(agreed(1500, big, [numberTag(TAGS.pppMaxPayload, 100)]), 1492);
  assert.is(agreed(1400, [], []), 1400);
});

test('a client asks for more than 1492 octets only on a port that carries them', () => {
  assert.is(bench('', 1492).tags[0]?.some(({ type }) => type === TAGS.pppMaxPayload), false);
  assert.equal(bench('', 1500).tags[0]?.find(({ type }) => type === TAGS.pppMaxPayload), numberTag(TAGS.pppMaxPayload, 1500));
});

test('a flood of offers keeps no more than eight', () => {
  const one = bench();
  for (let i = 0; i < 1000; i++) one.offer(Uint8Array.of(2, 0, 0, 0, i >> 8, i & 255));
  one.run(1_000_000);
  assert.is(one.sent.filter((line) => line.includes('PADR')).length, 8 * 4);
});

test('redialling waits 1 s, twice as long after every failure, never more than 60 s; what worked starts it again', () => {
  const redial = new Redial();
  const waits = (chance: number): number[] => Array.from({ length: 9 }, () => redial.failed(chance, 0));
  assert.equal(waits(0), [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  redial.worked();
  assert.is(redial.failed(1, 100), 750);
  assert.is(redial.deadline(), 850);
  redial.stop();
  assert.is(redial.deadline(), NEVER);
});

test.run();

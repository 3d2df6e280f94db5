// A LAC's side of a caller (RFC 2661 4.4.5): what LCP agreed is told, the proof is held without judging it, and the link goes silent.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { hex } from '../../../firmware/bytes/hex.ts';
import { Secret } from '../../../firmware/bytes/secret.ts';
import { utf8 } from '../../../firmware/bytes/text.ts';
import type { Attempt, Verdict } from '../../../firmware/ppp/auth.ts';
import { encodePapRequest } from '../../../firmware/ppp/pap.ts';
import { Chain } from './chain.ts';
import { address, option, Solo, type EndSettings } from './wire.ts';

const LCP = 0xc021;
const PAP = 0xc023;
const CHAP = 0xc223;
const request = (name: string, password: string): Uint8Array => encodePapRequest({ name, password: new Secret(password) }) ?? utf8('');

/** A LAC whose verdict comes when the test gives it. */
function holding(settings: EndSettings): { solo: Solo; held: Attempt[] } {
  const held: Attempt[] = [];
  const solo = new Solo({ ...settings, hold: (attempt) => held.push(attempt) }).wait(1000);
  return { solo, held };
}

test('the history of LCP has the caller\'s first request and the two that opened LCP, each from its first option on', () => {
  const { solo } = holding({ demand: ['PAP'], magic: false });
  solo.give(LCP, 1, 5, [option(1, 5, 180), option(13, 6)]);
  assert.equal(solo.end.link.history(), { initialReceived: undefined, lastSent: undefined, lastReceived: undefined }, 'nothing before LCP is open');
  solo.give(LCP, 1, 6, [option(1, 5, 180), option(7)]);
  const ours = solo.taken().find(({ code }) => code === 1);
  solo.give(LCP, 2, ours?.identifier ?? 0, ours?.data.slice() ?? []);
  const { initialReceived, lastSent, lastReceived } = solo.end.link.history();
  assert.is(hex(initialReceived ?? utf8('')), '010405b40d0306');
  assert.is(hex(lastReceived ?? utf8('')), '010405b40702');
  assert.is(hex(lastSent ?? utf8('')), '010405b40304c023');
});

test('a request of our own that the caller had rejected is not in the history, the one he took is', () => {
  const { solo } = holding({ demand: ['PAP'], quality: 6000, magic: false });
  const first = solo.taken().find(({ code }) => code === 1);
  solo.give(LCP, 4, first?.identifier ?? 0, [option(4, 0xc0, 0x25, 0, 0, 0x17, 0x70)]);
  solo.openLcp([]);
  assert.is(hex(solo.end.link.history().lastSent ?? utf8('')), '010405b40304c023');
});

test('a proof is held as long as the LNS is called: repeated requests and responses are neither judged again nor answered', () => {
  const pap = holding({ demand: ['PAP'] });
  pap.solo.openLcpAgain();
  pap.solo.taken();
  for (let id = 1; id <= 8; id++) pap.solo.give(PAP, 1, id, request('bob@example', 'x')).wait(3000);
  assert.is(pap.held.length, 1);
  assert.equal(pap.held[0], { kind: 'pap', id: 1, name: 'bob@example', password: new Secret('x') });
  assert.equal(pap.solo.taken(), []);

  const chap = holding({ demand: ['CHAP-MD5'] });
  chap.solo.openLcpAgain();
  const challenge = chap.solo.taken().find(({ protocol }) => protocol === CHAP);
  const response = Uint8Array.from([16, ...new Uint8Array(16), ...utf8('bob')]);
  for (let n = 0; n < 8; n++) chap.solo.give(CHAP, 2, challenge?.identifier ?? 0, response).wait(3000);
  assert.equal(chap.held.map((one) => [one.kind, one.name, one.id]), [['chap', 'bob', challenge?.identifier]]);
  assert.equal(chap.solo.taken(), [], 'no further challenge either');
});

test('network packets and unknown protocols of a held caller are dropped without a word, and his echoes answered', () => {
  const { solo } = holding({ demand: ['PAP'] });
  solo.openLcpAgain();
  solo.give(PAP, 1, 1, request('bob', 'x'));
  solo.taken();
  for (const protocol of [0x8021, 0x8057, 0x80fd, 0x8235, 0xc227]) solo.give(protocol, 1, 1, [option(3, 0, 0, 0, 0)]);
  solo.frame(Uint8Array.from([0, 0x21, 0x45, 0, 0, 20]));
  assert.equal(solo.taken(), []);
  solo.give(LCP, 9, 77, Uint8Array.from([1, 2, 3, 4]));
  assert.equal(solo.taken().map(({ code, identifier }) => [code, identifier]), [[10, 77]]);
});

test('a link that was handed over is silent for good: no terminate, no hang-up, no end, no timer, no answer', () => {
  for (const when of ['negotiating', 'held', 'network']) {
    const settings: EndSettings = { demand: when === 'network' ? [] : ['PAP'], link: { echo: 10_000 } };
    const { solo, held } = holding(settings);
    if (when !== 'negotiating') solo.openLcpAgain();
    if (when === 'held') solo.give(PAP, 1, 1, request('bob', 'x'));
    if (when === 'network') solo.openIpcp([option(3, 10, 0, 0, 9)]);
    assert.is(held.length, when === 'held' ? 1 : 0);
    assert.is(solo.end.up !== undefined, when === 'network');
    solo.taken();
    solo.end.link.handOver(solo.now);
    assert.is(solo.end.link.deadline(), Number.POSITIVE_INFINITY, when);
    assert.is(solo.end.up, undefined, 'IP went down here');
    solo.give(LCP, 9, 1, Uint8Array.from([0, 0, 0, 0])).give(PAP, 1, 2, request('bob', 'x')).give(LCP, 5, 3).wait(600_000);
    solo.end.link.close('Too late.', solo.now);
    assert.equal([solo.taken(), solo.end.ended, solo.end.hungUp], [[], undefined, undefined], when);
  }
});

test('a verdict that comes after the link was handed over sends nothing', () => {
  let answer: ((verdict: Verdict, now: number) => void) | undefined;
  const solo = new Solo({ gate: (go) => (answer = go) }).wait(1000);
  solo.openLcpAgain();
  solo.end.link.handOver(solo.now);
  solo.taken();
  answer?.({ accepted: true }, solo.now);
  answer?.({ accepted: false, reason: 'No.' }, solo.now);
  assert.equal([solo.taken(), solo.end.link.phase], [[], 'Dead']);
});

test('a caller that had to prove nothing waits for leave before the network phase, and enters with what the leave says', () => {
  let answer: ((verdict: Verdict, now: number) => void) | undefined;
  let asked = 0;
  const solo = new Solo({ gate: (go) => ((answer = go), asked++) }).wait(1000);
  solo.openLcpAgain();
  solo.give(0x8021, 1, 1, [option(3, 0, 0, 0, 0)]).wait(20_000);
  assert.equal([asked, solo.taken().length, solo.end.link.phase], [1, 0, 'Authenticate']);
  answer?.({ accepted: true, sessionTimeout: 5 }, solo.now);
  assert.equal(solo.end.verdict, { accepted: true, sessionTimeout: 5 });
  assert.equal(solo.taken().map(({ protocol, code }) => [protocol, code]), [[0x8021, 1]]);
  answer?.({ accepted: false, reason: 'Twice.' }, solo.now);
  assert.is(solo.end.link.phase, 'Network', 'the first answer counts');
});

test('a caller without leave is put out with the reason, and so is one about whom nobody answers for a minute', () => {
  const refused = new Solo({ gate: (go, now) => go({ accepted: false, reason: 'No LNS answers.' }, now) }).wait(1000);
  refused.openLcpAgain();
  refused.wait(10_000);
  assert.is(refused.end.ended, 'No LNS answers.');
  const silent = new Solo({ gate: () => {} }).wait(1000);
  silent.openLcpAgain();
  silent.wait(61_000);
  assert.is(silent.end.link.phase, 'Terminate');
});

test('a caller that had to prove himself is not asked about a second time', () => {
  let asked = 0;
  const solo = new Solo({ demand: ['PAP'], users: { bob: 'x' }, gate: () => asked++ }).wait(1000);
  solo.openLcpAgain();
  solo.give(PAP, 1, 1, request('bob', 'x'));
  assert.equal([asked, solo.end.link.phase], [0, 'Network']);
});

test('a held caller who negotiates LCP anew is asked again, and the answer to the first question changes nothing', () => {
  const answers: ((verdict: Verdict, now: number) => void)[] = [];
  const solo = new Solo({ gate: (go) => answers.push(go) }).wait(1000);
  solo.openLcpAgain();
  solo.openLcp([option(1, 5, 120)]);
  assert.is(answers.length, 2);
  answers[0]?.({ accepted: true }, solo.now);
  assert.is(solo.end.link.phase, 'Authenticate');
  assert.is(hex(solo.end.link.history().lastReceived ?? utf8('')), '01040578');
  answers[1]?.({ accepted: true }, solo.now);
  assert.is(solo.end.link.phase, 'Network');
});

for (const method of ['PAP', 'CHAP-MD5', 'MSCHAPv2', undefined] as const) {
  test(`a caller with ${method ?? 'no authentication'} goes from the LAC to the LNS without noticing`, () => {
    const demand = method === undefined ? [] : [method];
    const chain = new Chain({
      caller: { credentials: ['bob', 'secret'], ip: { localMode: 'ask' } },
      lac: { demand },
      lns: { demand, users: { bob: 'secret' }, ip: { local: address('10.0.0.1'), remote: address('10.0.0.9') } },
      calls: 4000,
    }).start();
    assert.ok(chain.run(20_000, () => chain.bothUp()), chain.lns?.lines.join('\n'));
    assert.is(chain.caller.ups, 1);
    assert.is(chain.caller.lines.filter((line) => line.includes('LCP Ack-Rcvd RCR+ Opened') || line.includes('LCP Ack-Sent RCA Opened')).length, 1, 'LCP opened once');
    assert.match(chain.lns?.decided[0] ?? '', /^LCP is taken over from the LAC/);
    assert.is(chain.lns?.link.peerName, method === undefined ? '' : 'bob');
    assert.equal([chain.lac.hungUp, chain.lac.ended], [undefined, undefined]);
  });
}

test.run();

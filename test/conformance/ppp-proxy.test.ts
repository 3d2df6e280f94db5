// Proxy LCP and authentication at an LNS (RFC 2661 4.4.5): taken over where they satisfy the interface, else LCP from the beginning.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { libraryCrypto } from '../../board/linux/crypto.ts';
import { fromHex } from '../../firmware/bytes/hex.ts';
import { fromUtf8, utf8 } from '../../firmware/bytes/text.ts';
import { chapResponse } from '../../firmware/ppp/chap-md5.ts';
import type { ProxyCall } from '../../firmware/ppp/proxy.ts';
import { mutator } from '../fuzz/mutate.ts';
import { Chain, proxyOf } from '../unit/ppp/chain.ts';
import { address, option, Pair, seeded, Solo, type End, type EndSettings } from '../unit/ppp/wire.ts';

const LCP = 0xc021;
const PAP = 0xc023;
const CHAP = 0xc223;
const CHALLENGE = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
const octets = (text: string): Uint8Array => fromHex(text.replaceAll(' ', '')) ?? new Uint8Array(0);

const MRU = '0104 05b4';
const AUTH = { pap: '0304 c023', md5: '0305 c223 05', v1: '0305 c223 80', v2: '0305 c223 81' };
const MAGIC = '0506 11223344';

function proxy(change: Partial<Record<'sent' | 'received', string>> & Partial<ProxyCall> = {}): ProxyCall {
  const { sent = `${MRU} ${AUTH.pap} ${MAGIC}`, received = '0506 55667788 0702 0802', ...more } = change;
  return {
    initialReceived: undefined, lastSent: octets(sent), lastReceived: octets(received),
    authenType: 3, authenName: utf8('bob'), authenChallenge: undefined, authenId: 9, authenResponse: utf8('secret'), ...more,
  };
}
const chapProxy = (change: Parameters<typeof proxy>[0] = {}): ProxyCall =>
  proxy({
    sent: `${MRU} ${AUTH.md5} ${MAGIC}`, authenType: 2, authenChallenge: CHALLENGE,
    authenResponse: chapResponse(libraryCrypto, 9, utf8('secret'), CHALLENGE), ...change,
  });

const EITHER: EndSettings = { demand: ['CHAP-MD5', 'PAP'], accept: ['CHAP-MD5', 'MSCHAPv2', 'PAP'], users: { bob: 'secret' } };
const CHAP_ONLY: EndSettings = { ...EITHER, demand: ['CHAP-MD5'], accept: ['CHAP-MD5', 'MSCHAPv2'] };
const PAP_ONLY: EndSettings = { ...EITHER, demand: ['PAP'], accept: ['PAP'] };
const NOTHING: EndSettings = {};
const none = (change: Parameters<typeof proxy>[0] = {}): ProxyCall =>
  proxy({ sent: `${MRU} ${MAGIC}`, authenType: 4, authenName: undefined, authenId: undefined, authenResponse: undefined, ...change });

const taken: Readonly<Record<string, readonly [EndSettings, ProxyCall]>> = {
  'PAP under EITHER': [EITHER, proxy()],
  'PAP under PAP': [PAP_ONLY, proxy()],
  'CHAP under EITHER': [EITHER, chapProxy()],
  'CHAP under CHAP': [CHAP_ONLY, chapProxy()],
  'no authentication under NONE': [NOTHING, none()],
  'no authentication under NONE and no word of it': [NOTHING, none({ authenType: undefined })],
  'an MRU smaller than ours': [EITHER, proxy({ sent: `0104 0400 ${AUTH.pap}` })],
  'no magic number, and asynchronous options': [EITHER, proxy({ sent: `${MRU} ${AUTH.pap} 0206 000a0000`, received: '0206 00000000 0702' })],
  'no options of the caller': [EITHER, proxy({ received: '' })],
  'a caller with an MRU of 1400': [EITHER, proxy({ received: '0104 0578 0506 55667788' })],
};
for (const [what, [settings, passed]] of Object.entries(taken)) {
  test(`${what} is taken over: no LCP packet goes to the caller, who is only told that he is in`, () => {
    const solo = new Solo({ ...settings, proxy: passed });
    const sent = solo.taken();
    assert.is(sent.filter(({ protocol }) => protocol === LCP).length, 0, solo.end.decided.join());
    assert.is(solo.end.link.phase, 'Network');
    assert.equal(sent.map(({ protocol, code, identifier }) => [protocol, code, protocol === 0x8021 ? 0 : identifier]), [
      ...(passed.authenType === 3 ? [[PAP, 2, 9]] : passed.authenType === 2 ? [[CHAP, 3, 9]] : []),
      [0x8021, 1, 0],
    ]);
    assert.match(solo.end.decided.join(), /^LCP is taken over from the LAC, authentication by [^.]*$/);
    assert.not.match([...solo.end.decided, ...solo.end.lines].join(), /secret/);
  });
}

const anew: Readonly<Record<string, readonly [EndSettings, ProxyCall, RegExp]>> = {
  'PAP under CHAP': [CHAP_ONLY, proxy(), /asked for PAP, which AUTHENTICATION does not permit/],
  'PAP under NONE': [NOTHING, proxy(), /asked for PAP/],
  'no authentication under PAP': [PAP_ONLY, none(), /asked for no authentication, we ask for PAP/],
  'MS-CHAPv1': [EITHER, chapProxy({ sent: `${MRU} ${AUTH.v1}`, authenType: 5 }), /option 3/],
  'a text dialogue': [EITHER, proxy({ authenType: 1 }), /authentication type 1 is not PAP/],
  'a type that LCP did not agree': [EITHER, proxy({ sent: `${MRU} ${AUTH.md5}` }), /authentication type 3 is not CHAP-MD5/],
  'no type': [EITHER, proxy({ authenType: undefined }), /is missing/],
  'PAP without an identifier': [EITHER, proxy({ authenId: undefined }), /identifier or response of PAP is missing/],
  'PAP without a password': [EITHER, proxy({ authenResponse: undefined }), /missing/],
  'PAP without a name': [EITHER, proxy({ authenName: undefined }), /missing/],
  'CHAP without a challenge': [EITHER, chapProxy({ authenChallenge: undefined }), /challenge of CHAP-MD5 is missing/],
  'a CHAP response of 15 octets': [EITHER, chapProxy({ authenResponse: new Uint8Array(15) }), /response has 15 octets/],
  'an MS-CHAPv2 challenge of 8 octets': [EITHER, chapProxy({ sent: `${MRU} ${AUTH.v2}`, authenResponse: new Uint8Array(49), authenChallenge: new Uint8Array(8) }), /response has 49/],
  'an MRU that does not fit the path': [EITHER, proxy({ sent: `0104 05d4 ${AUTH.pap}` }), /MRU of 1492 does not fit 1460/],
  'no MRU on a path of 1460': [EITHER, proxy({ sent: AUTH.pap }), /MRU of 1500 does not fit 1460/],
  'an MRU of nothing': [EITHER, proxy({ sent: `0104 0010 ${AUTH.pap}` }), /option 1/],
  'multilink towards the caller': [EITHER, proxy({ sent: `${MRU} ${AUTH.pap} 1104 05dc` }), /asked for option 17/],
  'multilink of the caller': [EITHER, proxy({ received: '1104 05dc' }), /granted option 17/],
  'callback of the caller': [EITHER, proxy({ received: '0d03 06' }), /granted option 13/],
  'a caller who was promised that we prove ourselves': [{ ...EITHER, credentials: ['us', 'x'] }, proxy({ received: AUTH.pap }), /granted option 3/],
  'quality reports while LQR is off': [EITHER, proxy({ sent: `${MRU} ${AUTH.pap} 0408 c025 00000064` }), /asked for option 4/],
  'an option twice': [EITHER, proxy({ sent: `${MRU} ${MRU} ${AUTH.pap}` }), /option 1 twice/],
  'an option of the caller twice': [EITHER, proxy({ received: '0702 0702' }), /option 7 twice/],
  'the same magic number at both ends': [EITHER, proxy({ received: MAGIC }), /option 5/],
  'a list that is cut': [EITHER, proxy({ sent: `${MRU} 0304 c0` }), /malformed/],
  'an option of length 0': [EITHER, proxy({ received: '0500 00' }), /malformed/],
  'no last sent request': [EITHER, proxy({ lastSent: undefined }), /sent is missing/],
  'no last received request': [EITHER, proxy({ lastReceived: undefined }), /received is missing/],
};
for (const [what, [settings, passed, why]] of Object.entries(anew)) {
  test(`${what} is not taken over: LCP begins at once with the caller, and the reason is told`, () => {
    const solo = new Solo({ ...settings, proxy: passed });
    assert.equal(solo.taken().map(({ protocol, code }) => [protocol, code]), [[LCP, 1]]);
    assert.is(solo.end.attempts.length, 0, 'nothing is judged');
    assert.is(solo.end.decided.length, 1);
    assert.match(solo.end.decided.join(), /^LCP begins anew with the caller, for what the LAC passed on does not do: /);
    assert.match(solo.end.decided.join(), why);
    assert.not.match(solo.end.decided.join(), /secret/);
  });
}

test('a proxy that says nothing of LCP is like none: the caller may speak first', () => {
  const solo = new Solo({ ...EITHER, proxy: proxy({ lastSent: undefined, lastReceived: undefined }) });
  assert.equal([solo.taken(), solo.end.decided], [[], []]);
  solo.wait(1000);
  assert.is(solo.taken().length, 1);
});

test('what was agreed with the LAC holds: field compression, MTU, magic numbers', () => {
  const solo = new Solo({ ...EITHER, proxy: proxy({ sent: `0104 0500 ${AUTH.pap} ${MAGIC} 0702`, received: '0104 0578 0506 55667788 0802' }) });
  const { lcp } = solo.end.link;
  assert.equal(
    [lcp.ourMru, lcp.theirMru, lcp.ourMagic, lcp.theirMagic, lcp.sendAcfc, lcp.sendPfc, lcp.receiveAcfc, lcp.receivePfc, lcp.theyProve],
    [1280, 1400, 0x11223344, 0x55667788, true, false, false, true, 'PAP'],
  );
  assert.equal([solo.end.mtu, solo.end.configured['mss'], solo.end.configured['acfc'], solo.end.configured['pfc']], [1400, 1360, true, false]);
  solo.taken();
  solo.give(LCP, 9, 3, Uint8Array.from([0x55, 0x66, 0x77, 0x88, 1]));
  assert.equal([...(solo.taken()[0]?.data ?? [])], [0x11, 0x22, 0x33, 0x44, 1]);
});

test('async maps that the LAC agreed with the caller are told to the line', () => {
  const solo = new Solo({ ...EITHER, proxy: proxy({ sent: `${MRU} ${AUTH.pap} 0206 000a0000`, received: '0206 00000000' }) });
  assert.equal(solo.end.maps, [[0, 0x000a0000]]);
});

test('quality reports that the LAC agreed with the caller are sent and expected', () => {
  const solo = new Solo({ ...EITHER, quality: 6000, proxy: proxy({ sent: `${MRU} ${AUTH.pap} 0408 c025 00001770`, received: '0408 c025 00000064' }) });
  assert.equal([solo.end.link.lcp.theyReport, solo.end.link.lcp.weReport], [6000, 100]);
  solo.end.sent.length = 0;
  solo.wait(5000);
  assert.ok(solo.end.sent.some((frame) => frame[0] === 0xc0 && frame[1] === 0x25), 'a report within five seconds');
});

for (const [what, passed, answer] of [['PAP', proxy({ authenResponse: utf8('wrong') }), [PAP, 3, 9]], ['CHAP', chapProxy({ authenId: 8 }), [CHAP, 4, 8]]] as const) {
  test(`a wrong ${what} proof from a LAC is refused to the caller under its identifier, and the link ends like any other`, () => {
    const solo = new Solo({ ...EITHER, proxy: passed });
    assert.equal(solo.taken().map(({ protocol, code, identifier }) => [protocol, code, identifier]).slice(0, 1), [answer]);
    solo.wait(10_000);
    assert.is(solo.end.ended, 'Wrong password for user bob.');
    assert.is(solo.end.link.phase, 'Dead');
  });
}

test('MS-CHAPv2 through a LAC is proved to the caller under the identifier of his response', () => {
  const chain = new Chain({ caller: { credentials: ['bob', 'secret'] }, lac: { ...EITHER, demand: ['MSCHAPv2'] }, lns: EITHER }).start();
  assert.ok(chain.run(20_000, () => chain.bothUp()));
  assert.is(chain.lns?.link.lcp.theyProve, 'MSCHAPv2');
  assert.is(chain.proxy?.authenResponse?.length, 49);
});

test('a caller who did not hear that he is in asks again and hears the same', () => {
  const pap = new Solo({ ...EITHER, proxy: proxy() });
  pap.taken();
  pap.give(PAP, 1, 10, Uint8Array.from([3, ...utf8('bob'), 6, ...utf8('secret')]));
  assert.equal(pap.taken().map(({ protocol, code, identifier }) => [protocol, code, identifier]), [[PAP, 2, 10]]);
  const chap = new Solo({ ...EITHER, proxy: chapProxy() });
  const first = chap.taken().find(({ protocol }) => protocol === CHAP);
  chap.give(CHAP, 2, 9, Uint8Array.from([16, ...(chapProxy().authenResponse ?? []), ...utf8('bob')]));
  const again = chap.taken();
  assert.equal(again.map(({ protocol, code, identifier }) => [protocol, code, identifier]), [[CHAP, 3, 9]]);
  assert.is(fromUtf8(again[0]?.data ?? utf8('')), fromUtf8(first?.data ?? utf8('x')));
  assert.is(chap.end.attempts.length, 1, 'judged once');
});

test('a verdict about a LAC\'s proof may take its time, and the caller\'s repetitions are not judged again', () => {
  const solo = new Solo({ ...EITHER, slow: 8000, proxy: chapProxy() });
  const response = Uint8Array.from([16, ...(chapProxy().authenResponse ?? []), ...utf8('bob')]);
  for (let n = 0; n < 3; n++) solo.wait(2500).give(CHAP, 2, 9, response);
  assert.equal([solo.taken().length, solo.end.attempts.length], [0, 1]);
  solo.wait(1000);
  assert.equal(solo.taken().map(({ protocol, code }) => [protocol, code]), [[CHAP, 3], [0x8021, 1]]);
});

test('a further challenge has another identifier and value than the LAC\'s', () => {
  const solo = new Solo({ ...EITHER, proxy: chapProxy(), link: { rechallenge: 60_000 } });
  solo.openIpcp([option(3, 10, 0, 0, 9)]);
  solo.taken();
  solo.wait(60_000);
  const challenge = solo.taken().find(({ protocol, code }) => protocol === CHAP && code === 1);
  assert.is(challenge?.identifier, 10);
  assert.is.not(String(challenge?.data.slice(1, 17)), String(CHALLENGE));
});

test('the caller\'s request that the LAC acknowledged is acknowledged again under any identifier; another one starts LCP anew', () => {
  const solo = new Solo({ ...EITHER, proxy: proxy() });
  solo.taken();
  const same = octets('0506 55667788 0702 0802');
  solo.give(LCP, 1, 3, same);
  assert.equal(solo.taken().map(({ protocol, code, identifier }) => [protocol, code, identifier]), [[LCP, 2, 3]]);
  assert.is(solo.end.link.phase, 'Network');
  solo.give(LCP, 1, 4, octets('0506 55667788'));
  assert.equal(solo.taken().filter(({ protocol }) => protocol === LCP).map(({ code }) => code), [1, 2]);
  assert.is(solo.end.link.phase, 'Establish');
});

test('a caller that renegotiates with the LNS proves himself anew', () => {
  const solo = new Solo({ ...EITHER, proxy: proxy() });
  solo.taken();
  solo.openLcp([option(1, 5, 120)]);
  assert.is(solo.end.link.phase, 'Authenticate');
  assert.is(solo.end.link.peerName, '');
  assert.equal(solo.taken().map(({ protocol, code }) => [protocol, code]), [[CHAP, 1]]);
});

/** What a link is, but for what chance or the path to it gave. */
function standing(end: End | undefined): unknown {
  if (end === undefined) return undefined;
  const { ourMagic, theirMagic, ...lcp } = end.link.lcp;
  const states = end.link.states().map(({ name, state }) => `${name} ${state}`);
  return [lcp, ourMagic !== 0, theirMagic !== 0, states, end.up, end.mtu, end.link.phase, end.link.peerName, end.configured, end.verdict?.accepted];
}

test('whatever a LAC agreed, the LNS and the caller end where they would have ended without a LAC, over good wires and bad', () => {
  let over = 0;
  let begun = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const random = seeded(seed);
    const pick = <T>(...list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
    const auth = pick(EITHER, CHAP_ONLY, PAP_ONLY, { ...EITHER, demand: ['MSCHAPv2'] as const, accept: ['MSCHAPv2'] as const }, NOTHING);
    const quality = pick(0, 6000);
    const common = { magic: pick(true, false), quality };
    const lns: EndSettings = { ...auth, ...common, mtu: 1460, ip: { local: address('10.0.0.1'), remote: address('10.0.0.9') } };
    const lac: EndSettings = { ...pick(auth, EITHER, NOTHING), ...common, quality: pick(quality, 0, 6000), mtu: pick(1460, 1460, 1400, 1492), compression: 'agree' };
    const caller: EndSettings = { credentials: ['bob', 'secret'], magic: pick(true, false), compression: pick('ask', 'agree'), mtu: pick(1460, 1280, 1500), quality: pick(0, quality), ip: { localMode: 'ask' } };
    const wire = { seed, ...pick({}, { loss: 0.15, delay: 20, jitter: 60 }, { loss: 0.05 }) };
    const chain = new Chain({ caller, lac, lns, wire, calls: pick(0, 300, 5000) }).start();
    const direct = new Pair(caller, lns, { seed }).start();
    assert.ok(direct.run(60_000, () => direct.bothUp()), `seed ${seed}: direct`);
    assert.ok(chain.run(180_000, () => chain.bothUp()), `seed ${seed}: by a LAC ${chain.lns?.decided.join()}`);
    const decided = chain.lns?.decided.join() ?? '';
    if (decided.includes('taken over')) over++;
    else begun++;
    // A LAC may have agreed on less than the caller would have granted us; all else is the same.
    const less = decided.includes('taken over') && (lac.mtu === 1400 || lac.quality !== quality || lac.demand?.[0] !== lns.demand?.[0]);
    if (!less) assert.equal(standing(chain.lns), standing(direct.b), `seed ${seed}: ${decided}`);
    assert.equal([chain.caller.up, chain.lns?.link.peerName], [direct.a.up, direct.b.link.peerName], `seed ${seed}`);
  }
  assert.ok(over > 40 && begun > 20, `${over} taken over, ${begun} begun anew`);
});

test('damaged words of a LAC never throw, judge nothing that was not said, and leave a link that a caller can open', () => {
  const random = seeded(99);
  const start = [proxy(), chapProxy(), none()];
  const damage = (b: Uint8Array | undefined): Uint8Array | undefined => {
    if (b === undefined || random.next() < 0.5) return b;
    const next = mutator(Math.floor(random.next() * 2 ** 32), [b]);
    return next().slice(0, 1024);
  };
  for (let n = 0; n < 600; n++) {
    const base = start[n % 3] ?? proxy();
      const passed: ProxyCall = {
      ...base, lastSent: damage(base.lastSent), lastReceived: damage(base.lastReceived), authenName: damage(base.authenName),
      authenChallenge: damage(base.authenChallenge), authenResponse: damage(base.authenResponse), authenType: random.next() < 0.1 ? Math.floor(random.next() * 65536) : base.authenType,
      authenId: random.next() < 0.1 ? Math.floor(random.next() * 65536) : base.authenId,
    };
    const solo = new Solo({ ...(n % 3 === 2 ? NOTHING : EITHER), proxy: passed }, n + 1);
    for (const { protocol, code } of solo.taken()) assert.ok(protocol === LCP || protocol === PAP || protocol === CHAP || protocol === 0x8021, `${protocol} ${code}`);
    assert.ok(solo.end.attempts.length <= 1);
    if (solo.end.link.phase !== 'Establish') continue;
    solo.openLcpAgain();
    assert.is.not(solo.end.link.phase, 'Establish', solo.end.decided.join());
  }
});

test('options that a LAC passes and that we tell as a LAC are the same octets', () => {
  const chain = new Chain({ caller: { credentials: ['bob', 'secret'] }, lac: EITHER, lns: EITHER }).start();
  assert.ok(chain.run(20_000, () => chain.bothUp()));
  const { lastSent, lastReceived } = chain.lns?.link.history() ?? {};
  assert.equal([lastSent, lastReceived], [chain.proxy?.lastSent, chain.proxy?.lastReceived]);
  assert.equal(proxyOf(chain.lns?.link.history() ?? { initialReceived: undefined, lastSent, lastReceived }, chain.lns?.attempts[0]).authenType, 2);
});

test.run();

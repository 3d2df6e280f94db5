// What a LAC tells of a caller, in octets written out by hand from RFC 2661 4.1, 4.4.3 to 4.4.6, and what an LNS makes of them.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, hex } from '../../../firmware/bytes/hex.ts';
import { utf8 } from '../../../firmware/bytes/text.ts';
import type { Candidate } from '../../../firmware/l2tp/candidates.ts';
import { encodeMessage } from '../../../firmware/l2tp/control.ts';
import type { Forward, ProxyInfo } from '../../../firmware/l2tp/link.ts';
import { announce, connect } from '../../../firmware/l2tp/proxy.ts';
import { LNS, bench, caller } from './forward.rig.ts';
import { RawPeer, ip } from './world.ts';

const test = suite('Proxy LCP and authentication');

const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);
const one = (lines: readonly string[]): string => lines.join('').replaceAll(' ', '');

const AT: Candidate = {
  peer: ip(LNS[0]), port: 1701, password: undefined, pre13: false, hostName: undefined, assignment: undefined, longestTimeout: 20_000, privateGroup: undefined, number: 'OFF',
};

/** Everything that RFC 2661 4.4.5 has, of a caller with CHAP. */
const CHAP: ProxyInfo = {
  initialReceived: octets('0104 05dc 0506 01020304'), lastSent: octets('0305 c22305 0506 a1a2a3a4'), lastReceived: octets('0506 01020304'),
  authenType: 2, authenName: utf8('user@dom'), authenChallenge: octets('101112131415161718191a1b1c1d1e1f'), authenId: 0x2a,
  authenResponse: octets('959040b56e58cdb356f963fdeadb71ed'),
};
const CALL: Forward = { ...caller('user@dom'), proxy: CHAP, txSpeed: 128000, rxSpeed: 64000 };

test('ICRQ is these octets: Call Serial Number, Bearer Type, Called and Calling Number, Sub-Address', () => {
  const body = encodeMessage({ ...announce(CALL, 5), type: 'ICRQ', assignedSessionId: 0xa8c2 });
  assert.is(hex(body ?? new Uint8Array(0)), one([
    '8008 0000 0000 000a',
    '8008 0000 000e a8c2',
    '800a 0000 000f 00000005',
    '800a 0000 0012 00000001',
    '8010 0000 0015 30333938373635343332',
    '8010 0000 0016 30333132333435363738',
    '8008 0000 0017 3132',
  ]));
});

test('ICRQ of a PPPoE caller has Bearer Type 0 and no numbers', () => {
  const body = encodeMessage({ ...announce(caller('a', { bearer: 'none', callingNumber: '', calledNumber: '', subAddress: '' }), 1), type: 'ICRQ', assignedSessionId: 1 });
  assert.is(hex(body ?? new Uint8Array(0)), one(['8008 0000 0000 000a', '8008 0000 000e 0001', '800a 0000 000f 00000001', '800a 0000 0012 00000000']));
});

test('ICCN is these octets: speeds, framing, three LCP CONFREQs, Proxy Authen Type, Name, Challenge, ID and Response', () => {
  const body = encodeMessage({ ...connect(CALL, AT, 3), type: 'ICCN' });
  assert.is(hex(body ?? new Uint8Array(0)), one([
    '8008 0000 0000 000c',
    '800a 0000 0013 00000001',
    '800a 0000 0018 0001f400',
    '0010 0000 001a 010405dc050601020304',
    '0011 0000 001b 0305c223050506a1a2a3a4',
    '000c 0000 001c 050601020304',
    '0008 0000 001d 0002',
    '000e 0000 001e 7573657240646f6d',
    '0016 0000 001f 101112131415161718191a1b1c1d1e1f',
    '0008 0000 0020 002a',
    '0016 0000 0021 959040b56e58cdb356f963fdeadb71ed',
    '000a 0000 0026 0000fa00',
  ]));
});

test('ICCN of an asynchronous PAP caller whose entry numbers has Sequencing Required and the group that RADIUS gave', () => {
  const call = caller('a', { framing: 'async', txSpeed: 9600, rxSpeed: 9600 });
  const body = encodeMessage({ ...connect(call, { ...AT, number: 'ON', privateGroup: 'grp' }, 3), type: 'ICCN' });
  assert.is(hex(body ?? new Uint8Array(0)), one([
    '8008 0000 0000 000c',
    '800a 0000 0013 00000002',
    '800a 0000 0018 00002580',
    '0008 0000 001d 0003',
    '0007 0000 001e 61',
    '0008 0000 0020 0007',
    '000c 0000 0021 736573616d65',
    '0009 0000 0025 677270',
    '8006 0000 0027',
  ]));
});

test('Framing Type is one that the LNS advertised', () => {
  assert.equal([1, 2, 3].map((offered) => connect(CALL, AT, offered).framingType), [1, 2, 1]);
});

for (const password of ['s3cr3t-Pa55', undefined]) {
  test(`An LNS has all eight values of the LAC, ${password === undefined ? 'in clear without' : 'hidden with'} a password, and shows them`, () => {
    const b = bench(password === undefined ? {} : { password });
    b.user({ action: 'DATABASE', ip: ip(LNS[0]) });
    b.forward('user@dom', { proxy: CHAP, txSpeed: 128000, rxSpeed: 64000 });
    b.run(500);
    const [lns] = b.lns;
    assert.equal(lns?.up[0]?.link?.proxy, CHAP);
    assert.is(lns?.up[0]?.call.callingNumber, '0312345678');
    assert.is(lns?.up[0]?.call.calledNumber, '0398765432');
    const shown = lns?.node.server.tunnels()[0]?.calls[0];
    assert.equal([shown?.role, shown?.userName, shown?.authenticationType], ['LNS', 'user@dom', 2]);
    assert.equal(shown?.remote, {
      processingDelay: 0, physicalChannel: undefined, framing: 1, bearer: 1, connectSpeed: 128000, dialedNumber: '0398765432', subAddress: '12', privateGroupId: '',
    });
  });
}

test('Proxy values that are empty or of an unknown type reach PPP as they came', () => {
  const b = bench({ lns: 1 });
  const [lns] = b.lns;
  if (lns === undefined) throw new Error('no LNS');
  const peer = new RawPeer(b.world, b.wire, '2.2.2.9', LNS[0]);
  assert.ok(peer.open(b.world));
  peer.send({ type: 'ICRQ', assignedSessionId: 9, callSerialNumber: 1 });
  b.run(100);
  peer.send({ type: 'ICCN', txConnectSpeed: 1, framingType: 1, proxyAuthenType: 99, proxyAuthenName: utf8(''), lastSentConfreq: new Uint8Array(0) }, { session: peer.session });
  b.run(100);
  const proxy = lns.up[0]?.link?.proxy;
  assert.is(proxy?.authenType, 99);
  assert.equal(proxy?.authenName, new Uint8Array(0));
  assert.equal(proxy?.lastSent, new Uint8Array(0));
  assert.is(proxy?.initialReceived, undefined);
});

test.run();

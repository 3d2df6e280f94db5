import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, hex } from '../../../firmware/bytes/hex.ts';
import { Secret } from '../../../firmware/bytes/secret.ts';
import { utf8 } from '../../../firmware/bytes/text.ts';
import { AVPS, type AvpName, type ControlMessage, MESSAGES, type MessageName } from '../../../firmware/l2tp/catalog.ts';
import { type Decoded, type Keys, SENSITIVE, decodeControl, encodeMessage } from '../../../firmware/l2tp/control.ts';
import { hide } from '../../../firmware/l2tp/hidden.ts';
import { SAMPLES } from './samples.ts';
import { crypto } from './wire.ts';

const test = suite('L2TP control messages');
const bytes = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);
const secret = new Secret('s3cr3t-Pa55');
const vector = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);
const KEYS: Keys = { crypto, secret, pre13: false };
const NO_SECRET: Keys = { crypto, secret: undefined, pre13: false };

/** One AVP: flags 'M', 'H', 'MH', '' or a hex word for the reserved bits. */
function avp(flags: string, type: number, value: Uint8Array | string = '', vendor = 0): string {
  const octets = typeof value === 'string' ? bytes(value) : value;
  const bits = /^[MH]*$/.test(flags) ? (flags.includes('M') ? 0x8000 : 0) | (flags.includes('H') ? 0x4000 : 0) : Number.parseInt(flags, 16);
  const word = (n: number): string => n.toString(16).padStart(4, '0');
  return word(bits | (6 + octets.length)) + word(vendor) + word(type) + hex(octets);
}
const messageType = (name: MessageName, flags = 'M'): string => avp(flags, 0, MESSAGES[name].type.toString(16).padStart(4, '0'));
const decode = (text: string, keys: Keys = KEYS): Decoded => {
  const b = bytes(text);
  return decodeControl(b, 0, b.length, keys);
};
function accepted(text: string, keys: Keys = KEYS): { message: ControlMessage; notes: string[] } {
  const decoded = decode(text, keys);
  if (decoded.kind !== 'message') throw new Error(JSON.stringify(decoded));
  return { message: decoded.message, notes: decoded.notes.map((note) => `${note.what} ${note.type}`) };
}
/** "refusal, what is cleared, error code, text". */
function refused(text: string, keys: Keys = KEYS): string {
  const decoded = decode(text, keys);
  return decoded.kind === 'invalid' ? `${decoded.refusal}, ${decoded.scope}, ${decoded.result.error}, ${decoded.result.message}` : decoded.kind;
}
const HELLO = messageType('HELLO');
const ICRQ = messageType('ICRQ') + avp('M', 14, '0005') + avp('M', 15, '00000001');
const hidden = (type: number, value: Uint8Array, flags = 'MH'): string => avp(flags, type, hide(type, value, { secret, vector, crypto }));
const RANDOM = avp('M', 36, vector);

for (const sample of SAMPLES) {
  test(`${sample.type} (${Object.keys(sample).length - 1} AVPs) comes back from its octets`, () => {
    const body = encodeMessage(sample) ?? new Uint8Array(0);
    const decoded = decodeControl(body, 0, body.length, { ...KEYS, pre13: true });
    assert.is(decoded.kind, 'message');
    if (decoded.kind === 'message') {
      assert.equal(decoded.message, sample);
      assert.equal(decoded.notes, []);
    }
  });
  test(`${sample.type} (${Object.keys(sample).length - 1} AVPs) comes back with all that can be hidden hidden`, () => {
    const names = Object.keys(AVPS) as AvpName[];
    const body = encodeMessage(sample, { secret, crypto, vector, names }) ?? new Uint8Array(0);
    const decoded = decodeControl(body, 0, body.length, { ...KEYS, pre13: true });
    assert.is(decoded.kind, 'message');
    if (decoded.kind === 'message') assert.equal(decoded.message, sample);
  });
}

test('a message is cut off at any octet without a throw, and never passes for whole where an AVP it needs is gone', () => {
  for (const sample of SAMPLES) {
    const body = encodeMessage(sample) ?? new Uint8Array(0);
    for (let size = 0; size < body.length; size++) {
      const decoded = decodeControl(body, 0, size, { ...KEYS, pre13: true });
      if (decoded.kind === 'message') for (const name of MESSAGES[sample.type].required) assert.ok(decoded.message[name] !== undefined);
      if (size < 8) assert.is(decoded.kind, 'invalid');
    }
  }
});

test('SCCRQ is the octets that the RFC draws', () => {
  const body = encodeMessage({ type: 'SCCRQ', protocolVersion: 0x0100, framingCapabilities: 3, hostName: 'ab', assignedTunnelId: 0x1234 });
  assert.is(hex(body ?? new Uint8Array(0)), ['8008000000000001', '8008000000020100', '800a0000000300000003', '8008000000076162', '8008000000091234'].join(''));
});

test('each AVP is sent with the M bit of the RFC', () => {
  const optional = new Set(['tieBreaker', 'firmwareRevision', 'vendorName', 'physicalChannelId', 'initialReceivedConfreq', 'lastSentConfreq', 'lastReceivedConfreq', 'proxyAuthenType',
    'proxyAuthenName', 'proxyAuthenChallenge', 'proxyAuthenId', 'proxyAuthenResponse', 'privateGroupId', 'rxConnectSpeed', 'pppDisconnectCause', 'lcpWantOptions', 'lcpAllowOptions']);
  for (const [name, entry] of Object.entries(AVPS)) assert.is(entry.mandatory, !optional.has(name), name);
});

test('the AVPs that must not be hidden are never hidden', () => {
  const never = new Set(['resultCode', 'protocolVersion', 'tieBreaker', 'hostName', 'receiveWindowSize', 'q931Cause', 'sequencingRequired']);
  for (const [name, entry] of Object.entries(AVPS)) assert.is(entry.hideable, !never.has(name), name);
});

test('encoding refuses a value that does not fit instead of cutting it', () => {
  const long = 'x'.repeat(1018);
  assert.is(encodeMessage({ type: 'ICRQ', assignedSessionId: 1, callSerialNumber: 1, calledNumber: long }), undefined);
  assert.ok(encodeMessage({ type: 'ICRQ', assignedSessionId: 1, callSerialNumber: 1, calledNumber: long.slice(1) }));
  assert.is(encodeMessage({ type: 'ICRP', assignedSessionId: 0 }), undefined);
  assert.is(encodeMessage({ type: 'ICRP', assignedSessionId: 65536 }), undefined);
  assert.is(encodeMessage({ type: 'ICRP', assignedSessionId: 1.5 }), undefined);
  assert.is(encodeMessage({ type: 'SCCCN', challengeResponse: new Uint8Array(15) }), undefined);
  assert.is(encodeMessage({ type: 'ICRQ', assignedSessionId: 1, callSerialNumber: 4294967296 }), undefined);
});

test('a message whose first AVP is not the Message Type clears the tunnel', () => {
  for (const text of ['', '80', avp('M', 14, '0005') + HELLO, avp('MH', 0, '0006'), avp('M', 0, '000600'), avp('M', 0, '06'), avp('M', 0, '0006', 9), '0000000000000000'])
    assert.match(refused(text), /^no message type, tunnel/);
});

test('a message type that is not known clears the tunnel with M, and is passed over without', () => {
  assert.match(refused(avp('M', 0, '0005')), /^message type unknown, tunnel, 8/);
  assert.equal(decode(avp('', 0, '0063')), { kind: 'passed over', type: 99 });
});

test('an AVP that is not known clears the tunnel or only the session of its message with M, and is ignored without', () => {
  assert.is(refused(HELLO + avp('M', 99, '00')), 'avp unknown, tunnel, 8, unknown AVP 99');
  assert.is(refused(ICRQ + avp('M', 99, '00')), 'avp unknown, session, 8, unknown AVP 99');
  assert.equal(accepted(HELLO + avp('', 99, '00')).notes, ['unknown 99']);
});

test('an AVP of another vendor is not known, whatever its number', () => {
  assert.is(refused(HELLO + avp('M', 7, '61', 9)), 'avp unknown, tunnel, 8, unknown AVP 9/7');
  assert.equal(accepted(HELLO + avp('', 7, '61', 9)).message, { type: 'HELLO' });
});

test('an AVP with a reserved bit is treated as not known', () => {
  assert.match(refused(ICRQ + avp('8400', 25, '00000001')), /^avp unknown, session/);
  assert.is(accepted(ICRQ + avp('2000', 25, '00000001')).message.physicalChannelId, undefined);
});

test('a wrong Length clears with M, and ends the message without', () => {
  for (const length of ['0000', '0001', '0005', '0009', '03ff']) {
    const flagged = (0x8000 | Number.parseInt(length, 16)).toString(16);
    assert.match(refused(`${ICRQ}${flagged}0000001900`), /^avp length wrong, session, 2/);
    const { message, notes } = accepted(`${ICRQ}${length}0000001900`);
    assert.equal([message.callSerialNumber, notes], [1, ['malformed 25']]);
  }
});

test('an AVP of the greatest Length is read', () => {
  assert.is(accepted(ICRQ + avp('M', 21, new Uint8Array(1017).fill(0x31))).message.calledNumber?.length, 1017);
});

test('trailing octets too few for an AVP are ignored', () => {
  assert.equal(accepted(`${HELLO}00`).notes, ['trailing octets 0']);
  assert.equal(accepted(`${HELLO}0008000000`).message, { type: 'HELLO' });
});

test('a known AVP of a wrong size or range clears with M, and is ignored without', () => {
  assert.match(refused(messageType('ICRP') + avp('M', 14, '00')), /^avp malformed, session, 3, malformed AVP 14/);
  assert.match(refused(messageType('ICRP') + avp('M', 14, '0000')), /^avp malformed, session/);
  assert.match(refused(messageType('SCCCN') + avp('M', 13, new Uint8Array(15))), /^avp malformed, tunnel/);
  assert.match(refused(messageType('SCCCN') + avp('M', 13, new Uint8Array(17))), /^avp malformed, tunnel/);
  assert.match(refused(messageType('ICRP') + avp('', 14, '00')), /^avp missing, session, 6, missing AVP 14 Assigned Session ID/);
  assert.equal(accepted(messageType('ICCN') + avp('M', 24, '00000001') + avp('M', 19, '00000001') + avp('', 38, '0001')).notes, ['malformed 38']);
});

test('a value longer than defined counts by its first octets', () => {
  const { message, notes } = accepted(messageType('ICRP') + avp('M', 14, '00070000'));
  assert.equal([message.assignedSessionId, notes], [7, ['longer than defined 14']]);
});

test('of an AVP that comes again the first counts', () => {
  const { message, notes } = accepted(messageType('ICRP') + avp('M', 14, '0007') + avp('M', 14, '0008'));
  assert.equal([message.assignedSessionId, notes], [7, ['duplicate 14']]);
});

test('the same AVP a thousand times makes one value and few notes', () => {
  const { message, notes } = accepted(messageType('ICRP') + avp('M', 14, '0007').repeat(1000));
  assert.equal([message.assignedSessionId, notes.length], [7, 16]);
});

test('the M bit of a known AVP is not held against it', () => {
  assert.is(accepted(messageType('ICRP') + avp('', 14, '0007')).message.assignedSessionId, 7);
  assert.is(accepted(ICRQ + avp('M', 25, '00000009')).message.physicalChannelId, 9);
});

test('a Result Code of 2 octets has a code, of 4 an error, of more a text; of 0 or 1 it is malformed', () => {
  const cdn = (value: string): string => messageType('CDN') + avp('M', 1, value) + avp('M', 14, '0007');
  assert.match(refused(cdn('')), /^avp malformed/);
  assert.match(refused(cdn('00')), /^avp malformed/);
  assert.equal(accepted(cdn('0001')).message.resultCode, { code: 1 });
  assert.equal(accepted(cdn('000100')).message.resultCode, { code: 1 });
  assert.equal(accepted(cdn('00020008')).message.resultCode, { code: 2, error: 8 });
  assert.equal(accepted(cdn('000200086869')).message.resultCode, { code: 2, error: 8, message: 'hi' });
  assert.equal(accepted(cdn('00000000')).message.resultCode, { code: 0, error: 0 });
});

test('text with NUL, escapes and broken UTF-8 is kept as text, each bad octet replaced', () => {
  const { message } = accepted(ICRQ + avp('M', 21, '00311b5b4affc3'));
  assert.is(message.calledNumber, '\u00001\u001b[J\ufffd\ufffd');
});

test('a challenge is 1 to 1017 octets', () => {
  const base = messageType('SCCRQ') + avp('M', 2, '0100') + avp('M', 3, '00000003') + avp('M', 7, '61') + avp('M', 9, '0001');
  assert.match(refused(base + avp('M', 11)), /^avp malformed, tunnel/);
  assert.is(accepted(base + avp('M', 11, '01')).message.challenge?.length, 1);
  assert.is(accepted(base + avp('M', 11, new Uint8Array(255))).message.challenge?.length, 255);
  assert.is(accepted(base).message.challenge, undefined);
});

test('a tie breaker that is not 8 octets is ignored, as its M bit is 0', () => {
  const base = messageType('SCCRQ') + avp('M', 2, '0100') + avp('M', 3, '00000003') + avp('M', 7, '61') + avp('M', 9, '0001');
  assert.is(accepted(base + avp('', 5, new Uint8Array(7))).message.tieBreaker, undefined);
  assert.is(accepted(base + avp('', 5, new Uint8Array(9))).message.tieBreaker, undefined);
  assert.equal(accepted(base + avp('', 5, new Uint8Array(8))).message.tieBreaker, new Uint8Array(8));
});

test('a Receive Window Size of 0 is malformed, and one that is absent is absent', () => {
  const base = messageType('SCCRQ') + avp('M', 2, '0100') + avp('M', 3, '00000003') + avp('M', 7, '61') + avp('M', 9, '0001');
  assert.match(refused(base + avp('M', 10, '0000')), /^avp malformed, tunnel/);
  assert.is(accepted(base).message.receiveWindowSize, undefined);
});

test('an Assigned Tunnel ID of 0 is malformed', () => {
  assert.match(refused(messageType('SCCRQ') + avp('M', 2, '0100') + avp('M', 3, '00000003') + avp('M', 7, '61') + avp('M', 9, '0000')), /^avp malformed, tunnel, 3, malformed AVP 9/);
});

for (const name of Object.keys(MESSAGES) as MessageName[]) {
  for (const required of MESSAGES[name].required) {
    test(`${name} without ${AVPS[required].title} is refused`, () => {
      const sample = SAMPLES.find((found) => found.type === name);
      const whole = encodeMessage({ ...sample } as ControlMessage) ?? new Uint8Array(0);
      const parts: string[] = [];
      for (let at = 0; at < whole.length; ) {
        const size = (((whole[at] ?? 0) << 8) | (whole[at + 1] ?? 0)) & 0x3ff;
        const type = ((whole[at + 4] ?? 0) << 8) | (whole[at + 5] ?? 0);
        if (type !== AVPS[required].type) parts.push(hex(whole.subarray(at, at + size)));
        at += size;
      }
      assert.is(refused(parts.join('')), `avp missing, ${MESSAGES[name].scope}, 6, missing AVP ${AVPS[required].type} ${AVPS[required].title}`);
    });
  }
}

test('a hidden value is read with the nearest Random Vector before it', () => {
  const other = new Uint8Array(20).fill(7);
  const text = messageType('ICRP') + RANDOM + avp('M', 36, other) + avp('MH', 14, hide(14, bytes('0007'), { secret, vector: other, crypto }));
  assert.is(accepted(text).message.assignedSessionId, 7);
  assert.match(refused(messageType('ICRP') + avp('M', 36, other) + RANDOM + avp('MH', 14, hide(14, bytes('0007'), { secret, vector: other, crypto }))), /^avp (hidden|malformed), session/);
});

test('the hidden AVP of the vectors is read', () => {
  const { hiddenAvp } = JSON.parse(readFileSync(new URL('../../vectors/l2tp.json', import.meta.url), 'utf8')) as { hiddenAvp: { avp: string; text: string } };
  const text = messageType('ICCN') + RANDOM + avp('M', 24, '00000001') + avp('M', 19, '00000001') + hiddenAvp.avp;
  assert.equal(accepted(text).message.proxyAuthenResponse, utf8(hiddenAvp.text));
});

test('a hidden AVP without a Random Vector before it cannot be read', () => {
  assert.match(refused(messageType('ICRP') + hidden(14, bytes('0007')) + RANDOM), /^avp hidden, session, 6, hidden AVP 14/);
});

test('an empty or hidden Random Vector is malformed', () => {
  assert.match(refused(messageType('ICRP') + avp('M', 36) + hidden(14, bytes('0007'))), /^avp malformed, session/);
  assert.match(refused(messageType('ICRP') + avp('MH', 36, vector) + hidden(14, bytes('0007'))), /^avp malformed, session/);
});

test('a hidden AVP where there is no secret clears with M, and is ignored without', () => {
  assert.match(refused(messageType('ICRP') + RANDOM + hidden(14, bytes('0007')), NO_SECRET), /^avp hidden, session/);
  assert.equal(accepted(ICRQ + RANDOM + hidden(25, bytes('00000007'), 'H'), NO_SECRET).notes, ['hidden 25']);
});

test('a hidden AVP that may not be hidden is malformed', () => {
  assert.match(refused(messageType('CDN') + RANDOM + hidden(1, bytes('0001')) + avp('M', 14, '0001')), /^avp malformed, session/);
});

test('a hidden AVP of a type that is not known is treated as not known', () => {
  assert.match(refused(HELLO + RANDOM + hidden(99, bytes('0007'))), /^avp unknown, tunnel, 8, unknown AVP 99/);
  assert.equal(accepted(HELLO + RANDOM + hidden(99, bytes('0007'), 'H')).notes, ['unknown 99']);
});

test('a hidden value whose inner length lies, or hidden with another secret, cannot be read', () => {
  const lie = hide(14, bytes('0007'), { secret, vector, crypto });
  lie[0] = (lie[0] ?? 0) ^ 0xff;
  assert.match(refused(messageType('ICRP') + RANDOM + avp('MH', 14, lie)), /^avp hidden, session/);
  assert.match(refused(messageType('ICRP') + RANDOM + avp('MH', 14, '00')), /^avp hidden, session/);
  const wrong = refused(messageType('ICRP') + RANDOM + hidden(14, bytes('0007')), { ...KEYS, secret: new Secret('other') });
  assert.match(wrong, /^avp (hidden|malformed), session/);
});

test('names and secrets of users can be hidden, and then do not show in the octets', () => {
  const message: ControlMessage = { type: 'ICCN', txConnectSpeed: 1, framingType: 1, proxyAuthenType: 3, proxyAuthenName: utf8('alice-in-clear'), proxyAuthenResponse: utf8('password-in-clear'), proxyAuthenId: 1 };
  const body = hex(encodeMessage(message, { secret, crypto, vector, names: SENSITIVE }) ?? new Uint8Array(0));
  assert.not(body.includes(hex(utf8('alice'))));
  assert.not(body.includes(hex(utf8('password'))));
  assert.equal(accepted(body).message, message);
});

test('a message without anything to hide carries no Random Vector', () => {
  const plain = encodeMessage({ type: 'HELLO' });
  assert.equal(encodeMessage({ type: 'HELLO' }, { secret, crypto, vector, names: SENSITIVE }), plain);
});

test('what is kept of a message does not change with the buffer it came in', () => {
  const b = bytes(messageType('SCCCN') + avp('M', 13, new Uint8Array(16).fill(1)));
  const decoded = decodeControl(b, 0, b.length, KEYS);
  b.fill(0xee);
  assert.ok(decoded.kind === 'message' && decoded.message.challengeResponse?.every((octet) => octet === 1));
});

test('an invalid message tells the ids it carried, wherever they stand', () => {
  const decoded = decode(messageType('ICRQ') + avp('M', 99, '00') + avp('M', 14, '0005'));
  assert.ok(decoded.kind === 'invalid' && decoded.assignedSessionId === 5);
  const stop = decode(messageType('SCCRQ') + avp('M', 99, '00') + avp('M', 9, '0006'));
  assert.ok(stop.kind === 'invalid' && stop.assignedTunnelId === 6 && stop.name === 'SCCRQ');
});

test('Packet Processing Delay is an AVP only where PRE13 is on', () => {
  const text = ICRQ + avp('M', 20, '0003') + avp('M', 10, '0008');
  assert.match(refused(text), /^avp unknown, session, 8, unknown AVP 20/);
  const { message } = accepted(text, { ...KEYS, pre13: true });
  assert.equal([message.packetProcessingDelay, message.receiveWindowSize], [3, 8]);
});

test.run();

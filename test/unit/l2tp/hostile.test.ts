// Every single bit and every single cut of every kind of control message, at the decoder and at a live tunnel.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeControl, encodeMessage } from '../../../firmware/l2tp/control.ts';
import { encodeControl, decodeHeader, newHeader } from '../../../firmware/l2tp/header.ts';
import { SAMPLES } from './samples.ts';
import { crypto } from './wire.ts';
import { withRaw } from './world.ts';

const test = suite('Damaged control messages');

const bodies = SAMPLES.map((sample) => ({ type: sample.type, body: encodeMessage(sample) ?? new Uint8Array() }));
const keys = { crypto, secret: undefined, pre13: true };

test('each bit of each message turned round gives a message that encodes, or a refusal that names its reason', () => {
  let accepted = 0;
  let refused = 0;
  for (const { type, body } of bodies) {
    for (let bit = 0; bit < body.length * 8; bit++) {
      const damaged = body.with(bit >> 3, (body[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
      const decoded = decodeControl(damaged, 0, damaged.length, keys);
      if (decoded.kind !== 'message') {
        refused++;
        continue;
      }
      accepted++;
      const again = encodeMessage(decoded.message);
      assert.ok(again !== undefined, `${type}, bit ${bit}`);
    }
  }
  assert.ok(accepted > 1000 && refused > 1000, `${accepted} accepted, ${refused} refused`);
});

test('each bit of each header turned round is read or refused, never beyond the datagram', () => {
  const datagram = encodeControl({ tunnelId: 7, sessionId: 9, ns: 3, nr: 2 }, bodies[0]?.body ?? new Uint8Array());
  const header = newHeader();
  for (let bit = 0; bit < 12 * 8; bit++) {
    const damaged = datagram.with(bit >> 3, (datagram[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
    if (decodeHeader(damaged, 0, damaged.length, header) === undefined) assert.ok(header.payload <= header.end && header.end <= damaged.length, `bit ${bit}`);
  }
});

for (const type of ['ICRQ', 'OCRQ', 'ICRP', 'OCRP', 'CDN'] as const) {
  test(`an Assigned Session ID of 0 in ${type} is malformed`, () => {
    const body = bodies.find((one) => one.type === type)?.body ?? new Uint8Array();
    // The AVP: length 8, vendor 0, type 14; its value follows.
    const at = [...body].findIndex((_, i) => ((body[i] ?? 0) & 3) === 0 && body[i + 1] === 8 && body[i + 2] === 0 && body[i + 3] === 0 && body[i + 4] === 0 && body[i + 5] === 14);
    assert.ok(at >= 0);
    const damaged = body.with(at + 6, 0).with(at + 7, 0);
    assert.is(decodeControl(damaged, 0, damaged.length, keys).kind, 'invalid');
  });
}

test('each damaged message leaves a live tunnel in order or closes it with a reason; nothing is left after', () => {
  for (const { type, body } of bodies) {
    for (let at = 0; at < body.length; at += 5) {
      const { world, a, peer } = withRaw();
      assert.ok(peer.open(world));
      peer.sendRaw(encodeControl({ tunnelId: peer.tunnel, sessionId: 0, ns: peer.ns, nr: peer.nr }, body.with(at, (body[at] ?? 0) ^ 0xff)));
      world.run(200);
      const [tunnel] = a.server.tunnels();
      assert.ok(tunnel === undefined || tunnel.state === 'established', `${type}, octet ${at}: ${tunnel?.state}`);
      a.server.disable(a.now);
      world.run(120_000);
      assert.ok(a.server.isQuiet, `${type}, octet ${at}: something is left`);
    }
  }
});

test.run();

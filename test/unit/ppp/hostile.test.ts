// Every single bit of a peer's packets turned round, in every phase of a link: no throw, answers that are well-formed and few.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeFrame, encodePacket } from '../../../firmware/ppp/frame.ts';
import { encodeOptions } from '../../../firmware/ppp/option.ts';
import { option, Solo, type EndSettings } from './wire.ts';

const LCP = 0xc021;
const IPCP = 0x8021;
const PAP = 0xc023;
const CHAP = 0xc223;

const FRAMES = [
  encodeFrame(LCP, encodePacket(1, 1, encodeOptions([option(1, 5, 220), option(5, 1, 2, 3, 4), option(7), option(8)]))),
  encodeFrame(LCP, encodePacket(2, 1, encodeOptions([option(5, 1, 2, 3, 4)]))),
  encodeFrame(LCP, encodePacket(9, 2, Uint8Array.from([1, 2, 3, 4, 5]))),
  encodeFrame(LCP, encodePacket(5, 3, new Uint8Array())),
  encodeFrame(LCP, encodePacket(8, 4, Uint8Array.from([0x80, 0x21, 1, 1, 0, 4]))),
  encodeFrame(IPCP, encodePacket(1, 1, encodeOptions([option(3, 10, 0, 0, 1)]))),
  encodeFrame(PAP, encodePacket(1, 1, Uint8Array.from([1, 0x61, 1, 0x62]))),
  encodeFrame(CHAP, encodePacket(2, 1, Uint8Array.from([16, ...new Uint8Array(16), 0x61]))),
];

const ENDS: readonly EndSettings[] = [{}, { demand: ['PAP'], users: { a: 'b' } }, { demand: ['CHAP-MD5'], users: { a: 'b' }, credentials: ['x', 'y'] }];

test('each bit of each packet turned round gives at most one answer of each protocol, and the link ends or goes on', () => {
  let links = 0;
  for (const end of ENDS) {
    for (const frame of FRAMES) {
      for (let bit = 0; bit < frame.length * 8; bit++, links++) {
        const solo = new Solo(end, 3).wait(1000);
        solo.taken();
        if (links % 2 === 1) {
          solo.openLcpAgain();
          solo.taken();
        }
        solo.frame(frame.with(bit >> 3, (frame[bit >> 3] ?? 0) ^ (1 << (bit & 7))));
        assert.ok(solo.taken().length <= 3, `frame ${FRAMES.indexOf(frame)}, bit ${bit}`);
        solo.wait(300_000);
        assert.ok(solo.taken().length <= 400, 'a link that nobody answers falls silent or keeps its timers');
      }
    }
  }
  assert.ok(links > 1000);
});

test('an Echo-Request with a magic number that is neither end\'s is answered with ours', () => {
  const solo = new Solo({}).wait(1000);
  solo.openLcpAgain();
  solo.taken();
  solo.give(LCP, 9, 5, Uint8Array.from([0xde, 0xad, 0xbe, 0xef, 1, 2]));
  const [reply] = solo.taken();
  assert.equal([reply?.code, reply?.identifier, [...(reply?.data.slice(4) ?? [])]], [10, 5, [1, 2]]);
});

test('an Echo-Reply that nobody asked for, or with a wrong magic number, changes nothing', () => {
  const solo = new Solo({ link: { echo: 10_000 } }).wait(1000);
  solo.openLcpAgain();
  for (let i = 0; i < 20; i++) solo.give(LCP, 10, i, Uint8Array.from([9, 9, 9, 9]));
  assert.is(solo.end.ended, undefined);
});

test.run();

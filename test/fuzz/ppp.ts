// Mutated input for the PPP decoders and for whole links. A target's `run` throws where an input breaks a rule; the input is in the error.

import { hex } from '../../firmware/bytes/hex.ts';
import { equalBytes } from '../../firmware/bytes/integers.ts';
import { encodeChapValue, parseChapValue } from '../../firmware/ppp/chap.ts';
import { describePacket } from '../../firmware/ppp/describe.ts';
import { encodeFrame, encodePacket, parseFrame, parsePacket } from '../../firmware/ppp/frame.ts';
import { encodeReport, parseReport } from '../../firmware/ppp/lqr.ts';
import { encodeResponse, failureReason, parseResponse, provesItself } from '../../firmware/ppp/mschap.ts';
import { encodeOptions, parseOptions } from '../../firmware/ppp/option.ts';
import { encodePapRequest, parsePapRequest } from '../../firmware/ppp/pap.ts';
import { fromUtf8 } from '../../firmware/bytes/text.ts';
import { option, seeded, Solo, type EndSettings } from '../unit/ppp/wire.ts';

export interface FuzzTarget {
  readonly name: string;
  /** Valid inputs to start from. */
  readonly seeds: readonly Uint8Array[];
  /** Inputs in one test run. */
  readonly count: number;
  run(input: Uint8Array): void;
}

/** Octets of the input that must not change while it is read. */
function check(holds: boolean, what: string, input: Uint8Array): void {
  if (!holds) throw new Error(`${what}: ${hex(input)}`);
}

const bytes = (...octets: number[]): Uint8Array => Uint8Array.from(octets);
const OPTIONS = [option(1, 5, 180), option(2, 0, 0, 0, 0), option(3, 0xc2, 0x23, 5), option(4, 0xc0, 0x25, 0, 0, 3, 232), option(5, 1, 2, 3, 4), option(7), option(8)];
const PACKETS = [
  encodePacket(1, 1, encodeOptions(OPTIONS)),
  encodePacket(2, 1, encodeOptions([option(5, 1, 2, 3, 4)])),
  encodePacket(3, 1, encodeOptions([option(3, 10, 0, 0, 1), option(129, 8, 8, 8, 8)])),
  encodePacket(4, 1, encodeOptions([option(17, 1, 2)])),
  encodePacket(5, 1, bytes(0x62, 0x79, 0x65)),
  encodePacket(6, 1, bytes()),
  encodePacket(7, 1, encodePacket(12, 1, bytes(1, 2, 3, 4))),
  encodePacket(8, 1, bytes(0x80, 0x21, 1, 1, 0, 4)),
  encodePacket(9, 1, bytes(1, 2, 3, 4, 5, 6)),
  encodePacket(10, 1, bytes(1, 2, 3, 4)),
];
const CHAP_DATA = [bytes(16, ...Array.from({ length: 16 }, (_, i) => i), 0x61, 0x62), bytes(49, ...new Uint8Array(49), 0x61), bytes(1, 2)];
const PAP_DATA = [bytes(1, 0x61, 3, 0x62, 0x63, 0x64), bytes(0, 0), bytes(4, 0x75, 0x73, 0x65, 0x72, 8, ...new Uint8Array(8).fill(0x70))];

/** A link is made anew after this many frames, and when it has ended. */
const FRAMES_PER_LINK = 40;
const LINKS: readonly EndSettings[] = [
  {},
  { demand: ['CHAP-MD5', 'PAP'], accept: ['CHAP-MD5', 'MSCHAPv2', 'PAP'], users: { ab: 'c' }, credentials: ['x', 'y'], quality: 6000 },
  { demand: ['MSCHAPv2'], users: {}, credentials: ['x', 'y'], ip: { localMode: 'ask', wantDns: true }, link: { echo: 10_000 } },
];

/** Frames into links in whatever state earlier frames left them. Every answer must be well-formed and answers are bounded. */
export function linkTarget(count: number): FuzzTarget {
  let solo: Solo | undefined;
  let frames = 0;
  let made = 0;
  return {
    name: 'whole links',
    count,
    seeds: [
      ...PACKETS.flatMap((packet) => [0xc021, 0x8021, 0x8057].map((protocol) => encodeFrame(protocol, packet))),
      ...CHAP_DATA.flatMap((data) => [1, 2, 3, 4].map((code) => encodeFrame(0xc223, encodePacket(code, 1, data)))),
      ...PAP_DATA.flatMap((data) => [1, 2, 3].map((code) => encodeFrame(0xc023, encodePacket(code, 1, data)))),
      encodeFrame(0xc025, new Uint8Array(48)),
      encodeFrame(0x80fd, encodePacket(1, 1, bytes(18, 6, 1, 0, 0, 0x60))),
      bytes(0xff, 0x03, 0x21, 0x45),
    ],
    run(input) {
      if (solo === undefined || frames++ >= FRAMES_PER_LINK || solo.end.ended !== undefined) {
        frames = 0;
        solo = new Solo(LINKS[made++ % LINKS.length] ?? {}, made).wait(1000);
        // Half of the links begin with LCP open.
        if (made % 2 === 0) solo.openLcpAgain();
      }
      solo.end.sent.length = 0;
      solo.frame(input);
      check(solo.end.sent.length <= 4, `${solo.end.sent.length} answers`, input);
      for (const frame of solo.end.sent) {
        const parsed = parseFrame(frame);
        check(typeof parsed !== 'string', 'malformed frame sent for', input);
        if (typeof parsed === 'string' || parsed.protocol === 0xc025) continue;
        check(typeof parsePacket(parsed.body) !== 'string', 'malformed packet sent for', input);
        check(frame.length <= Math.max(1502, input.length + 16), 'answer too long for', input);
      }
      if (frames % 8 === 0) solo.wait(3000);
    },
  };
}

/** Requests that a LAC says it exchanged with a caller: an octet that says where the second one begins, then both. */
const proxied = (sent: Uint8Array, received: Uint8Array): Uint8Array => bytes(sent.length, ...sent, ...received);

/** What a LAC passes on, into a link that may take it over. No packet of LCP where it does, one Configure-Request where it does not. */
function proxyTarget(count: number): FuzzTarget {
  const asked = [option(1, 5, 180), option(3, 0xc0, 0x23), option(5, 1, 2, 3, 4)];
  let made = 0;
  return {
    name: 'what a LAC passes on',
    count,
    seeds: [
      proxied(encodeOptions(asked), encodeOptions([option(5, 9, 9, 9, 9), option(7), option(8)])),
      proxied(encodeOptions([option(1, 5, 180), option(3, 0xc2, 0x23, 5), option(2, 0, 0, 0, 0), option(8)]), encodeOptions([option(1, 5, 120), option(2, 0, 0, 0, 0)])),
      proxied(encodeOptions([option(1, 4, 0), option(3, 0xc2, 0x23, 0x81)]), encodeOptions([])),
    ],
    run(input) {
      const middle = 1 + (input[0] ?? 0);
      const method = made % 3;
      const proxy = {
        initialReceived: undefined, lastSent: input.slice(1, middle), lastReceived: input.slice(middle), authenType: method === 0 ? 3 : 2, authenName: bytes(0x61, 0x62),
        authenChallenge: new Uint8Array(16), authenId: 7, authenResponse: new Uint8Array(method === 1 ? 16 : 49),
      };
      const { end } = new Solo({ ...LINKS[1], proxy }, ++made);
      const lcp = end.sent.filter((frame) => frame[0] === 0xc0 && frame[1] === 0x21).length;
      const over = end.attempts.length === 1;
      check(end.decided.length === 1, 'nothing decided', input);
      // Taken over: the verdict is a refusal, for the proof is wrong, and LCP closes; else LCP begins.
      check(lcp === 1 && end.link.phase === (over ? 'Terminate' : 'Establish'), `${lcp} LCP packets, ${end.link.phase}`, input);
    },
  };
}

export const targets: readonly FuzzTarget[] = [
  proxyTarget(50_000),
  {
    name: 'frames',
    count: 1_000_000,
    seeds: PACKETS.flatMap((packet) => [encodeFrame(0xc021, packet), bytes(0xff, 3, 0xc0, 0x21, ...packet), bytes(0x21, ...packet)]),
    run(input) {
      const frame = parseFrame(input);
      if (typeof frame === 'string') return;
      check((frame.protocol & 1) === 1 && (frame.protocol & 0x100) === 0, 'protocol', input);
      const again = parseFrame(encodeFrame(frame.protocol, frame.body));
      check(typeof again !== 'string' && again.protocol === frame.protocol && equalBytes(again.body, frame.body), 'not the same again', input);
    },
  },
  {
    name: 'packets',
    count: 1_000_000,
    seeds: PACKETS,
    run(input) {
      const packet = parsePacket(input);
      if (typeof packet === 'string') return;
      check(equalBytes(encodePacket(packet.code, packet.identifier, packet.data), input.subarray(0, packet.data.length + 4)), 'not the same again', input);
    },
  },
  {
    name: 'options',
    count: 1_000_000,
    seeds: PACKETS.slice(0, 4).map((packet) => packet.subarray(4)),
    run(input) {
      const options = parseOptions(input);
      if (typeof options !== 'string') check(equalBytes(encodeOptions(options), input), 'not the same again', input);
    },
  },
  {
    name: 'PAP requests',
    count: 1_000_000,
    seeds: PAP_DATA,
    run(input) {
      const request = parsePapRequest(input);
      if (typeof request === 'string') return;
      const written = encodePapRequest(request);
      // Octets that are not UTF-8 become a replacement character of three octets, which may then be too long to be written.
      if (written === undefined) return;
      const again = parsePapRequest(written);
      check(typeof again !== 'string' && again.name === request.name && again.password.matches(request.password.octets()), 'not the same again', input);
    },
  },
  {
    name: 'CHAP values',
    count: 1_000_000,
    seeds: CHAP_DATA,
    run(input) {
      const value = parseChapValue(input);
      if (typeof value === 'string') return;
      const written = encodeChapValue(value.value, value.name);
      const again = written === undefined ? 'not written' : parseChapValue(written);
      check(typeof again !== 'string' && equalBytes(again.value, value.value) && again.name === value.name, 'not the same again', input);
    },
  },
  {
    name: 'MS-CHAPv2 responses and messages',
    count: 1_000_000,
    seeds: [new Uint8Array(49), bytes(...Array.from('E=691 R=1 C=00 V=3 M=no', (c) => c.charCodeAt(0)))],
    run(input) {
      const response = parseResponse(input);
      if (typeof response !== 'string') {
        const again = parseResponse(encodeResponse(response));
        check(typeof again !== 'string' && equalBytes(again.ntResponse, response.ntResponse) && equalBytes(again.peerChallenge, response.peerChallenge), 'not the same again', input);
      }
      const text = fromUtf8(input);
      failureReason(text);
      check(!provesItself(text, 'S=407A5589115FD0D6209F510FE9C04566932CDA56'), 'a proof', input);
    },
  },
  {
    name: 'quality reports',
    count: 1_000_000,
    seeds: [Uint8Array.from({ length: 48 }, (_, i) => i), new Uint8Array(60)],
    run(input) {
      const report = parseReport(input);
      if (typeof report !== 'string') check(equalBytes(encodeReport(report), input.subarray(0, 48)), 'not the same again', input);
    },
  },
  {
    name: 'descriptions',
    count: 200_000,
    seeds: [...PACKETS, ...CHAP_DATA.map((data) => encodePacket(2, 1, data)), ...PAP_DATA.map((data) => encodePacket(1, 1, data))],
    run(input) {
      const packet = parsePacket(input);
      if (typeof packet === 'string') return;
      const protocol = [0xc021, 0x8021, 0x8057, 0xc023, 0xc223, 0x1234][packet.identifier % 6] ?? 0;
      const text = describePacket(protocol, packet);
      check(!/[\u0000-\u001f\u007f-\u009f]/.test(text), 'a control character', input);
      check(text.length < 60 + input.length * 40, 'a long description', input);
    },
  },
  linkTarget(200_000),
];

const WRONG_LENGTHS = [0, 1, 2, 3, 4, 127, 128, 254, 255] as const;
const MOST = 2048;
const scratch = new Uint8Array(MOST);

/** An input made of a seed: octets changed, cut, doubled or set to what lengths are most often wrong by. Valid until the next call. */
export function mutate(seed: Uint8Array, random: { next(): number }): Uint8Array {
  let length = Math.min(seed.length, MOST);
  scratch.set(seed.subarray(0, length));
  for (let dice = Math.floor(random.next() * 0x1000000), i = dice & 3; i >= 0; i--) {
    const at = Math.floor(random.next() * length);
    dice = Math.floor(random.next() * 0x1000000);
    const value = dice >> 8;
    switch (dice & 7) {
      case 0:
        if ((value & 3) === 0) length = at;
        break;
      case 1: {
        const tail = Math.min(length - at, MOST - length);
        scratch.copyWithin(length, at, at + tail);
        length += tail;
        break;
      }
      case 2:
        scratch.copyWithin(at, at + 1, length);
        length = Math.max(0, length - 1);
        break;
      case 3:
        if (length > 0) scratch[at] = WRONG_LENGTHS[value % WRONG_LENGTHS.length] ?? 0;
        break;
      case 4:
        if (length > 0) scratch[at] = (scratch[at] ?? 0) ^ (1 << (value & 7));
        break;
      default:
        if (length > 0) scratch[at] = value;
    }
  }
  return scratch.subarray(0, length);
}

/** Feeds `count` inputs to a target; the seed makes a run repeatable. */
export function fuzz(target: FuzzTarget, count: number, seed: number): void {
  const random = seeded(seed);
  for (let i = 0; i < count; i++) {
    const from = target.seeds[Math.floor(random.next() * target.seeds.length)] ?? new Uint8Array(0);
    target.run(mutate(from, random));
  }
}

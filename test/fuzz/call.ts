// Mutated input for what arrives on dialled lines: async framing, AT dialogues, rings. A target's `run` throws where an input breaks a
// rule, and says whether something of it was understood.

import { hex } from '../../firmware/bytes/hex.ts';
import { equalBytes } from '../../firmware/bytes/integers.ts';
import { fromUtf8, utf8 } from '../../firmware/bytes/text.ts';
import { AtLine, type AtState } from '../../firmware/call/at.ts';
import { HdlcReceiver, HdlcSender } from '../../firmware/call/hdlc.ts';
import { NO_RING, readRing } from '../../firmware/call/ring.ts';
import { chance } from './mutate.ts';

export interface CallTarget {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  /** Inputs in one test run. */
  readonly count: number;
  run(input: Uint8Array): boolean;
}

function check(holds: boolean, what: string, input: Uint8Array): void {
  if (!holds) throw new Error(`${what}: ${hex(input)}`);
}

const MRU = 256;
const LONGEST = MRU + 64;
const lcp = Uint8Array.of(0xc0, 0x21, 1, 1, 0, 20, 2, 6, 0, 0, 0, 0, 5, 6, 0x7e, 0x7d, 0x11, 0x13, 7, 2, 8, 2);
const ip = Uint8Array.of(0, 0x21, 0x45, 0, 0, 0x7e, 0x7d, 0x5e, 0x20, ...new Uint8Array(80).map((_, i) => i));

/** What a sender with these settings puts on the line. */
function onLine(frame: Uint8Array, settings: Partial<HdlcSender> = {}): Uint8Array {
  return Object.assign(new HdlcSender(), settings).encode(frame).slice();
}
const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const LINES = [
  onLine(lcp), onLine(ip), onLine(ip, { accm: 0, acfc: true, pfc: true }), join(onLine(lcp), onLine(ip).subarray(1)),
  join(onLine(ip).subarray(0, 40), Uint8Array.of(0x7d), onLine(lcp)), join(utf8('\r\nCONNECT 64000\r\n'), onLine(lcp), utf8('\r\nNO CARRIER\r\n')),
];

/** What a receiver makes of octets that come in one piece or in two. */
function received(parts: readonly Uint8Array[]): { readonly frames: Uint8Array[]; readonly on: HdlcReceiver } {
  const frames: Uint8Array[] = [];
  const on = new HdlcReceiver({ mru: MRU }, (frame) => frames.push(frame.slice()));
  for (const part of parts) on.receive(part);
  return { frames, on };
}

const hdlcReceive: CallTarget = {
  name: 'call hdlc receive',
  seeds: LINES,
  count: 300_000,
  run(input) {
    const whole = received([input]);
    const cut = (input[0] ?? 0) % (input.length + 1);
    const pieces = received([input.subarray(0, cut), input.subarray(cut)]);
    const { frames, on } = whole;
    check(frames.length === pieces.frames.length && frames.every((frame, i) => equalBytes(frame, pieces.frames[i] ?? frame.subarray(0, 0))), 'a cut changes what arrives', input);
    check(frames.every(({ length }) => length > 0 && length < LONGEST), 'a frame out of bounds', input);
    const flags = input.filter((octet) => octet === 0x7e).length;
    const { aborted, short, oversize, 'bad check': bad } = on.refused;
    check(frames.length + aborted + short + bad <= flags && oversize <= flags + 1, 'more outcomes than flags', input);
    return frames.length > 0;
  },
};

const hdlcSend: CallTarget = {
  name: 'call hdlc send',
  seeds: [lcp, ip, ...LINES],
  count: 200_000,
  run(input) {
    const frame = input.subarray(0, MRU);
    const sender = new HdlcSender();
    sender.acfc = (frame[2] ?? 0) > 127;
    sender.pfc = (frame[3] ?? 0) > 127;
    const line = sender.encode(frame);
    if (frame.length < 2) {
      check(line.length === 0, 'octets for no frame', input);
      return false;
    }
    check(line.subarray(1, -1).every((octet) => octet >= 0x20 && octet !== 0x7e), 'an octet that had to be escaped', input);
    const { frames, on } = received([line]);
    const plain = (sender.acfc && !(frame[0] === 0xc0 && frame[1] === 0x21) ? frames[0] : frames[0]?.subarray(2)) ?? frame.subarray(0, 0);
    const left = frame.length - plain.length;
    // A compressed protocol alone with the check sequence is shorter than any frame.
    if (on.refused.short > 0) return false;
    check(frames.length === 1 && left >= 0 && left <= 1 && equalBytes(plain, frame.subarray(left)), 'not what was sent', input);
    return true;
  },
};

const ring: CallTarget = {
  name: 'call ring',
  seeds: ['RING;0312345678', '+CLIP: "+81312345678",145,"10",128', '+CDIP: "0698",129,"10",128', 'NMBR = 0312345678', 'CALLED NUMBER: 0698/10', '+CRING: REL ASYNC', 'TO:1'].map(utf8),
  count: 200_000,
  run(input) {
    const read = readRing(fromUtf8(input), NO_RING);
    if (read === undefined) return false;
    const { callingNumber, calledNumber, subAddress } = read.ring;
    check(/^[0-9*#]{0,31}$/.test(callingNumber) && /^[0-9*#]{0,31}$/.test(calledNumber), 'a number that is none', input);
    check(/^[A-Za-z0-9]{0,31}$/.test(subAddress), 'a subaddress that is none', input);
    return true;
  },
};

const DIALOGUES = [
  '\r\nOK\r\n', '\r\nOK\r\n\r\nOK\r\n\r\nOK\r\n\r\nOK\r\n\r\nOK\r\n', '\r\nRING\r\n\r\n+CLIP: "031",129\r\n', '\r\nRING;031\r\n', '\r\nCONNECT 64000\r\n~\u0003', '\r\nNO CARRIER\r\n',
  '~\r\nNO CARRIER\r\n', '\r\nBUSY\r\n', '\r\nERROR\r\n', '0\r', 'ATZ\r\r\nOK\r\n', '+++', '\r\nCONNECT\r\n\r\nNO CARRIER\r\n', '\r\nNO DIALTONE\r\n',
].map(utf8);
const QUIET: ReadonlySet<AtState> = new Set(['idle', 'online', 'closed']);

/** One dialogue that never ends, in whatever state earlier inputs left it; lines are cut and opened anew. */
export function atTarget(): CallTarget {
  const next = chance(7);
  let now = 0;
  let asked = 0;
  let ended = 0;
  let up = false;
  let written = 0;
  let at = fresh();

  function fresh(): AtLine {
    // Cut lines tell their end themselves.
    const line = new AtLine('isdn', {
      write: (octets) => (written += octets.length),
      data: () => {
        if (!up) throw new Error('data without a call');
      },
      ready: () => {},
      ring: () => {},
      connected: () => {
        if (asked === ended || up) throw new Error('connected without a call');
        up = true;
      },
      ended: () => {
        if (asked === ended) throw new Error('ended without a call');
        ended++;
        up = false;
      },
      drop: () => {},
      mute: () => {},
    });
    line.start(now);
    return line;
  }

  return {
    name: 'call at',
    seeds: DIALOGUES,
    count: 300_000,
    run(input) {
      const before = ended;
      const size = written;
      at.receive(input, now);
      const { state } = at;
      check(QUIET.has(state) || at.deadline() < Infinity, `waits for ever in "${state}"`, input);
      check(written - size <= 200 + input.length * 8, 'a flood of answers', input);
      const dice = next();
      if ((dice & 3) === 0) {
        now = Math.max(now, Math.min(at.deadline(), now + 100_000));
        at.tick(now);
      } else now += (dice >>> 8) % 500;
      if ((dice & 0x10) !== 0 && at.answer(now)) asked++;
      if ((dice & 0xe0) === 0 && at.dial('031', '', now)) asked++;
      if ((dice & 0x700) === 0 && asked > ended) {
        // Who hangs up is told nothing more.
        at.hangUp(now);
        ended++;
        up = false;
      }
      if (at.state === 'closed' || (dice & 0x7f000) === 0) {
        at.closed(now);
        check(asked === ended, 'a call that outlives its line', input);
        at = fresh();
      }
      return ended > before || up;
    },
  };
}

export const targets: readonly CallTarget[] = [hdlcReceive, hdlcSend, ring, atTarget()];

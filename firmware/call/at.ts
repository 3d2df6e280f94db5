// The router's side of an AT dialogue on one line: the DTE that gives commands to a modem or ISDN terminal adapter (ITU-T V.250; S-registers
// and escape sequence as all modems have them). Sans-IO: octets and `now` in, one deadline, octets out by the owner.

import { u8 } from '../bytes/integers.ts';
import { NEVER, type Millis } from '../bytes/time.ts';
import { NO_RING, readRing, type Ring } from './ring.ts';

/** Why a call ended or could not be made. */
export type CallEnd = 'no carrier' | 'busy' | 'no dial tone' | 'no answer' | 'refused' | 'timeout' | 'line cut';

/** Who owns the line. Calls come last in a method, when the state is consistent: the machine may be called from within. */
export interface AtOwner {
  write(octets: Uint8Array): void;
  /** What the far end sends while the call is up; valid until it returns. */
  data(octets: Uint8Array, now: Millis): void;
  /** The modem answers commands and has no call: `dial` is possible. Told each time it becomes so. */
  ready(now: Millis): void;
  /** A call rings; told once for each, when what the modem says of it has come. `answer` takes it; else it goes on ringing. */
  ring(ring: Ring, now: Millis): void;
  /** After `answer` or `dial`: the call is up. Bit/s; undefined = not told. */
  connected(speed: number | undefined, now: Millis): void;
  /** After `answer` or `dial`, once: the call is over, or came to nothing. Never after `hangUp`. */
  ended(end: CallEnd, now: Millis): void;
  /** The modem does not do what it is told, one sentence: only cutting the line is left. Nothing further comes. */
  drop(reason: string, now: Millis): void;
  /** The modem has not answered for a while; asked again from time to time. */
  mute(now: Millis): void;
}

export type AtState =
  /** Setting the modem up. */
  | 'starting' | 'mute'
  | 'idle' | 'ringing' | 'answering' | 'dialling' | 'online'
  /** Ending a call: silence before and after the escape sequence, ATH; or a call that is being set up. */
  | 'guard' | 'escaping' | 'hanging up' | 'aborting'
  | 'closed';

/** Own limits, and the times that modems are set up for. */
export const AT_LIMITS = {
  /** Longest result line, characters; what is longer is no result. */
  line: 128,
  /** How long a command may take. */
  command: 3000,
  tries: 5,
  /** Between attempts with a modem that does not answer. */
  asleep: 30_000,
  /** S7: from dialling or ATA to the carrier. */
  carrier: 60_000,
  /** A call that has not rung for this long is gone. */
  ringGap: 8000,
  /** From the first line about a caller to the last. */
  gather: 200,
  /** S12: silence around the escape sequence, with some to spare. */
  guard: 1100,
  hangUp: 5000,
  /** NO CARRIER in the midst of a frame counts when nothing follows it for this long. */
  quiet: 1000,
} as const;

const CR = 0x0d;
const LF = 0x0a;
const FLAG = 0x7e;

/** What the modem is told, in order. The first two must succeed; what it lacks of the rest it may refuse. */
const SETUP: readonly { readonly command: string; readonly must: boolean }[] = [
  { command: 'ATZ', must: true },
  // No echo, results as words and given at all, never answer by itself.
  { command: 'ATE0V1Q0S0=0', must: true },
  // All results; carrier detect as it is; hang up when DTR drops; flow control by RTS and CTS.
  { command: 'ATX4&C1&D2&K3', must: false },
  // Who calls, and whom.
  { command: 'AT+CLIP=1', must: false },
  { command: 'AT+CDIP=1', must: false },
];

/** A number that may stand in a dial command, and a subaddress. */
const DIALABLE = /^[0-9*#+-]{1,31}$/;
const SUBADDRESS = /^[A-Za-z0-9]{0,31}$/;
const GONE = latin('\r\nNO CARRIER\r\n');
/** The end of what came: NO CARRIER and one octet before it. */
const TAIL = GONE.length + 1;

function latin(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Whether `dial` takes this number. */
export const isDialable = (number: string, subAddress: string): boolean => DIALABLE.test(number) && SUBADDRESS.test(subAddress);

const END_OF: ReadonlyMap<string, CallEnd> = new Map([
  ['NO CARRIER', 'no carrier'],
  ['BUSY', 'busy'],
  ['NO DIALTONE', 'no dial tone'],
  ['NO DIAL TONE', 'no dial tone'],
  ['NO ANSWER', 'no answer'],
  ['ERROR', 'refused'],
  ['DELAYED', 'refused'],
  ['BLACKLISTED', 'refused'],
]);
/** Results that say nothing we wait for. */
const PASSED_OVER = /^(?:RINGING|RRING|CARRIER .*|PROTOCOL: ?.*|COMPRESSION: ?.*|\+(?:MCR|MRR|ER|DR|CR|ILRR): ?.*|DATE ?=.*|TIME ?=.*|NAME ?=.*|MESG ?=.*)$/;

export class AtLine {
  readonly #owner: AtOwner;
  readonly #prefix: string;
  /** How long who calls may be told after the first ring. */
  readonly #patience: Millis;
  #state: AtState = 'starting';
  #due: Millis = NEVER;
  #step = 0;
  #tries = 0;
  #line = '';
  #overlong = false;
  /** A line feed that belongs to the result before it. */
  #eatLf = false;
  #ring: Ring = NO_RING;
  #lastRing: Millis = Number.NEGATIVE_INFINITY;
  /** When the modem last said anything of a call that rings. */
  #heard: Millis = Number.NEGATIVE_INFINITY;
  #told = false;
  readonly #tail = new Uint8Array(TAIL);
  #tailLength = 0;
  #suspect: Millis = NEVER;
  /** Lines that were no result, or too long. */
  garbage = 0;

  /** 'isdn': digits are dialled as they are, and who calls comes with the ring; 'async': by tones, between two rings. */
  constructor(kind: 'isdn' | 'async', owner: AtOwner) {
    this.#owner = owner;
    this.#prefix = kind === 'isdn' ? 'ATD' : 'ATDT';
    this.#patience = kind === 'isdn' ? 500 : 3000;
  }

  get state(): AtState {
    return this.#state;
  }

  /** The line is there: sets the modem up. */
  start(now: Millis): void {
    this.#setUp(0, now);
  }

  deadline(): Millis {
    return Math.min(this.#due, this.#suspect);
  }

  /** Idempotent; acts only on what is due. */
  tick(now: Millis): void {
    if (now >= this.#suspect) return this.#over('no carrier', now);
    if (now < this.#due) return;
    this.#due = NEVER;
    switch (this.#state) {
      case 'starting':
        return this.#late(now);
      case 'mute':
        return this.#setUp(0, now);
      case 'ringing':
        if (this.#told) return this.#idle(now);
        return this.#tell(now);
      case 'answering':
      case 'dialling':
        this.#abort(now);
        return this.#owner.ended('timeout', now);
      case 'guard':
        this.#state = 'escaping';
        this.#due = now + AT_LIMITS.guard + AT_LIMITS.command;
        return this.#owner.write(latin('+++'));
      case 'escaping':
      case 'hanging up':
      case 'aborting':
        this.#state = 'closed';
        return this.#owner.drop('the modem does not hang up when it is told to', now);
      case 'idle':
      case 'online':
      case 'closed':
        return;
    }
  }

  /** Octets from the modem. */
  receive(octets: Uint8Array, now: Millis): void {
    let from = 0;
    while (from < octets.length) {
      if (this.#state === 'closed') return;
      if (this.#state === 'online') {
        if (this.#eatLf && u8(octets, from) === LF) from++;
        this.#eatLf = false;
        if (from < octets.length) this.#online(octets.subarray(from), now);
        return;
      }
      this.#character(u8(octets, from++), now);
    }
  }

  /** The line is gone. */
  closed(now: Millis): void {
    const before = this.#state;
    this.#state = 'closed';
    this.#due = NEVER;
    this.#suspect = NEVER;
    if (before === 'online' || before === 'answering' || before === 'dialling') this.#owner.ended('line cut', now);
  }

  /** Takes the call that rings; false where none does any more. */
  answer(now: Millis): boolean {
    if (this.#state !== 'ringing') return false;
    this.#state = 'answering';
    this.#due = now + AT_LIMITS.carrier;
    this.#owner.write(latin('ATA\r'));
    return true;
  }

  /** Makes a call; false where the line is not idle or the number is none. A subaddress goes behind a slash. */
  dial(number: string, subAddress: string, now: Millis): boolean {
    if (this.#state !== 'idle' || !isDialable(number, subAddress)) return false;
    this.#state = 'dialling';
    this.#due = now + AT_LIMITS.carrier;
    this.#owner.write(latin(`${this.#prefix}${number}${subAddress === '' ? '' : `/${subAddress}`}\r`));
    return true;
  }

  /** Ends the call, whatever became of it; `ready` tells when the line can be used again. */
  hangUp(now: Millis): void {
    if (this.#state === 'answering' || this.#state === 'dialling') return this.#abort(now);
    if (this.#state !== 'online') return;
    this.#state = 'guard';
    this.#suspect = NEVER;
    this.#due = now + AT_LIMITS.guard;
    this.#forgetLine();
  }

  #setUp(step: number, now: Millis): void {
    const next = SETUP[step];
    if (next === undefined) return this.#idle(now);
    if (step === 0 && this.#state !== 'starting') this.#tries = 0;
    this.#state = 'starting';
    this.#step = step;
    this.#due = now + AT_LIMITS.command;
    this.#owner.write(latin(`${next.command}\r`));
  }

  /** No answer to a command of the set-up. */
  #late(now: Millis): void {
    if (!(SETUP[this.#step]?.must ?? false)) return this.#setUp(this.#step + 1, now);
    if (++this.#tries < AT_LIMITS.tries) return this.#setUp(this.#step, now);
    this.#state = 'mute';
    this.#due = now + AT_LIMITS.asleep;
    this.#owner.mute(now);
  }

  #idle(now: Millis): void {
    this.#state = 'idle';
    this.#due = NEVER;
    this.#suspect = NEVER;
    this.#told = false;
    this.#forgetLine();
    // A call that rang while the modem was being set up.
    if (now - this.#lastRing < AT_LIMITS.ringGap && this.#ring !== NO_RING) return this.#rang(now);
    this.#ring = NO_RING;
    this.#owner.ready(now);
  }

  #forgetLine(): void {
    this.#line = '';
    this.#overlong = false;
  }

  #abort(now: Millis): void {
    this.#state = 'aborting';
    this.#due = now + AT_LIMITS.hangUp;
    // Any character ends a call that is being set up (V.250 5.6.1).
    this.#owner.write(latin('\r'));
  }

  #character(octet: number, now: Millis): void {
    if (octet === CR || octet === LF) {
      const line = this.#line.trim();
      const overlong = this.#overlong;
      this.#forgetLine();
      if (overlong) this.garbage++;
      else if (line !== '') this.#result(line, now);
      return;
    }
    if (octet < 0x20 || octet > 0x7e || this.#overlong) return;
    if (this.#line.length === AT_LIMITS.line) this.#overlong = true;
    else this.#line += String.fromCharCode(octet);
  }

  #result(line: string, now: Millis): void {
    const word = line.toUpperCase();
    const known = readRing(line, now - this.#heard > AT_LIMITS.ringGap ? NO_RING : this.#ring);
    if (known !== undefined) {
      this.#heard = now;
      return this.#caller(known.ring, known.rings, now);
    }
    switch (this.#state) {
      case 'starting':
        return this.#setUpResult(word, now);
      case 'ringing':
        // The caller has given up.
        if (word === 'NO CARRIER') {
          this.#forgetRing();
          return this.#idle(now);
        }
        break;
      case 'answering':
      case 'dialling': {
        const speed = /^CONNECT\b\D*(\d{2,9})?/.exec(word);
        if (speed !== null) return this.#connect(speed[1] === undefined ? undefined : Number(speed[1]), now);
        const end = END_OF.get(word);
        if (end !== undefined) return this.#over(end, now);
        break;
      }
      case 'escaping':
        if (word === 'NO CARRIER') return this.#idle(now);
        if (word !== 'OK') return;
        this.#state = 'hanging up';
        this.#due = now + AT_LIMITS.hangUp;
        return this.#owner.write(latin('ATH\r'));
      case 'guard':
        if (word === 'NO CARRIER') this.#idle(now);
        return;
      case 'hanging up':
        if (word === 'OK' || END_OF.has(word)) this.#idle(now);
        return;
      case 'aborting':
        if (word === 'OK' || END_OF.has(word)) return this.#idle(now);
        if (!word.startsWith('CONNECT')) return;
        // It came up in the very moment: ended like one that was.
        this.#state = 'guard';
        this.#due = now + AT_LIMITS.guard;
        return;
      case 'idle':
        // What a call that is over leaves behind.
        if (word === 'OK' || END_OF.has(word)) return;
        break;
      case 'mute':
        // The modem is there after all.
        if (word === 'OK' || word === '0') return this.#setUp(0, now);
        break;
      case 'online':
      case 'closed':
        return;
    }
    if (!PASSED_OVER.test(word) && !isEcho(word)) this.garbage++;
  }

  #setUpResult(word: string, now: Millis): void {
    const step = SETUP[this.#step];
    // ATZ may have brought back a profile that answers in digits.
    if (word === 'OK' || word === '0') return this.#setUp(this.#step + 1, now);
    if (word === 'ERROR' || word === '4') {
      if (step?.must === true) {
        // A line that began with noise: given again once it is quiet.
        this.#due = Math.min(this.#due, now + AT_LIMITS.quiet);
        return;
      }
      return this.#setUp(this.#step + 1, now);
    }
    if (!PASSED_OVER.test(word) && !isEcho(word) && !END_OF.has(word)) this.garbage++;
  }

  /** A ring, or what belongs to one. */
  #caller(ring: Ring, rings: boolean, now: Millis): void {
    switch (this.#state) {
      case 'starting':
      case 'mute':
      case 'idle': {
        // Who calls may also be told before the first ring.
        this.#ring = ring === NO_RING ? { ...NO_RING } : ring;
        if (!rings && now - this.#lastRing >= AT_LIMITS.ringGap && this.#state === 'idle') return;
        this.#lastRing = now;
        if (this.#state === 'idle') this.#rang(now);
        return;
      }
      case 'ringing':
        this.#ring = ring;
        if (this.#told) {
          if (rings) this.#lastRing = now;
          this.#due = this.#lastRing + AT_LIMITS.ringGap;
          return;
        }
        if (rings && now - this.#lastRing > AT_LIMITS.gather) return this.#tell(now);
        if (!rings) this.#due = Math.min(this.#due, now + AT_LIMITS.gather);
        return;
      case 'answering':
      case 'dialling':
      case 'online':
      case 'guard':
      case 'escaping':
      case 'hanging up':
      case 'aborting':
      case 'closed':
        return;
    }
  }

  #rang(now: Millis): void {
    this.#state = 'ringing';
    this.#told = false;
    this.#due = now + (this.#ring.callingNumber === '' ? this.#patience : AT_LIMITS.gather);
  }

  #tell(now: Millis): void {
    this.#told = true;
    this.#lastRing = now;
    this.#due = now + AT_LIMITS.ringGap;
    const ring = this.#ring;
    this.#owner.ring(ring, now);
  }

  #forgetRing(): void {
    this.#ring = NO_RING;
    this.#lastRing = Number.NEGATIVE_INFINITY;
  }

  #connect(speed: number | undefined, now: Millis): void {
    this.#forgetRing();
    this.#state = 'online';
    this.#due = NEVER;
    this.#tailLength = 0;
    this.#eatLf = true;
    this.#owner.connected(speed, now);
  }

  #over(end: CallEnd, now: Millis): void {
    this.#forgetRing();
    this.#state = 'idle';
    this.#due = NEVER;
    this.#suspect = NEVER;
    this.#forgetLine();
    this.#owner.ended(end, now);
    if (this.#state === 'idle') this.#owner.ready(now);
  }

  /**
   * Data of the call. The modem's NO CARRIER comes the same way, and a frame may hold these very words: it counts as a line of its own
   * right behind a flag, where no PPP frame begins so; in the midst of an open frame when nothing comes after it.
   */
  #online(octets: Uint8Array, now: Millis): void {
    this.#suspect = NEVER;
    this.#keepTail(octets);
    this.#owner.data(octets, now);
    if (this.#state !== 'online' || this.#tailLength < GONE.length) return;
    const at = this.#tailLength - GONE.length;
    for (let i = 0; i < GONE.length; i++) if (this.#tail[at + i] !== GONE[i]) return;
    if (at === 0 || this.#tail[0] === FLAG) return this.#over('no carrier', now);
    this.#suspect = now + AT_LIMITS.quiet;
  }

  #keepTail(octets: Uint8Array): void {
    if (octets.length >= TAIL) {
      this.#tail.set(octets.subarray(octets.length - TAIL));
      this.#tailLength = TAIL;
      return;
    }
    const kept = Math.min(this.#tailLength, TAIL - octets.length);
    this.#tail.copyWithin(0, this.#tailLength - kept, this.#tailLength);
    this.#tail.set(octets, kept);
    this.#tailLength = kept + octets.length;
  }
}

/** A command of ours that the modem sends back while it still echoes. */
function isEcho(word: string): boolean {
  return word.startsWith('AT') || word === '+++';
}

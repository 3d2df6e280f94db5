// The router's side of an AT dialogue on one line: the DTE that gives commands to a modem or ISDN terminal adapter (ITU-T V.250; S-registers
// and escape sequence as all modems have them). Sans-IO: octets and `now` in, one deadline, octets out by the owner.

import { u8 } from '../bytes/integers.ts';
import { NEVER, type Millis } from '../bytes/time.ts';
import { NO_RING, readRing, type Ring } from './ring.ts';
import { Tail } from './tail.ts';
import { AT_LIMITS, type CallEnd, END_OF, isDialable, isGarbage, latin, SETUP } from './words.ts';

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

const CR = 0x0d;
const LF = 0x0a;

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
  readonly #tail = new Tail();
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
    return Math.min(this.#due, this.#tail.deadline);
  }

  /** Idempotent; acts only on what is due. */
  tick(now: Millis): void {
    if (now >= this.#tail.deadline) return this.#over('no carrier', now);
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
    this.#tail.reset();
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
    this.#tail.reset();
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
    this.#tail.reset();
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
    if (isGarbage(word)) this.garbage++;
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
    if (isGarbage(word) && !END_OF.has(word)) this.garbage++;
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
    this.#tail.reset();
    this.#eatLf = true;
    this.#owner.connected(speed, now);
  }

  #over(end: CallEnd, now: Millis): void {
    this.#forgetRing();
    this.#state = 'idle';
    this.#due = NEVER;
    this.#tail.reset();
    this.#forgetLine();
    this.#owner.ended(end, now);
    if (this.#state === 'idle') this.#owner.ready(now);
  }

  /** Data of the call, the modem's word for its end among it. */
  #online(octets: Uint8Array, now: Millis): void {
    const over = this.#tail.push(octets, now);
    this.#owner.data(octets, now);
    if (over && this.#state === 'online') this.#over('no carrier', now);
  }
}

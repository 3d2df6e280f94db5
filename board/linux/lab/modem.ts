// The other end of a call port's dialogue: a modem or ISDN terminal adapter in software (ITU-T V.250, the DCE). For callers of labs and
// tests; what a program must do that wants to dial into a router's socket.

import type { Millis } from '../../../firmware/bytes/time.ts';

/** What a dial command brings. */
export type DialResult = 'connect' | 'BUSY' | 'NO CARRIER' | 'NO ANSWER' | 'NO DIALTONE' | 'ERROR';

export interface ModemOutput {
  /** To the router. */
  write(octets: Uint8Array): void;
  /** What the router sends while a call is up; valid until it returns. */
  data(octets: Uint8Array, now: Millis): void;
  /** The router has taken the call that rings, or one that it made is taken. */
  connected(now: Millis): void;
  /** The router has ended the call. */
  hungUp(now: Millis): void;
  /** The router dials: what becomes of it. */
  dialled(number: string): DialResult;
}

const CR = 0x0d;
/** S12 of a modem as it comes: silence around the escape sequence. */
const GUARD: Millis = 900;
const LONGEST_COMMAND = 256;

const octetsOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

export class Modem {
  readonly #out: ModemOutput;
  /** Bit/s, as CONNECT says. */
  readonly #speed: number;
  #command = '';
  #state: 'command' | 'ringing' | 'online' | 'escaped' = 'command';
  #last: Millis = Number.NEGATIVE_INFINITY;

  constructor(out: ModemOutput, speed = 64_000) {
    this.#out = out;
    this.#speed = speed;
  }

  get online(): boolean {
    return this.#state === 'online' || this.#state === 'escaped';
  }

  /** One ring; again every few seconds until it is taken. Empty numbers are not told. */
  ring(calling: string, called: string): void {
    if (this.online) return;
    this.#state = 'ringing';
    this.#say('RING');
    if (calling !== '') this.#say(`+CLIP: "${calling}",129`);
    if (called !== '') this.#say(`+CDIP: "${called}",129`);
  }

  /** Octets for the far end of the call that is up. */
  send(octets: Uint8Array): void {
    if (this.#state === 'online') this.#out.write(octets);
  }

  /** The far end of the call hangs up, or gives up ringing. */
  hangUp(): void {
    if (this.#state === 'command') return;
    this.#state = 'command';
    this.#say('NO CARRIER');
  }

  /** Octets from the router. */
  receive(octets: Uint8Array, now: Millis): void {
    if (this.#state === 'online') return this.#online(octets, now);
    for (const [i, octet] of octets.entries()) {
      if (octet !== CR) {
        if (octet >= 0x20 && octet < 0x7f && this.#command.length < LONGEST_COMMAND) this.#command += String.fromCharCode(octet);
        continue;
      }
      const command = this.#command.trim().toUpperCase();
      this.#command = '';
      if (command !== '') this.#obey(command, now);
      if (this.#carries()) {
        if (i + 1 < octets.length) this.#online(octets.subarray(i + 1), now);
        return;
      }
    }
  }

  #carries(): boolean {
    return this.#state === 'online';
  }

  #obey(command: string, now: Millis): void {
    if (!command.startsWith('AT')) return this.#say('ERROR');
    if (command.startsWith('ATA')) {
      if (this.#state !== 'ringing') return this.#say('NO CARRIER');
      return this.#connect(now);
    }
    if (command.startsWith('ATD')) {
      const result = this.#out.dialled(command.replace(/^ATD[TPI]?/, ''));
      return result === 'connect' ? this.#connect(now) : this.#say(result);
    }
    if (command.startsWith('ATO') && this.#state === 'escaped') return this.#connect(now);
    const had = this.#state === 'escaped';
    if (command.startsWith('ATH') || command.startsWith('ATZ')) this.#state = this.#state === 'ringing' ? 'ringing' : 'command';
    this.#say('OK');
    if (had && this.#state === 'command') this.#out.hungUp(now);
  }

  #connect(now: Millis): void {
    const again = this.#state === 'escaped';
    this.#state = 'online';
    this.#last = now;
    this.#say(`CONNECT ${this.#speed}`);
    if (!again) this.#out.connected(now);
  }

  #online(octets: Uint8Array, now: Millis): void {
    const silent = now - this.#last >= GUARD;
    this.#last = now;
    // Silence behind it too would be a timer more; nothing but the router's escape sequence looks so.
    if (silent && octets.length === 3 && octets.every((octet) => octet === 0x2b)) {
      this.#state = 'escaped';
      return this.#say('OK');
    }
    this.#out.data(octets, now);
  }

  #say(line: string): void {
    this.#out.write(octetsOf(`\r\n${line}\r\n`));
  }
}

// A TFTP client (RFC 1350) with option negotiation of the block size and the transfer size (RFC 2347, 2348, 2349).
// Sans-IO: datagrams and time in, datagrams out.

import { put16, u16 } from '../../firmware/bytes/integers.ts';
import { fromUtf8, printable, utf8 } from '../../firmware/bytes/text.ts';
import type { Millis } from '../../firmware/bytes/time.ts';
import { NEVER } from '../../firmware/bytes/time.ts';

/** RFC 1350 5, RFC 2347. */
export const OPCODE = { RRQ: 1, WRQ: 2, DATA: 3, ACK: 4, ERROR: 5, OACK: 6 } as const;
/** RFC 1350 appendix; 8 by RFC 2347. */
export const ERROR = {
  NotDefined: 0,
  FileNotFound: 1,
  AccessViolation: 2,
  DiskFull: 3,
  IllegalOperation: 4,
  UnknownTransferId: 5,
  FileExists: 6,
  NoSuchUser: 7,
  OptionRefused: 8,
} as const;
const ERROR_WORDS: Record<number, string> = {
  [ERROR.FileNotFound]: 'file not found',
  [ERROR.AccessViolation]: 'access violation',
  [ERROR.DiskFull]: 'its disk is full',
  [ERROR.IllegalOperation]: 'illegal operation',
  [ERROR.UnknownTransferId]: 'unknown transfer',
  [ERROR.FileExists]: 'the file exists already',
  [ERROR.NoSuchUser]: 'no such user',
};

/** RFC 1350: without the option, and where the server refuses options. */
const PLAIN_BLOCK = 512;

// Implementation limits.
/** Fills an Ethernet frame: 1500 - IP 20 - UDP 8 - TFTP 4, with room for a tunnel on the way (RFC 2348 names 1428). */
const ASKED_BLOCK = 1428;
const FIRST_WAIT: Millis = 1000;
const LONGEST_WAIT: Millis = 8000;
const MOST_TRIES = 6;
/** A router's files are configurations and releases. */
const LARGEST_FILE = 256 << 20;

export interface TftpOutput {
  /** To the server's port 69 ('request') or to the port it answered from. */
  send(to: 'request' | 'transfer', datagram: Uint8Array): void;
  progress(bytes: number): void;
  /** Once: the file (empty after an upload), or why it failed. Nothing is sent after it. */
  done(result: Uint8Array | { readonly refused: string }): void;
}

type Direction = { readonly kind: 'read' } | { readonly kind: 'write'; readonly data: Uint8Array };

function request(direction: Direction, file: string, options: readonly (readonly [string, string])[]): Uint8Array {
  const text = [file, 'octet', ...options.flat()].map((word) => `${word}\0`).join('');
  const words = utf8(text);
  const out = new Uint8Array(2 + words.length);
  put16(out, 0, direction.kind === 'read' ? OPCODE.RRQ : OPCODE.WRQ);
  out.set(words, 2);
  return out;
}

/** One transfer. `start` sends the request; `receive` takes datagrams of the server; `tick` repeats what was lost. */
export class TftpTransfer {
  readonly #out: TftpOutput;
  readonly #direction: Direction;
  readonly #file: string;
  #phase: 'requested' | 'running' | 'done' = 'requested';
  #blockSize = PLAIN_BLOCK;
  #asked = true;
  /** Last block received in order (read) or last block sent (write), not wrapped. */
  #block = 0;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #last: { readonly to: 'request' | 'transfer'; readonly datagram: Uint8Array } | undefined;
  #tries = 0;
  #wait = FIRST_WAIT;
  #deadline: Millis = NEVER;

  constructor(out: TftpOutput, file: string, direction: Direction) {
    this.#out = out;
    this.#file = file;
    this.#direction = direction;
  }

  deadline(): Millis {
    return this.#deadline;
  }

  start(now: Millis): void {
    const size = this.#direction.kind === 'write' ? this.#direction.data.length : 0;
    const options = [['blksize', String(ASKED_BLOCK)], ['tsize', String(size)]] as const;
    this.#say('request', request(this.#direction, this.#file, this.#asked ? options : []), now);
  }

  tick(now: Millis): void {
    if (this.#phase === 'done' || now < this.#deadline || this.#last === undefined) return;
    if (++this.#tries >= MOST_TRIES) return this.#end({ refused: 'The TFTP server does not answer' });
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
    this.#deadline = now + this.#wait;
    this.#out.send(this.#last.to, this.#last.datagram);
  }

  /** A datagram from the server's address and, once it has answered, from the port it answered from. */
  receive(datagram: Uint8Array, now: Millis): void {
    if (this.#phase === 'done' || datagram.length < 4) return;
    switch (u16(datagram, 0)) {
      case OPCODE.ERROR:
        return this.#refused(u16(datagram, 2), datagram.subarray(4), now);
      case OPCODE.OACK:
        return this.#agreed(datagram.subarray(2), now);
      case OPCODE.DATA:
        return this.#data(u16(datagram, 2), datagram.subarray(4), now);
      case OPCODE.ACK:
        return this.#acknowledged(u16(datagram, 2), now);
      default:
        return;
    }
  }

  /** Ends the transfer and tells the server; `done` is not called. */
  cancel(): void {
    if (this.#phase === 'running') this.#out.send('transfer', Uint8Array.of(0, OPCODE.ERROR, 0, ERROR.NotDefined, ...utf8('cancelled'), 0));
    this.#phase = 'done';
    this.#deadline = NEVER;
  }

  #refused(code: number, rest: Uint8Array, now: Millis): void {
    // Option negotiation refused: once more as RFC 1350 alone has it.
    if (code === ERROR.OptionRefused && this.#phase === 'requested' && this.#asked) {
      this.#asked = false;
      return this.start(now);
    }
    const end = rest.indexOf(0);
    const words = printable(fromUtf8(end < 0 ? rest : rest.subarray(0, end))).slice(0, 200);
    this.#end({ refused: `The TFTP server refused: ${words !== '' ? words : (ERROR_WORDS[code] ?? `error ${code}`)}` });
  }

  #agreed(body: Uint8Array, now: Millis): void {
    if (this.#phase !== 'requested' || !this.#asked) return;
    const words = fromUtf8(body).split('\0');
    for (let i = 0; i + 1 < words.length; i += 2) {
      if (words[i]?.toLowerCase() !== 'blksize') continue;
      const size = Number(words[i + 1]);
      // RFC 2348: the server may only answer with the same or a smaller size.
      if (!Number.isInteger(size) || size < 8 || size > ASKED_BLOCK) {
        this.#out.send('transfer', Uint8Array.of(0, OPCODE.ERROR, 0, ERROR.OptionRefused, ...utf8('bad block size'), 0));
        return this.#end({ refused: 'The TFTP server answered with a block size that was not asked for' });
      }
      this.#blockSize = size;
    }
    this.#phase = 'running';
    if (this.#direction.kind === 'read') this.#acknowledge(0, now);
    else this.#sendBlock(1, now);
  }

  #data(number: number, body: Uint8Array, now: Millis): void {
    if (this.#direction.kind !== 'read' || body.length > this.#blockSize) return;
    if (number !== ((this.#block + 1) & 0xffff)) {
      // The block before came again: our acknowledgement was lost. Older ones are not answered (RFC 1123 4.2.3.1).
      if (this.#phase === 'running' && number === (this.#block & 0xffff) && this.#last !== undefined) this.#out.send('transfer', this.#last.datagram);
      return;
    }
    this.#phase = 'running';
    this.#block++;
    this.#parts.push(body.slice());
    this.#bytes += body.length;
    if (this.#bytes > LARGEST_FILE) {
      this.#out.send('transfer', Uint8Array.of(0, OPCODE.ERROR, 0, ERROR.DiskFull, ...utf8('file too large'), 0));
      return this.#end({ refused: `The file is larger than ${LARGEST_FILE >> 20} MB` });
    }
    this.#acknowledge(number, now);
    this.#out.progress(this.#bytes);
    if (body.length < this.#blockSize) this.#end(this.#whole());
  }

  #acknowledged(number: number, now: Millis): void {
    if (this.#direction.kind !== 'write' || number !== (this.#block & 0xffff)) return;
    this.#phase = 'running';
    const sent = this.#block * this.#blockSize;
    this.#out.progress(Math.min(sent, this.#direction.data.length));
    // The block that was shorter than a whole one has been acknowledged.
    if (this.#block > 0 && sent > this.#direction.data.length) return this.#end(new Uint8Array(0));
    this.#sendBlock(this.#block + 1, now);
  }

  #sendBlock(block: number, now: Millis): void {
    if (this.#direction.kind !== 'write') return;
    this.#block = block;
    const body = this.#direction.data.subarray((block - 1) * this.#blockSize, block * this.#blockSize);
    const datagram = new Uint8Array(4 + body.length);
    put16(datagram, 0, OPCODE.DATA);
    put16(datagram, 2, block & 0xffff);
    datagram.set(body, 4);
    this.#say('transfer', datagram, now);
  }

  #acknowledge(number: number, now: Millis): void {
    const datagram = new Uint8Array(4);
    put16(datagram, 0, OPCODE.ACK);
    put16(datagram, 2, number);
    this.#say('transfer', datagram, now);
  }

  #say(to: 'request' | 'transfer', datagram: Uint8Array, now: Millis): void {
    this.#last = { to, datagram };
    this.#tries = 0;
    this.#wait = FIRST_WAIT;
    this.#deadline = now + FIRST_WAIT;
    this.#out.send(to, datagram);
  }

  #whole(): Uint8Array {
    const all = new Uint8Array(this.#bytes);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  #end(result: Uint8Array | { readonly refused: string }): void {
    this.#phase = 'done';
    this.#deadline = NEVER;
    this.#parts = [];
    this.#out.done(result);
  }
}

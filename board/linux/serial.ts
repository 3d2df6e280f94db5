// A console on a serial line (termios(3)).

import { closeSync, constants, openSync } from 'node:fs';
import { ReadStream, WriteStream } from 'node:tty';

import type { Stream } from '../../firmware/hal/io.ts';
import { textOf } from './failure.ts';
import { C, pinned } from './ffi/libc.ts';

/** struct termios of glibc on x86-64 and arm64. */
const SIZEOF_TERMIOS = 60;
const AT = { iflag: 0, oflag: 4, cflag: 8, lflag: 12, cc: 17, ispeed: 52, ospeed: 56 } as const;
const CFLAG = { CBAUD: 0o010017, CSIZE: 0o60, CS8: 0o60, PARENB: 0o400, CSTOPB: 0o100, CREAD: 0o200, CLOCAL: 0o4000, CRTSCTS: 0x80000000 } as const;
const VTIME = 5;
const VMIN = 6;
const TCSANOW = 0;
/** asm-generic/termbits.h. */
const SPEED: Record<number, number> = { 1200: 9, 2400: 11, 4800: 12, 9600: 13, 19200: 14, 38400: 15, 57600: 0o10001, 115200: 0o10002, 230400: 0o10003 };
const REOPEN_MS = 1000;

/** Speeds a console can have, in bits per second. */
export const SPEEDS: readonly number[] = Object.keys(SPEED).map(Number);

class SerialStream implements Stream {
  readonly terminal = true;
  readonly from: string;
  onData: (data: Uint8Array) => void = () => {};
  onClose: () => void = () => {};
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  #closed = false;

  /** Two descriptors of the line, because each stream closes its own. */
  constructor(input: number, output: number, from: string) {
    this.from = from;
    this.#input = new ReadStream(input);
    this.#output = new WriteStream(output);
    this.#input.on('data', (data: Buffer) => this.onData(data));
    for (const event of ['end', 'close', 'error']) this.#input.on(event, () => this.close());
    this.#output.on('error', () => this.close());
  }

  write(data: Uint8Array): void {
    if (!this.#closed) this.#output.write(data);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#input.destroy();
    this.#output.destroy();
    this.onClose();
  }
}

/** Keeps a console on a line: opened again when it is unplugged and comes back, or when a session closed it. */
export class SerialConsole {
  readonly #path: string;
  readonly #speed: number;
  readonly #from: string;
  readonly #attach: (stream: Stream) => void;
  #stream: SerialStream | undefined;
  #restore: (() => void) | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** `attach` is called with a fresh stream each time the line is opened. */
  constructor(line: { readonly path: string; readonly speed: number; readonly from: string }, attach: (stream: Stream) => void) {
    this.#path = line.path;
    this.#speed = line.speed;
    this.#from = line.from;
    this.#attach = attach;
  }

  /** Opens the line; the sentence why it cannot be, while it goes on trying. */
  open(): string | undefined {
    let fd: number;
    let output: number;
    const flags = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK;
    try {
      fd = openSync(this.#path, flags);
      output = openSync(this.#path, flags);
    } catch (error) {
      this.#later();
      return `The console ${this.#path} cannot be opened: ${textOf(error)}`;
    }
    const before = makeRaw(fd, this.#speed);
    if (before === undefined) {
      closeSync(fd);
      closeSync(output);
      this.#later();
      return `${this.#path} is no serial line`;
    }
    this.#restore = () => void C.tcsetattr(fd, TCSANOW, before.at);
    const stream = new SerialStream(fd, output, this.#from);
    this.#stream = stream;
    this.#attach(stream);
    // The session has put its handler there: ours comes behind it.
    const ended = stream.onClose;
    stream.onClose = () => {
      this.#stream = undefined;
      ended();
      this.#later();
    };
    return undefined;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#restore?.();
    this.#stream?.close();
  }

  #later(): void {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.open(), REOPEN_MS);
  }
}

/** Raw mode, eight bits, no parity, no flow control (AlliedWare's console); what was set before, or undefined where it is no terminal. */
function makeRaw(fd: number, speed: number): ReturnType<typeof pinned> | undefined {
  const before = pinned(SIZEOF_TERMIOS + 4);
  if (C.tcgetattr(fd, before.at) < 0) return undefined;
  const raw = pinned(SIZEOF_TERMIOS + 4);
  raw.bytes.set(before.bytes);
  const code = SPEED[speed] ?? 0;
  raw.view.setUint32(AT.iflag, 0, true);
  raw.view.setUint32(AT.oflag, 0, true);
  raw.view.setUint32(AT.lflag, 0, true);
  const kept = raw.view.getUint32(AT.cflag, true) & ~(CFLAG.CBAUD | CFLAG.CSIZE | CFLAG.PARENB | CFLAG.CSTOPB | CFLAG.CRTSCTS);
  raw.view.setUint32(AT.cflag, (kept | CFLAG.CS8 | CFLAG.CREAD | CFLAG.CLOCAL | code) >>> 0, true);
  raw.view.setUint32(AT.ispeed, code, true);
  raw.view.setUint32(AT.ospeed, code, true);
  raw.bytes[AT.cc + VTIME] = 0;
  raw.bytes[AT.cc + VMIN] = 1;
  return C.tcsetattr(fd, TCSANOW, raw.at) < 0 ? undefined : before;
}

// Octets over a serial line (termios(3)), and a console that stays on one.

import { closeSync, constants, openSync, writeSync } from 'node:fs';

import type { CallLine, Stream } from '../../firmware/hal/io.ts';
import { codeOf, textOf } from './failure.ts';
import { rawMode } from './termios.ts';

const REOPEN_MS = 1000;
/** To the first column, the rest of the line erased: what started us may have put a prompt there for those who type ahead. */
const CLEAR_LINE = '\r\u001b[J';
/** At 9600 bit/s the line takes about 50 octets meanwhile. */
const FULL_MS = 50;

/** An open line; closes the descriptor when it ends. */
export class SerialStream implements CallLine {
  readonly terminal: boolean;
  readonly from: string;
  onData: (data: Uint8Array) => void = () => {};
  onClose: () => void = () => {};
  readonly #fd: number;
  readonly #input;
  #waiting: Uint8Array[] = [];
  #backlog = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(fd: number, how: { readonly terminal: boolean; readonly from: string }) {
    this.terminal = how.terminal;
    this.from = how.from;
    this.#fd = fd;
    this.#input = Bun.file(fd).stream().getReader();
    void this.#read();
  }

  get backlog(): number {
    return this.#backlog;
  }

  get closed(): boolean {
    return this.#closed;
  }

  write(data: Uint8Array): void {
    if (this.#closed || data.length === 0) return;
    this.#waiting.push(data.slice());
    this.#backlog += data.length;
    if (this.#waiting.length === 1) this.#flush();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    // The line may have gone already.
    this.#input.cancel().catch(() => {}).finally(() => closeSync(this.#fd));
    this.onClose();
  }

  async #read(): Promise<void> {
    try {
      for (let part = await this.#input.read(); !part.done; part = await this.#input.read()) if (!this.#closed) this.onData(part.value);
    } catch {
      // An unplugged line gives EIO: the same as its end.
    }
    this.close();
  }

  /** A slow line takes a few kilobytes at a time. */
  #flush(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      let taken = 0;
      try {
        taken = writeSync(this.#fd, first);
      } catch (error) {
        if (codeOf(error) !== 'EAGAIN') return this.close();
      }
      this.#backlog -= taken;
      if (taken < first.length) {
        this.#waiting[0] = first.subarray(taken);
        this.#retry = setTimeout(() => this.#flush(), FULL_MS);
        return;
      }
      this.#waiting.shift();
    }
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
    try {
      fd = openSync(this.#path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    } catch (error) {
      this.#later();
      return `The console ${this.#path} cannot be opened: ${textOf(error)}`;
    }
    const restore = rawMode(fd, { speed: this.#speed });
    if (restore === undefined) {
      closeSync(fd);
      this.#later();
      return `${this.#path} is no serial line`;
    }
    this.#restore = restore;
    const stream = new SerialStream(fd, { terminal: true, from: this.#from });
    this.#stream = stream;
    stream.write(Buffer.from(CLEAR_LINE));
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

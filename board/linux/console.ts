// The console on standard input and output.


import type { Stream } from '../../firmware/hal/io.ts';
import { rawMode } from './termios.ts';

const STDIN = 0;
/** What a terminal has that does not say. */
const COLUMNS = 80;

/** A person's terminal in raw mode, or a pipe or file as it is. One per process. */
export class StdioConsole implements Stream {
  readonly terminal: boolean;
  readonly from: string;
  onData: (data: Uint8Array) => void = () => {};
  onClose: () => void = () => {};
  onColumns: (columns: number) => void = () => {};
  #restore: () => void = () => {};
  #closed = false;
  #inputEnded = false;
  #unwritten = 0;
  #whenWritten: (() => void)[] = [];

  constructor(from: string) {
    this.from = from;
    this.terminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
    if (this.terminal) {
      this.#restore = rawMode(STDIN) ?? (() => {});
      // Also where the process ends by an error.
      process.on('exit', () => this.#restore());
    }
    // The reader of our output has gone: nobody is there any more.
    process.stdout.on('error', () => {
      this.#unwritten = 0;
      this.#written();
      this.#end();
    });
  }

  get columns(): number {
    // A terminal that nobody gave a size has none: 0 columns.
    return process.stdout.columns || COLUMNS;
  }

  /** Begins to read: call it when the handlers are in their place. */
  begin(): void {
    process.stdin.on('data', (data: Buffer) => {
      if (!this.#closed) this.onData(data);
    });
    process.stdin.on('end', () => this.#end());
    process.stdout.on('resize', () => this.onColumns(this.columns));
    process.stdin.on('error', () => this.#end());
  }

  write(data: Uint8Array): void {
    if (this.#closed) return;
    this.#unwritten++;
    process.stdout.write(data, () => {
      this.#unwritten--;
      this.#written();
    });
  }

  /** The terminal is as it was before; the process goes on. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#restore();
    process.stdin.pause();
    this.#end();
  }

  /** Fulfilled when everything written is out. */
  flushed(): Promise<void> {
    return new Promise((done) => {
      this.#whenWritten.push(done);
      this.#written();
    });
  }

  #end(): void {
    if (this.#inputEnded) return;
    this.#inputEnded = true;
    this.onClose();
  }

  #written(): void {
    if (this.#unwritten > 0) return;
    for (const done of this.#whenWritten.splice(0)) done();
  }
}

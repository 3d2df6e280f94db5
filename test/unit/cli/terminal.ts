// A terminal for tests: keeps the screen as a VT100 of the given width would show it.
import type { Stream } from '../../../firmware/hal/io.ts';

/** What is on the screen, row by row. Understands what the editor sends and nothing else: an unknown sequence is an error. */
export class Terminal {
  readonly width: number;
  #rows: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(width = 80) {
    this.width = width;
  }

  write(text: string): void {
    for (let at = 0; at < text.length; ) {
      // eslint-disable-next-line no-control-regex -- escape sequences are what is read
      const escape = /^\u001b\[(\d*)([ACJ])/.exec(text.slice(at, at + 12));
      const character = text[at] ?? '';
      if (escape !== null) {
        this.#escape(Number(escape[1] === '' ? 1 : escape[1]), escape[2] ?? '');
        at += escape[0].length;
        continue;
      }
      if (character === '\r') this.#column = 0;
      else if (character === '\n') this.#down();
      else if (character !== '\u0007') this.#put(character);
      at++;
    }
  }

  /** The rows without trailing blanks and empty rows at the end. */
  get screen(): string[] {
    const rows = this.#rows.map((row) => row.map((cell) => cell).join('').trimEnd());
    while (rows.length > 0 && rows.at(-1) === '') rows.pop();
    return rows;
  }

  get cursor(): readonly [row: number, column: number] {
    return [this.#row, this.#column];
  }

  #put(character: string): void {
    if (character < ' ') throw new Error(`control character ${character.charCodeAt(0)} on the screen`);
    if (this.#column >= this.width) {
      this.#column = 0;
      this.#down();
    }
    const row = this.#rows[this.#row] ?? [];
    while (row.length < this.#column) row.push(' ');
    row[this.#column] = character;
    this.#column++;
  }

  #down(): void {
    this.#row++;
    this.#rows[this.#row] ??= [];
  }

  #escape(count: number, final: string): void {
    if (final === 'A') this.#row = Math.max(0, this.#row - count);
    else if (final === 'C') this.#column = Math.min(this.width - 1, this.#column + count);
    else {
      (this.#rows[this.#row] ?? []).length = Math.min(this.#column, (this.#rows[this.#row] ?? []).length);
      this.#rows.length = this.#row + 1;
    }
  }
}

/** A stream whose other end is the test. */
export class TestStream implements Stream {
  readonly terminal: boolean;
  readonly from = 'test';
  readonly screen: Terminal;
  /** All that was written since `take`. */
  #text = '';
  closed = false;
  onData: (data: Uint8Array) => void = () => undefined;
  onClose: () => void = () => undefined;
  readonly #decoder = new TextDecoder();
  readonly sent: number[] = [];

  constructor(terminal: boolean, width = 80) {
    this.terminal = terminal;
    this.screen = new Terminal(width);
  }

  write(data: Uint8Array): void {
    for (const octet of data) this.sent.push(octet);
    const text = this.#decoder.decode(data, { stream: true });
    this.#text += text;
    if (this.terminal) this.screen.write(text);
  }

  close(): void {
    this.closed = true;
  }

  type(text: string): void {
    this.onData(new TextEncoder().encode(text));
  }

  /** What was written since the last call. */
  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}

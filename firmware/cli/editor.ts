// One line being typed on a terminal (AR740 command reference, "Operation": line editing and history). Draws by VT100 sequences, wrapped lines included.
// Knows no commands: it hands whole lines, `?` and TAB to its owner.

import { columnsOf } from './decoder.ts';
import type { Key } from './keys.ts';
import { MAX_LINE } from './lexer.ts';

/** What the editor does to the world. */
export interface EditorOutput {
  write(text: string): void;
}

/** What became of a key. */
export type Edited = 'typed' | { readonly line: string; readonly tooLong: boolean };

/** Lines kept for recalling (our limit). */
const HISTORY = 50;
const BELL = '\u0007';

/** A line being given, on a terminal (Editor) or through a pipe (PlainLine). */
export interface LineInput {
  columns: number;
  readonly history: readonly string[];
  readonly hidden: boolean;
  /** Whether nothing has been typed. */
  readonly empty: boolean;
  /** What stands before the cursor. */
  readonly before: string;
  begin(prompt: string, options: { readonly hidden: boolean }): void;
  /** Draws the line again, behind `prompt` where it has changed. */
  show(prompt?: string): void;
  hide(): void;
  leave(): void;
  type(text: string): void;
  press(key: Key): Edited;
  remember(line: string): void;
}

/** The line editor of one terminal. */
export class Editor implements LineInput {
  readonly #out: EditorOutput;
  /** Width of the terminal in columns. */
  columns = 80;
  #prompt = '';
  #hidden = false;
  /** The line by characters; `#cursor` counts these. */
  #line: string[] = [];
  #cursor = 0;
  #overstrike = false;
  #tooLong = false;
  #shown = false;
  /** Rows between the prompt's first row and the cursor, as drawn. */
  #row = 0;
  readonly #history: string[] = [];
  /** Which history line is shown; the length of the history = the new line. */
  #recalled = 0;
  #draft = '';

  constructor(out: EditorOutput) {
    this.#out = out;
  }

  get history(): readonly string[] {
    return this.#history;
  }

  get hidden(): boolean {
    return this.#hidden;
  }

  get before(): string {
    return this.#line.slice(0, this.#cursor).join('');
  }

  /** Begins a new, empty line behind `prompt`. */
  begin(prompt: string, options: { readonly hidden: boolean }): void {
    this.#prompt = prompt;
    this.#hidden = options.hidden;
    this.#set('');
    this.#tooLong = false;
    this.#recalled = this.#history.length;
    this.#draft = '';
    this.#row = 0;
    this.show();
  }

  /** Draws the prompt and the line, at the beginning of an empty row; `prompt` where it has changed. */
  show(prompt = this.#prompt): void {
    if (this.#shown) return;
    this.#prompt = prompt;
    this.#shown = true;
    this.#row = 0;
    this.#draw();
  }

  /** Takes the prompt and the line from the screen, so that other lines can be printed; `show` brings them back. */
  hide(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#out.write(this.#toStart());
  }

  /** Leaves the line on the screen as it is and goes to the row below; `show` brings a copy back. */
  leave(): void {
    if (!this.#shown) return;
    const cursor = this.#cursor;
    this.#cursor = this.#line.length;
    if (cursor !== this.#cursor) this.#refresh();
    this.#cursor = cursor;
    this.#shown = false;
    this.#out.write('\r\n');
  }

  /** Puts text at the cursor. */
  type(text: string): void {
    const typed = [...text];
    if (this.#line.length + typed.length > MAX_LINE) {
      if (!this.#tooLong) this.#out.write(BELL);
      this.#tooLong = true;
      return;
    }
    const atEnd = this.#cursor === this.#line.length;
    if (!atEnd) this.#line.splice(this.#cursor, this.#overstrike ? typed.length : 0, ...typed);
    else for (const character of typed) this.#line.push(character);
    this.#cursor += typed.length;
    if (!this.#shown || this.#hidden) return;
    const column = this.#columnsBefore(this.#cursor - typed.length) % this.columns;
    if (atEnd && column + columnsOf(text) < this.columns) this.#out.write(text);
    else this.#refresh();
  }

  /** Does what an editing key does; a whole line after `enter`. Keys that are the session's do nothing here. */
  press(key: Key): Edited {
    switch (key) {
      case 'enter':
        return this.#enter();
      case 'left':
        return this.#move(this.#cursor - 1);
      case 'right':
        return this.#move(this.#cursor + 1);
      case 'home':
        return this.#move(0);
      case 'end':
        return this.#move(this.#line.length);
      case 'previous':
        return this.#recall(this.#recalled - 1);
      case 'next':
        return this.#recall(this.#recalled + 1);
      case 'eraseLeft':
        return this.#erase(this.#cursor - 1, this.#cursor);
      case 'eraseRight':
        return this.#erase(this.#cursor, this.#cursor + 1);
      case 'eraseWord':
        return this.#erase(this.#wordStart(), this.#cursor);
      case 'eraseLine':
        this.#tooLong = false;
        return this.#erase(0, this.#line.length);
      case 'eraseToEnd':
        return this.#erase(this.#cursor, this.#line.length);
      case 'overstrike':
        this.#overstrike = !this.#overstrike;
        return 'typed';
      case 'redraw':
        this.#refresh();
        return 'typed';
      case 'interrupt':
      case 'endOfInput':
      case 'complete':
        return 'typed';
    }
  }

  get empty(): boolean {
    return this.#line.length === 0 && !this.#tooLong;
  }

  /** Puts a line into the history, unless it is blank or the last one again. */
  remember(line: string): void {
    if (line.trim() === '' || this.#history.at(-1) === line) return;
    this.#history.push(line);
    if (this.#history.length > HISTORY) this.#history.shift();
  }

  #enter(): Edited {
    const line = this.#line.join('');
    const tooLong = this.#tooLong;
    this.leave();
    this.#set('');
    this.#tooLong = false;
    return { line, tooLong };
  }

  #set(line: string): void {
    this.#line = [...line];
    this.#cursor = this.#line.length;
  }

  #move(to: number): 'typed' {
    if (to < 0 || to > this.#line.length) return 'typed';
    this.#cursor = to;
    this.#refresh();
    return 'typed';
  }

  #erase(from: number, to: number): 'typed' {
    const [start, end] = [Math.max(0, from), Math.min(this.#line.length, to)];
    if (end <= start) return 'typed';
    this.#line.splice(start, end - start);
    this.#cursor = start;
    this.#refresh();
    return 'typed';
  }

  #wordStart(): number {
    let at = this.#cursor;
    while (at > 0 && this.#line[at - 1] === ' ') at--;
    while (at > 0 && this.#line[at - 1] !== ' ') at--;
    return at;
  }

  #recall(index: number): 'typed' {
    if (this.#hidden || index < 0 || index > this.#history.length) return 'typed';
    if (this.#recalled === this.#history.length) this.#draft = this.#line.join('');
    this.#recalled = index;
    this.#set(this.#history[index] ?? this.#draft);
    this.#refresh();
    return 'typed';
  }

  #columnsBefore(index: number): number {
    return columnsOf(this.#prompt) + (this.#hidden ? 0 : columnsOf(this.#line.slice(0, index).join('')));
  }

  /** To the first column of the prompt, everything from there on erased. */
  #toStart(): string {
    const up = this.#row > 0 ? `\u001b[${this.#row}A` : '';
    this.#row = 0;
    return `\r${up}\u001b[J`;
  }

  #refresh(): void {
    if (!this.#shown) return;
    this.#out.write(this.#toStart());
    this.#draw();
  }

  #draw(): void {
    const text = this.#hidden ? '' : this.#line.join('');
    const all = columnsOf(this.#prompt) + columnsOf(text);
    // A row that is exactly full leaves the cursor in its last column: a blank and a return take it to the next row.
    let out = this.#prompt + text + (all > 0 && all % this.columns === 0 ? ' \r' : '');
    const cursor = this.#hidden ? all : this.#columnsBefore(this.#cursor);
    const [row, last] = [Math.floor(cursor / this.columns), Math.floor(all / this.columns)];
    if (cursor !== all) {
      if (last > row) out += `\u001b[${last - row}A`;
      out += '\r';
      if (cursor % this.columns > 0) out += `\u001b[${cursor % this.columns}C`;
    }
    this.#row = row;
    this.#out.write(out);
  }
}

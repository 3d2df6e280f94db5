// A line that comes through a pipe: the same prompts as on a terminal, no echo, no editing, no escape sequences.

import type { Edited, EditorOutput, LineInput } from './editor.ts';
import type { Input, Key } from './keys.ts';
import { MAX_LINE } from './lexer.ts';

/** Cuts a byte stream's text into lines: CR, LF and CRLF end one. Control characters stay in the text, where the lexer refuses them; NULs are dropped. */
export class PlainKeys {
  #afterCr = false;

  read(text: string): Input[] {
    const out: Input[] = [];
    const lines = text.replaceAll('\0', '').split(/(\r\n|\r|\n)/);
    for (const part of lines) {
      if (part === '') continue;
      const split = part === '\n' && this.#afterCr;
      this.#afterCr = part === '\r';
      if (split) continue;
      out.push(part === '\r' || part === '\n' || part === '\r\n' ? { key: 'enter' } : { text: part });
    }
    return out;
  }
}

/** The line input of a session without a terminal. */
export class PlainLine implements LineInput {
  readonly #out: EditorOutput;
  columns = 80;
  readonly history: readonly string[] = [];
  hidden = false;
  #prompt = '';
  #line = '';
  #tooLong = false;
  #shown = false;

  constructor(out: EditorOutput) {
    this.#out = out;
  }

  get empty(): boolean {
    return this.#line === '' && !this.#tooLong;
  }

  get before(): string {
    return this.#line;
  }

  begin(prompt: string, options: { readonly hidden: boolean }): void {
    this.#prompt = prompt;
    this.hidden = options.hidden;
    this.#line = '';
    this.#tooLong = false;
    this.show();
  }

  show(prompt = this.#prompt): void {
    if (this.#shown) return;
    this.#prompt = prompt;
    this.#shown = true;
    this.#out.write(this.#prompt);
  }

  hide(): void {
    this.leave();
  }

  leave(): void {
    if (this.#shown) this.#out.write('\n');
    this.#shown = false;
  }

  type(text: string): void {
    if (this.#line.length + text.length > MAX_LINE) this.#tooLong = true;
    else this.#line += text;
  }

  press(key: Key): Edited {
    if (key !== 'enter') return 'typed';
    const [line, tooLong] = [this.#line, this.#tooLong];
    this.leave();
    this.#line = '';
    this.#tooLong = false;
    return { line, tooLong };
  }

  remember(): void {
    // A pipe recalls nothing.
  }
}

// What a session shows: the line being typed, answers a page at a time (AR740 command reference, "Operation": --More--), and
// lines that come by themselves in between.

import { printable, utf8 } from '../bytes/text.ts';
import type { Stream } from '../hal/io.ts';
import { Editor, type LineInput } from './editor.ts';
import { PlainLine } from './plain.ts';

/** Lines to a page, as AlliedWare has it. */
export const PAGE = 22;
export const MORE = '--More--  (<space> = next page, <CR> = one line, C = continuous, Q = quit)';

/** Lines of late output kept while a page is shown (our limit); what comes later is counted. */
const HELD = 500;

/** The lines of `text`, control characters shown as \xNN: what a peer sent may stand in it and must not drive the terminal. */
export const cleanLines = (text: string): string[] => text.split(/\r?\n/).map((line) => printable(line.replaceAll('\t', '        ')));

/** The output side of one session. */
export class Screen {
  readonly line: LineInput;
  /** Lines to a page; Infinity for no paging (SET ASYN PAGE). */
  page = PAGE;
  readonly #stream: Stream;
  readonly #newline: string;
  #rest: readonly string[] = [];
  #held: string[] = [];
  #lost = 0;

  constructor(stream: Stream) {
    this.#stream = stream;
    this.#newline = stream.terminal ? '\r\n' : '\n';
    const out = { write: (text: string) => this.#write(text) };
    this.line = stream.terminal ? new Editor(out) : new PlainLine(out);
  }

  /** A page is shown and the next waits for a key. */
  get paging(): boolean {
    return this.#rest.length > 0;
  }

  /** Whole lines, as they are. */
  lines(lines: readonly string[]): void {
    if (lines.length > 0) this.#write(lines.join(this.#newline) + this.#newline);
  }

  /** Lines that come by themselves. While a page is shown they wait. `prompt`: the line being typed is drawn again below, behind `renamed` where the prompt has changed. */
  late(text: string, { prompt, renamed }: { readonly prompt: boolean; readonly renamed: string | undefined }): void {
    const lines = cleanLines(text);
    if (this.paging) return this.#hold(lines);
    this.line.hide();
    this.lines(lines);
    if (prompt) this.line.show(renamed);
  }

  /** An answer, a blank line before and after it. What does not fit on a page waits: see `paging`. */
  answer(text: string): void {
    const lines = ['', ...cleanLines(text), ''];
    this.#rest = lines;
    this.#next(this.#stream.terminal && lines.length > this.page ? this.page : lines.length);
  }

  /** Shows more of an answer: a page, a line or all, or leaves the rest out. */
  more(how: 'page' | 'line' | 'all' | 'none'): void {
    this.#write('\r\u001b[J');
    if (how === 'none') this.#rest = [];
    this.#next(how === 'line' ? 1 : how === 'page' ? this.page : this.#rest.length);
  }

  #next(count: number): void {
    this.lines(this.#rest.slice(0, count));
    this.#rest = this.#rest.slice(count);
    if (this.paging) return this.#write(MORE);
    const lost = this.#lost > 0 ? [`(${this.#lost} lines of late output were not kept)`] : [];
    this.lines([...this.#held, ...lost]);
    this.#held = [];
    this.#lost = 0;
  }

  #hold(lines: readonly string[]): void {
    const free = Math.max(0, HELD - this.#held.length);
    this.#held.push(...lines.slice(0, free));
    this.#lost += Math.max(0, lines.length - free);
  }

  #write(text: string): void {
    if (text !== '') this.#stream.write(utf8(text));
  }
}

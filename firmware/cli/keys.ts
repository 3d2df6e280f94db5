// What a terminal sends, as keys: control characters and VT100/xterm escape sequences, split over packets in any way (ECMA-48 5.4).

/** A key that does something; all else is text. */
export type Key =
  | 'enter' | 'left' | 'right' | 'home' | 'end' | 'previous' | 'next' | 'eraseLeft' | 'eraseRight' | 'eraseWord' | 'eraseLine' | 'eraseToEnd'
  | 'overstrike' | 'interrupt' | 'endOfInput' | 'complete' | 'redraw';

export type Input = { readonly key: Key } | { readonly text: string };

/** AR740 command reference, "Operation"; Ctrl-A, E, K, L, N, P, W as terminals have them elsewhere. */
const CONTROL: Readonly<Record<number, Key>> = {
  0x01: 'home', 0x02: 'previous', 0x03: 'interrupt', 0x04: 'endOfInput', 0x05: 'end', 0x06: 'next', 0x08: 'eraseLeft', 0x09: 'complete', 0x0a: 'enter', 0x0b: 'eraseToEnd',
  0x0c: 'redraw', 0x0d: 'enter', 0x0e: 'next', 0x0f: 'overstrike', 0x10: 'previous', 0x15: 'eraseLine', 0x17: 'eraseWord', 0x7f: 'eraseLeft',
};
const FINAL: Readonly<Record<string, Key>> = { A: 'previous', B: 'next', C: 'right', D: 'left', H: 'home', F: 'end' };
const TILDE: Readonly<Record<string, Key>> = { '1': 'home', '3': 'eraseRight', '4': 'end', '7': 'home', '8': 'end', '2': 'overstrike' };

/** Longest escape sequence that is gathered (our limit); what is longer is read as text from there on. */
const SEQUENCE = 32;

/** Cuts decoded text into keys and runs of text. Keeps an unfinished escape sequence until the rest comes. */
export class Keys {
  #state: 'text' | 'escape' | 'csi' | 'ss3' = 'text';
  #sequence = '';
  #afterCr = false;

  /** What `text` means, in order. LF and NUL after CR belong to it; other NULs mean nothing. */
  read(text: string): Input[] {
    const out: Input[] = [];
    let run = '';
    const flush = (): void => {
      if (run !== '') out.push({ text: run });
      run = '';
    };
    for (const character of text) {
      const key = this.#one(character);
      if (key === 'none') continue;
      if (key === 'text') {
        run += character;
        continue;
      }
      flush();
      out.push({ key });
    }
    flush();
    return out;
  }

  #one(character: string): Key | 'text' | 'none' {
    const code = character.codePointAt(0) ?? 0;
    const afterCr = this.#afterCr;
    this.#afterCr = false;
    if (this.#state === 'escape') {
      this.#state = character === '[' ? 'csi' : character === 'O' ? 'ss3' : 'text';
      this.#sequence = '';
      // An escape key followed by something else: the key means nothing, a control character after it still does.
      if (this.#state !== 'text' || code >= 0x20) return 'none';
    }
    if (this.#state === 'ss3') {
      this.#state = 'text';
      return FINAL[character] ?? 'none';
    }
    if (this.#state === 'csi') {
      if (code >= 0x40 && code <= 0x7e) {
        this.#state = 'text';
        return (character === '~' ? TILDE[this.#sequence] : FINAL[character]) ?? 'none';
      }
      this.#sequence += character;
      if (code >= 0x20 && code < 0x40 && this.#sequence.length < SEQUENCE) return 'none';
      this.#state = 'text';
    }
    if (code === 0x1b) {
      this.#state = 'escape';
      return 'none';
    }
    if (code === 0 || (afterCr && code === 0x0a)) return 'none';
    this.#afterCr = code === 0x0d;
    if (code < 0x20 || code === 0x7f) return CONTROL[code] ?? 'none';
    return code >= 0x80 && code < 0xa0 ? 'none' : 'text';
  }
}

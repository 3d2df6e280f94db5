// A console without a person: a test types into it and reads what came out.

import { fromUtf8, utf8 } from '../../firmware/bytes/text.ts';
import type { Stream } from '../../firmware/hal/io.ts';

export class SimStream implements Stream {
  readonly terminal: boolean;
  readonly from: string;
  onData: (data: Uint8Array) => void = () => {};
  onClose: () => void = () => {};
  closed = false;
  #output = '';

  constructor(from: string, terminal: 'terminal' | 'plain') {
    this.from = from;
    this.terminal = terminal === 'terminal';
  }

  write(data: Uint8Array): void {
    if (!this.closed) this.#output += fromUtf8(data);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.onClose();
  }

  /** Types text as it is; end a line with \n. */
  type(text: string): void {
    this.onData(utf8(text));
  }

  /** Everything printed since the last call. */
  take(): string {
    const text = this.#output;
    this.#output = '';
    return text;
  }

  /** Everything printed since the last take, left in place. */
  peek(): string {
    return this.#output;
  }
}

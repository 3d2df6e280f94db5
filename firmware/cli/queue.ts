// Input that waits while a command runs.

import type { Input } from './keys.ts';

const sizeOf = (input: Input): number => ('text' in input ? input.text.length : 1);

/** First in, first out; linear in what passes through it. */
export class InputQueue {
  #inputs: Input[] = [];
  #head = 0;
  #size = 0;

  /** Characters and keys that wait. */
  get size(): number {
    return this.#size;
  }

  get empty(): boolean {
    return this.#head >= this.#inputs.length;
  }

  get last(): Input | undefined {
    return this.empty ? undefined : this.#inputs.at(-1);
  }

  push(input: Input): void {
    this.#inputs.push(input);
    this.#size += sizeOf(input);
  }

  take(): Input | undefined {
    // What was taken leaves the list now and then: taking each from its front would make long input quadratic.
    if (this.#head >= 1024 || this.empty) {
      this.#inputs = this.#inputs.slice(this.#head);
      this.#head = 0;
    }
    const input = this.#inputs[this.#head];
    if (input === undefined) return undefined;
    this.#head++;
    this.#size -= sizeOf(input);
    return input;
  }

  /** Puts back the rest of what `take` gave last. */
  putBack(text: string): void {
    if (text === '' || this.#head === 0) return;
    this.#head--;
    this.#inputs[this.#head] = { text };
    this.#size += text.length;
  }

  clear(): void {
    this.#inputs = [];
    this.#head = 0;
    this.#size = 0;
  }
}

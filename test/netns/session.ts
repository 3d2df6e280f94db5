// A session at a router's console that stays: what a person would type, and what arrives later.

import { join } from 'node:path';
import { until, type Router } from '../network.ts';

const ROOT = join(import.meta.dir, '..', '..');

export class ConsoleSession {
  readonly #child: Bun.Subprocess<'pipe', 'pipe', 'pipe'>;
  #printed = '';

  /** On a pipe, or (by script(1)) on a terminal. */
  constructor(router: Router, on: 'pipe' | 'terminal' = 'pipe') {
    const cli = [process.execPath, 'board/main.ts', 'cli', '--flash', router.flash];
    this.#child = Bun.spawn(on === 'pipe' ? cli : ['script', '-qec', `stty cols 80 rows 24; ${cli.join(' ')}`, '/dev/null'], { cwd: ROOT, stdin: 'pipe', stdout: 'pipe', stderr: 'pipe' });
    void this.#read();
  }

  /** Everything printed so far. */
  get printed(): string {
    return this.#printed;
  }

  type(line: string): void {
    void this.#child.stdin.write(`${line}\n`);
    void this.#child.stdin.flush();
  }

  /** Waits until the session has printed `what`, behind what it had printed before `from` characters. */
  async expect(what: RegExp, seconds: number, from = 0): Promise<string> {
    try {
      await until(`the console to print ${what}`, seconds, () => what.test(this.#printed.slice(from)));
    } catch (error) {
      throw new Error(`${String(error)}\nprinted:\n${this.#printed}`, { cause: error });
    }
    return this.#printed.slice(from);
  }

  /** End of input, and the session's end. */
  async end(): Promise<string> {
    await this.#child.stdin.end();
    await this.#child.exited;
    return this.#printed;
  }

  async #read(): Promise<void> {
    for await (const part of this.#child.stdout) this.#printed += Buffer.from(part).toString();
  }
}

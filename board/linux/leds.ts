// LEDs of the board (Linux Documentation/leds/leds-class.rst): lit or not, by us alone.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BASE = '/sys/class/leds';
const FULL = '255';

/** One LED by its name in the kernel, or nothing where the board has none of that name. */
export class Led {
  readonly #folder: string | undefined;
  #lit: boolean | undefined;

  constructor(name: string | undefined, base = BASE) {
    const folder = name === undefined ? undefined : join(base, name);
    this.#folder = folder !== undefined && existsSync(folder) ? folder : undefined;
    // Else the kernel goes on blinking it for what it was made for.
    if (this.#folder !== undefined) writeFileSync(join(this.#folder, 'trigger'), 'none');
  }

  set(lit: boolean): void {
    if (this.#folder === undefined || this.#lit === lit) return;
    this.#lit = lit;
    writeFileSync(join(this.#folder, 'brightness'), lit ? FULL : '0');
  }
}

// LEDs of the board (Linux Documentation/leds/leds-class.rst): lit, dark or blinking, by us alone.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BASE = '/sys/class/leds';
const FULL = '255';

/** Names of LEDs in the kernel and what they show. A name that the hardware lacks is passed over. */
export interface LedNames {
  /** A port has carrier; for boards without LEDs at their sockets. */
  readonly link?: string;
  /** A PPP link is up. */
  readonly tunnel?: string;
  /** Something is broken. */
  readonly fault?: string;
}

export type LedRole = keyof LedNames;
export const LED_ROLES = ['link', 'tunnel', 'fault'] as const satisfies readonly LedRole[];

/** One LED by its name in the kernel. It is looked for until it is there: its driver may come later than we do. */
export class Led {
  readonly #folder: string;
  #taken = false;
  #lit: boolean | undefined;

  constructor(name: string, base = BASE) {
    this.#folder = join(base, name);
  }

  get present(): boolean {
    return existsSync(join(this.#folder, 'brightness'));
  }

  set(lit: boolean): void {
    if (this.#taken && this.#lit === lit) return;
    if (!this.present) {
      this.#taken = false;
      return;
    }
    // Else the kernel goes on blinking it for what it was made for.
    if (!this.#taken) writeFileSync(join(this.#folder, 'trigger'), 'none');
    this.#taken = true;
    this.#lit = lit;
    writeFileSync(join(this.#folder, 'brightness'), lit ? FULL : '0');
  }
}

export type LedState = Readonly<Record<LedRole, boolean>>;

/** The LEDs of a board. Where the hardware has only one of those for tunnel and fault, that one shows both: a fault blinks. */
export class Leds {
  readonly #leds: Readonly<Partial<Record<LedRole, Led>>>;
  #blink = false;

  constructor(names: LedNames, base = BASE) {
    this.#leds = Object.fromEntries(LED_ROLES.flatMap((role) => (names[role] === undefined ? [] : [[role, new Led(names[role], base)]])));
  }

  /** Shows the state; called about once a second, which is also the time of blinking. */
  show(state: LedState): void {
    const { link, tunnel, fault } = this.#leds;
    link?.set(state.link);
    const both = tunnel?.present === true && fault?.present === true;
    if (both) {
      tunnel.set(state.tunnel);
      fault.set(state.fault);
      return;
    }
    this.#blink = state.fault && !this.#blink;
    (tunnel?.present === true ? tunnel : fault)?.set(state.fault ? this.#blink : state.tunnel);
  }
}

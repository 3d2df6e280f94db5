// The L2TP server's passwords by address range (ADD/SET/DELETE L2TP PASSWORD): they authenticate peers that open a tunnel to us.

import { type Ipv4, type Ipv4Range, WHOLE_IPV4 } from '../bytes/ip.ts';
import { type Message, messages } from '../cli/messages.ts';
import { RangeTable, reversed, typeRange } from './ranges.ts';

export interface PasswordEntry {
  readonly range: Ipv4Range;
  /** Undefined: peers of this range need no password (PASSWORD=NONE), whatever a wider range says. */
  readonly password: string | undefined;
}

export class Passwords {
  readonly #table = new RangeTable<PasswordEntry>();

  /** Narrowest range first, as SHOW L2TP prints them and as they are looked up. */
  list(): readonly PasswordEntry[] {
    return this.#table.list();
  }

  /** The password a peer at `address` must know to open a tunnel to us; undefined = none. */
  find(address: Ipv4): string | undefined {
    return this.#table.find(address)?.password;
  }

  mayAdd(entry: PasswordEntry): Message | undefined {
    const wrong = reversed(entry.range);
    if (wrong !== undefined) return wrong;
    return this.#table.get(entry.range) === undefined ? undefined : messages.l2tp.passwordExists(typeRange(entry.range));
  }

  add(entry: PasswordEntry): void {
    this.#table.put(entry);
  }

  /** SET L2TP PASSWORD: the password of all addresses; undefined takes it away. */
  set(password: string | undefined): void {
    if (password === undefined) this.#table.remove(WHOLE_IPV4);
    else this.#table.put({ range: WHOLE_IPV4, password });
  }

  mayRemove(range: Ipv4Range | 'ALL'): Message | undefined {
    if (range === 'ALL') return undefined;
    return reversed(range) ?? (this.#table.get(range) === undefined ? messages.l2tp.passwordNotFound(typeRange(range)) : undefined);
  }

  remove(range: Ipv4Range | 'ALL'): void {
    if (range === 'ALL') this.#table.clear();
    else this.#table.remove(range);
  }
}

// Which PPP template answers calls from which LAC (ADD/DELETE L2TP IP).

import type { Ipv4, Ipv4Range } from '../bytes/ip.ts';
import { type Message, messages } from '../cli/messages.ts';
import type { Numbering } from './calls.ts';
import { RangeTable, reversed, typeRange } from './ranges.ts';

export interface TemplateEntry {
  readonly range: Ipv4Range;
  /** PPP template, 0..31; looked up when a call arrives, so it need not exist yet. */
  readonly template: number;
  readonly number: Numbering;
  readonly pre13: 'ON' | 'OFF';
}

export const TEMPLATE_DEFAULTS = { number: 'OFF', pre13: 'OFF' } as const;

export class Templates {
  readonly #table = new RangeTable<TemplateEntry>();

  list(): readonly TemplateEntry[] {
    return this.#table.list();
  }

  /** The entry for calls on tunnels of the peer at `address`. */
  find(address: Ipv4): TemplateEntry | undefined {
    return this.#table.find(address);
  }

  mayAdd(entry: TemplateEntry): Message | undefined {
    return reversed(entry.range) ?? (this.#table.get(entry.range) === undefined ? undefined : messages.l2tp.rangeExists(typeRange(entry.range)));
  }

  add(entry: TemplateEntry): void {
    this.#table.put(entry);
  }

  mayRemove(range: Ipv4Range): Message | undefined {
    return reversed(range) ?? (this.#table.get(range) === undefined ? messages.l2tp.rangeNotFound(typeRange(range)) : undefined);
  }

  remove(range: Ipv4Range): void {
    this.#table.remove(range);
  }
}

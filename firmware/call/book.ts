// Configured calls of one kind by name, in the order they were added, and which of them are enabled.

import type { Message } from '../cli/messages.ts';

/** What a kind of call answers to mistakes. */
export interface BookRules<S> {
  exists(name: string): Message;
  missing(name: string): Message;
  /** Why these values do not go together. */
  conflict(settings: S): Message | undefined;
}

export class Book<S extends { readonly call: string }> {
  readonly #rules: BookRules<S>;
  readonly #calls = new Map<string, S>();
  readonly #disabled = new Set<string>();

  constructor(rules: BookRules<S>) {
    this.#rules = rules;
  }

  /** Names are compared without regard to case. */
  get(name: string): S | undefined {
    return this.#calls.get(name.toLowerCase());
  }

  list(): readonly S[] {
    return [...this.#calls.values()];
  }

  isEnabled(name: string): boolean {
    return !this.#disabled.has(name.toLowerCase());
  }

  enable(name: string): void {
    this.#disabled.delete(name.toLowerCase());
  }

  disable(name: string): void {
    this.#disabled.add(name.toLowerCase());
  }

  mayAdd(settings: S): Message | undefined {
    return this.get(settings.call) === undefined ? this.#rules.conflict(settings) : this.#rules.exists(settings.call);
  }

  add(settings: S): void {
    this.#calls.set(settings.call.toLowerCase(), settings);
  }

  /** Why there is no call of this name; undefined = there is one. */
  missing(name: string): Message | undefined {
    return this.get(name) === undefined ? this.#rules.missing(name) : undefined;
  }

  maySet(name: string, change: object): Message | undefined {
    const call = this.get(name);
    return call === undefined ? this.#rules.missing(name) : this.#rules.conflict(merge(call, change));
  }

  /** Replaces the values given. */
  set(name: string, change: object): void {
    const call = this.get(name);
    if (call !== undefined) this.add(merge(call, change));
  }

  remove(name: string): void {
    this.#calls.delete(name.toLowerCase());
    this.enable(name);
  }
}

function merge<S extends object>(settings: S, change: object): S {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  return { ...settings, ...given };
}

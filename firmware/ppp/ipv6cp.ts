// The option of IPV6CP: the interface identifier (RFC 5072 4.1). Link-local addresses only; we answer, the peer begins.

import { equalBytes, u8 } from '../bytes/integers.ts';
import type { Random } from '../hal/clock.ts';
import type { Judgement, Negotiator } from './control.ts';
import type { Option } from './option.ts';

export const IPV6CP_OPTION = { InterfaceIdentifier: 1, Compression: 2 } as const;
const LENGTH = 8;

const isZero = (id: Uint8Array): boolean => id.every((octet) => octet === 0);

export interface Ipv6cpAgreement {
  /** Our interface identifier, 8 octets; all zero = none was agreed. */
  readonly local: Uint8Array;
  readonly remote: Uint8Array;
}

export class Ipv6cpOptions implements Negotiator {
  readonly #random: Random;
  #local: Uint8Array = new Uint8Array(LENGTH);
  #announce = true;
  #remote: Uint8Array = new Uint8Array(LENGTH);

  constructor(random: Random) {
    this.#random = random;
  }

  get agreement(): Ipv6cpAgreement {
    return { local: this.#announce ? this.#local : new Uint8Array(LENGTH), remote: this.#remote };
  }

  begin(): void {
    this.#local = this.#identifier();
    this.#announce = true;
    this.#remote = new Uint8Array(LENGTH);
  }

  request(): readonly Option[] {
    return this.#announce ? [{ type: IPV6CP_OPTION.InterfaceIdentifier, data: this.#local }] : [];
  }

  judge(options: readonly Option[]): Judgement {
    const rejected: Option[] = [];
    const naked: { asked: Option; wanted: Option }[] = [];
    for (const asked of options) {
      if (asked.type !== IPV6CP_OPTION.InterfaceIdentifier) rejected.push(asked);
      else if (asked.data.length === LENGTH && isZero(asked.data) && !this.#announce) rejected.push(asked);
      else if (asked.data.length !== LENGTH || isZero(asked.data) || equalBytes(asked.data, this.#local)) {
        naked.push({ asked, wanted: { type: asked.type, data: this.#identifier() } });
      }
    }
    return { rejected, naked, appended: [] };
  }

  agreed(options: readonly Option[]): void {
    const option = options.find(({ type, data }) => type === IPV6CP_OPTION.InterfaceIdentifier && data.length === LENGTH);
    this.#remote = option === undefined ? new Uint8Array(LENGTH) : option.data.slice();
  }

  naked(options: readonly Option[]): string | undefined {
    for (const { type, data } of options) {
      if (type !== IPV6CP_OPTION.InterfaceIdentifier || data.length !== LENGTH) continue;
      this.#local = isZero(data) || equalBytes(data, this.#remote) ? this.#identifier() : data.slice();
    }
    return undefined;
  }

  rejected(options: readonly Option[]): string | undefined {
    if (options.some(({ type }) => type === IPV6CP_OPTION.InterfaceIdentifier)) this.#announce = false;
    return undefined;
  }

  /** Random, not zero, and marked as not globally unique: the universal/local bit is 0 (RFC 5072 4.1). */
  #identifier(): Uint8Array {
    for (;;) {
      const id = this.#random.bytes(LENGTH).slice();
      id[0] = u8(id, 0) & 0xfd;
      if (!isZero(id) && !equalBytes(id, this.#local)) return id;
    }
  }
}

// The options of IPCP: addresses (RFC 1332 3.3) and name servers (RFC 1877 1).

import { u32 } from '../bytes/integers.ts';
import { ANY_IPV4, formatIpv4, toIpv4, type Ipv4 } from '../bytes/ip.ts';
import type { Judgement, Negotiator } from './control.ts';
import { option32, type Option } from './option.ts';

export const IPCP_OPTION = { Addresses: 1, Compression: 2, Address: 3, Dns1: 129, Nbns1: 130, Dns2: 131, Nbns2: 132 } as const;

export interface IpcpSettings {
  /** The address that we announce; 0.0.0.0 = none. */
  readonly local: Ipv4;
  /** 'ask': the peer tells us our address, and it must. 'keep': `local` stands whatever the peer suggests. */
  readonly localMode: 'ask' | 'keep';
  /** What the peer is given; undefined = it has its own address, or none. */
  readonly remote: Ipv4 | undefined;
  /** 'must': the link is of no use to a peer that does not take `remote`. */
  readonly remoteMode?: 'must';
  /** Name servers for the peer, at most two. */
  readonly dns: readonly Ipv4[];
  /** Whether we want name servers from the peer. */
  readonly wantDns: boolean;
}

export interface IpcpAgreement {
  /** Our address on the link; 0.0.0.0 = unnumbered. */
  readonly local: Ipv4;
  /** The peer's address; 0.0.0.0 = it named none. */
  readonly remote: Ipv4;
  /** Name servers that the peer told us. */
  readonly dns: readonly Ipv4[];
}

/** Whether an address can be that of one end of a link: not 0/8, 127/8, multicast, reserved or broadcast. */
export function isHostAddress(address: Ipv4): boolean {
  const first = address >>> 24;
  return first !== 0 && first !== 127 && first < 224;
}

const addressIn = (option: Option): Ipv4 | undefined => (option.data.length === 4 ? toIpv4(u32(option.data, 0)) : undefined);

export class IpcpOptions implements Negotiator {
  readonly #settings: IpcpSettings;
  #announce = true;
  #local: Ipv4 = ANY_IPV4;
  #remote: Ipv4 = ANY_IPV4;
  /** Name servers asked for: undefined = not (any more) asked. */
  #dns1: Ipv4 | undefined;
  #dns2: Ipv4 | undefined;
  #insisted: Ipv4 | undefined;

  constructor(settings: IpcpSettings) {
    this.#settings = settings;
  }

  get agreement(): IpcpAgreement {
    const dns = [this.#dns1, this.#dns2].filter((address) => address !== undefined && address !== ANY_IPV4);
    return { local: this.#announce ? this.#local : ANY_IPV4, remote: this.#remote, dns: dns.filter((address) => address !== undefined) };
  }

  /** Whether the link is of no use without an address from the peer. */
  get mustHaveAddress(): boolean {
    return this.#settings.localMode === 'ask';
  }

  /** Whether the link is of no use because the peer did not take the address that it must have. */
  get peerDeclined(): boolean {
    return this.#settings.remoteMode === 'must' && this.#remote !== this.#settings.remote;
  }

  begin(): void {
    const { local, localMode, wantDns } = this.#settings;
    this.#local = local;
    this.#announce = localMode === 'ask' || local !== ANY_IPV4;
    this.#remote = ANY_IPV4;
    this.#dns1 = this.#dns2 = wantDns ? ANY_IPV4 : undefined;
    this.#insisted = undefined;
  }

  request(): readonly Option[] {
    const options: Option[] = [];
    if (this.#announce) options.push(option32(IPCP_OPTION.Address, this.#local));
    if (this.#dns1 !== undefined) options.push(option32(IPCP_OPTION.Dns1, this.#dns1));
    if (this.#dns2 !== undefined) options.push(option32(IPCP_OPTION.Dns2, this.#dns2));
    return options;
  }

  judge(options: readonly Option[]): Judgement {
    const rejected: Option[] = [];
    const naked: { asked: Option; wanted: Option }[] = [];
    for (const asked of options) {
      const verdict = this.#verdict(asked);
      if (verdict === 'reject') rejected.push(asked);
      else if (verdict !== 'ack') naked.push({ asked, wanted: verdict });
    }
    const missing = this.#settings.remote !== undefined && !options.some((option) => option.type === IPCP_OPTION.Address);
    return { rejected, naked, appended: missing ? [option32(IPCP_OPTION.Address, this.#settings.remote ?? 0)] : [] };
  }

  agreed(options: readonly Option[]): void {
    const option = options.find(({ type }) => type === IPCP_OPTION.Address);
    this.#remote = (option === undefined ? undefined : addressIn(option)) ?? ANY_IPV4;
  }

  naked(options: readonly Option[]): string | undefined {
    for (const option of options) {
      const wish = addressIn(option) ?? ANY_IPV4;
      if (option.type === IPCP_OPTION.Dns1 && this.#dns1 !== undefined) this.#dns1 = isHostAddress(wish) ? wish : undefined;
      else if (option.type === IPCP_OPTION.Dns2 && this.#dns2 !== undefined) this.#dns2 = isHostAddress(wish) ? wish : undefined;
      else if (option.type === IPCP_OPTION.Address) {
        if (this.#settings.localMode === 'keep') this.#insisted = wish;
        else if (isHostAddress(wish) && wish !== this.#remote) this.#local = wish;
        else return `The peer gives us the address ${formatIpv4(wish)}, which no interface can have.`;
      }
    }
    return undefined;
  }

  rejected(options: readonly Option[]): string | undefined {
    for (const option of options) {
      if (option.type === IPCP_OPTION.Dns1) this.#dns1 = undefined;
      else if (option.type === IPCP_OPTION.Dns2) this.#dns2 = undefined;
      else if (option.type === IPCP_OPTION.Address) {
        if (this.#settings.localMode === 'ask') return 'The peer gives us no address.';
        if (this.#insisted !== undefined && this.#insisted !== ANY_IPV4) {
          return `The peer insists on ${formatIpv4(this.#insisted)} as our address: IPREQUEST=ON and ENABLE IP REMOTEASSIGN take it.`;
        }
        this.#announce = false;
      }
    }
    return undefined;
  }

  #verdict(asked: Option): 'ack' | 'reject' | Option {
    const { type } = asked;
    const address = addressIn(asked);
    switch (type) {
      case IPCP_OPTION.Address: {
        const given = this.#settings.remote;
        if (given !== undefined) return address === given ? 'ack' : option32(type, given);
        const taken = address !== undefined && isHostAddress(address) && address !== this.#local;
        // Nothing to suggest: the peer does without an address, as unnumbered links do.
        return taken ? 'ack' : 'reject';
      }
      case IPCP_OPTION.Dns1:
      case IPCP_OPTION.Dns2: {
        const own = this.#settings.dns[type === IPCP_OPTION.Dns1 ? 0 : 1];
        if (own === undefined) return 'reject';
        return address === own ? 'ack' : option32(type, own);
      }
      default:
        return 'reject';
    }
  }
}

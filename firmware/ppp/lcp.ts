// The options of LCP (RFC 1661 6, RFC 1662 7.1, RFC 1989 2.1).

import { put16, put32, u16, u32 } from '../bytes/integers.ts';
import type { Random } from '../hal/clock.ts';
import type { AuthMethod } from './auth.ts';
import type { Judgement, Negotiator } from './control.ts';
import { PROTOCOL } from './frame.ts';
import { flagOption, option16, option32, sameOption, type Option } from './option.ts';

export const LCP_OPTION = { Mru: 1, Accm: 2, Authentication: 3, Quality: 4, Magic: 5, Pfc: 7, Acfc: 8 } as const;

export const DEFAULT_MRU = 1500;
/** Without the option every control character is escaped (RFC 1662 7.1). */
export const ALL_ESCAPED = 0xffffffff;
/** Own limit: below this no useful IP packet fits. */
const LEAST_MRU = 128;
/** Own limit: so many magic numbers of ours come back before the line counts as looped. */
const MAX_LOOPS = 5;

const METHOD_DATA: Readonly<Record<AuthMethod, readonly number[]>> = {
  PAP: [0xc0, 0x23],
  'CHAP-MD5': [0xc2, 0x23, 5],
  MSCHAPv2: [0xc2, 0x23, 0x81],
};

export const authOption = (method: AuthMethod): Option => ({ type: LCP_OPTION.Authentication, data: Uint8Array.from(METHOD_DATA[method]) });

/** The method that an Authentication-Protocol option names; undefined for others (EAP, MS-CHAPv1) and for wrong lengths. */
export function authMethod(option: Option): AuthMethod | undefined {
  for (const method of ['PAP', 'CHAP-MD5', 'MSCHAPv2'] as const) if (sameOption(option, authOption(method))) return method;
  return undefined;
}

/** Quality-Protocol with the reporting period in hundredths of a second (RFC 1989 2.1). */
export function qualityOption(period: number): Option {
  const data = new Uint8Array(6);
  put16(data, 0, PROTOCOL.LQR);
  put32(data, 2, period);
  return { type: LCP_OPTION.Quality, data };
}

export interface LcpSettings {
  /** What we announce as MRU; undefined = nothing, so 1500. */
  readonly mru: number | undefined;
  /** Control characters that the peer has to escape on an asynchronous line, one bit each; undefined = not asked, so all. */
  readonly accm?: number | undefined;
  readonly magic: boolean;
  /** 'ask': the peer may leave out address, control and the protocol's zero towards us. What the peer asks is always agreed. */
  readonly compression: 'ask' | 'agree';
  /** How the peer may prove itself: offered in this order; empty = it need not. */
  readonly demand: readonly AuthMethod[];
  /** Methods taken when the peer suggests them instead (Nak). */
  readonly accept: readonly AuthMethod[];
  /** How we can prove ourselves, best first; empty = we cannot. */
  readonly prove: readonly AuthMethod[];
  /** Period of link quality reports, hundredths of a second; 0 = none, and the peer's wish is rejected. */
  readonly quality: number;
}

/** What both ends agreed. "Ours" is what we asked for, "theirs" what the peer asked for. */
export interface LcpAgreement {
  readonly ourMru: number;
  readonly theirMru: number;
  readonly ourMagic: number;
  readonly theirMagic: number;
  /** Control characters that are escaped on an asynchronous line: in what we send, and in what the peer sends. */
  readonly sendMap: number;
  readonly receiveMap: number;
  /** We may leave these out when sending. */
  readonly sendAcfc: boolean;
  readonly sendPfc: boolean;
  /** The peer may leave these out. */
  readonly receiveAcfc: boolean;
  readonly receivePfc: boolean;
  /** How the peer proves itself to us. */
  readonly theyProve: AuthMethod | undefined;
  /** How we prove ourselves to the peer. */
  readonly weProve: AuthMethod | undefined;
  /** Reports: the period the peer wants from us, and the one it agreed to, hundredths of a second. */
  readonly weReport: number | undefined;
  readonly theyReport: number | undefined;
}

interface Theirs {
  mru: number;
  accm: number;
  magic: number;
  acfc: boolean;
  pfc: boolean;
  prove: AuthMethod | undefined;
  quality: number | undefined;
}

const NOTHING_ASKED: Readonly<Theirs> = { mru: DEFAULT_MRU, accm: ALL_ESCAPED, magic: 0, acfc: false, pfc: false, prove: undefined, quality: undefined };

export class LcpOptions implements Negotiator {
  readonly #settings: LcpSettings;
  readonly #random: Random;
  #mru: number | undefined;
  #mruNaks = 0;
  #magic = 0;
  #acfc = false;
  #pfc = false;
  #quality = 0;
  #method: AuthMethod | undefined;
  readonly #refused = new Set<AuthMethod>();
  #loops = 0;
  #accm: number | undefined;
  #theirs: Readonly<Theirs> = NOTHING_ASKED;

  constructor(settings: LcpSettings, random: Random) {
    this.#settings = settings;
    this.#random = random;
  }

  get agreement(): LcpAgreement {
    const theirs = this.#theirs;
    return {
      ourMru: this.#mru ?? DEFAULT_MRU,
      theirMru: theirs.mru,
      ourMagic: this.#magic,
      theirMagic: theirs.magic,
      sendMap: theirs.accm,
      receiveMap: this.#accm ?? ALL_ESCAPED,
      sendAcfc: theirs.acfc,
      sendPfc: theirs.pfc,
      receiveAcfc: this.#acfc,
      receivePfc: this.#pfc,
      theyProve: this.#method,
      weProve: theirs.prove,
      weReport: theirs.quality,
      theyReport: this.#quality > 0 ? this.#quality : undefined,
    };
  }

  /** The largest control packet for the peer, octets: what it takes, and never more than everybody takes. */
  get room(): number {
    return Math.min(this.#theirs.mru, DEFAULT_MRU);
  }

  begin(): void {
    this.#mru = this.#settings.mru;
    this.#mruNaks = 0;
    this.#magic = this.#settings.magic ? this.#number() : 0;
    this.#acfc = this.#pfc = this.#settings.compression === 'ask';
    this.#quality = this.#settings.quality;
    this.#refused.clear();
    this.#method = this.#settings.demand[0];
    this.#loops = 0;
    this.#accm = this.#settings.accm;
    this.#theirs = NOTHING_ASKED;
  }

  /**
   * Takes over what a LAC agreed: `sent` is what it asked of the caller for us, `received` what it acknowledged. A text: it does not satisfy
   * our settings, and why; nothing is taken over then.
   */
  adopt(sent: readonly Option[], received: readonly Option[]): string | undefined {
    this.begin();
    const failure = this.#adoptOurs(sent) ?? this.#adoptTheirs(received);
    if (failure !== undefined) this.begin();
    return failure;
  }

  request(): readonly Option[] {
    const options: Option[] = [];
    if (this.#mru !== undefined) options.push(option16(LCP_OPTION.Mru, this.#mru));
    if (this.#accm !== undefined) options.push(option32(LCP_OPTION.Accm, this.#accm));
    if (this.#method !== undefined) options.push(authOption(this.#method));
    if (this.#quality > 0) options.push(qualityOption(this.#quality));
    if (this.#magic !== 0) options.push(option32(LCP_OPTION.Magic, this.#magic));
    if (this.#pfc) options.push(flagOption(LCP_OPTION.Pfc));
    if (this.#acfc) options.push(flagOption(LCP_OPTION.Acfc));
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
    return { rejected, naked, appended: [] };
  }

  agreed(options: readonly Option[]): void {
    const theirs: Theirs = { ...NOTHING_ASKED };
    for (const option of options) {
      if (option.type === LCP_OPTION.Mru && option.data.length === 2) theirs.mru = u16(option.data, 0);
      else if (option.type === LCP_OPTION.Accm && option.data.length === 4) theirs.accm = u32(option.data, 0);
      else if (option.type === LCP_OPTION.Authentication) theirs.prove = authMethod(option);
      else if (option.type === LCP_OPTION.Quality && option.data.length === 6) theirs.quality = u32(option.data, 2);
      else if (option.type === LCP_OPTION.Magic && option.data.length === 4) theirs.magic = u32(option.data, 0);
      else if (option.type === LCP_OPTION.Pfc) theirs.pfc = true;
      else if (option.type === LCP_OPTION.Acfc) theirs.acfc = true;
    }
    this.#theirs = theirs;
  }

  naked(options: readonly Option[]): string | undefined {
    for (const option of options) {
      switch (option.type) {
        case LCP_OPTION.Mru:
          this.#nakedMru(option);
          break;
        case LCP_OPTION.Accm:
          // What either end needs escaped is escaped (RFC 1662 7.1).
          if (this.#accm !== undefined && option.data.length === 4) this.#accm = (this.#accm | u32(option.data, 0)) >>> 0;
          break;
        case LCP_OPTION.Authentication: {
          const failure = this.#otherMethod(authMethod(option));
          if (failure !== undefined) return failure;
          break;
        }
        case LCP_OPTION.Quality:
          if (option.data.length === 6 && u16(option.data, 0) === PROTOCOL.LQR && u32(option.data, 2) > 0) this.#quality = u32(option.data, 2);
          else this.#quality = 0;
          break;
        case LCP_OPTION.Magic:
          if (this.#magic === 0) break;
          if (++this.#loops >= MAX_LOOPS) return 'The line is looped back: we hear ourselves.';
          this.#magic = this.#number();
          break;
        case LCP_OPTION.Pfc:
          this.#pfc = false;
          break;
        case LCP_OPTION.Acfc:
          this.#acfc = false;
          break;
        default:
      }
    }
    return undefined;
  }

  rejected(options: readonly Option[]): string | undefined {
    for (const option of options) {
      if (option.type === LCP_OPTION.Mru) this.#mru = undefined;
      else if (option.type === LCP_OPTION.Accm) this.#accm = undefined;
      else if (option.type === LCP_OPTION.Quality) this.#quality = 0;
      else if (option.type === LCP_OPTION.Magic) this.#magic = 0;
      else if (option.type === LCP_OPTION.Pfc) this.#pfc = false;
      else if (option.type === LCP_OPTION.Acfc) this.#acfc = false;
      else if (option.type === LCP_OPTION.Authentication) {
        const failure = this.#otherMethod(undefined);
        if (failure !== undefined) return failure;
      }
    }
    return undefined;
  }

  #verdict(asked: Option): 'ack' | 'reject' | Option {
    const { type, data } = asked;
    switch (type) {
      case LCP_OPTION.Mru:
        if (data.length !== 2) return option16(type, DEFAULT_MRU);
        return u16(data, 0) < LEAST_MRU ? option16(type, LEAST_MRU) : 'ack';
      case LCP_OPTION.Accm:
        // Nothing is escaped inside a tunnel; the LAC does it on the line.
        return data.length === 4 ? 'ack' : option32(type, 0);
      case LCP_OPTION.Authentication: {
        const best = this.#settings.prove[0];
        if (best === undefined) return 'reject';
        const method = authMethod(asked);
        return method !== undefined && this.#settings.prove.includes(method) ? 'ack' : authOption(best);
      }
      case LCP_OPTION.Quality:
        if (this.#settings.quality === 0 || data.length < 2 || u16(data, 0) !== PROTOCOL.LQR) return 'reject';
        return data.length === 6 ? 'ack' : qualityOption(this.#settings.quality);
      case LCP_OPTION.Magic: {
        if (data.length !== 4) return option32(type, this.#number());
        const magic = u32(data, 0);
        return magic === 0 || magic === this.#magic ? option32(type, this.#number()) : 'ack';
      }
      case LCP_OPTION.Pfc:
      case LCP_OPTION.Acfc:
        return data.length === 0 ? 'ack' : flagOption(type);
      default:
        return 'reject';
    }
  }

  #adoptOurs(sent: readonly Option[]): string | undefined {
    const { mru, demand, accept, quality } = this.#settings;
    this.#mru = this.#accm = this.#method = undefined;
    this.#magic = this.#quality = 0;
    this.#acfc = this.#pfc = false;
    for (const [at, option] of sent.entries()) {
      const { type, data } = option;
      if (sent.findIndex((other) => other.type === type) < at) return `it asked for option ${type} twice`;
      if (type === LCP_OPTION.Mru && data.length === 2 && u16(data, 0) >= LEAST_MRU) this.#mru = u16(data, 0);
      else if (type === LCP_OPTION.Accm && data.length === 4) this.#accm = u32(data, 0);
      else if (type === LCP_OPTION.Authentication && authMethod(option) !== undefined) this.#method = authMethod(option);
      else if (type === LCP_OPTION.Quality && quality > 0 && data.length === 6 && u16(data, 0) === PROTOCOL.LQR && u32(data, 2) > 0) this.#quality = u32(data, 2);
      else if (type === LCP_OPTION.Magic && data.length === 4) this.#magic = u32(data, 0);
      else if (type === LCP_OPTION.Pfc && data.length === 0) this.#pfc = true;
      else if (type === LCP_OPTION.Acfc && data.length === 0) this.#acfc = true;
      else return `it asked for option ${type}, which we do not`;
    }
    const [asked, most] = [this.#mru ?? DEFAULT_MRU, mru ?? DEFAULT_MRU];
    if (asked > most) return `its MRU of ${asked} does not fit ${most}`;
    const method = this.#method;
    if (method === undefined) return demand.length === 0 ? undefined : `it asked for no authentication, we ask for ${demand.join(' or ')}`;
    return demand.includes(method) || (demand.length > 0 && accept.includes(method)) ? undefined : `it asked for ${method}, which AUTHENTICATION does not permit`;
  }

  #adoptTheirs(received: readonly Option[]): string | undefined {
    for (const [at, option] of received.entries()) {
      if (received.findIndex(({ type }) => type === option.type) < at) return `it granted option ${option.type} twice`;
      // Nobody has proved us to the caller.
      if (option.type === LCP_OPTION.Authentication || this.#verdict(option) !== 'ack') return `it granted option ${option.type}, which we would not`;
    }
    this.agreed(received);
    return undefined;
  }

  /** A smaller MRU is taken. A larger one would not fit our path: we ask once more, then announce nothing. */
  #nakedMru(option: Option): void {
    if (this.#mru === undefined || option.data.length !== 2) return;
    const wish = u16(option.data, 0);
    if (wish >= LEAST_MRU && wish <= this.#mru) this.#mru = wish;
    else if (++this.#mruNaks > 1) this.#mru = undefined;
  }

  /** Goes over to `wish`, or to the next method on offer (RFC 1661 6.2). A text where none is left. */
  #otherMethod(wish: AuthMethod | undefined): string | undefined {
    if (this.#method === undefined) return undefined;
    this.#refused.add(this.#method);
    const candidates = wish !== undefined && this.#settings.accept.includes(wish) ? [wish, ...this.#settings.demand] : this.#settings.demand;
    this.#method = candidates.find((method) => !this.#refused.has(method));
    return this.#method === undefined ? `The peer will not prove itself by ${[...this.#refused].join(' or ')}.` : undefined;
  }

  #number(): number {
    for (;;) {
      const magic = u32(this.#random.bytes(4), 0);
      if (magic !== 0 && magic !== this.#magic) return magic;
    }
  }
}

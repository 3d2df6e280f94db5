// Plays what a dial-in client of today does, as test/vectors/clients lists it, over any carrier of PPP frames: LCP, its way to prove itself,
// then all its network protocols at once. Independent of the firmware's own negotiation: only packets, options and RFC 2759 are shared.

import { readFileSync } from 'node:fs';

import { libraryCrypto as crypto } from '../../board/linux/crypto.ts';
import { fromHex, hex } from '../../firmware/bytes/hex.ts';
import { equalBytes, put32, u16, u32, u8 } from '../../firmware/bytes/integers.ts';
import { toIpv4, type Ipv4 } from '../../firmware/bytes/ip.ts';
import { Secret } from '../../firmware/bytes/secret.ts';
import { fromUtf8, utf8 } from '../../firmware/bytes/text.ts';
import type { Millis } from '../../firmware/bytes/time.ts';
import { chapResponse } from '../../firmware/ppp/chap-md5.ts';
import { encodeChapValue, parseChapValue } from '../../firmware/ppp/chap.ts';
import { encodeFrame, encodePacket, parseFrame, parsePacket, type ControlPacket } from '../../firmware/ppp/frame.ts';
import { authenticatorResponse, encodeResponse, ntResponse, provesItself } from '../../firmware/ppp/mschap.ts';
import { encodeOptions, parseOptions, type Option } from '../../firmware/ppp/option.ts';
import { encodePapRequest } from '../../firmware/ppp/pap.ts';

export type Method = 'MSCHAPv2' | 'CHAP-MD5' | 'PAP';

export interface ClientProtocol {
  /** Four hex digits. */
  readonly protocol: string;
  readonly request: readonly string[];
  /** Options that the router rejects; those left of a list are granted. */
  readonly rejected?: readonly number[];
  readonly outcome: 'opened' | 'protocol rejected';
}

export interface ClientVariant {
  readonly name: string;
  /** What it was written from, where that is not what the file says. */
  readonly basis?: string;
  readonly firstIdentifier: number;
  /** Options of its first Configure-Request, in hex. */
  readonly lcp: readonly string[];
  readonly rejected: readonly number[];
  /** Options of the router's request that it knows; all others it rejects. */
  readonly accepts: readonly number[];
  /** How it proves itself, best first. */
  readonly methods: readonly Method[];
  /** Texts that it sends in Identification packets when LCP is open. */
  readonly identifications: readonly string[];
  readonly timeRemaining: boolean;
  readonly network: readonly ClientProtocol[];
  /** ms */
  readonly restart: Millis;
}

export interface ClientFile {
  readonly client: string;
  readonly basis: string;
  readonly variants: readonly ClientVariant[];
}

/** All recorded clients, with the variant's name behind that of the file. */
export function clients(): { readonly name: string; readonly basis: string; readonly variant: ClientVariant }[] {
  return ['windows', 'android', 'apple', 'networkmanager'].flatMap((file) => {
    const { basis, variants } = JSON.parse(readFileSync(new URL(`../vectors/clients/${file}.json`, import.meta.url), 'utf8')) as ClientFile;
    return variants.map((variant) => ({ name: `${file}, ${variant.name}`, basis: variant.basis ?? basis, variant }));
  });
}

const LCP = 0xc021;
const PAP = 0xc023;
const CHAP = 0xc223;
const METHODS: Readonly<Record<Method, string>> = { PAP: 'c023', 'CHAP-MD5': 'c22305', MSCHAPv2: 'c22381' };
const octets = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);

interface Negotiation {
  readonly protocol: number;
  options: Option[];
  identifier: number;
  sent: boolean;
  ours: boolean;
  theirs: boolean;
  due: Millis;
  refused: boolean;
  opened: number;
  readonly rejected: number[];
}

export interface PlayerOutput {
  send(frame: Uint8Array): void;
}

export class Player {
  readonly #variant: ClientVariant;
  readonly #out: PlayerOutput;
  readonly #user: { readonly name: string; readonly password: string };
  readonly #lcp: Negotiation;
  #network: Negotiation[] = [];
  #method: Method | undefined;
  #proof: string | undefined;
  #auth: { frame: Uint8Array; due: Millis } | undefined;
  #identifier: number;
  /** Speaks LCP and nothing else. */
  stalls = false;
  /** What it knows now. */
  peerMru = 1500;
  peerAddress: Ipv4 = toIpv4(0);
  /** The router proved itself, or did not have to. */
  authenticated = false;
  refusedText: string | undefined;
  terminated: string | undefined;
  /** What the router sent, one word each: 'c021 1'. */
  readonly heard: string[] = [];
  readonly trouble: string[] = [];

  constructor(variant: ClientVariant, user: { readonly name: string; readonly password: string }, out: PlayerOutput) {
    this.#variant = variant;
    this.#user = user;
    this.#out = out;
    this.#identifier = variant.firstIdentifier;
    this.#lcp = negotiation(LCP, variant.lcp);
  }

  get lcpOpened(): number {
    return this.#lcp.opened;
  }

  /** Types that the router rejected in each protocol, in the order in which it did. */
  rejected(protocol: number): readonly number[] {
    return this.#of(protocol)?.rejected ?? [];
  }

  outcome(protocol: number): 'opened' | 'protocol rejected' | 'open' {
    const one = this.#of(protocol);
    return one?.refused === true ? 'protocol rejected' : one !== undefined && one.ours && one.theirs ? 'opened' : 'open';
  }

  /** The value of an IPCP option that the router granted. */
  granted(type: number): Ipv4 | undefined {
    const one = this.#of(0x8021);
    const option = one?.ours === true ? one.options.find((each) => each.type === type) : undefined;
    return option === undefined ? undefined : toIpv4(u32(option.data, 0));
  }

  get address(): Ipv4 {
    return this.granted(3) ?? toIpv4(0);
  }

  /** Primary and secondary name server, as far as granted. */
  get dns(): readonly Ipv4[] {
    return [this.granted(129), this.granted(131)].filter((each) => each !== undefined);
  }

  /** All that the list says it reaches has been reached. */
  get ready(): boolean {
    return this.authenticated && this.#network.length > 0 && this.#variant.network.every(({ protocol, outcome }) => this.outcome(Number.parseInt(protocol, 16)) === outcome);
  }

  start(now: Millis): void {
    this.#request(this.#lcp, now);
  }

  /** Begins LCP anew as if nothing had been agreed. */
  renegotiate(now: Millis): void {
    Object.assign(this.#lcp, { ours: false, theirs: false, sent: false });
    this.authenticated = false;
    this.#network = [];
    this.#auth = undefined;
    this.#request(this.#lcp, now);
  }

  deadline(): Millis {
    return Math.min(this.#auth?.due ?? Number.POSITIVE_INFINITY, ...[this.#lcp, ...this.#network].map(({ due }) => due));
  }

  tick(now: Millis): void {
    for (const one of [this.#lcp, ...this.#network]) if (now >= one.due) this.#request(one, now, 'again');
    if (this.#auth !== undefined && now >= this.#auth.due) {
      this.#auth.due = now + this.#variant.restart;
      this.#out.send(this.#auth.frame);
    }
  }

  frame(data: Uint8Array, now: Millis): void {
    const frame = parseFrame(data);
    if (typeof frame === 'string') return void this.trouble.push(frame);
    if (frame.protocol === 0x0021 || frame.protocol === 0x0057) return;
    const packet = parsePacket(frame.body);
    if (typeof packet === 'string') return void this.trouble.push(packet);
    this.heard.push(`${frame.protocol.toString(16)} ${packet.code}`);
    // Before LCP is open a client drops everything else.
    if (frame.protocol !== LCP && (this.stalls || !(this.#lcp.ours && this.#lcp.theirs))) return;
    if (frame.protocol === CHAP) return this.#chap(packet, now);
    if (frame.protocol === PAP) return this.#pap(packet, now);
    const one = this.#of(frame.protocol);
    if (one === undefined) {
      // Before its network phase a client drops what is not LCP or authentication (RFC 1661 3.5).
      if (this.authenticated) this.#send(LCP, 8, this.#next(), Uint8Array.from([frame.protocol >> 8, frame.protocol & 255, ...frame.body]));
      return;
    }
    this.#control(one, packet, now);
  }

  #of(protocol: number): Negotiation | undefined {
    return protocol === LCP ? this.#lcp : this.#network.find((each) => each.protocol === protocol);
  }

  #next(): number {
    const identifier = this.#identifier;
    this.#identifier = (this.#identifier + 1) & 255;
    return identifier;
  }

  #send(protocol: number, code: number, identifier: number, data: Uint8Array): void {
    this.#out.send(encodeFrame(protocol, encodePacket(code, identifier, data)));
  }

  #request(one: Negotiation, now: Millis, again?: 'again'): void {
    if (again === undefined || !one.sent) one.identifier = this.#next();
    one.sent = true;
    one.due = now + this.#variant.restart;
    this.#send(one.protocol, 1, one.identifier, encodeOptions(one.options));
  }

  #control(one: Negotiation, packet: ControlPacket, now: Millis): void {
    const { code, identifier, data } = packet;
    const options = code <= 4 ? parseOptions(data) : [];
    if (typeof options === 'string') return void this.trouble.push(options);
    const mine = identifier === one.identifier && !one.ours;
    switch (code) {
      case 1:
        return this.#judge(one, packet, options, now);
      case 2:
        if (!mine || !equalBytes(data, encodeOptions(one.options))) return;
        one.ours = true;
        one.due = one.theirs ? Number.POSITIVE_INFINITY : now + this.#variant.restart;
        return this.#settled(one, now);
      case 3:
        if (!mine) return;
        one.options = one.options.map((own) => options.find(({ type }) => type === own.type) ?? own);
        return this.#request(one, now);
      case 4:
        if (!mine) return;
        for (const { type } of options) if (!one.rejected.includes(type)) one.rejected.push(type);
        one.options = one.options.filter(({ type }) => !options.some((each) => each.type === type));
        return this.#request(one, now);
      case 5:
        if (one === this.#lcp) this.terminated = fromUtf8(data);
        else this.trouble.push(`${one.protocol.toString(16)} terminated`);
        return this.#send(one.protocol, 6, identifier, new Uint8Array(0));
      case 7:
        return void this.trouble.push(`code ${u8(data, 0)} rejected`);
      case 8: {
        const refused = this.#of(u16(data, 0));
        if (refused !== undefined) Object.assign(refused, { refused: true, due: Number.POSITIVE_INFINITY });
        return;
      }
      case 9: {
        const reply = data.slice();
        put32(reply, 0, this.#magic);
        return this.#send(LCP, 10, identifier, reply);
      }
      default:
    }
  }

  get #magic(): number {
    const option = this.#lcp.options.find(({ type }) => type === 5);
    return option === undefined ? 0 : u32(option.data, 0);
  }

  #judge(one: Negotiation, packet: ControlPacket, options: readonly Option[], now: Millis): void {
    // A request when we are open: the router negotiates anew.
    if (one.ours && one.theirs) {
      if (one === this.#lcp) this.trouble.push('LCP negotiated anew');
      Object.assign(one, { ours: false, theirs: false, sent: false });
      this.#request(one, now);
    }
    const known = one === this.#lcp ? this.#variant.accepts : one.protocol === 0x8021 ? [3] : [1];
    const rejected = options.filter(({ type }) => !known.includes(type));
    if (rejected.length > 0) return this.#send(one.protocol, 4, packet.identifier, encodeOptions(rejected));
    if (one === this.#lcp && !this.#agrees(packet, options)) return;
    const address = one.protocol === 0x8021 ? options.find(({ type }) => type === 3) : undefined;
    if (address !== undefined) this.peerAddress = toIpv4(u32(address.data, 0));
    one.theirs = true;
    if (one.ours) one.due = Number.POSITIVE_INFINITY;
    this.#send(one.protocol, 2, packet.identifier, packet.data.slice());
    this.#settled(one, now);
  }

  /** Takes the router's MRU and its wish for a proof; false where it was told of a better method. */
  #agrees({ identifier }: ControlPacket, options: readonly Option[]): boolean {
    const wish = options.find(({ type }) => type === 3);
    const method = wish === undefined ? undefined : this.#variant.methods.find((each) => METHODS[each] === hex(wish.data));
    const best = this.#variant.methods[0] ?? 'PAP';
    if (wish !== undefined && method === undefined) {
      this.#send(LCP, 3, identifier, encodeOptions([{ type: 3, data: octets(METHODS[best]) }]));
      return false;
    }
    this.#method = method;
    const mru = options.find(({ type }) => type === 1);
    this.peerMru = mru === undefined ? 1500 : u16(mru.data, 0);
    return true;
  }

  #settled(one: Negotiation, now: Millis): void {
    if (!one.ours || !one.theirs) return;
    one.opened++;
    one.due = Number.POSITIVE_INFINITY;
    if (one !== this.#lcp) return;
    this.#network = [];
    this.authenticated = false;
    this.#auth = undefined;
    if (this.stalls) return;
    for (const text of this.#variant.identifications) this.#send(LCP, 12, this.#next(), Uint8Array.from([...this.#fourOfMagic(), ...utf8(text)]));
    if (this.#variant.timeRemaining) this.#send(LCP, 13, this.#next(), Uint8Array.from([...this.#fourOfMagic(), 0, 0, 14, 16]));
    if (this.#method === undefined) return this.#begin(now);
    if (this.#method !== 'PAP') return;
    const data = encodePapRequest({ name: this.#user.name, password: new Secret(this.#user.password) }) ?? new Uint8Array(0);
    this.#prove(encodeFrame(PAP, encodePacket(1, this.#next(), data)), now);
  }

  #fourOfMagic(): Uint8Array {
    const four = new Uint8Array(4);
    put32(four, 0, this.#magic);
    return four;
  }

  #prove(frame: Uint8Array, now: Millis): void {
    this.#auth = { frame, due: now + this.#variant.restart };
    this.#out.send(frame);
  }

  #pap({ code }: ControlPacket, now: Millis): void {
    if (this.#method !== 'PAP' || this.#auth === undefined) return;
    if (code === 2) return this.#begin(now);
    if (code === 3) this.#refused('PAP');
  }

  #chap({ code, identifier, data }: ControlPacket, now: Millis): void {
    if (this.#method === undefined || this.#method === 'PAP') return void this.trouble.push('CHAP that was not agreed');
    if (code === 3) {
      if (this.#proof !== undefined && !provesItself(fromUtf8(data), this.#proof)) this.trouble.push('the router did not prove itself');
      return this.#begin(now);
    }
    if (code === 4) return this.#refused(fromUtf8(data));
    const challenge = code === 1 ? parseChapValue(data) : undefined;
    if (challenge === undefined || typeof challenge === 'string') return;
    const { name, password } = this.#user;
    let value = chapResponse(crypto, identifier, utf8(password), challenge.value);
    if (this.#method === 'MSCHAPv2') {
      const proof = { password: new Secret(password), name, authenticatorChallenge: challenge.value, peerChallenge: Uint8Array.from({ length: 16 }, (_, i) => i * 7 + identifier) };
      const response = ntResponse(crypto, proof);
      this.#proof = authenticatorResponse(crypto, proof, response);
      value = encodeResponse({ peerChallenge: proof.peerChallenge, ntResponse: response });
    }
    this.#prove(encodeFrame(CHAP, encodePacket(2, identifier, encodeChapValue(value, name) ?? new Uint8Array(0))), now);
  }

  #refused(text: string): void {
    this.refusedText = text;
    this.#auth = undefined;
  }

  /** The network phase; a further Success of a further challenge changes nothing. */
  #begin(now: Millis): void {
    this.#auth = undefined;
    if (this.authenticated) return;
    this.authenticated = true;
    this.#network = this.#variant.network.map(({ protocol, request }) => negotiation(Number.parseInt(protocol, 16), request));
    for (const one of this.#network) this.#request(one, now);
  }
}

function negotiation(protocol: number, request: readonly string[]): Negotiation {
  const options = parseOptions(octets(request.join('')));
  if (typeof options === 'string') throw new Error(`${protocol.toString(16)}: ${options}`);
  return { protocol, options: [...options], identifier: -1, sent: false, ours: false, theirs: false, due: Number.POSITIVE_INFINITY, refused: false, opened: 0, rejected: [] };
}

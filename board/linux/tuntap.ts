// TUN and TAP devices as streams, with the names and habits of the npm package tuntap2. One read is one packet, one write is one
// packet. A test tool and the ground of pseudowires: the packet path of PPP interfaces has its own (userplane).

import { Duplex } from 'node:stream';

import { formatIpv4, parseIpv4 } from '../../firmware/bytes/ip.ts';
import { ERRNO, errnoText } from './ffi/errno.ts';
import { C, errno, pinned } from './ffi/libc.ts';
import { IFF, openTun } from './ffi/tun.ts';
import { type Link, RouteClient } from './netlink/route.ts';
import { formatIpv6, parseIpv6 } from './ipv6.ts';
import { type ReadPacket, Reader } from './reader.ts';

/** Largest IP packet and an Ethernet header. */
const LARGEST_PACKET = 65_535 + 18;
export type AddressFamily = 'IPv4' | 'IPv6';

function prefixOf(text: string): { readonly address: string; readonly length: number } {
  const parts = /^([^/]+)\/(\d{1,3})$/.exec(text);
  if (parts === null) throw new TypeError(`"${text}" is not ADDRESS/LENGTH`);
  return { address: parts[1] ?? '', length: Number(parts[2]) };
}

class Device extends Duplex {
  readonly isTap: boolean;
  readonly isTun: boolean;
  readonly #fd: number;
  readonly #index: number;
  readonly #route = new RouteClient();
  readonly #out = pinned(LARGEST_PACKET);
  readonly #reader: Reader;
  #released = false;

  protected constructor(kind: 'tun' | 'tap', name: string) {
    super({ readableHighWaterMark: 1 << 20, allowHalfOpen: false });
    const opened = openTun(name === '' ? `${kind}%d` : name, kind === 'tun' ? IFF.TUN : IFF.TAP);
    if ('errno' in opened) throw new Error(`${name === '' ? `a ${kind} device` : name} cannot be made: ${errnoText(opened.errno)} (${opened.call})`);
    this.isTap = kind === 'tap';
    this.isTun = kind === 'tun';
    this.#fd = opened.fd;
    this.#index = indexOfTun(opened.fd, this.#route);
    this.#reader = new Reader({ fd: opened.fd, kind: 'packet', size: LARGEST_PACKET }, { packets: (packets) => this.#arrived(packets), end: (code) => this.#ended(code) });
  }

  get name(): string {
    return this.#link.name;
  }

  /** 'aa:bb:cc:dd:ee:ff'; empty on a TUN device, which has none. Only a TAP device takes another. */
  get mac(): string {
    return this.#link.hardware.map((octet) => octet.toString(16).padStart(2, '0')).join(':');
  }

  set mac(text: string) {
    const octets = text.split(':').map((part) => Number.parseInt(part, 16));
    if (octets.length !== 6 || octets.some((octet) => !(octet >= 0 && octet <= 255))) throw new TypeError(`"${text}" is no hardware address`);
    this.#change(`hardware address ${text}`, this.#route.setLink(this.#index, { hardware: octets }));
  }

  get mtu(): number {
    return this.#link.mtu;
  }

  set mtu(octets: number) {
    this.#change(`MTU ${octets}`, this.#route.setLink(this.#index, { mtu: octets }));
  }

  /** 'ADDRESS/LENGTH', empty without one. Setting it replaces the addresses the device has. */
  get ipv4(): string {
    const first = this.#route.addresses().find((one) => one.index === this.#index);
    return first === undefined ? '' : `${formatIpv4(first.address)}/${first.length}`;
  }

  set ipv4(text: string) {
    const { address, length } = prefixOf(text);
    const value = parseIpv4(address);
    if (value === undefined || length > 32) throw new TypeError(`"${text}" is no IPv4 address with a prefix length`);
    for (const one of this.#route.addresses()) if (one.index === this.#index) this.#route.deleteAddress(one.index, one.address, one.length);
    this.#change(`address ${text}`, this.#route.addAddress(this.#index, value, length));
  }

  get ipv6(): string {
    const first = this.#route.addresses6().find((one) => one.index === this.#index && !one.linkLocal);
    return first === undefined ? '' : `${formatIpv6(first.address)}/${first.length}`;
  }

  set ipv6(text: string) {
    const { address, length } = prefixOf(text);
    const value = parseIpv6(address);
    if (value === undefined || length > 128) throw new TypeError(`"${text}" is no IPv6 address with a prefix length`);
    for (const one of this.#route.addresses6()) if (one.index === this.#index && !one.linkLocal) this.#route.deleteAddress6(one.index, one.address, one.length);
    this.#change(`address ${text}`, this.#route.addAddress6(this.#index, value, length));
  }

  get isUp(): boolean {
    return this.#link.admin;
  }

  set isUp(up: boolean) {
    this.#change(up ? 'up' : 'down', this.#route.setLink(this.#index, { up }));
  }

  /** Closes the device; the kernel removes it. */
  release(): void {
    this.destroy();
  }

  override _read(): void {
    this.#reader.resume();
  }

  override _write(packet: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (packet.length > LARGEST_PACKET) return done(new RangeError(`a packet of ${packet.length} octets`));
    this.#out.bytes.set(packet);
    const written = C.write(this.#fd, this.#out.at, packet.length);
    // A full queue drops, as a wire does.
    const code = written < 0 ? errno() : 0;
    done(code === 0 || code === ERRNO.EAGAIN ? null : new Error(`the packet was not taken: ${errnoText(code)}`));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#released) {
      this.#released = true;
      this.#route.close();
      this.#reader.stop();
    }
    done(error);
  }

  get #link(): Link {
    const link = this.#route.link(this.#index);
    if (link === undefined) throw new Error('the device is gone');
    return link;
  }

  #change(what: string, failure: { readonly text: string } | undefined): void {
    if (failure !== undefined) throw new Error(`${this.name} does not take ${what}: ${failure.text}`);
  }

  #arrived(packets: readonly ReadPacket[]): void {
    if (this.destroyed) return;
    let more = true;
    for (const { data } of packets) more = this.push(Buffer.from(data.buffer, data.byteOffset, data.length));
    if (!more) this.#reader.pause();
  }

  /** The reading thread has ended, so nothing uses the descriptor any more. */
  #ended(code: number): void {
    C.close(this.#fd);
    if (code !== 0) this.destroy(new Error(`the device cannot be read: ${errnoText(code)}`));
  }
}

const TUNGETIFF = 0x800454d2;
const request = pinned(40);

function indexOfTun(fd: number, route: RouteClient): number {
  C.ioctl(fd, TUNGETIFF, request.at);
  const name = new TextDecoder().decode(request.bytes.subarray(0, request.bytes.indexOf(0)));
  const link = route.link(name);
  if (link === undefined) throw new Error(`the kernel does not show ${name}`);
  return link.index;
}

/** IP packets without Ethernet header. `name` empty: the kernel chooses tunN. */
export class Tun extends Device {
  constructor(name = '') {
    super('tun', name);
  }

  /** Whether a packet read from a TUN device is IPv4 or IPv6; undefined where it is neither. */
  static addressFamily(packet: Uint8Array): AddressFamily | undefined {
    const version = (packet[0] ?? 0) >> 4;
    return version === 4 ? 'IPv4' : version === 6 ? 'IPv6' : undefined;
  }
}

/** Ethernet frames. `name` empty: the kernel chooses tapN. */
export class Tap extends Device {
  constructor(name = '') {
    super('tap', name);
  }
}

// Scripts, probes and counts for the scenarios of two whole routers in virtual time.

import { put16, u16 } from '../../firmware/bytes/integers.ts';
import { toIpv4, type Ipv4 } from '../../firmware/bytes/ip.ts';
import type { Lans, Node } from '../../board/sim/lans.ts';
import { ip, lans, PRELUDE } from '../../board/sim/lans.ts';
import type { SimIpHost } from '../../board/sim/iphost.ts';
import { icmp, ipPacket, PROTOCOL, readIp } from '../../board/sim/packet.ts';
import { CLEAN, type Wire, type WireQuality } from '../../board/sim/wire.ts';

export interface Ends {
  /** Further parameters of ADD L2TP CALL, CREATE PPP; further lines. */
  readonly call?: string;
  readonly ppp?: string;
  readonly before?: string;
  readonly after?: string;
  /** Replaces `REMOTE=remote`. */
  readonly remote?: string;
  /** The peer's address, where it is not the other router's. */
  readonly ip?: string;
  readonly password?: string;
  readonly enable?: string;
  readonly address?: string;
}

const ENABLE = 'ENABLE L2TP\nENABLE L2TP SERVER=BOTH';

function script(end: Ends, of: { readonly prelude: string; readonly own: string; readonly theirs: string; readonly peer: string; readonly lan: string }): string {
  return `${of.prelude}${end.before ?? ''}
${end.enable ?? ENABLE}
ADD L2TP PASSWORD=${of.own}
ADD L2TP CALL=remote ${end.remote ?? 'REMOTE=remote'} TYPE=VIRTUAL IP=${end.ip ?? of.peer} PASSWORD=${end.password ?? of.theirs} ${end.call ?? ''}
CREATE PPP=1 OVER=TNL-remote ${end.ppp ?? ''}
ADD IP INT=ppp1 IP=${end.address ?? '0.0.0.0'}
ADD IP ROUTE=${of.lan} MASK=255.255.255.0 INT=ppp1 NEXT=0.0.0.0
${end.after ?? ''}
`;
}

/** Router A's and router B's script: the manual's LAN-to-LAN set-up, changed where a scenario says. */
export const scriptA = (end: Ends = {}): string => script(end, { prelude: PRELUDE.a, own: 'l2tpA', theirs: 'l2tpB', peer: '2.2.2.2', lan: '192.168.20.0' });
export const scriptB = (end: Ends = {}): string => script(end, { prelude: PRELUDE.b, own: 'l2tpB', theirs: 'l2tpA', peer: '1.1.1.1', lan: '192.168.10.0' });

/** Two routers that run at once. */
export const network = (a: Ends = {}, b: Ends = {}, quality: WireQuality = CLEAN, seed = 1): Lans => lans(seed, quality, { a: scriptA(a), b: scriptB(b) });

/** What a command prints. */
export function show(node: Node, line: string): string {
  let printed = '';
  node.app.runCommand(line, (text) => (printed += `${text}\n`), () => {});
  return printed;
}

/** The number that a SHOW prints behind a label; every one where it comes several times. */
export const numbers = (shown: string, label: string): number[] => [...shown.matchAll(new RegExp(`^ *${label.replaceAll(/[-()]/g, '\\$&')} \\.+ (\\d+)`, 'gm'))].map((m) => Number(m[1]));
export const value = (shown: string, label: string): number => numbers(shown, label)[0] ?? Number.NaN;

/** Sessions that are established, as SHOW L2TP TUNNEL CALL tells. */
export const sessions = (node: Node): number => [...show(node, 'SHOW L2TP TUNNEL CALL').matchAll(/^State \.+ established/gm)].length;
export const tunnels = (node: Node): number => [...show(node, 'SHOW L2TP TUNNEL').matchAll(/^Tunnel ID \.+/gm)].length - [...show(node, 'SHOW L2TP TUNNEL').matchAll(/^Call ID \.+/gm)].length;

/** Why the call waits, as SHOW L2TP CALL says. */
export const status = (node: Node): string => /^Status \.+ (.*(?:\n {26}.*)*)$/m.exec(show(node, 'SHOW L2TP CALL'))?.[1]?.replace(/\n +/g, ' ') ?? '';

/** The log without its line breaks. */
export const log = (node: Node): string => show(node, 'SHOW LOG').replace(/\n {31}/g, ' ');

/** A network to ping in: with a host that does it, where none is named. */
type Wired = Pick<Lans, 'world'> & Partial<Pick<Lans, 'host1'>>;

/** Pings `count` times, one every `interval` milliseconds; how many answers came within a second of the last. */
export function pings(net: Wired, { from = net.host1, to = '192.168.20.2', count = 10, interval = 100, size = 64 }: { readonly from?: SimIpHost; readonly to?: string; readonly count?: number; readonly interval?: number; readonly size?: number } = {}): number {
  const stream = pingStream(net, { ...(from === undefined ? {} : { from }), to, interval, size });
  net.world.run(count * interval - 1);
  return stream.stop(1000).answered;
}

let streams = 0;

/** Pings until stopped. */
export function pingStream(net: Wired, { from = net.host1, to = '192.168.20.2', interval = 100, size = 64 }: { readonly from?: SimIpHost; readonly to?: string; readonly interval?: number; readonly size?: number } = {}): { stop(wait: number): { sent: number; answered: number } } {
  let sent = 0;
  let running = true;
  const id = ++streams & 0xffff;
  const answered = new Set<number>();
  if (from === undefined) throw new Error('nobody to ping from');
  const socket = from.open((answer) => {
    if (answer.type === 0 && answer.from === ip(to) && u16(answer.rest, 0) === id) answered.add(u16(answer.rest, 2));
  });
  if ('refused' in socket) throw new Error(socket.refused);
  const next = (): void => {
    if (!running) return;
    const rest = new Uint8Array(Math.max(4, size - 24));
    put16(rest, 0, id);
    put16(rest, 2, sent++);
    socket.send(ip(to), icmp(8, 0, rest), { source: toIpv4(0), ttl: 64, tos: 0 });
    net.world.at(net.world.now + interval, next);
  };
  next();
  return {
    stop: (wait) => {
      running = false;
      net.world.run(wait);
      socket.close();
      return { sent, answered: answered.size };
    },
  };
}

/** A UDP datagram as it crosses a wire. */
export interface Seen {
  readonly from: Ipv4;
  readonly to: Ipv4;
  readonly size: number;
  readonly ports: readonly [number, number];
  readonly data: Uint8Array;
}

/** Calls `see` with every IP packet handed to a wire; false drops it there. */
export function tap(wire: Wire, see: (packet: Uint8Array, seen: Seen | undefined) => boolean): void {
  const send = wire.send.bind(wire);
  wire.send = (packet, next) => (see(packet, seenOf(packet)) ? send(packet, next) : true);
}

function seenOf(packet: Uint8Array): Seen | undefined {
  const read = readIp(packet);
  if (read === undefined || read.header.protocol !== PROTOCOL.udp || read.payload.length < 8) return undefined;
  const { source: from, destination: to } = read.header;
  return { from, to, size: packet.length, ports: [u16(read.payload, 0), u16(read.payload, 2)], data: read.payload.subarray(8) };
}

/** An L2TP control message, and one that carries AVPs. */
export const isControl = ({ data }: Seen): boolean => ((data[0] ?? 0) & 0x80) !== 0;
export const withAvps = (seen: Seen): boolean => isControl(seen) && u16(seen.data, 2) > 12;
/** The Message Type of a control message; 0 for a ZLB. */
export const messageType = (seen: Seen): number => (withAvps(seen) ? u16(seen.data, 18) : 0);

/** Puts a UDP datagram on a wire as if a stranger had sent it. */
export function inject(wire: Wire, of: { readonly from: Ipv4; readonly to: Ipv4; readonly fromPort?: number }, data: Uint8Array): void {
  const payload = new Uint8Array(8 + data.length);
  put16(payload, 0, of.fromPort ?? 1701);
  put16(payload, 2, 1701);
  put16(payload, 4, payload.length);
  payload.set(data, 8);
  wire.send(ipPacket({ source: of.from, destination: of.to, protocol: PROTOCOL.udp, ttl: 64 }, payload), of.to);
}

/** Counts what a router sends and gets on its wire, until told to begin anew. */
export class WireCount {
  inControl = 0;
  inWithAvps = 0;
  inData = 0;
  outControl = 0;
  outWithAvps = 0;
  outData = 0;

  constructor(wire: Wire, address: Ipv4) {
    tap(wire, (_, seen) => {
      if (seen === undefined || !seen.ports.includes(1701)) return true;
      const [control, avps] = [isControl(seen) ? 1 : 0, withAvps(seen) ? 1 : 0];
      if (seen.from === address) {
        this.outControl += control;
        this.outWithAvps += avps;
        this.outData += 1 - control;
      } else if (seen.to === address) {
        this.inControl += control;
        this.inWithAvps += avps;
        this.inData += 1 - control;
      }
      return true;
    });
  }
}

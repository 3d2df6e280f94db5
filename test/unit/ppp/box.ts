// Two routers' worth of PPP interfaces without the routers: a layer that connects two boxes when one of them calls, in virtual time.

import { parseIpv4, toIpv4, type Ipv4 } from '../../../firmware/bytes/ip.ts';
import { Secret } from '../../../firmware/bytes/secret.ts';
import { TimerQueue, type Millis } from '../../../firmware/bytes/time.ts';
import type { Context, Outcome } from '../../../firmware/cli/command.ts';
import { messages, printMessage, type Message } from '../../../firmware/cli/messages.ts';
import { CommandTable } from '../../../firmware/cli/table.ts';
import type { WallTime } from '../../../firmware/hal/clock.ts';
import type { InterfaceId } from '../../../firmware/hal/dataplane.ts';
import type { LogEvent } from '../../../firmware/log/log.ts';
import { verifyAttempt, type Attempt, type Verdict } from '../../../firmware/ppp/auth.ts';
import type { PppInterface } from '../../../firmware/ppp/interface.ts';
import { PppInterfaces } from '../../../firmware/ppp/interfaces.ts';
import type { PppAddresses, PppLower, PppOwner, PppTraffic } from '../../../firmware/ppp/owner.ts';
import { pppCommands } from '../../../firmware/ppp/ppp.commands.ts';
import { libraryCrypto } from '../../../board/linux/crypto.ts';
import { seeded } from './wire.ts';

const WALL: WallTime = { year: 2002, month: 2, day: 28, hour: 15, minute: 45, second: 39, weekday: 4 };

interface Traffic {
  inPackets: number;
  inOctets: number;
  inDiscards: number;
  outPackets: number;
  outOctets: number;
  lastCarried: Millis;
}

/** One router: its interfaces, and what they told it. */
export class Box implements PppOwner {
  readonly world: World;
  readonly interfaces: PppInterfaces;
  readonly table: CommandTable;
  readonly random;
  readonly crypto = libraryCrypto;
  readonly clock;
  readonly wall = { now: () => WALL, seconds: () => 1_014_911_139, set: () => {} };
  readonly events: LogEvent[] = [];
  readonly log = { add: (event: LogEvent) => this.events.push(event) };
  readonly layers = new Set(['tnl-remote', 'tnl-other']);
  readonly wanted = new Map<string, string>();
  readonly calls: string[] = [];
  readonly devices = new Map<number, { name: string; mtu: number; onDemand: boolean }>();
  readonly up = new Map<string, PppAddresses>();
  readonly users: Record<string, string> = {};
  readonly counters = new Map<string, Traffic>();
  readonly lowers = new Map<string, PppLower>();
  /** IP packets that came over links. */
  readonly received: Uint8Array[] = [];
  readonly printed: string[] = [];
  lan: Ipv4 = toIpv4(0);
  take = false;
  attached = new Set<string>();
  verdictDelay: Millis = 0;
  /** Added to every verdict that accepts. */
  grants: { readonly sessionTimeout?: number; readonly idleTimeout?: number } = {};
  /** Attempts are kept here and never judged: this router is a LAC. */
  held: Attempt[] | undefined;
  readonly resizes: [string, number][] = [];
  refuseDevices: string | undefined;
  #nextDevice = 1;

  constructor(world: World, seed: number) {
    this.world = world;
    this.random = seeded(seed);
    this.clock = { now: () => world.now, at: (at: Millis, task: (now: Millis) => void) => world.timers.set(at, task) };
    this.interfaces = new PppInterfaces(this);
    this.table = new CommandTable(pppCommands(this.interfaces));
  }

  one(number = 1): PppInterface {
    const found = this.interfaces.get(number);
    if (found === undefined) throw new Error(`no ppp${number}`);
    return found;
  }

  /** Gives a command line; what the console would print. */
  run(line: string, from = 'asyn0'): string {
    const context: Context = {
      user: 'manager', level: 'manager', from, now: this.world.now, kind: 'console',
      print: (text) => this.printed.push(text),
      ask: (_prompt, _options, answer) => answer(undefined),
      logoff: () => {},
    };
    const outcome: Outcome | undefined = this.table.run(line, context);
    if (outcome === undefined || outcome === 'silent') return '';
    if ('text' in outcome && !('severity' in outcome)) return outcome.text;
    return 'severity' in outcome ? printMessage(outcome) : '(pending)';
  }

  systemName(): string {
    return 'hashi';
  }

  layerExists(over: string): true | Message {
    return this.layers.has(over.toLowerCase()) ? true : messages.parser.badValue(over, 'OVER', '; permitted: a layer that exists');
  }

  bandwidth(): number {
    return 64_000;
  }

  wantLink(name: string, over: string, now: Millis): void {
    this.calls.push(`want ${name} ${over}`);
    this.wanted.set(name, over);
    this.world.ring(this, name, now);
  }

  unwantLink(name: string, over: string, _reason: string, now: Millis): void {
    this.calls.push(`unwant ${name} ${over}`);
    this.wanted.delete(name);
    this.world.hangUp(this, 'No longer wanted.', now);
  }

  openDevice(name: string, mtu: number, onDemand: boolean): InterfaceId | { refused: string } {
    if (this.refuseDevices !== undefined) return { refused: this.refuseDevices };
    const id = this.#nextDevice++;
    this.devices.set(id, { name, mtu, onDemand });
    return id as InterfaceId;
  }

  setDevice(device: InterfaceId, change: { mtu?: number; onDemand?: boolean }): void {
    const known = this.devices.get(device);
    if (known === undefined) throw new Error('closed device');
    this.devices.set(device, { ...known, ...change });
  }

  closeDevice(device: InterfaceId): void {
    this.devices.delete(device);
  }

  ipAttached(name: string): boolean {
    return this.attached.has(name);
  }

  localAddress(): Ipv4 {
    return this.lan;
  }

  mayTakeAddress(): boolean {
    return this.take;
  }

  ipUp(name: string, addresses: PppAddresses): void {
    this.up.set(name, addresses);
  }

  ipDown(name: string): void {
    this.up.delete(name);
  }

  resized(name: string, mtu: number): void {
    this.resizes.push([name, mtu]);
  }

  ipv6Up(): void {}
  ipv6Down(): void {}

  authenticate(_name: string, attempt: Attempt, answer: (verdict: Verdict, now: Millis) => void, now: Millis): void {
    if (this.held !== undefined) return void this.held.push(attempt);
    const password = this.users[attempt.name];
    const judged: Verdict = password === undefined ? { accepted: false, reason: `No user ${attempt.name}.` } : verifyAttempt(libraryCrypto, attempt, new Secret(password));
    const verdict: Verdict = judged.accepted ? { ...judged, ...this.grants } : judged;
    if (this.verdictDelay === 0) answer(verdict, now);
    else this.world.timers.set(now + this.verdictDelay, (later) => answer(verdict, later));
  }

  traffic(name: string): PppTraffic | undefined {
    return this.counters.get(name);
  }

  /** As if the data plane had carried a packet. */
  carried(octets: number, direction: 'in' | 'out', name = 'ppp1'): void {
    const counters = this.counters.get(name);
    if (counters === undefined) throw new Error('no session');
    counters[direction === 'in' ? 'inOctets' : 'outOctets'] += octets;
    counters[direction === 'in' ? 'inPackets' : 'outPackets']++;
    counters.lastCarried = this.world.now;
  }
}

/** Two boxes, each with a ppp1 over TNL-remote; a call of one rings at the other. */
export class World {
  now: Millis = 1000;
  readonly timers = new TimerQueue();
  readonly a: Box;
  readonly b: Box;
  /** Calls succeed. */
  reachable = true;
  connected = false;
  /** What the path under the call takes in one packet. */
  pathMtu = 1460;
  #generation = 0;

  constructor(seed = 1) {
    this.a = new Box(this, seed * 2 + 1);
    this.b = new Box(this, seed * 2 + 2);
  }

  run(span: Millis, until: () => boolean = () => false): boolean {
    const end = this.now + span;
    while (!until()) {
      const next = this.timers.deadline();
      if (next > end) {
        this.now = end;
        return until();
      }
      this.now = Math.max(this.now, next);
      this.timers.run(this.now);
    }
    return true;
  }

  bothUp(): boolean {
    return this.a.up.has('ppp1') && this.b.up.has('ppp1');
  }

  ring(from: Box, name: string, now: Millis): void {
    this.timers.set(now + 50, (later) => {
      if (this.connected || !from.wanted.has(name)) return;
      if (!this.reachable) return this.ring(from, name, later + 1000);
      this.connect(later);
    });
  }

  connect(now: Millis): void {
    this.connected = true;
    const generation = ++this.#generation;
    for (const [box, peer] of [[this.a, this.b], [this.b, this.a]] as const) {
      const path = (): number => this.pathMtu;
      const lower: PppLower = {
        get mtu() {
          return path();
        },
        send: (frame) => {
          const copy = frame.slice();
          this.timers.set(this.now + 5, (later) => {
            if (generation !== this.#generation || !this.connected) return;
            if (copy[0] === 0 && copy[1] === 0x21 && peer.up.has('ppp1')) peer.received.push(copy.slice(2));
            else peer.interfaces.frame('ppp1', copy, later);
          });
        },
        configure: () => {},
        negotiated: () => {},
        hangUp: (reason) => {
          if (generation === this.#generation) this.hangUp(box, reason, this.now);
        },
      };
      box.lowers.set('ppp1', lower);
      box.counters.set('ppp1', { inPackets: 0, inOctets: 0, inDiscards: 0, outPackets: 0, outOctets: 0, lastCarried: 0 });
      box.interfaces.lowerUp('ppp1', lower, now);
    }
  }

  /** The session ends: at once for the box that ends it, a moment later for the other; whoever still wants a link calls again. */
  hangUp(by: Box, reason: string, now: Millis): void {
    if (!this.connected) return;
    this.connected = false;
    const other = by === this.a ? this.b : this.a;
    this.#down(by, reason, now);
    this.timers.set(now + 5, (later) => {
      if (!this.connected) this.#down(other, 'The peer cleared the call.', later);
    });
  }

  #down(box: Box, reason: string, now: Millis): void {
    box.interfaces.lowerDown('ppp1', reason, now);
    box.counters.delete('ppp1');
    box.lowers.delete('ppp1');
    for (const name of box.wanted.keys()) this.timers.set(now + 1000, (later) => this.ring(box, name, later));
  }
}

export const ip = (text: string): Ipv4 => parseIpv4(text) ?? toIpv4(0);
/** An IPv4 packet as far as PPP looks at it. */
export const packet = (tag: number): Uint8Array => Uint8Array.from([0x45, 0, 0, 20, 0, tag, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);

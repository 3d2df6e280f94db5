// PPPoE (RFC 2516) of this router: clients and access concentrator on the Ethernet ports of the data plane.
// What arrives comes by `punt`; sessions are handed to their users as CallLinks.

import { equalBytes } from '../bytes/integers.ts';
import { type Alarm, type Millis, NEVER } from '../bytes/time.ts';
import type { Clock, Crypto, Random } from '../hal/clock.ts';
import type { DataPlane, Punt } from '../hal/dataplane.ts';
import type { Log } from '../log/log.ts';
import type { CallOwner } from './link.ts';
import { PppoeClients } from './pppoe.clients.ts';
import { Concentrator } from './pppoe.concentrator.ts';
import { PppoeCounters } from './pppoe.counters.ts';
import { BROADCAST, type Discovery, readDiscovery, tagOf, TAGS, writeDiscovery } from './pppoe.frame.ts';
import { type Port, Ports } from './pppoe.ports.ts';
import { Sessions } from './pppoe.session.ts';
import { fromUtf8, printable } from '../bytes/text.ts';

export interface PppoeParts {
  readonly plane: DataPlane;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly owner: CallOwner;
  /** Whether a port ('eth1') has a carrier (LinkState.up), or not even a device (LinkState.present). Without it every port is taken to have both. */
  carrier?(port: string): boolean | 'gone';
  /** Brings a port up that PPPoE is to be spoken on: it may have no IP interface that does. */
  raise?(port: string): void;
}

export class Pppoe {
  /** Layers that static PPP interfaces are over. */
  readonly layers: PppoeClients;
  readonly concentrator: Concentrator;
  readonly counters = new PppoeCounters();
  readonly owner: CallOwner;
  readonly #parts: PppoeParts;
  readonly #ports: Ports;
  readonly #sessions: Sessions;
  #alarm: Alarm | undefined;

  constructor(parts: PppoeParts) {
    const { plane, clock, random, crypto, log, owner } = parts;
    this.#parts = parts;
    this.owner = owner;
    this.#ports = new Ports(plane, { raise: (port) => parts.raise?.(port), present: (port) => parts.carrier?.(port) !== 'gone' });
    const padt = (port: Port, peer: Uint8Array, session: number): void => this.#padt(port, peer, session);
    this.#sessions = new Sessions(plane, this.#ports, { padt });
    const shared = { owner, random, log, ports: this.#ports, sessions: this.#sessions };
    this.layers = new PppoeClients({
      ...shared, padt,
      carrier: (port) => (parts.carrier?.(port) ?? true) === true,
      send: (port, code, destination, tags) => this.#send(port, { code, destination, session: 0, tags }),
      changed: () => this.#arm(),
    });
    this.concentrator = new Concentrator(
      {
        ...shared, crypto,
        send: (port, packet) => this.#send(port, packet),
        count: (drop) => this.counters.dropped[drop]++,
        changed: () => this.#arm(),
      },
      clock.now(),
    );
  }

  /** Sessions that are up, of both kinds. */
  get sessions(): number {
    return this.#sessions.size;
  }

  /** Takes 'discovery' and 'no session'; leaves every other punt alone. */
  punt(punt: Punt, now: Millis): void {
    if (punt.kind === 'discovery') {
      const port = this.#ports.byId(punt.port);
      if (port !== undefined) this.#discovery(port, punt.data, now);
    } else if (punt.kind === 'no session') {
      const port = this.#ports.byId(punt.port);
      if (port !== undefined) this.#stray(port, punt.peer, punt.session);
    } else return;
    this.#arm();
  }

  /** A port came, went, or changed its carrier or MTU. */
  linkChanged(name: string, now: Millis): void {
    const port = name.toLowerCase();
    this.concentrator.portChanged(port, now);
    this.layers.portChanged(port, now);
    this.#arm();
  }

  /** Tells every peer and gives every port back. */
  close(now: Millis): void {
    const reason = 'the router stops';
    this.layers.close(reason, now);
    this.concentrator.close(reason, now);
    this.#alarm?.cancel();
    this.#alarm = undefined;
  }

  // -- in --

  #discovery(port: Port, data: Uint8Array, now: Millis): void {
    const packet = readDiscovery(data);
    if (typeof packet === 'string') {
      this.counters.malformed[packet]++;
      return;
    }
    const own = this.#ports.address(port);
    if (own === undefined || !isFor(packet, own)) {
      this.counters.foreign++;
      return;
    }
    this.counters.received[packet.code]++;
    switch (packet.code) {
      case 'PADI':
      case 'PADR':
        return this.concentrator.receive(port, packet, now);
      case 'PADO':
      case 'PADS':
        return this.layers.receive(port, packet, now);
      case 'PADT':
        return this.#terminated(port, packet, now);
      default:
        return packet.code satisfies never;
    }
  }

  #terminated(port: Port, packet: Discovery, now: Millis): void {
    const session = this.#sessions.find(port, packet.source, packet.session);
    if (session === undefined) return;
    const said = printable(fromUtf8((tagOf(packet, TAGS.genericError) ?? new Uint8Array(0)).subarray(0, 200))).trim();
    session.end(`the peer ended the session (PADT)${said === '' ? '' : `: ${said}`}`, 'silent', now);
  }

  /** The peer has not noticed that its session is over, or that we started anew. */
  #stray(port: Port, peer: Uint8Array, session: number): void {
    this.counters.stray++;
    // Frames of a session just made may have overtaken its PADS, or have come before it was attached.
    if (this.#sessions.find(port, peer, session) !== undefined || this.layers.expects(port, peer)) return;
    this.#padt(port, peer.slice(), session);
  }

  // -- out --

  #send(port: Port, packet: Omit<Discovery, 'source'>): void {
    const source = this.#ports.address(port);
    if (source === undefined) return;
    const data = writeDiscovery({ ...packet, source });
    if (data === undefined) return;
    this.counters.sent[packet.code]++;
    this.#parts.plane.send([{ to: 'port', port: port.id, data }]);
  }

  #padt(port: Port, peer: Uint8Array, session: number): void {
    this.#send(port, { code: 'PADT', destination: peer, session, tags: [] });
  }

  // -- time --

  #arm(): void {
    const deadline = Math.min(this.layers.deadline(), this.concentrator.deadline());
    if (this.#alarm?.at === deadline) return;
    this.#alarm?.cancel();
    this.#alarm = deadline === NEVER ? undefined : this.#parts.clock.at(deadline, (now) => this.#tick(now));
  }

  #tick(now: Millis): void {
    this.#alarm = undefined;
    this.layers.tick(now);
    this.concentrator.tick(now);
    this.#arm();
  }
}

/** Only a PADI is broadcast (RFC 2516 5.1). */
const isFor = ({ code, destination }: Discovery, own: Uint8Array): boolean => equalBytes(destination, own) || (code === 'PADI' && equalBytes(destination, BROADCAST));

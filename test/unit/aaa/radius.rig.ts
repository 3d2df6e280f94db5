// RADIUS servers on a simulated wire, and a client on a simulated board, for tests of the client.

import { SimBoard } from '../../../board/sim/board.ts';
import { SimIpHost } from '../../../board/sim/iphost.ts';
import { SimUdpSockets } from '../../../board/sim/udp.ts';
import { CLEAN, Wire } from '../../../board/sim/wire.ts';
import { World } from '../../../board/sim/world.ts';
import { ANY_IPV4, parseIpv4, toIpv4, type Ipv4 } from '../../../firmware/bytes/ip.ts';
import { Secret } from '../../../firmware/bytes/secret.ts';
import { utf8 } from '../../../firmware/bytes/text.ts';
import { EventRing } from '../../../firmware/log/log.ts';
import type { RadiusServer } from '../../../firmware/aaa/radius.server.ts';
import type { RadiusLine, RadiusLogin } from '../../../firmware/aaa/radius.login.ts';
import { CODE, encodeReply, parsePacket, type Packet, type Trust } from '../../../firmware/aaa/radius.packet.ts';
import type { Attribute } from '../../../firmware/aaa/radius.attribute.ts';
import { Radius } from '../../../firmware/aaa/radius.ts';
import { libraryCrypto } from '../../../board/linux/crypto.ts';

/** A value that a test is sure to have. */
export function sure<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is no such thing');
  return value;
}

export const ip = (text: string): Ipv4 => parseIpv4(text) ?? ANY_IPV4;
export const CLIENT = ip('10.0.0.1');

/** What a fake server does with a request: a code and attributes, or nothing. */
export type Policy = (request: Packet) => { readonly code: number; readonly attributes?: readonly Attribute[]; readonly form?: 'plain' } | undefined;

export const accept: Policy = ({ code }) => ({ code: code === CODE['Accounting-Request'] ? CODE['Accounting-Response'] : CODE['Access-Accept'] });

/** A server that answers by a policy. */
export class FakeServer {
  readonly address: Ipv4;
  readonly secret = new Secret('testing123');
  readonly trust: Trust = { secret: this.secret, crypto: libraryCrypto };
  readonly host: SimIpHost;
  readonly udp: SimUdpSockets;
  /** Every request, repetitions included. */
  readonly requests: Packet[] = [];
  /** Where the last request came from. */
  from = { address: ANY_IPV4, port: 0 };
  policy: Policy = accept;

  constructor(world: World, wire: Wire, address: Ipv4) {
    this.address = address;
    this.host = new SimIpHost(world);
    this.host.plug('eth0', wire);
    this.host.addAddress('eth0', address, 24);
    this.udp = new SimUdpSockets(world, this.host);
    for (const port of [1645, 1646]) {
      const socket = this.udp.open({
        port,
        failed: () => {},
        received: (from, sourcePort, data) => {
          const request = parsePacket(data.slice());
          if (typeof request === 'string') throw new Error(`malformed request: ${request}`);
          this.requests.push(request);
          this.from = { address: from, port: sourcePort };
          const answer = this.policy(request);
          if (answer === undefined) return;
          const draft = { code: answer.code, id: request.id, attributes: answer.attributes ?? [] };
          const form = answer.form ?? (request.code === CODE['Access-Request'] ? 'with Message-Authenticator' : 'plain');
          socket.send(from, sourcePort, encodeReply(draft, request.authenticator, this.trust, form));
        },
      });
    }
  }

  /** As the operator adds it. */
  as(change: Partial<RadiusServer> = {}): RadiusServer {
    return { address: this.address, port: 1645, accPort: 1646, secret: this.secret, messageAuth: 'REQUIRED', ...change };
  }

  /** Sends octets from a port of this machine to the client's last port. */
  forge(octets: Uint8Array, port = 1645): void {
    this.host.sendUdp(this.address, port, this.from.address, this.from.port, octets);
  }
}

export class Net {
  readonly world = new World(7);
  readonly wire = new Wire(this.world, { ...CLEAN });
  readonly board: SimBoard;
  readonly ring: EventRing;
  readonly radius: Radius;
  #servers = 0;

  constructor(seed = 3) {
    const board = new SimBoard(this.world, { seed });
    this.board = board;
    this.ring = new EventRing(board.wall, board.clock);
    board.ip.plug('eth0', this.wire);
    board.ip.addAddress('eth0', CLIENT, 24);
    this.radius = new Radius({
      clock: board.clock, wall: board.wall, random: board.random, crypto: board.crypto, udp: board.udp, resolver: board.resolver, log: this.ring,
      hostName: () => 'RouterA',
      sourceAddress: (server) => board.ip.lookup(server)?.source ?? ANY_IPV4,
    });
  }

  /** A further server, not yet known to the client: 10.0.0.11, .12 ... */
  server(): FakeServer {
    this.#servers++;
    return new FakeServer(this.world, this.wire, toIpv4(0x0a00000a + this.#servers));
  }

  get now(): number {
    return this.world.now;
  }

  log(): string[] {
    return this.ring.records().map(({ text }) => text);
  }
}

export const LINE: RadiusLine = { nasPort: 7, portType: 'virtual', callingNumber: '0312345678', calledNumber: '*99', sessionId: '0000000100000002' };

export const papLogin = (name = 'nemo', password = 'arctangent'): RadiusLogin => ({ name, proof: { kind: 'pap', password: new Secret(password) }, line: LINE });

/** The value of an attribute that a request carries once. */
export const valueOf = (packet: Packet, type: number): Uint8Array | undefined => packet.attributes.find((one) => one.type === type)?.value;

export const textAttribute = (type: number, value: string): Attribute => ({ type, value: utf8(value) });

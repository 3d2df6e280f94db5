// A client that test/vectors/clients lists, behind an L2TP call of its own, and the whole router that answers it by PPP template 0.

import { ip, lans, PRELUDE, type Lans } from '../../board/sim/lans.ts';
import { SeededRandom } from '../../board/sim/world.ts';
import { CLEAN } from '../../board/sim/wire.ts';
import type { Millis } from '../../firmware/bytes/time.ts';
import type { L2tpLink } from '../../firmware/l2tp/link.ts';
import { Node } from '../unit/l2tp/world.ts';
import { pings } from './calls.rig.ts';
import { type ClientVariant, Player } from './clients.player.ts';

/** The router's script; `template` are the parameters of its template. */
export const server = (template = 'AUTHENTICATION=EITHER BAP=OFF LQR=OFF', more = ''): string => `ADD USER=bob PASSWORD=secret LOGIN=NO
CREATE IP POOL=ips IP=192.168.20.200-192.168.20.210
CREATE PPP TEMPLATE=0 ${template} IPPOOL=ips
ENABLE L2TP
ENABLE L2TP SERVER=BOTH
ADD L2TP IP=0.0.0.0-255.255.255.255 PPPTEMPLATE=0
${more}`;

export const router = (script = server(), seed = 1): Lans => lans(seed, CLEAN, { a: PRELUDE.a, b: PRELUDE.b + script });

/** Loss of PPP frames, each way, 0..1. */
export interface Line {
  readonly loss?: number;
  readonly password?: string;
  readonly number?: number;
}

export class Client {
  readonly player: Player;
  readonly node: Node;
  link: L2tpLink | undefined;
  /** Why the call ended; undefined while it stands. */
  ended: string | undefined;
  readonly #net: Lans;
  readonly #random: SeededRandom;
  readonly #loss: number;
  readonly #variant: ClientVariant;
  #muted = false;
  #armed: Millis = Number.POSITIVE_INFINITY;

  constructor(net: Lans, variant: ClientVariant, { loss = 0, password = 'secret', number = 0 }: Line = {}) {
    this.#net = net;
    this.#loss = loss;
    this.#variant = variant;
    this.#random = new SeededRandom(number + 77);
    this.node = new Node(net.world, net.wires[1], `2.2.2.${77 + number}`, { seed: 500 + number, name: 'client' });
    this.player = new Player(variant, { name: 'bob', password }, { send: (frame) => this.#send(frame) });
    const { node } = this;
    node.linkUp = (_call, link) => {
      this.link = link;
      this.player.start(net.world.now);
      this.#arm();
    };
    node.linkDown = (_call, reason) => {
      this.ended = reason;
      this.link = undefined;
      // Whoever was put out waits for his user.
      net.world.at(net.world.now, () => this.hangUp());
    };
    node.board.plane.onPunt = (batch, now) => {
      for (const punt of batch) {
        if (punt.kind !== 'ppp' || this.#lost()) continue;
        this.player.frame(punt.data.slice(), now);
        this.#arm();
      }
      node.server.punt(batch, now);
    };
    node.server.enable(node.now);
    node.add({ name: 'vpn', ip: '2.2.2.2' });
    node.want('vpn');
  }

  /** Runs until the client has all that its list reaches, at most `span`; then its system has the address and a route to the router's LAN. */
  comesUp(span = 60_000): boolean {
    if (!this.#net.world.run(span, () => this.player.ready)) return false;
    const { plane, ip: host } = this.node.board;
    const far = plane.open({ kind: 'tun', name: 'vpn', mtu: this.mtu, onDemand: false });
    if (typeof far !== 'number' || this.link === undefined) return false;
    this.link.update({ far, ipv4: true });
    host.setUp('vpn', true);
    host.addAddress('vpn', this.player.address, 32);
    host.addRoute({ destination: ip('192.168.20.0'), length: 24, via: ip('0.0.0.0'), name: 'vpn', metric: 0 });
    return true;
  }

  /** What it sends in one packet: what the router takes, and what it asked to have itself. */
  get mtu(): number {
    const mru = this.#variant.lcp.find((option) => option.startsWith('0104'));
    return Math.min(this.player.peerMru, mru === undefined ? 1460 : Number.parseInt(mru.slice(4), 16));
  }

  /** Answers that come to four pings of `size` octets from the client's system. */
  pings(to: string, size = 84): number {
    return pings(this.#net, { from: this.node.board.ip, to, count: 4, size });
  }

  /** Begins LCP anew, whatever it has. */
  renegotiate(): void {
    this.player.renegotiate(this.#net.world.now);
    this.#arm();
  }

  /** The client neither sends nor hears any more: its power is off. */
  die(): void {
    this.#muted = true;
  }

  hangUp(): void {
    this.node.server.unwant('vpn', 'the user disconnects', this.#net.world.now);
  }

  #lost(): boolean {
    return this.#muted || (this.#loss > 0 && this.#random.next() < this.#loss);
  }

  #send(data: Uint8Array): void {
    const { link } = this;
    if (link !== undefined && !this.#lost()) this.node.board.plane.send([{ to: 'session', session: link.session, data }]);
  }

  #arm(): void {
    const due = this.player.deadline();
    if (due === Number.POSITIVE_INFINITY || due === this.#armed || this.link === undefined) return;
    this.#armed = due;
    this.#net.world.at(due, (now) => {
      if (this.#armed === due) this.#armed = Number.POSITIVE_INFINITY;
      if (this.link === undefined) return;
      this.player.tick(now);
      this.#arm();
    });
  }
}

// A LAC of another make in front of the whole router: it speaks LCP with a played client, holds his proof, calls the router by L2TP with what
// it learned, and from then on carries frames to and fro.

import { ip, type Lans } from '../../board/sim/lans.ts';
import { TimerQueue, type Millis } from '../../firmware/bytes/time.ts';
import type { Attempt } from '../../firmware/ppp/auth.ts';
import type { L2tpLink, ProxyInfo } from '../../firmware/l2tp/link.ts';
import { USER_DEFAULTS } from '../../firmware/l2tp/users.ts';
import { Node } from '../unit/l2tp/world.ts';
import { proxyOf } from '../unit/ppp/chain.ts';
import { End, seeded, type EndSettings } from '../unit/ppp/wire.ts';
import { Player, type ClientVariant } from './clients.player.ts';

export interface LacOptions {
  /** What the LAC asks of callers. */
  readonly link: EndSettings;
  readonly password?: string;
  /** What becomes of what it passes on; absent = as it is. */
  readonly passed?: (proxy: ProxyInfo) => ProxyInfo;
  readonly number?: number;
}

export class LacCaller {
  readonly player: Player;
  readonly end: End;
  link: L2tpLink | undefined;
  ended: string | undefined;
  readonly #net: Lans;
  readonly #node: Node;
  readonly #timers = new TimerQueue();
  readonly #options: LacOptions;
  #muted = false;
  #armed: Millis = Number.POSITIVE_INFINITY;

  constructor(net: Lans, variant: ClientVariant, options: LacOptions) {
    const { number = 0, password = 'secret', link } = options;
    this.#net = net;
    this.#options = options;
    const node = new Node(net.world, net.wires[1], `2.2.2.${150 + number}`, { seed: 900 + number, name: 'lac' });
    this.#node = node;
    node.board.plane.onPunt = (batch, now) => {
      for (const punt of batch) if (punt.kind === 'ppp') this.#toPlayer(punt.data.slice(), now);
      node.server.punt(batch, now);
    };
    node.server.enable(node.now);
    node.server.enableServer('LAC');
    for (const user of ['ALL', 'NONE'] as const) node.server.users.add({ user, ...USER_DEFAULTS, action: 'DATABASE', ip: ip('2.2.2.2') });
    this.end = new End(
      { mtu: 1460, ...link, gate: (_go, now) => this.#forward(undefined, now), hold: (attempt, now) => this.#forward(attempt, now) },
      seeded(number + 5), this.#timers, (frame) => net.world.at(net.world.now + 1, (now) => this.#toPlayer(frame.slice(), now)),
    );
    this.player = new Player(variant, { name: 'bob', password }, { send: (frame) => net.world.at(net.world.now + 1, (now) => this.#fromPlayer(frame.slice(), now)) });
    this.end.link.start(net.world.now);
    this.player.start(net.world.now);
    this.#arm();
  }

  comesUp(span = 60_000): boolean {
    return this.#net.world.run(span, () => this.player.ready);
  }

  hangUp(): void {
    this.link?.hangUp('the caller hung up', this.#net.world.now);
  }

  /** The caller's power is off; the LAC notices nothing. */
  die(): void {
    this.#muted = true;
  }

  #forward(attempt: Attempt | undefined, now: Millis): void {
    const { passed = (proxy) => proxy } = this.#options;
    this.#node.server.forward(
      {
        name: attempt?.name, proxy: passed(proxyOf(this.end.link.history(), attempt)), callingNumber: '0311112222', calledNumber: '0333334444', subAddress: '',
        txSpeed: 64_000, rxSpeed: 64_000, bearer: 'digital', framing: 'sync',
      },
      {
        up: (link, at) => {
          this.end.link.handOver(at);
          this.link = link;
        },
        failed: (reason) => (this.ended = reason),
        down: (reason) => {
          this.ended = reason;
          this.link = undefined;
        },
      },
      now,
    );
  }

  #toPlayer(frame: Uint8Array, now: Millis): void {
    if (!this.#muted) this.player.frame(frame, now);
    this.#arm();
  }

  #fromPlayer(data: Uint8Array, now: Millis): void {
    if (this.#muted) return;
    if (this.link !== undefined) this.#node.board.plane.send([{ to: 'session', session: this.link.session, data }]);
    else this.end.link.frame(data, now);
    this.#arm();
  }

  #arm(): void {
    const due = Math.min(this.player.deadline(), this.end.link.deadline());
    if (due === Number.POSITIVE_INFINITY || due === this.#armed || this.ended !== undefined) return;
    this.#armed = due;
    this.#net.world.at(due, (now) => {
      if (this.#armed === due) this.#armed = Number.POSITIVE_INFINITY;
      this.player.tick(now);
      this.end.link.tick(now);
      this.#arm();
    });
  }
}

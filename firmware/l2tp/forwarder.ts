// The LAC's calls on their way to LNSs: all that are tried or up, their timers, the tunnels they share (AR740 command reference 2.6, LAC).

import { printable } from '../bytes/text.ts';
import type { Alarm, Millis } from '../bytes/time.ts';
import { type Candidate, Failures, findCandidates } from './candidates.ts';
import type { Carrier } from './carrier.ts';
import type { SessionEntry, TunnelEntry } from './entry.ts';
import type { Exchange } from './exchange.ts';
import { Forwarding } from './forwarding.ts';
import type { Forward, ForwardUser, L2tpOwner } from './link.ts';
import { announce } from './proxy.ts';
import type { Target } from './reach.ts';
import type { CallReason } from './reason.ts';
import type { Tunnels, TunnelsBoard } from './tunnels.ts';
import type { UserEntry } from './users.ts';

/** The log's source for all callers: their names are not proved, and one of them must not have as many shares of the log as it invents names. */
const CALLERS = 'L2TP callers';

export interface ForwarderParts {
  readonly board: TunnelsBoard;
  readonly owner: L2tpOwner;
  readonly tunnels: Tunnels;
  readonly carrier: Carrier;
  readonly exchange: Exchange;
  enabled(): boolean;
}

/** A call that is being passed on. */
export interface Forwarded {
  /** Nobody wants it any longer: the LNS is told, the user nothing more. */
  cancel(reason: string, now: Millis): void;
}

export class Forwarder {
  readonly #parts: ForwarderParts;
  readonly #failures = new Failures();
  readonly #alarms = new Map<Forwarding, Alarm | undefined>();

  constructor(parts: ForwarderParts) {
    this.#parts = parts;
  }

  /** Calls that are tried or up. */
  get size(): number {
    return this.#alarms.size;
  }

  /** Passes a call on to an LNS of `entry`. */
  forward(entry: UserEntry, call: Forward, user: ForwardUser, now: Millis): Forwarded {
    const { tunnels, owner, board, carrier, enabled } = this.#parts;
    const one: Forwarding = new Forwarding(
      {
        enabled,
        find: (done, at) => findCandidates({ entry, name: call.name, owner, chance: () => this.#chance() }, (answer, when) => tunnels.enter(() => {
          done('refused' in answer ? answer : this.#failures.last(answer, when), when);
        }), at),
        place: (what, candidate, at) => this.#place(what, candidate, at),
        suspect: ({ tunnel }, at) => {
          tunnels.touch(tunnel);
          tunnel.suspect = true;
          tunnel.tunnel.probe(at);
        },
        failed: (candidate, at) => this.#failures.failed(candidate, at),
        attach: (session) => carrier.attach(session),
        wake: (at) => this.#wake(one, at),
        log: (subtype, text) => board.log.add({ module: 'L2TP', severity: subtype === 'NEXT' ? 3 : 4, type: 'CALL', subtype, text: `${who(call)}: ${text}`, source: CALLERS }),
        over: () => this.#alarms.delete(one),
      },
      call,
      user,
    );
    this.#alarms.set(one, undefined);
    tunnels.enter(() => one.start(now));
    return { cancel: (reason, at) => tunnels.enter(() => one.cancel(reason, at)) };
  }

  /** A tunnel came up: its peer is to be tried like others again. */
  reached({ at, purpose }: TunnelEntry): void {
    this.#failures.reached({ peer: at.peer, port: purpose?.port ?? at.port });
  }

  /** Stops all timers and forgets all calls, without a word to anybody. */
  abandon(): void {
    for (const alarm of this.#alarms.values()) alarm?.cancel();
    this.#alarms.clear();
  }

  #wake(one: Forwarding, at: Millis | undefined): void {
    if (!this.#alarms.has(one)) return;
    this.#alarms.get(one)?.cancel();
    const { board, tunnels } = this.#parts;
    this.#alarms.set(one, at === undefined ? undefined : board.clock.at(at, (now) => tunnels.enter(() => one.tick(now))));
  }

  #place(call: Forward, candidate: Candidate, now: Millis): SessionEntry | CallReason {
    const { tunnels, exchange } = this.#parts;
    const { peer, port, password, pre13, hostName, assignment, longestTimeout } = candidate;
    const target: Target = { peer, port, password, pre13, hostName, assignment, longestTimeout, forwards: true, theirs: 'tie' };
    const tunnel = exchange.reach.shared(target) ?? this.#opened(target, now);
    if ('kind' in tunnel) return tunnel;
    const asked = announce(call, exchange.newSerial());
    const placed = tunnels.place(tunnel, (id) => tunnel.tunnel.placeIncoming(id, asked, now));
    if ('kind' in placed) return placed;
    placed.carriage = { number: candidate.number, pre13, speed: call.txSpeed };
    return placed;
  }

  #opened(target: Target, now: Millis): TunnelEntry | CallReason {
    const { peer } = target;
    // A call that is passed on to ourselves would come back for ever.
    if (this.#parts.owner.lookup(peer)?.source === peer) return { kind: 'protocol error', peer, what: 'the address of the LNS is our own' };
    return this.#parts.exchange.reach.tunnel(target, now);
  }

  #chance(): number {
    const [high = 0, low = 0] = this.#parts.board.random.bytes(2);
    return ((high << 8) | low) / 0x10000;
  }
}

const who = ({ name, callingNumber }: Forward): string => (name !== undefined ? `user ${printable(name)}` : callingNumber === '' ? 'a caller' : `caller ${callingNumber}`);

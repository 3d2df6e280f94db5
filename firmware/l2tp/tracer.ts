// Who gets which line of ENABLE L2TP DEBUG: joins the selections (debug.ts) with what tunnels, sessions and the data plane report.

import type { Alarm, Millis } from '../bytes/time.ts';
import type { Clock } from '../hal/clock.ts';
import { stateName } from './counters.ts';
import { Debug, type DebugOption, type DebugScope, type DebugSink, type Subject, printPacket, printState } from './debug.ts';
import { printDecoded } from './decode.ts';
import type { SessionEntry, TunnelEntry } from './entry.ts';
import type { DebugKinds } from './snapshot.ts';

export class Tracer {
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #debug = new Debug();
  #end: Alarm | undefined;

  /** `changed`: copies of other sessions' data messages are wanted of the data plane from now on. */
  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** ENABLE L2TP DEBUG. `timeout`: milliseconds after which all debugging stops, whoever asked for it. */
  enable(what: { readonly option: DebugOption; readonly scope: DebugScope; readonly timeout?: Millis | undefined }, sink: DebugSink): void {
    this.#debug.enable(what.option, what.scope, sink);
    if (what.timeout !== undefined) this.#stopAfter(what.timeout);
    this.#changed();
  }

  /** DISABLE L2TP DEBUG. */
  disable(option: DebugOption, scope: DebugScope): void {
    this.#debug.disable(option, scope);
    this.#settle();
  }

  /** Whoever was printed to is gone. */
  forget(sink: DebugSink): void {
    if (!this.#debug.isOn) return;
    this.#debug.forget(sink);
    this.#settle();
  }

  /** Ends all debugging. */
  stop(): void {
    this.#debug.stop();
    this.#settle();
  }

  ofTunnel(id: number): DebugKinds {
    return this.#debug.ofTunnel(id);
  }

  ofCall(tunnelId: number, id: number): DebugKinds {
    return this.#debug.ofCall(tunnelId, id);
  }

  /** Copies of the session's data messages are wanted of the data plane. */
  wants(entry: SessionEntry): boolean {
    const { packet, decode } = this.#ofEntry(entry);
    return packet || decode;
  }

  tunnelState(entry: TunnelEntry, old: string, next: string): void {
    if (old === next || !this.ofTunnel(entry.tunnel.id).state) return;
    this.#debug.print(printState(subject(entry, undefined), old, next));
  }

  sessionState(entry: SessionEntry, old: string, next: string): void {
    const [from, to] = [stateName(old), stateName(next)];
    if (from === to || !this.#ofEntry(entry).state) return;
    this.#debug.print(printState(subject(entry.tunnel, entry.session.peerId), from, to));
  }

  /** A control message; `call`: the one that it is about, where it is about one that we know. */
  control(entry: TunnelEntry, call: SessionEntry | undefined, direction: 'rx' | 'tx', data: Uint8Array): void {
    if (!this.#debug.isOn) return;
    const kinds = call === undefined ? this.ofTunnel(entry.tunnel.id) : this.#ofEntry(call);
    this.#print(kinds, direction, subject(entry, call?.session.peerId), data);
  }

  data(entry: SessionEntry, direction: 'rx' | 'tx', data: Uint8Array): void {
    this.#print(this.#ofEntry(entry), direction, subject(entry.tunnel, entry.session.peerId), data);
  }

  #print({ packet, decode }: DebugKinds, direction: 'rx' | 'tx', of: Subject, data: Uint8Array): void {
    if (decode) this.#debug.print(printDecoded(direction, of, data));
    if (packet) this.#debug.print(printPacket(direction, of, data));
  }

  #ofEntry({ tunnel, session }: SessionEntry): DebugKinds {
    return this.ofCall(tunnel.tunnel.id, session.id);
  }

  #stopAfter(timeout: Millis): void {
    this.#end?.cancel();
    this.#end = this.#clock.at(this.#clock.now() + timeout, () => this.stop());
  }

  #settle(): void {
    if (!this.#debug.isOn) {
      this.#end?.cancel();
      this.#end = undefined;
    }
    this.#changed();
  }
}

const subject = ({ tunnel, at }: TunnelEntry, call: number | undefined): Subject => ({ tunnel: tunnel.peerId, call, peer: at.peer, port: at.port });

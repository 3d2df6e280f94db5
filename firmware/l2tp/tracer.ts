// Who gets which line of ENABLE L2TP DEBUG: joins the selections (debug.ts) with what tunnels, sessions and the data plane report.

import { Debug, type Subject, printPacket, printState } from './debug.ts';
import { stateName } from './counters.ts';
import type { SessionEntry, TunnelEntry } from './entry.ts';

export class Tracer {
  readonly debug = new Debug();

  /** Copies of the session's data messages are wanted of the data plane. */
  wants(entry: SessionEntry): boolean {
    return this.debug.ofCall(entry.tunnel.tunnel.id, entry.session.id).packet;
  }

  tunnelState(entry: TunnelEntry, old: string, next: string): void {
    if (old === next || !this.debug.ofTunnel(entry.tunnel.id).state) return;
    this.debug.print(printState(subject(entry, undefined), old, next));
  }

  sessionState(entry: SessionEntry, old: string, next: string): void {
    const [from, to] = [stateName(old), stateName(next)];
    if (from === to || !this.debug.ofCall(entry.tunnel.tunnel.id, entry.session.id).state) return;
    this.debug.print(printState(subject(entry.tunnel, entry.session.peerId), from, to));
  }

  control(entry: TunnelEntry, direction: 'rx' | 'tx', data: Uint8Array): void {
    if (!this.debug.isOn) return;
    const id = ((data[6] ?? 0) << 8) | (data[7] ?? 0);
    const call = id === 0 ? undefined : [...entry.calls.values()].find(({ session }) => (direction === 'rx' ? session.id : session.peerId) === id);
    if (!this.debug.ofTunnel(entry.tunnel.id).packet && (call === undefined || !this.wants(call))) return;
    this.debug.print(printPacket(direction, subject(entry, call?.session.peerId), data));
  }

  data(entry: SessionEntry, direction: 'rx' | 'tx', data: Uint8Array): void {
    this.debug.print(printPacket(direction, subject(entry.tunnel, entry.session.peerId), data));
  }
}

const subject = ({ tunnel, at }: TunnelEntry, call: number | undefined): Subject => ({ tunnel: tunnel.peerId, call, peer: at.peer, port: at.port });

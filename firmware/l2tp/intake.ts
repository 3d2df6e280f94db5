// Control messages as they arrive: which tunnel they are for, which peers may open a new one, what becomes of SCCRQs that cross
// (RFC 2661 4.4.3, 8.1). Limits on strangers: admission.ts.

import { formatIpv4 } from '../bytes/ip.ts';
import { Secret } from '../bytes/secret.ts';
import type { Millis } from '../bytes/time.ts';
import type { Punt } from '../hal/dataplane.ts';
import { ERROR, type Result, STOP } from './catalog.ts';
import { type Decoded, decodeControl, encodeMessage } from './control.ts';
import { type PeerAddress, type TunnelEntry, samePeer } from './entry.ts';
import { CONTROL_HEADER, decodeHeader, encodeControl, newHeader } from './header.ts';
import { STRANGERS, type Tunnels, type TunnelsBoard, type TunnelsHost } from './tunnels.ts';

/** After this long an identical SCCRQ is a peer that restarted, no late duplicate: RFC 2661 5.8's whole cycle. */
const DUPLICATE_AGE = 31_000;

type ControlPunt = Extract<Punt, { kind: 'control' }>;

export class Intake {
  readonly #board: TunnelsBoard;
  readonly #host: TunnelsHost;
  readonly #tunnels: Tunnels;
  readonly #header = newHeader();

  constructor(board: TunnelsBoard, host: TunnelsHost, tunnels: Tunnels) {
    this.#board = board;
    this.#host = host;
    this.#tunnels = tunnels;
  }

  /** A control message or what looks like one. */
  receive(punt: ControlPunt, now: Millis): void {
    const { data } = punt;
    if (decodeHeader(data, 0, data.length, this.#header) !== undefined || !this.#header.control) {
      this.#tunnels.discards.malformed++;
      return;
    }
    if (this.#header.tunnelId === 0) return this.#unaddressed(punt, now);
    const entry = this.#tunnels.get(this.#header.tunnelId);
    if (entry === undefined || !this.#accepts(entry, punt)) {
      this.#stray();
      if (this.#host.enabled()) this.#tunnels.discards.noSuchTunnel++;
      else this.#tunnels.discards.disabled++;
      if (entry === undefined) this.#host.strayed(punt.peer, now);
      return;
    }
    this.#tunnels.deliver(entry, this.#header, data, now);
  }

  #accepts(entry: TunnelEntry, punt: ControlPunt): boolean {
    if (samePeer(entry.at, { ...punt, port: punt.peerPort })) return true;
    // RFC 2661 8.1: who answers an SCCRQ chooses the port that it answers from.
    const answering = entry.ours && entry.tunnel.state === 'wait-ctl-reply' && entry.at.peer === punt.peer && entry.at.local === punt.local;
    if (answering) entry.at = { ...entry.at, port: punt.peerPort };
    return answering;
  }

  /** Tunnel id 0: an SCCRQ, or a StopCCN of a peer that has not learned our id (RFC 2661 4.4.3). */
  #unaddressed(punt: ControlPunt, now: Millis): void {
    const { data } = punt;
    const at: PeerAddress = { underlay: punt.underlay, local: punt.local, peer: punt.peer, port: punt.peerPort };
    const password = this.#host.passwordFor(at.peer);
    const secret = password === undefined ? undefined : new Secret(password);
    const decoded = decodeControl(data, this.#header.payload, this.#header.end, { crypto: this.#board.crypto, secret, pre13: this.#host.pre13For(at.peer) });
    const assigned = assignedId(decoded);
    const known = assigned === undefined ? undefined : this.#known(at, assigned);
    const isRequest = nameOf(decoded) === 'SCCRQ';
    if (known !== undefined && (!isRequest || this.#isDuplicate(known, data, now))) return this.#tunnels.deliver(known, this.#header, data, now);
    if (!isRequest) {
      this.#stray();
      this.#tunnels.discards.noSuchTunnel++;
      return;
    }
    if (known !== undefined) {
      this.#tunnels.touch(known);
      known.tunnel.probe(now);
    }
    this.#requested(at, decoded, { data, password }, now);
  }

  #requested(at: PeerAddress, decoded: Decoded, { data, password }: { readonly data: Uint8Array; readonly password: string | undefined }, now: Millis): void {
    const assigned = assignedId(decoded) ?? 0;
    if (!this.#host.enabled() || !this.#host.serves()) {
      this.#stray();
      this.#tunnels.discards.disabled++;
      if (this.#host.enabled()) this.#refuse(at, assigned, { code: STOP.notAuthorised, error: ERROR.none, message: 'no L2TP server' }, now);
      return;
    }
    const tie = this.#tie(at, decoded, now);
    if (tie === 'drop') return this.#stray();
    const asked = tie === 'won' ? 'admit' : this.#tunnels.strangers.gate.ask(at.peer, this.#tunnels.size, now);
    const admission = asked === 'refuse' && this.#tunnels.strangers.makeRoom(now) ? 'admit' : asked;
    if (admission !== 'admit') {
      this.#stray();
      const text = `SCCRQ of ${formatIpv4(at.peer)} not taken: too many tunnels are half open`;
      this.#board.log.add({ module: 'L2TP', severity: 2, type: 'TNL', subtype: 'FULL', text, source: STRANGERS });
      if (admission === 'refuse') this.#refuse(at, assigned, { code: STOP.error, error: ERROR.tryAnother, message: 'too many tunnels' }, now);
      return;
    }
    const challenge = password === undefined ? undefined : this.#board.random.bytes(16);
    const entry = this.#tunnels.make(at, {
      role: 'responder', ours: false, password, pre13: this.#host.pre13For(at.peer), challenge, tieBreaker: undefined, request: data.slice(), wonTie: tie === 'won', purpose: undefined,
    });
    this.#tunnels.strangers.opening(entry);
    this.#tunnels.deliver(entry, this.#header, data, now);
    this.#tunnels.move('moved', now);
  }

  /** An SCCRQ crossed ours (RFC 2661 4.4.3). 'won': theirs stays and takes our calls. 'drop': theirs is to be ignored. */
  #tie(at: PeerAddress, decoded: Decoded, now: Millis): 'won' | 'drop' | 'none' {
    const ours = this.#tunnels.with(at.peer).find((entry) => entry.ours && entry.tunnel.state === 'wait-ctl-reply' && entry.at.port === at.port);
    if (ours === undefined || decoded.kind !== 'message' || decoded.message.type !== 'SCCRQ') return 'none';
    this.#tunnels.touch(ours);
    switch (ours.tunnel.collide(decoded.message, now)) {
      case 'ours stays':
        return 'drop';
      case 'theirs stays':
        return 'won';
      case 'neither stays':
        this.#tunnels.move({ kind: 'protocol error', peer: at.peer, what: 'both ends opened a tunnel with the same tie breaker' }, now);
        return 'drop';
      case 'both stay':
        return 'none';
    }
  }

  #known(at: PeerAddress, assigned: number): TunnelEntry | undefined {
    for (const entry of this.#tunnels.of(at.peer)) if (entry.tunnel.peerId === assigned && samePeer(entry.at, at)) return entry;
    return undefined;
  }

  #isDuplicate(entry: TunnelEntry, data: Uint8Array, now: Millis): boolean {
    const { request, tunnel } = entry;
    if (tunnel.phase === 'retained') return sameBody(request, data);
    return sameBody(request, data) && now - (tunnel.started ?? now) <= DUPLICATE_AGE;
  }

  #stray(): void {
    const withData = this.#header.end > this.#header.payload;
    this.#tunnels.past.in++;
    if (withData) this.#tunnels.past.inWithData++;
    else this.#tunnels.past.inNoData++;
  }

  /** A StopCCN to a peer that gets no tunnel; nothing is kept of it, and it is shorter than any SCCRQ with the text it carries. */
  #refuse(at: PeerAddress, assigned: number, result: Result, now: Millis): void {
    if (assigned === 0 || !this.#tunnels.strangers.gate.mayRefuse(now)) return;
    const body = encodeMessage({ type: 'StopCCN', assignedTunnelId: this.#tunnels.newTunnelId(), resultCode: result });
    if (body !== undefined) this.#tunnels.sendStray(at, encodeControl({ tunnelId: assigned, sessionId: 0, ns: 0, nr: 1 }, body));
  }
}

const nameOf = (decoded: Decoded): string | undefined =>
  decoded.kind === 'message' ? decoded.message.type : decoded.kind === 'invalid' ? decoded.name : undefined;

const assignedId = (decoded: Decoded): number | undefined =>
  decoded.kind === 'message' ? decoded.message.assignedTunnelId : decoded.kind === 'invalid' ? decoded.assignedTunnelId : undefined;

/** The same AVPs; Ns and Nr may differ. */
function sameBody(a: Uint8Array | undefined, b: Uint8Array): boolean {
  if (a === undefined || a.length !== b.length) return false;
  for (let i = CONTROL_HEADER; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

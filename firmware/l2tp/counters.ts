// What the machines and the data plane counted, in the words of SHOW L2TP and SHOW L2TP TUNNEL.

import { fromUtf8 } from '../bytes/text.ts';
import type { SessionCounters, UnderlayCounters } from '../hal/dataplane.ts';
import { dataOf } from './carrier.ts';
import type { Avps } from './catalog.ts';
import type { SessionEntry, TunnelEntry } from './entry.ts';
import type { Session } from './session.ts';
import { type CallDescription, type CallSnapshot, type ControlCounters, type DataCounters, type DebugKinds, type TunnelSnapshot, addControl, noData } from './snapshot.ts';
import type { Tunnel } from './tunnel.ts';

/** Adds what a tunnel counted since it was made or RESET L2TP COUNTER. */
export const addTunnel = (into: ControlCounters, entry: TunnelEntry): void => addControl(into, sinceReset(entry));

/** What is traced. */
export interface Traced {
  ofTunnel(id: number): DebugKinds;
  ofCall(tunnelId: number, id: number): DebugKinds;
}

/** What a tunnel counted since it was made. */
export function controlOf({ counters: c }: Tunnel): ControlCounters {
  return {
    in: c.inPackets, inWithData: c.inWithData, inNoData: c.inNoData, processed: c.processed, inOrder: c.inOrder, outOfOrder: c.outOfOrder,
    orderDiscarded: c.orderDiscarded, out: c.outPackets, outWithData: c.outWithData, outNoData: c.outNoData, timeouts: c.flowControlTimeouts,
  };
}

export function sinceReset(entry: TunnelEntry): ControlCounters {
  const { baseline: b } = entry;
  const all = controlOf(entry.tunnel);
  return {
    in: all.in - b.in, inWithData: all.inWithData - b.inWithData, inNoData: all.inNoData - b.inNoData, processed: all.processed - b.processed,
    inOrder: all.inOrder - b.inOrder, outOfOrder: all.outOfOrder - b.outOfOrder, orderDiscarded: all.orderDiscarded - b.orderDiscarded,
    out: all.out - b.out, outWithData: all.outWithData - b.outWithData, outNoData: all.outNoData - b.outNoData, timeouts: all.timeouts - b.timeouts,
  };
}

/** Messages of a tunnel that reached nobody: for no call of it, or malformed. */
export function refusedBy({ refusals: r }: Tunnel): { readonly noSuchCall: number; readonly malformed: number } {
  const malformed =
    r['no message type'] + r['message type unknown'] + r['avp length wrong'] + r['avp unknown'] + r['avp malformed'] + r['avp hidden'] + r['avp missing'];
  return { noSuchCall: r['no such session'], malformed };
}

/** What an underlay counted of data messages. We never send one without payload. */
export const underlayData = (c: UnderlayCounters): DataCounters => ({
  in: c.inData, inWithData: c.inData - c.inDataEmpty, inNoData: c.inDataEmpty, processed: c.processed, inOrder: c.inOrder,
  outOfOrder: c.outOfOrder, orderDiscarded: c.orderDiscarded, out: c.outData, outWithData: c.outData, outNoData: 0,
});

/** SHOW prints the RFC's wait-tunnel as idle. */
export const stateName = (state: string): string => (state === 'wait-tunnel' ? 'idle' : state);

export function tunnelSnapshot(entry: TunnelEntry, debug: Traced, counted: (call: SessionEntry) => SessionCounters | undefined): TunnelSnapshot {
  const { tunnel, at } = entry;
  const { transport, peer } = tunnel;
  return {
    id: tunnel.id, state: tunnel.state, started: entry.started, debug: debug.ofTunnel(tunnel.id), receiveWindow: transport.receiveWindow,
    peer: at.peer, peerPort: at.port, remoteId: tunnel.peerId, remoteReceiveWindow: peer?.receiveWindow ?? 0,
    remoteFirmware: peer?.firmwareRevision, remoteFraming: peer?.framing ?? 0, remoteBearer: peer?.bearer ?? 0, remoteHostName: peer?.hostName ?? '',
    maxTimeout: Math.ceil(transport.longestTimeout / 1000), roundTrip: transport.roundTrip, adaptiveTimeout: transport.adaptiveTimeout,
    lastAcked: transport.lastAcked, nextSent: transport.nextSent, nextReceived: transport.nextReceived,
    counters: sinceReset(entry), calls: [...entry.calls.values()].map((call) => callSnapshot(call, debug, counted(call))),
  };
}

export function callSnapshot(call: SessionEntry, debug: Traced, c: SessionCounters | undefined): CallSnapshot {
  const { session, tunnel } = call;
  const { transport } = tunnel.tunnel;
  const weAsked = session.kind === 'LAC incoming' || session.kind === 'LNS outgoing';
  const said = descriptions(call);
  return {
    id: session.id, tunnelId: tunnel.tunnel.id, role: session.kind.startsWith('LAC') ? 'LAC' : 'LNS', started: call.started, userName: call.template?.userName?.() ?? call.user?.userName?.() ?? userName(session),
    state: stateName(session.state), debug: debug.ofCall(tunnel.tunnel.id, session.id),
    serial: weAsked ? session.serialNumber : undefined, remoteSerial: weAsked ? undefined : session.serialNumber, remoteId: session.peerId,
    authenticationType: session.connected?.proxyAuthenType ?? 0,
    remoteReceiveWindow: session.request?.receiveWindowSize ?? session.reply?.receiveWindowSize ?? 0,
    local: said.local, remote: said.remote, roundTrip: transport.roundTrip, adaptiveTimeout: transport.adaptiveTimeout,
    // Data messages are not acknowledged in RFC 2661; the drafts' windows are accepted and never used.
    lastAcked: 0, unacked: 0, receivedUnacked: 0, forceAckWindow: 0, currentWindow: 0, txQueueLength: 0,
    nextSent: c?.nextSent ?? 0, nextReceived: c?.nextExpected ?? 0, inDiscards: c === undefined ? 0 : c.inDiscarded + c.orderDiscarded,
    inBytes: c?.inBytes ?? 0, outBytes: c?.outBytes ?? 0, inControl: call.inControl, outControl: call.outControl,
    data: c === undefined ? noData() : dataOf(c), payloadTimeouts: 0,
  };
}

/** The caller's name as a LAC passed it on. */
const userName = (session: Session): string | undefined =>
  session.connected?.proxyAuthenName === undefined ? undefined : fromUtf8(session.connected.proxyAuthenName);

function descriptions({ session }: SessionEntry): { readonly local: CallDescription; readonly remote: CallDescription } {
  const weAreLac = session.kind.startsWith('LAC');
  const theirs = [session.request, session.reply, weAreLac ? undefined : session.connected];
  return { local: describe([session.call, weAreLac ? session.connected : undefined]), remote: describe(theirs) };
}

/** What messages of one end said together; a later one counts. */
function describe(messages: readonly (Avps | undefined)[]): CallDescription {
  const all: Avps = Object.assign({}, ...messages);
  return {
    processingDelay: all.packetProcessingDelay ?? 0, physicalChannel: all.physicalChannelId, framing: all.framingType ?? 0, bearer: all.bearerType ?? 0,
    connectSpeed: all.txConnectSpeed ?? all.maximumBps ?? 0, dialedNumber: all.calledNumber ?? '', subAddress: all.subAddress ?? '',
    privateGroupId: all.privateGroupId ?? '',
  };
}

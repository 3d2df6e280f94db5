// What SHOW L2TP and SHOW L2TP TUNNEL print, as plain values (AR740 command reference 2.6, tables 1, 2, 5, 6, 7).

import type { Ipv4 } from '../bytes/ip.ts';
import type { WallTime } from '../hal/clock.ts';
import type { PasswordEntry } from './passwords.ts';

export type ServerRole = 'LAC' | 'LNS' | 'BOTH';

/** Control messages of one tunnel, or of all together. `in` = `inWithData` + `inNoData`; `out` likewise. */
export interface ControlCounters {
  in: number;
  /** Messages that carry AVPs; the others are bare acknowledgements (ZLB, RFC 2661 5.8). */
  inWithData: number;
  inNoData: number;
  /** Taken in by the control channel: neither discarded nor for nobody. */
  processed: number;
  inOrder: number;
  outOfOrder: number;
  orderDiscarded: number;
  out: number;
  outWithData: number;
  outNoData: number;
  /** Retransmission intervals that ran out. */
  timeouts: number;
}

/** Data messages of one call, or of all together. */
export interface DataCounters {
  in: number;
  inWithData: number;
  inNoData: number;
  processed: number;
  /** Of numbered messages only: those that were the next expected. */
  inOrder: number;
  outOfOrder: number;
  orderDiscarded: number;
  out: number;
  outWithData: number;
  outNoData: number;
}

/** Datagrams that reached no tunnel or call, by reason. */
export interface DiscardCounters {
  disabled: number;
  filtered: number;
  noSuchTunnel: number;
  noSuchCall: number;
  malformed: number;
}

export interface ModuleSnapshot {
  readonly enabled: boolean;
  readonly server: ServerRole | undefined;
  readonly passwords: readonly PasswordEntry[];
  readonly filter: number | undefined;
  readonly checksum: boolean;
  readonly failedAuthentications: number;
  readonly discards: Readonly<DiscardCounters>;
  readonly control: Readonly<ControlCounters>;
  readonly data: Readonly<DataCounters>;
  readonly tunnels: number;
}

/** Framing or bearer bits (RFC 2661 4.4.3, 4.4.4): bit 0 sync or digital, bit 1 async or analog. */
export type TypeBits = number;

export interface TunnelSnapshot {
  readonly id: number;
  readonly state: string;
  readonly started: WallTime;
  readonly debug: DebugKinds;
  readonly receiveWindow: number;
  readonly peer: Ipv4;
  readonly peerPort: number;
  /** 0 while unknown. */
  readonly remoteId: number;
  readonly remoteReceiveWindow: number;
  /** The Firmware Revision AVP; undefined where the peer sent none. */
  readonly remoteFirmware: number | undefined;
  readonly remoteFraming: TypeBits;
  readonly remoteBearer: TypeBits;
  readonly remoteHostName: string;
  /** Longest retransmission interval, seconds. */
  readonly maxTimeout: number;
  /** Milliseconds; printed as whole seconds, rounded up. */
  readonly roundTrip: number;
  readonly adaptiveTimeout: number;
  readonly lastAcked: number;
  readonly nextSent: number;
  readonly nextReceived: number;
  readonly counters: Readonly<ControlCounters>;
  readonly calls: readonly CallSnapshot[];
}

/** What is traced of a tunnel or call (ENABLE L2TP DEBUG). */
export interface DebugKinds {
  readonly state: boolean;
  readonly packet: boolean;
  readonly decode: boolean;
}

/** What one end said of the physical call (ICRQ, ICCN, OCRQ, OCRP, OCCN). */
export interface CallDescription {
  /** In tenths of a second (Packet Processing Delay, only from peers before draft 13). */
  readonly processingDelay: number;
  readonly physicalChannel: number | undefined;
  readonly framing: TypeBits;
  readonly bearer: TypeBits;
  /** Bits per second; 0 = not said. */
  readonly connectSpeed: number;
  readonly dialedNumber: string;
  readonly subAddress: string;
  readonly privateGroupId: string;
}

export interface CallSnapshot {
  readonly id: number;
  readonly tunnelId: number;
  readonly role: 'LAC' | 'LNS';
  readonly started: WallTime;
  readonly userName: string | undefined;
  readonly state: string;
  readonly debug: DebugKinds;
  /** Ours where we called; undefined where the peer did. */
  readonly serial: number | undefined;
  /** The peer's where it called. */
  readonly remoteSerial: number | undefined;
  readonly remoteId: number;
  /** Proxy Authen Type (RFC 2661 4.4.5); 0 = none. */
  readonly authenticationType: number;
  /** Session window of a peer before draft 13; 0 = none said. */
  readonly remoteReceiveWindow: number;
  readonly local: CallDescription;
  readonly remote: CallDescription;
  readonly roundTrip: number;
  readonly adaptiveTimeout: number;
  readonly lastAcked: number;
  readonly unacked: number;
  readonly receivedUnacked: number;
  readonly forceAckWindow: number;
  readonly currentWindow: number;
  readonly txQueueLength: number;
  readonly nextSent: number;
  readonly nextReceived: number;
  readonly inDiscards: number;
  readonly inBytes: number;
  readonly outBytes: number;
  /** Control messages that concern this call alone. */
  readonly inControl: number;
  readonly outControl: number;
  readonly data: Readonly<DataCounters>;
  readonly payloadTimeouts: number;
}

export const noControl = (): ControlCounters => ({
  in: 0, inWithData: 0, inNoData: 0, processed: 0, inOrder: 0, outOfOrder: 0, orderDiscarded: 0, out: 0, outWithData: 0, outNoData: 0, timeouts: 0,
});

export const noData = (): DataCounters => ({
  in: 0, inWithData: 0, inNoData: 0, processed: 0, inOrder: 0, outOfOrder: 0, orderDiscarded: 0, out: 0, outWithData: 0, outNoData: 0,
});

const CONTROL = ['in', 'inWithData', 'inNoData', 'processed', 'inOrder', 'outOfOrder', 'orderDiscarded', 'out', 'outWithData', 'outNoData', 'timeouts'] as const;
const DATA = ['in', 'inWithData', 'inNoData', 'processed', 'inOrder', 'outOfOrder', 'orderDiscarded', 'out', 'outWithData', 'outNoData'] as const;

/** Adds each counter of `from` to `into`. */
export function addControl(into: ControlCounters, from: Readonly<ControlCounters>): void {
  for (const name of CONTROL) into[name] += from[name];
}

export function addData(into: DataCounters, from: Readonly<DataCounters>): void {
  for (const name of DATA) into[name] += from[name];
}

// SHOW L2TP TUNNEL in all its forms (AR740 command reference 2.6, tables 5, 6 and 7). Where the printed sample and the table
// spell a label differently the sample counts; fields that stand only in a table are printed in the table's order.

import { formatIpv4 } from '../bytes/ip.ts';
import { printable } from '../bytes/text.ts';
import type { WallTime } from '../hal/clock.ts';
import { leader } from './l2tp.show.ts';
import type { CallDescription, CallSnapshot, DebugKinds, TunnelSnapshot } from './snapshot.ts';

type Row = readonly [label: string, value: string | number];

const TUNNEL = 31;
const INDENT = '  ';
const CALL = 33;

/** SHOW L2TP TUNNEL[=id]: each tunnel with its calls (table 5). */
export const showTunnels = (tunnels: readonly TunnelSnapshot[]): string =>
  tunnels.map((t) => [tunnelBlock(t, tunnelRows(t)), ...t.calls.map(showCallBrief)].join('\n')).join('\n\n');

/** SHOW L2TP TUNNEL CALL: the calls of all tunnels (table 5). */
export const showTunnelCalls = (calls: readonly CallSnapshot[]): string => calls.map(showCallBrief).join('\n\n');

/** SHOW L2TP TUNNEL CALL=id (table 6). */
export const showTunnelCall = (c: CallSnapshot): string => rows(detailRows(c));

/** SHOW L2TP TUNNEL[=id] COUNTER: the tunnels' part of table 7. */
export const showTunnelCounters = (tunnels: readonly TunnelSnapshot[]): string =>
  tunnels.map((t) => [tunnelBlock(t, identityRows(t)), rows(tunnelCounterRows(t))].join('\n')).join('\n\n');

/** SHOW L2TP TUNNEL CALL[=id] COUNTER: the calls' part of table 7. */
export const showCallCounters = (calls: readonly CallSnapshot[]): string => calls.map((c) => rows(callCounterRows(c))).join('\n\n');

/** `02-Oct-2001 11:56:04`. */
export function printTime(t: WallTime): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(t.day)}-${MONTHS[t.month - 1] ?? '???'}-${t.year} ${two(t.hour)}:${two(t.minute)}:${two(t.second)}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

const rows = (list: readonly Row[]): string => list.map(([label, value]) => leader(label, value, CALL)).join('\n');

const tunnelBlock = (t: TunnelSnapshot, list: readonly Row[]): string =>
  [leader('Tunnel ID', t.id, TUNNEL), ...list.map(([label, value]) => INDENT + leader(label, value, TUNNEL - INDENT.length))].join('\n');

const tunnelRows = (t: TunnelSnapshot): Row[] => [
  ['State', t.state],
  ['Started', printTime(t.started)],
  ['Debug', debug(t.debug)],
  ['Receive Window', t.receiveWindow],
  ['Remote IP Address', formatIpv4(t.peer)],
  ['Remote UDP Port', t.peerPort],
  ['Remote Tunnel ID', t.remoteId],
  ['Remote Receive Window', t.remoteReceiveWindow],
  ['Remote Firmware', t.remoteFirmware === undefined ? 'not set' : `${t.remoteFirmware >>> 8}-${t.remoteFirmware & 255}`],
  ['Remote Framing', framing(t.remoteFraming)],
  ['Remote Bearer', bearer(t.remoteBearer)],
  ['Remote Hostname', text(t.remoteHostName)],
  ['Max Timeout (s )', t.maxTimeout],
  ['Round Time Trip', seconds(t.roundTrip)],
  ['Adaptive Time-Out', seconds(t.adaptiveTimeout)],
  ['Last Acked', t.lastAcked],
  ['Next Sent', t.nextSent],
  ['Next Received', t.nextReceived],
  ['Calls Active', t.calls.length],
];

const identityRows = (t: TunnelSnapshot): Row[] => [
  ['State', t.state],
  ['Started', printTime(t.started)],
  ['Remote IP Address', formatIpv4(t.peer)],
  ['Remote UDP Port', t.peerPort],
  ['Remote Tunnel ID', t.remoteId],
  ['Remote Hostname', text(t.remoteHostName)],
];

const tunnelCounterRows = ({ counters: c }: TunnelSnapshot): Row[] => [
  ['In Control Packets', c.in],
  ['In Control Packets With Data', c.inWithData],
  ['In Control Packets No Data', c.inNoData],
  ['Processed Control Packets', c.processed],
  ['In Order Control Packets', c.inOrder],
  ['Out Of Order Control Packets', c.outOfOrder],
  ['Order Discarded Ctl Packets', c.orderDiscarded],
  ['Out Control Packets', c.out],
  ['Out Control Packets With Data', c.outWithData],
  ['Out Control Packets No Data', c.outNoData],
  ['Out Flow Control Timeouts', c.timeouts],
];

function showCallBrief(c: CallSnapshot): string {
  const list: Row[] = [
    ['Call ID', c.id],
    ['Tunnel ID', c.tunnelId],
    ['Server Type', c.role],
    ['Started', printTime(c.started)],
    ['Username', text(c.userName)],
    ['State', c.state],
    ['Call Serial Number', c.serial ?? 'not set'],
  ];
  if (c.remoteSerial !== undefined) list.push(['Remote Serial Number', c.remoteSerial]);
  return rows([...list, ['Remote Call ID', c.remoteId]]);
}

const detailRows = (c: CallSnapshot): Row[] => [
  ['Call ID', c.id],
  ['Started', printTime(c.started)],
  ['Username', text(c.userName)],
  ['State', c.state],
  ['Debug', debug(c.debug)],
  ['Call Serial Number', c.serial ?? 'not set'],
  ['Remote Call ID', c.remoteId],
  ['Authentication Type', AUTHENTICATION[c.authenticationType] ?? String(c.authenticationType)],
  ['Remote Receive Window', c.remoteReceiveWindow],
  ...descriptionRows(c.local, ''),
  ...descriptionRows(c.remote, 'Remote '),
  ['Round Trip Time', seconds(c.roundTrip)],
  ['Adaptive Time-Out', seconds(c.adaptiveTimeout)],
  ['Last Acked', c.lastAcked],
  ['Unacked', c.unacked],
  ['Received Unacked', c.receivedUnacked],
  ['Force Ack Window', c.forceAckWindow],
  ['Current Window', c.currentWindow],
  ['Tx Queue Length', c.txQueueLength],
  ['Next Sent', c.nextSent],
  ['Next Received', c.nextReceived],
  ['In Discards', c.inDiscards],
  ['In Packets', c.data.in],
  ['In Bytes', c.inBytes],
  ['Out Packets', c.data.out],
  ['Out Bytes', c.outBytes],
];

const descriptionRows = (d: CallDescription, prefix: string): Row[] => [
  [`${prefix}Processing Delay`, d.processingDelay],
  [`${prefix}Physical Channel`, d.physicalChannel ?? 'not set'],
  [`${prefix}Framing`, framing(d.framing)],
  [`${prefix}Bearer`, bearer(d.bearer)],
  [`${prefix}Connect Speed`, d.connectSpeed],
  [prefix === '' ? 'Dialed Number' : 'Remote Dialed Number', text(d.dialedNumber)],
  [`${prefix}Sub-Address`, text(d.subAddress)],
  [`${prefix}Private Group ID`, text(d.privateGroupId)],
];

const callCounterRows = (c: CallSnapshot): Row[] => [
  ['Call ID', c.id],
  ['Started', printTime(c.started)],
  ['Username', text(c.userName)],
  ['State', c.state],
  ['Call Serial Number', c.serial ?? 'not set'],
  ['Remote Call ID', c.remoteId],
  ['In Packets', c.data.in + c.inControl],
  ['In Bytes', c.inBytes],
  ['In Payload Packets', c.data.in],
  ['In Payload Packets With Data', c.data.inWithData],
  ['In Payload Packets No Data', c.data.inNoData],
  ['Processed Payload Packets', c.data.processed],
  ['In Order Payload Packets', c.data.inOrder],
  ['Out Of Order Payload Packets', c.data.outOfOrder],
  ['Order Discarded Packets', c.data.orderDiscarded],
  ['In Discards', c.inDiscards],
  ['Out Packets', c.data.out + c.outControl],
  ['Out Bytes', c.outBytes],
  ['Out Payload Packets', c.data.out],
  ['Out Payload Packets With Data', c.data.outWithData],
  ['Out Payload Packets No Data', c.data.outNoData],
  ['Out Flow Payload Timeouts', c.payloadTimeouts],
];

/** Proxy Authen Type (RFC 2661 4.4.5). */
const AUTHENTICATION: Readonly<Record<number, string>> = { 0: 'none', 1: 'text', 2: 'chap', 3: 'pap', 4: 'none', 5: 'mschap' };

const framing = (bits: number): string => ['none', 'sync', 'async', 'sync+async'][bits & 3] ?? 'none';
const bearer = (bits: number): string => ['none', 'digital', 'analog', 'digital+analog'][bits & 3] ?? 'none';

/** A peer's text, harmless on a terminal. */
const text = (value: string | undefined): string => (value === undefined || value === '' ? 'not set' : printable(value));

const seconds = (millis: number): number => Math.ceil(millis / 1000);

function debug(kinds: DebugKinds): string {
  const on = (['state', 'packet', 'decode'] as const).filter((kind) => kinds[kind]);
  return on.length === 0 ? 'disabled' : on.join('+');
}

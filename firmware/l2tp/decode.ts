// ENABLE L2TP DEBUG=DECODE: messages in words (an addition of AlliedWare 2.8.1). What proves a password is not shown.

import { hex } from '../bytes/hex.ts';
import { u16 } from '../bytes/integers.ts';
import { printable } from '../bytes/text.ts';
import { type AvpHeader, newAvpHeader, readAvp, readValue } from './avp.ts';
import { type AvpDefinition, type AvpKind, type AvpValues, MESSAGE_TYPE, RANDOM_VECTOR } from './catalog.ts';
import { avpDefinition, messageName } from './control.ts';
import { type Subject, bracket, printPacket } from './debug.ts';
import { type Header, decodeHeader, newHeader } from './header.ts';
import { disconnectText, stopText } from './reason.ts';

/** Octets of a data message's payload that are shown. */
const SHOWN = 64;
/** AVPs shown of one message: the most that a message of ours has, and enough of a peer's. */
const MOST = 40;
/** PAP and CHAP. */
const PROVING: ReadonlySet<number> = new Set([0xc023, 0xc223]);
/** Their values prove passwords, or are passwords. */
const NOT_SHOWN: ReadonlySet<AvpDefinition['name']> = new Set(['challengeResponse', 'proxyAuthenResponse'] as const);

/** A control message with its AVPs, one a line; of a data message the header and the first octets. Never throws. */
export function printDecoded(direction: 'rx' | 'tx', subject: Subject, data: Uint8Array): string {
  const h = newHeader();
  const refused = decodeHeader(data, 0, data.length, h);
  if (refused !== undefined) return `L2TP ${direction} ${bracket(subject)} ${refused}, ${data.length} octets`;
  if (!h.control) return decodedData(direction, subject, data, h);
  const avps = h.payload === h.end ? [] : avpLines(data, h.payload, h.end);
  return [`L2TP ${direction} ${bracket(subject)} ${nameOf(data, h.payload, h.end)}, Ns ${h.ns}, Nr ${h.nr}`, ...avps].join('\n');
}

function decodedData(direction: 'rx' | 'tx', subject: Subject, data: Uint8Array, { payload, end }: Header): string {
  if (!authenticates(data, payload, end)) return printPacket(direction, subject, data.subarray(0, Math.min(end, payload + SHOWN)));
  return `${printPacket(direction, subject, data.subarray(0, payload))}\n  PPP authentication, ${end - payload} octets: (not shown)`;
}

/** The payload is a PPP frame of PAP or CHAP, in any form of its address and control. */
function authenticates(b: Uint8Array, from: number, to: number): boolean {
  const at = to - from >= 4 && u16(b, from) === 0xff03 ? from + 2 : from;
  return to - at >= 2 && PROVING.has(u16(b, at));
}

function nameOf(b: Uint8Array, from: number, to: number): string {
  if (from === to) return 'acknowledgement';
  if (to - from < 8) return 'message without type';
  const type = u16(b, from + 6);
  return messageName(type) ?? `message type ${type}`;
}

function avpLines(b: Uint8Array, from: number, to: number): string[] {
  const lines: string[] = [];
  const avp = newAvpHeader();
  for (let at = from; at < to && lines.length < MOST; at = avp.end) {
    if (to - at < 6 || !readAvp(b, at, to, avp)) return [...lines, `  malformed: ${hex(b.subarray(at, Math.min(to, at + SHOWN)))}`];
    if (avp.vendor !== 0 || avp.type !== MESSAGE_TYPE) lines.push(`  ${describe(b.subarray(avp.value, avp.end), avp, u16(b, from + 6))}`);
  }
  return lines;
}

/** `message`: the type of the message that the AVP stands in. */
function describe(value: Uint8Array, avp: AvpHeader, message: number): string {
  const raw = hex(value.subarray(0, SHOWN));
  if (avp.vendor !== 0) return `AVP ${avp.vendor}/${avp.type}: ${raw}`;
  if (avp.type === RANDOM_VECTOR) return `Random Vector: ${raw}`;
  const definition = avpDefinition(avp.type);
  const title = definition?.title ?? `AVP ${avp.type}`;
  if (avp.hidden) return `${title}: (hidden)`;
  if (definition === undefined) return `${title}: ${raw}`;
  if (NOT_SHOWN.has(definition.name)) return `${title}: (not shown)`;
  const read = readValue(definition.kind, value, definition);
  return read === undefined ? `${title}: malformed ${raw}` : `${title}${inWords(definition.kind, read.value, message)}`;
}

function inWords(kind: AvpKind, value: AvpValues[AvpKind], message: number): string {
  if (typeof value === 'number') return `: ${value}`;
  if (typeof value === 'string') return `: "${printable(value)}"`;
  if (typeof value === 'boolean') return '';
  if (value instanceof Uint8Array) return `: ${hex(value.subarray(0, SHOWN))}`;
  if (kind === 'result' && 'code' in value) return `: ${value.code}, ${messageName(message) === 'StopCCN' ? stopText(value) : disconnectText(value)}`;
  return `: ${Object.entries(value).map(([name, part]) => `${name} ${printable(String(part))}`).join(', ')}`;
}

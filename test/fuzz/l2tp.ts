// Fuzz targets of the L2TP decoders. A target throws where a decoder breaks its contract; it returns whether the input was accepted.

import { Secret } from '../../firmware/bytes/secret.ts';
import { newAvpHeader, readAvp } from '../../firmware/l2tp/avp.ts';
import { AVPS, type AvpName, type ControlMessage } from '../../firmware/l2tp/catalog.ts';
import { decodeControl, encodeMessage } from '../../firmware/l2tp/control.ts';
import { decodeHeader, encodeControl, encodeDataHeader, newHeader } from '../../firmware/l2tp/header.ts';
import { hide, unhide } from '../../firmware/l2tp/hidden.ts';
import { SAMPLES } from '../unit/l2tp/samples.ts';
import { Bench, crypto, random } from '../unit/l2tp/wire.ts';

export interface Target {
  readonly name: string;
  /** Valid inputs to start from. */
  readonly seeds: readonly Uint8Array[];
  /** Inputs in one round of `npm test`. */
  readonly count: number;
  /** True where the input was accepted. Throws where the contract is broken. */
  readonly run: (input: Uint8Array) => boolean;
}

const secret = new Secret('s3cr3t-Pa55');
const vector = random.bytes(16);
const NAMES = Object.keys(AVPS) as AvpName[];
const body = (message: ControlMessage, hide: boolean): Uint8Array =>
  encodeMessage(message, hide ? { secret, crypto, vector, names: NAMES } : undefined) ?? new Uint8Array(0);
const BODIES = SAMPLES.map((sample) => body(sample, false));
const DATAGRAMS = BODIES.map((octets, i) => encodeControl({ tunnelId: 100, sessionId: i % 3 === 0 ? 0 : 500, ns: i % 4, nr: i % 3 }, octets));

function dataDatagrams(): Uint8Array[] {
  const forms = [{}, { withLength: true }, { ns: 7 }, { offset: 4 }, { withLength: true, ns: 65535, offset: 0, priority: true }];
  return forms.map((form) => {
    const out = new Uint8Array(64);
    const payload = encodeDataHeader({ tunnelId: 1, sessionId: 2, ...form }, 6, out, 0);
    return out.slice(0, payload + 6);
  });
}

function fail(what: string, input: Uint8Array): never {
  throw new Error(`${what}: ${[...input].map((octet) => octet.toString(16).padStart(2, '0')).join('')}`);
}

const header = newHeader();
function runHeader(input: Uint8Array): boolean {
  if (decodeHeader(input, 0, input.length, header) !== undefined) return false;
  const { payload, end, control, tunnelId, sessionId, ns, nr } = header;
  if (!(payload >= 6 && payload <= end && end <= input.length)) fail('payload outside the datagram', input);
  if (!control) return true;
  const again = encodeControl({ tunnelId, sessionId, ns, nr }, input.subarray(payload, end));
  const second = newHeader();
  if (decodeHeader(again, 0, again.length, second) !== undefined) fail('not accepted after encoding', input);
  if (second.tunnelId !== tunnelId || second.sessionId !== sessionId || second.ns !== ns || second.nr !== nr || second.length !== end) fail('another header after encoding', input);
  return true;
}

const avp = newAvpHeader();
function runAvps(input: Uint8Array): boolean {
  let at = 0;
  while (input.length - at >= 6) {
    if (!readAvp(input, at, input.length, avp)) return false;
    if (avp.end < at + 6 || avp.end > input.length || avp.value !== at + 6) fail('an AVP that does not consume, or ends outside', input);
    at = avp.end;
  }
  return at === input.length;
}

const same = (a: unknown, b: unknown): boolean => {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return a === b;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => same(Reflect.get(a, key), Reflect.get(b, key)));
};

function runControl(pre13: boolean): (input: Uint8Array) => boolean {
  const keys = { crypto, secret, pre13 };
  return (input) => {
    const decoded = decodeControl(input, 0, input.length, keys);
    if (decoded.kind !== 'message') return false;
    const again = encodeMessage(decoded.message);
    if (again === undefined) {
      // Octets that are no UTF-8 grow threefold when replaced: only then may a value no longer fit.
      if (!JSON.stringify(decoded.message).includes('\ufffd')) fail('accepted but not encodable', input);
      return true;
    }
    const second = decodeControl(again, 0, again.length, { crypto, secret: undefined, pre13: true });
    if (second.kind !== 'message' || !same(decoded.message, second.message)) fail('another message after encoding', input);
    return true;
  };
}

function runHidden(input: Uint8Array): boolean {
  const value = unhide(33, input, { secret, vector, crypto });
  if (value !== undefined && value.length > input.length - 2) fail('a value longer than its cipher text', input);
  return value !== undefined;
}

/** A whole datagram at a tunnel, early or established, as responder or initiator; then time passes. */
function runTunnel(input: Uint8Array): boolean {
  const kind = (input[input.length - 1] ?? 0) & 3;
  const bench = new Bench({ role: kind < 2 ? 'responder' : 'initiator', secret: kind === 0 ? undefined : secret });
  if (kind === 1 || kind === 3) bench.establish();
  if (kind === 2) bench.tunnel.open(bench.now);
  if (decodeHeader(input, 0, input.length, header) !== undefined || !header.control) return false;
  const receipt = bench.tunnel.receive(header, input, bench.now);
  const before = bench.owner.sent.length;
  bench.run(400_000);
  // Whatever came, what leaves is bounded: set-up, HELLO, StopCCN and CDN with their retransmissions.
  if (bench.owner.sent.length - before > 60) fail('too many answers', input);
  return receipt === 'delivered' || receipt === 'acknowledgement';
}

export const targets: readonly Target[] = [
  { name: 'l2tp header', seeds: [...DATAGRAMS, ...dataDatagrams()], count: 1_000_000, run: runHeader },
  { name: 'l2tp avps', seeds: BODIES, count: 1_000_000, run: runAvps },
  { name: 'l2tp control message', seeds: BODIES, count: 1_000_000, run: runControl(true) },
  { name: 'l2tp hidden control message', seeds: SAMPLES.map((sample) => body(sample, true)), count: 400_000, run: runControl(false) },
  { name: 'l2tp hidden value', seeds: [0, 8, 40].map((size) => hide(33, new Uint8Array(size), { secret, vector, crypto }, new Uint8Array(size >> 1))), count: 1_000_000, run: runHidden },
  { name: 'l2tp tunnel', seeds: DATAGRAMS, count: 20_000, run: runTunnel },
];

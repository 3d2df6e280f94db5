// Whole control message bodies (RFC 2661 4.1, 4.2, 6): a list of AVPs <-> a ControlMessage.

import { put16, u16 } from '../bytes/integers.ts';
import type { Secret } from '../bytes/secret.ts';
import { Writer } from '../bytes/writer.ts';
import type { Crypto } from '../hal/clock.ts';
import { type AvpHeader, newAvpHeader, readAvp, readValue, writeAvp, writeValue } from './avp.ts';
import {
  AVPS, type AvpDefinition, type AvpKind, type AvpName, type AvpValues, type Avps, type ControlMessage, ERROR, MESSAGES, MESSAGE_TYPE,
  type MessageName, RANDOM_VECTOR, type Result, STOP,
} from './catalog.ts';
import { hide as hideValue, unhide } from './hidden.ts';
import { recognised } from './quirks.ts';

/** Why a message cannot be taken; each is counted. */
export type ControlRefusal =
  /** The first AVP is not a Message Type of 2 octets, not hidden. */
  | 'no message type'
  /** A message type that is not known, with its M bit set. */
  | 'message type unknown'
  /** The Length of an AVP with M bit is below 6 or beyond the message. */
  | 'avp length wrong'
  /** An AVP that is not recognised, with its M bit set. */
  | 'avp unknown'
  /** A known AVP of a wrong size or range, with its M bit set. */
  | 'avp malformed'
  /** A hidden AVP with its M bit set that cannot be read: no secret, no Random Vector before it, or a length that does not fit. */
  | 'avp hidden'
  /** An AVP that this message must have is not there. */
  | 'avp missing';

/** An AVP that was passed over, in part or whole. */
export interface Note {
  readonly vendor: number;
  readonly type: number;
  readonly what: 'unknown' | 'malformed' | 'hidden' | 'duplicate' | 'longer than defined' | 'trailing octets';
}

export type Decoded =
  | { readonly kind: 'message'; readonly message: ControlMessage; readonly notes: readonly Note[] }
  /** A message type that is not known, without M bit: acknowledged and passed over. */
  | { readonly kind: 'passed over'; readonly type: number }
  | Invalid;

/** What has to be cleared because of a message, and what to tell the peer. */
export interface Invalid {
  readonly kind: 'invalid';
  readonly refusal: ControlRefusal;
  /** Undefined where the message type could not be read or is not known. */
  readonly name: MessageName | undefined;
  readonly scope: 'tunnel' | 'session';
  /** General error (2) with an error code and a text that names the AVP. */
  readonly result: Result;
  /** Ids that the message carried as far as it could be read: for the answer (RFC 2661 4.4.3, 4.4.4). */
  readonly assignedTunnelId: number | undefined;
  readonly assignedSessionId: number | undefined;
}

export interface Keys {
  readonly crypto: Crypto;
  /** Undefined: hidden AVPs cannot be read. */
  readonly secret: Secret | undefined;
  /** Recognise the AVPs of drafts before 13. */
  readonly pre13: boolean;
}

/** Values to hide when encoding, and with what. */
export interface Hide {
  readonly secret: Secret;
  readonly crypto: Crypto;
  /** A fresh random vector, 16 octets. */
  readonly vector: Uint8Array;
  /** Which to hide; those that may not be hidden are sent in clear. */
  readonly names: readonly AvpName[];
}

/** What users' names and secrets travel in (RFC 2661 4.4.5). */
export const SENSITIVE: readonly AvpName[] = ['proxyAuthenName', 'proxyAuthenChallenge', 'proxyAuthenId', 'proxyAuthenResponse'];

const isAvpName = (name: string): name is AvpName => Object.hasOwn(AVPS, name);
const isMessageName = (name: string): name is MessageName => Object.hasOwn(MESSAGES, name);
/** In sending order. */
const DEFINITIONS: readonly AvpDefinition[] = Object.keys(AVPS).filter(isAvpName).map((name) => ({ ...AVPS[name], name }));
const BY_TYPE = new Map(DEFINITIONS.map((definition) => [definition.type, definition]));
const NAME_OF_TYPE = new Map<number, MessageName>(Object.keys(MESSAGES).filter(isMessageName).map((name) => [MESSAGES[name].type, name]));
/** How many notes one message can make; a peer must not fill the log. */
const MAX_NOTES = 16;

/** The definition of AVP `type` of vendor 0, for traces. */
export const avpDefinition = (type: number): AvpDefinition | undefined => BY_TYPE.get(type);
/** The name of a Message Type, for traces. */
export const messageName = (type: number): MessageName | undefined => NAME_OF_TYPE.get(type);

/** Reads the body `b[from..to)` of a control message that is no ZLB. Never throws; copies what it keeps. O(to - from). */
export function decodeControl(b: Uint8Array, from: number, to: number, keys: Keys): Decoded {
  return new Decoder(b, to, keys).run(from);
}

/** One decoding of one message. */
class Decoder {
  readonly #b: Uint8Array;
  readonly #to: number;
  readonly #keys: Keys;
  readonly #avp: AvpHeader = newAvpHeader();
  readonly #notes: Note[] = [];
  readonly #values: { -readonly [N in AvpName]?: Avps[N] } = {};
  #vector: Uint8Array | undefined;
  #name: MessageName | undefined;

  constructor(b: Uint8Array, to: number, keys: Keys) {
    this.#b = b;
    this.#to = to;
    this.#keys = keys;
  }

  run(from: number): Decoded {
    const avp = this.#avp;
    if (this.#to - from < 8 || !readAvp(this.#b, from, this.#to, avp)) return this.#invalid('no message type', ERROR.length, 'no Message Type AVP');
    if (avp.type !== MESSAGE_TYPE || avp.vendor !== 0 || avp.hidden || avp.reserved || avp.end - avp.value !== 2)
      return this.#invalid('no message type', ERROR.range, 'first AVP is not a Message Type');
    const type = u16(this.#b, avp.value);
    this.#name = NAME_OF_TYPE.get(type);
    if (this.#name === undefined) {
      return avp.mandatory ? this.#invalid('message type unknown', ERROR.unknownMandatory, `message type ${type}`) : { kind: 'passed over', type };
    }
    return this.#avps(avp.end) ?? this.#finish(this.#name);
  }

  /** Takes in all AVPs behind the first; what makes the message invalid, if anything does. The ids are looked for to the end. */
  #avps(from: number): Invalid | undefined {
    let wrong: Invalid | undefined;
    for (let at = from; at < this.#to; ) {
      if (this.#to - at < 2 || (this.#to - at < 6 && (this.#b[at] ?? 0) < 0x80)) {
        this.#note('trailing octets');
        break;
      }
      if (!readAvp(this.#b, at, this.#to, this.#avp)) {
        // Nothing behind it can be found: RFC 2661 7.1 lets the M bit decide.
        if (this.#avp.mandatory) wrong ??= this.#invalid('avp length wrong', ERROR.length, `length of AVP ${this.#avp.type < 0 ? 'at the end' : this.#avp.type}`);
        else this.#note('malformed');
        break;
      }
      const refused = this.#take();
      wrong ??= refused;
      at = this.#avp.end;
    }
    return wrong === undefined ? undefined : { ...wrong, ...this.#ids() };
  }

  #take(): Invalid | undefined {
    const avp = this.#avp;
    const known = avp.vendor === 0 && !avp.reserved;
    if (known && avp.type === RANDOM_VECTOR) {
      if (avp.hidden || avp.end === avp.value) return this.#refuse('avp malformed', ERROR.length, 'malformed');
      this.#vector = this.#b.subarray(avp.value, avp.end);
      return undefined;
    }
    const definition = known && recognised(avp.type, this.#keys.pre13) ? BY_TYPE.get(avp.type) : undefined;
    if (definition === undefined) return this.#refuse('avp unknown', ERROR.unknownMandatory, 'unknown');
    if (avp.hidden && !definition.hideable) return this.#refuse('avp malformed', ERROR.range, 'malformed');
    const octets = avp.hidden ? this.#unhide() : this.#b.subarray(avp.value, avp.end);
    if (octets === undefined) return this.#refuse('avp hidden', ERROR.vendor, 'hidden');
    const read = readValue(definition.kind, octets, definition);
    if (read === undefined) return this.#refuse('avp malformed', ERROR.range, 'malformed');
    if (this.#values[definition.name] !== undefined) {
      this.#note('duplicate');
      return undefined;
    }
    if (read.extra > 0) this.#note('longer than defined');
    Reflect.set(this.#values, definition.name, read.value);
    return undefined;
  }

  #unhide(): Uint8Array | undefined {
    const { secret, crypto } = this.#keys;
    if (secret === undefined || this.#vector === undefined) return undefined;
    const { type, value, end } = this.#avp;
    return unhide(type, this.#b.subarray(value, end), { secret, crypto, vector: this.#vector });
  }

  #finish(name: MessageName): Decoded {
    for (const required of MESSAGES[name].required) {
      if (this.#values[required] === undefined) return this.#invalid('avp missing', ERROR.vendor, `missing AVP ${AVPS[required].type} ${AVPS[required].title}`);
    }
    const message = { type: name, ...this.#values };
    return isComplete(message) ? { kind: 'message', message, notes: this.#notes } : this.#invalid('avp missing', ERROR.vendor, 'missing AVP');
  }

  /** An AVP that cannot be taken: its M bit decides (RFC 2661 4.1, 7.1). */
  #refuse(refusal: ControlRefusal, error: number, what: Note['what']): Invalid | undefined {
    if (this.#avp.mandatory) {
      const { vendor, type } = this.#avp;
      return this.#invalid(refusal, error, `${what} AVP ${vendor === 0 ? '' : `${vendor}/`}${type}${vendor === 0 ? titleOf(type) : ''}`);
    }
    this.#note(what);
    return undefined;
  }

  #note(what: Note['what']): void {
    if (this.#notes.length < MAX_NOTES) this.#notes.push({ vendor: this.#avp.vendor, type: this.#avp.type, what });
  }

  #invalid(refusal: ControlRefusal, error: number, message: string): Invalid {
    const scope = this.#name === undefined ? 'tunnel' : MESSAGES[this.#name].scope;
    return { kind: 'invalid', refusal, name: this.#name, scope, result: { code: STOP.error, error, message }, ...this.#ids() };
  }

  #ids(): Pick<Invalid, 'assignedTunnelId' | 'assignedSessionId'> {
    return { assignedTunnelId: this.#values.assignedTunnelId, assignedSessionId: this.#values.assignedSessionId };
  }
}

function titleOf(type: number): string {
  const definition = BY_TYPE.get(type);
  return definition === undefined ? '' : ` ${definition.title}`;
}

function isComplete(message: { readonly type: MessageName } & Avps): message is ControlMessage {
  return MESSAGES[message.type].required.every((name) => message[name] !== undefined);
}

/** The body of `message`; undefined where a value does not fit its AVP (too long, out of range). Nothing is ever truncated. */
export function encodeMessage(message: ControlMessage, hide?: Hide): Uint8Array | undefined {
  const out = new Writer(128);
  writeAvp(out, { type: MESSAGE_TYPE, mandatory: true, hidden: false }, typeOctets(message.type));
  const hidden = (definition: AvpDefinition): boolean =>
    hide !== undefined && definition.hideable && hide.names.includes(definition.name) && message[definition.name] !== undefined;
  if (hide !== undefined && DEFINITIONS.some(hidden)) writeAvp(out, { type: RANDOM_VECTOR, mandatory: true, hidden: false }, hide.vector);
  for (const definition of DEFINITIONS) {
    const value = message[definition.name];
    if (value === undefined) continue;
    const octets = octetsOf(definition.kind, value, definition);
    if (octets === undefined) return undefined;
    const { type, mandatory } = definition;
    const written = hide !== undefined && hidden(definition)
      ? writeAvp(out, { type, mandatory, hidden: true }, hideValue(type, octets, hide))
      : writeAvp(out, { type, mandatory, hidden: false }, octets);
    if (!written) return undefined;
  }
  return out.length > 0xffff - 12 ? undefined : out.finish();
}

/** `definition.kind` and `value` belong together by the type of Avps; the compiler cannot see it across the table. */
function octetsOf(kind: AvpKind, value: AvpValues[AvpKind], bounds: AvpDefinition): Uint8Array | undefined {
  return Reflect.apply(writeValue[kind], undefined, [value, bounds]);
}

function typeOctets(name: MessageName): Uint8Array {
  const out = new Uint8Array(2);
  put16(out, 0, MESSAGES[name].type);
  return out;
}

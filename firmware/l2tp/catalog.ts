// The control messages and AVPs of L2TPv2 (RFC 2661 4.4 and 6; RFC 3145; RFC 3437): numbers, values, M bit, hiding, who needs what.

/** RFC 2661 4.4.2. `error` and `message` only where the peer gave them. */
export interface Result {
  readonly code: number;
  readonly error?: number | undefined;
  readonly message?: string | undefined;
}

/** Q.931 Cause Code (RFC 2661 4.4.4). */
export interface Q931Cause {
  readonly cause: number;
  readonly message: number;
  readonly advisory: string;
}

/** Call Errors since the call was established (RFC 2661 4.4.6). */
export interface CallErrors {
  readonly crc: number;
  readonly framing: number;
  readonly hardware: number;
  readonly buffer: number;
  readonly timeout: number;
  readonly alignment: number;
}

/** Async control character maps (RFC 2661 4.4.6). */
export interface Accm {
  readonly send: number;
  readonly receive: number;
}

/** PPP Disconnect Cause (RFC 3145 2). */
export interface DisconnectCause {
  readonly code: number;
  /** PPP protocol the cause is about, 0 = none. */
  readonly protocol: number;
  /** 0 global, 1 at the peer, 2 at the local side. */
  readonly direction: number;
  readonly message: string;
}

/** The kinds of value an AVP can have. */
export interface AvpValues {
  u16: number;
  /** 1..65535 */
  nonzero: number;
  u32: number;
  octets: Uint8Array;
  text: string;
  /** No value: being there is the meaning. */
  flag: true;
  result: Result;
  cause: Q931Cause;
  errors: CallErrors;
  accm: Accm;
  disconnect: DisconnectCause;
}
export type AvpKind = keyof AvpValues;

interface AvpEntry {
  /** Attribute Type. */
  readonly type: number;
  /** As the RFC titles it. */
  readonly title: string;
  readonly kind: AvpKind;
  /** Least and most octets of an `octets` or `text` value. */
  readonly least?: number;
  readonly most?: number;
  /** The M bit we send. What arrives is not held against it. */
  readonly mandatory: boolean;
  /** Whether the value may be hidden (RFC 2661 4.3). */
  readonly hideable: boolean;
}

/** The longest value of one AVP: Length has 10 bits and counts 6 octets of header. */
export const MAX_VALUE = 1023 - 6;

/** Every AVP by the name that messages use, in the order we send them (RFC 2661 4.4). */
export const AVPS = {
  resultCode: { type: 1, title: 'Result Code', kind: 'result', mandatory: true, hideable: false },
  protocolVersion: { type: 2, title: 'Protocol Version', kind: 'u16', mandatory: true, hideable: false },
  framingCapabilities: { type: 3, title: 'Framing Capabilities', kind: 'u32', mandatory: true, hideable: true },
  bearerCapabilities: { type: 4, title: 'Bearer Capabilities', kind: 'u32', mandatory: true, hideable: true },
  tieBreaker: { type: 5, title: 'Tie Breaker', kind: 'octets', least: 8, most: 8, mandatory: false, hideable: false },
  firmwareRevision: { type: 6, title: 'Firmware Revision', kind: 'u16', mandatory: false, hideable: true },
  hostName: { type: 7, title: 'Host Name', kind: 'text', least: 1, mandatory: true, hideable: false },
  vendorName: { type: 8, title: 'Vendor Name', kind: 'text', mandatory: false, hideable: true },
  assignedTunnelId: { type: 9, title: 'Assigned Tunnel ID', kind: 'nonzero', mandatory: true, hideable: true },
  receiveWindowSize: { type: 10, title: 'Receive Window Size', kind: 'nonzero', mandatory: true, hideable: false },
  challenge: { type: 11, title: 'Challenge', kind: 'octets', least: 1, mandatory: true, hideable: true },
  q931Cause: { type: 12, title: 'Q.931 Cause Code', kind: 'cause', mandatory: true, hideable: false },
  challengeResponse: { type: 13, title: 'Challenge Response', kind: 'octets', least: 16, most: 16, mandatory: true, hideable: true },
  assignedSessionId: { type: 14, title: 'Assigned Session ID', kind: 'nonzero', mandatory: true, hideable: true },
  callSerialNumber: { type: 15, title: 'Call Serial Number', kind: 'u32', mandatory: true, hideable: true },
  minimumBps: { type: 16, title: 'Minimum BPS', kind: 'u32', mandatory: true, hideable: true },
  maximumBps: { type: 17, title: 'Maximum BPS', kind: 'u32', mandatory: true, hideable: true },
  bearerType: { type: 18, title: 'Bearer Type', kind: 'u32', mandatory: true, hideable: true },
  framingType: { type: 19, title: 'Framing Type', kind: 'u32', mandatory: true, hideable: true },
  calledNumber: { type: 21, title: 'Called Number', kind: 'text', mandatory: true, hideable: true },
  callingNumber: { type: 22, title: 'Calling Number', kind: 'text', mandatory: true, hideable: true },
  subAddress: { type: 23, title: 'Sub-Address', kind: 'text', mandatory: true, hideable: true },
  txConnectSpeed: { type: 24, title: '(Tx) Connect Speed', kind: 'u32', mandatory: true, hideable: true },
  physicalChannelId: { type: 25, title: 'Physical Channel ID', kind: 'u32', mandatory: false, hideable: true },
  initialReceivedConfreq: { type: 26, title: 'Initial Received LCP CONFREQ', kind: 'octets', mandatory: false, hideable: true },
  lastSentConfreq: { type: 27, title: 'Last Sent LCP CONFREQ', kind: 'octets', mandatory: false, hideable: true },
  lastReceivedConfreq: { type: 28, title: 'Last Received LCP CONFREQ', kind: 'octets', mandatory: false, hideable: true },
  proxyAuthenType: { type: 29, title: 'Proxy Authen Type', kind: 'u16', mandatory: false, hideable: true },
  proxyAuthenName: { type: 30, title: 'Proxy Authen Name', kind: 'octets', mandatory: false, hideable: true },
  proxyAuthenChallenge: { type: 31, title: 'Proxy Authen Challenge', kind: 'octets', mandatory: false, hideable: true },
  proxyAuthenId: { type: 32, title: 'Proxy Authen ID', kind: 'u16', mandatory: false, hideable: true },
  proxyAuthenResponse: { type: 33, title: 'Proxy Authen Response', kind: 'octets', mandatory: false, hideable: true },
  callErrors: { type: 34, title: 'Call Errors', kind: 'errors', mandatory: true, hideable: true },
  accm: { type: 35, title: 'ACCM', kind: 'accm', mandatory: true, hideable: true },
  privateGroupId: { type: 37, title: 'Private Group ID', kind: 'text', mandatory: false, hideable: true },
  rxConnectSpeed: { type: 38, title: 'Rx Connect Speed', kind: 'u32', mandatory: false, hideable: true },
  sequencingRequired: { type: 39, title: 'Sequencing Required', kind: 'flag', mandatory: true, hideable: false },
  pppDisconnectCause: { type: 46, title: 'PPP Disconnect Cause Code', kind: 'disconnect', mandatory: false, hideable: true },
  lcpWantOptions: { type: 49, title: 'LCP Want Options', kind: 'octets', mandatory: false, hideable: true },
  lcpAllowOptions: { type: 50, title: 'LCP Allow Options', kind: 'octets', mandatory: false, hideable: true },
  /** Drafts before 13 only: recognised where PRE13 is on (see quirks.ts), never sent. Tenths of a second. */
  packetProcessingDelay: { type: 20, title: 'Packet Processing Delay', kind: 'u16', mandatory: true, hideable: true },
} as const satisfies Record<string, AvpEntry>;

/** Two AVPs shape the message itself and are no values of it (RFC 2661 4.4.1). */
export const MESSAGE_TYPE = 0;
export const RANDOM_VECTOR = 36;

export type AvpName = keyof typeof AVPS;
export type AvpDefinition = AvpEntry & { readonly name: AvpName };
type ValueOf<N extends AvpName> = AvpValues[(typeof AVPS)[N]['kind']];

/** The values a message carries beside its type. */
export type Avps = { readonly [N in AvpName]?: ValueOf<N> | undefined };

/** `scope`: what an error in the message clears (RFC 2661 4.1). `required`: RFC 2661 6.1 to 6.14, "MUST be present". */
export const MESSAGES = {
  SCCRQ: { type: 1, scope: 'tunnel', required: ['protocolVersion', 'hostName', 'framingCapabilities', 'assignedTunnelId'] },
  SCCRP: { type: 2, scope: 'tunnel', required: ['protocolVersion', 'framingCapabilities', 'hostName', 'assignedTunnelId'] },
  SCCCN: { type: 3, scope: 'tunnel', required: [] },
  StopCCN: { type: 4, scope: 'tunnel', required: ['assignedTunnelId', 'resultCode'] },
  HELLO: { type: 6, scope: 'tunnel', required: [] },
  OCRQ: {
    type: 7, scope: 'session',
    required: ['assignedSessionId', 'callSerialNumber', 'minimumBps', 'maximumBps', 'bearerType', 'framingType', 'calledNumber'],
  },
  OCRP: { type: 8, scope: 'session', required: ['assignedSessionId'] },
  OCCN: { type: 9, scope: 'session', required: ['txConnectSpeed', 'framingType'] },
  ICRQ: { type: 10, scope: 'session', required: ['assignedSessionId', 'callSerialNumber'] },
  ICRP: { type: 11, scope: 'session', required: ['assignedSessionId'] },
  ICCN: { type: 12, scope: 'session', required: ['txConnectSpeed', 'framingType'] },
  CDN: { type: 14, scope: 'session', required: ['resultCode', 'assignedSessionId'] },
  WEN: { type: 15, scope: 'session', required: ['callErrors'] },
  SLI: { type: 16, scope: 'session', required: ['accm'] },
} as const satisfies Record<string, { type: number; scope: 'tunnel' | 'session'; required: readonly AvpName[] }>;

export type MessageName = keyof typeof MESSAGES;
type Required<M extends MessageName> = { readonly [N in (typeof MESSAGES)[M]['required'][number]]: ValueOf<N> };

/** One control message, decoded: its type, the AVPs it must have and those it may have. */
export type ControlMessage<M extends MessageName = MessageName> = { [K in M]: { readonly type: K } & Required<K> & Avps }[M];
/** The messages about a tunnel, and those about one session. */
export type TunnelMessage = ControlMessage<'SCCRQ' | 'SCCRP' | 'SCCCN' | 'StopCCN' | 'HELLO'>;
export type SessionMessage = ControlMessage<'OCRQ' | 'OCRP' | 'OCCN' | 'ICRQ' | 'ICRP' | 'ICCN' | 'CDN' | 'WEN' | 'SLI'>;

/** Result codes of StopCCN (RFC 2661 4.4.2). */
export const STOP = { clear: 1, error: 2, exists: 3, notAuthorised: 4, version: 5, shutdown: 6, fsm: 7 } as const;
/** Result codes of CDN. */
export const DISCONNECT = {
  carrierLost: 1, error: 2, administrative: 3, temporary: 4, permanent: 5, badDestination: 6, noCarrier: 7, busy: 8, noDialTone: 9,
  timeout: 10, noFraming: 11,
} as const;
/** Error codes of both. */
export const ERROR = {
  none: 0, noControlConnection: 1, length: 2, range: 3, resources: 4, badSession: 5, vendor: 6, tryAnother: 7, unknownMandatory: 8,
} as const;
/** Bits of Framing Capabilities and Framing Type. */
export const FRAMING = { sync: 1, async: 2 } as const;
/** Bits of Bearer Capabilities and Bearer Type; neither = no physical link. */
export const BEARER = { digital: 1, analog: 2 } as const;
/** Proxy Authen Type (RFC 2661 4.4.5). */
export const PROXY_AUTHEN = { text: 1, chap: 2, pap: 3, none: 4, mschap1: 5 } as const;
/** Version 1, revision 0 (RFC 2661 4.4.3). */
export const PROTOCOL_VERSION = 0x0100;

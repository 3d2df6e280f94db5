// What the two threads of the user plane share: records in the rings, counters in shared memory, and the start message.

/** Records from the main thread to the worker. Numbers in brackets: free words 3.. of the record; then what its data holds. */
export const COMMAND = {
  /** [underlay, fd, sending fd, serial, control fd] */
  LISTEN: 1,
  /** [underlay] */
  UNLISTEN: 2,
  /** [underlay, 1 = everything] pairs of address and mask, 32 bits each */
  PERMIT: 3,
  /** [interface, fd, offload (TUN_F), onDemand, 1 = shared] */
  OPEN: 4,
  /** [interface, onDemand] */
  DEMAND: 5,
  /** [interface] */
  CLOSE: 6,
  /** [] ATTACH words, pairs */
  ATTACH: 7,
  /** [key, far + 1 or 0 for unchanged, option bits, bits that change, mss or -1 for unchanged] nothing, or UPDATE words, pairs */
  UPDATE: 8,
  /** [key] */
  DETACH: 9,
  /** [key] PPP frame, protocol field first */
  SEND_SESSION: 10,
  /** [underlay, local, peer, port] datagram */
  SEND_PEER: 11,
  /** [] */
  STOP: 12,
  /** [key] PPP frame that came over a line */
  SEND_ARRIVED: 13,
  /** [port] Ethernet frame */
  SEND_PORT: 14,
  /** [] ETHER_OPEN words */
  ETHER_OPEN: 15,
  /** [port] */
  ETHER_CLOSE: 16,
} as const;

/** The 32-bit words of an ATTACH record's data. */
export const ATTACH = {
  KEY: 0,
  SLOT: 1,
  SERIAL: 2,
  /** -1: the leg is none of L2TP */
  UNDERLAY: 3,
  LOCAL: 4,
  /** L2TP: address and port of the peer; PPPoE: the first four and the last two octets of its Ethernet address */
  PEER: 5,
  PEER_PORT: 6,
  LOCAL_TUNNEL: 7,
  LOCAL_SESSION: 8,
  PEER_TUNNEL: 9,
  PEER_SESSION: 10,
  /** interface + 1, 0 = none */
  FAR: 11,
  OPTIONS: 12,
  MSS: 13,
  /** How many pairs of address and mask follow for routes, and behind them for sources; -1 = any source. */
  ROUTES: 14,
  SOURCES: 15,
  /** -1: the leg is none of PPPoE. Neither: a line. */
  ETHER: 16,
  /** Key of the session that frames are relayed to, 0 = none */
  RELAY: 17,
  /** The longest IPv4 packet out of the interface, 0 = any; our own address in the session */
  MTU: 18,
  ADDRESS: 19,
  WORDS: 20,
} as const;

/** The 32-bit words of an ETHER_OPEN record's data. The address is split as a peer's is. */
export const ETHER_OPEN = { PORT: 0, SESSION_FD: 1, DISCOVERY_FD: 2, OUT_FD: 3, ADDRESS: 4, ADDRESS_LAST: 5, MTU: 6, SERIAL: 7, WORDS: 8 } as const;

/** The 32-bit words of an UPDATE record's data: as in ATTACH, but -1 = unchanged. */
export const UPDATE = { ROUTES: 0, SOURCES: 1, RELAY: 2, MTU: 3, ADDRESS: 4, WORDS: 5 } as const;

/** SessionOptions that are no numbers, as bits. */
export const OPTION = { IPV4: 1, IPV6: 2, SEQUENCE_ON: 4, SEQUENCE_FOLLOW: 8, CHECKSUM: 16, ACFC: 32, PFC: 64, TRACE: 128 } as const;
export const OPTION_SEQUENCE = OPTION.SEQUENCE_ON | OPTION.SEQUENCE_FOLLOW;

/** Records from the worker to the main thread; the same notation. */
export const PUNT = {
  /** [underlay, local, peer, port] datagram */
  CONTROL: 1,
  /** [key] frame, protocol first */
  PPP: 2,
  /** [interface] IP packet */
  DEMAND: 3,
  /** [underlay, peer, port, mtu] */
  UNREACHABLE: 4,
  /** [key, 1 = rx] L2TP message */
  TRACE: 5,
  /** [key, reason] */
  FAILED: 6,
  /** [underlay, local, peer, port] */
  STRAY: 7,
  /** [key] frame, protocol first */
  LINE: 8,
  /** [port] Ethernet frame */
  DISCOVERY: 9,
  /** [port, peer's first four octets, its last two, session] */
  NO_SESSION: 10,
} as const;

/** Reasons of a FAILED punt. */
export const FAILURE = { INTERFACE_GONE: 1 } as const;

/** Doubles of a session's slot in the counter memory. One writer, the worker. */
export const SESSION = {
  IN_PACKETS: 0,
  IN_BYTES: 1,
  IN_EMPTY: 2,
  IN_ORDER: 3,
  OUT_OF_ORDER: 4,
  ORDER_DISCARDED: 5,
  IN_DISCARDED: 6,
  OUT_PACKETS: 7,
  OUT_BYTES: 8,
  NEXT_SENT: 9,
  NEXT_EXPECTED: 10,
  LAST_IN: 11,
  LAST_CARRIED: 12,
  OUT_DISCARDED: 13,
  /** Which attach the slot belongs to: while it differs from what the reader expects, all counters are zero. */
  SERIAL: 14,
  SIZE: 16,
} as const;

/** Doubles of an underlay's slot. */
export const UNDERLAY = {
  IN_DATA: 0,
  OUT_DATA: 1,
  IN_DATA_EMPTY: 2,
  IN_ORDER: 3,
  OUT_OF_ORDER: 4,
  ORDER_DISCARDED: 5,
  NO_SUCH_TUNNEL: 6,
  NO_SUCH_CALL: 7,
  MALFORMED: 8,
  FILTERED: 9,
  PROCESSED: 10,
  /** Control messages and other punts lost because the main thread did not keep up. */
  PUNTS_LOST: 11,
  SERIAL: 14,
  SIZE: 16,
} as const;

/** Doubles of an Ethernet port's slot. */
export const ETHER = { IN_FRAMES: 0, OUT_FRAMES: 1, MALFORMED: 2, NO_SESSION: 3, SERIAL: 14, SIZE: 16 } as const;

export const MAX_ETHERS = 64;
export const MAX_UNDERLAYS = 64;
export const MAX_INTERFACES = 4096;
/** 128 octets of shared memory each, taken from the system as they are used. A relay has two. */
export const MAX_SESSIONS = 65536;
/** Octets of each ring: seconds of control traffic at any sane rate, 40 of the largest datagrams at the least. */
export const RING_CAPACITY = 4 << 20;
/** The longest datagram or PPP frame that crosses between the threads. */
export const MAX_DATAGRAM = 65535;

/** The first and only message to the worker. */
export interface Start {
  readonly commands: SharedArrayBuffer;
  readonly punts: SharedArrayBuffer;
  readonly sessionCounters: SharedArrayBuffer;
  readonly underlayCounters: SharedArrayBuffer;
  readonly etherCounters: SharedArrayBuffer;
  /** A double for each interface: packets into it that no session took. */
  readonly interfaceCounters: SharedArrayBuffer;
  /** An eventfd that the main thread writes to when the worker sleeps and a command waits. */
  readonly doorbell: number;
}

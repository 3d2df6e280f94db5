// Limits of PPPoE on this router; RFC 2516 names none of them.

/** Largest PPP payload asked for or given by RFC 4638, octets: what a caller's own Ethernet carries. */
export const ETHERNET_MOST = 1500;
/** Answers to PADI and PADR per second: to one Ethernet address (those that share a bucket with it count too), and on one port to PADI in all. */
export const PER_PEER = 32;
export const PER_PORT = 1000;
/** Buckets that Ethernet addresses are spread over. */
export const BUCKETS = 1024;
/** Sessions whose PPP has not opened yet; above it a PADR is not answered, and comes again. */
export const HALF_OPEN = 512;
/** After so long a session counts as open: its frames may go to an LNS, where nobody here sees PPP open. */
export const HALF_OPEN_SPAN = 60_000;
/** A cookie is good for at least this long and at most twice as long, milliseconds. */
export const COOKIE_SPAN = 60_000;
/** How often a port that could not be opened is tried again, milliseconds. */
export const PORT_INTERVAL = 10_000;
/** A request that comes again later than this, when PPP has opened, is that of a peer that has forgotten its session. */
export const AGAIN_SPAN = 30_000;

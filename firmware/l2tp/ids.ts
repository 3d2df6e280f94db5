// The four ids of L2TPv2 (RFC 2661 3.1), branded so that ours and the peer's cannot be swapped. A header carries the recipient's ids.

declare const tunnelId: unique symbol;
declare const peerTunnelId: unique symbol;
declare const sessionId: unique symbol;
declare const peerSessionId: unique symbol;

/** A tunnel id that we assigned, 1..65535: in headers that arrive. */
export type TunnelId = number & { readonly [tunnelId]: true };
/** The tunnel id that the peer assigned: in headers that leave. 0 until learned. */
export type PeerTunnelId = number & { readonly [peerTunnelId]: true };
/** A session id that we assigned, 1..65535. */
export type SessionId = number & { readonly [sessionId]: true };
/** The session id that the peer assigned, 0 until learned. */
export type PeerSessionId = number & { readonly [peerSessionId]: true };

export const toTunnelId = (value: number): TunnelId => (value & 0xffff) as TunnelId;
export const toPeerTunnelId = (value: number): PeerTunnelId => (value & 0xffff) as PeerTunnelId;
export const toSessionId = (value: number): SessionId => (value & 0xffff) as SessionId;
export const toPeerSessionId = (value: number): PeerSessionId => (value & 0xffff) as PeerSessionId;

/** What a header carries before the peer's id is learned (RFC 2661 4.4.3, 4.4.4). */
export const NO_TUNNEL = toPeerTunnelId(0);
export const NO_SESSION = toPeerSessionId(0);

// PRE13: what peers that follow L2TP drafts before 13 do otherwise (PRE13 of ADD L2TP CALL, USER and IP). Accepted, never sent.
// They number and acknowledge data messages of a session by themselves: a window (AVP 10) and a processing delay (AVP 20) in the
// call messages, Nr and the R bit in data headers, data messages without payload that only acknowledge.

import { AVPS, type Avps } from './catalog.ts';
import type { Header } from './header.ts';

/** Bit of a data header of the drafts: "reset Sr", the sender gave up waiting and Nr is to be taken as the next expected. */
export const DRAFT_R_BIT = 0x2000;

/** Whether AVP `type` is recognised by peers' settings: the drafts' own AVPs are unknown AVPs where PRE13 is off. */
export const recognised = (type: number, pre13: boolean): boolean => pre13 || type !== AVPS.packetProcessingDelay.type;

/** What a peer's call messages said of its data window; SHOW L2TP TUNNEL CALL shows it. */
export interface DraftWindow {
  /** Messages, undefined = no window: data messages are not acknowledged. */
  readonly receiveWindow: number | undefined;
  /** Tenths of a second. */
  readonly processingDelay: number | undefined;
}

export const draftWindow = (message: Avps): DraftWindow => ({
  receiveWindow: message.receiveWindowSize, processingDelay: message.packetProcessingDelay,
});

/** How a data message is to be taken. */
export interface DraftData {
  /** It has no payload: it only acknowledges, and is not handed to PPP. */
  readonly onlyAcknowledges: boolean;
  /** The next number the peer expects of us; undefined where the message is not numbered. */
  readonly acknowledges: number | undefined;
  /** The R bit: numbers up to `acknowledges` are not to be waited for. */
  readonly resets: boolean;
}

export const draftData = (header: Header): DraftData => ({
  onlyAcknowledges: header.payload === header.end,
  acknowledges: header.sequenced ? header.nr : undefined,
  resets: header.sequenced && (header.flags & DRAFT_R_BIT) !== 0,
});

// PRE13: what peers that follow L2TP drafts before 13 do otherwise (PRE13 of ADD L2TP CALL, USER and IP). Accepted, never sent.
// They number and acknowledge data messages of a session by themselves: a window (AVP 10) and a processing delay (AVP 20) in the
// call messages, Nr and the R bit in data headers, data messages without payload that only acknowledge. The header codec and the data
// planes take those from every peer: Nr and reserved bits mean nothing, and a message without payload is counted and goes no further.

import { AVPS } from './catalog.ts';

/** Whether AVP `type` is recognised by peers' settings: the drafts' own AVPs are unknown AVPs where PRE13 is off. */
export const recognised = (type: number, pre13: boolean): boolean => pre13 || type !== AVPS.packetProcessingDelay.type;

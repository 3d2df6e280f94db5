// What a modem or terminal adapter says of a call that comes in: who calls, and whom (3GPP TS 27.007 7.6 and 7.9, ITU-T V.253 11.3,
// and what adapters in the field print).

/** A call that rings. Numbers hold digits, * and # only; empty = not told. */
export interface Ring {
  readonly callingNumber: string;
  readonly calledNumber: string;
  /** Subaddress that was called. */
  readonly subAddress: string;
}

export const NO_RING: Ring = { callingNumber: '', calledNumber: '', subAddress: '' };

/** Own limit, the longest number of ADD ISDN CALL. */
const LONGEST = 31;

/** Digits of a number as somebody printed it; a leading + and punctuation are dropped. */
const digits = (text: string): string => text.replace(/[^0-9*#]/g, '').slice(0, LONGEST);
const letters = (text: string): string => text.replace(/[^A-Za-z0-9]/g, '').slice(0, LONGEST);

const RINGS = /^(?:RING|\+CRING)\b[ ;:,/]*(.*)$/i;
const CALLING = /^(?:NMBR|NUMBER|CALLER NUMBER|CID|FM|FROM)\s*[=:]\s*(.*)$/i;
const CALLED = /^(?:DNIS|DDN|CALLED NUMBER|TO)\s*[=:]\s*(.*)$/i;
/** +CLIP: "number",type[,"subaddress",type]: the calling line; +CDIP: the called one. */
const LINE_ID = /^\+C(LI|DI)P:\s*"?([^",]*)"?\s*(?:,[^,]*)?(?:,\s*"?([^",]*)"?.*)?$/i;

/**
 * What one line adds to what is known of the call; undefined where it says nothing of one. `rings`: it is the ring itself.
 * `RING;0312345678` carries the calling number; kinds of call that +CRING names (ASYNC, VOICE) are passed over.
 */
export function readRing(line: string, known: Ring): { readonly ring: Ring; readonly rings: boolean } | undefined {
  const rings = RINGS.exec(line);
  if (rings !== null) {
    const number = /^[0-9*#+"() -]+$/.test(rings[1] ?? '') ? digits(rings[1] ?? '') : '';
    return { ring: number === '' ? known : { ...known, callingNumber: number }, rings: true };
  }
  const id = LINE_ID.exec(line);
  if (id !== null) {
    const number = digits(id[2] ?? '');
    if ((id[1] ?? '').toUpperCase() === 'LI') return { ring: { ...known, callingNumber: number }, rings: false };
    return { ring: { ...known, calledNumber: number, subAddress: letters(id[3] ?? '') }, rings: false };
  }
  const calling = CALLING.exec(line);
  if (calling !== null) return { ring: { ...known, callingNumber: digits(calling[1] ?? '') }, rings: false };
  const called = CALLED.exec(line);
  if (called === null) return undefined;
  const [number = '', sub = ''] = (called[1] ?? '').split('/');
  return { ring: { ...known, calledNumber: digits(number), subAddress: letters(sub) }, rings: false };
}

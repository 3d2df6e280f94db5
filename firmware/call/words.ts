// The words of an AT dialogue: what the modem is told at the start, what its results mean, what may be dialled (ITU-T V.250, and what
// modems in the field print).

/** Why a call ended or could not be made. */
export type CallEnd = 'no carrier' | 'busy' | 'no dial tone' | 'no answer' | 'refused' | 'timeout' | 'line cut';

/** Own limits, and the times that modems are set up for. */
export const AT_LIMITS = {
  /** Longest result line, characters; what is longer is no result. */
  line: 128,
  /** How long a command may take. */
  command: 3000,
  tries: 5,
  /** Between attempts with a modem that does not answer. */
  asleep: 30_000,
  /** S7: from dialling or ATA to the carrier. */
  carrier: 60_000,
  /** A call that has not rung for this long is gone. */
  ringGap: 8000,
  /** From the first line about a caller to the last. */
  gather: 200,
  /** S12: silence around the escape sequence, with some to spare. */
  guard: 1100,
  hangUp: 5000,
  /** NO CARRIER in the midst of a frame counts when nothing follows it for this long. */
  quiet: 1000,
} as const;

/** What the modem is told, in order. The first two must succeed; what it lacks of the rest it may refuse. */
export const SETUP: readonly { readonly command: string; readonly must: boolean }[] = [
  { command: 'ATZ', must: true },
  // No echo, results as words and given at all, never answer by itself.
  { command: 'ATE0V1Q0S0=0', must: true },
  // All results; carrier detect as it is; hang up when DTR drops; flow control by RTS and CTS.
  { command: 'ATX4&C1&D2&K3', must: false },
  // Who calls, and whom.
  { command: 'AT+CLIP=1', must: false },
  { command: 'AT+CDIP=1', must: false },
];

/** A number that may stand in a dial command, and a subaddress. */
const DIALABLE = /^[0-9*#+-]{1,31}$/;
const SUBADDRESS = /^[A-Za-z0-9]{0,31}$/;
/** Whether `dial` takes this number. */
export const isDialable = (number: string, subAddress: string): boolean => DIALABLE.test(number) && SUBADDRESS.test(subAddress);

/** Results that end a call. */
export const END_OF: ReadonlyMap<string, CallEnd> = new Map([
  ['NO CARRIER', 'no carrier'],
  ['BUSY', 'busy'],
  ['NO DIALTONE', 'no dial tone'],
  ['NO DIAL TONE', 'no dial tone'],
  ['NO ANSWER', 'no answer'],
  ['ERROR', 'refused'],
  ['DELAYED', 'refused'],
  ['BLACKLISTED', 'refused'],
]);
/** Results that say nothing we wait for. */
const PASSED_OVER = /^(?:RINGING|RRING|CARRIER .*|PROTOCOL: ?.*|COMPRESSION: ?.*|\+(?:MCR|MRR|ER|DR|CR|ILRR): ?.*|DATE ?=.*|TIME ?=.*|NAME ?=.*|MESG ?=.*)$/;

/** Whether a line means nothing that is known: neither a result that may be passed over, nor a command of ours that comes back as an echo. */
export const isGarbage = (word: string): boolean => !PASSED_OVER.test(word) && !word.startsWith('AT') && word !== '+++';

/** The octets of a line or command. */
export function latin(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

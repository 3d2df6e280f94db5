// What SET commands have in common: nothing to set is the operator's mistake, and is said.

import { messages, type Message } from './messages.ts';

/** The refusal where none of `values` is given. */
export const nothingGiven = (values: object): Message | undefined => (Object.values(values).every((value) => value === undefined) ? messages.parser.nothingToSet() : undefined);

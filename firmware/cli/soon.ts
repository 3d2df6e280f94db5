// The outcome of work that answers at once or later, whichever it turns out to be.

import type { Outcome, Text } from './command.ts';
import type { Message } from './messages.ts';

/** Starts `work`. Where it answers inside the call the outcome is that answer, else a pending one; `work` goes on where the person stops waiting. */
export function soon(work: (done: (answer: Message | Text) => void) => void): Outcome {
  let answer: Message | Text | undefined;
  let waiting: ((answer: Message | Text) => void) | undefined;
  work((given) => {
    if (answer !== undefined) return;
    answer = given;
    waiting?.(given);
  });
  return answer ?? {
    pending: (done) => {
      if (answer === undefined) waiting = done;
      else done(answer);
    },
  };
}

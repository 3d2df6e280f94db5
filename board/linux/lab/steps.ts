// A lab's proof, step by step: one line each.

import { textOf } from '../failure.ts';

/** Undefined where it worked, else why not. */
export type Step = () => Promise<string | undefined>;

/** Runs steps in order until one fails; the name of that one, or undefined. */
export async function runSteps(steps: readonly (readonly [name: string, run: Step])[], print: (line: string) => void): Promise<string | undefined> {
  for (const [name, run] of steps) {
    const started = performance.now();
    let failure: string | undefined;
    try {
      failure = await run();
    } catch (error) {
      failure = textOf(error);
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    print(failure === undefined ? `ok     ${name} (${seconds} s)` : `FAILED ${name} (${seconds} s): ${failure}`);
    if (failure !== undefined) return name;
  }
  return undefined;
}

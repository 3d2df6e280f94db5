// What every lab is: a network of routers and hosts on this machine, a proof in steps, a console.

import type { LabRouter } from './members.ts';
import type { Step } from './steps.ts';

export interface Lab {
  /** The router whose console the lab gives. */
  readonly first: LabRouter;
  /** The proof, in order. */
  readonly steps: readonly (readonly [name: string, run: Step])[];
  /** Waits for the routers; why one does not run. */
  ready(): Promise<string | undefined>;
  /** What helps to see why a step failed. */
  diagnosis(): Promise<string>;
  stop(): Promise<void>;
}

export interface LabPlan {
  /** Printed before the console's first prompt. */
  readonly welcome: readonly string[];
  /** Builds the network and starts its members, in the namespace that the calling process is in. */
  build(): Lab;
}

/** The end of a router's log and what it shows, for each of them. */
export async function diagnose(routers: readonly LabRouter[], commands: readonly string[]): Promise<string> {
  const parts = await Promise.all(routers.map(async (router) => `--- ${router.name}\n${router.printed()}\n${await router.command(...commands)}`));
  return parts.join('\n');
}

// npm run fuzz [-- [TARGET] [COUNT] [--seed N] [--input HEX]]: any number of mutated inputs for every decoder, or for those whose name
// begins with TARGET ("l2tp", "l2tp header", "ppp", "pppoe", "radius", "call", "ip", "cli"). Rounds have their own seeds; the first failure ends with 1 and
// prints the input in hex and the seed that makes it again. --input gives one input to the target instead.

import { parseArgs } from 'node:util';
import { everyCommand } from '../../build/commands.ts';
import { fromHex, hex } from '../../firmware/bytes/hex.ts';
import { atTarget, targets as call } from './call.ts';
import { latestInput, run as runCli } from './cli.ts';
import { targets as dns } from './dns.ts';
import { targets as ip } from './ip.ts';
import { targets as l2tp } from './l2tp.ts';
import { mutator } from './mutate.ts';
import { linkTarget, targets as ppp } from './ppp.ts';
import { stationTarget, targets as pppoe } from './pppoe.ts';
import { targets as radius } from './radius.ts';

interface Fuzzed {
  readonly name: string;
  /** Inputs of a round: few enough that progress shows. */
  readonly round: number;
  /** One input; throws where a rule is broken. Undefined: the target makes its inputs itself. */
  readonly one: ((input: Uint8Array) => unknown) | undefined;
  /** A whole round; how many inputs were accepted, where the target tells. */
  run(count: number, seed: number): number | undefined;
}

const DEFAULT_COUNT = 1_000_000;
/** These remember the frames before. */
const LINKS = linkTarget(0).name;
const STATION = 'pppoe station';
const DIALOGUE = 'call at';
const USAGE = 'npm run fuzz [-- [TARGET] [COUNT] [--seed N] [--input HEX]]';
/** The input that a target was given last, for the report of a failure. */
let present: () => Uint8Array = () => new Uint8Array(0);

/** `fresh` makes a target without memory of earlier rounds, so that a round's seed is enough to make it again. */
function fromSeeds(name: string, seeds: readonly Uint8Array[], fresh: () => (input: Uint8Array) => unknown): Fuzzed {
  return {
    name,
    round: /tunnel|links/.test(name) ? 2000 : 100_000,
    one: (input) => fresh()(input),
    run(count, seed) {
      const one = fresh();
      const next = mutator(seed, seeds);
      let input = new Uint8Array(0);
      present = () => input;
      let accepted: number | undefined;
      for (let i = 0; i < count; i++) {
        input = next().slice();
        const verdict = one(input);
        if (typeof verdict === 'boolean') accepted = (accepted ?? 0) + Number(verdict);
      }
      return accepted;
    },
  };
}

async function every(): Promise<Fuzzed[]> {
  const commands = (await everyCommand()).map(({ form }) => ({ form, verify: () => undefined, apply: () => ({ text: form.help }) }));
  const cli: Fuzzed = {
    name: 'cli',
    round: 50_000,
    one: undefined,
    run(count, seed) {
      present = latestInput;
      return runCli(commands, count, seed);
    },
  };
  return [
    cli,
    ...l2tp.map((target) => fromSeeds(target.name, target.seeds, () => target.run)),
    ...ppp.map((target) => fromSeeds(`ppp ${target.name}`, target.seeds, () => (target.name === LINKS ? linkTarget(0) : target).run)),
    ...pppoe.map((target) => fromSeeds(target.name, target.seeds, () => (target.name === STATION ? stationTarget() : target).run)),
    ...call.map((target) => fromSeeds(target.name, target.seeds, () => (target.name === DIALOGUE ? atTarget() : target).run)),
    ...radius.map((target) => fromSeeds(target.name, target.seeds, () => target.run)),
    ...dns.map((target) => fromSeeds(target.name, target.seeds, () => target.run)),
    ...ip.map((target) => fromSeeds(target.name, target.seeds, () => target.run)),
  ];
}

/** `false` where an input broke a rule. */
function fuzz(target: Fuzzed, count: number, seed: number): boolean {
  const started = performance.now();
  let done = 0;
  let accepted: number | undefined;
  let shown = started;
  const line = (): string => {
    const rate = Math.round((done * 1000) / Math.max(1, performance.now() - started));
    return `${target.name.padEnd(40)} ${String(done).padStart(12)} inputs ${String(rate).padStart(9)}/s${accepted === undefined ? '' : ` ${accepted} accepted`}`;
  };
  for (let round = seed; done < count; round = (round + 1) >>> 0) {
    const size = Math.min(target.round, count - done);
    try {
      const taken = target.run(size, round);
      if (taken !== undefined) accepted = (accepted ?? 0) + taken;
    } catch (error) {
      console.log(`${line()}\nFAILED ${target.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      console.log(`input  ${hex(present())}\nagain  npm run fuzz -- '${target.name}' ${size} --seed ${round}`);
      return false;
    }
    done += size;
    if (process.stdout.isTTY && performance.now() - shown > 500) {
      shown = performance.now();
      process.stdout.write(`${line()}\r`);
    }
  }
  console.log(line());
  return true;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ args: process.argv.slice(2), allowPositionals: true, options: { seed: { type: 'string' }, input: { type: 'string' } } });
  const numeric = (text: string): boolean => /^[\d_]+$/.test(text);
  const wanted = positionals.find((text) => !numeric(text)) ?? '';
  const count = Number((positionals.find(numeric) ?? String(DEFAULT_COUNT)).replaceAll('_', ''));
  const seed = values.seed === undefined ? Date.now() >>> 0 : Number(values.seed) >>> 0;
  const all = await every();
  const chosen = all.filter(({ name }) => name.toLowerCase().startsWith(wanted.toLowerCase()));
  if (chosen.length === 0 || count < 1) {
    console.log(`${USAGE}\ntargets: ${all.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  if (values.input !== undefined) {
    const input = fromHex(values.input);
    const [target] = chosen;
    if (input === undefined || chosen.length !== 1 || target?.one === undefined) {
      console.log(`--input takes hex and one target that reads it: ${all.filter(({ one }) => one !== undefined).map(({ name }) => name).join(', ')}`);
      return 2;
    }
    console.log(`${target.name}: ${String(target.one(input) ?? 'taken')}`);
    return 0;
  }
  console.log(`seed ${seed}`);
  // Every target runs, also behind one that failed.
  return chosen.map((target) => fuzz(target, count, seed)).includes(false) ? 1 : 0;
}

process.exitCode = await main();

// Packet filters and NAT by nftables: one table of ours, replaced whole through `nft -f -`, gone at exit, and after a crash at the next start.

import { existsSync } from 'node:fs';

import type { Ipv4Range } from '../../firmware/bytes/ip.ts';
import type { Refusal } from '../../firmware/hal/dataplane.ts';
import type { FilterCount, PacketFilter, RuleSet } from '../../firmware/hal/packetfilter.ts';
import { textOf } from './failure.ts';
import { forgetUntranslated } from './netlink/conntrack.ts';
import { failureText, readCounts, removal, renderRules } from './nftables.text.ts';

/** System folders that a plain user's PATH may leave out. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
const NO_NFT = 'This machine has no nft command (Debian: package nftables), which loads packet rules into the kernel';
/** A replacement takes a few milliseconds; a child that hangs is ended. */
const LIMIT_MS = 10_000;
const TABLE = 'hashi';

export interface NftOptions {
  /** The operator's port names and the kernel's devices. */
  readonly ports: ReadonlyMap<string, string>;
  /** No other hashi runs in this network namespace: the table is `hashi`, and what a crash left is removed. */
  readonly sole: boolean;
  /** The command, where it is not to be looked for. */
  readonly command?: string;
}

interface Finished {
  readonly failure: string | undefined;
  /** It was ended before it had: what it did is not known. */
  readonly cut?: boolean;
  readonly output: string;
}

export class NftFilter implements PacketFilter {
  readonly #ports: ReadonlyMap<string, string>;
  readonly #table: string;
  readonly #given: string | undefined;
  /** Counts of entries as of the last replacement, which go on in the new table. */
  #counts: ReadonlyMap<number, FilterCount> = new Map();
  #child: Bun.Subprocess | undefined;
  /** A table of ours may be in the kernel. */
  #loaded = false;
  /** Rises when all rules are taken out: what was under way by then is not loaded any more. */
  #generation = 0;
  #closed = false;

  constructor({ ports, sole, command }: NftOptions) {
    this.#ports = ports;
    this.#given = command;
    this.#table = sole ? TABLE : `${TABLE}_${process.pid}`;
    if (sole) this.#cleanUp();
  }

  apply(rules: RuleSet, done: (failure?: string) => void): void {
    const empty = rules.uses.length === 0 && rules.translations.length === 0;
    if (this.#closed || (empty && !this.#loaded)) return done();
    const generation = this.#generation;
    const first = !this.#loaded;
    const replace = (): void => {
      if (generation !== this.#generation) return done('All rules were taken out meanwhile');
      const entries = new Set(rules.filters.flatMap((filter) => filter.rules.map(({ id }) => id)));
      this.#counts = new Map([...this.#counts].filter(([id]) => entries.has(id)));
      const text = renderRules(rules, { table: this.#table, device: (name) => this.#ports.get(name) ?? name, count: (id) => this.#counts.get(id) });
      // Before the kernel has answered: whatever ends the process meanwhile removes the table as well.
      this.#loaded = true;
      this.#run(['-f', '-'], text, ({ failure, cut }) => {
        if (failure !== undefined && cut !== true && first && generation === this.#generation) this.#loaded = false;
        done(failure);
      });
    };
    if (!this.#loaded) return replace();
    this.counters(replace);
  }

  counters(done: (counts: ReadonlyMap<number, FilterCount> | Refusal) => void): void {
    if (!this.#loaded) return done(new Map());
    this.#run(['-j', 'list', 'table', 'inet', this.#table], '', ({ failure, output }) => {
      // No table: the first one was refused.
      if (failure === undefined) this.#counts = new Map([...this.#counts, ...readCounts(output)]);
      done(this.#counts);
    });
  }

  forget(sources: readonly Ipv4Range[]): void {
    if (this.#closed || !this.#loaded) return;
    const failure = forgetUntranslated(sources);
    if (failure !== undefined) process.stderr.write(`hashi: connections that began before their translation stay as they are: ${failure}\n`);
  }

  /** Synchronous: it is the last thing that an ending process does. */
  clear(): void {
    this.#generation += 1;
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
    if (!this.#loaded) return;
    this.#loaded = false;
    this.#counts = new Map();
    const failure = this.#now(['-f', '-'], removal(this.#table)).failure;
    if (failure !== undefined) process.stderr.write(`hashi: the table of packet rules ${this.#table} stays in the kernel: ${failure}\n`);
  }

  /** The board closes: nothing may be loaded any more. */
  close(): void {
    this.#closed = true;
    this.clear();
  }

  /** Removes what runs that did not end in order left behind: our table, and tables named after a process that is gone. */
  #cleanUp(): void {
    const { failure, output } = this.#now(['list', 'tables', 'inet'], '');
    if (failure !== undefined) return;
    for (const [, name = '', pid] of output.matchAll(/^table inet (hashi(?:_(\d+))?)$/gm)) {
      if (pid === undefined || !existsSync(`/proc/${pid}`)) this.#now(['-f', '-'], removal(name));
    }
  }

  get #command(): string | undefined {
    const command = this.#given ?? Bun.which('nft', { PATH });
    return command === null ? undefined : command;
  }

  #now(words: readonly string[], input: string): Finished {
    const command = this.#command;
    if (command === undefined) return { failure: NO_NFT, output: '' };
    try {
      const { exitCode, stdout, stderr } = Bun.spawnSync([command, ...words], { stdin: Buffer.from(input), stdout: 'pipe', stderr: 'pipe', timeout: LIMIT_MS });
      return { failure: exitCode === 0 ? undefined : failureText(stderr.toString()), output: stdout.toString() };
    } catch (error) {
      return { failure: `nft cannot be started: ${textOf(error)}`, output: '' };
    }
  }

  #run(words: readonly string[], input: string, done: (finished: Finished) => void): void {
    const command = this.#command;
    if (command === undefined) return done({ failure: NO_NFT, output: '' });
    let child: Bun.Subprocess<Buffer, 'pipe', 'pipe'>;
    try {
      child = Bun.spawn([command, ...words], { stdin: Buffer.from(input), stdout: 'pipe', stderr: 'pipe', timeout: LIMIT_MS, killSignal: 'SIGKILL' });
    } catch (error) {
      return done({ failure: `nft cannot be started: ${textOf(error)}`, output: '' });
    }
    this.#child = child;
    void Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]).then(([output, stderr, code]) => {
      if (this.#child === child) this.#child = undefined;
      if (this.#closed) return;
      if (child.signalCode !== null) return done({ failure: `nft did not end within ${LIMIT_MS / 1000} s`, cut: true, output });
      done({ failure: code === 0 ? undefined : failureText(stderr), output });
    });
  }
}

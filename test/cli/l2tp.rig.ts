// A console on the L2TP commands alone, over a simulated network, for transcripts.

import type { Context } from '../../firmware/cli/command.ts';
import { CommandTable } from '../../firmware/cli/table.ts';
import { l2tpCommands } from '../../firmware/l2tp/l2tp.commands.ts';
import { l2tpConfig } from '../../firmware/l2tp/l2tp.config.ts';
import { Node, type NodeOptions, pair } from '../unit/l2tp/world.ts';
import { CLEAN, Wire } from '../../board/sim/wire.ts';
import { World } from '../../board/sim/world.ts';
import { print } from './shell.ts';

/** One node's commands. Calls have no interface over them unless `users` names some. */
export class L2tpConsole {
  readonly node: Node;
  readonly table: CommandTable;
  readonly printed: string[] = [];
  readonly #print = (text: string): void => void this.printed.push(text);

  constructor(node: Node) {
    this.node = node;
    this.table = new CommandTable(l2tpCommands(node.server));
  }

  run(line: string): string {
    const context: Context = {
      user: 'manager', level: 'manager', from: 'asyn0', now: this.node.now, kind: 'console',
      print: this.#print, ask: () => undefined, logoff: () => undefined,
    };
    return print(this.table.run(line, context));
  }

  /** Runs lines and returns those that gave an error. */
  load(lines: readonly string[]): string[] {
    return lines.map((line) => `${line} -> ${this.run(line)}`).filter((answer) => answer.includes('-> Error'));
  }

  config(): readonly string[] {
    return l2tpConfig(this.node.server).flatMap((section) => section.lines);
  }
}

/** A router without configuration and without neighbours. */
export function lone(options: NodeOptions = {}): L2tpConsole {
  const world = new World(1);
  return new L2tpConsole(new Node(world, new Wire(world, CLEAN), '1.1.1.1', { ...options, seed: 1 }));
}

/** Two routers on one wire, both enabled as BOTH. */
export function two(): { world: World; a: L2tpConsole; b: L2tpConsole } {
  const { world, a, b } = pair();
  return { world, a: new L2tpConsole(a), b: new L2tpConsole(b) };
}

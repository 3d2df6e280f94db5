// A router's own commands (system, users, files, configuration, log) on the simulator board, for transcripts.

import { Logins } from '../../firmware/aaa/login.ts';
import { passwordCommands, userCommands, userConfig } from '../../firmware/aaa/user.commands.ts';
import { Users } from '../../firmware/aaa/users.ts';
import type { Context, Outcome } from '../../firmware/cli/command.ts';
import { printMessage, type Message } from '../../firmware/cli/messages.ts';
import { CommandTable } from '../../firmware/cli/table.ts';
import { aliasCommands, aliasConfig, Aliases } from '../../firmware/config/alias.ts';
import { BootConfig } from '../../firmware/config/boot.ts';
import { configCommands } from '../../firmware/config/config.commands.ts';
import { fileCommands } from '../../firmware/config/file.commands.ts';
import { Files } from '../../firmware/config/files.ts';
import { KeptLines } from '../../firmware/config/kept.ts';
import { loaderCommands, loaderConfig } from '../../firmware/config/loader.commands.ts';
import { Loader } from '../../firmware/config/loader.ts';
import { RunningConfig } from '../../firmware/config/running.ts';
import { scriptCommands } from '../../firmware/config/script.commands.ts';
import { logCommands, logConfig } from '../../firmware/log/log.commands.ts';
import { EventRing } from '../../firmware/log/log.ts';
import { LogOutputs } from '../../firmware/log/outputs.ts';
import { CpuMeter } from '../../firmware/system/cpu.ts';
import { Links } from '../../firmware/system/links.ts';
import { systemCommands, systemConfig } from '../../firmware/system/system.commands.ts';
import { SystemState } from '../../firmware/system/system.ts';
import { telnetCommands, telnetConfig, TELNET_PORT, type TelnetOwner } from '../../firmware/system/telnet.commands.ts';
import { SystemUpdate } from '../../firmware/system/update.ts';
import { SimBoard } from '../../board/sim/board.ts';
import { World } from '../../board/sim/world.ts';

/** A TELNET server that only keeps its settings. */
export class FakeTelnet implements TelnetOwner {
  enabled = true;
  port = TELNET_PORT;
  failure: string | undefined;
  users: string[] = [];
  enable(): string | undefined {
    if (this.failure === undefined) this.enabled = true;
    return this.failure;
  }
  disable(): void {
    this.enabled = false;
  }
  setPort(port: number): string | undefined {
    if (this.failure === undefined) this.port = port;
    return this.failure;
  }
  sessions(): readonly string[] {
    return this.users;
  }
}

export const print = (outcome: Outcome | undefined): string => {
  if (outcome === undefined || outcome === 'silent') return '';
  if ('severity' in outcome) return printMessage(outcome);
  return 'text' in outcome ? outcome.text : '(pending)';
};

export class Shell {
  readonly world = new World(1);
  readonly board = new SimBoard(this.world, { seed: 1 });
  readonly ring = new EventRing(this.board.wall, this.board.clock);
  readonly users = new Users({ crypto: this.board.crypto, random: this.board.random });
  readonly logins = new Logins(this.users, this.ring);
  readonly files = new Files(this.board.flash);
  readonly boot = new BootConfig(this.files, 'set system name=factory\n');
  readonly kept = new KeptLines();
  readonly aliases = new Aliases();
  readonly telnet = new FakeTelnet();
  readonly links = new Links(this.board.ip, this.board.clock);
  readonly cpu = new CpuMeter(this.board.system, this.board.clock);
  readonly loader = new Loader({ files: this.files, transfer: this.board.transfer, system: new SystemUpdate({ updates: undefined, resolver: this.board.resolver, clock: this.board.clock, log: this.ring }), resolver: this.board.resolver, log: this.ring });
  readonly state: SystemState;
  readonly outputs: LogOutputs;
  readonly running: RunningConfig;
  readonly table: CommandTable;
  /** What a person at the prompt answers to the next questions. */
  readonly answers: (string | undefined)[] = [];
  readonly asked: string[] = [];
  readonly printed: string[] = [];
  warnings: string[] = [];
  restarts = 0;
  reboots = 0;

  constructor() {
    const { board, files, boot } = this;
    this.state = new SystemState({ clock: board.clock, wall: board.wall, system: board.system, flash: board.flash, plane: 'sim', bootConfig: () => boot.show(), warnings: () => this.warnings });
    this.outputs = new LogOutputs(this.ring, board.datagrams, () => this.state.hostName);
    this.running = new RunningConfig(
      () => [
        ...logConfig({ ring: this.ring, outputs: this.outputs }),
        ...userConfig(this),
        ...systemConfig(this),
        ...loaderConfig(this),
        ...telnetConfig(this.telnet),
        ...aliasConfig(this.aliases),
      ],
      this.kept,
    );
    this.table = new CommandTable([
      ...systemCommands({ state: this.state, links: this.links, cpu: this.cpu, wall: board.wall, system: board.system, run: (line, context) => this.table.run(line, context) }),
      ...telnetCommands(this.telnet),
      ...userCommands({ users: this.users, logins: this.logins, sessions: () => [{ user: 'manager', from: 'asyn0', since: board.wall.now() }] }),
      ...passwordCommands(this),
      ...logCommands({ ring: this.ring, outputs: this.outputs }),
      ...fileCommands(files),
      ...configCommands({ files, boot, running: this.running, reboot: () => this.reboots++, restart: () => this.restarts++ }),
      ...scriptCommands({ files, clock: board.clock, table: () => this.table }),
      ...aliasCommands(this.aliases, () => this.table.verbs),
      ...loaderCommands({ loader: this.loader, files, clock: board.clock }),
    ]);
  }

  context(user = 'manager'): Context {
    return {
      user,
      level: 'manager',
      from: 'asyn0',
      now: this.world.now,
      kind: 'console',
      print: (text) => this.printed.push(text),
      ask: (prompt, _, answer) => {
        this.asked.push(prompt);
        answer(this.answers.shift());
      },
      logoff: () => undefined,
    };
  }

  /** What the console prints after a line; slow answers are waited for in virtual time. */
  run(line: string, user = 'manager'): string {
    const outcome = this.table.run(line, this.context(user));
    if (outcome === undefined || outcome === 'silent' || !('pending' in outcome)) return print(outcome);
    let answer: Outcome | undefined;
    outcome.pending((late) => {
      answer = late;
    });
    this.world.run(100_000, () => answer !== undefined);
    return answer === undefined ? '(no answer)' : print(answer);
  }

  /** Starts a line without waiting; the answer is in `.answer` when it has come. */
  begin(line: string): { answer: string | undefined; cancel(): void } {
    const outcome = this.table.run(line, this.context());
    if (outcome === undefined || outcome === 'silent' || !('pending' in outcome)) return { answer: print(outcome), cancel: () => undefined };
    const slow: { answer: string | undefined; cancel(): void } = { answer: undefined, cancel: () => outcome.cancel?.() };
    outcome.pending((late: Message | { readonly text: string }) => {
      slow.answer = print(late);
    });
    return slow;
  }

  /** Runs a script's lines and gives the answers that are errors. */
  load(script: string): string[] {
    return script.split('\n').flatMap((line) => {
      const answer = this.run(line);
      return answer.startsWith('Error') ? [`${line} -> ${answer}`] : [];
    });
  }
}

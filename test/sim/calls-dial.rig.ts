// A dialler on simulated ports with an owner that keeps what it is told, and modems that tests drive.

import { Modem, type DialResult } from '../../board/linux/lab/modem.ts';
import type { SimModem } from '../../board/sim/callports.ts';
import { SimBoard } from '../../board/sim/board.ts';
import { World } from '../../board/sim/world.ts';
import { fromUtf8 } from '../../firmware/bytes/text.ts';
import { accCommands, accConfig } from '../../firmware/call/acc.commands.ts';
import { DialCalls } from '../../firmware/call/dial.ts';
import { HdlcReceiver, HdlcSender } from '../../firmware/call/hdlc.ts';
import { isdnCommands, isdnConfig } from '../../firmware/call/isdn.commands.ts';
import type { Arrival, CallLink, CallOwner } from '../../firmware/call/link.ts';
import type { Context } from '../../firmware/cli/command.ts';
import { printMessage } from '../../firmware/cli/messages.ts';
import { CommandTable } from '../../firmware/cli/table.ts';
import type { Punt } from '../../firmware/hal/dataplane.ts';

/** A modem on a line of the rig: what the test says to the router, and what came of it. */
export class TestModem {
  readonly end: SimModem;
  readonly modem: Modem;
  readonly events: string[] = [];
  readonly dialled: string[] = [];
  /** What the next dial commands bring. */
  results: DialResult[] = [];
  readonly frames: Uint8Array[] = [];
  readonly #sender = new HdlcSender();
  readonly #receiver = new HdlcReceiver({ mru: 1500 }, (frame) => this.frames.push(frame.slice()));

  constructor(world: World, end: SimModem, speed = 64_000) {
    this.end = end;
    this.modem = new Modem(
      {
        write: (octets) => end.write(octets),
        data: (octets) => this.#receiver.receive(octets),
        connected: () => this.events.push('connected'),
        hungUp: () => this.events.push('hung up'),
        dialled: (number) => {
          this.dialled.push(number);
          return this.results.shift() ?? 'connect';
        },
      },
      speed,
    );
    end.onData = (data) => this.modem.receive(data, world.now);
    end.onClose = () => this.events.push('closed');
  }

  send(frame: Uint8Array): void {
    this.modem.send(this.#sender.encode(frame));
  }
}

export class DialRig {
  readonly world = new World(7);
  readonly board = new SimBoard(this.world, { seed: 7 });
  readonly dial: DialCalls;
  readonly table: CommandTable;
  readonly log: string[] = [];
  readonly announced: string[] = [];
  /** What the owner was told, in order. */
  readonly told: string[] = [];
  readonly arrivals: Arrival[] = [];
  /** Links by who has them: 'ppp1', 'ISDN-toi'. */
  readonly links = new Map<string, CallLink>();
  /** PPP frames that came up, as hex with the session. */
  readonly frames: { readonly session: number; readonly data: Uint8Array }[] = [];
  /** Static interfaces by layer in lower case. */
  readonly interfaces = new Map<string, { name: string; enabled: boolean }>();
  /** Why the owner takes no caller. */
  refuses: string | undefined;
  #next = 1;

  constructor(...ports: string[]) {
    for (const port of ports) this.board.calls.add(port);
    const { plane, clock } = this.board;
    this.dial = new DialCalls({
      ports: this.board.calls, plane, clock,
      log: { add: ({ module, text }) => this.log.push(`${module} ${text}`) },
      owner: this.#owner(),
      announce: (message) => this.announced.push(printMessage(message)),
    });
    plane.onPunt = (batch: readonly Punt[]) => {
      for (const punt of batch) {
        if (punt.kind === 'line') this.dial.line(punt.session, punt.data);
        if (punt.kind === 'ppp') this.frames.push({ session: punt.session, data: punt.data.slice() });
      }
    };
    this.table = new CommandTable([...isdnCommands(this.dial), ...accCommands(this.dial)]);
  }

  /** What the console prints for a line. */
  say(line: string): string {
    const context: Context = {
      user: 'manager', level: 'manager', from: 'test', now: this.world.now, kind: 'console', print: () => {}, ask: (_prompt, _options, answer) => answer(undefined), logoff: () => {},
    };
    const outcome = this.table.run(line, context);
    if (outcome === undefined || outcome === 'silent' || 'pending' in outcome) return '';
    return 'severity' in outcome ? printMessage(outcome) : outcome.text;
  }

  config(): string[] {
    return [...isdnConfig(this.dial), ...accConfig(this.dial)].flatMap(({ lines }) => lines);
  }

  plug(port: string, speed = 64_000): TestModem {
    const modem = new TestModem(this.world, this.board.calls.connect(port), speed);
    return modem;
  }

  /** A modem that has been set up. */
  ready(port: string, speed = 64_000): TestModem {
    const modem = this.plug(port, speed);
    this.world.run(1000);
    return modem;
  }

  pass(span: number): void {
    this.world.run(span);
  }

  seen(): string[] {
    return this.told.splice(0);
  }

  #owner(): CallOwner {
    return {
      arrive: (arrival) => {
        if (this.refuses !== undefined) return { refused: this.refuses };
        const name = `ppp${this.#next++}`;
        this.arrivals.push(arrival);
        this.told.push(`arrive ${name} ${arrival.over}`);
        return {
          name,
          linkUp: (link) => {
            this.links.set(name, link);
            this.told.push(`up ${name}`);
          },
          linkMtu: () => {},
          linkDown: () => {
            this.links.delete(name);
            this.told.push(`down ${name}`);
          },
        };
      },
      layerUser: (over) => this.interfaces.get(over.toLowerCase()),
      linkUp: (over, link) => {
        this.links.set(over, link);
        this.told.push(`up ${over}`);
      },
      linkDown: (over, reason) => {
        this.links.delete(over);
        this.told.push(`down ${over}: ${reason}`);
      },
      portExists: () => false,
      hostName: () => 'hashi',
    };
  }
}

export const text = (octets: Uint8Array): string => fromUtf8(octets);

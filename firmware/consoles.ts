// Everyone at a prompt: consoles, the command socket, TELNET; and what comes by itself to all of them.

import type { CommandTable } from './cli/table.ts';
import { Session, type LoginAttempt, type LoginVerdict, type SessionOwner } from './cli/session.ts';
import { PAGE } from './cli/screen.ts';
import { openTelnet } from './cli/telnet.ts';
import type { ActiveSession } from './aaa/user.show.ts';
import type { Clock, WallClock, WallTime } from './hal/clock.ts';
import type { Listeners, Stream } from './hal/io.ts';

/** What the consoles ask of the router that runs now; another one after RESTART ROUTER. */
export interface ConsoleRouter {
  readonly table: CommandTable;
  systemName(): string;
  authenticate(attempt: LoginAttempt): LoginVerdict;
  /** What a manager must know at each login, one line each. */
  warnings(): readonly string[];
  /** The line as parsed: aliases replaced. */
  expand(line: string): string;
  /** Whoever printed by `print` has logged off. */
  loggedOff(print: (text: string) => void): void;
}

interface Attached {
  readonly session: Session;
  /** When who is logged in did so. */
  since: WallTime;
}

export class Consoles {
  readonly #owner: SessionOwner;
  readonly #wall: WallClock;
  readonly #sessions = new Set<Attached>();
  #page = PAGE;

  /** `router` gives the router that runs when it is asked. */
  constructor(clock: Clock, wall: WallClock, router: () => ConsoleRouter) {
    this.#wall = wall;
    this.#owner = {
      get table() {
        return router().table;
      },
      now: () => clock.now(),
      systemName: () => router().systemName(),
      authenticate: (attempt) => router().authenticate(attempt),
      warnings: () => router().warnings(),
      expand: (line) => router().expand(line),
      loggedOff: (print) => router().loggedOff(print),
      loggedIn: (session) => {
        for (const attached of this.#sessions) if (attached.session === session) attached.since = this.#wall.now();
      },
      ended: (session) => {
        for (const attached of this.#sessions) if (attached.session === session) this.#sessions.delete(attached);
      },
    };
  }

  /**
   * Opens a session on a stream. 'login' begins at the login prompt of the physical console, 'network' at that of somebody who came
   * over the network (ssh), 'manager' is logged in; the command socket is 'cli'.
   */
  attach(stream: Stream, mode: 'login' | 'network' | 'manager' | 'cli'): void {
    if (mode === 'network') return this.#keep(new Session(stream, this.#owner, { kind: 'telnet' }));
    const login = { user: 'manager', level: 'manager' } as const;
    const kind = mode === 'cli' ? 'cli' : 'console';
    this.#keep(new Session(stream, this.#owner, mode === 'login' ? { kind } : { kind, login }));
  }

  /** Lines to a page of every session, those to come included; Infinity for no paging. */
  get page(): number {
    return this.#page;
  }

  set page(lines: number) {
    this.#page = lines;
    for (const { session } of this.#sessions) session.page = lines;
  }

  attachTelnet(stream: Stream): void {
    this.#keep(openTelnet(stream, this.#owner));
  }

  /** A line for every session that is logged in. */
  announce(text: string): void {
    for (const { session } of this.#sessions) if (session.login !== undefined) session.print(text);
  }

  /** A line for every console, at its login prompt too, and for every session that is logged in. */
  tell(text: string): void {
    for (const { session } of this.#sessions) if (session.kind === 'console' || session.login !== undefined) session.print(text);
  }

  /** Who is at a prompt. */
  active(): ActiveSession[] {
    return [...this.#sessions].flatMap(({ session, since }) => (session.login === undefined ? [] : [{ user: session.login.user, from: session.from, since }]));
  }

  telnetSessions(): string[] {
    return [...this.#sessions].flatMap(({ session }) => (session.kind === 'telnet' ? [`${session.login?.user ?? 'login'} from ${session.from}`] : []));
  }

  /** Ends every session. */
  close(): void {
    for (const { session } of this.#sessions) session.close();
    this.#sessions.clear();
  }

  #keep(session: Session): void {
    session.page = this.#page;
    if (!session.over) this.#sessions.add({ session, since: this.#wall.now() });
  }
}

/** The TELNET server: listens while it is enabled and the IP module is. */
export class TelnetServer {
  readonly #listeners: Listeners;
  readonly #accept: (stream: Stream) => void;
  readonly #consoles: Consoles;
  #wanted = true;
  #ip = false;
  #port = 23;
  #open: { stop(): void } | undefined;

  constructor(listeners: Listeners, consoles: Consoles) {
    this.#listeners = listeners;
    this.#consoles = consoles;
    this.#accept = (stream) => consoles.attachTelnet(stream);
  }

  get enabled(): boolean {
    return this.#wanted;
  }

  get port(): number {
    return this.#port;
  }

  enable(): string | undefined {
    this.#wanted = true;
    return this.#settle();
  }

  disable(): void {
    this.#wanted = false;
    this.#settle();
  }

  setPort(port: number): string | undefined {
    const old = this.#port;
    this.#close();
    this.#port = port;
    const failure = this.#settle();
    if (failure === undefined) return undefined;
    this.#port = old;
    this.#settle();
    return failure;
  }

  /** The IP module was enabled or disabled. Why it cannot listen, as one sentence. */
  ipIs(state: 'enabled' | 'disabled'): string | undefined {
    this.#ip = state === 'enabled';
    return this.#settle();
  }

  sessions(): readonly string[] {
    return this.#consoles.telnetSessions();
  }

  close(): void {
    this.#close();
  }

  #close(): void {
    this.#open?.stop();
    this.#open = undefined;
  }

  #settle(): string | undefined {
    if (!this.#wanted || !this.#ip) {
      this.#close();
      return undefined;
    }
    if (this.#open !== undefined) return undefined;
    const open = this.#listeners.listen(this.#port, this.#accept);
    if ('refused' in open) return open.refused;
    this.#open = open;
    return undefined;
  }
}

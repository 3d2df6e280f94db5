// A person or program at a prompt: login, prompts, commands, paging, output that comes by itself (AR740 command reference, "Operation").
// The same for the console, TELNET and the command socket; on what is no terminal without echo, escapes and paging.

import { wrap } from '../bytes/text.ts';
import type { Millis } from '../bytes/time.ts';
import type { Stream } from '../hal/io.ts';
import type { Context, Level, Outcome, Text } from './command.ts';
import { Utf8Decoder } from './decoder.ts';
import { renderOptions } from './help.ts';
import { Keys, type Input, type Key } from './keys.ts';
import { lex, MAX_LINE } from './lexer.ts';
import { messages, printMessage, type Message } from './messages.ts';
import { PlainKeys } from './plain.ts';
import { InputQueue } from './queue.ts';
import { Screen } from './screen.ts';
import type { CommandTable } from './table.ts';

/** A name and password given at a prompt. */
export interface LoginAttempt {
  readonly user: string;
  readonly password: string;
  readonly kind: 'console' | 'telnet';
  readonly from: string;
  readonly now: Millis;
}

export type LoginVerdict = { readonly kind: 'accepted'; readonly user: string; readonly level: Level } | { readonly kind: 'refused'; readonly message: Message };

/** What a session needs of the router. */
export interface SessionOwner {
  readonly table: CommandTable;
  now(): Millis;
  /** SET SYSTEM NAME; '' where there is none. */
  systemName(): string;
  /** Judges a login and counts failures; locks are its own, too. */
  authenticate(attempt: LoginAttempt): LoginVerdict;
  /** A typed line with its aliases replaced. */
  expand?(line: string): string;
  /** What is printed at each login, one line each: what a manager must know at once. */
  warnings?(): readonly string[];
  /** A login is over: `print` of its contexts prints nothing any more. */
  loggedOff?(print: Context['print']): void;
  /** Somebody has logged in at a prompt. */
  loggedIn?(session: Session): void;
  /** The session is over; its stream is closed or closing. */
  ended(session: Session): void;
}

/** Who is logged in. */
export interface Login {
  readonly user: string;
  readonly level: Level;
}

export interface SessionOptions {
  readonly kind: 'console' | 'telnet' | 'cli';
  /** Logged in from the start: the command socket and the lab's console. */
  readonly login?: Login;
  /** What LOGOFF does: back to the login prompt or close. By default a console that began at the login prompt goes back to it. */
  readonly logoff?: 'login' | 'close';
  /** Printed first. */
  readonly banner?: string;
}

/** Failed logins after which a TELNET connection is closed (AlliedWare default of SET USER LOGINFAIL). */
const FAILURES = 5;
/** Octets of input that wait while a command runs (our limit); a session that exceeds it is ended. */
const WAITING = 4_000_000;
/** A prompt in front of a command that was pasted from the manual or from another session. */
const PASTED_PROMPT = /^\s*(?:Manager|SecOff)(?:\s[^\s>=]*)?\s*>\s*/;
type Mode = 'login' | 'password' | 'command' | 'asking' | 'busy' | 'more' | 'ended';

/** One session. Begins by itself; `print` and `close` may be called at any time. */
export class Session {
  readonly kind: SessionOptions['kind'];
  readonly from: string;
  /** When the last input came. */
  active: Millis;
  readonly #stream: Stream;
  readonly #owner: SessionOwner;
  readonly #afterLogoff: 'login' | 'close';
  readonly #screen: Screen;
  readonly #keys: Keys | PlainKeys;
  readonly #decoder = new Utf8Decoder();
  #mode: Mode = 'busy';
  #login: Login | undefined;
  /** What the contexts of this login print by; made by its first command. */
  #late: Context['print'] | undefined;
  #name = '';
  #failures = 0;
  readonly #queue = new InputQueue();
  #pumping = false;
  /** The command that has not answered yet. */
  #running: { cancel: (() => void) | undefined } | undefined;
  #asked: ((text: string | undefined) => void) | undefined;
  #then: 'prompt' | 'logoff' | { readonly login: string | undefined } = 'prompt';
  #drained = false;

  constructor(stream: Stream, owner: SessionOwner, options: SessionOptions) {
    this.#stream = stream;
    this.#owner = owner;
    this.kind = options.kind;
    this.from = stream.from;
    this.active = owner.now();
    this.#afterLogoff = options.logoff ?? (options.kind === 'console' && options.login === undefined ? 'login' : 'close');
    this.#screen = new Screen(stream);
    this.#keys = stream.terminal ? new Keys() : new PlainKeys();
    this.#login = options.login;
    if (options.banner !== undefined) this.#screen.lines([options.banner, '']);
    stream.onData = (data) => this.#receive(data);
    stream.onClose = () => this.#closed();
    if (stream.columns !== undefined) this.columns = stream.columns;
    stream.onColumns = (columns) => {
      this.columns = columns;
    };
    this.#ready();
  }

  /** Who is logged in; undefined at the login prompt. */
  get login(): Login | undefined {
    return this.#login;
  }

  /** True when it has ended. */
  get over(): boolean {
    return this.#mode === 'ended';
  }

  /** Width of the terminal, 20 at least. */
  set columns(columns: number) {
    this.#screen.line.columns = Math.max(20, columns);
  }

  /** Lines to a page, Infinity for no paging (SET ASYN PAGE). */
  set page(lines: number) {
    this.#screen.page = Math.max(2, lines);
  }

  /** Lines that come by themselves. What is being typed is drawn again below them. */
  print(text: string): void {
    if (this.#mode === 'ended') return;
    this.#screen.late(text.split(/\r?\n/).map((line) => this.#fold(line)).join('\n'), { prompt: this.#mode !== 'busy', renamed: this.#mode === 'command' ? this.#prompt() : undefined });
  }

  /** Ends the session after `text`. */
  close(text?: string): void {
    if (this.#mode === 'ended') return;
    if (text !== undefined) this.print(text);
    this.#end();
  }

  #end(): void {
    if (this.#mode === 'ended') return;
    this.#mode = 'ended';
    const [asked, running] = [this.#asked, this.#running];
    this.#asked = undefined;
    this.#running = undefined;
    this.#queue.clear();
    running?.cancel?.();
    asked?.(undefined);
    this.#stream.close();
    this.#leave();
    this.#owner.ended(this);
  }

  #receive(data: Uint8Array): void {
    if (this.#mode === 'ended' || this.#drained) return;
    this.active = this.#owner.now();
    this.#take(this.#keys.read(this.#decoder.decode(data)));
  }

  #take(inputs: readonly Input[]): void {
    for (const input of inputs) {
      if ('key' in input && input.key === 'interrupt' && this.#interrupt()) continue;
      this.#queue.push(input);
      this.#pump();
    }
    if (this.#queue.size > WAITING) this.close('Too much input while a command is running: session closed.');
  }

  /** Ctrl-C acts before all that waits. True where there was something to stop. */
  #interrupt(): boolean {
    if (this.#mode === 'asking' || this.#mode === 'password') {
      this.#screen.line.leave();
      this.#queue.clear();
      if (this.#mode === 'password') this.#ready();
      else this.#answer(undefined);
      return true;
    }
    if (this.#mode !== 'busy' || this.#running === undefined) return false;
    const { cancel } = this.#running;
    if (cancel === undefined) return true;
    this.#running = undefined;
    this.#queue.clear();
    cancel();
    this.#show(messages.parser.cancelled());
    return true;
  }

  /** The other side sends no more. A pipe's commands are all run first; a person who has gone wants nothing more. */
  #closed(): void {
    if (this.#mode === 'ended') return;
    if (this.#stream.terminal) return this.#end();
    this.#drained = true;
    const { last } = this.#queue;
    if (last === undefined ? !this.#screen.line.empty : 'text' in last) this.#queue.push({ key: 'enter' });
    this.#pump();
    this.#endIfDrained();
  }

  #endIfDrained(): void {
    if (!this.#drained || !this.#queue.empty) return;
    if (this.#asked !== undefined) this.#answer(undefined);
    if (this.#running === undefined) this.#end();
  }

  /** Takes what waits until a command is running. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#mode !== 'busy' && this.#mode !== 'ended') {
      const input = this.#queue.take();
      if (input === undefined) break;
      const rest = 'key' in input ? this.#press(input.key) : this.#type(input.text);
      this.#queue.putBack(rest);
    }
    this.#pumping = false;
    this.#endIfDrained();
  }

  /** Takes text; returns what is left for the next mode. */
  #type(text: string): string {
    if (this.#mode === 'more') {
      const [first] = text;
      this.#page(first === ' ' ? 'page' : first === 'c' || first === 'C' ? 'all' : first === 'q' || first === 'Q' ? 'none' : undefined);
      return text.slice(first?.length ?? 0);
    }
    const mark = this.#mode === 'command' && this.#stream.terminal ? text.indexOf('?') : -1;
    if (mark < 0) {
      this.#screen.line.type(text);
      return '';
    }
    this.#screen.line.type(text.slice(0, mark));
    if (this.#asksHelp()) this.#options(this.#screen.line.before);
    else this.#screen.line.type('?');
    // Impatient question marks ask the same thing.
    return this.#asksHelp() ? text.slice(mark + 1).replace(/^\?+/, '') : text.slice(mark + 1);
  }

  /** In quotation marks and comments a question mark is a character. */
  #asksHelp(): boolean {
    const text = this.#screen.line.before;
    const lexed = lex(text);
    return !('severity' in lexed) && !lexed.open && !text.trimStart().startsWith('#');
  }

  #press(key: Key): '' {
    if (this.#mode === 'more') this.#page(key === 'enter' ? 'line' : key === 'interrupt' || key === 'endOfInput' ? 'none' : undefined);
    else if (key === 'interrupt') this.#showHistory();
    else if (key === 'complete') this.#complete();
    else if (key === 'endOfInput') this.#endOfInput();
    else {
      const edited = this.#screen.line.press(key);
      if (edited !== 'typed') this.#entered(edited.line, edited.tooLong);
    }
    return '';
  }

  #endOfInput(): void {
    if (!this.#screen.line.empty) return;
    this.#screen.line.leave();
    if (this.#mode === 'asking') return this.#answer(undefined);
    this.#logoff();
  }

  #complete(): void {
    if (this.#mode === 'command' && this.#login !== undefined) this.#screen.line.type(this.#owner.table.complete(this.#screen.line.before, this.#login.level));
  }

  #showHistory(): void {
    if (this.#mode !== 'command') return;
    this.#screen.line.leave();
    this.#screen.lines(['', 'Command history:', ...this.#screen.line.history.map((line, i) => `${String(i + 1).padStart(4)}  ${line}`), '']);
    this.#screen.line.show();
  }

  #options(text: string): void {
    if (this.#login === undefined) return;
    this.#screen.line.leave();
    this.#screen.lines(['', ...renderOptions(this.#owner.table.options(text, this.#login.level)), '']);
    this.#screen.line.show();
  }

  #entered(line: string, tooLong: boolean): void {
    switch (this.#mode) {
      case 'login':
        return this.#named(line.trim());
      case 'password':
        return this.#authenticate(line);
      case 'asking':
        return this.#answer(tooLong ? undefined : line);
      case 'command':
        return this.#command(line, tooLong);
      case 'busy':
      case 'more':
      case 'ended':
        return undefined;
    }
  }

  /** The prompt for what comes next. */
  #ready(): void {
    if (this.#mode === 'ended') return;
    const then = this.#then;
    this.#then = 'prompt';
    if (then === 'logoff') return this.#logoff();
    if (then !== 'prompt') {
      this.#leave();
      if (then.login !== undefined) return this.#named(then.login);
    }
    this.#mode = this.#login === undefined ? 'login' : 'command';
    this.#screen.line.begin(this.#prompt(), { hidden: false });
    this.#pump();
  }

  #prompt(): string {
    const name = this.#owner.systemName();
    if (this.#login === undefined) return name === '' ? 'login: ' : `${name} login: `;
    const word = { user: '', manager: 'Manager ', security: 'SecOff ' }[this.#login.level];
    return name === '' ? `${word}> ` : `${word}${name}> `;
  }

  #named(name: string): void {
    if (name === '') return this.#ready();
    this.#name = name;
    this.#mode = 'password';
    this.#screen.line.begin('Password: ', { hidden: true });
  }

  #authenticate(password: string): void {
    const kind = this.kind === 'telnet' ? 'telnet' : 'console';
    const verdict = this.#owner.authenticate({ user: this.#name, password, kind, from: this.from, now: this.#owner.now() });
    this.#name = '';
    if (verdict.kind === 'accepted') {
      this.#failures = 0;
      this.#login = { user: verdict.user, level: verdict.level };
      this.#owner.loggedIn?.(this);
      this.#screen.lines(['', ...(this.#owner.warnings?.() ?? []).flatMap((line) => [this.#fold(line), ''])]);
      return this.#ready();
    }
    this.#screen.lines(['', this.#fold(printMessage(verdict.message)), '']);
    this.#failures++;
    if (this.#failures >= FAILURES && this.kind !== 'console') return this.#end();
    this.#ready();
  }

  #logoff(): void {
    if (this.#login === undefined || this.#afterLogoff === 'close') return this.kind === 'console' && this.#afterLogoff === 'login' ? this.#again() : this.#end();
    this.#leave();
    this.#again();
  }

  /** The login is over: what it asked for (PING, debugging) is not for whoever is next at this terminal. */
  #leave(): void {
    const late = this.#late;
    this.#login = undefined;
    this.#late = undefined;
    if (late !== undefined) this.#owner.loggedOff?.(late);
  }

  #again(): void {
    this.#screen.lines(['']);
    this.#ready();
  }

  #command(typed: string, tooLong: boolean): void {
    const line = typed.replace(PASTED_PROMPT, '');
    const login = this.#login;
    if (login === undefined) return this.#ready();
    this.#mode = 'busy';
    if (tooLong) return this.#show(messages.parser.tooLong(MAX_LINE));
    this.#screen.line.remember(line);
    const asks = this.#stream.terminal ? null : /^((?:.*\s)?)\?\s*$/.exec(line);
    if (asks !== null) return this.#show({ text: renderOptions(this.#owner.table.options(asks[1] ?? '', login.level)).join('\n') });
    const outcome = this.#owner.table.run(this.#owner.expand?.(line) ?? line, this.#context(login));
    this.#outcome(outcome ?? 'silent');
  }

  #outcome(outcome: Outcome): void {
    if (outcome === 'silent') {
      if (this.#asked === undefined) this.#ready();
      return;
    }
    if (!('pending' in outcome)) return this.#show(outcome);
    const running = { cancel: outcome.cancel };
    this.#running = running;
    outcome.pending((late) => {
      if (this.#running !== running) return;
      this.#running = undefined;
      this.#asked = undefined;
      this.#show(late);
    });
  }

  #context(login: Login): Context {
    const { user, level } = login;
    this.#late ??= (text) => {
      if (this.#login === login) this.print(text);
    };
    return {
      user,
      level,
      from: this.from,
      now: this.#owner.now(),
      // A person at a terminal stays to see late lines, a pipe's end would lose them: there a command lasts until its last line.
      kind: this.kind === 'cli' && this.#stream.terminal ? 'console' : this.kind,
      print: this.#late,
      ask: (prompt, options, answer) => this.#ask(prompt, options.hidden, answer),
      logoff: () => {
        this.#then = 'logoff';
      },
      login: (name) => {
        this.#then = { login: name };
      },
    };
  }

  #ask(prompt: string, hidden: boolean, answer: (text: string | undefined) => void): void {
    if (this.#mode !== 'busy' || this.#asked !== undefined) return answer(undefined);
    this.#asked = answer;
    this.#mode = 'asking';
    this.#screen.line.begin(prompt, { hidden });
    // A question asked while the command is still being applied is answered after it has returned.
    if (!this.#pumping) this.#pump();
  }

  #answer(text: string | undefined): void {
    const answer = this.#asked;
    this.#asked = undefined;
    this.#mode = 'busy';
    answer?.(text);
    if (this.#isBusy() && this.#running === undefined && this.#asked === undefined) this.#ready();
  }

  #isBusy(): boolean {
    return this.#mode === 'busy';
  }

  /** The answer of a command, a blank line before and after it, a page at a time. */
  #show(answer: Message | Text): void {
    if (this.#mode === 'ended') return;
    if (this.#mode === 'asking') this.#screen.line.leave();
    this.#mode = 'busy';
    this.#screen.answer('severity' in answer ? this.#fold(printMessage(answer)) : answer.text);
    this.#shown();
  }

  /** A sentence in lines that fit a terminal; whole where a program reads it. */
  #fold(text: string): string {
    return this.#stream.terminal ? wrap(text, this.#screen.line.columns - 1).join('\r\n') : text;
  }

  #page(how: 'page' | 'line' | 'all' | 'none' | undefined): void {
    if (how === undefined) return;
    this.#screen.more(how);
    this.#shown();
  }

  #shown(): void {
    this.#mode = this.#screen.paging ? 'more' : 'busy';
    if (this.#mode === 'busy') this.#ready();
  }
}

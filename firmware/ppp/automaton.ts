// The option negotiation automaton of all PPP control protocols (RFC 1661 4). Knows no packets, options or clocks.

import { NEVER, type Millis } from '../bytes/time.ts';

export type State = 'Initial' | 'Starting' | 'Closed' | 'Stopped' | 'Closing' | 'Stopping' | 'Req-Sent' | 'Ack-Rcvd' | 'Ack-Sent' | 'Opened';
export type Event = 'Up' | 'Down' | 'Open' | 'Close' | 'TO+' | 'TO-' | 'RCR+' | 'RCR-' | 'RCA' | 'RCN' | 'RTR' | 'RTA' | 'RUC' | 'RXJ+' | 'RXJ-' | 'RXR';
/** What the automaton asks its owner to do, named as in RFC 1661 4.4; irc and zrc it does itself. */
export type Action = 'tlu' | 'tld' | 'tls' | 'tlf' | 'scr' | 'sca' | 'scn' | 'str' | 'sta' | 'scj' | 'ser';

/** The state names of RFC 1661 4.2 in the order of their numbers 0..9. */
export const STATES = ['Initial', 'Starting', 'Closed', 'Stopped', 'Closing', 'Stopping', 'Req-Sent', 'Ack-Rcvd', 'Ack-Sent', 'Opened'] as const;

type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9';
type Act = Action | 'irc' | 'zrc';
/** Actions in order, then the next state; '-' cannot happen. */
type Cell = '-' | Digit | `${Act}/${Digit}` | `${Act},${Act}/${Digit}` | `${Act},${Act},${Act}/${Digit}`;
type Row = readonly [Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell];

// The table of RFC 1661 4.1, columns 0..9. Notes: p (stay Stopped) and x (crossed connection) change nothing here; r
// (restart) is the owner's: a link that is wanted again gets a new automaton.
const TABLE: Readonly<Record<Event, Row>> = {
  Up: ['2', 'irc,scr/6', '-', '-', '-', '-', '-', '-', '-', '-'],
  Down: ['-', '-', '0', 'tls/1', '0', '1', '1', '1', '1', 'tld/1'],
  Open: ['tls/1', '1', 'irc,scr/6', '3', '5', '5', '6', '7', '8', '9'],
  Close: ['0', 'tlf/0', '2', '2', '4', '4', 'irc,str/4', 'irc,str/4', 'irc,str/4', 'tld,irc,str/4'],
  'TO+': ['-', '-', '-', '-', 'str/4', 'str/5', 'scr/6', 'scr/6', 'scr/8', '-'],
  'TO-': ['-', '-', '-', '-', 'tlf/2', 'tlf/3', 'tlf/3', 'tlf/3', 'tlf/3', '-'],
  'RCR+': ['-', '-', 'sta/2', 'irc,scr,sca/8', '4', '5', 'sca/8', 'sca,tlu/9', 'sca/8', 'tld,scr,sca/8'],
  'RCR-': ['-', '-', 'sta/2', 'irc,scr,scn/6', '4', '5', 'scn/6', 'scn/7', 'scn/6', 'tld,scr,scn/6'],
  RCA: ['-', '-', 'sta/2', 'sta/3', '4', '5', 'irc/7', 'scr/6', 'irc,tlu/9', 'tld,scr/6'],
  RCN: ['-', '-', 'sta/2', 'sta/3', '4', '5', 'irc,scr/6', 'scr/6', 'irc,scr/8', 'tld,scr/6'],
  RTR: ['-', '-', 'sta/2', 'sta/3', 'sta/4', 'sta/5', 'sta/6', 'sta/6', 'sta/6', 'tld,zrc,sta/5'],
  RTA: ['-', '-', '2', '3', 'tlf/2', 'tlf/3', '6', '6', '8', 'tld,scr/6'],
  RUC: ['-', '-', 'scj/2', 'scj/3', 'scj/4', 'scj/5', 'scj/6', 'scj/7', 'scj/8', 'scj/9'],
  'RXJ+': ['-', '-', '2', '3', '4', '5', '6', '6', '8', '9'],
  'RXJ-': ['-', '-', 'tlf/2', 'tlf/3', 'tlf/2', 'tlf/3', 'tlf/3', 'tlf/3', 'tlf/3', 'tld,irc,str/5'],
  RXR: ['-', '-', '2', '3', '4', '5', '6', '7', '8', 'ser/9'],
};

interface Step {
  readonly actions: readonly string[];
  readonly next: State;
}

/** The cells read once: per event, per state number; undefined where the table has '-'. */
const STEPS = new Map<string, readonly (Step | undefined)[]>(
  Object.entries(TABLE).map(([event, row]) => [
    event,
    row.map((cell) => {
      if (cell === '-') return undefined;
      const [actions = '', digit] = cell.includes('/') ? cell.split('/') : ['', cell];
      return { actions: actions === '' ? [] : actions.split(','), next: STATES[Number(digit)] ?? 'Initial' };
    }),
  ]),
);

/** RFC 1661 4.6. Counts may be Infinity (CONTINUOUS). */
export interface Limits {
  /** Restart timer, ms. */
  readonly restart: Millis;
  readonly maxTerminate: number;
  readonly maxConfigure: number;
  readonly maxFailure: number;
}
export const DEFAULT_LIMITS: Limits = { restart: 3000, maxTerminate: 2, maxConfigure: 10, maxFailure: 5 };

/** One automaton: state, restart counter and restart timer. */
export class Automaton {
  readonly #act: (action: Action, now: Millis) => void;
  readonly #limits: Limits;
  #state: State = 'Initial';
  #counter = 0;
  #due: Millis = NEVER;

  /** `act` carries out one action; the state is already the new one then, and the action may give further events. */
  constructor(act: (action: Action, now: Millis) => void, limits: Limits = DEFAULT_LIMITS) {
    this.#act = act;
    this.#limits = limits;
  }

  get state(): State {
    return this.#state;
  }

  /** The restart counter: how many more times the restart timer may expire before TO-. */
  get counter(): number {
    return this.#counter;
  }

  /** Applies one cell of the table. False where the table has '-': nothing changed. */
  event(event: Event, now: Millis): boolean {
    const step = STEPS.get(event)?.[STATES.indexOf(this.#state)];
    if (step === undefined) return false;
    const before = this.#state;
    this.#state = step.next;
    this.#timer(before, now);
    for (const action of step.actions) this.#do(action, now);
    return true;
  }

  /** Opened without a packet: somebody else has negotiated for us (RFC 2661 4.4.5). Only for an automaton that has not begun. */
  adopt(now: Millis): void {
    if (this.#state !== 'Initial') return;
    this.#state = 'Opened';
    this.#act('tlu', now);
  }

  /** When the restart timer expires; NEVER while it does not run. */
  deadline(): Millis {
    return this.#due;
  }

  /** Gives TO+ or TO- where the restart timer has expired. Idempotent. */
  tick(now: Millis): void {
    if (now < this.#due) return;
    this.#due = now + this.#limits.restart;
    this.event(this.#counter > 0 ? 'TO+' : 'TO-', now);
  }

  /** The timer runs in the states Closing to Ack-Sent (RFC 1661 4.2), from the last request or Terminate-Ack on. */
  #timer(before: State, now: Millis): void {
    const runs = (state: State): boolean => STATES.indexOf(state) >= 4 && state !== 'Opened';
    if (!runs(this.#state)) this.#due = NEVER;
    else if (!runs(before)) this.#due = now + this.#limits.restart;
  }

  #do(action: string, now: Millis): void {
    switch (action) {
      case 'irc':
        this.#counter = this.#state === 'Closing' || this.#state === 'Stopping' ? this.#limits.maxTerminate : this.#limits.maxConfigure;
        return;
      case 'zrc':
        this.#counter = 0;
        this.#due = now + this.#limits.restart;
        return;
      case 'scr':
      case 'str':
        this.#counter--;
        this.#due = now + this.#limits.restart;
        this.#act(action, now);
        return;
      case 'tlu':
      case 'tld':
      case 'tls':
      case 'tlf':
      case 'sca':
      case 'scn':
      case 'sta':
      case 'scj':
      case 'ser':
        this.#act(action, now);
        return;
      default:
        return;
    }
  }
}

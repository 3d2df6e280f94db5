// Asynchronous calls as the operator configures them (AlliedWare ACC chapter): the forms of ADD and SET ACC CALL, and what their values mean.

import { type Args, form } from '../cli/command.ts';
import { messages } from '../cli/messages.ts';
import { Book } from './book.ts';
import type { DialCall } from './dialcall.ts';

const OPTIONS = `[ASYN=0..255] [AUTHENTICATION={NONE|CHAP|PAP|USER}] [CDSCRIPT=file-name] [ENCAPSULATION={NONE|PPP}] [NUMBER=phone-number] [PASSWORD=password]
  [PPPTEMPLATE=0..31] [USERNAME=login-name]`;

/** The values of parameters that ADD ACC CALL leaves out. */
export const ACC_DEFAULTS = { authentication: 'NONE', encapsulation: 'PPP' } as const;

export const ADD_ACC = form({
  syntax: `ADD ACC CALL=call-name DIRECTION={ANSWER|ORIGINATE} ${OPTIONS}`,
  level: 'manager',
  defaults: ACC_DEFAULTS,
  example: 'ADD ACC CALL=dialin DIRECTION=ANSWER ENCAPSULATION=PPP PPPTEMPLATE=0',
  help:
    'Defines a call on an asynchronous port: one that a modem answers or makes. With a template each caller gets a PPP interface, which proves who he is; else ' +
    'the call belongs to CREATE PPP OVER=ACC-name. AUTHENTICATION, CDSCRIPT, USERNAME and PASSWORD are stored only.',
});

export const SET_ACC = form({
  syntax: `SET ACC CALL=call-name [DIRECTION={ANSWER|ORIGINATE}] ${OPTIONS}`,
  level: 'manager',
  example: 'SET ACC CALL=dialin ASYN=1',
  help: 'Changes an asynchronous call; parameters not given stay as they are. A call that is up keeps the old values.',
});

export type AccSettings = Args<typeof ADD_ACC>;
export type AccChange = Omit<Args<typeof SET_ACC>, 'call'>;

export const accBook = (): Book<AccSettings> =>
  new Book({
    exists: messages.acc.callExists,
    missing: messages.acc.callNotFound,
    conflict: ({ direction, number }) => (direction === 'ORIGINATE' && number === undefined ? messages.acc.neededWith('NUMBER', 'DIRECTION=ORIGINATE') : undefined),
  });

/** Of a modem that does not say how fast it is, bit/s. */
const MODEM_SPEED = 33_600;
/** Own choice: ACC calls have no retry parameters. */
const RETRY = { n1: 3, n2: 0, t1: 30_000, t2: 300_000 } as const;

/** The call as the dialler sees it. */
export function accCall(call: AccSettings): DialCall {
  return {
    kind: 'ACC',
    name: call.call,
    over: `ACC-${call.call}`,
    ports: 'async',
    required: call.asyn === undefined ? undefined : `asyn${call.asyn}`,
    preferred: undefined,
    enabled: true,
    calls: call.direction === 'ORIGINATE',
    answers: call.direction === 'ANSWER',
    numbers: call.number === undefined ? [] : [call.number],
    subAddress: '',
    template: call.ppptemplate,
    precedence: 'IN',
    speed: MODEM_SPEED,
    holdUp: 0,
    keepUp: false,
    retry: RETRY,
    fits: () => 1,
    objection: () => (call.encapsulation === 'NONE' ? 'ENCAPSULATION=NONE: terminal sessions over calls are not available' : undefined),
  };
}

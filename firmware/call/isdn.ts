// ISDN calls as the operator configures them (AlliedWare ISDN chapter): the forms of ADD and SET ISDN CALL, and what their values mean.

import { type Args, form } from '../cli/command.ts';
import { messages } from '../cli/messages.ts';
import { Book } from './book.ts';
import type { DialCall } from './dialcall.ts';
import type { Ring } from './ring.ts';

const OPTIONS = `[ALTNUMBER=phone-number] [CALLBACK={ON|OFF}] [CALLINGNUMBER=phone-number] [CALLINGSUBADDRESS=subaddress] [CBDELAY=0..100]
  [CHECKCLI={OFF|PRESENT|REQUIRED}] [CHECKSUB={OFF|LOCAL|REMOTE}] [CHECKUSER={OFF|LOCAL|REMOTE}] [DIRECTION={IN|OUT|BOTH}] [HOLDUP=0..7200] [INANY={ON|OFF}]
  [INCLI={ON|OFF|0..99}] [INSUB={OFF|LOCAL|REMOTE}] [INTPREF={interface|NONE}] [INTREQ={interface|NONE}] [INUSER={OFF|LOCAL|REMOTE}] [KEEPUP={ON|OFF}]
  [LOGIN={ALL|CHAP|NONE|PAP-RADIUS|PAP-TACACS|RADIUS|TACACS|USER}] [OUTCLI={OFF|CALLING|INTERFACE|NONUMBER}] [OUTSUB={OFF|LOCAL|REMOTE}]
  [OUTUSER={OFF|LOCAL|REMOTE}] [PASSWORD=password] [PPPTEMPLATE=0..31] [PRIORITY=0..99] [RATE={56K|64K}] [REMOTECALL=call-name] [RETRYN1=0..10] [RETRYN2=0..5]
  [RETRYT1=5..120] [RETRYT2=300..1200] [SUBADDRESS=subaddress] [USER={ATTACH|PPP}] [USERNAME=login-name]`;

/** The values of parameters that ADD ISDN CALL leaves out. */
export const ISDN_DEFAULTS = {
  callback: 'OFF', checkcli: 'OFF', checksub: 'OFF', checkuser: 'OFF', direction: 'BOTH', holdup: 0, inany: 'OFF', incli: 'OFF', insub: 'OFF', intpref: 'NONE',
  intreq: 'NONE', inuser: 'OFF', keepup: 'OFF', login: 'NONE', outcli: 'OFF', outsub: 'OFF', outuser: 'OFF', priority: 50, rate: '64K', retryn1: 0, retryn2: 0,
  retryt1: 30, retryt2: 600, user: 'ATTACH',
} as const;

export const ADD_ISDN = form({
  syntax: `ADD ISDN CALL=call-name NUMBER=phone-number PRECEDENCE={IN|OUT} ${OPTIONS}`,
  level: 'manager',
  defaults: ISDN_DEFAULTS,
  example: 'ADD ISDN CALL=rmt NUMBER=0 PRECEDENCE=IN INANY=ON INTREQ=bri0 USER=PPP PPPTEMPLATE=0',
  help:
    'Defines a call on an ISDN port: whom to call, and which calls that come in belong to it (INANY, INCLI, INSUB). With USER=PPP and a template each caller ' +
    'gets a PPP interface; else the call belongs to CREATE PPP OVER=ISDN-name. CALLBACK, LOGIN, OUTCLI and the user-to-user parameters are stored only.',
});

export const SET_ISDN = form({
  syntax: `SET ISDN CALL=call-name [NUMBER=phone-number] [PRECEDENCE={IN|OUT}] ${OPTIONS}`,
  level: 'manager',
  example: 'SET ISDN CALL=rmt HOLDUP=60',
  help: 'Changes an ISDN call; parameters not given stay as they are. A call that is up keeps the old values.',
});

export type IsdnSettings = Args<typeof ADD_ISDN>;
export type IsdnChange = Omit<Args<typeof SET_ISDN>, 'call'>;

export const isdnBook = (): Book<IsdnSettings> =>
  new Book({
    exists: messages.isdn.callExists,
    missing: messages.isdn.callNotFound,
    conflict: ({ user, ppptemplate }) => (user === 'PPP' && ppptemplate === undefined ? messages.isdn.neededWith('PPPTEMPLATE', 'USER=PPP') : undefined),
  });

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
/** Hyphens are for the reader only. */
const plain = (number: string): string => number.replaceAll('-', '');

/** Whether the caller's number is one that the call names. */
function knows({ number, altnumber, callingnumber }: IsdnSettings, caller: string): boolean {
  return caller !== '' && [number, altnumber, callingnumber].some((one) => one !== undefined && plain(one) === caller);
}

/** How well a call that rings belongs to a configured one: 0 = not at all; a subaddress says more than a number, a number more than INANY. */
function fits(call: IsdnSettings, ring: Ring): number {
  if (call.insub === 'LOCAL' && same(ring.subAddress, call.call)) return 3;
  if (call.insub === 'REMOTE' && call.remotecall !== undefined && same(ring.subAddress, call.remotecall)) return 3;
  if (call.incli === 'ON' && knows(call, ring.callingNumber)) return 2;
  return call.inany === 'ON' ? 1 : 0;
}

/** What CHECKCLI and CHECKSUB object to. */
function objection(call: IsdnSettings, ring: Ring): string | undefined {
  const { callingNumber: caller, subAddress } = ring;
  if (call.checkcli === 'REQUIRED' && caller === '') return 'CHECKCLI=REQUIRED and the caller shows no number';
  if (call.checkcli !== 'OFF' && caller !== '' && !knows(call, caller)) return `CHECKCLI=${call.checkcli} and ${caller} is not the number of the call`;
  if (call.checksub === 'LOCAL' && !same(subAddress, call.call)) return 'CHECKSUB=LOCAL and the subaddress is not the name of the call';
  if (call.checksub === 'REMOTE' && !same(subAddress, call.remotecall ?? '')) return 'CHECKSUB=REMOTE and the subaddress is not REMOTECALL';
  return undefined;
}

/** The port that a value of INTREQ or INTPREF names. */
const portOf = (value: IsdnSettings['intreq']): string | undefined => (value === 'NONE' ? undefined : value.value.toLowerCase());

/** The call as the dialler sees it. */
export function isdnCall(call: IsdnSettings, enabled: boolean): DialCall {
  return {
    kind: 'ISDN',
    name: call.call,
    over: `ISDN-${call.call}`,
    ports: 'isdn',
    required: portOf(call.intreq),
    preferred: portOf(call.intpref),
    enabled,
    calls: call.direction !== 'IN',
    answers: call.direction !== 'OUT',
    numbers: call.altnumber === undefined ? [call.number] : [call.number, call.altnumber],
    subAddress: call.subaddress ?? (call.outsub === 'LOCAL' ? call.call : call.outsub === 'REMOTE' ? (call.remotecall ?? '') : ''),
    template: call.user === 'PPP' ? call.ppptemplate : undefined,
    precedence: call.precedence,
    speed: call.rate === '56K' ? 56_000 : 64_000,
    holdUp: call.holdup * 1000,
    keepUp: call.keepup === 'ON',
    retry: { n1: call.retryn1, n2: call.retryn2, t1: call.retryt1 * 1000, t2: call.retryt2 * 1000 },
    fits: (ring) => fits(call, ring),
    objection: (ring) => objection(call, ring),
  };
}

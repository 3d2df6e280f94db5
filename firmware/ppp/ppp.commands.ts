// The PPP commands (AlliedWare 2.9 PPP chapter; SHOW layouts in ppp.show.ts, CREATE and SET forms in parameters.ts).

import { command, form, type Command, type Outcome } from '../cli/command.ts';
import { messages } from '../cli/messages.ts';
import { COUNTERS, LIMIT_PARAMETER } from './accounting.ts';
import type { PppInterface } from './interface.ts';
import type { PppInterfaces } from './interfaces.ts';
import { CREATE_PPP, SET_PPP } from './parameters.ts';
import { showConfig, showCounters, showIdleTimers, showLimits, showPpp, showUtilisation, utilisation, type CounterGroup } from './ppp.show.ts';
import { kindsOf } from './trace.ts';

const DESTROY_PPP = form({
  syntax: 'DESTROY PPP=0..511',
  level: 'manager',
  example: 'DESTROY PPP=1',
  help: 'Closes the link and removes the interface. Refused while an IP interface is on it.',
});
const ADD_LINK = form({
  syntax: 'ADD PPP=0..511 OVER=physical [TYPE={DEMAND|PRIMARY|SECONDARY}]',
  level: 'manager',
  example: 'ADD PPP=1 OVER=TNL-second',
  help: 'Would add a further link (multilink). One link per interface is what this build has.',
});
const DELETE_LINK = form({ syntax: 'DELETE PPP=0..511 OVER=physical', level: 'manager', example: 'DELETE PPP=1 OVER=TNL-second', help: 'Would remove a further link (multilink).' });
const ENABLE_PPP = form({ syntax: 'ENABLE PPP=0..511', level: 'manager', example: 'ENABLE PPP=1', help: 'Lets the interface open its link again.' });
const DISABLE_PPP = form({ syntax: 'DISABLE PPP=0..511', level: 'manager', example: 'DISABLE PPP=1', help: 'Closes the link and opens none until ENABLE PPP.' });
const RESET_PPP = form({
  syntax: 'RESET PPP=0..511 [INDATALIMIT] [ONLINELIMIT] [OUTDATALIMIT] [TOTALDATALIMIT]',
  level: 'manager',
  example: 'RESET PPP=1',
  help: 'Closes the link and opens it again. With limits named: counts those from nothing again, the link stays.',
});
const ACTIVATE_PPP = form({ syntax: 'ACTIVATE PPP=0..511', level: 'manager', example: 'ACTIVATE PPP=1', help: 'Opens the link of an on-demand interface without traffic.' });

const KINDS = '{ALL|AUTH|DEMAND|LCP|NCP|PKT|UTILISATION}[,...]';
const ENABLE_DEBUG = form({
  syntax: `ENABLE PPP=0..511 DEBUG=${KINDS} [ASYN=0..15] [TIMEOUT={NONE|1..4000000000}] [NUMPKTS={CONT|1..4000000000}]`,
  level: 'manager',
  defaults: { timeout: 'NONE', numpkts: 'CONT' },
  example: 'ENABLE PPP=1 DEBUG=LCP,AUTH',
  help: 'Shows on this session what the interface negotiates. TIMEOUT is seconds; NUMPKTS ends PKT after so many frames. Passwords are never shown.',
});
const DISABLE_DEBUG = form({ syntax: `DISABLE PPP=0..511 DEBUG=${KINDS}`, level: 'manager', example: 'DISABLE PPP=1 DEBUG=ALL', help: 'Ends what ENABLE PPP DEBUG began, on all sessions.' });

const SHOW_PPP = form({
  syntax: 'SHOW PPP[=0..511]',
  level: 'user',
  example: 'SHOW PPP',
  help: 'Shows all PPP interfaces with the states of their protocols; of one interface also what it is doing and why its last link ended.',
});
const SHOW_CONFIG = form({ syntax: 'SHOW PPP[=0..511] CONFIG', level: 'manager', example: 'SHOW PPP=1 CONFIG', help: 'Shows what is configured and what is negotiated. Passwords are not shown.' });
const SHOW_COUNTER = form({
  syntax: 'SHOW PPP[=0..511] COUNTER[={ALL|IF|LCP|NCP}]',
  level: 'user',
  example: 'SHOW PPP=1 COUNTER=LCP',
  help: 'Shows octets and packets of the interface and the packets of each control protocol by code.',
});
const SHOW_LIMITS = form({ syntax: 'SHOW PPP[=0..511] LIMITS', level: 'user', example: 'SHOW PPP LIMITS', help: 'Shows connection time and data so far against their limits.' });
const SHOW_UTILISATION = form({ syntax: 'SHOW PPP[=0..511] UTILISATION', level: 'user', example: 'SHOW PPP UTILISATION', help: 'Shows how much of the bandwidth is used.' });
const SHOW_IDLETIMER = form({ syntax: 'SHOW PPP[=0..511] IDLETIMER', level: 'user', example: 'SHOW PPP IDLETIMER', help: 'Shows when each link closes for want of traffic.' });

/** All PPP commands but those of templates. */
export function pppCommands(interfaces: PppInterfaces): Command[] {
  return [...changes(interfaces), ...debugging(interfaces), ...shows(interfaces)];
}

function changes(interfaces: PppInterfaces): Command[] {
  const missing = (number: number) => (interfaces.get(number) === undefined ? messages.ppp.notFound(number) : undefined);
  return [
    command(CREATE_PPP, { verify: (a) => interfaces.mayCreate(a), apply: (a, { now }) => interfaces.create(a, now) }),
    command(SET_PPP, { verify: (a) => interfaces.maySet(a), apply: (a, { now }) => interfaces.set(a, now) }),
    command(DESTROY_PPP, { verify: (a) => interfaces.mayDestroy(a.ppp), apply: (a, { now }) => interfaces.destroy(a.ppp, now) }),
    command(ADD_LINK, { verify: (a) => missing(a.ppp), apply: (a) => messages.ppp.noMultilink(a.ppp, interfaces.get(a.ppp)?.over ?? '') }),
    command(DELETE_LINK, {
      verify: (a) => missing(a.ppp),
      apply: (a) => {
        const over = interfaces.get(a.ppp)?.over ?? '';
        return over.toLowerCase() === a.over.toLowerCase() ? messages.ppp.onlyLink(a.ppp, over) : messages.ppp.noSuchLink(a.ppp, a.over);
      },
    }),
    command(ENABLE_PPP, { apply: (a, { now }) => interfaces.enable(a.ppp, now) }),
    command(DISABLE_PPP, { apply: (a, { now }) => interfaces.disable(a.ppp, now) }),
    command(RESET_PPP, {
      apply: (a, { now }) => {
        const named = COUNTERS.filter((counter) => a[LIMIT_PARAMETER[counter]] === true);
        return interfaces.reset(a.ppp, named, now);
      },
    }),
    command(ACTIVATE_PPP, { apply: (a, { now }) => interfaces.activate(a.ppp, now) }),
  ];
}

function debugging(interfaces: PppInterfaces): Command[] {
  return [
    command(ENABLE_DEBUG, {
      verify: (a) => (interfaces.get(a.ppp) === undefined ? messages.ppp.notFound(a.ppp) : undefined),
      apply: (a, context) => {
        const until = a.timeout === 'NONE' ? Number.POSITIVE_INFINITY : context.now + a.timeout.value * 1000;
        const packets = a.numpkts === 'CONT' ? Number.POSITIVE_INFINITY : a.numpkts.value;
        interfaces.get(a.ppp)?.trace.enable(context.print, kindsOf(a.debug), { until, packets });
        return messages.ppp.done();
      },
    }),
    command(DISABLE_DEBUG, {
      verify: (a) => (interfaces.get(a.ppp) === undefined ? messages.ppp.notFound(a.ppp) : undefined),
      apply: (a) => {
        interfaces.get(a.ppp)?.trace.disable(kindsOf(a.debug));
        return messages.ppp.done();
      },
    }),
  ];
}

function shows(interfaces: PppInterfaces): Command[] {
  const { owner } = interfaces;
  /** The interfaces meant, their counters read; the error where the one named does not exist. */
  const meant = (ppp: number | true): readonly PppInterface[] => (ppp === true ? interfaces.all() : [interfaces.get(ppp)].filter((one) => one !== undefined));
  const verify = (a: { readonly ppp: number | true }) => (a.ppp !== true && interfaces.get(a.ppp) === undefined ? messages.ppp.notFound(a.ppp) : undefined);
  const each = (ppp: number | true, now: number, print: (one: PppInterface) => string): Outcome => {
    const all = meant(ppp);
    if (all.length === 0) return messages.ppp.none();
    for (const one of all) one.refresh(now);
    return { text: all.map(print).join('\n\n') };
  };
  return [
    command(SHOW_PPP, {
      verify,
      apply: (a, { now }) => ({ text: showPpp(meant(a.ppp), now, a.ppp === true ? 'brief' : 'detail', (over) => owner.layerSays?.(over)) }),
    }),
    command(SHOW_CONFIG, { verify, apply: (a, { now }) => each(a.ppp, now, showConfig) }),
    command(SHOW_COUNTER, {
      verify,
      apply: (a, { now }) => {
        const groups: readonly CounterGroup[] = a.counter === true || a.counter === 'ALL' ? ['IF', 'LCP', 'NCP'] : [a.counter];
        return each(a.ppp, now, (one) => showCounters(one, groups));
      },
    }),
    command(SHOW_LIMITS, { verify, apply: (a, { now }) => each(a.ppp, now, (one) => showLimits(one.name, one.accounting.rows(one.parameters, now))) }),
    command(SHOW_UTILISATION, {
      verify,
      apply: (a, { now }) => each(a.ppp, now, (one) => showUtilisation(utilisation(one, owner.wall.now(), owner.bandwidth(one.over)))),
    }),
    command(SHOW_IDLETIMER, {
      verify,
      apply: (a, { now }) => {
        const all = meant(a.ppp);
        for (const one of all) one.refresh(now);
        return { text: showIdleTimers(all, now) };
      },
    }),
  ];
}

// SET and SHOW SYSTEM, TIME, CPU, BUFFER, INTERFACE, DEBUG, FEATURE, INSTALL, STARTUP (AR740 command reference, "Operation").

import { command, form, write, type Command, type ConfigSection, type Context, type Outcome, type Text } from '../cli/command.ts';
import { messages } from '../cli/messages.ts';
import type { WallClock, WallTime } from '../hal/clock.ts';
import type { System } from '../hal/system.ts';
import { formatDate, formatTime, formatWeekday } from '../log/calendar.ts';
import type { CpuMeter } from './cpu.ts';
import { DUMP, dump, quiet } from './debug.ts';
import type { Links } from './links.ts';
import { SYSTEM_DEFAULTS, type SystemState } from './system.ts';

const SET_SYSTEM = form({
  syntax: 'SET SYSTEM [NAME=any-string(0..80)] [LOCATION=any-string(0..80)] [CONTACT=any-string(0..80)] [TERRITORY={AUSTRALIA|CHINA|EUROPE|JAPAN|KOREA|NEWZEALAND|USA}] [DISTINGUISHEDNAME=any-string(0..80)]',
  level: 'manager',
  example: 'SET SYSTEM NAME=RouterA LOCATION="Machine room"',
  help: 'Sets what the router says of itself. The name stands in the prompt and is the L2TP Host Name. "" takes a value away.',
});
const SHOW_SYSTEM = form({ syntax: 'SHOW SYSTEM', level: 'user', example: 'SHOW SYSTEM', help: 'Shows the router: board, memory, names, software, configuration.' });
const SET_TIME = form({ syntax: 'SET TIME=time [DATE=date]', level: 'manager', example: 'SET TIME=14:07:23 DATE=28-Feb-2027', help: 'Sets the clock.' });
const SET_DATE = form({ syntax: 'SET DATE=date [TIME=time]', level: 'manager', example: 'SET DATE=28-Feb-2027', help: 'Sets the date.' });
const SHOW_TIME = form({ syntax: 'SHOW TIME', level: 'user', example: 'SHOW TIME', help: 'Shows time and date.' });
const SHOW_CPU = form({ syntax: 'SHOW CPU', level: 'manager', example: 'SHOW CPU', help: 'Shows how busy the processor was.' });
const SHOW_BUFFER = form({ syntax: 'SHOW BUFFER', level: 'manager', example: 'SHOW BUFFER', help: 'Shows how much memory there is and how much is free.' });
const SHOW_INTERFACE = form({ syntax: 'SHOW INTERFACE[=interface] [COUNTER]', level: 'manager', example: 'SHOW INTERFACE=eth0', help: 'Lists the interfaces, or shows one with its counters; COUNTER shows those of all.' });
const SHOW_DEBUG = form({ syntax: 'SHOW DEBUG', level: 'manager', example: 'SHOW DEBUG', help: 'Prints what support needs: the outputs of the most important SHOW commands, without secrets.' });
const SHOW_FEATURE = form({ syntax: 'SHOW FEATURE', level: 'manager', example: 'SHOW FEATURE', help: 'Shows the licensed features: all are free here.' });
const SHOW_INSTALL = form({ syntax: 'SHOW INSTALL', level: 'manager', example: 'SHOW INSTALL', help: 'Shows the installed software.' });
const SHOW_STARTUP = form({ syntax: 'SHOW STARTUP', level: 'manager', example: 'SHOW STARTUP', help: 'Shows when the router started.' });

export interface SystemOwner {
  readonly state: SystemState;
  readonly links: Links;
  readonly cpu: CpuMeter;
  readonly wall: WallClock;
  readonly system: System;
  /** Runs a command line with the rights of a session (SHOW DEBUG). */
  run(line: string, context: Context): Outcome | undefined;
}

export function systemCommands(owner: SystemOwner): Command[] {
  return [...settingCommands(owner), ...boxCommands(owner), ...softwareCommands(owner)];
}

function settingCommands({ state, wall }: SystemOwner): Command[] {
  return [
    command(SET_SYSTEM, {
      verify: (a) => (Object.values(a).every((value) => value === undefined) ? messages.system.nothingGiven('NAME, LOCATION, CONTACT, TERRITORY, DISTINGUISHEDNAME') : undefined),
      apply: (a) => {
        const old = state.settings;
        state.settings = {
          name: a.name ?? old.name,
          location: a.location ?? old.location,
          contact: a.contact ?? old.contact,
          territory: a.territory?.toLowerCase() ?? old.territory,
          distinguishedName: a.distinguishedname ?? old.distinguishedName,
        };
        return messages.system.done();
      },
    }),
    command(SHOW_SYSTEM, { apply: () => ({ text: state.show() }) }),
    command(SET_TIME, { apply: (a) => setClock(wall, { ...a.date, ...a.time }) }),
    command(SET_DATE, { apply: (a) => setClock(wall, { ...a.date, ...a.time }) }),
    command(SHOW_TIME, { apply: () => ({ text: showTime(wall) }) }),
  ];
}

function setClock(wall: WallClock, change: Partial<Omit<WallTime, 'weekday'>>): Text {
  wall.set(change);
  return { text: showTime(wall) };
}

function showTime(wall: WallClock): string {
  const now = wall.now();
  return `System time is ${formatTime(now)} on ${formatWeekday(now)} ${formatDate(now)}.`;
}

function boxCommands({ links, cpu, system, run }: SystemOwner): Command[] {
  return [
    command(SHOW_CPU, { apply: () => ({ text: cpu.show() }) }),
    command(SHOW_BUFFER, {
      apply: () => {
        const { memoryTotal, memoryFree, memoryOurs } = system.usage();
        const row = (label: string, value: string): string => `${`${label} `.padEnd(22, '.')} ${value}`;
        return {
          text: [
            row('Memory (DRAM)', `${Math.round(memoryTotal / 1024)} kB`),
            row('Free Memory', `${memoryTotal > 0 ? Math.round((100 * memoryFree) / memoryTotal) : 0} %`),
            row('Held by this router', `${Math.round(memoryOurs / 1024)} kB`),
          ].join('\n'),
        };
      },
    }),
    command(SHOW_INTERFACE, {
      verify: (a) => (a.interface !== true && links.get(a.interface) === undefined ? messages.system.notThere(a.interface) : undefined),
      apply: (a) => {
        const one = a.interface === true ? undefined : links.get(a.interface);
        if (one !== undefined) return { text: links.showOne(one) };
        return { text: a.counter === true ? links.showCounters() : links.show() };
      },
    }),
    command(SHOW_DEBUG, {
      apply: (_, context) => ({ pending: (done) => dump(DUMP, (line) => run(line, quiet(context)), done) }),
    }),
  ];
}

function softwareCommands({ state, system, wall }: SystemOwner): Command[] {
  const started = wall.now();
  return [
    command(SHOW_FEATURE, { apply: () => ({ text: 'No licence is needed: all features of this build are enabled.' }) }),
    command(SHOW_INSTALL, {
      apply: () => {
        const rule = '-'.repeat(79);
        const row = (name: string, release: string): string => `${name.padEnd(14)}${release.padEnd(31)}-`;
        const release = `hashi ${system.version} ${system.released}`;
        return { text: ['Install       Release                        Patch', rule, row('Temporary', '-'), row('Preferred', '-'), row('Default', release), rule, 'Current install', rule, row('Default', release), rule].join('\n') };
      },
    }),
    command(SHOW_STARTUP, { apply: () => ({ text: `Router started at ${formatTime(started)} on ${formatWeekday(started)} ${formatDate(started)}.\n${state.description}` }) }),
  ];
}

const TERRITORIES = ['AUSTRALIA', 'CHINA', 'EUROPE', 'JAPAN', 'KOREA', 'NEWZEALAND', 'USA'] as const;

/** SYSTEM section. */
export function systemConfig({ state }: Pick<SystemOwner, 'state'>): ConfigSection[] {
  const { name, location, contact, territory, distinguishedName } = state.settings;
  const place = TERRITORIES.find((one) => one.toLowerCase() === territory);
  const given = {
    ...(name === '' ? {} : { name }),
    ...(location === '' ? {} : { location }),
    ...(contact === '' ? {} : { contact }),
    ...(place === undefined || territory === SYSTEM_DEFAULTS.territory ? {} : { territory: place }),
    ...(distinguishedName === '' ? {} : { distinguishedname: distinguishedName }),
  };
  return Object.keys(given).length === 0 ? [] : [{ title: 'SYSTEM', lines: [write(SET_SYSTEM, given)] }];
}

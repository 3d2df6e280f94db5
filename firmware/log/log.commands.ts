// The LOG commands (AR740 command reference, "Logging") and the lines that CREATE CONFIG writes for them.

import { command, form, write, type Command, type ConfigSection, type Outcome } from '../cli/command.ts';
import { messages, type Message } from '../cli/messages.ts';
import { showLog, showOutput, showOutputs } from './log.show.ts';
import type { EventRing, LogRecord } from './log.ts';
import { matches, OUTPUT_DEFAULTS, type LogFilter, type LogOutput, type LogOutputs } from './outputs.ts';

const FILTER = '[SEVERITY=log-severity] [MODULE=name] [TYPE=name] [SUBTYPE=name]';
const SETTINGS = '[SERVER=ipadd] [PORT=1..65535] [FACILITY={DEFAULT|LOCAL1|LOCAL2|LOCAL3|LOCAL4|LOCAL5|LOCAL6|LOCAL7}] [FORMAT={RFC3164|RFC5424}] [MESSAGES=10..3000]';

const SHOW_LOG = form({
  syntax: `SHOW LOG[={TEMPORARY|1..20}] ${FILTER} [SOURCE=string(1..64)] [TAIL[=1..3000]]`,
  level: 'manager',
  example: 'SHOW LOG TAIL=20 SEVERITY=>3',
  help: 'Shows events, oldest first: those of the router since it started, or of one MEMORY output. SOURCE shows those of one interface, call, peer or user, by a word of the message: SOURCE=ppp0. TAIL alone shows the last 20.',
});
const SHOW_OUTPUT = form({ syntax: 'SHOW LOG OUTPUT[=1..20]', level: 'manager', example: 'SHOW LOG OUTPUT=1', help: 'Shows the outputs of the log, or one of them with its filters.' });
const CREATE_OUTPUT = form({
  syntax: `CREATE LOG OUTPUT=1..20 DESTINATION={SYSLOG|MEMORY} ${SETTINGS}`,
  level: 'manager',
  defaults: OUTPUT_DEFAULTS,
  example: 'CREATE LOG OUTPUT=1 DESTINATION=SYSLOG SERVER=192.168.10.9',
  help: 'Makes a further output of the log. Without filters every event goes to it; the first of its filters that matches decides.',
});
const SET_OUTPUT = form({ syntax: `SET LOG OUTPUT=1..20 ${SETTINGS}`, level: 'manager', example: 'SET LOG OUTPUT=1 SERVER=192.168.10.10', help: 'Changes what is given of an output.' });
const ADD_FILTER = form({
  syntax: `ADD LOG OUTPUT=1..20 [FILTER=1..100] [ALL] ${FILTER} [ACTION={PROCESS|IGNORE}]`,
  level: 'manager',
  defaults: { action: 'PROCESS' },
  example: 'ADD LOG OUTPUT=1 SEVERITY=>3 ACTION=PROCESS',
  help: 'Adds a filter to an output, at place FILTER or behind the others. ALL matches every event.',
});
const DELETE_OUTPUT = form({
  syntax: 'DELETE LOG OUTPUT=1..20 [FILTER={ALL|1..100}]',
  level: 'manager',
  example: 'DELETE LOG OUTPUT=1 FILTER=ALL',
  help: 'Deletes filters of an output, or without FILTER the output itself.',
});
const DESTROY_OUTPUT = form({ syntax: 'DESTROY LOG OUTPUT=1..20', level: 'manager', example: 'DESTROY LOG OUTPUT=1', help: 'Deletes an output and its filters.' });
const ENABLE_LOG = form({ syntax: 'ENABLE LOG', level: 'manager', example: 'ENABLE LOG', help: 'Records events again.' });
const DISABLE_LOG = form({ syntax: 'DISABLE LOG', level: 'manager', example: 'DISABLE LOG', help: 'Records no events until ENABLE LOG.' });
const ENABLE_OUTPUT = form({ syntax: 'ENABLE LOG OUTPUT=1..20', level: 'manager', example: 'ENABLE LOG OUTPUT=1', help: 'Sends events to an output again.' });
const DISABLE_OUTPUT = form({ syntax: 'DISABLE LOG OUTPUT=1..20', level: 'manager', example: 'DISABLE LOG OUTPUT=1', help: 'Sends nothing to an output until it is enabled.' });
const PURGE_LOG = form({ syntax: 'PURGE LOG[={TEMPORARY|1..20}]', level: 'manager', example: 'PURGE LOG', help: 'Forgets the events kept so far, or those of one MEMORY output.' });

/** How many events TAIL alone shows. */
const TAIL = 20;

export interface LogOwner {
  readonly ring: EventRing;
  readonly outputs: LogOutputs;
}

export function logCommands(owner: LogOwner): Command[] {
  return [...showCommands(owner), ...outputCommands(owner), ...switchCommands(owner)];
}

function showCommands({ ring, outputs }: LogOwner): Command[] {
  return [
    command(SHOW_LOG, {
      verify: (a) => (typeof a.log === 'object' ? memoryOnly(outputs, a.log.value) : undefined),
      apply: (a) => {
        ring.settle();
        const all: readonly LogRecord[] = typeof a.log === 'object' ? outputs.records(a.log.value) : ring.records();
        const found = all.filter((record) => matches(record, a) && (a.source === undefined || tellsOf(record, a.source)));
        const count = a.tail === undefined ? found.length : a.tail === true ? TAIL : a.tail;
        return { text: showLog(found.slice(Math.max(0, found.length - count))) };
      },
    }),
    command(SHOW_OUTPUT, {
      verify: (a) => (a.output === true ? undefined : exists(outputs, a.output)),
      apply: (a) => {
        const one = a.output === true ? undefined : outputs.get(a.output);
        return { text: one === undefined ? showOutputs(outputs.list(), ring.records().length) : showOutput(one) };
      },
    }),
    command(PURGE_LOG, {
      verify: (a) => (typeof a.log === 'object' ? memoryOnly(outputs, a.log.value) : undefined),
      apply: (a) => {
        if (typeof a.log === 'object') outputs.clear(a.log.value);
        else ring.clear();
        return messages.log.done();
      },
    }),
  ];
}

/** The event is of this source, or its text names it as a word of its own. */
function tellsOf({ source, text }: LogRecord, name: string): boolean {
  const [within, word] = [` ${text.toLowerCase().replaceAll(/[^\w.@-]|[.](?!\w)/g, ' ')} `, name.toLowerCase()];
  return source.toLowerCase() === word || within.includes(` ${word} `);
}

function outputCommands({ outputs }: LogOwner): Command[] {
  return [
    command(CREATE_OUTPUT, {
      verify: (a) => (outputs.get(a.output) === undefined ? serverFits(a.destination, a.server !== undefined) : messages.log.outputExists(a.output)),
      apply: ({ output, ...rest }) => {
        outputs.create(output, { ...rest, server: rest.server });
        return messages.log.done();
      },
    }),
    command(SET_OUTPUT, {
      verify: (a) => {
        const old = outputs.get(a.output);
        if (old === undefined) return messages.log.outputNotFound(a.output);
        return a.server === undefined ? undefined : serverFits(old.destination, true);
      },
      apply: ({ output, server, port, facility, format, messages: kept }) => {
        outputs.set(output, {
          ...(server === undefined ? {} : { server }),
          ...(port === undefined ? {} : { port }),
          ...(facility === undefined ? {} : { facility }),
          ...(format === undefined ? {} : { format }),
          ...(kept === undefined ? {} : { messages: kept }),
        });
        return messages.log.done();
      },
    }),
    command(ADD_FILTER, {
      verify: (a) => {
        const missing = exists(outputs, a.output);
        if (missing !== undefined) return missing;
        const given = (['severity', 'module', 'type', 'subtype'] as const).find((key) => a[key] !== undefined);
        if (a.all === true && given !== undefined) return messages.parser.conflict('ALL', given.toUpperCase());
        return a.all === undefined && given === undefined ? messages.log.emptyFilter() : undefined;
      },
      apply: ({ output, filter, severity, module, type, subtype, action }) => {
        outputs.addFilter(output, { severity, module, type, subtype, action }, filter);
        return messages.log.done();
      },
    }),
    command(DELETE_OUTPUT, {
      verify: (a) => {
        const output = outputs.get(a.output);
        if (output === undefined) return messages.log.outputNotFound(a.output);
        return typeof a.filter === 'object' && a.filter.value > output.filters.length ? messages.log.filterMissing(a.output, a.filter.value) : undefined;
      },
      apply: (a) => {
        if (a.filter === undefined) outputs.delete(a.output);
        else outputs.deleteFilter(a.output, a.filter === 'ALL' ? undefined : a.filter.value);
        return messages.log.done();
      },
    }),
    command(DESTROY_OUTPUT, {
      verify: (a) => exists(outputs, a.output),
      apply: (a) => {
        outputs.delete(a.output);
        return messages.log.done();
      },
    }),
  ];
}

function switchCommands({ ring, outputs }: LogOwner): Command[] {
  const module = (on: boolean): Outcome => {
    if (ring.enabled === on) return on ? messages.log.alreadyEnabled() : messages.log.alreadyDisabled();
    ring.enabled = on;
    return on ? messages.log.enabled() : messages.log.disabled();
  };
  const output = (id: number, on: boolean): Outcome => {
    outputs.enable(id, on);
    return messages.log.done();
  };
  return [
    command(ENABLE_LOG, { apply: () => module(true) }),
    command(DISABLE_LOG, { apply: () => module(false) }),
    command(ENABLE_OUTPUT, { verify: (a) => exists(outputs, a.output), apply: (a) => output(a.output, true) }),
    command(DISABLE_OUTPUT, { verify: (a) => exists(outputs, a.output), apply: (a) => output(a.output, false) }),
  ];
}

const exists = (outputs: LogOutputs, id: number): Message | undefined => (outputs.get(id) === undefined ? messages.log.outputNotFound(id) : undefined);

function memoryOnly(outputs: LogOutputs, id: number): Message | undefined {
  const output = outputs.get(id);
  if (output === undefined) return messages.log.outputNotFound(id);
  return output.destination === 'MEMORY' ? undefined : messages.log.outputNotMemory(id, output.destination);
}

function serverFits(destination: LogOutput['destination'], given: boolean): Message | undefined {
  if (destination === 'SYSLOG' && !given) return messages.log.serverMissing();
  return destination === 'MEMORY' && given ? messages.log.serverForeign(destination) : undefined;
}

/** LOG section. */
export function logConfig({ ring, outputs }: LogOwner): ConfigSection[] {
  const lines: string[] = [];
  if (!ring.enabled) lines.push(write(DISABLE_LOG, {}));
  for (const output of outputs.list()) {
    const { id, destination, server, port, facility, format, messages: kept } = output;
    lines.push(write(CREATE_OUTPUT, { output: id, destination, ...(server === undefined ? {} : { server }), port, facility, format, messages: kept }));
    for (const filter of output.filters) lines.push(filterLine(id, filter));
    if (!output.enabled) lines.push(write(DISABLE_OUTPUT, { output: id }));
  }
  return lines.length === 0 ? [] : [{ title: 'LOG', lines }];
}

function filterLine(output: number, { severity, module, type, subtype, action }: LogFilter): string {
  const any = severity === undefined && module === undefined && type === undefined && subtype === undefined;
  return write(ADD_FILTER, {
    output,
    ...(any ? { all: true } : {}),
    ...(severity === undefined ? {} : { severity }),
    ...(module === undefined ? {} : { module }),
    ...(type === undefined ? {} : { type }),
    ...(subtype === undefined ? {} : { subtype }),
    action,
  });
}

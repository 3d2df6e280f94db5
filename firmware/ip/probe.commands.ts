// PING and TRACE commands (AlliedWare IP chapter): PING, STOP PING, SET PING, SHOW PING, TRACE, STOP TRACE, SHOW TRACE.

import { fromHex, hex } from '../bytes/hex.ts';
import { ANY_IPV4, type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import { type Args, type Command, type Context, type Outcome, command, form, write } from '../cli/command.ts';
import { type Message, messages } from '../cli/messages.ts';
import { PING_DEFAULTS, type PingSettings, type Probes, type TraceSettings } from './probes.ts';
import { leader } from './show.ts';

const PING = form({
  syntax: 'PING [[IPADDRESS=]host] [DELAY=1..604800] [LENGTH=0..65507] [NUMBER={1..65535|CONTINUOUS}] [PATTERN=hex] [SIPADDRESS=ipadd] [TIMEOUT=1..604800] [TOS=0..255]',
  level: 'manager',
  example: 'PING 192.168.20.1',
  help: 'Sends echo requests and prints a line for each answer while the console goes on. DELAY and TIMEOUT are seconds. What is not given comes from SET PING. STOP PING ends it.',
});

const SET_PING = form({
  syntax: 'SET PING [[IPADDRESS=]host] [DELAY=1..604800] [LENGTH=0..65507] [NUMBER={1..65535|CONTINUOUS}] [PATTERN=hex] [SIPADDRESS=ipadd] [TIMEOUT=1..604800] [TOS=0..255]',
  level: 'manager',
  example: 'SET PING NUMBER=10 TIMEOUT=2',
  help: 'What PING takes where its command names nothing. At first: DELAY=1 LENGTH=24 NUMBER=5 TIMEOUT=1 TOS=0.',
});

const STOP_PING = form({ syntax: 'STOP PING', level: 'manager', example: 'STOP PING', help: 'Ends the PING in progress.' });
const SHOW_PING = form({ syntax: 'SHOW PING', level: 'manager', example: 'SHOW PING', help: 'Shows what PING takes by default, and the results of the present or last one.' });

const TRACE = form({
  syntax: 'TRACE [IPADDRESS=]host [MINTTL=1..255] [MAXTTL=1..255] [NUMBER=1..255] [SOURCE=ipadd] [TIMEOUT=1..604800] [TOS=0..255]',
  level: 'manager',
  defaults: { minttl: 1, maxttl: 30, number: 3, timeout: 3, tos: 0 },
  example: 'TRACE 192.168.20.1',
  help: 'Prints the routers on the way to a host, with the times of NUMBER probes each, while the console goes on. STOP TRACE ends it.',
});

const STOP_TRACE = form({ syntax: 'STOP TRACE', level: 'manager', example: 'STOP TRACE', help: 'Ends the TRACE in progress.' });
const SHOW_TRACE = form({ syntax: 'SHOW TRACE', level: 'manager', example: 'SHOW TRACE', help: 'Shows how far the present or last TRACE has come.' });

/** Octets of a pattern, from so many hexadecimal digits at most. */
const PATTERN_DIGITS = 32;

/** The octets of PATTERN=, with or without 0x, an odd first digit standing alone; undefined where it is too long. */
function patternOf(text: string): Uint8Array | undefined {
  const digits = text.replace(/^0x/i, '');
  return digits.length > PATTERN_DIGITS ? undefined : fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
}

function verifyPing({ pattern }: Args<typeof SET_PING>): Message | undefined {
  if (pattern === undefined || patternOf(pattern) !== undefined) return undefined;
  return messages.parser.badValue(pattern, 'PATTERN', `; permitted: 1..${PATTERN_DIGITS} hexadecimal digits`);
}

const merged = (base: PingSettings, args: Args<typeof SET_PING>): PingSettings => ({
  target: args.ipaddress ?? base.target,
  delay: args.delay ?? base.delay,
  length: args.length ?? base.length,
  count: args.number === undefined ? base.count : args.number === 'CONTINUOUS' ? Infinity : args.number.value,
  pattern: args.pattern === undefined ? base.pattern : (patternOf(args.pattern) ?? base.pattern),
  source: args.sipaddress ?? base.source,
  timeout: args.timeout ?? base.timeout,
  tos: args.tos ?? base.tos,
});

const hostText = (target: Ipv4 | string): string => (typeof target === 'string' ? target : formatIpv4(target));

/**
 * Runs a probe in the background of a session. A program at the command socket gets its answer only at the end, since its
 * connection, and the lines with it, would be gone before.
 */
function inBackground(context: Context, start: (over: (failure: string | undefined) => void) => void, stop: () => void, judge: (failure: string | undefined) => Message): Outcome {
  if (context.kind === 'cli') return { pending: (done) => start((failure) => done(judge(failure))), cancel: stop };
  start((failure) => {
    if (failure !== undefined) context.print(failure);
  });
  return 'silent';
}

function ping(probes: Probes, args: Args<typeof PING>, context: Context): Outcome {
  const { target, ...asked } = merged(probes.settings, args);
  if (target === undefined) return messages.parser.parameterMissing('IPADDRESS');
  const name = hostText(target);
  return inBackground(
    context,
    (over) => probes.ping({ ...asked, target }, { print: (text) => context.print(text), over: (why) => over(why === undefined ? undefined : `${name} cannot be reached: ${why}`) }),
    () => probes.stopPing(),
    (failure) => {
      const report = probes.pingReport();
      if (failure !== undefined) return messages.ip.unreached(failure);
      if (report?.status === 'stopped') return messages.ip.stopped('PING');
      return (report?.statistics.received ?? 0) > 0 ? messages.ip.done() : messages.ip.noReply(name);
    },
  );
}

function trace(probes: Probes, args: Args<typeof TRACE>, context: Context): Outcome {
  const name = hostText(args.ipaddress);
  const asked: TraceSettings = {
    target: args.ipaddress,
    minTtl: args.minttl,
    maxTtl: args.maxttl,
    probes: args.number,
    source: args.source ?? ANY_IPV4,
    timeout: args.timeout,
    tos: args.tos,
  };
  return inBackground(
    context,
    (over) => probes.trace(asked, { print: (text) => context.print(text), over: (why) => over(why === undefined ? undefined : `${name} cannot be reached: ${why}`) }),
    () => probes.stopTrace(),
    (failure) => {
      const report = probes.traceReport();
      if (failure !== undefined) return messages.ip.unreached(failure);
      if (report?.status === 'stopped') return messages.ip.stopped('TRACE');
      return report?.reached === true ? messages.ip.done() : messages.ip.notReached(name);
    },
  );
}

const pattern = (octets: Uint8Array): string => (octets.length === 0 ? 'Counting' : hex(octets));
const source = (address: Ipv4): string => (address === ANY_IPV4 ? 'Not set' : formatIpv4(address));
const RULE = '-'.repeat(79);

function showPing(probes: Probes): string {
  const { settings } = probes;
  const report = probes.pingReport();
  const lines = [
    'Ping Information',
    RULE,
    'Defaults:',
    leader('  Destination', settings.target === undefined ? 'Not set' : hostText(settings.target)),
    leader('  Number of packets', settings.count === Infinity ? 'Continuous' : settings.count),
    leader('  Size of packets (bytes)', settings.length),
    leader('  Timeout (seconds)', settings.timeout),
    leader('  Delay (seconds)', settings.delay),
    leader('  Data pattern', pattern(settings.pattern)),
    leader('  Type of service', settings.tos),
    leader('  Source address', source(settings.source)),
  ];
  if (report !== undefined) {
    const { sent, received, lost, least, most, total } = report.statistics;
    const average = received === 0 ? 0 : total / received;
    lines.push(
      'Current:',
      leader('  Destination', hostText(report.target)),
      leader('  Status', report.failure === undefined ? report.status : `${report.status}: ${report.failure}`),
      leader('  Packets sent', sent),
      leader('  Packets received', received),
      leader('  Packets lost', lost),
      leader('  Minimum time (ms)', Math.round(least)),
      leader('  Average time (ms)', Math.round(average)),
      leader('  Maximum time (ms)', Math.round(most)),
    );
  }
  return [...lines, RULE].join('\n');
}

function showTrace(probes: Probes): string {
  const report = probes.traceReport();
  const lines =
    report === undefined
      ? [leader('Destination', 'Not set')]
      : [
          leader('Destination', hostText(report.target)),
          leader('Status', report.status),
          report.status === 'in progress' ? leader('Hop', report.ttl) : leader('Destination reached', report.reached ? 'Yes' : 'No'),
        ];
  return ['Trace Information', RULE, ...lines, RULE].join('\n');
}

/** The line that restores SET PING; none while everything is as at the start. */
export function pingConfig({ settings: s }: Probes): string[] {
  const d = PING_DEFAULTS;
  const line = write(SET_PING, {
    ...(s.target === undefined ? {} : { ipaddress: s.target }),
    ...(s.delay === d.delay ? {} : { delay: s.delay }),
    ...(s.length === d.length ? {} : { length: s.length }),
    ...(s.count === d.count ? {} : { number: s.count === Infinity ? 'CONTINUOUS' : { value: s.count } }),
    ...(s.pattern.length === 0 ? {} : { pattern: hex(s.pattern) }),
    ...(s.source === ANY_IPV4 ? {} : { sipaddress: s.source }),
    ...(s.timeout === d.timeout ? {} : { timeout: s.timeout }),
    ...(s.tos === d.tos ? {} : { tos: s.tos }),
  });
  return line === write(SET_PING, {}) ? [] : [line];
}

/** PING, STOP PING, SET PING, SHOW PING, TRACE, STOP TRACE, SHOW TRACE. */
export const probeCommands = (probes: Probes): Command[] => [
  command(PING, {
    verify: (args) => verifyPing(args) ?? (probes.pinging ? messages.ip.probeRuns('ping', 'PING') : undefined),
    apply: (args, context) => ping(probes, args, context),
  }),
  command(SET_PING, {
    verify: (args) => verifyPing(args) ?? (Object.values(args).every((value) => value === undefined) ? messages.ip.nothingToSet() : undefined),
    apply: (args) => {
      probes.settings = merged(probes.settings, args);
      return messages.ip.done();
    },
  }),
  command(STOP_PING, { apply: () => (probes.stopPing() ? messages.ip.stopped('PING') : messages.ip.noProbe('ping')) }),
  command(SHOW_PING, { apply: () => ({ text: showPing(probes) }) }),
  command(TRACE, {
    verify: ({ minttl, maxttl }) => {
      if (probes.tracing) return messages.ip.probeRuns('trace', 'TRACE');
      return minttl <= maxttl ? undefined : messages.parser.badValue(String(minttl), 'MINTTL', `; permitted: 1..${maxttl}, not above MAXTTL`);
    },
    apply: (args, context) => trace(probes, args, context),
  }),
  command(STOP_TRACE, { apply: () => (probes.stopTrace() ? messages.ip.stopped('TRACE') : messages.ip.noProbe('trace')) }),
  command(SHOW_TRACE, { apply: () => ({ text: showTrace(probes) }) }),
];

// The value types that syntax lines name in lower case (`ipadd`, `call-name`, `string(1..24)`): how each is read, printed and explained.
// Rooms add their own entries here; lengths and letters are the AR740 2.6 manual's, else AlliedWare's.

import { formatIpv4, parseIpv4, type Ipv4, type Ipv4Range } from '../bytes/ip.ts';

/** How one kind of value is read and printed. `print` of what `parse` gave is read again as the same value. */
export interface ValueType<T> {
  /** The value of the operator's text, quotes already removed; undefined where it is none. */
  parse(text: string): T | undefined;
  /** As the config writer prints it, without quotes. */
  print(value: T): string;
  /** What is permitted, as it follows "permitted:" in an error and in `?`. */
  readonly help: string;
  /** Never shown in logs or command history files. */
  readonly secret?: true;
  /** A few texts that parse accepts: examples for the reference, seeds for the generated tests. */
  readonly samples: readonly string[];
}

const type = <T>(definition: ValueType<T>): ValueType<T> => definition;

/** Text without control characters and without quotation marks, which have no escape. */
const PRINTABLE = /^[^\u0000-\u001f\u007f-\u009f"\u2028\u2029]*$/u;

interface TextRule {
  readonly help: string;
  readonly samples: readonly string[];
  readonly pattern?: RegExp;
  readonly least?: number;
  readonly most?: number;
  readonly secret?: true;
}

/** Text of `least`..`most` characters that matches `pattern`. */
function text({ help, samples, pattern, least = 1, most = 255, secret }: TextRule): ValueType<string> {
  const parse = (value: string): string | undefined => {
    const length = [...value].length;
    return length >= least && length <= most && PRINTABLE.test(value) && (pattern === undefined || pattern.test(value)) ? value : undefined;
  };
  return secret === undefined ? { parse, print: (value) => value, help, samples } : { parse, print: (value) => value, help, samples, secret };
}

/** A decimal number without sign, `low`..`high`. */
export function whole(low: number, high: number): ValueType<number> {
  return {
    parse: (value) => {
      if (!/^\d{1,15}$/.test(value)) return undefined;
      const number = Number(value);
      return number >= low && number <= high ? number : undefined;
    },
    print: String,
    help: `${low}..${high}`,
    samples: [...new Set([String(low), String(high), String(Math.floor((low + high) / 2))])],
  };
}

/** Two values joined by '-', the first not above the second; one value alone is the range of itself. */
function range<T extends number>(one: ValueType<T>, help: string): ValueType<{ readonly low: T; readonly high: T }> {
  return {
    parse: (value) => {
      const dash = value.indexOf('-');
      const low = one.parse(dash < 0 ? value : value.slice(0, dash));
      const high = dash < 0 ? low : one.parse(value.slice(dash + 1));
      return low === undefined || high === undefined || low > high ? undefined : { low, high };
    },
    print: ({ low, high }) => (low === high ? one.print(low) : `${one.print(low)}-${one.print(high)}`),
    help,
    samples: [...one.samples, ...one.samples.slice(0, 1).map((sample) => `${sample}-${sample}`)],
  };
}

const ipadd = type<Ipv4>({ parse: parseIpv4, print: formatIpv4, help: 'an IP address like 192.0.2.1', samples: ['192.0.2.1', '0.0.0.0', '255.255.255.255'] });
const ipRange: ValueType<Ipv4Range> = range(ipadd, 'an IP address like 192.0.2.1, or a range like 192.0.2.1-192.0.2.9');
const PORTS: Readonly<Record<string, number>> = {
  ftp: 21, ssh: 22, telnet: 23, smtp: 25, dns: 53, domain: 53, bootps: 67, bootpc: 68, tftp: 69, gopher: 70, finger: 79, www: 80, http: 80, pop2: 109, pop3: 110,
  nntp: 119, ntp: 123, imap: 143, snmp: 161, snmptrap: 162, bgp: 179, ldap: 389, https: 443, isakmp: 500, syslog: 514, rip: 520, l2tp: 1701, pptp: 1723,
};
const portNumber = whole(0, 65535);
/** A port by number or service name. A Map: a name like `constructor` is no service. */
const services = new Map(Object.entries(PORTS));
const port = type<number>({
  parse: (value) => portNumber.parse(value) ?? services.get(value.toLowerCase()),
  print: String,
  help: '0..65535 or a service name like TELNET',
  samples: ['1701', '0', '65535', 'www'],
});

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] as const;
const two = (n: number): string => String(n).padStart(2, '0');
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** A calendar date; month 1..12. */
export interface DateValue {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** A time of day. */
export interface TimeValue {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const leap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

const date = type<DateValue>({
  parse: (value) => {
    const parts = /^(\d{1,2})-([a-z]{3})-(\d{4})$/i.exec(value);
    if (parts === null) return undefined;
    const [day, year] = [Number(parts[1]), Number(parts[3])];
    const month = MONTHS.findIndex((name) => name === (parts[2] ?? '').toLowerCase()) + 1;
    const last = month === 2 && !leap(year) ? 28 : DAYS[month - 1];
    return last === undefined || day < 1 || day > last || year < 1970 ? undefined : { year, month, day };
  },
  print: ({ year, month, day }) => {
    const name = MONTHS[month - 1] ?? '';
    return `${two(day)}-${name.slice(0, 1).toUpperCase()}${name.slice(1)}-${year}`;
  },
  help: 'a date like 28-Feb-2027',
  samples: ['28-Feb-2027', '01-jan-1970', '29-feb-2028'],
});

const time = type<TimeValue>({
  parse: (value) => {
    const parts = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(value);
    if (parts === null) return undefined;
    const [hour, minute, second] = [Number(parts[1]), Number(parts[2]), Number(parts[3] ?? 0)];
    return hour > 23 || minute > 59 || second > 59 ? undefined : { hour, minute, second };
  },
  print: ({ hour, minute, second }) => `${two(hour)}:${two(minute)}:${two(second)}`,
  help: 'a time like 14:07:23',
  samples: ['14:07:23', '00:00:00', '9:05'],
});

const FILE = /^(?:(?:flash|nvs):)?[A-Za-z0-9_~-]{1,28}\.[A-Za-z0-9]{1,3}$/i;
const INTERFACE = /^(?:dyn-[A-Za-z0-9_]{1,15}|[A-Za-z][A-Za-z0-9]{0,11}(?:-(?:any|[A-Za-z0-9_]{1,18}))?)$/i;
const NAME = /^[A-Za-z0-9_]+$/;
const HOST = /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$/;
const isHost = (value: string): boolean => HOST.test(value) && !/^[\d.]+$/.test(value);

/** Which severities a log filter lets through. */
export interface SeverityTest {
  readonly compare: '=' | '<' | '>' | '!';
  readonly level: number;
}

const logSeverity = type<SeverityTest>({
  parse: (value) => {
    const parts = /^([<>!]?)([0-7])$/.exec(value);
    if (parts === null) return undefined;
    const compare = parts[1] === '<' || parts[1] === '>' || parts[1] === '!' ? parts[1] : '=';
    return { compare, level: Number(parts[2]) };
  },
  print: ({ compare, level }) => `${compare === '=' ? '' : compare}${level}`,
  help: '0..7, or <n, >n or !n for those below, above or other than n',
  samples: ['7', '>3', '<2', '!0'],
});

/** Every value type by the name that syntax lines use. A name with `(low..high)` behind it has its length limited, e.g. `string(1..24)`. */
export const valueTypes = {
  ipadd,
  'ipadd[-ipadd]': ipRange,
  port,
  'port[-port]': range(port, '0..65535, a range like 1000-1999 or a service name like TELNET'),
  number: whole(0, 4294967295),
  seconds: whole(0, 4294967295),
  'number[-number]': range(whole(0, 4294967295), 'a number or a range like 10-19'),

  string: text({ help: 'text of 1..255 characters', samples: ['text', 'two words', 'a=b,c', '#1'] }),
  'any-string': text({ help: 'text of 0..255 characters', least: 0, samples: ['', 'text', 'two words'] }),
  line: text({ help: 'text of 1..1000 characters', most: 1000, samples: ['show time', 'a'] }),
  name: text({ help: '1..15 letters, digits and _', pattern: NAME, most: 15, samples: ['branch', 'Net_1', 'a'] }),
  'call-name': text({ help: '1..15 letters, digits and _', pattern: NAME, most: 15, samples: ['remote', 'Call_15', '1'] }),
  'template-name': text({ help: '1..15 letters, digits and _', pattern: NAME, most: 15, samples: ['dyn1', 'Template_3'] }),
  password: text({ help: '1..31 printable characters', most: 31, secret: true, samples: ['friend', 'two words', 'None', 'p#1,=x'] }),
  'user-password': text({
    help: '1..32 printable characters, or a digest as CREATE CONFIG writes it',
    pattern: /^(?:.{1,32}|\$at\$[0-9a-f]{48})$/u,
    secret: true,
    samples: ['friend', 'two words', '$at$07070707070707070a9ec0f818430ea49febcc2881f5b1e3'],
  }),
  secret: text({ help: '1..255 printable characters', secret: true, samples: ['s3cret', 'two words'] }),
  'login-name': text({ help: '1..64 printable characters without blanks', pattern: /^\S+$/u, most: 64, samples: ['manager', 'user@domain.example'] }),
  'phone-number': text({ help: '1..31 digits, *, # and -', pattern: /^[0-9*#-]+$/, most: 31, samples: ['0312345678', '*99#'] }),
  subaddress: text({ help: '1..31 letters and digits', pattern: /^[A-Za-z0-9]+$/, most: 31, samples: ['10', 'a1'] }),
  'domain-name': text({ help: 'a domain name of 1..63 characters', pattern: /^[A-Za-z0-9_.@-]+$/, most: 63, samples: ['tunnel.xxx', 'example'] }),
  'domain-prefix': text({ help: '1..63 letters, digits and -', pattern: /^[A-Za-z0-9_-]+$/, most: 63, samples: ['lns'] }),
  'call-id': whole(1, 65535),
  'tunnel-id': whole(1, 65535),
  host: type<Ipv4 | string>({
    parse: (value) => parseIpv4(value) ?? (isHost(value) ? value : undefined),
    print: (value) => (typeof value === 'string' ? value : formatIpv4(value)),
    help: 'an IP address like 192.0.2.1 or a host name',
    samples: ['192.0.2.1', 'router.example', 'a'],
  }),
  'host-name': type<string>({
    parse: (value) => (isHost(value) ? value : undefined),
    print: (value) => value,
    help: 'a host name like branch or router.example',
    samples: ['branch', 'router.example', 'a'],
  }),
  'file-name': text({ help: 'a file name like boot.cfg: 1..28 letters, digits, - and _, a dot, 1..3 letters', pattern: FILE, most: 38, samples: ['boot.cfg', 'flash:a.scp'] }),
  'file-spec': text({ help: 'a file name like boot.cfg; * stands for a whole name or extension', pattern: /^(?:(?:flash|nvs|\*):)?(?:\*|[\w~-]{1,28})(?:\.(?:\*|[A-Za-z0-9]{1,3}))?$/i, most: 38, samples: ['*.cfg', 'boot.cfg', '*'] }),
  path: text({ help: 'a file name on the server', pattern: /^\S+$/u, samples: ['configs/boot.cfg', 'boot.cfg'] }),
  interface: text({ help: 'an interface like eth0, ppp0 or vlan1', pattern: INTERFACE, most: 31, samples: ['eth0', 'ppp1', 'eth0-1', 'dyn-remote'] }),
  physical: text({ help: 'a physical interface like TNL-remote, ISDN-call, ETH0-any or SYN0', pattern: /^[A-Za-z][A-Za-z0-9]{0,11}(?:-[A-Za-z0-9_.-]{1,18})?$/, most: 31, samples: ['TNL-remote', 'eth0-any', 'syn0'] }),
  topic: text({ help: 'a command or the beginning of one', samples: ['l2tp', 'show'] }),
  date,
  time,
  'mac-address': text({ help: 'a MAC address like 00-00-f4-90-19-9f', pattern: /^[0-9a-f]{2}(?:[-:][0-9a-f]{2}){5}$/i, samples: ['00-00-f4-90-19-9f'] }),
  'log-severity': logSeverity,
  hex: text({ help: 'hexadecimal digits', pattern: /^(?:0x)?[0-9a-f]+$/i, samples: ['0x1f', 'ff'] }),
};

export type ValueTypes = typeof valueTypes;

/** Looks up a value type by the text in a syntax line, with its `(low..high)` if there is one; undefined for an unknown name. */
export function valueType(written: string): ValueType<unknown> | undefined {
  const parts = /^(.*?)(?:\((\d+)\.\.(\d+)\))?$/.exec(written);
  const base = table.get(parts?.[1] ?? '');
  if (base === undefined || parts?.[2] === undefined) return base;
  const [least, most] = [Number(parts[2]), Number(parts[3])];
  const fits = (value: string): boolean => [...value].length >= least && [...value].length <= most;
  return {
    ...base,
    parse: (value) => (fits(value) ? base.parse(value) : undefined),
    print: (value) => base.print(value),
    help: /^(?:text of |)\d+\.\.\d+ /.test(base.help) ? base.help.replace(/\d+\.\.\d+/, `${least}..${most}`) : `${base.help} of ${least}..${most} characters`,
    samples: [...base.samples.filter(fits), 'x'.repeat(least), 'x'.repeat(most)].filter((sample) => base.parse(sample) !== undefined),
  };
}

const table = new Map<string, ValueType<unknown>>(Object.entries(valueTypes));

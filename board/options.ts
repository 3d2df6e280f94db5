// The command line of the binary: what may be said and what it means.

import { isCallPort, parseCallDevice } from './linux/callports.ts';

/** The value of each option, in the order given; flags have none. */
export interface Arguments {
  readonly command: string;
  readonly operands: readonly string[];
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/** An option that takes a value ('value', or 'values' where it may be given again) or none. */
type Kind = 'value' | 'values' | 'flag';
/** The options of each command. Those that begin with "--_" are hashi's own, from one of its processes to the next. */
const COMMANDS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  run: { '--flash': 'value', '--board': 'value', '--port': 'values', '--netns': 'value', '--config': 'value', '--console': 'values', '--plane': 'value', '--_tied': 'flag' },
  cli: { '--flash': 'value', '-c': 'values', '--login': 'flag' },
  update: { '--board': 'value', '--unsigned': 'flag' },
  check: {},
  lab: { '--check': 'flag', '--_inside': 'flag' },
  version: {},
  'lab-host': { '--netns': 'value', '--_tied': 'flag' },
  'lab-aaa': { '--netns': 'value', '--_tied': 'flag' },
  'lab-dialin': { '--netns': 'value', '--_tied': 'flag', '--socket': 'value', '--user': 'value', '--password': 'value' },
};

export const USAGE = `usage:
  hashi run   --flash DIR [--board host|qemu-virt|raspberrypi|FILE.json] [--port NAME=DEV]... [--netns NAME|new] [--config FILE.cfg]
              [--console stdio|none|/dev/ttyX]... [--plane auto|user]      a router
              ports: eth0=DEV; bri0=unix:/PATH or asyn1=unix:/PATH (a socket that speaks AT), asyn1=/dev/ttyUSB0[:115200] (a modem),
              asyn1=usb-serial:1[:115200] (the modem on the first serial adapter, by the order of USB sockets)
  hashi cli   --flash DIR [-c COMMAND]... [--login]   the console of the router that runs on DIR; -c runs commands and ends;
                                              --login begins at the login prompt, as from the network
  hashi update FILE|- [--board NAME] [--unsigned]   puts a system into the other slot of this card
  hashi check FILE.cfg...                     parse scripts without running them
  hashi lab   [static|dynamic|remote] [--check]            routers and hosts in namespaces of this machine; --check proves the traffic
  hashi version
exit codes: 0 done, 1 the thing asked for failed, 2 wrong usage`;

/** The arguments, or what is wrong with them. */
export function parseArguments(words: readonly string[]): Arguments | string {
  const [command = '', ...rest] = words;
  const known = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (known === undefined) return command === '' ? 'no command' : `unknown command "${command}"`;
  const options = new Map<string, string[]>();
  const operands: string[] = [];
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] ?? '';
    if (!word.startsWith('-') || word === '-') {
      operands.push(word);
      continue;
    }
    const [name = '', joined] = word.startsWith('--') ? split(word) : [word, undefined];
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) return `${command} has no option "${name}"`;
    if (kind === 'flag') {
      if (joined !== undefined) return `option ${name} takes no value`;
      options.set(name, []);
      continue;
    }
    const value = joined ?? rest[++i];
    if (value === undefined) return `option ${name} needs a value`;
    const values = options.get(name) ?? [];
    if (kind === 'value' && values.length > 0) return `option ${name} is given twice`;
    options.set(name, [...values, value]);
  }
  return { command, operands, options };
}

function split(word: string): [string, string | undefined] {
  const at = word.indexOf('=');
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

/** The console's, which no modem can have. */
const CONSOLE = 'asyn0';

/** Port names of the operator and the devices behind them, from "eth0=DEV", "bri0=unix:/PATH" and "asyn1=/dev/ttyX" words. */
export function parsePorts(words: readonly string[]): Map<string, string> | string {
  const ports = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    const name = word.slice(0, Math.max(at, 0)).toLowerCase();
    const device = word.slice(at + 1);
    if (isCallPort(name)) {
      if (name === CONSOLE) return `--port "${word}": ${CONSOLE} is the console; modems are on asyn1 and above`;
      const call = parseCallDevice(device);
      if (typeof call === 'string') return `--port ${name}: ${call}`;
    } else if (!/^eth\d{1,4}=[^\s/]{1,15}$/i.test(word)) return `--port "${word}" is not ethN=DEVICE, briN=unix:/PATH or asynN=/dev/LINE`;
    if (ports.has(name)) return `port ${name} is given twice`;
    if ([...ports.values()].includes(device)) return `device ${device} is given to two ports`;
    ports.set(name, device);
  }
  return ports;
}

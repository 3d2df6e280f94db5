// LOAD, UPLOAD, SET, SHOW and RESET LOADER (AR740 command reference, "Operation": loader).

import type { Ipv4 } from '../bytes/ip.ts';
import { wrap } from '../bytes/text.ts';
import { command, form, write, type Command, type ConfigSection, type Context, type Outcome } from '../cli/command.ts';
import { messages, printMessage, type Message } from '../cli/messages.ts';
import type { Clock } from '../hal/clock.ts';
import { flashName, type Files } from './files.ts';
import { flashNameOf, isSystem, LOADER_DEFAULTS, showServer, type Loader, type LoadRequest } from './loader.ts';

const METHOD = '[METHOD={TFTP|HTTP|WWW|ZMODEM|LDAP|NONE}]';

const LOAD = form({
  syntax: `LOAD ${METHOD} [FILE=path] [DESTFILE=file-name] [SERVER=host] [DESTINATION={FLASH|NVS}] [DELAY=0..65535]`,
  level: 'manager',
  example: 'LOAD METHOD=TFTP FILE=boot.cfg SERVER=192.168.10.9',
  help: 'Fetches a file from a server into flash. What is not given is taken from SET LOADER. A file that ends in .update is a system: it comes by HTTP and goes where UPDATE SYSTEM puts it.',
});
const UPLOAD = form({
  syntax: `UPLOAD ${METHOD} [FILE=file-name] [SERVER=host] [DELAY=0..65535]`,
  level: 'manager',
  example: 'UPLOAD FILE=boot.cfg SERVER=192.168.10.9',
  help: 'Sends a file of the flash to a server. What is not given is taken from SET LOADER.',
});
const SET_LOADER = form({
  syntax: 'SET LOADER [METHOD={TFTP|HTTP|WWW|ZMODEM|LDAP|NONE}] [FILE={path|NONE}] [DESTFILE={file-name|NONE}] [SERVER={host|NONE}] [DESTINATION={FLASH|NVS}] [DELAY=0..65535]',
  level: 'manager',
  example: 'SET LOADER METHOD=HTTP SERVER=192.168.10.9',
  help: 'Sets what LOAD and UPLOAD use where they do not say otherwise. NONE takes a value away.',
});
const SHOW_LOADER = form({ syntax: 'SHOW LOADER', level: 'manager', example: 'SHOW LOADER', help: 'Shows these settings, and the transfer that runs.' });
const RESET_LOADER = form({ syntax: 'RESET LOADER', level: 'manager', example: 'RESET LOADER', help: 'Stops the transfer that runs.' });

export interface LoaderOwner {
  readonly loader: Loader;
  readonly files: Files;
  readonly clock: Clock;
}

type Method = 'TFTP' | 'HTTP' | 'WWW' | 'ZMODEM' | 'LDAP' | 'NONE';

/** WWW is the older word for HTTP. Undefined for methods that are not built. */
const built = (method: Method): 'TFTP' | 'HTTP' | undefined => (method === 'WWW' ? 'HTTP' : method === 'TFTP' || method === 'HTTP' ? method : undefined);

interface Given {
  readonly method?: Method | undefined;
  readonly server?: Ipv4 | string | undefined;
  readonly file?: string | undefined;
  readonly destfile?: string | undefined;
  readonly destination?: 'FLASH' | 'NVS' | undefined;
}

/** What is given, filled up from SET LOADER. */
function requestOf(given: Given, loader: Loader, direction: 'load' | 'upload'): LoadRequest | Message {
  const { settings, busy } = { settings: loader.settings, busy: loader.busy() };
  if (busy !== undefined) return busy;
  const method = built(given.method ?? settings.method);
  if (method === undefined) return messages.loader.method(given.method ?? settings.method);
  if (given.destination === 'NVS') return messages.file.noDevice('nvs');
  const server = given.server ?? settings.server;
  if (server === undefined) return messages.loader.noServer();
  const file = given.file ?? settings.file;
  if (file === undefined) return messages.loader.noFile();
  if (direction === 'load' && isSystem(file)) {
    if (method !== 'HTTP') return messages.loader.systemMethod(file);
    return loader.mayLoadSystem() ?? { method, server, file, destfile: '-' };
  }
  const local = direction === 'upload' ? flashName(file) : (given.destfile ?? (given.file === undefined ? settings.destfile : undefined) ?? flashNameOf(file));
  if (local === undefined) return messages.loader.badName(file);
  const destfile = typeof local === 'string' ? flashName(local) : local;
  if (typeof destfile !== 'string') return destfile;
  return { method, server, file: direction === 'upload' ? destfile : file, destfile };
}

const refusal = (value: LoadRequest | Message): Message | undefined => ('severity' in value ? value : undefined);

export function loaderCommands({ loader, files, clock }: LoaderOwner): Command[] {
  const start = (request: LoadRequest, direction: 'load' | 'upload', context: Context, done: (answer: Message) => void): void =>
    direction === 'load' ? loader.load(request, done, context.print) : loader.upload(request, done);
  const begin = (given: Given & { readonly delay?: number | undefined }, direction: 'load' | 'upload', context: Context): Outcome => {
    const request = requestOf(given, loader, direction);
    if ('severity' in request) return request;
    const delay = given.delay ?? loader.settings.delay;
    if (delay === 0) return { pending: (done) => start(request, direction, context, done), cancel: () => loader.stop() };
    const alarm = clock.at(context.now + delay * 1000, () => start(request, direction, context, (answer) => context.print(printMessage(answer))));
    loader.reserve(request, direction, () => alarm.cancel());
    return messages.loader.scheduled(request.file, delay);
  };
  return [
    command(LOAD, { verify: (a) => refusal(requestOf(a, loader, 'load')), apply: (a, context) => begin(a, 'load', context) }),
    command(UPLOAD, {
      verify: (a) => {
        const request = requestOf(a, loader, 'upload');
        if ('severity' in request) return request;
        return files.exists(request.file) ? undefined : messages.file.notFound(request.file);
      },
      apply: (a, context) => begin(a, 'upload', context),
    }),
    command(SET_LOADER, {
      verify: (a) => {
        if (Object.values(a).every((value) => value === undefined)) return messages.loader.nothingGiven('METHOD, FILE, DESTFILE, SERVER, DESTINATION, DELAY');
        if (a.destination === 'NVS') return messages.file.noDevice('nvs');
        return a.method !== undefined && a.method !== 'NONE' && built(a.method) === undefined ? messages.loader.method(a.method) : undefined;
      },
      apply: (a) => {
        const value = <T>(given: { readonly value: T } | 'NONE' | undefined, old: T | undefined): T | undefined => (given === undefined ? old : given === 'NONE' ? undefined : given.value);
        const old = loader.settings;
        loader.settings = {
          method: a.method === undefined ? old.method : (built(a.method) ?? LOADER_DEFAULTS.method),
          server: value(a.server, old.server),
          file: value(a.file, old.file),
          destfile: value(a.destfile, old.destfile),
          delay: a.delay ?? old.delay,
        };
        return messages.loader.done();
      },
    }),
    command(SHOW_LOADER, { apply: () => ({ text: show(loader) }) }),
    command(RESET_LOADER, {
      verify: () => (loader.state === undefined ? messages.loader.nothing() : undefined),
      apply: () => {
        loader.stop();
        return messages.loader.done();
      },
    }),
  ];
}

function show(loader: Loader): string {
  const { settings, state } = loader;
  const row = (label: string, value: string): string => `${`${label} `.padEnd(25, '.')} ${value}`;
  const lines = [
    'Loader Information',
    '-'.repeat(79),
    'Defaults:',
    row('  Method', settings.method),
    row('  File', settings.file ?? '-'),
    row('  Destination File', settings.destfile ?? '-'),
    row('  Server', settings.server === undefined ? '-' : showServer(settings.server)),
    row('  Destination', 'FLASH'),
    row('  Delay (sec)', String(settings.delay)),
    '',
    'Current Load:',
  ];
  if (state === undefined) lines.push(row('  Status', 'none'));
  else {
    lines.push(
      row('  Status', `${state.direction}, ${state.phase}`),
      row('  Method', state.method),
      row('  File', state.file),
      row('  Destination File', state.destfile),
      row('  Server', showServer(state.server)),
      row('  Bytes', String(state.bytes)),
    );
  }
  lines.push('', ...wrap(loader.last, 53).map((part, i) => (i === 0 ? row('Last Load', part) : `${' '.repeat(26)}${part}`)), '-'.repeat(79));
  return lines.join('\n');
}

/** LOAD section. */
export function loaderConfig({ loader }: Pick<LoaderOwner, 'loader'>): ConfigSection[] {
  const { method, server, file, destfile, delay } = loader.settings;
  const given = {
    ...(method === LOADER_DEFAULTS.method ? {} : { method }),
    ...(file === undefined ? {} : { file: { value: file } }),
    ...(destfile === undefined ? {} : { destfile: { value: destfile } }),
    ...(server === undefined ? {} : { server: { value: server } }),
    ...(delay === LOADER_DEFAULTS.delay ? {} : { delay }),
  };
  return Object.keys(given).length === 0 ? [] : [{ title: 'LOAD', lines: [write(SET_LOADER, given)] }];
}

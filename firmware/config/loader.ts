// File transfer with a server: one at a time, by TFTP or HTTP (LOAD and UPLOAD of the AR740 command reference, "Operation": loader).

import { formatIpv4, parseIpv4, type Ipv4 } from '../bytes/ip.ts';
import { messages, type Message } from '../cli/messages.ts';
import type { Refusal } from '../hal/dataplane.ts';
import type { Resolver, Transfer } from '../hal/io.ts';
import type { Log } from '../log/log.ts';
import { isFileName, sentence, type Files } from './files.ts';

export type LoadMethod = 'TFTP' | 'HTTP';

/** What SET LOADER keeps for transfers that do not say otherwise; undefined = not set. */
export interface LoaderSettings {
  readonly method: LoadMethod;
  /** An address or a name, resolved when a transfer starts. */
  readonly server: Ipv4 | string | undefined;
  readonly file: string | undefined;
  readonly destfile: string | undefined;
  /** Seconds to wait before a transfer. */
  readonly delay: number;
}

export const LOADER_DEFAULTS: LoaderSettings = { method: 'TFTP', server: undefined, file: undefined, destfile: undefined, delay: 0 };

export interface LoadRequest {
  readonly method: LoadMethod;
  readonly server: Ipv4 | string;
  /** The name at the server. */
  readonly file: string;
  /** The name in flash. */
  readonly destfile: string;
}

/** The transfer that runs, for SHOW LOADER. */
export interface TransferState extends LoadRequest {
  readonly direction: 'load' | 'upload';
  readonly phase: 'waiting' | 'resolving' | 'transferring' | 'saving';
  readonly bytes: number;
}

/** A system, which goes beside the one that runs and not into flash. */
export const isSystem = (file: string): boolean => /\.update$/i.test(file);

/** Takes whole systems, where the box has a place for a second one. */
export interface SystemPlace {
  /** Why none can be taken now. */
  mayInstall(): Message | undefined;
  install(request: { readonly server: Ipv4; readonly file: string; readonly unsigned: boolean; say(text: string): void }, done: (answer: Message) => void): void;
  stop(): void;
  /** How far it is. */
  readonly running: { readonly bytes: number } | undefined;
}

/** What the loader works with. */
export interface LoaderParts {
  readonly files: Files;
  readonly transfer: Transfer;
  readonly system: SystemPlace;
  readonly resolver: Resolver;
  readonly log: Log;
}

export const showServer = (server: Ipv4 | string): string => (typeof server === 'string' ? server : formatIpv4(server));

const isRefusal = (value: object): value is Refusal => 'refused' in value;

export class Loader {
  readonly #parts: LoaderParts;
  settings: LoaderSettings = LOADER_DEFAULTS;
  #state: TransferState | undefined;
  #cancel: () => void = () => {};
  #last = 'none since start';
  /** Counts transfers: what comes late for one that was stopped is dropped. */
  #turn = 0;

  constructor(parts: LoaderParts) {
    this.#parts = parts;
  }

  get state(): TransferState | undefined {
    const state = this.#state;
    if (state?.direction !== 'load' || state.phase !== 'transferring' || !isSystem(state.file)) return state;
    return { ...state, bytes: this.#parts.system.running?.bytes ?? 0 };
  }

  /** One line about the transfer that ended last. */
  get last(): string {
    return this.#last;
  }

  /** Why no transfer can start now. */
  busy(): Message | undefined {
    return this.#state === undefined ? undefined : messages.loader.busy(this.#state.file);
  }

  /** Why no system can be loaded now. */
  mayLoadSystem(): Message | undefined {
    return this.#parts.system.mayInstall();
  }

  /** Takes the place of a transfer that starts later (DELAY). `stopped` is called where RESET LOADER ends it before. */
  reserve(request: LoadRequest, direction: 'load' | 'upload', stopped: () => void): void {
    this.#turn++;
    this.#state = { ...request, direction, phase: 'waiting', bytes: 0 };
    this.#cancel = () => {
      stopped();
      this.#state = undefined;
      this.#cancel = () => {};
      this.#last = messages.loader.stopped(request.file).text;
    };
  }

  /** Fetches a file and saves it in flash in the place of what it held; a system goes where systems go, and tells `say` how far it is. */
  load(request: LoadRequest, done: (answer: Message) => void, say: (text: string) => void): void {
    const { file, destfile, method } = request;
    if (isSystem(file)) {
      const { system } = this.#parts;
      return this.#begin(request, 'load', done, (server, end) => {
        const refused = system.mayInstall();
        if (refused === undefined) system.install({ server, file, unsigned: false, say }, end);
        else end(refused);
        return { cancel: () => system.stop() };
      });
    }
    this.#begin(request, 'load', done, (server, end, current) => {
      const progress = (bytes: number): void => {
        if (current() && this.#state !== undefined) this.#state = { ...this.#state, bytes };
      };
      const took = (data: Uint8Array | Refusal): void => {
        if (!current()) return;
        if (isRefusal(data)) return end(messages.loader.failed(file, sentence(data.refused)));
        const { free } = this.#parts.files.space();
        if (data.length > free) return end(messages.loader.tooBig(file, data.length, free));
        this.#state = { ...request, direction: 'load', phase: 'saving', bytes: data.length };
        this.#parts.files.write(destfile, data, (failure) => end(failure ?? messages.loader.loaded(file, destfile, data.length)));
      };
      return this.#parts.transfer.load(method === 'TFTP' ? 'tftp' : 'http', server, file, took, progress);
    });
  }

  /** Sends a file of the flash under its own name. */
  upload(request: LoadRequest, done: (answer: Message) => void): void {
    const { file, method } = request;
    const data = this.#parts.files.read(file);
    if (data === undefined) return done(messages.file.notFound(file));
    this.#begin(request, 'upload', done, (server, end, current) =>
      this.#parts.transfer.upload(method === 'TFTP' ? 'tftp' : 'http', server, file, data, (refused) => {
        if (current()) end(refused === undefined ? messages.loader.uploaded(file, formatIpv4(server), data.length) : messages.loader.failed(file, sentence(refused.refused)));
      }),
    );
  }

  /** Stops the transfer that runs; whoever waits for it is answered. */
  stop(): void {
    this.#cancel();
  }

  #begin(
    request: LoadRequest,
    direction: 'load' | 'upload',
    done: (answer: Message) => void,
    start: (server: Ipv4, end: (answer: Message) => void, current: () => boolean) => { cancel(): void },
  ): void {
    const turn = ++this.#turn;
    const current = (): boolean => this.#turn === turn && this.#state !== undefined;
    const end = (answer: Message): void => {
      if (!current()) return;
      this.#state = undefined;
      this.#cancel = () => {};
      this.#last = answer.text;
      this.#parts.log.add({ module: 'LOAD', severity: answer.severity === 'info' ? 3 : 5, type: 'LOAD', subtype: answer.severity === 'info' ? 'OK' : 'FAIL', text: answer.text });
      done(answer);
    };
    this.#state = { ...request, direction, phase: 'resolving', bytes: 0 };
    this.#cancel = () => end(messages.loader.stopped(request.file));
    const go = (server: Ipv4): void => {
      if (!current()) return;
      this.#state = { ...request, direction, phase: 'transferring', bytes: 0 };
      const running = start(server, end, current);
      if (!current()) return;
      this.#cancel = () => {
        running.cancel();
        end(messages.loader.stopped(request.file));
      };
    };
    const { server } = request;
    const known = typeof server === 'string' ? parseIpv4(server) : server;
    if (known !== undefined) return go(known);
    this.#parts.resolver.resolve(String(server), (addresses) => {
      if (!current()) return;
      if (isRefusal(addresses)) return end(messages.loader.failed(request.file, sentence(addresses.refused)));
      const [first] = addresses;
      if (first === undefined) end(messages.loader.failed(request.file, `${String(server)} has no address`));
      else go(first);
    });
  }
}

/** The name in flash for a file at the server where DESTFILE does not say it: what follows the last slash. Undefined where that is no name for flash. */
export function flashNameOf(path: string): string | undefined {
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  return isFileName(name) ? name : undefined;
}

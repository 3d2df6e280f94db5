// Updates of a box with two slots for systems: put beside the running one, tried once, kept when it runs well or somebody says so.

import { parseIpv4, type Ipv4 } from '../bytes/ip.ts';
import type { Alarm, Millis } from '../bytes/time.ts';
import { messages, type Message } from '../cli/messages.ts';
import type { Clock } from '../hal/clock.ts';
import type { Resolver } from '../hal/io.ts';
import type { Installed, Updates, UpdateState } from '../hal/update.ts';
import type { Log } from '../log/log.ts';

/** A system on trial whose router has worked this long without a restart is kept (our limit). */
export const HEALTHY_MS: Millis = 180_000;
/** A transfer tells this often how far it is. */
const TELL_MS: Millis = 5000;

export interface UpdateParts {
  /** Absent on boards without slots. */
  readonly updates: Updates | undefined;
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly log: Log;
}

/** The update that is fetched now. */
export interface UpdateRun {
  readonly file: string;
  readonly bytes: number;
}

export class SystemUpdate {
  readonly #parts: UpdateParts;
  #run: UpdateRun | undefined;
  #cancel: () => void = () => {};
  #healthy: Alarm | undefined;

  constructor(parts: UpdateParts) {
    this.#parts = parts;
    const { updates, clock } = parts;
    const state = updates?.state();
    if (state?.failed !== undefined) this.#note(5, 'FAIL', `the system in slot ${state.failed} was tried and did not come up: this is the one before it, in slot ${state.running}`);
    if (state !== undefined && state.aside.length > 0) this.#note(4, 'BACK', `the configuration from before the trial is there again; what was saved meanwhile is kept as ${state.aside.join(', ')}`);
    if (state?.trying === true) this.#healthy = clock.at(clock.now() + HEALTHY_MS, () => this.#keep('it has run well'));
  }

  /** Undefined on boards without slots. */
  get state(): UpdateState | undefined {
    return this.#parts.updates?.state();
  }

  get running(): UpdateRun | undefined {
    return this.#run;
  }

  /** Why no update can be taken now. */
  mayInstall(): Message | undefined {
    const { state } = this;
    if (state === undefined) return messages.update.noSlots();
    if (this.#run !== undefined) return messages.update.busy(this.#run.file);
    return state.trying ? messages.update.onTrial() : undefined;
  }

  /** Fetches an update into the other slot; `say` gets lines about how far it is. */
  install(request: { readonly server: Ipv4 | string; readonly file: string; readonly unsigned: boolean; say(text: string): void }, done: (answer: Message) => void): void {
    const { clock, resolver, updates } = this.#parts;
    if (updates === undefined) return done(messages.update.noSlots());
    const { file, unsigned } = request;
    let over = false;
    const end = (answer: Message): void => {
      if (over) return;
      over = true;
      telling.cancel();
      this.#run = undefined;
      this.#cancel = () => {};
      this.#note(answer.severity === 'error' ? 5 : 4, answer.severity === 'error' ? 'FAIL' : 'OK', answer.text);
      done(answer);
    };
    const go = (server: Ipv4): void => {
      if (over) return;
      const running = updates.install({ server, file, unsigned }, (result) => end('refused' in result ? messages.update.refused(file, result.refused) : taken(result)), (bytes) => {
        if (!over) this.#run = { file, bytes };
      });
      this.#cancel = () => running.cancel();
    };
    const tell = (): void => {
      if (this.#run !== undefined && this.#run.bytes > 0) request.say(`${file}: ${(this.#run.bytes / 1e6).toFixed(1)} MB received`);
      telling = clock.at(clock.now() + TELL_MS, tell);
    };
    let telling = clock.at(clock.now() + TELL_MS, tell);
    this.#run = { file, bytes: 0 };
    this.#cancel = () => end(messages.update.refused(file, 'stopped'));
    const known = typeof request.server === 'string' ? parseIpv4(request.server) : request.server;
    if (known !== undefined) return go(known);
    resolver.resolve(String(request.server), (addresses) => {
      if ('refused' in addresses) return end(messages.update.refused(file, addresses.refused));
      const [first] = addresses;
      if (first === undefined) end(messages.update.refused(file, `${String(request.server)} has no address`));
      else go(first);
    });
  }

  /** Ends the transfer that runs; who waits for it is answered when it has ended. */
  stop(): void {
    this.#cancel();
  }

  /** Keeps what is on trial. */
  confirm(by: string): Message {
    const { updates } = this.#parts;
    if (updates === undefined) return messages.update.noSlots();
    if (!updates.state().trying) return messages.update.nothing();
    return this.#keep(`${by} said so`);
  }

  /** Takes a trial back. */
  revert(): Message {
    const { updates } = this.#parts;
    if (updates === undefined) return messages.update.noSlots();
    const { next, trying } = updates.state();
    if (next === undefined && !trying) return messages.update.nothing();
    const failure = updates.revert();
    if (failure !== undefined) return messages.update.notWritten(failure);
    this.#healthy?.cancel();
    return messages.update.reverted(updates.state().active);
  }

  /** The router ends or starts anew. */
  close(): void {
    this.#healthy?.cancel();
    this.#cancel();
  }

  #keep(why: string): Message {
    this.#healthy?.cancel();
    const failure = this.#parts.updates?.confirm();
    if (failure !== undefined) {
      this.#note(5, 'FAIL', `the system on trial could not be kept: ${failure}`);
      return messages.update.notWritten(failure);
    }
    const slot = this.state?.running ?? '';
    this.#note(4, 'KEEP', `the system in slot ${slot} is kept: ${why}`);
    return messages.update.confirmed(slot);
  }

  #note(severity: 4 | 5, subtype: string, text: string): void {
    this.#parts.log.add({ module: 'SYS', severity, type: 'UPD', subtype, text });
  }
}

const taken = ({ version, kernel, slot }: Installed): Message => messages.update.installed(version, kernel, slot);

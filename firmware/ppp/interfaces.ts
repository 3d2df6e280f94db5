// All PPP interfaces of the router: what CREATE, SET and DESTROY PPP do to static ones, and those that come and go with callers
// (AlliedWare CREATE PPP).

import type { Millis } from '../bytes/time.ts';
import { nothingGiven } from '../cli/given.ts';
import { messages, type Message } from '../cli/messages.ts';
import type { LimitCounter } from './accounting.ts';
import { PppInterface } from './interface.ts';
import type { InterfaceId } from '../hal/dataplane.ts';
import type { PppLower, PppOwner } from './owner.ts';
import { conflicting, merge, type PppChange, type PppParameters } from './parameters.ts';

export interface CreatePpp extends PppParameters {
  readonly ppp: number;
  readonly over: string;
}

export interface SetPpp extends PppChange {
  readonly ppp: number;
  readonly over?: string | undefined;
}

const sameLayer = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

export class PppInterfaces {
  readonly owner: PppOwner;
  readonly #interfaces = new Map<number, PppInterface>();
  /** By layer and by name, in lower case: asked for with every frame and event of a link. */
  readonly #byLayer = new Map<string, PppInterface>();
  readonly #byName = new Map<string, PppInterface>();
  /** Interfaces of callers, made from templates. */
  readonly #dynamics = new Map<number, PppInterface>();
  /** No number below is free. */
  #low = 0;

  constructor(owner: PppOwner) {
    this.owner = owner;
  }

  get(number: number): PppInterface | undefined {
    return this.#interfaces.get(number) ?? this.#dynamics.get(number);
  }

  /** By name, 'ppp1', in any case. */
  named(name: string): PppInterface | undefined {
    const statics = this.#byName.get(name.toLowerCase());
    if (statics !== undefined) return statics;
    const digits = /^ppp(\d{1,6})$/i.exec(name)?.[1];
    return digits === undefined ? undefined : this.#dynamics.get(Number(digits));
  }

  /** The static interface over a physical layer, 'TNL-remote', in any case. */
  over(layer: string): PppInterface | undefined {
    return this.#byLayer.get(layer.toLowerCase());
  }

  /** In rising order of number. */
  all(): PppInterface[] {
    return [...this.#interfaces.values(), ...this.#dynamics.values()].sort((a, b) => a.number - b.number);
  }

  /** Those that the operator made, in rising order of number. */
  statics(): PppInterface[] {
    return [...this.#interfaces.values()].sort((a, b) => a.number - b.number);
  }

  /** Those of callers; of one template where one is named. */
  dynamics(template?: number): PppInterface[] {
    const all = [...this.#dynamics.values()];
    return template === undefined ? all : all.filter((one) => one.template === template);
  }

  /** Makes the interface of a caller, with the lowest free number. `owner` answers for it in place of the router's. */
  addDynamic(owner: PppOwner, made: { readonly template: number; readonly over: string; readonly device: InterfaceId }, parameters: PppParameters, now: Millis): PppInterface {
    while (this.get(this.#low) !== undefined) this.#low++;
    const one = new PppInterface(owner, { number: this.#low, ...made }, parameters, now);
    this.#dynamics.set(one.number, one);
    return one;
  }

  /** The caller is gone, or has to go. */
  removeDynamic(one: PppInterface, reason: string, now: Millis): void {
    if (this.#dynamics.get(one.number) !== one) return;
    one.destroy(now, reason);
    this.#dynamics.delete(one.number);
    this.#low = Math.min(this.#low, one.number);
  }

  /** Why CREATE cannot be done. */
  mayCreate(given: CreatePpp): Message | undefined {
    if (this.get(given.ppp) !== undefined) return messages.ppp.exists(given.ppp);
    if (conflicting(given)) return messages.ppp.echoAndLqr();
    const exists = this.owner.layerExists(given.over);
    if (exists !== true) return exists;
    const user = this.over(given.over);
    return user === undefined ? undefined : messages.ppp.layerUsed(given.over, user.name);
  }

  create(given: CreatePpp, now: Millis): Message {
    const { ppp, over, ...parameters } = given;
    const device = this.owner.openDevice(`ppp${ppp}`, PppInterface.firstMtu(parameters), parameters.idle !== 'OFF');
    if (typeof device === 'object') return messages.ppp.noDevice(ppp, device.refused);
    const made = new PppInterface(this.owner, { number: ppp, over, device }, parameters, now);
    this.#interfaces.set(ppp, made);
    this.#byLayer.set(over.toLowerCase(), made);
    this.#byName.set(made.name, made);
    made.start(now);
    return messages.ppp.done();
  }

  /** Why SET cannot be done. */
  maySet(given: SetPpp): Message | undefined {
    const one = this.#interfaces.get(given.ppp);
    if (one === undefined) return this.#notStatic(given.ppp);
    if (given.over !== undefined && !sameLayer(given.over, one.over)) return messages.ppp.otherLayer(given.ppp, one.over, given.over);
    return nothingGiven(change(given)) ?? (conflicting(merge(one.parameters, change(given))) ? messages.ppp.echoAndLqr() : undefined);
  }

  set(given: SetPpp, now: Millis): Message {
    const one = this.#interfaces.get(given.ppp);
    if (one === undefined) return messages.ppp.notFound(given.ppp);
    one.set(merge(one.parameters, change(given)), now);
    return messages.ppp.done();
  }

  /** Why the interface cannot be destroyed. */
  mayDestroy(number: number): Message | undefined {
    const one = this.#interfaces.get(number);
    if (one === undefined) return this.#notStatic(number);
    return this.owner.ipAttached(one.name) ? messages.ppp.inUse(number) : undefined;
  }

  destroy(number: number, now: Millis): Message {
    const one = this.#interfaces.get(number);
    if (one === undefined) return messages.ppp.notFound(number);
    one.destroy(now);
    this.#interfaces.delete(number);
    this.#byLayer.delete(one.over.toLowerCase());
    this.#byName.delete(one.name);
    this.#low = Math.min(this.#low, number);
    return messages.ppp.done();
  }

  enable(number: number, now: Millis): Message {
    return this.#with(number, (one) => {
      if (one.template !== undefined) return this.#notStatic(number);
      if (one.enabled) return messages.ppp.alreadyEnabled(number);
      one.enable(now);
      return messages.ppp.done();
    });
  }

  disable(number: number, now: Millis): Message {
    return this.#with(number, (one) => {
      if (one.template !== undefined) return this.#notStatic(number);
      if (!one.enabled) return messages.ppp.alreadyDisabled(number);
      one.disable(now);
      return messages.ppp.done();
    });
  }

  /** Without counters: closes the link and opens it again. With: counts those anew, the link stays. */
  reset(number: number, counters: readonly LimitCounter[], now: Millis): Message {
    return this.#with(number, (one) => {
      if (counters.length > 0) one.resetLimits(counters, now);
      else one.reset(now);
      return messages.ppp.done();
    });
  }

  activate(number: number, now: Millis): Message {
    return this.#with(number, (one) => {
      if (!one.enabled) return messages.ppp.disabled(number);
      if (one.link !== undefined) return messages.ppp.alreadyOpen(number);
      one.activate(now);
      return messages.ppp.done();
    });
  }

  /** Whoever printed by `print` has logged off. */
  forgetDebug(print: (text: string) => void): void {
    for (const one of this.all()) one.trace.forget(print);
  }

  /** Ends every interface: the router restarts or stops. */
  clear(now: Millis): void {
    for (const one of this.dynamics()) this.removeDynamic(one, 'The router stops.', now);
    for (const one of this.statics()) one.destroy(now);
    this.#interfaces.clear();
    this.#byLayer.clear();
    this.#byName.clear();
  }

  /** The layer under an interface has a link. False where no such interface exists. */
  lowerUp(name: string, lower: PppLower, now: Millis): boolean {
    const one = this.named(name);
    one?.lowerUp(lower, now);
    return one !== undefined;
  }

  lowerDown(name: string, reason: string, now: Millis): void {
    this.named(name)?.lowerDown(reason, now);
  }

  frame(name: string, data: Uint8Array, now: Millis): void {
    this.named(name)?.frame(data, now);
  }

  demand(name: string, packet: Uint8Array, now: Millis): void {
    this.named(name)?.demand(packet, now);
  }

  #with(number: number, act: (one: PppInterface) => Message): Message {
    const one = this.get(number);
    return one === undefined ? messages.ppp.notFound(number) : act(one);
  }

  #notStatic(number: number): Message {
    const template = this.#dynamics.get(number)?.template;
    return template === undefined ? messages.ppp.notFound(number) : messages.ppp.dynamic(number, template);
  }
}

/** A SET without what names its object. */
function change(given: SetPpp): PppChange {
  const { ppp: _ppp, over: _over, ...rest } = given;
  return rest;
}

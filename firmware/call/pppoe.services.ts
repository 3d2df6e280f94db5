// The services of the PPPoE access concentrator as configured (ADD PPP ACSERVICE): which port, which template, how many sessions.

import { messages, type Message } from '../cli/messages.ts';

export interface ServiceSettings {
  /** As typed; 'ANY' in any case answers every name. */
  readonly name: string;
  /** 'eth1' */
  readonly port: string;
  /** 0..31 */
  readonly template: number;
  /** Sessions at once: 1..32000; and of one Ethernet address. */
  readonly maxSessions: number;
  readonly macLimit: number;
  readonly acradius: 'ON' | 'OFF';
}

export interface Service {
  settings: ServiceSettings;
  sessions: number;
  /** Sessions given since it was added, and refused. */
  accepted: number;
  refused: number;
  lastRefusal: string;
}

export const SERVICE_DEFAULTS = { maxSessions: 512, macLimit: 16, acradius: 'OFF', port: 'eth0' } as const;

const isAny = (name: string): boolean => name.toLowerCase() === 'any';
const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** The layer of its sessions: 'ETH1-any'. */
export const layerName = ({ port, name }: ServiceSettings): string => `${port.toUpperCase()}-${isAny(name) ? 'any' : name}`;

export class Services {
  readonly #services: Service[] = [];

  list(): readonly Service[] {
    return this.#services;
  }

  on(port: string): readonly Service[] {
    return this.#services.filter(({ settings }) => settings.port === port);
  }

  /** The ports that any service is on. */
  ports(): readonly string[] {
    return [...new Set(this.#services.map(({ settings }) => settings.port))];
  }

  /** The one that a command means, or why it means none. */
  meant(name: string, port: string | undefined): Service | Message {
    const found = this.#services.filter(({ settings }) => sameName(settings.name, name) && (port === undefined || settings.port === port.toLowerCase()));
    const [one, second] = found;
    if (one === undefined) return messages.pppoe.noService(name, port === undefined ? '' : ` on ${port.toUpperCase()}`);
    return second === undefined ? one : messages.pppoe.whichPort(name, found.map(({ settings }) => settings.port.toUpperCase()).join(' and '));
  }

  has(name: string, port: string): boolean {
    return this.on(port.toLowerCase()).some(({ settings }) => sameName(settings.name, name));
  }

  add(settings: ServiceSettings): void {
    this.#services.push({ settings, sessions: 0, accepted: 0, refused: 0, lastRefusal: '' });
  }

  delete(service: Service): void {
    const at = this.#services.indexOf(service);
    if (at >= 0) this.#services.splice(at, 1);
  }

  /**
   * The services of a port that fit a requested name: those of that name, then ANY. An empty name fits all, ANY first
   * (RFC 2516 appendix A, Service-Name).
   */
  fitting(port: string, name: string): readonly Service[] {
    const here = this.on(port);
    const any = here.filter(({ settings }) => isAny(settings.name));
    const named = here.filter(({ settings }) => !isAny(settings.name));
    return name === '' ? [...any, ...named] : [...named.filter(({ settings }) => sameName(settings.name, name)), ...any];
  }

  /** The names that a PADO tells of. */
  names(port: string): readonly string[] {
    return this.on(port).map(({ settings }) => settings.name).filter((name) => !isAny(name));
  }
}

export const isFull = ({ settings, sessions }: Service): boolean => sessions >= settings.maxSessions;

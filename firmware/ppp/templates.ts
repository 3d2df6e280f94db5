// PPP templates (AlliedWare CREATE PPP TEMPLATE): the blueprints that the interfaces of callers are made from. Parameters, defaults, and
// what they are for an interface.

import { form, type Args } from '../cli/command.ts';
import { nothingGiven } from '../cli/given.ts';
import { messages, type Message } from '../cli/messages.ts';
import { conflicting, type PppParameters } from './parameters.ts';

/** AlliedWare's list; no TYPE, OVER and AUTHMODE. */
const OPTIONS = `[AUTHENTICATION={CHAP|EITHER|MSCHAPV2|PAP|NONE}] [BAP={ON|OFF}] [BAPMODE={CALL|CALLBACK}] [CBDELAY=1..100] [CBMODE={ACCEPT|OFF|REQUEST}]
  [CBNUMBER=phone-number] [CBOPERATION={E164NUMBER|USERAUTH}] [COMPALGORITHM={PREDICTOR|STACLZS}] [COMPRESSION={ON|OFF|LINK}] [DEBUGMAXBYTES=16..256]
  [DESCRIPTION=string(1..70)] [DOWNRATE=0..100] [DOWNTIME=1..300] [ECHO={ON|OFF|1..3600}] [ENCRYPTION={ON|OFF}] [FRAGMENT={ON|OFF}] [FRAGOVERHEAD=0..100]
  [IDLE={ON|OFF|1..4294967295}] [INDATALIMIT={NONE|1..65535}] [IPPOOL={name|NONE}] [IPREQUEST={ON|OFF}] [LOGIN={ALL|RADIUS|TACACS|USER}] [LQR={ON|OFF|1..3600}]
  [MAGIC={ON|OFF}] [MAXLINKS=1..64] [MRU={ON|OFF|256..1656}] [MSSHEADER=40..200] [MTU=256..1500] [MULTILINK={ON|OFF}] [NULLFRAGTIMER=1..60]
  [ONLINELIMIT={NONE|1..65535}] [OUTDATALIMIT={NONE|1..65535}] [PASSWORD={secret(1..64)|NONE}] [PREDCHECK={CRC16|CRCCCITT}] [RECHALLENGE={ON|OFF|360..3600}]
  [RESTART=1..60] [STACCHECK={LCB|SEQUENCE}] [STARENTITY=1..255] [TERMINATE={1..255|CONTINUOUS}] [TOTALDATALIMIT={NONE|1..65535}] [UPRATE=0..100]
  [UPTIME=1..300] [USERNAME={string(1..64)|NONE}] [VJC={ON|OFF}]` as const;

// No defaults in the forms: what a CREATE with COPY does not name comes from the template that is copied.
export const CREATE_TEMPLATE = form({
  syntax: `CREATE PPP TEMPLATE=0..31 [COPY=0..31] ${OPTIONS}`,
  level: 'manager',
  example: 'CREATE PPP TEMPLATE=0 BAP=OFF LQR=OFF AUTHENTICATION=EITHER IPPOOL=ips',
  help:
    'Makes a template for PPP interfaces of callers; with COPY what is not named comes from another one. A pool may be named before it exists. ' +
    'Callers get the IPADDRESS of their user, else an address of IPPOOL. LOGIN says which database judges them: that of ADD USER, RADIUS, or (ALL) RADIUS for names that ADD USER does not have.',
});
export const SET_TEMPLATE = form({
  syntax: `SET PPP TEMPLATE=0..31 ${OPTIONS}`,
  level: 'manager',
  example: 'SET PPP TEMPLATE=0 IDLE=60',
  help: 'Changes a template; holds for callers from then on.',
});

type Given = Omit<Args<typeof SET_TEMPLATE>, 'template'>;
/** What has no usual value. */
type Open = 'cbnumber' | 'description' | 'lqr';
/** All parameters of a template. */
export type TemplateParameters = { readonly [K in Exclude<keyof Given, Open>]-?: NonNullable<Given[K]> } & { readonly [K in Open]?: Given[K] };
/** What a CREATE or SET gives. */
export type TemplateChange = Given;

/** AlliedWare's usual values. LQR has none here: it is ON (60 seconds) as long as ECHO is off. */
export const TEMPLATE_DEFAULTS: TemplateParameters = {
  authentication: 'NONE', bap: 'ON', bapmode: 'CALL', cbdelay: 1, cbmode: 'OFF', cboperation: 'USERAUTH', compalgorithm: 'STACLZS', compression: 'OFF',
  debugmaxbytes: 32, downrate: 20, downtime: 60, echo: 'OFF', encryption: 'OFF', fragment: 'OFF', fragoverhead: 10, idle: 'OFF', indatalimit: 'NONE',
  ippool: 'NONE', iprequest: 'OFF', login: 'ALL', magic: 'ON', maxlinks: 64, mru: 'OFF', mssheader: 40, mtu: 1500, multilink: 'ON', nullfragtimer: 3,
  onlinelimit: 'NONE', outdatalimit: 'NONE', password: 'NONE', predcheck: 'CRC16', rechallenge: 'ON', restart: 3, staccheck: 'LCB', starentity: 1,
  terminate: { value: 2 }, totaldatalimit: 'NONE', uprate: 80, uptime: 30, username: 'NONE', vjc: 'OFF',
};

export interface Template {
  /** 0..31 */
  readonly number: number;
  readonly parameters: TemplateParameters;
  /** Callers that were refused, and why the last one was. */
  refused: number;
  lastRefusal: string;
}

export interface CreateTemplate extends TemplateChange {
  readonly template: number;
  readonly copy?: number | undefined;
}

export interface SetTemplate extends TemplateChange {
  readonly template: number;
}

/** What the interface of a caller is made with. */
export function interfaceParameters(t: TemplateParameters): PppParameters {
  const { login: _login, maxlinks: _maxlinks, mtu: _mtu, multilink: _multilink, vjc: _vjc, ...shared } = t;
  return { ...shared, iprequest: 'OFF', authmode: 'IN', configure: { value: 10 }, number: 1, padrretry: '15', type: 'PRIMARY' };
}

/** Who makes interfaces from templates. */
export interface TemplatesOwner {
  /** Names of the interfaces that were made from a template. */
  users(template: number): readonly string[];
  /** A template without interfaces is gone. */
  destroyed(template: number): void;
}

export class PppTemplates {
  readonly #templates = new Map<number, Template>();
  readonly #owner: TemplatesOwner;

  constructor(owner: TemplatesOwner) {
    this.#owner = owner;
  }

  get(number: number): Template | undefined {
    return this.#templates.get(number);
  }

  /** In rising order of number. */
  list(): readonly Template[] {
    return [...this.#templates.values()].sort((a, b) => a.number - b.number);
  }

  /** Why CREATE cannot be done. */
  mayCreate({ template, copy, ...given }: CreateTemplate): Message | undefined {
    if (this.#templates.has(template)) return messages.ppp.templateExists(template);
    if (copy !== undefined && !this.#templates.has(copy)) return messages.ppp.templateNotFound(copy);
    return conflicting(this.#with(copy, given)) ? messages.ppp.echoAndLqr() : undefined;
  }

  create({ template, copy, ...given }: CreateTemplate): Message {
    return this.#put(template, this.#with(copy, given));
  }

  /** Why SET cannot be done. */
  maySet({ template, ...given }: SetTemplate): Message | undefined {
    if (!this.#templates.has(template)) return messages.ppp.templateNotFound(template);
    return nothingGiven(given) ?? (conflicting(this.#with(template, given)) ? messages.ppp.echoAndLqr() : undefined);
  }

  /** Interfaces that were made before stay as they are. */
  set({ template, ...given }: SetTemplate): Message {
    return this.#put(template, this.#with(template, given));
  }

  /** Why DESTROY cannot be done. */
  mayDestroy(number: number): Message | undefined {
    if (!this.#templates.has(number)) return messages.ppp.templateNotFound(number);
    const users = this.#owner.users(number);
    const more = users.length > MOST_NAMED ? ` and ${users.length - MOST_NAMED} more` : '';
    return users.length === 0 ? undefined : messages.ppp.templateInUse(number, `${users.slice(0, MOST_NAMED).join(', ')}${more}`);
  }

  destroy(number: number): void {
    this.#templates.delete(number);
    this.#owner.destroyed(number);
  }

  #with(base: number | undefined, given: TemplateChange): TemplateParameters {
    const from = (base === undefined ? undefined : this.#templates.get(base)?.parameters) ?? TEMPLATE_DEFAULTS;
    return { ...from, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
  }

  #put(number: number, parameters: TemplateParameters): Message {
    const before = this.#templates.get(number);
    this.#templates.set(number, { number, parameters, refused: before?.refused ?? 0, lastRefusal: before?.lastRefusal ?? '' });
    const { login } = parameters;
    return login === 'TACACS' ? messages.ppp.noDatabase(number, login) : messages.ppp.done();
  }
}

/** So many interfaces are named in one answer. */
const MOST_NAMED = 8;

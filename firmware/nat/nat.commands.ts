// IP NAT commands (AlliedWare "range NAT", which cannot be used together with firewall NAT).

import type { Ipv4 } from '../bytes/ip.ts';
import { type Args, type Command, type ConfigSection, type Outcome, command, form, write } from '../cli/command.ts';
import { type Message, messages } from '../cli/messages.ts';
import { soon } from '../cli/soon.ts';
import { FRAGMENTS, LOGS, type Nat, type NatEntry, type NatParameters, PROTOCOLS, translationOf } from './nat.ts';
import { nameOf, showNat } from './nat.show.ts';

/** What NAT needs of the router. */
export interface NatOwner {
  readonly nat: Nat;
  /** Translations have changed: puts them in force. `done` gets the reason where that failed. */
  changed(done: (failure?: string) => void): void;
  /** Why what is configured is not in force. */
  failure(): string | undefined;
  /** An interface's name in the box's own spelling ('eth0' for 'ETH0-0'); undefined where it is none that IP can run on. */
  interfaceName(text: string): string | undefined;
  exists(name: string): boolean;
  /** The address that an interface has now. */
  addressOf(name: string): Ipv4 | undefined;
}

const ENABLE_NAT = form({
  syntax: `ENABLE IP NAT [FRAGMENT={ICMP|UDP|OTHER}[,...]] [LOG={ALL|FAILS|INICMP|INOTHER|INTCP|INUDP|OUTICMP|OUTOTHER|OUTTCP|OUTUDP}[,...]]`,
  level: 'manager',
  example: 'ENABLE IP NAT LOG=FAILS',
  help: 'Turns range NAT on, or one of its options. Fragments are put together before they are translated, whatever FRAGMENT says; LOG is stored.',
});
const DISABLE_NAT = form({
  syntax: `DISABLE IP NAT [FRAGMENT={ICMP|UDP|OTHER}[,...]] [LOG={ALL|FAILS|INICMP|INOTHER|INTCP|INUDP|OUTICMP|OUTOTHER|OUTTCP|OUTUDP}[,...]]`,
  level: 'manager',
  example: 'DISABLE IP NAT',
  help: 'Turns range NAT off, or one of its options. The translations stay configured.',
});
const ADD_NAT = form({
  syntax: `ADD IP NAT [MASK=ipadd] IP=ipadd [{GBLIP=ipadd|GBLINTERFACE=interface}] [GBLMASK=ipadd] [GBLPORT=port] [PORT=port]
      [PROTOCOL={0..255|ALL|GRE|ICMP|OSPF|SA|TCP|UDP}]`,
  level: 'manager',
  example: 'ADD IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLINTERFACE=ppp1',
  help: 'Translates inside addresses: IP and GBLIP one to one; with MASK and GBLMASK range to range; with PROTOCOL and PORT one service; with MASK and one GBLIP or GBLINTERFACE all behind one address. With GBLINTERFACE it is the address that the interface has at the time, and packets through other interfaces stay as they are.',
});
const DELETE_NAT = form({
  syntax: `DELETE IP NAT [MASK=ipadd] IP=ipadd [{GBLIP=ipadd|GBLINTERFACE=interface}] [GBLMASK=ipadd] [GBLPORT=port] [PORT=port]
      [PROTOCOL={0..255|ALL|GRE|ICMP|OSPF|SA|TCP|UDP}]`,
  level: 'manager',
  example: 'DELETE IP NAT IP=192.168.10.0 MASK=255.255.255.0 GBLINTERFACE=ppp1',
  help: 'Ends a translation; named by what it was added with.',
});
const SHOW_NAT = form({ syntax: 'SHOW IP NAT', level: 'manager', example: 'SHOW IP NAT', help: 'Shows translations, and whether they are in force.' });

type Given = Args<typeof ADD_NAT>;
type Options = Args<typeof ENABLE_NAT>;

const protocolOf = (given: Given['protocol']): NatParameters['protocol'] => (given === undefined || given === 'ALL' ? given : typeof given === 'string' ? PROTOCOLS[given] : given.value);

function parametersOf(owner: NatOwner, args: Given): NatParameters | Message {
  const { ip, mask, gblip, gblmask, port, gblport } = args;
  const name = args.gblinterface === undefined ? undefined : owner.interfaceName(args.gblinterface);
  if (args.gblinterface !== undefined && (name === undefined || name.includes('-'))) {
    return messages.parser.badValue(args.gblinterface, 'GBLINTERFACE', '; permitted: a port or PPP interface like eth0 or ppp1 (the address of a logical interface is given with GBLIP)');
  }
  return { ip, mask, gblip, gblmask, gblinterface: name, port, gblport, protocol: protocolOf(args.protocol) };
}

/** The parameters and the translation they make, or why they make none. */
function read(owner: NatOwner, args: Given): NatEntry | Message {
  const given = parametersOf(owner, args);
  if ('severity' in given) return given;
  const translation = translationOf(given);
  return 'severity' in translation ? translation : { given, translation };
}

function verifyAdd(owner: NatOwner, args: Given): Message | undefined {
  const entry = read(owner, args);
  if ('severity' in entry) return entry;
  const other = owner.nat.other(entry.translation);
  if (other === undefined) return undefined;
  return other.same ? messages.ip.natExists(nameOf(entry.translation)) : messages.ip.natClash(nameOf(other.entry.translation));
}

function verifyDelete(owner: NatOwner, args: Given): Message | undefined {
  const entry = read(owner, args);
  if ('severity' in entry) return entry;
  return owner.nat.other(entry.translation)?.same === true ? undefined : messages.ip.noNat(nameOf(entry.translation));
}

const withOptions = ({ fragment, log }: Options): boolean => fragment !== undefined || log !== undefined;
const logsOf = (log: Options['log']): readonly (typeof LOGS)[number][] => (log ?? []).flatMap((one) => (one === 'ALL' ? LOGS : [one]));

/** Why an interface that translations name gives them nothing to do yet. */
function waits(owner: NatOwner, { gblinterface: name }: NatParameters): Message | undefined {
  return name === undefined || owner.exists(name) ? undefined : messages.ip.waits(`there is no interface ${name} yet`);
}

/** ENABLE, DISABLE, ADD, DELETE and SHOW IP NAT. */
export function natCommands(owner: NatOwner): Command[] {
  const { nat } = owner;
  const changed = (done: Message): Outcome => soon((answer) => owner.changed((failure) => answer(failure === undefined ? done : messages.ip.notInForce(failure))));
  return [
    command(ENABLE_NAT, {
      apply: (args) => {
        for (const one of args.fragment ?? []) nat.fragments.add(one);
        for (const one of logsOf(args.log)) nat.logs.add(one);
        if (withOptions(args)) return messages.ip.done();
        if (nat.enabled) return messages.ip.alreadyEnabled('IP NAT');
        nat.enabled = true;
        return changed(messages.ip.natEnabled());
      },
    }),
    command(DISABLE_NAT, {
      apply: (args) => {
        for (const one of args.fragment ?? []) nat.fragments.delete(one);
        for (const one of logsOf(args.log)) nat.logs.delete(one);
        if (withOptions(args)) return messages.ip.done();
        if (!nat.enabled) return messages.ip.alreadyDisabled('IP NAT');
        nat.enabled = false;
        return changed(messages.ip.natDisabled());
      },
    }),
    command(ADD_NAT, {
      verify: (args) => verifyAdd(owner, args),
      apply: (args) => {
        const entry = read(owner, args);
        if ('severity' in entry) return entry;
        nat.add(entry);
        return changed(waits(owner, entry.given) ?? messages.ip.natAdded());
      },
    }),
    command(DELETE_NAT, {
      verify: (args) => verifyDelete(owner, args),
      apply: (args) => {
        const entry = read(owner, args);
        if ('severity' in entry) return entry;
        nat.delete(entry.translation);
        return changed(messages.ip.natDeleted());
      },
    }),
    command(SHOW_NAT, { apply: () => ({ text: showNat({ nat, failure: owner.failure(), addressOf: (name) => owner.addressOf(name) }) }) }),
  ];
}

function entryLine({ ip, mask, gblip, gblmask, gblinterface, port, gblport, protocol }: NatParameters): string {
  const name = Object.entries(PROTOCOLS).find(([, number]) => number === protocol)?.[0];
  const word = protocol === 'ALL' ? 'ALL' : isProtocol(name) ? name : undefined;
  return write(ADD_NAT, {
    ip, mask, gblip, gblmask, gblinterface, port, gblport,
    ...(word !== undefined ? { protocol: word } : typeof protocol === 'number' ? { protocol: { value: protocol } } : {}),
  });
}

const isProtocol = (name: string | undefined): name is keyof typeof PROTOCOLS => name !== undefined && name in PROTOCOLS;

/** The lines that make the translations again. */
export function natConfig({ nat }: Pick<NatOwner, 'nat'>): ConfigSection[] {
  const fragment = FRAGMENTS.filter((one) => nat.fragments.has(one));
  const log = LOGS.filter((one) => nat.logs.has(one));
  const lines = [
    ...(nat.enabled ? [write(ENABLE_NAT, {})] : []),
    ...(fragment.length === 0 ? [] : [write(ENABLE_NAT, { fragment })]),
    ...(log.length === 0 ? [] : [write(ENABLE_NAT, { log: log.length === LOGS.length ? ['ALL'] : log })]),
    ...nat.entries().map(({ given }) => entryLine(given)),
  ];
  return lines.length === 0 ? [] : [{ title: 'IP', lines }];
}

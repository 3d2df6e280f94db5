// Random command lines that configure a whole router. Values come from each form's own syntax; names of objects come from small sets, so
// that lines speak of the same calls, interfaces and users again and again.

import type { AnyForm, Bound, Command } from '../../firmware/cli/command.ts';
import { parseIpv4 } from '../../firmware/bytes/ip.ts';
import { writeLine } from '../../firmware/cli/write.ts';
import { generate, pick } from '../cli/grammar.generate.ts';

type Chance = () => number;

const CALLS = ['remote', 'Branch_2', 'c3', '17'] as const;
const NUMBERS = [0, 1, 7, 511] as const;
const PORTS = ['eth0', 'eth1', 'eth0-1', 'ETH1-15', 'ppp0', 'ppp1', 'ppp7', 'ppp511', 'ppp1-2'] as const;
const USERS = ['manager', 'ppp.user', 'Night', 'op@branch'] as const;
const ADDRESSES = ['0.0.0.0', '192.168.10.1', '192.168.20.1', '10.0.0.1', '172.16.5.9', '2.2.2.2', '1.1.1.254'] as const;
const MASKS = ['255.255.255.0', '255.255.255.255', '255.255.255.252', '0.0.0.0'] as const;

const address = (text: string): unknown => parseIpv4(text);

/** What an object's name or a reference to one is drawn from, by the form's command words and the parameter. */
function drawn(form: AnyForm, key: string, random: Chance): unknown {
  const words = form.read.words.slice(1).join(' ');
  switch (`${words} ${key}`) {
    case 'L2TP call':
      return pick(CALLS, random);
    case 'L2TP user':
      return pick([{ value: 'branch.example' }, { value: 'isp' }, 'ALL', 'LOCAL', 'NONE', 'REMOTE'], random);
    case 'L2TP ip':
      return form.read.object?.key === 'ip' || form.read.object?.key === 'password' ? span(form, random) : address(pick(ADDRESSES, random));
    case ' ppp':
      return pick(NUMBERS, random);
    case ' over':
      return `${pick(['TNL', 'tnl'], random)}-${pick(CALLS, random)}`;
    case ' user':
      return pick(USERS, random);
    case ' alias':
      return pick(['sl', 'x', 'SP'], random);
    case 'LOG output':
      return 1 + Math.floor(random() * 3);
    case 'LOG filter':
      return form.read.words[0] === 'DELETE' ? { value: 1 + Math.floor(random() * 3) } : 1 + Math.floor(random() * 3);
    case 'IP filter':
      return form.read.object?.key === 'filter' ? pick([0, 1, 99, 150], random) : undefined;
    case 'IP entry':
      return form.read.words[0] === 'DELETE' ? (random() < 0.3 ? 'ALL' : { value: 1 }) : 1;
    case 'IP source':
      return address(pick(['0.0.0.0', '10.0.0.0', '192.168.20.0'], random));
    case 'IP destination':
      return address(pick(['0.0.0.0', '10.0.0.0'], random));
    case 'IP smask':
    case 'IP dmask':
      return address(pick(['255.255.255.0', '255.255.0.0'], random));
    case 'IP protocol':
    case 'IP NAT protocol':
      return pick(['TCP', 'UDP', 'ICMP', { value: 47 }], random);
    case 'IP NAT ip':
      return address(pick(['192.168.10.4', '192.168.10.0', '192.168.10.4'], random));
    case 'IP NAT mask':
    case 'IP NAT gblmask':
      return address(pick(['255.255.255.0', '255.255.255.252'], random));
    case 'IP NAT gblip':
      return address('192.0.2.8');
    case 'IP NAT gblinterface':
      return pick(['eth1', 'ETH1', 'eth1', 'eth1-2'], random);
    case 'IP interface':
      return pick(form.read.object?.key === 'route' ? ['eth0', 'ppp1'] : PORTS, random);
    case 'IP ipaddress':
      if (form.read.object?.key === 'host') return address('192.0.2.8');
      if (form.read.object?.key !== 'interface') return undefined;
      return random() < 0.05 ? 'DHCP' : { value: address(random() < 0.3 ? '0.0.0.0' : host(random)) };
    case 'IP host':
      return pick(['branch', 'Far.example', 'BRANCH'], random);
    case 'IP DNS domain':
      return pick(['ANY', { value: 'branch.example' }, { value: 'Lab.example' }], random);
    case 'IP DNS primary':
    case 'IP DNS secondary':
      return address(pick(['192.0.2.53', '192.0.2.54', '0.0.0.0'], random));
    case 'IP DNS interface':
    case 'IP DNSRELAY interface':
      return pick(PORTS, random);
    case 'DHCP policy':
    case 'DHCP inherit':
      return pick(['lan', 'Base'], random);
    case 'DHCP range':
      return pick(['one', 'Two'], random);
    case 'DHCP ip':
      return address(`192.168.10.${10 + Math.floor(random() * 12)}`);
    case 'DHCP number':
      return 1 + Math.floor(random() * 5);
    case 'DHCP router':
    case 'DHCP dnsserver':
    case 'DHCP ntpserver':
      // DELETE names the option alone.
      return form.read.words[0] === 'DELETE' ? undefined : [address('192.168.10.1'), address('192.168.10.2')].slice(Math.floor(random() * 2));
    case 'DHCP gateway':
      return address('192.168.10.254');
    case 'DHCP subnetmask':
      return form.read.words[0] === 'DELETE' ? undefined : address('255.255.255.0');
    case 'DHCP domainname':
      return form.read.words[0] === 'DELETE' ? undefined : 'branch.example';
    case 'PPP acservice':
      return pick(['ANY', 'isp'], random);
    case 'PPP acinterface':
      return pick(['eth0', 'eth1'], random);
    case 'ISDN call':
    case 'ACC call':
      return pick(['dialin', 'Out_1'], random);
    case 'IP pool':
      return pick(['ips', 'Guests'], random);
    case 'PPP ippool':
    case ' ippool':
      return pick(['NONE', { value: 'ips' }, { value: 'Guests' }], random);
    case 'RADIUS server':
      return address(pick(['192.0.2.3', '192.0.2.4', '127.0.0.1', '0.0.0.0'], random));
    case 'RADIUS local':
      return 'NONE';
    case 'IP LOCAL ipaddress':
      return address(pick(ADDRESSES, random));
    case 'IP route':
      return address(pick(['0.0.0.0', '10.0.0.0', '172.16.5.9'], random));
    case 'IP nexthop':
      return address(pick(['0.0.0.0', '1.1.1.254'], random));
    default:
      return key === 'mask' || key === 'netmask' ? address(pick(MASKS, random)) : undefined;
  }
}

const host = (random: Chance): string => `${10 + Math.floor(random() * 180)}.${Math.floor(random() * 4)}.1.${1 + Math.floor(random() * 120)}`;

/** A range of addresses; DELETE commands take ALL too. */
function span(form: AnyForm, random: Chance): unknown {
  const range = pick([{ low: '0.0.0.0', high: '255.255.255.255' }, { low: '10.0.0.1', high: '10.0.0.9' }, { low: '2.2.2.2', high: '2.2.2.2' }, { low: '0.0.0.0', high: '0.0.0.0' }], random);
  const value = { low: address(range.low), high: address(range.high) };
  const param = form.read.params.find(({ key }) => key === 'ip');
  return (param?.keywords.length ?? 0) > 0 ? (random() < 0.2 ? 'ALL' : { value }) : value;
}

/** A line of this form: all that it must have, and about `share` of what it may have. */
function lineOf(form: AnyForm, share: number, random: Chance): string {
  const given: Record<string, unknown> = { ...generate(form, random) };
  for (const { key, required, choice, positional } of form.read.params) {
    if (!(key in given)) continue;
    const one = drawn(form, key, random);
    if (one !== undefined) given[key] = one;
    if (!required && choice === undefined && !positional && random() >= share) delete given[key];
  }
  // All that it names has to be there: the fewer the likelier.
  if (form.syntax.startsWith('DELETE DHCP POLICY')) {
    const options = form.read.params.filter(({ required }) => !required).map(({ key }) => key);
    const left = pick(options, random);
    for (const key of options) delete given[key];
    given[left] = true;
  }
  for (const { key, within } of form.read.params) if (within !== undefined && !(within in given)) delete given[key];
  return writeLine(form.read, form.defaults, given satisfies Bound);
}

/** Of each verb's lines how many there are: more objects are made than taken away. */
const WEIGHT: Readonly<Record<string, number>> = { ADD: 6, CREATE: 6, SET: 3, ENABLE: 2, DISABLE: 1, DELETE: 0.6, DESTROY: 0.6, PURGE: 0.1, DEACTIVATE: 0.3, ACTIVATE: 0.3 };
/** What leaves nothing behind in the configuration, or asks a person, or stands in files. */
const WITHOUT = /^(?:SET (?:TIME|DATE|PASSWORD|CONFIG|SCRIPT)|(?:ADD|DELETE) (?:SCRIPT|FILE)|(?:DE)?ACTIVATE SCRIPT|CREATE CONFIG|\S+ .*DEBUG=|PURGE LOG)/;

/** The forms that change what CREATE CONFIG writes. */
export const configuring = (commands: readonly Command[]): AnyForm[] =>
  commands.map(({ form }) => form).filter(({ syntax, read }) => WEIGHT[read.words[0] ?? ''] !== undefined && !WITHOUT.test(syntax.replace(/\s+/g, ' ')));

/** Lines for one configuration; the router may refuse any of them. Forms whose syntax is in `rare` come seldom. */
export function randomLines(forms: readonly AnyForm[], rare: ReadonlySet<string>, { count, random }: { readonly count: number; readonly random: Chance }): { readonly form: AnyForm; readonly line: string }[] {
  const weights = forms.map(({ read, syntax }) => (WEIGHT[read.words[0] ?? ''] ?? 0) * (rare.has(syntax) ? 0.05 : 1));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const one = (): AnyForm => {
    let at = random() * all;
    const index = weights.findIndex((weight) => (at -= weight) < 0);
    const form = forms[Math.max(0, index)];
    if (form === undefined) throw new Error('no forms');
    return form;
  };
  const share = random();
  return Array.from({ length: count }, () => {
    const form = one();
    return { form, line: lineOf(form, share * random(), random) };
  });
}

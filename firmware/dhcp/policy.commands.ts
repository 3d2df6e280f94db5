// DHCP policy commands (AlliedWare DHCP chapter): CREATE, ADD, SET, DELETE, DESTROY DHCP POLICY.

import { formatIpv4, isHost, lengthOf } from '../bytes/ip.ts';
import { type Args, type Command, type ConfigSection, type Outcome, command, form, write } from '../cli/command.ts';
import { type Message, messages } from '../cli/messages.ts';
import type { Policies, Policy, PolicyOptions } from './policy.ts';
import type { DhcpServer } from './server.ts';

const CREATE_POLICY = form({
  syntax: 'CREATE DHCP POLICY=name LEASETIME={1..4294967294|INFINITY} [INHERIT=name]',
  level: 'manager',
  example: 'CREATE DHCP POLICY=lan LEASETIME=7200',
  help: 'Makes a set of options for clients; LEASETIME in seconds (less than 120 counts as 120); what it does not name it takes from the policy INHERIT.',
});
const ADD_POLICY = form({
  syntax: 'ADD DHCP POLICY=name [SUBNETMASK=ipadd] [ROUTER=ipadd[,...]] [DNSSERVER=ipadd[,...]] [DOMAINNAME=domain-name] [NTPSERVER=ipadd[,...]]',
  level: 'manager',
  example: 'ADD DHCP POLICY=lan SUBNETMASK=255.255.255.0 ROUTER=192.168.10.1 DNSSERVER=192.0.2.53,192.0.2.54',
  help: 'Adds options to a policy. Without SUBNETMASK clients are told that of the LAN; without DNSSERVER this router, where it relays names (ENABLE IP DNSRELAY).',
});
const SET_POLICY = form({
  syntax: 'SET DHCP POLICY=name [LEASETIME={1..4294967294|INFINITY}] [INHERIT=name] [SUBNETMASK=ipadd] [ROUTER=ipadd[,...]] [DNSSERVER=ipadd[,...]] [DOMAINNAME=domain-name] [NTPSERVER=ipadd[,...]]',
  level: 'manager',
  example: 'SET DHCP POLICY=lan ROUTER=192.168.10.2',
  help: 'Changes options of a policy.',
});
const DELETE_POLICY = form({
  syntax: 'DELETE DHCP POLICY=name [SUBNETMASK] [ROUTER] [DNSSERVER] [DOMAINNAME] [NTPSERVER]',
  level: 'manager',
  example: 'DELETE DHCP POLICY=lan NTPSERVER',
  help: 'Takes options out of a policy.',
});
const DESTROY_POLICY = form({ syntax: 'DESTROY DHCP POLICY=name', level: 'manager', example: 'DESTROY DHCP POLICY=lan', help: 'Deletes a policy.' });

type Given = Omit<Args<typeof ADD_POLICY>, 'policy'>;
const NAMES = ['subnetmask', 'router', 'dnsserver', 'domainname', 'ntpserver'] as const;

function optionsOf(given: Given): PolicyOptions {
  const { subnetmask, router, dnsserver, domainname, ntpserver } = given;
  return {
    ...(subnetmask === undefined ? {} : { subnetmask }),
    ...(router === undefined ? {} : { router }),
    ...(dnsserver === undefined ? {} : { dnsserver }),
    ...(domainname === undefined ? {} : { domainname }),
    ...(ntpserver === undefined ? {} : { ntpserver }),
  };
}

function badOptions({ subnetmask, router, dnsserver, domainname, ntpserver }: Given): Message | undefined {
  if (subnetmask !== undefined && lengthOf(subnetmask) === undefined) {
    return messages.parser.badValue(formatIpv4(subnetmask), 'SUBNETMASK', '; permitted: a mask of contiguous bits like 255.255.255.0');
  }
  if (domainname !== undefined && !/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(domainname)) {
    return messages.parser.badValue(domainname, 'DOMAINNAME', '; permitted: a domain name like branch.example');
  }
  for (const [name, list] of [['ROUTER', router], ['DNSSERVER', dnsserver], ['NTPSERVER', ntpserver]] as const) {
    const bad = list?.find((address) => !isHost(address));
    if (bad !== undefined) return messages.parser.badValue(formatIpv4(bad), name, '; permitted: addresses of hosts');
  }
  return undefined;
}

const leaseOf = (given: 'INFINITY' | { readonly value: number } | number): number => (typeof given === 'number' ? given : given === 'INFINITY' ? Infinity : given.value);

function verifyInherit(policies: Policies, name: string, inherit: string | undefined): Message | undefined {
  return inherit !== undefined && policies.circles(name, inherit) ? messages.dhcp.circle(name) : undefined;
}

function verifyAdd(found: Policy | undefined, { policy, ...given }: Args<typeof ADD_POLICY>): Message | undefined {
  if (found === undefined) return messages.dhcp.policyNotFound(policy);
  const named = NAMES.filter((name) => given[name] !== undefined);
  if (named.length === 0) return messages.parser.nothingToSet();
  const there = named.find((name) => found.options[name] !== undefined);
  return there === undefined ? badOptions(given) : messages.dhcp.optionExists(found.name, there.toUpperCase());
}

function verifyDelete(found: Policy | undefined, { policy, ...given }: Args<typeof DELETE_POLICY>): Message | undefined {
  if (found === undefined) return messages.dhcp.policyNotFound(policy);
  const named = NAMES.filter((name) => given[name] === true);
  if (named.length === 0) return messages.parser.nothingToSet();
  const absent = named.find((name) => found.options[name] === undefined);
  return absent === undefined ? undefined : messages.dhcp.optionMissing(found.name, absent.toUpperCase());
}

/** `done` gives the answer once what changed is served. */
export function policyCommands(server: DhcpServer, done: () => Outcome): Command[] {
  const { policies } = server;
  const put = (policy: Policy): Outcome => {
    policies.put(policy);
    server.onChange();
    return done();
  };
  return [
    command(CREATE_POLICY, {
      verify: ({ policy, inherit }) => (policies.get(policy) === undefined ? verifyInherit(policies, policy, inherit) : messages.dhcp.policyExists(policy)),
      apply: ({ policy, leasetime, inherit }) => put({ name: policy, lease: leaseOf(leasetime), inherit: inherit ?? '', options: {} }),
    }),
    command(ADD_POLICY, {
      verify: (args) => verifyAdd(policies.get(args.policy), args),
      apply: ({ policy, ...given }) => {
        const found = policies.get(policy);
        return found === undefined ? messages.dhcp.policyNotFound(policy) : put({ ...found, options: { ...found.options, ...optionsOf(given) } });
      },
    }),
    command(SET_POLICY, {
      verify: ({ policy, leasetime, inherit, ...given }) => {
        if (policies.get(policy) === undefined) return messages.dhcp.policyNotFound(policy);
        if (leasetime === undefined && inherit === undefined && Object.keys(optionsOf(given)).length === 0) return messages.parser.nothingToSet();
        return verifyInherit(policies, policy, inherit) ?? badOptions(given);
      },
      apply: ({ policy, leasetime, inherit, ...given }) => {
        const found = policies.get(policy);
        if (found === undefined) return messages.dhcp.policyNotFound(policy);
        const lease = leasetime === undefined ? found.lease : leaseOf(leasetime);
        return put({ name: found.name, lease, inherit: inherit ?? found.inherit, options: { ...found.options, ...optionsOf(given) } });
      },
    }),
    command(DELETE_POLICY, {
      verify: (args) => verifyDelete(policies.get(args.policy), args),
      apply: ({ policy, ...given }) => {
        const found = policies.get(policy);
        if (found === undefined) return messages.dhcp.policyNotFound(policy);
        const left = Object.entries(found.options).filter(([name]) => !NAMES.some((one) => one === name && given[one] === true));
        return put({ ...found, options: Object.fromEntries(left) });
      },
    }),
    command(DESTROY_POLICY, {
      verify: ({ policy }) => {
        if (policies.get(policy) === undefined) return messages.dhcp.policyNotFound(policy);
        const users = [...server.usersOf(policy).map(({ name }) => `range ${name}`), ...policies.heirs(policy).map(({ name }) => `policy ${name}`)];
        return users.length === 0 ? undefined : messages.dhcp.policyInUse(policy, users.join(', '));
      },
      apply: ({ policy }) => {
        policies.delete(policy);
        server.onChange();
        return done();
      },
    }),
  ];
}

/** The commands that make the same policies again. */
export const policyConfig = (policies: Policies): ConfigSection['lines'] =>
  policies.list().flatMap(({ name, lease, inherit, options }) => [
    write(CREATE_POLICY, { policy: name, leasetime: lease === Infinity ? 'INFINITY' : { value: lease }, ...(inherit === '' ? {} : { inherit }) }),
    ...(Object.keys(options).length === 0 ? [] : [write(ADD_POLICY, { policy: name, ...options })]),
  ]);

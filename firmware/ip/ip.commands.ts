// IP module commands (AlliedWare IP chapter): ENABLE, DISABLE, RESET, SHOW IP, IP FORWARDING, IP REMOTEASSIGN.

import { type Command, command, form } from '../cli/command.ts';
import { type Message, messages } from '../cli/messages.ts';
import { arpCommands } from './arp.commands.ts';
import { interfaceCommands } from './interface.commands.ts';
import type { IpModule } from './module.ts';
import { poolCommands } from './pool.commands.ts';
import { probeCommands } from './probe.commands.ts';
import type { Probes } from './probes.ts';
import { routeCommands } from './route.commands.ts';
import { showIp } from './show.ts';

export const ENABLE_IP = form({ syntax: 'ENABLE IP', level: 'manager', example: 'ENABLE IP', help: 'Turns the IP module on: addresses and routes take effect. It is off at first.' });
const DISABLE_IP = form({ syntax: 'DISABLE IP', level: 'manager', example: 'DISABLE IP', help: 'Turns the IP module off: its addresses and routes are taken out; the configuration stays.' });
const RESET_IP = form({ syntax: 'RESET IP', level: 'manager', example: 'RESET IP', help: 'Takes all addresses and routes out and puts them in again.' });
const SHOW_IP = form({ syntax: 'SHOW IP', level: 'manager', example: 'SHOW IP', help: 'Shows the state of the IP module.' });
const ENABLE_FORWARDING = form({ syntax: 'ENABLE IP FORWARDING', level: 'manager', example: 'ENABLE IP FORWARDING', help: 'Passes packets between interfaces. On at first.' });
export const DISABLE_FORWARDING = form({ syntax: 'DISABLE IP FORWARDING', level: 'manager', example: 'DISABLE IP FORWARDING', help: 'Passes no packets between interfaces.' });
export const ENABLE_REMOTEASSIGN = form({
  syntax: 'ENABLE IP REMOTEASSIGN',
  level: 'manager',
  example: 'ENABLE IP REMOTEASSIGN',
  help: 'Lets the peer of a PPP interface with IPADDRESS=0.0.0.0 and IPREQUEST=ON, and DHCP servers, give addresses. Off at first.',
});
export const DISABLE_REMOTEASSIGN = form({ syntax: 'DISABLE IP REMOTEASSIGN', level: 'manager', example: 'DISABLE IP REMOTEASSIGN', help: 'Lets no peer and no DHCP server give an address; addresses that DHCP servers gave are given back.' });

const answer = (trouble: string | undefined, done: Message): Message => (trouble === undefined ? done : messages.ip.waits(trouble));

const moduleCommands = (ip: IpModule): Command[] => [
  command(ENABLE_IP, { apply: () => (ip.status.enabled ? messages.ip.alreadyEnabled('The IP module') : answer(ip.setEnabled(true), messages.ip.enabled())) }),
  command(DISABLE_IP, { apply: () => (ip.status.enabled ? answer(ip.setEnabled(false), messages.ip.disabled()) : messages.ip.alreadyDisabled('The IP module')) }),
  command(RESET_IP, {
    apply: () => {
      ip.reset();
      return messages.ip.reset();
    },
  }),
  command(SHOW_IP, { apply: () => ({ text: showIp(ip) }) }),
  command(ENABLE_FORWARDING, { apply: () => (ip.status.forwarding ? messages.ip.alreadyEnabled('IP forwarding') : answer(ip.setForwarding(true), messages.ip.done())) }),
  command(DISABLE_FORWARDING, { apply: () => (ip.status.forwarding ? answer(ip.setForwarding(false), messages.ip.done()) : messages.ip.alreadyDisabled('IP forwarding')) }),
  command(ENABLE_REMOTEASSIGN, {
    apply: () => {
      if (ip.status.remoteAssign) return messages.ip.alreadyEnabled('IP remote address assignment');
      ip.setRemoteAssign(true);
      return messages.ip.done();
    },
  }),
  command(DISABLE_REMOTEASSIGN, {
    apply: () => {
      if (!ip.status.remoteAssign) return messages.ip.alreadyDisabled('IP remote address assignment');
      ip.setRemoteAssign(false);
      return messages.ip.done();
    },
  }),
];

/** All commands of the IP module, PING and TRACE. */
export const ipCommands = (ip: IpModule, probes: Probes): Command[] => [...moduleCommands(ip), ...interfaceCommands(ip), ...routeCommands(ip), ...arpCommands(ip), ...poolCommands(ip.pools), ...probeCommands(probes)];

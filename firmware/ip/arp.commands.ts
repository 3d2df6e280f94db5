// ARP commands (AlliedWare IP chapter): SHOW and DELETE IP ARP.

import { type Ipv4, formatIpv4 } from '../bytes/ip.ts';
import { type Command, command, form } from '../cli/command.ts';
import { messages } from '../cli/messages.ts';
import { badInterface, deviceOf, interfaceName } from './interfaces.ts';
import type { IpModule } from './module.ts';
import { showArp } from './show.ts';

const SHOW_ARP = form({ syntax: 'SHOW IP ARP', level: 'manager', example: 'SHOW IP ARP', help: 'Shows the hardware addresses of neighbours.' });

const DELETE_ARP = form({
  syntax: 'DELETE IP ARP={ipadd|ALLDYNAMIC} [INTERFACE=interface]',
  level: 'manager',
  example: 'DELETE IP ARP=ALLDYNAMIC INTERFACE=eth0',
  help: 'Forgets the hardware address of a neighbour, or of all that were learned, so that it is asked for anew.',
});

/** SHOW IP ARP, DELETE IP ARP. */
export const arpCommands = (ip: IpModule): Command[] => [
  command(SHOW_ARP, { apply: () => ({ text: showArp(ip.neighbours()) }) }),
  command(DELETE_ARP, {
    verify: (args) => (args.interface === undefined || interfaceName(args.interface) !== undefined ? undefined : badInterface(args.interface)),
    apply: (args) => {
      const address: Ipv4 | undefined = args.arp === 'ALLDYNAMIC' ? undefined : args.arp.value;
      const device = args.interface === undefined ? undefined : deviceOf(interfaceName(args.interface) ?? args.interface);
      const { forgotten, refused } = ip.forgetNeighbours((n) => (address === undefined || n.address === address) && (device === undefined || n.name === device));
      if (refused !== undefined) return messages.ip.arpStays(refused);
      return forgotten === 0 && address !== undefined ? messages.ip.noArp(formatIpv4(address)) : messages.ip.done();
    },
  }),
];

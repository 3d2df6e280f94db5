// IP address pools (AlliedWare IP chapter): read, not carried out by this build.

import { type Command, form } from '../cli/command.ts';
import { type Keeper, later } from '../cli/later.ts';

const FORMS = [
  form({
    syntax: 'CREATE IP POOL=name IP=ipadd[-ipadd]',
    level: 'manager',
    example: 'CREATE IP POOL=ips IP=192.168.20.200-192.168.20.210',
    help: 'Makes a pool of addresses that PPP gives to its callers. Its name may be used before the pool exists.',
  }),
  form({ syntax: 'DESTROY IP POOL=name', level: 'manager', example: 'DESTROY IP POOL=ips', help: 'Deletes an address pool.' }),
  form({ syntax: 'SHOW IP POOL[=name]', level: 'manager', example: 'SHOW IP POOL', help: 'Shows address pools and who has their addresses.' }),
];

export const poolCommands = (keeper: Keeper): Command[] => FORMS.map((one) => later(one, keeper));

// IP address pool commands (AlliedWare IP chapter): CREATE, DESTROY, SHOW IP POOL.

import { formatIpv4 } from '../bytes/ip.ts';
import { type Command, type ConfigSection, command, form, write } from '../cli/command.ts';
import { type Message, messages } from '../cli/messages.ts';
import { isHostAddress } from './interfaces.ts';
import type { Pool, Pools } from './pool.ts';
import { RULE79, leader, row } from './show.ts';

export const CREATE_POOL = form({
  syntax: 'CREATE IP POOL=name IP=ipadd[-ipadd]',
  level: 'manager',
  example: 'CREATE IP POOL=ips IP=192.168.20.200-192.168.20.210',
  help: 'Makes a pool of addresses that PPP gives to its callers, the lowest free one first. Its name may be used before the pool exists.',
});
const DESTROY_POOL = form({
  syntax: 'DESTROY IP POOL=name',
  level: 'manager',
  example: 'DESTROY IP POOL=ips',
  help: 'Deletes an address pool. Refused while callers have addresses of it.',
});
const SHOW_POOL = form({ syntax: 'SHOW IP POOL[=name]', level: 'manager', example: 'SHOW IP POOL', help: 'Shows address pools and who has their addresses.' });

/** So many interfaces are named in one answer. */
const MOST_NAMED = 8;

function verifyDestroy(pools: Pools, name: string): Message | undefined {
  const pool = pools.get(name);
  if (pool === undefined) return messages.ip.noPool(name);
  const holders = pools.holdingsIn(pool).map(({ holder }) => holder);
  if (holders.length === 0) return undefined;
  const more = holders.length > MOST_NAMED ? ` and ${holders.length - MOST_NAMED} more` : '';
  return messages.ip.poolInUse(pool.name, `${holders.slice(0, MOST_NAMED).join(', ')}${more}`);
}

const COLUMNS = [19, 16] as const;

function showPool(pools: Pools, pool: Pool): string[] {
  const { low, high } = pool.range;
  const held = pools.holdingsIn(pool);
  return [
    leader('Pool', pool.name),
    leader('IP Range', low === high ? formatIpv4(low) : `${formatIpv4(low)} - ${formatIpv4(high)}`),
    leader('Addresses (in use)', `${high - low + 1} (${held.length})`),
    leader('Requests Refused', pool.refused),
    ...(pool.lastRefusal === '' ? [] : [leader('Last Refusal', pool.lastRefusal)]),
    ...(held.length === 0 ? [] : [row(COLUMNS, ['  IP Address', 'Interface']), ...held.map(({ address, holder }) => row(COLUMNS, [`  ${formatIpv4(address)}`, holder]))]),
    RULE79,
  ];
}

export const poolCommands = (pools: Pools): Command[] => [
  command(CREATE_POOL, {
    verify: ({ pool, ip }) => {
      if (pools.get(pool) !== undefined) return messages.ip.poolExists(pool);
      if (isHostAddress(ip.low, 32) && isHostAddress(ip.high, 32)) return undefined;
      return messages.parser.badValue(`${formatIpv4(ip.low)}-${formatIpv4(ip.high)}`, 'IP', '; permitted: addresses of hosts');
    },
    apply: ({ pool, ip }) => {
      pools.create(pool, ip);
      return messages.ip.done();
    },
  }),
  command(DESTROY_POOL, {
    verify: ({ pool }) => verifyDestroy(pools, pool),
    apply: ({ pool }) => {
      pools.destroy(pool);
      return messages.ip.done();
    },
  }),
  command(SHOW_POOL, {
    verify: ({ pool }) => (pool !== true && pools.get(pool) === undefined ? messages.ip.noPool(pool) : undefined),
    apply: ({ pool }) => {
      const shown = pool === true ? pools.list() : [pools.get(pool)].filter((one) => one !== undefined);
      return shown.length === 0 ? messages.ip.noPools() : { text: ['IP Address Pools', RULE79, ...shown.flatMap((one) => showPool(pools, one))].join('\n') };
    },
  }),
];

/** The commands that make the same pools again. */
export const poolConfig = (pools: Pools): ConfigSection['lines'] => pools.list().map(({ name, range }) => write(CREATE_POOL, { pool: name, ip: range }));

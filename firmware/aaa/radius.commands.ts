// RADIUS commands (AlliedWare Operation chapter, "User authentication"). SET RADIUS SERVER, INTERIM, COA, TUNNELPASSWORD and MESSAGEAUTH are ours.

import { formatIpv4, type Ipv4 } from '../bytes/ip.ts';
import { Secret } from '../bytes/secret.ts';
import { type Args, command, form, write, type Command, type ConfigSection } from '../cli/command.ts';
import { nothingGiven } from '../cli/given.ts';
import { messages, type Message } from '../cli/messages.ts';
import type { Clock } from '../hal/clock.ts';
import type { RadiusServer } from './radius.server.ts';
import { showRadius } from './radius.show.ts';
import { RADIUS_DEFAULTS, type Radius, type RadiusSettings } from './radius.ts';

/** What the commands work on. */
export interface RadiusOwner {
  readonly radius: Radius;
  readonly clock: Pick<Clock, 'now'>;
}

/** Servers at most (our limit): each may cost a caller a whole TIMEOUT times RETRANSMIT. */
const MOST_SERVERS = 8;
const DEFAULT_PORTS = { port: 1645, accport: 1646 } as const;

const ADD_SERVER = form({
  syntax: 'ADD RADIUS SERVER=ipadd SECRET=secret [PORT=port] [ACCPORT=port] [LOCAL={1..15|NONE}] [MESSAGEAUTH={REQUIRED|OPTIONAL}]',
  level: 'manager',
  defaults: { port: DEFAULT_PORTS.port, accport: DEFAULT_PORTS.accport, local: 'NONE', messageauth: 'REQUIRED' },
  example: 'ADD RADIUS SERVER=192.0.2.9 SECRET=s3cret PORT=1812 ACCPORT=1813',
  help: 'Adds a RADIUS server behind those there are; they are asked in this order. ACCPORT=0: no accounting there. With MESSAGEAUTH=OPTIONAL answers without Message-Authenticator are believed, which can be forged (CVE-2024-3596).',
});
const SET_SERVER = form({
  syntax: 'SET RADIUS SERVER=ipadd [SECRET=secret] [PORT=port] [ACCPORT=port] [MESSAGEAUTH={REQUIRED|OPTIONAL}]',
  level: 'manager',
  example: 'SET RADIUS SERVER=192.0.2.9 MESSAGEAUTH=OPTIONAL',
  help: 'Changes what is given of a RADIUS server; what it was asked is asked again.',
});
const DELETE_SERVER = form({ syntax: 'DELETE RADIUS SERVER=ipadd', level: 'manager', example: 'DELETE RADIUS SERVER=192.0.2.9', help: 'Forgets a RADIUS server; what it was asked goes to the next one.' });
const SET_RADIUS = form({
  syntax: 'SET RADIUS [TIMEOUT=1..15] [RETRANSMIT=1..5] [DEADTIME=0..1440] [INTERIM={60..86400|OFF}] [COA={ON|OFF}] [TUNNELPASSWORD=password]',
  level: 'manager',
  example: 'SET RADIUS TIMEOUT=6 RETRANSMIT=3 DEADTIME=5',
  help: 'Seconds until a request is repeated, how often, and for how many minutes a silent server is not asked; seconds between accounting updates where the server names none; whether servers may end and change sessions (UDP port 3799, open only while there are servers); the password that comes with a question for tunnels.',
});
const SHOW_RADIUS = form({ syntax: 'SHOW RADIUS', level: 'manager', example: 'SHOW RADIUS', help: 'Shows the RADIUS servers, whether they answer, and counters. Secrets are not shown.' });

/** Why these ports are none; undefined where they are. */
const badPort = (port: number | undefined): Message | undefined => (port === 0 ? messages.parser.badValue('0', 'PORT', '; permitted: 1..65535 or a service name like TELNET') : undefined);

function mayAdd({ radius }: RadiusOwner, args: Args<typeof ADD_SERVER>): Message | undefined {
  const { server, port, local } = args;
  if (!isServer(server)) return messages.parser.badValue(formatIpv4(server), 'SERVER', '; permitted: the address of a host');
  if (radius.server(server) !== undefined) return messages.radius.exists(formatIpv4(server));
  if (radius.exchange.servers.length >= MOST_SERVERS) return messages.radius.tooMany(MOST_SERVERS);
  if (local !== 'NONE') return messages.parser.notBuilt('LOCAL other than NONE (requests leave from the address of their interface)');
  return badPort(port);
}

/** No address of this network, loopback excepted, no multicast and nothing above. */
const isServer = (address: Ipv4): boolean => address >>> 24 !== 0 && address >>> 24 < 224;

/** ADD, SET, DELETE and SHOW RADIUS. */
export function radiusCommands(owner: RadiusOwner): Command[] {
  const { radius, clock } = owner;
  const mayChange = (address: Ipv4): Message | undefined => (radius.server(address) === undefined ? messages.radius.notFound(formatIpv4(address)) : undefined);
  return [
    command(ADD_SERVER, {
      verify: (args) => mayAdd(owner, args),
      apply: ({ server, secret, port, accport, messageauth }) => {
        radius.putServer({ address: server, secret: new Secret(secret), port, accPort: accport, messageAuth: messageauth }, clock.now());
        return messages.radius.done();
      },
    }),
    command(SET_SERVER, {
      verify: ({ server, ...change }) => mayChange(server) ?? nothingGiven(change) ?? badPort(change.port),
      apply: ({ server: address, secret, port, accport, messageauth }) => {
        const old = radius.server(address);
        if (old === undefined) return messages.radius.notFound(formatIpv4(address));
        const changed: RadiusServer = {
          address,
          secret: secret === undefined ? old.secret : new Secret(secret),
          port: port ?? old.port,
          accPort: accport ?? old.accPort,
          messageAuth: messageauth ?? old.messageAuth,
        };
        radius.putServer(changed, clock.now());
        return messages.radius.done();
      },
    }),
    command(DELETE_SERVER, {
      verify: ({ server }) => mayChange(server),
      apply: ({ server }) => {
        radius.deleteServer(server, clock.now());
        return messages.radius.done();
      },
    }),
    command(SET_RADIUS, {
      verify: (args) => nothingGiven(args),
      apply: (args) => {
        radius.set(changeOf(args));
        return messages.radius.done();
      },
    }),
    command(SHOW_RADIUS, { apply: () => ({ text: showRadius(radius, clock.now()) }) }),
  ];
}

function changeOf({ timeout, retransmit, deadtime, interim, coa, tunnelpassword }: Args<typeof SET_RADIUS>): Partial<RadiusSettings> {
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(retransmit === undefined ? {} : { retransmit }),
    ...(deadtime === undefined ? {} : { deadtime }),
    ...(interim === undefined ? {} : { interim: interim === 'OFF' ? 0 : interim.value }),
    ...(coa === undefined ? {} : { coa }),
    ...(tunnelpassword === undefined ? {} : { tunnelPassword: tunnelpassword }),
  };
}

/** The lines that make settings and servers again. */
export function radiusConfig({ radius }: Pick<RadiusOwner, 'radius'>): ConfigSection[] {
  const now = radius.settings;
  const changed = <K extends keyof RadiusSettings>(key: K): RadiusSettings[K] | undefined => (now[key] === RADIUS_DEFAULTS[key] ? undefined : now[key]);
  const interim = changed('interim');
  const settings = {
    timeout: changed('timeout'), retransmit: changed('retransmit'), deadtime: changed('deadtime'),
    interim: interim === undefined ? undefined : { value: interim },
    coa: changed('coa'), tunnelpassword: changed('tunnelPassword'),
  };
  const lines = [
    ...(nothingGiven(settings) === undefined ? [write(SET_RADIUS, settings)] : []),
    ...radius.exchange.servers.map(({ address, secret, port, accPort, messageAuth }) =>
      write(ADD_SERVER, { server: address, secret: secret.reveal(), port, accport: accPort, local: 'NONE', messageauth: messageAuth }),
    ),
  ];
  return lines.length === 0 ? [] : [{ title: 'RADIUS', lines }];
}

// The RADIUS client of the router (RFC 2865, 2866, 2868, 2869, 5176): logins, tunnels, accounting and what servers ask of sessions, on the
// board's UDP sockets. One alarm for all of it.

import { ANY_IPV4, formatIpv4, type Ipv4 } from '../bytes/ip.ts';
import { Secret } from '../bytes/secret.ts';
import { printable, utf8 } from '../bytes/text.ts';
import { NEVER, type Alarm, type Millis } from '../bytes/time.ts';
import type { Clock, Crypto, Random, WallClock } from '../hal/clock.ts';
import type { Resolver, UdpSocket, UdpSockets } from '../hal/io.ts';
import type { Log, LogSeverity } from '../log/log.ts';
import { Accounts, type Account, type RadiusSession } from './accounting.ts';
import { LONGEST_VALUE, number, octets, SERVICE_TYPE, text, type Attribute } from './radius.attribute.ts';
import { DYNAMIC_PORT, DynamicAuthorization } from './radius.dynamic.ts';
import { Exchange, type ExchangeOutput, type Question } from './radius.exchange.ts';
import { hidePassword } from './radius.hide.ts';
import { framedAttributes, lineAttributes, proofAttributes, readVerdict, unaskable, type RadiusLogin, type RadiusVerdict } from './radius.login.ts';
import { CODE, encodeAccessRequest, type Trust } from './radius.packet.ts';
import type { Lane, RadiusServer } from './radius.server.ts';
import { readTunnels, type TunnelAnswer, type TunnelGroup } from './radius.tunnel.ts';

export interface RadiusParts {
  readonly clock: Clock;
  readonly wall: Pick<WallClock, 'seconds'>;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly udp: UdpSockets;
  /** Names that servers give as tunnel endpoints. */
  readonly resolver: Resolver;
  readonly log: Log;
  /** NAS-Identifier. */
  hostName(): string;
  /** Our address on the way to a server (NAS-IP-Address); 0.0.0.0 = no route. */
  sourceAddress(server: Ipv4): Ipv4;
}

/** SET RADIUS, seconds but for DEADTIME, which is minutes. */
export interface RadiusSettings {
  readonly timeout: number;
  readonly retransmit: number;
  readonly deadtime: number;
  /** Between accounting updates; 0 = none. */
  readonly interim: number;
  /** Whether servers may end and change sessions. */
  readonly coa: 'ON' | 'OFF';
  /** The password that comes with a question for tunnels. */
  readonly tunnelPassword: string;
}

export const RADIUS_DEFAULTS: RadiusSettings = { timeout: 6, retransmit: 3, deadtime: 0, interim: 0, coa: 'ON', tunnelPassword: 'hashi' };

const SECOND = 1000;
const MINUTE = 60_000;
/** How long after the first server came a start of the router is told: the rest of a boot script has been read then. */
const SETTLED = 1000;

type Done<T> = (answer: T, now: Millis) => void;

export class Radius {
  readonly exchange: Exchange;
  readonly accounts: Accounts;
  readonly dynamic: DynamicAuthorization;
  readonly #parts: RadiusParts;
  readonly #sockets = new Map<number, UdpSocket>();
  readonly #starting = new Set<Alarm>();
  #settings = RADIUS_DEFAULTS;
  #alarm: Alarm | undefined;
  #dynamicSocket: UdpSocket | undefined;
  #dynamicFailure: string | undefined;
  #closed = false;

  constructor(parts: RadiusParts) {
    this.#parts = parts;
    const { random, crypto } = parts;
    this.exchange = new Exchange({ random, crypto, output: this.#output() }, { timeout: 0, retransmit: 0, deadTime: 0 });
    const identity = (server: RadiusServer): Attribute[] => this.#identity(server);
    const seconds = (): number => parts.wall.seconds();
    this.accounts = new Accounts({
      exchange: this.exchange, crypto, random, seconds, identity,
      lost: () => this.#note(6, 'LOST', 'accounting', 'Accounting records are lost: no RADIUS server has taken any for too long'),
    });
    this.dynamic = new DynamicAuthorization({
      crypto, seconds, identity,
      server: (address) => this.server(address),
      sessions: () => this.accounts.sessions(),
      noticed: (server, what) => this.#note(4, 'DYN', formatIpv4(server), `RADIUS server ${formatIpv4(server)} ${what}`),
    });
    this.set({});
  }

  /** True where there is a server to ask. */
  get isConfigured(): boolean {
    return this.exchange.takes('login');
  }

  get settings(): RadiusSettings {
    return this.#settings;
  }

  /** Why servers cannot reach us for dynamic authorization, 'open', or 'closed' where they should not. */
  get dynamicState(): string {
    return this.#dynamicFailure ?? (this.#dynamicSocket === undefined ? 'closed' : 'open');
  }

  // -- what the operator does --

  server(address: Ipv4): RadiusServer | undefined {
    return this.exchange.servers.find((one) => one.address === address);
  }

  /** Adds a server behind the others, or changes the one of this address. */
  putServer(server: RadiusServer, now: Millis): void {
    const fresh = this.server(server.address) === undefined;
    this.exchange.put(server, now);
    this.#listen();
    if (fresh) this.#announce(server.address, now);
    this.#arm();
  }

  deleteServer(address: Ipv4, now: Millis): void {
    this.exchange.remove(address, now);
    this.#listen();
    this.#arm();
  }

  /** Changes what is given; requests under way keep the times they began with. */
  set(change: Partial<RadiusSettings>): void {
    this.#settings = { ...this.#settings, ...change };
    const { timeout, retransmit, deadtime, interim } = this.#settings;
    this.exchange.settings.timeout = timeout * SECOND;
    this.exchange.settings.retransmit = retransmit;
    this.exchange.settings.deadTime = deadtime * MINUTE;
    this.accounts.interim = interim;
    this.#listen();
  }

  // -- what the router asks --

  /** An Acct-Session-Id for a new call: see `RadiusLine`. */
  sessionId(): string {
    return this.accounts.sessionId();
  }

  /** Asks the servers in their order about a caller; `done` is called once, later or at once. */
  authenticate(login: RadiusLogin, done: Done<RadiusVerdict>, now: Millis): void {
    const wrong = unaskable(login);
    if (wrong !== undefined) return done({ accepted: false, reason: `RADIUS cannot be asked about ${printable(login.name)}: ${wrong}` }, now);
    const about = [...framedAttributes(), ...lineAttributes(login.line)];
    this.#ask(
      {
        lane: 'login',
        build: (server, { id, authenticator }) => {
          const trust = this.#trust(server);
          const attributes = [text('User-Name', login.name), ...proofAttributes(login.proof, authenticator, trust), ...about, ...this.#identity(server)];
          return encodeAccessRequest({ code: CODE['Access-Request'], id, attributes }, authenticator, trust);
        },
        answered: (reply, _asked, at) => done(readVerdict(reply, login.proof), at),
        silent: (reason, at) => done({ accepted: false, silent: true, reason }, at),
      },
      now,
    );
  }

  /** Asks for the tunnels of a domain or user (RFC 2868): best first. The question is one for Outbound service with a fixed password. */
  tunnels(name: string, done: Done<readonly TunnelAnswer[] | { readonly refused: string }>, now: Millis): void {
    if (utf8(name).length > LONGEST_VALUE) return done({ refused: `RADIUS cannot be asked for tunnels: the name is longer than ${LONGEST_VALUE} octets` }, now);
    const shown = printable(name);
    this.#ask(
      {
        lane: 'login',
        build: (server, { id, authenticator }) => {
          const trust = this.#trust(server);
          const password = new Secret(this.#settings.tunnelPassword).octets();
          const attributes = [
            text('User-Name', name), octets('User-Password', hidePassword(password, authenticator, trust)),
            number('Service-Type', SERVICE_TYPE.Outbound), ...this.#identity(server),
          ];
          return encodeAccessRequest({ code: CODE['Access-Request'], id, attributes }, authenticator, trust);
        },
        answered: (reply, { authenticator, trust }, at) => {
          if (reply.code !== CODE['Access-Accept']) return done({ refused: `The RADIUS server knows no tunnels for ${shown}` }, at);
          const { tunnels, refused } = readTunnels(reply.attributes, authenticator, trust);
          if (tunnels.length > 0) return this.#resolve(shown, tunnels, done, at);
          done({ refused: `The RADIUS server names no L2TP tunnel for ${shown}${refused.length === 0 ? '' : ` (${refused.join('; ')})`}` }, at);
        },
        silent: (reason, at) => done({ refused: `${reason} for the tunnels of ${shown}` }, at),
      },
      now,
    );
  }

  /** A session has begun: it is accounted for until `end`, and servers may end or change it. */
  begin(session: RadiusSession, now: Millis): Account {
    const account = this.accounts.begin(session, now);
    this.#arm();
    return {
      session,
      end: (cause, at) => {
        account.end(cause, at);
        this.#arm();
      },
    };
  }

  /** Tells the servers that the router stops, and gives the sockets back. Sessions should have ended. */
  close(now: Millis): void {
    if (this.#closed) return;
    for (const alarm of this.#starting) alarm.cancel();
    for (const { address, accPort } of this.exchange.servers) if (accPort !== 0) this.accounts.off(address, now);
    this.#closed = true;
    this.exchange.close(now);
    this.#alarm?.cancel();
    this.#listen();
  }

  // -- private --

  #trust = (server: RadiusServer): Trust => ({ secret: server.secret, crypto: this.#parts.crypto });

  #identity(server: RadiusServer): Attribute[] {
    const address = this.#parts.sourceAddress(server.address);
    return [...(address === ANY_IPV4 ? [] : [number('NAS-IP-Address', address)]), text('NAS-Identifier', this.#parts.hostName())];
  }

  #ask(question: Question, now: Millis): void {
    this.exchange.ask(question, now);
    this.#arm();
  }

  /** Tunnels whose endpoint is a name become one for each of its addresses. */
  #resolve(shown: string, groups: readonly TunnelGroup[], done: Done<readonly TunnelAnswer[] | { readonly refused: string }>, now: Millis): void {
    const found: TunnelAnswer[][] = groups.map(() => []);
    let refused = '';
    let open = 1;
    const finish = (at: Millis): void => {
      open--;
      if (open > 0) return;
      const answers = found.flat();
      done(answers.length > 0 ? answers : { refused: `None of the tunnel endpoints of ${shown} has an address: ${refused}` }, at);
    };
    groups.forEach((group, i) => {
      const { server } = group;
      if (typeof server === 'number') found[i] = [{ ...group, server }];
      else {
        open++;
        this.#parts.resolver.resolve(server, (answer, at) => {
          if ('refused' in answer) refused = answer.refused;
          else found[i] = answer.map((address) => ({ ...group, server: address }));
          finish(at);
        });
      }
    });
    finish(now);
  }

  #announce(address: Ipv4, now: Millis): void {
    // A server that comes while sessions live must not think that they have ended.
    if (this.accounts.sessions().length > 0) return;
    const alarm = this.#parts.clock.at(now + SETTLED, (at) => {
      this.#starting.delete(alarm);
      const server = this.server(address);
      if (server === undefined || server.accPort === 0 || this.accounts.sessions().length > 0) return;
      this.accounts.on(address, at);
      this.#arm();
    });
    this.#starting.add(alarm);
  }

  #arm(): void {
    if (this.#closed) return;
    const at = Math.min(this.exchange.deadline(), this.accounts.deadline());
    if (this.#alarm !== undefined && this.#alarm.at === at) return;
    this.#alarm?.cancel();
    this.#alarm = at === NEVER ? undefined : this.#parts.clock.at(at, (now) => this.#tick(now));
  }

  #tick(now: Millis): void {
    this.#alarm = undefined;
    this.exchange.tick(now);
    this.accounts.tick(now);
    this.#arm();
  }

  #output(): ExchangeOutput {
    return {
      send: (socket, to, port, data) => this.#socket(socket).send(to, port, data),
      close: (socket) => {
        this.#sockets.get(socket)?.close();
        this.#sockets.delete(socket);
      },
      noticed: (server, lane, what) => this.#noticed(server, lane, what),
    };
  }

  #socket(number: number): UdpSocket {
    const known = this.#sockets.get(number);
    if (known !== undefined) return known;
    const socket = this.#parts.udp.open({
      port: 0,
      received: (from, port, data, now) => {
        this.exchange.receive({ socket: number, from, port }, data, now);
        this.#arm();
      },
      failed: (why) => this.#note(6, 'FAIL', 'socket', `RADIUS servers cannot be asked: ${why}`),
    });
    this.#sockets.set(number, socket);
    return socket;
  }

  /** Opens or closes the port for dynamic authorization: open only while there is a server that may use it. */
  #listen(): void {
    const wanted = !this.#closed && this.#settings.coa === 'ON' && this.exchange.servers.length > 0;
    if (wanted === (this.#dynamicSocket !== undefined)) return;
    this.#dynamicFailure = undefined;
    if (!wanted) {
      this.#dynamicSocket?.close();
      this.#dynamicSocket = undefined;
      return;
    }
    const socket = this.#parts.udp.open({
      port: DYNAMIC_PORT,
      received: (from, port, data, now) => {
        const answer = this.dynamic.receive(from, port, data, now);
        if (answer !== undefined) socket.send(from, port, answer);
        this.#arm();
      },
      failed: (why) => {
        this.#dynamicFailure = why;
        this.#note(6, 'FAIL', 'dynamic', `RADIUS servers cannot end or change sessions: ${why}`);
      },
    });
    this.#dynamicSocket = socket;
  }

  #noticed(server: RadiusServer, lane: Lane, what: 'silent' | 'back' | 'unsigned' | 'forged'): void {
    const name = `RADIUS server ${formatIpv4(server.address)}`;
    const source = formatIpv4(server.address);
    const duty = lane === 'login' ? `port ${server.port}` : `accounting port ${server.accPort}`;
    switch (what) {
      case 'silent':
        return this.#note(6, 'DOWN', source, `${name} does not answer on ${duty}; is its secret the same there, and are we its client?`);
      case 'back':
        this.#note(6, 'UP', source, `${name} answers again on ${duty}`);
        if (lane === 'account') this.accounts.back(this.#parts.clock.now());
        return;
      case 'unsigned':
        return this.#note(5, 'SIGN', source, `${name} answers without Message-Authenticator: ignored (CVE-2024-3596); have it sign, or SET RADIUS SERVER=${source} MESSAGEAUTH=OPTIONAL`);
      case 'forged':
        return this.#note(5, 'FORG', source, `An answer in the name of ${name} is not signed with its secret: ignored`);
    }
  }

  #note(severity: LogSeverity, subtype: string, source: string, what: string): void {
    this.#parts.log.add({ module: 'RADI', severity, type: 'SERV', subtype, source: `RADIUS ${source}`, text: what });
  }
}

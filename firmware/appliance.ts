// The router: all rooms joined on one board. The only file that knows them all; each room declares what it needs of the others.

import { Logins } from './aaa/login.ts';
import { passwordCommands, userCommands, userConfig } from './aaa/user.commands.ts';
import { Users } from './aaa/users.ts';
import type { Secret } from './bytes/secret.ts';
import { printable } from './bytes/text.ts';
import type { Millis } from './bytes/time.ts';
import type { Command, ConfigSection, Context, Outcome } from './cli/command.ts';
import { messages, printMessage, type Message } from './cli/messages.ts';
import { checkScript as checkLines, printScriptError, runLine, runScript } from './cli/script.ts';
import type { LoginAttempt, LoginVerdict } from './cli/session.ts';
import { sessionCommands } from './cli/session.commands.ts';
import { PAGE } from './cli/screen.ts';
import { CommandTable } from './cli/table.ts';
import { Aliases, aliasCommands, aliasConfig } from './config/alias.ts';
import { BootConfig } from './config/boot.ts';
import { configCommands } from './config/config.commands.ts';
import { fileCommands } from './config/file.commands.ts';
import { Files } from './config/files.ts';
import { KeptLines } from './config/kept.ts';
import { loaderCommands, loaderConfig } from './config/loader.commands.ts';
import { Loader } from './config/loader.ts';
import { RunningConfig } from './config/running.ts';
import { scriptCommands } from './config/script.commands.ts';
import { Consoles, TelnetServer, type ConsoleRouter } from './consoles.ts';
import type { Board } from './hal/board.ts';
import type { InterfaceId, Punt, SessionKey } from './hal/dataplane.ts';
import type { Stream } from './hal/io.ts';
import { ipCommands } from './ip/ip.commands.ts';
import { ipConfig } from './ip/ip.config.ts';
import { IpModule } from './ip/module.ts';
import { Probes } from './ip/probes.ts';
import { l2tpCommands } from './l2tp/l2tp.commands.ts';
import { l2tpConfig } from './l2tp/l2tp.config.ts';
import type { L2tpLink } from './l2tp/link.ts';
import { L2tpServer } from './l2tp/server.ts';
import { laterCommands } from './later.ts';
import { logCommands, logConfig } from './log/log.commands.ts';
import { EventRing } from './log/log.ts';
import { LogOutputs } from './log/outputs.ts';
import { verifyAttempt, type Attempt, type Verdict } from './ppp/auth.ts';
import type { PppInterface } from './ppp/interface.ts';
import { PppInterfaces } from './ppp/interfaces.ts';
import type { PppOwner } from './ppp/owner.ts';
import { pppCommands } from './ppp/ppp.commands.ts';
import { pppConfig } from './ppp/ppp.config.ts';
import { CpuMeter } from './system/cpu.ts';
import { Links } from './system/links.ts';
import { systemCommands, systemConfig } from './system/system.commands.ts';
import { SystemState } from './system/system.ts';
import { asynCommands, asynConfig } from './system/asyn.commands.ts';
import { telnetCommands, telnetConfig } from './system/telnet.commands.ts';

/** A configuration script and the name messages call it by. */
export interface ScriptFile {
  readonly name: string;
  readonly text: string;
}

export interface ApplianceOptions {
  /** What a box without configuration runs; may be empty. */
  readonly factoryScript: string;
}

/** A router that runs on a board. */
export interface Appliance {
  /** Runs the configuration: `script` where one is given, else what the flash says. Errors of lines go to the log and `report`. */
  boot(script: ScriptFile | undefined, report?: (line: string) => void): void;
  attachConsole(stream: Stream, mode: 'login' | 'manager' | 'cli'): void;
  /** Runs one command as manager; `print` gets what the console would show, `done` whether it gave an Error. */
  runCommand(line: string, print: (text: string) => void, done: (failed: boolean) => void): void;
  /** Ends every session, tells every peer, gives everything back. `done` is called when the last datagram is out. */
  shutdown(done: () => void): void;
}

const PRODUCT = 'hashi';
/** Firmware Revision AVP: major in the high octet, minor in the low one. */
const FIRMWARE = 0x0001;
/** Nominal speed of a tunnel for SHOW PPP UTILISATION, bit/s. */
const TUNNEL_SPEED = 100_000_000;
const MANAGER = { user: 'manager', level: 'manager' } as const;

/** What stays over a RESTART ROUTER: the board, the log, the files, the consoles. */
interface Lasting {
  readonly board: Board;
  readonly ring: EventRing;
  readonly files: Files;
  readonly boot: BootConfig;
  readonly links: Links;
  readonly consoles: Consoles;
  restart(): void;
}

/** One life of the router: everything a configuration makes. */
class Router implements ConsoleRouter {
  readonly table: CommandTable;
  readonly l2tp: L2tpServer;
  readonly ppp: PppInterfaces;
  readonly ip: IpModule;
  readonly telnet: TelnetServer;
  readonly #lasting: Lasting;
  readonly #system: SystemState;
  readonly #users: Users;
  readonly #logins: Logins;
  readonly #aliases = new Aliases();
  readonly #kept = new KeptLines();
  readonly #probes: Probes;
  readonly #cpu: CpuMeter;
  /** The interface on each L2TP session, and the session under each interface, by name. */
  readonly #bySession = new Map<SessionKey, PppInterface>();
  readonly #linkOf = new Map<string, L2tpLink>();
  readonly #nameOf = new Map<InterfaceId, string>();

  constructor(lasting: Lasting) {
    this.#lasting = lasting;
    const { board, ring, files, boot, consoles, links } = lasting;
    const { clock, wall, random, crypto, plane } = board;
    this.#users = new Users({ crypto, random });
    this.#logins = new Logins(this.#users, ring);
    this.#system = new SystemState({
      clock, wall, system: board.system, flash: board.flash, plane: plane.name,
      bootConfig: () => boot.show(),
      warnings: () => this.#lacking().map(({ text }) => text),
    });
    const outputs = new LogOutputs(ring, board.datagrams, () => this.#system.hostName);
    const loader = new Loader({ files, transfer: board.transfer, resolver: board.resolver, log: ring });
    this.#cpu = new CpuMeter(board.system, clock);
    consoles.page = PAGE;
    this.telnet = new TelnetServer(board.listeners, consoles);
    this.ip = new IpModule({ host: board.ip, clock, log: ring, owner: this.#ipOwner() });
    this.#probes = new Probes({
      raw: board.rawIp, clock, random, resolver: board.resolver,
      sourceAddress: (explicit) => this.ip.sourceAddress(explicit),
      routedSource: (target) => this.ip.routedSource(target),
    });
    this.l2tp = new L2tpServer({ plane, clock, wall, random, crypto, log: ring }, this.#l2tpOwner(), { vendor: PRODUCT, firmware: FIRMWARE });
    this.ppp = new PppInterfaces(this.#pppOwner());
    this.ip.onRoute = () => this.l2tp.routesChanged(clock.now());

    const running = new RunningConfig(() => this.#sections(outputs, loader), this.#kept);
    const run = (line: string, context: Context): Outcome | undefined => this.table.run(line, context);
    this.table = new CommandTable([
      ...sessionCommands(() => this.table),
      ...systemCommands({ state: this.#system, links, cpu: this.#cpu, wall, system: board.system, run }),
      ...telnetCommands(this.telnet),
      ...asynCommands(consoles),
      ...userCommands({ users: this.#users, logins: this.#logins, sessions: () => consoles.active() }),
      ...passwordCommands({ users: this.#users, logins: this.#logins }),
      ...aliasCommands(this.#aliases, () => this.table.verbs),
      ...configCommands({ files, boot, running, reboot: () => board.system.reboot(), restart: () => lasting.restart() }),
      ...fileCommands(files),
      ...scriptCommands({ files, clock, table: () => this.table }),
      ...loaderCommands({ loader, files, clock }),
      ...logCommands({ ring, outputs }),
      ...ipCommands(this.ip, this.#probes),
      ...l2tpCommands(this.l2tp),
      ...pppCommands(this.ppp),
      ...laterCommands((line) => this.#kept.keep(line)),
    ]);
    this.#cpu.start();
  }

  systemName(): string {
    return this.#system.settings.name;
  }

  authenticate(attempt: LoginAttempt): LoginVerdict {
    return this.#logins.authenticate(attempt);
  }

  expand(line: string): string {
    return this.#aliases.expand(line);
  }

  warnings(): readonly string[] {
    return this.#lacking().map(printMessage);
  }

  loggedOff(print: Context['print']): void {
    this.l2tp.tracer.forget(print);
    this.ppp.forgetDebug(print);
  }

  /** What the data plane hands up: control messages to L2TP, frames and first packets to their PPP interface. */
  punt(batch: readonly Punt[], now: Millis): void {
    this.l2tp.punt(batch, now);
    for (const punt of batch) {
      if (punt.kind === 'ppp') this.#bySession.get(punt.session)?.frame(punt.data, now);
      else if (punt.kind === 'demand') this.ppp.demand(this.#nameOf.get(punt.interface) ?? '', punt.data, now);
    }
  }

  linkChanged(name: string, now: Millis): void {
    this.ip.onLink(name);
    // What comes and goes with our own PPP links is told by the links themselves.
    if (this.ppp.named(name) === undefined) this.l2tp.routesChanged(now);
  }

  /** Tells every peer and gives everything back. */
  close(now: Millis): void {
    this.l2tp.shutdown(now);
    this.l2tp.close();
    this.#probes.stopPing();
    this.#probes.stopTrace();
    this.ppp.clear(now);
    this.ip.clear();
    this.telnet.close();
    this.#cpu.stop();
  }

  // -- what the rooms need of each other --

  #ipOwner(): ConstructorParameters<typeof IpModule>[0]['owner'] {
    const { board } = this.#lasting;
    return {
      exists: (name) => this.ppp.named(name) !== undefined || board.ip.links().some((link) => link.name === name && !link.name.startsWith('ppp')),
      onDemand: (name) => this.#demands(name),
      underlies: (name, address) => this.#linkOf.get(name)?.peer === address,
      changed: () => {
        const failure = this.telnet.ipIs(this.ip.status.enabled ? 'enabled' : 'disabled');
        if (failure !== undefined) this.#note('TELNET server', failure);
        this.l2tp.routesChanged(board.clock.now());
      },
      keep: (line) => this.#kept.keep(line),
      forget: (start) => this.#kept.forget(start),
    };
  }

  #l2tpOwner(): ConstructorParameters<typeof L2tpServer>[1] {
    const { board } = this.#lasting;
    return {
      lookup: (destination) => board.ip.lookup(destination),
      filter: () => undefined,
      hostName: () => this.#system.hostName,
      callUser: (call) => {
        const user = this.ppp.over(`TNL-${call}`);
        return user === undefined ? undefined : { name: user.name, enabled: user.enabled };
      },
      linkUp: (call, link, now) => this.#linkUp(call, link, now),
      linkDown: (call, reason, now) => {
        const user = this.ppp.over(`TNL-${call}`);
        if (user === undefined) return;
        const link = this.#linkOf.get(user.name);
        if (link !== undefined) this.#bySession.delete(link.session);
        user.lowerDown(reason, now);
        this.#linkOf.delete(user.name);
      },
      linkMtu: (call) => this.ppp.over(`TNL-${call}`)?.resized(),
      linkAsk: (call) => this.ppp.over(`TNL-${call}`)?.ask() ?? false,
      callMissed: (call, now) => {
        const user = this.ppp.over(`TNL-${call}`);
        if (user?.enabled === true && user.link === undefined) user.activate(now);
      },
      templateCall: () => ({ refused: 'dynamic PPP interfaces are not available in this build' }),
    };
  }

  #linkUp(call: string, link: L2tpLink, now: Millis): void {
    const user = this.ppp.over(`TNL-${call}`);
    if (user === undefined) return link.hangUp(`no PPP interface uses call ${call}`, now);
    const { clock, plane } = this.#lasting.board;
    const { session } = link;
    this.#bySession.set(session, user);
    this.#linkOf.set(user.name, link);
    link.update({ far: user.device });
    user.lowerUp(
      {
        get mtu() {
          return link.mtu;
        },
        send: (data) => plane.send([{ to: 'session', session, data }]),
        configure: (change) => link.update(change),
        negotiated: () => link.negotiated(clock.now()),
        hangUp: (reason) => link.hangUp(reason, clock.now()),
      },
      now,
    );
  }

  #pppOwner(): PppOwner {
    const { board, ring } = this.#lasting;
    const { clock, wall, random, crypto, plane } = board;
    return {
      clock, wall, random, crypto, log: ring,
      systemName: () => this.#system.hostName,
      layerExists: (over) => this.#layerExists(over),
      bandwidth: () => TUNNEL_SPEED,
      layerSays: (over) => this.l2tp.callStatus(clock.now()).find(({ call }) => call.name.toLowerCase() === callOf(over).toLowerCase())?.waiting,
      wantLink: (_name, over, now) => this.l2tp.want(callOf(over), now),
      unwantLink: (_name, over, reason, now) => this.l2tp.unwant(callOf(over), reason, now),
      openDevice: (name, mtu, onDemand) => {
        const device = plane.open({ kind: 'tun', name, mtu, onDemand });
        if (typeof device === 'number') this.#nameOf.set(device, name);
        return device;
      },
      setDevice: (device, change) => {
        plane.set(device, change);
        // Routes over an interface that dials are there while it is down.
        const name = this.#nameOf.get(device);
        if (name !== undefined && change.onDemand !== undefined) this.ip.refresh(name);
      },
      closeDevice: (device) => {
        this.#nameOf.delete(device);
        plane.close(device);
      },
      ipAttached: (name) => this.ip.attached(name),
      localAddress: (name) => this.ip.localAddress(name),
      mayTakeAddress: (name) => this.ip.mayAssign(name),
      ipUp: (name, { local, remote, assigned }, now) => {
        this.ip.linkUp(name, { local, peer: remote, assigned });
        const peer = this.#linkOf.get(name)?.peer;
        if (peer !== undefined && this.ip.leads(name, peer)) this.l2tp.linkRouted(now);
      },
      ipDown: (name) => this.ip.linkDown(name),
      ipv6Up: () => {},
      ipv6Down: () => {},
      authenticate: (_name, attempt, answer, now) => answer(this.#judge(attempt), now),
      traffic: (name) => {
        const c = this.#linkOf.get(name)?.counters();
        if (c === undefined) return undefined;
        const inDiscards = c.inDiscarded + c.orderDiscarded;
        return { inPackets: c.inPackets, inOctets: c.inBytes, inDiscards, outPackets: c.outPackets, outOctets: c.outBytes, lastCarried: c.lastCarried };
      },
    };
  }

  /** Judges a PPP peer against the user database. */
  #judge(attempt: Attempt): Verdict {
    const verdict = this.#proof(attempt, this.#users.secretOf(attempt.name));
    this.#users.countAuthentication(attempt.name, verdict.accepted ? 'accepted' : 'refused');
    const address = this.#users.get(attempt.name)?.ipAddress;
    return verdict.accepted && address !== undefined ? { ...verdict, address } : verdict;
  }

  #proof(attempt: Attempt, known: Secret | 'digest' | undefined): Verdict {
    const name = printable(attempt.name);
    if (known === undefined) return { accepted: false, reason: `There is no enabled user ${name}.` };
    if (known !== 'digest') return verifyAttempt(this.#lasting.board.crypto, attempt, known);
    if (attempt.kind !== 'pap') return { accepted: false, reason: `Only a digest of the password of ${name} is kept: it can be proved by PAP only.` };
    return this.#users.judgePap(attempt.name, attempt.password.reveal()) ? { accepted: true } : { accepted: false, reason: `Wrong password for user ${name}.` };
  }

  /** A script that asked for protection this build cannot give must not look like a protected router. */
  #lacking(): Message[] {
    const lacking = [
      this.#kept.has('FIREWALL') ? 'the firewall' : undefined,
      this.#kept.sections().some(({ lines }) => lines.some((line) => /^(enable|add) ip nat/.test(line))) ? 'NAT' : undefined,
      this.#kept.has('IPSEC') ? 'IPsec' : undefined,
    ].filter((name) => name !== undefined);
    return lacking.length === 0 ? [] : [messages.system.unprotected(lacking.join(' and '))];
  }

  /** A packet into it makes it dial. */
  #demands(name: string): boolean {
    const one = this.ppp.named(name);
    return one?.enabled === true && one.onDemand;
  }

  #layerExists(over: string): true | Message {
    if (!/^tnl-/i.test(over)) {
      if (OTHER_LAYERS.test(over)) return messages.parser.notBuilt(`PPP over ${over}`);
      return messages.parser.badValue(over, 'OVER', '; permitted: TNL- and the name of an L2TP call, like TNL-remote');
    }
    return this.l2tp.callExists(callOf(over)) ? true : messages.l2tp.callNotFound(callOf(over));
  }

  #sections(outputs: LogOutputs, loader: Loader): ConfigSection[] {
    return [
      ...aliasConfig(this.#aliases),
      ...systemConfig({ state: this.#system }),
      ...loaderConfig({ loader }),
      ...userConfig({ users: this.#users }),
      ...asynConfig(this.#lasting.consoles),
      ...l2tpConfig(this.l2tp),
      ...pppConfig(this.ppp),
      ...ipConfig(this.ip, this.#probes),
      ...logConfig({ ring: this.#lasting.ring, outputs }),
      ...telnetConfig(this.telnet),
    ];
  }

  #note(what: string, why: string): void {
    this.#lasting.ring.add({ module: 'SYS', severity: 4, type: 'SERV', subtype: 'FAIL', source: what, text: `${what}: ${why}` });
  }
}

/** The call that a physical layer like TNL-remote names. */
/** Layers of PPP that the command reference knows and this build has not. */
const OTHER_LAYERS = /^(?:syn\d+|isdn-.+|acc-.+|miox\d+-.+|tdm-.+|eth\d+-.+)$/i;
const callOf = (over: string): string => over.replace(/^tnl-/i, '');

/** Starts a router on a board; it does nothing until `boot`. */
export function createAppliance(board: Board, options: ApplianceOptions): Appliance {
  const { clock } = board;
  const ring = new EventRing(board.wall, clock);
  const files = new Files(board.flash);
  const boot = new BootConfig(files, options.factoryScript);
  const consoles = new Consoles(clock, board.wall, () => router);
  const lasting: Lasting = { board, ring, files, boot, consoles, links: new Links(board.ip, clock), restart: () => clock.at(clock.now(), () => restart()) };
  let router = new Router(lasting);
  board.plane.onPunt = (batch, now) => router.punt(batch, now);
  board.ip.onLink = (name) => {
    lasting.links.note();
    router.linkChanged(name, clock.now());
  };

  function run(script: ScriptFile, report: (line: string) => void): void {
    const { table } = router;
    runScript(
      { file: script.name, text: script.text },
      {
        table,
        context: () => scriptContext(script.name, clock.now(), report),
        answered: (answer, line) => {
          if (!('severity' in answer) || answer.severity === 'info') return;
          const text = printScriptError({ file: script.name, line, message: answer });
          report(text);
          ring.add({ module: 'SCR', severity: 4, type: 'SCR', subtype: 'ERROR', source: script.name, text });
        },
      },
      ({ commands, errors }) => {
        const text = `${script.name}: ${commands} commands run, ${errors.length} with an error`;
        ring.add({ module: 'SCR', severity: 3, type: 'SCR', subtype: 'END', source: script.name, text });
      },
    );
  }

  function restart(): void {
    router.close(clock.now());
    router = new Router(lasting);
    consoles.announce('Router restarted.');
    start(undefined, (line) => consoles.announce(line));
  }

  function start(script: ScriptFile | undefined, report: (line: string) => void): void {
    const { system } = board;
    ring.add({ module: 'SYS', severity: 7, type: 'REST', subtype: 'NORM', text: `Router startup, ver ${system.version}, ${system.released}` });
    if (script !== undefined) boot.usedFrom(script.name);
    const next = script ?? boot.next();
    run({ name: next.name ?? 'factory settings', text: next.text }, report);
  }

  return {
    boot: (script, report = () => {}) => start(script, report),
    attachConsole: (stream, mode) => consoles.attach(stream, mode),
    runCommand: (line, print, done) => {
      const context: Context = { ...scriptContext('cli', clock.now(), print), kind: 'cli' };
      runLine(router.table, line, context, (answer) => {
        if (answer !== undefined) print('severity' in answer ? printMessage(answer) : answer.text);
        done(answer !== undefined && 'severity' in answer && answer.severity === 'error');
      });
    },
    shutdown: (done) => {
      consoles.close();
      router.close(clock.now());
      // What was sent last leaves before the board is closed.
      clock.at(clock.now(), () => done());
    },
  };
}

function scriptContext(name: string, now: Millis, print: (text: string) => void): Context {
  return { ...MANAGER, from: name, now, kind: 'script', print, ask: (_prompt, _options, answer) => answer(undefined), logoff: () => {} };
}

/** Every command of the router, for the reference and for checks without a router. Nothing may be run on them. */
export function allCommands(board: Board): readonly Command[] {
  const files = new Files(board.flash);
  const consoles = new Consoles(board.clock, board.wall, () => router);
  const lasting: Lasting = {
    board, files, consoles, ring: new EventRing(board.wall, board.clock), boot: new BootConfig(files, ''), links: new Links(board.ip, board.clock), restart: () => {},
  };
  const router = new Router(lasting);
  const { commands } = router.table;
  router.close(board.clock.now());
  return commands;
}

/** `FILE:LINE: message` for each line of a script that is no command of this router; runs nothing. */
export const checkScript = (commands: readonly Command[], script: ScriptFile): string[] =>
  checkLines({ file: script.name, text: script.text }, new CommandTable(commands), 'security').map(printScriptError);

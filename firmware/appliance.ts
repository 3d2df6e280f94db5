// The router: all rooms joined on one board. The only file that knows them all; each room declares what it needs of the others.

import { Accounts } from './accounts.ts';
import { Logins } from './aaa/login.ts';
import { radiusCommands, radiusConfig } from './aaa/radius.commands.ts';
import { Radius } from './aaa/radius.ts';
import { Slowdown } from './aaa/slowdown.ts';
import { passwordCommands, userCommands, userConfig } from './aaa/user.commands.ts';
import { Users } from './aaa/users.ts';
import type { Ipv4 } from './bytes/ip.ts';
import type { Millis } from './bytes/time.ts';
import { accCommands, accConfig } from './call/acc.commands.ts';
import { isdnCommands, isdnConfig } from './call/isdn.commands.ts';
import { pppoeCommands, pppoeConfig } from './call/pppoe.commands.ts';
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
import { dhcpCommands, dhcpConfig } from './dhcp/dhcp.commands.ts';
import type { Board } from './hal/board.ts';
import type { Punt } from './hal/dataplane.ts';
import type { Stream } from './hal/io.ts';
import type { RuleSet } from './hal/packetfilter.ts';
import { dnsCommands } from './ip/dns.commands.ts';
import { filterCommands, filterConfig } from './ip/filter.commands.ts';
import { Filters, filterUses } from './ip/filter.ts';
import { interfaceName } from './ip/interfaces.ts';
import { ipCommands } from './ip/ip.commands.ts';
import { ipConfig } from './ip/ip.config.ts';
import { IpModule } from './ip/module.ts';
import { Probes } from './ip/probes.ts';
import { l2tpCommands } from './l2tp/l2tp.commands.ts';
import { l2tpConfig } from './l2tp/l2tp.config.ts';
import { Judge } from './judge.ts';
import { laterCommands } from './later.ts';
import { Lines } from './lines.ts';
import { logCommands, logConfig } from './log/log.commands.ts';
import { EventRing } from './log/log.ts';
import { LogOutputs } from './log/outputs.ts';
import { Nat } from './nat/nat.ts';
import { natCommands, natConfig } from './nat/nat.commands.ts';
import { Names } from './names.ts';
import { pppCommands } from './ppp/ppp.commands.ts';
import { pppConfig } from './ppp/ppp.config.ts';
import { templateCommands } from './ppp/template.commands.ts';
import { Rules } from './rules.ts';
import { CpuMeter } from './system/cpu.ts';
import { Links } from './system/links.ts';
import { systemCommands, systemConfig } from './system/system.commands.ts';
import { SystemState } from './system/system.ts';
import { asynCommands, asynConfig } from './system/asyn.commands.ts';
import { SystemUpdate } from './system/update.ts';
import { updateCommands } from './system/update.commands.ts';
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
  attachConsole(stream: Stream, mode: 'login' | 'network' | 'manager' | 'cli'): void;
  /** A line on every console, whether somebody is logged in or not. */
  tell(text: string): void;
  /** The servers that this router asks for names of its own accord, for other programs of the box. */
  nameServers(): readonly Ipv4[];
  /** Runs one command as manager; `print` gets what the console would show, `done` whether it gave an Error. */
  runCommand(line: string, print: (text: string) => void, done: (failed: boolean) => void): void;
  /** Ends every session, tells every peer, gives everything back. `done` is called when the last datagram is out. */
  shutdown(done: () => void): void;
}

const PRODUCT = 'hashi';
/** Firmware Revision AVP: major in the high octet, minor in the low one. */
const FIRMWARE = 0x0001;
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
  readonly ip: IpModule;
  readonly telnet: TelnetServer;
  readonly #lasting: Lasting;
  readonly #system: SystemState;
  readonly #users: Users;
  readonly #logins: Logins;
  readonly #aliases = new Aliases();
  readonly #kept = new KeptLines();
  readonly #filters = new Filters();
  readonly #nat = new Nat();
  readonly #rules: Rules;
  readonly #probes: Probes;
  readonly #names: Names;
  readonly #radius: Radius;
  readonly #cpu: CpuMeter;
  readonly #update: SystemUpdate;
  readonly #lines: Lines;

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
    this.#names = new Names({ board, log: ring, ip: () => this.ip, translations: () => this.#nat.translations() });
    const resolver = this.#names.dns.asResolver();
    this.#cpu = new CpuMeter(board.system, clock);
    this.#update = new SystemUpdate({ updates: board.updates, resolver, clock, log: ring });
    const loader = new Loader({ files, transfer: board.transfer, system: this.#update, resolver, log: ring });
    consoles.page = PAGE;
    this.telnet = new TelnetServer(board.listeners, consoles);
    this.ip = new IpModule({ host: board.ip, clock, log: ring, owner: this.#ipOwner(), dhcp: board.dhcp, hostName: () => this.#system.hostName });
    this.ip.onAddress = (name) => board.filter.forget(this.#nat.inside(name));
    this.ip.onLease = (name, lease) => this.#names.leased(name, lease);
    this.#probes = new Probes({
      raw: board.rawIp, clock, random, resolver,
      sourceAddress: (explicit) => this.ip.sourceAddress(explicit),
      routedSource: (target) => this.ip.routedSource(target),
    });
    this.#radius = new Radius({
      clock, wall, random, crypto, udp: board.udp, resolver, log: ring,
      hostName: () => this.#system.hostName,
      sourceAddress: (server) => this.ip.routedSource(server),
    });
    const accounts = new Accounts({ radius: this.#radius, log: ring, sourceAddress: (to) => this.ip.routedSource(to) });
    const judge = new Judge({ users: this.#users, crypto, clock, slowdown: new Slowdown(), radius: () => (accounts.isConfigured ? (...question) => accounts.judge(...question) : undefined) });
    this.#lines = new Lines({
      board, log: ring, identity: { vendor: PRODUCT, firmware: FIRMWARE },
      hostName: () => this.#system.hostName,
      ip: () => this.ip,
      filter: (id) => this.#filters.permitted(id),
      judge: (attempt, by, who, answer, now) => judge.judge(attempt, by, who, answer, now),
      resolve: (name, done) => this.#names.dns.resolve(name, done),
      tunnels: (name, done) => this.#radius.tunnels(name, done, clock.now()),
      announce: (message) => consoles.announce(printMessage(message)),
      callerDns: () => this.#names.dns.callerDns(),
      learned: (name, servers) => this.#names.dns.learned(name, servers),
      began: (session, now) => accounts.began(session, now),
    });
    const { l2tp, ppp } = this.#lines;
    this.ip.onRoute = () => {
      l2tp.routesChanged(clock.now());
      this.#names.refresh();
    };
    this.ip.onFilter = (done) => this.#rules.load(done);
    this.ip.filterExists = (filter) => this.#filters.entries(filter).length > 0;
    this.#rules = new Rules({
      filter: board.filter,
      compose: () => this.#ruleSet(),
      refused: (why) => ring.add({ module: 'IP', severity: 6, type: 'FILT', subtype: 'FAIL', source: 'rules', text: `IP filters and NAT are not in force as configured: ${why}; tried again at the next change` }),
    });

    const running = new RunningConfig(() => this.#sections(outputs, loader), this.#kept);
    const run = (line: string, context: Context): Outcome | undefined => this.table.run(line, context);
    this.table = new CommandTable([
      ...sessionCommands(() => this.table),
      ...systemCommands({ state: this.#system, links, cpu: this.#cpu, wall, system: board.system, run }),
      ...updateCommands({ update: this.#update, loader: () => loader.settings }),
      ...telnetCommands(this.telnet),
      ...asynCommands(consoles),
      ...userCommands({ users: this.#users, logins: this.#logins, sessions: () => consoles.active() }),
      ...passwordCommands({ users: this.#users, logins: this.#logins }),
      ...radiusCommands({ radius: this.#radius, clock }),
      ...aliasCommands(this.#aliases, () => this.table.verbs),
      ...configCommands({ files, boot, running, reboot: () => board.system.reboot(), restart: () => lasting.restart() }),
      ...fileCommands(files),
      ...scriptCommands({ files, clock, table: () => this.table }),
      ...loaderCommands({ loader, files, clock }),
      ...logCommands({ ring, outputs }),
      ...ipCommands(this.ip, this.#probes),
      ...dnsCommands(this.#names.dnsOwner()),
      ...dhcpCommands(this.#names.dhcpOwner()),
      ...filterCommands(this.#filterOwner()),
      ...natCommands(this.#natOwner()),
      ...l2tpCommands(l2tp),
      ...pppCommands(ppp),
      ...templateCommands(this.#lines.remote),
      ...isdnCommands(this.#lines.dial),
      ...accCommands(this.#lines.dial),
      ...pppoeCommands(this.#lines.pppoe),
      ...laterCommands((line) => this.#kept.keep(line)),
    ]);
    this.#cpu.start();
  }

  systemName(): string {
    return this.#system.settings.name;
  }

  nameServers(): readonly Ipv4[] {
    return this.#names.dns.generalServers();
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
    this.#lines.forgetDebug(print);
  }

  /** What the data plane hands up. */
  punt(batch: readonly Punt[], now: Millis): void {
    this.#lines.punt(batch, now);
  }

  linkChanged(name: string, now: Millis): void {
    this.ip.onLink(name);
    this.#names.refresh();
    this.#lines.pppoe.linkChanged(name, now);
    // What comes and goes with our own PPP links is told by the links themselves.
    if (this.#lines.ppp.named(name) === undefined) this.#lines.l2tp.routesChanged(now);
  }

  /** Tells every peer and gives everything back. */
  close(now: Millis): void {
    this.#lines.close(now);
    this.#radius.close(now);
    this.#probes.stopPing();
    this.#probes.stopTrace();
    this.#names.close();
    this.ip.clear();
    this.#rules.close();
    this.telnet.close();
    this.#cpu.stop();
    this.#update.close();
  }

  // -- what the rooms need of each other --

  #ipOwner(): ConstructorParameters<typeof IpModule>[0]['owner'] {
    const { board } = this.#lasting;
    return {
      exists: (name) => this.#lines.carriesIp(name) ?? board.ip.links().some((link) => link.name === name && !/^(ppp|dyn)\d/.test(name)),
      reserved: (address) => (this.#lines.l2tp.hasPeer(address) ? 'that of a tunnel peer' : undefined),
      onDemand: (name) => this.#lines.demands(name),
      underlies: (name, address) => this.#lines.underlies(name, address),
      changed: () => {
        const failure = this.telnet.ipIs(this.ip.status.enabled ? 'enabled' : 'disabled');
        if (failure !== undefined) this.#note('TELNET server', failure);
        this.#lines.l2tp.routesChanged(board.clock.now());
        this.#rules.load();
        this.#names.refresh();
      },
    };
  }

  #filterOwner(): Parameters<typeof filterCommands>[0] {
    return {
      filters: this.#filters,
      changed: (done) => {
        this.#lines.l2tp.filtersChanged();
        this.#rules.load(done);
      },
      counters: (done) => this.#lasting.board.filter.counters(done),
      usedBy: (filter) => this.ip.interfaces().filter(({ settings }) => settings.filter !== 'NONE' && settings.filter.value === filter).map(({ name }) => name),
      keep: (line) => this.#kept.keep(line),
    };
  }

  #natOwner(): Parameters<typeof natCommands>[0] {
    const { board } = this.#lasting;
    return {
      nat: this.#nat,
      changed: (done) => {
        this.ip.answerFor(this.#nat.outside());
        this.#names.refresh();
        this.#rules.load((failure) => {
          if (failure === undefined) board.filter.forget(this.#nat.inside());
          done?.(failure);
        });
      },
      failure: () => this.#rules.failure,
      interfaceName,
      exists: (name) => this.ip.owner.exists(name),
      addressOf: (name) => this.ip.ownAddress(name),
    };
  }

  /** What packets meet on their way: nothing while the IP module is off. */
  #ruleSet(): RuleSet {
    if (!this.ip.status.enabled) return { filters: [], uses: [], translations: [] };
    const uses = filterUses(this.ip.interfaces());
    // A filter that no interface uses is not the board's concern: changing it loads nothing.
    const filters = this.#filters.chains().filter(({ number }) => uses.some(({ filter }) => filter === number));
    return { filters, uses, translations: this.#nat.translations() };
  }

  /** A script that asked for protection this build cannot give must not look like a protected router. */
  #lacking(): Message[] {
    const lacking = [
      this.#kept.has('FIREWALL') ? 'the firewall' : undefined,
      this.#kept.has('IPSEC') ? 'IPsec' : undefined,
    ].filter((name) => name !== undefined);
    const { failure } = this.#rules;
    return [
      ...(lacking.length === 0 ? [] : [messages.system.unprotected(lacking.join(' and '))]),
      ...(failure === undefined ? [] : [messages.system.notInForce(failure)]),
    ];
  }

  #sections(outputs: LogOutputs, loader: Loader): ConfigSection[] {
    return [
      ...aliasConfig(this.#aliases),
      ...systemConfig({ state: this.#system }),
      ...loaderConfig({ loader }),
      ...userConfig({ users: this.#users }),
      ...radiusConfig({ radius: this.#radius }),
      ...asynConfig(this.#lasting.consoles),
      ...l2tpConfig(this.#lines.l2tp),
      ...pppConfig(this.#lines.ppp, this.#lines.remote.templates),
      ...isdnConfig(this.#lines.dial),
      ...accConfig(this.#lines.dial),
      ...pppoeConfig(this.#lines.pppoe),
      ...filterConfig({ filters: this.#filters }),
      ...ipConfig(this.ip, this.#probes, this.#names.dns),
      ...dhcpConfig(this.#names.dhcp),
      ...natConfig({ nat: this.#nat }),
      ...logConfig({ ring: this.#lasting.ring, outputs }),
      ...telnetConfig(this.telnet),
    ];
  }

  #note(what: string, why: string): void {
    this.#lasting.ring.add({ module: 'SYS', severity: 4, type: 'SERV', subtype: 'FAIL', source: what, text: `${what}: ${why}` });
  }
}

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
    tell: (text) => consoles.tell(text),
    nameServers: () => router.nameServers(),
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

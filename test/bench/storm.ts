// A storm of calls: thousands of L2TP calls with PPP at once against this router as LNS and, beside it on the same machine, against l2tpns, RADIUS
// judging both. npm run bench -- storm   or   bun test/bench/storm.ts [rate|once|held|full]... [--rounds N] [--calls N]
// Needs root, namespaces, freeradius, l2tpns. STORM_PROFILE=folder in the environment: a profile of each run of this router.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { missing, type Need } from '../needs.ts';
import { must, Network } from '../network.ts';
import type { Result } from './storm.lac.ts';

const NEEDS: readonly Need[] = ['root', 'tun', 'netns', 'ethtool', 'ping', 'ss', 'freeradius', 'l2tpns', 'unshare'];
const ROOT = join(import.meta.dir, '..', '..');
const PEERS = join(ROOT, 'test', 'interop', 'peers');
const LNS = '10.80.0.1';
const LAC = '10.80.0.2';
const SECRET = 'storm-secret';
const USER = 'storm';
const PASSWORD = 'thunder7';
const TUNNELS = 10;
const AIM = 1.5;
/** Calls under way at a time: as few as no server loses any, and a storm. */
const PARALLEL = [50, 500] as const;

/** Who is measured. 'hashi user': its own user database judges, no server. */
type Kind = 'hashi' | 'hashi user' | 'l2tpns';

const script = (kind: Kind): string => `SET SYSTEM NAME=storm
ENABLE IP
ADD IP INT=eth0 IP=${LNS} MASK=255.255.255.0
ADD RADIUS SERVER=127.0.0.1 SECRET=${SECRET} ACCPORT=0
CREATE IP POOL=ips IP=10.64.0.1-10.64.255.254
${kind === 'hashi user' ? `ADD USER=${USER} PASSWORD=${PASSWORD} LOGIN=NO\n` : ''}CREATE PPP TEMPLATE=0 AUTHENTICATION=CHAP LOGIN=${kind === 'hashi user' ? 'USER' : 'RADIUS'} IPPOOL=ips
ENABLE L2TP
ENABLE L2TP SERVER=LNS
ADD L2TP IP=0.0.0.0-255.255.255.255 PPPTEMPLATE=0
`;

/** A LAC as storm.lac.ts obeys it. */
class Storm {
  readonly #child: Bun.Subprocess<'pipe', 'pipe', 'inherit'>;
  readonly #lines: AsyncIterator<Uint8Array>;
  #rest = '';

  constructor(net: Network, tunnels: number) {
    this.#child = Bun.spawn(
      ['ip', 'netns', 'exec', net.name('lac'), process.execPath, join(import.meta.dir, 'storm.lac.ts'), LAC, LNS, String(tunnels), USER, PASSWORD],
      { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' },
    );
    this.#lines = this.#child.stdout[Symbol.asyncIterator]();
  }

  /** The answer to the line told last. */
  async result(): Promise<Result> {
    while (!this.#rest.includes('\n')) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error('the LAC has ended');
      this.#rest += new TextDecoder().decode(value);
    }
    const [line = '', ...rest] = this.#rest.split('\n');
    this.#rest = rest.join('\n');
    return JSON.parse(line);
  }

  tell(line: string): Promise<Result> {
    this.#child.stdin.write(`${line}\n`);
    this.#child.stdin.flush();
    return this.result();
  }

  async end(): Promise<void> {
    await this.tell('end');
    await this.#child.exited;
  }
}

interface Server {
  readonly pid: number;
  stop(): Promise<void>;
}

const environment = (net: Network): Record<string, string | undefined> => ({ ...process.env, RUN: net.folder });

async function peer(net: Network, ...words: string[]): Promise<void> {
  const child = Bun.spawn(words, { env: environment(net), stdin: 'ignore', stdout: 'ignore', stderr: 'inherit' });
  if ((await child.exited) !== 0) throw new Error(`${words.join(' ')} failed`);
}

async function serve(net: Network, kind: Kind): Promise<Server> {
  const name = net.name('lns');
  if (kind === 'l2tpns') {
    const shell = join(PEERS, 'l2tpns.sh');
    await peer(net, shell, 'start', name, LNS, '', USER, PASSWORD);
    const [, pid = '0'] = /pid=(\d+)/.exec(await must(['ip', 'netns', 'exec', name, 'ss', '-Hlunp', 'sport = :1701'])) ?? [];
    return { pid: Number(pid), stop: () => peer(net, shell, 'stop', name) };
  }
  const shell = join(PEERS, 'radius.sh');
  const users = join(net.folder, 'users');
  writeFileSync(users, `${USER}\tCleartext-Password := "${PASSWORD}"\n\tService-Type = Framed-User,\n\tFramed-Protocol = PPP\n`);
  await peer(net, 'ip', 'netns', 'exec', name, shell, 'start', 'storm', SECRET, users);
  const folder = process.env['STORM_PROFILE'];
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    process.env['BUN_OPTIONS'] = `--cpu-prof --cpu-prof-md --cpu-prof-dir=${folder}`;
  }
  const router = await net.router('lns', ['eth0=eth0'], script(kind));
  delete process.env['BUN_OPTIONS'];
  return {
    pid: router.pid,
    stop: async () => {
      await router.stop();
      await peer(net, shell, 'stop', 'storm');
    },
  };
}

async function within<T>(kind: Kind, tunnels: number, body: (storm: Storm, server: Server, net: Network) => Promise<T>): Promise<T> {
  const net = new Network('storm');
  await net.space('lac', 'lns');
  await net.wire('lac/eth0', 'lns/eth0');
  await net.ip('lac', 'addr', 'add', `${LAC}/24`, 'dev', 'eth0');
  if (kind === 'l2tpns') await net.ip('lns', 'addr', 'add', `${LNS}/24`, 'dev', 'eth0');
  try {
    const server = await serve(net, kind);
    try {
      const storm = new Storm(net, tunnels);
      await storm.result();
      const value = await body(storm, server, net);
      await storm.end();
      return value;
    } finally {
      await server.stop();
    }
  } finally {
    await net.remove();
  }
}

const resident = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
/** Seconds of processor time that a process has used. */
const used = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const number = (value: number, digits = 0): string => value.toFixed(digits);
const complain = (what: string, { failed, why, lost }: Result): string => (failed + lost === 0 ? '' : `   ${what}: ${failed} failed (${why}), ${lost} lost`);

/** What one server did: set-ups a second of the first calls after its start and of as many after them, microseconds of processor time for each of these. */
interface Rate {
  readonly first: number;
  readonly next: number;
  readonly cost: number;
}

async function rateOf(kind: Kind, count: number, parallel: number): Promise<Rate> {
  return within(kind, TUNNELS, async (storm, server) => {
    const first = await storm.tell(`calls ${count} ${parallel} 120`);
    const before = used(server.pid);
    const next = await storm.tell(`calls ${count} ${parallel} 120`);
    const cost = ((used(server.pid) - before) * 1e6) / count;
    const say = (result: Result): string => `${number(result.up / result.seconds).padStart(5)}/s (median ${result.median} ms, 99% ${result.late} ms, ${result.repeated} messages again)${complain(kind, result)}`;
    console.log(`  ${kind.padEnd(10)} ${say(first)}, then ${say(next)}, ${number(cost)} us of processor each`);
    return { first: first.up / first.seconds, next: next.up / next.seconds, cost };
  });
}

/** Set-ups a second, in turns, `parallel` calls under way. */
async function rate(rounds: number, count: number, parallel: number): Promise<void> {
  const all = new Map<Kind, Rate[]>([['hashi', []], ['l2tpns', []], ['hashi user', []]]);
  for (let round = 0; round < rounds; round++) for (const [kind, list] of all) list.push(await rateOf(kind, count, parallel));
  const of = (kind: Kind, what: keyof Rate): number => median((all.get(kind) ?? []).map((one) => one[what]));
  console.log(`set-ups a second through RADIUS, ${parallel} under way, medians of ${rounds}:`);
  for (const [what, said] of [['first', `the first ${count} after the start`], ['next', `the next ${count}`]] as const) {
    const [ours, theirs] = [of('hashi', what), of('l2tpns', what)];
    console.log(`  ${said.padEnd(34)} hashi ${number(ours)}, l2tpns ${number(theirs)}: ${number(ours / theirs, 2)} times (aim ${AIM}); hashi with users of its own ${number(of('hashi user', what))}`);
  }
  console.log(`  processor time of one set-up       hashi ${number(of('hashi', 'cost'))} us, l2tpns ${number(of('l2tpns', 'cost'))} us`);
}

/** All calls at once while a session that is up is pinged. */
async function once(count: number): Promise<void> {
  for (const kind of ['hashi', 'l2tpns'] as const) {
    await within(kind, TUNNELS, async (storm, server, net) => {
      const before = await storm.tell('calls 1 1 10');
      const idle = resident(server.pid);
      const ping = Bun.spawn(['ip', 'netns', 'exec', net.name('lns'), 'ping', '-n', '-q', '-i', '0.02', '-w', '60', before.first], { stdout: 'pipe', stderr: 'ignore' });
      await storm.tell('quiet 0.5');
      const result = await storm.tell(`calls ${count} ${count} 60`);
      await storm.tell('quiet 0.5');
      ping.kill('SIGINT');
      await storm.tell('quiet 0.2');
      const told = /(\d+) packets transmitted, (\d+) received.*?([\d.]+)% packet loss/.exec(await new Response(ping.stdout).text());
      console.log(`${count} calls at once, ${kind}: ${result.up} up after ${number(result.seconds, 2)} s (${number(result.up / result.seconds)}/s), ${result.repeated} messages again; a session that was up got ${told?.[2]} of ${told?.[1]} pings answered meanwhile; ${number((resident(server.pid) - idle) / count, 1)} KiB a session${complain(kind, result)}`);
    });
  }
}

/** Sessions held, and what they take. */
async function held(count: number): Promise<void> {
  for (const kind of ['hashi', 'l2tpns'] as const) {
    await within(kind, TUNNELS, async (storm, server) => {
      await storm.tell('calls 10 10 10');
      const idle = resident(server.pid);
      const result = await storm.tell(`calls ${count} 500 120`);
      const up = resident(server.pid);
      const before = used(server.pid);
      const after = await storm.tell('quiet 20');
      console.log(`${count} sessions held, ${kind}: ${result.up} up, ${after.lost} lost in 20 s, ${number((up - idle) / count, 1)} KiB each (${number(up / 1024)} MiB in all, ${number(resident(server.pid) / 1024)} later), ${number((used(server.pid) - before) * 5, 1)} % of a processor while nothing happens${complain(kind, result)}`);
    });
  }
}

/** More calls than one tunnel may have: how fast the rest is told to try elsewhere. */
async function full(count: number): Promise<void> {
  await within('hashi', 1, async (storm, server) => {
    const most = await storm.tell(`calls ${count} 500 60`);
    const before = used(server.pid);
    const turned = await storm.tell(`calls ${count} 500 60`);
    console.log(`a tunnel that is full at ${most.up} calls: ${turned.failed} of ${count} refused (${turned.why}), ${number(turned.failed / turned.seconds)}/s, ${number(((used(server.pid) - before) * 1e6) / count)} us of processor each`);
  });
}

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

const why = missing(...NEEDS);
if (why !== undefined) {
  console.log(`SKIP storm: ${why}`);
  process.exit(0);
}
if (process.env['STORM_INSIDE'] === undefined) {
  // A place for namespaces that nobody else sees.
  const child = Bun.spawn(
    ['unshare', '-m', '--propagation', 'private', 'sh', '-c', 'mkdir -p /run/netns && mount -t tmpfs none /run/netns && exec "$@"', 'sh', process.execPath, import.meta.path, ...process.argv.slice(2)],
    { env: { ...process.env, STORM_INSIDE: 'yes' }, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' },
  );
  process.exit(await child.exited);
}
const wanted = process.argv.slice(2).filter((word) => /^[a-z]+$/.test(word));
const has = (part: string): boolean => wanted.length === 0 || wanted.includes(part);
console.log(`${cpus().length} processors, load average ${loadavg().map((value) => value.toFixed(1)).join(' ')}`);
if (has('rate')) for (const parallel of PARALLEL) await rate(option('rounds', 3), option('calls', 5000), parallel);
if (has('once')) await once(option('calls', 5000));
if (has('held')) await held(option('held', 10_000));
if (has('full')) await full(5000);
console.log(`load average at the end ${loadavg().map((value) => value.toFixed(1)).join(' ')}`);

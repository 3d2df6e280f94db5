// The control plane in figures: PPP sessions set up per second between two whole routers in memory, memory per session, a script of
// 10,000 lines, start to prompt, idle memory. bun test/bench/control.ts [sessions|script|start]...   all where not told otherwise

import { heapStats } from 'bun:jsc';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAppliance, type Appliance } from '../../firmware/appliance.ts';
import { SimBoard } from '../../board/sim/board.ts';
import { Wire } from '../../board/sim/wire.ts';
import { World } from '../../board/sim/world.ts';

const CALLS = 500;
const ROUNDS = 10;
const LINES = 10_000;
const BINARY = 'build/out/hashi-linux-x64';

/** What was measured, and what the project aims at. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly target?: { readonly kind: 'least' | 'most'; readonly value: number };
}

function give(app: Appliance, line: string): string {
  let printed = '';
  app.runCommand(line, (text) => (printed += text), () => {});
  return printed;
}

function router(world: World, wire: Wire, of: { readonly seed: number; readonly name: string; readonly address: string; readonly peer: string; readonly ppp: string }): { readonly app: Appliance; readonly board: SimBoard } {
  const board = new SimBoard(world, { seed: of.seed });
  board.ip.plug('eth0', wire);
  const app = createAppliance(board, { factoryScript: '' });
  const calls = Array.from({ length: CALLS }, (_, n) => `ADD L2TP CALL=c${n} REMOTE=c${n} TYPE=VIRTUAL IP=${of.peer}\nCREATE PPP=${n} OVER=TNL-c${n} ${of.ppp}\nADD IP INTERFACE=ppp${n} IPADDRESS=0.0.0.0`);
  app.boot({ name: 'bench.cfg', text: `SET SYSTEM NAME=${of.name}\nENABLE IP\nADD IP INT=eth0 IP=${of.address} MASK=255.255.255.0\nENABLE L2TP SERVER=BOTH\n${calls.join('\n')}` });
  return { app, board };
}

/** Brings all calls up and takes them down, several times; the best round counts, as others may use the processor too. */
export function measureSessions(): Figure[] {
  const world = new World(1);
  const wire = new Wire(world);
  const a = router(world, wire, { seed: 1, name: 'A', address: '10.0.0.1', peer: '10.0.0.2', ppp: '' });
  const b = router(world, wire, { seed: 2, name: 'B', address: '10.0.0.2', peer: '10.0.0.1', ppp: 'IDLE=999999999' });
  const isUp = (): boolean => a.board.plane.residue.sessions === CALLS && b.board.plane.residue.sessions === CALLS && opened(a.app) === CALLS && opened(b.app) === CALLS;
  give(b.app, 'ENABLE L2TP');
  let best = Number.POSITIVE_INFINITY;
  let perSession = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    const before = heap();
    const started = performance.now();
    give(a.app, 'ENABLE L2TP');
    for (let i = 0; i < 10 && !isUp(); i++) world.run(3000);
    const ended = performance.now();
    if (!isUp()) throw new Error(`${a.board.plane.residue.sessions} of ${CALLS} sessions, ${opened(a.app)} open`);
    // The first round warms up what the engine compiles.
    if (round > 0) best = Math.min(best, ended - started);
    perSession = (heap() - before) / (2 * CALLS);
    give(a.app, 'DISABLE L2TP');
    world.run(60_000);
  }
  return [
    { what: 'PPP sessions set up per second, both ends on one core', value: (CALLS * 1000) / best, unit: '/s', target: { kind: 'least', value: 5000 } },
    { what: 'memory of one session at one end', value: perSession / 1024, unit: 'KiB' },
  ];
}

/** Interfaces whose IPCP is open. */
const opened = (app: Appliance): number => give(app, 'SHOW PPP').split(/IPCP +OPENED/).length - 1;

function heap(): number {
  Bun.gc(true);
  return heapStats().heapSize;
}

/** A configuration of 10,000 lines, read into a router; the best of three times. */
export function measureScript(): Figure[] {
  let [load, print] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < 3; i++) {
    const once = loadScript();
    load = Math.min(load, once.load);
    print = Math.min(print, once.print);
  }
  return [
    { what: `script of ${LINES} lines`, value: load, unit: 'ms', target: { kind: 'most', value: 1000 } },
    { what: `SHOW CONFIG DYNAMIC of ${LINES} lines`, value: print, unit: 'ms' },
  ];
}

function loadScript(): { readonly load: number; readonly print: number } {
  const line = (n: number): string => {
    const address = `${(n >> 8) & 127}.${n & 255}`;
    switch (n % 5) {
      case 0:
        return `ADD IP ROUTE=10.${address}.0 MASK=255.255.255.0 INT=eth0 NEXT=192.168.1.254`;
      case 1:
        return `ADD L2TP CALL=c${n} TYPE=VIRTUAL IP=11.${address}.1 REMOTE=c${n} PASSWORD=pw${n} PRECEDENCE=OUT`;
      case 2:
        return `ADD USER=user${n} PASSWORD=password${n} LOGIN=NO IPADDRESS=12.${address}.1 NETMASK=255.255.255.255`;
      case 3:
        return `ADD L2TP USER=d${n}.example ACTION=DATABASE IP=13.${address}.1 PASSWORD=pw${n}`;
      default:
        return `ADD L2TP PASSWORD=pw${n} IP=14.${address}.1-14.${address}.9`;
    }
  };
  const text = `ENABLE IP\nADD IP INT=eth0 IP=192.168.1.1 MASK=255.255.255.0\nENABLE L2TP\n${Array.from({ length: LINES }, (_, n) => line(n)).join('\n')}`;
  const world = new World(1);
  const board = new SimBoard(world, { seed: 1 });
  board.ip.plug('eth0', new Wire(world));
  const app = createAppliance(board, { factoryScript: '' });
  const started = performance.now();
  app.boot({ name: 'long.cfg', text });
  const loaded = performance.now();
  const written = give(app, 'SHOW CONFIG DYNAMIC').split('\n').length;
  const printed = performance.now();
  if (written < LINES) throw new Error(`${written} lines of ${LINES} came back`);
  return { load: loaded - started, print: printed - loaded };
}

/** Start to the first prompt, and memory a second after it; the best of five starts. */
export async function measureStart(command: readonly string[], what: string): Promise<Figure[]> {
  let best = Number.POSITIVE_INFINITY;
  let resident = 0;
  for (let i = 0; i < 5; i++) {
    const flash = mkdtempSync(join(tmpdir(), 'hashi-bench-'));
    const started = performance.now();
    const child = Bun.spawn([...command, 'run', '--flash', flash, '--console', 'stdio'], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
    const reader = child.stdout.getReader();
    let text = '';
    while (!text.includes('login:')) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`${what} ended before its prompt: ${text}`);
      text += new TextDecoder().decode(value);
    }
    best = Math.min(best, performance.now() - started);
    await Bun.sleep(1000);
    resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
    child.kill('SIGTERM');
    await child.exited;
    rmSync(flash, { recursive: true, force: true });
  }
  return [
    { what: `start to prompt, ${what}`, value: best, unit: 'ms', target: { kind: 'most', value: 200 } },
    { what: `idle memory, ${what}`, value: resident, unit: 'MB', target: { kind: 'most', value: 80 } },
  ];
}

/** All figures of the control plane that were asked for. */
export async function measureControl(parts: readonly string[]): Promise<Figure[]> {
  const wanted = (part: string): boolean => parts.length === 0 || parts.includes(part);
  const figures: Figure[] = [];
  if (wanted('sessions')) figures.push(...measureSessions());
  if (wanted('script')) figures.push(...measureScript());
  if (wanted('start')) {
    figures.push(...(await measureStart([process.execPath, 'board/main.ts'], 'from source')));
    if (existsSync(BINARY)) figures.push(...(await measureStart([BINARY], 'compiled')));
  }
  return figures;
}

/** A line with the target, and how far from it. */
export function printFigure({ what, value, unit, target }: Figure): string {
  const share = target === undefined ? 1 : target.kind === 'least' ? value / target.value : target.value / value;
  const verdict = target === undefined ? '' : ` (target ${target.kind === 'least' ? 'at least' : 'at most'} ${target.value}: ${share >= 1 ? 'met' : share >= 0.9 ? 'near' : 'missed'})`;
  return `${what.padEnd(60)} ${value.toFixed(value < 100 ? 1 : 0).padStart(8)} ${unit}${verdict}`;
}

if (import.meta.main) for (const figure of await measureControl(process.argv.slice(2))) console.log(printFigure(figure));

// hashi lab static on a machine that gives no TUN device: the same two routers and hosts in memory, in real time at the
// console, in virtual time under --check.

import type { Stream } from '../../firmware/hal/io.ts';
import type { SimIpHost } from './iphost.ts';
import { ip, lans, pingUntil, type Lans } from './lans.ts';
import { CLEAN } from './wire.ts';

/** The scripts of the two routers, preludes included. */
export interface LabScripts {
  readonly a: string;
  readonly b: string;
}

const SEED = 740;
const TICK = 5;
const HOST1 = '192.168.10.2';
const HOST2 = '192.168.20.2';
const UDP_PORT = 5000;

/** Runs the routers until `console` closes; 0. */
export async function simLab(scripts: LabScripts, console: Stream): Promise<number> {
  const net = lans(SEED, CLEAN, scripts);
  const ended = Promise.withResolvers<void>();
  net.a.app.attachConsole(watched(console, ended.resolve), 'cli');
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    net.world.run(now - last);
    last = now;
  }, TICK);
  await ended.promise;
  clearInterval(timer);
  return 0;
}

/** The same stream, and a word when it closes. */
function watched(inner: Stream, closed: () => void): Stream {
  const outer: Stream = {
    terminal: inner.terminal,
    from: inner.from,
    write: (data) => inner.write(data),
    close: () => {
      inner.close();
      closed();
    },
    onData: () => {},
    onClose: () => {},
  };
  inner.onData = (data) => outer.onData(data);
  // The session closes the stream when it has run what is still to be run.
  inner.onClose = () => outer.onClose();
  return outer;
}

interface Step {
  readonly name: string;
  run(net: Lans): boolean;
}

const pings = (from: 'host1' | 'host2', to: string): ((net: Lans) => boolean) => (net) => pingUntil(net, net[from], to, 120_000) !== undefined;

/** A datagram with content of its own arrives as it was sent. */
function carriesUdp(net: Lans, from: SimIpHost, to: SimIpHost, address: string): boolean {
  const sent = net.world.random.bytes(1000);
  let arrived = false;
  to.onUdp = (_header, _sourcePort, port, data) => {
    arrived ||= port === UDP_PORT && data.length === sent.length && data.every((octet, i) => octet === sent[i]);
    return true;
  };
  for (let i = 0; i < 5 && !arrived; i++) {
    from.sendUdp(ip('0.0.0.0'), UDP_PORT, ip(address), UDP_PORT, sent);
    net.world.run(1000, () => arrived);
  }
  return arrived;
}

const STEPS: readonly Step[] = [
  { name: 'ping from LAN A to LAN B through the tunnel', run: pings('host1', HOST2) },
  { name: 'ping from LAN B to LAN A through the tunnel', run: pings('host2', HOST1) },
  { name: 'UDP from LAN A to LAN B, content verified', run: (net) => carriesUdp(net, net.host1, net.host2, HOST2) },
  { name: 'UDP from LAN B to LAN A, content verified', run: (net) => carriesUdp(net, net.host2, net.host1, HOST1) },
  {
    name: 'traffic returns after router B was cut off and started again',
    run: (net) => {
      net.b.board.ip.unplug();
      net.b = net.startB();
      return pings('host1', HOST2)(net);
    },
  },
  {
    name: 'traffic returns after the line was down for a minute',
    run: (net) => {
      net.wires[0].up = false;
      net.world.run(60_000);
      net.wires[0].up = true;
      return pings('host1', HOST2)(net);
    },
  },
  {
    name: 'both routers call at once and one call stays',
    run: (net) => {
      const quiet = (): void => {};
      net.a.app.runCommand('DEACTIVATE L2TP CALL=remote', quiet, quiet);
      net.b.app.runCommand('DEACTIVATE L2TP CALL=remote', quiet, quiet);
      net.world.run(5000);
      net.a.app.runCommand('ACTIVATE PPP=1', quiet, quiet);
      net.b.app.runCommand('ACTIVATE PPP=1', quiet, quiet);
      net.world.run(10_000);
      return pings('host1', HOST2)(net) && pings('host2', HOST1)(net);
    },
  },
];

/** Proves the lab step by step, a line each; 1 where a step fails, which is named. */
export function checkSimLab(scripts: LabScripts, print: (line: string) => void): number {
  const net = lans(SEED, CLEAN, scripts);
  for (const step of STEPS) {
    const started = net.world.now;
    const done = step.run(net);
    print(`${done ? 'ok    ' : 'FAILED'} ${step.name} (${((net.world.now - started) / 1000).toFixed(1)} s of virtual time)`);
    if (!done) return 1;
  }
  return 0;
}

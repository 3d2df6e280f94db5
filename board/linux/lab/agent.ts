// A host of the lab: a process in the host's namespace that echoes what it receives and runs errands against another host.

import { createInterface } from 'node:readline';

import { socketError, textOf } from '../failure.ts';
import { createChecksum, createSocket, Protocol, writeChecksum } from '../raw-socket.ts';
import { ECHO_PORT, type Errand, type ErrandResult, firstDifference, pattern, SEEN_PORT } from './traffic.ts';

const TCP_OCTETS = 512 << 10;
const UDP_DATAGRAMS = 40;
/** With headers at most 1400: no datagram needs a fragment inside the tunnel. */
const UDP_LARGEST = 1372;
const PING_EVERY_MS = 200;
/** Lost datagrams are sent again; UDP promises no more. */
const UDP_AGAIN_MS = 500;
const IDENTIFIER = process.pid & 0xffff;

/** Runs until its input ends. */
export async function runHostAgent(): Promise<number> {
  serveTcpEcho();
  serveSeen();
  await serveUdpEcho();
  process.stdout.write('ready\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const errand: Errand = JSON.parse(line);
    void runErrand(errand).then((result) => process.stdout.write(`${JSON.stringify(result)}\n`));
  }
  return 0;
}

async function runErrand(errand: Errand): Promise<ErrandResult> {
  const { id, kind, to, seconds, as = '' } = errand;
  const run = { ping, silence, tcp, udp, seen }[kind];
  try {
    const failure = await run(to, seconds * 1000, as);
    return failure === undefined ? { id } : { id, failure };
  } catch (error) {
    return { id, failure: textOf(error) };
  }
}

function serveTcpEcho(): void {
  Bun.listen<{ waiting: Buffer[] }>({
    hostname: '0.0.0.0',
    port: ECHO_PORT,
    allowHalfOpen: true,
    socket: {
      open(socket) {
        socket.data = { waiting: [] };
      },
      data(socket, data) {
        socket.data.waiting.push(Buffer.from(data));
        flush(socket);
      },
      drain: flush,
      end(socket) {
        if (socket.data.waiting.length === 0) socket.end();
      },
      error: socketError,
    },
  });
}

/** Writes what waits; Bun takes as much as the kernel's buffer holds. */
function flush(socket: { data: { waiting: Buffer[] }; write(data: Uint8Array): number }): void {
  const { waiting } = socket.data;
  for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
    const taken = Math.max(0, socket.write(first));
    if (taken < first.length) {
      waiting[0] = first.subarray(taken);
      return;
    }
    waiting.shift();
  }
}

async function serveUdpEcho(): Promise<void> {
  await Bun.udpSocket({
    hostname: '0.0.0.0',
    port: ECHO_PORT,
    socket: {
      data(socket, data, port, from) {
        socket.send(data, port, from);
      },
      error: socketError,
    },
  });
}

function serveSeen(): void {
  Bun.listen({
    hostname: '0.0.0.0',
    port: SEEN_PORT,
    socket: {
      open(socket) {
        socket.end(socket.remoteAddress);
      },
      data() {},
      error: socketError,
    },
  });
}

/** Asks the other host by what address it sees this one. */
async function seen(to: string, limit: number, as: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const timer = setTimeout(() => resolve(undefined), limit);
  let said = '';
  const socket = await Promise.race([
    promise,
    Bun.connect({
      hostname: to,
      port: SEEN_PORT,
      socket: {
        data(_, data) {
          said += data.toString();
        },
        close: () => resolve(said),
        error: socketError,
      },
    }),
  ]);
  const answer = await promise;
  clearTimeout(timer);
  if (typeof socket === 'object') socket.terminate();
  if (answer === undefined) return `no answer from ${to} in ${limit / 1000} s`;
  return answer === as ? undefined : `${to} sees ${answer}`;
}

/** Pings until the first answer. */
async function ping(to: string, limit: number): Promise<string | undefined> {
  return (await answered(to, limit)) ? undefined : `no answer from ${to} in ${limit / 1000} s`;
}

/** The opposite: an answer within the time is the failure. */
async function silence(to: string, limit: number): Promise<string | undefined> {
  return (await answered(to, limit)) ? `${to} answered although the line is down` : undefined;
}

function answered(to: string, limit: number): Promise<boolean> {
  const socket = createSocket({ protocol: Protocol.ICMP });
  return new Promise<boolean>((done) => {
    let sequence = 0;
    const probe = (): void => {
      const message = Buffer.alloc(64, 0x68);
      message.set([8, 0, 0, 0, IDENTIFIER >> 8, IDENTIFIER & 0xff, sequence >> 8, sequence & 0xff]);
      sequence++;
      writeChecksum(message, 2, createChecksum(message));
      // No route yet, or the link is down: the next probe tries again.
      socket.send(message, 0, message.length, to, () => {});
    };
    const finish = (result: boolean): void => {
      clearInterval(every);
      clearTimeout(end);
      socket.close();
      done(result);
    };
    const every = setInterval(probe, PING_EVERY_MS);
    const end = setTimeout(() => finish(false), limit);
    socket.on('message', (packet, source) => {
      const at = ((packet[0] ?? 0) & 15) * 4;
      if (source === to && packet[at] === 0 && packet.readUInt16BE(at + 4) === IDENTIFIER) finish(true);
    });
    socket.on('error', () => finish(false));
    probe();
  });
}

/** Sends half a megabyte and expects every octet of it back. */
async function tcp(to: string, limit: number): Promise<string | undefined> {
  const sent = pattern(1, TCP_OCTETS);
  const got = new Uint8Array(TCP_OCTETS);
  let received = 0;
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const timer = setTimeout(() => resolve(`only ${received} of ${TCP_OCTETS} octets came back in ${limit / 1000} s`), limit);
  const socket = await Promise.race([
    promise,
    Bun.connect<{ waiting: Buffer[] }>({
      hostname: to,
      port: ECHO_PORT,
      data: { waiting: [Buffer.from(sent)] },
      socket: {
        open: flush,
        drain: flush,
        data(_, data) {
          got.set(data.subarray(0, TCP_OCTETS - received), received);
          received += data.length;
          if (received >= TCP_OCTETS) resolve(undefined);
        },
        close: () => resolve(`the connection ended after ${received} octets`),
        error: socketError,
      },
    }),
  ]);
  const failure = await promise;
  clearTimeout(timer);
  if (typeof socket === 'object') socket.terminate();
  if (failure !== undefined) return failure;
  if (received !== TCP_OCTETS) return `${received} octets came back for ${TCP_OCTETS}`;
  const difference = firstDifference(sent, got);
  return difference < 0 ? undefined : `octet ${difference} came back changed`;
}

/** Sends datagrams of all sizes and expects each of them back, unchanged. */
async function udp(to: string, limit: number): Promise<string | undefined> {
  const sizes = Array.from({ length: UDP_DATAGRAMS }, (_, i) => 1 + Math.floor((i * (UDP_LARGEST - 1)) / (UDP_DATAGRAMS - 1)));
  const sent = sizes.map((size, i) => Uint8Array.of(i, ...pattern(i + 2, size - 1)));
  const missing = new Set(sent.keys());
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = await Bun.udpSocket({
    connect: { hostname: to, port: ECHO_PORT },
    socket: {
      data(_, data) {
        const index = data[0] ?? 0;
        const expected = sent[index];
        if (expected === undefined || firstDifference(expected, data) >= 0) return resolve(`a datagram of ${data.length} octets came back changed`);
        missing.delete(index);
        if (missing.size === 0) resolve(undefined);
      },
      error: socketError,
    },
  });
  const sendMissing = (): void => {
    for (const index of missing) socket.send(sent[index] ?? new Uint8Array(0));
  };
  const again = setInterval(sendMissing, UDP_AGAIN_MS);
  const end = setTimeout(() => resolve(`${missing.size} of ${UDP_DATAGRAMS} datagrams did not come back in ${limit / 1000} s`), limit);
  sendMissing();
  const failure = await promise;
  clearInterval(again);
  clearTimeout(end);
  socket.close();
  return failure;
}

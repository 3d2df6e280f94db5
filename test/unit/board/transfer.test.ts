// LOAD and UPLOAD over loopback: a TFTP and an HTTP server of the test's own.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { LinuxTransfer } from '../../../board/linux/transfer.ts';
import { toIpv4 } from '../../../firmware/bytes/ip.ts';
import type { Refusal } from '../../../firmware/hal/dataplane.ts';

const LOOPBACK = toIpv4(0x7f000001);
const transfer = suite('transfer');
const content = Uint8Array.from({ length: 5000 }, (_, i) => (i * 13) & 255);

/** A TFTP server that answers from a port of its own per transfer, as RFC 1350 has it. */
async function tftpServer(files: Map<string, Uint8Array>): Promise<{ readonly port: number; close(): void }> {
  const sockets: { close(): void }[] = [];
  const serve = async (request: Buffer, port: number): Promise<void> => {
    const [file = ''] = request.subarray(2).toString().split('\0');
    const reading = request[1] === 1;
    let received = Buffer.alloc(0);
    let block = 0;
    const socket = await Bun.udpSocket({
      hostname: '127.0.0.1',
      socket: {
        data(self, data) {
          if (reading) send(data.readUInt16BE(2) + 1);
          else {
            received = Buffer.concat([received, data.subarray(4)]);
            self.send(Buffer.from([0, 4, data[2] ?? 0, data[3] ?? 0]), port, '127.0.0.1');
            if (data.length < 516) files.set(file, Uint8Array.from(received));
          }
        },
        error() {},
      },
    });
    sockets.push(socket);
    const stored = files.get(file);
    const send = (next: number): void => {
      block = next;
      const part = (stored ?? new Uint8Array(0)).subarray((block - 1) * 512, block * 512);
      socket.send(Buffer.concat([Buffer.from([0, 3, block >> 8, block & 255]), part]), port, '127.0.0.1');
    };
    if (!reading) socket.send(Buffer.from([0, 4, 0, 0]), port, '127.0.0.1');
    else if (stored === undefined) socket.send(Buffer.from('\0\x05\0\x01no such file\0', 'latin1'), port, '127.0.0.1');
    else send(1);
  };
  const listener = await Bun.udpSocket({ hostname: '127.0.0.1', socket: { data: (_, data, port) => void serve(Buffer.from(data), port), error() {} } });
  sockets.push(listener);
  return { port: listener.port, close: () => sockets.forEach((socket) => socket.close()) };
}

const load = (client: LinuxTransfer, method: 'tftp' | 'http', file: string, progress: number[] = []): Promise<Uint8Array | Refusal> =>
  new Promise((done) => client.load(method, LOOPBACK, file, done, (bytes) => progress.push(bytes)));
const upload = (client: LinuxTransfer, method: 'tftp' | 'http', file: string, data: Uint8Array): Promise<Refusal | undefined> =>
  new Promise((done) => client.upload(method, LOOPBACK, file, data, done));

transfer('TFTP loads and stores a file, and passes on why the server refused', async () => {
  const files = new Map([['boot.cfg', content]]);
  const server = await tftpServer(files);
  const client = new LinuxTransfer({ tftp: server.port, http: 80 });
  const progress: number[] = [];
  assert.equal(await load(client, 'tftp', 'boot.cfg', progress), content);
  assert.is(progress.at(-1), 5000);
  assert.equal(await load(client, 'tftp', 'none.cfg'), { refused: 'The TFTP server refused: no such file' });
  assert.is(await upload(client, 'tftp', 'saved.cfg', content.subarray(0, 1024)), undefined);
  assert.equal(files.get('saved.cfg'), content.slice(0, 1024));
  server.close();
});

transfer('TFTP takes no datagram from another port than the one that answered first', async () => {
  const intruder = await Bun.udpSocket({ hostname: '127.0.0.1', socket: { error() {} } });
  const answers = await Bun.udpSocket({
    hostname: '127.0.0.1',
    socket: {
      data(self, data, port) {
        if (data[1] === 1) self.send(Buffer.concat([Buffer.from([0, 3, 0, 1]), Buffer.alloc(512, 1)]), port, '127.0.0.1');
        else {
          intruder.send(Buffer.from([0, 3, 0, 2, 0x66]), port, '127.0.0.1');
          setTimeout(() => self.send(Buffer.from([0, 3, 0, 2, 0x67]), port, '127.0.0.1'), 30);
        }
      },
      error() {},
    },
  });
  const got = await load(new LinuxTransfer({ tftp: answers.port, http: 80 }), 'tftp', 'x');
  if ('refused' in got) throw new Error(got.refused);
  assert.equal([got.length, got[512]], [513, 0x67]);
  intruder.close();
  answers.close();
});

transfer('HTTP loads by GET, stores by PUT, and passes on the status', async () => {
  const put = new Map<string, Uint8Array>();
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const path = new URL(request.url).pathname;
      if (request.method === 'PUT') {
        put.set(path, await request.bytes());
        return new Response(null, { status: 201 });
      }
      return path === '/dir/a%20b.cfg' ? new Response(content) : new Response('no', { status: 404, statusText: 'Not Found' });
    },
  });
  const { port = 0 } = server;
  const client = new LinuxTransfer({ tftp: 69, http: port });
  const progress: number[] = [];
  assert.equal(await load(client, 'http', 'dir/a b.cfg', progress), content);
  assert.is(progress.at(-1), 5000);
  assert.equal(await load(client, 'http', 'none.cfg'), { refused: 'The HTTP server refused: 404 Not Found' });
  assert.is(await upload(client, 'http', 'saved.cfg', content), undefined);
  assert.equal(put.get('/saved.cfg'), content);
  await server.stop(true);
  assert.equal(await load(client, 'http', 'a'), { refused: `127.0.0.1 has no HTTP server on port ${port}` });
});

transfer('a cancelled transfer calls nothing back', async () => {
  let called = false;
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Promise<Response>(() => {}) });
  const silent = await Bun.udpSocket({ hostname: '127.0.0.1', socket: { error() {} } });
  const client = new LinuxTransfer({ tftp: silent.port, http: server.port ?? 0 });
  for (const method of ['tftp', 'http'] as const) {
    const running = client.load(method, LOOPBACK, 'x', () => (called = true), () => {});
    await Bun.sleep(20);
    running.cancel();
  }
  await Bun.sleep(30);
  assert.not.ok(called);
  silent.close();
  await server.stop(true);
});

transfer.run();

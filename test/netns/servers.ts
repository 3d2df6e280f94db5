// What a router's operator has on the LAN, for the tests: a TFTP, an HTTP and a syslog server in one process of a namespace.
// Files lie in the folder given; syslog datagrams are appended to syslog.txt in it.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const folder = process.argv[2] ?? '.';
const at = (path: string): string => join(folder, basename(path));
const BLOCK = 512;
const [RRQ, WRQ, DATA, ACK, ERROR] = [1, 2, 3, 4, 5];

await Bun.udpSocket({
  port: 514,
  socket: { data: (_, data) => appendFileSync(at('syslog.txt'), `${data.toString()}\n`) },
});

Bun.serve({
  port: 80,
  async fetch(request) {
    const file = at(new URL(request.url).pathname);
    if (request.method === 'PUT') {
      writeFileSync(file, new Uint8Array(await request.arrayBuffer()));
      return new Response(null, { status: 201 });
    }
    return existsSync(file) ? new Response(Bun.file(file)) : new Response('no such file', { status: 404 });
  },
});

const packet = (opcode: number, number: number, data: Uint8Array = new Uint8Array(0)): Uint8Array => Buffer.concat([Uint8Array.of(0, opcode, number >> 8, number & 255), data]);

/** RFC 1350, without options: one socket, and so one transfer identifier, for each transfer. */
async function transfer(request: Buffer, port: number, address: string): Promise<void> {
  const file = at(request.subarray(2, request.indexOf(0, 2)).toString());
  let text: Buffer = Buffer.alloc(0);
  const reads = request[1] === RRQ;
  const socket = await Bun.udpSocket({
    socket: {
      data(own, data) {
        const number = data.readUInt16BE(2);
        if (reads && data[1] === ACK) {
          if (number * BLOCK > text.length) return own.close();
          own.send(packet(DATA ?? 0, number + 1, text.subarray(number * BLOCK, (number + 1) * BLOCK)), port, address);
        } else if (!reads && data[1] === DATA) {
          text = Buffer.concat([text, data.subarray(4)]);
          own.send(packet(ACK ?? 0, number), port, address);
          if (data.length < BLOCK + 4) writeFileSync(file, text);
        }
      },
    },
  });
  if (!reads) return void socket.send(packet(ACK ?? 0, 0), port, address);
  if (!existsSync(file)) return void socket.send(packet(ERROR ?? 0, 1, Buffer.from('File not found\0')), port, address);
  text = readFileSync(file);
  socket.send(packet(DATA ?? 0, 1, text.subarray(0, BLOCK)), port, address);
}

await Bun.udpSocket({
  port: 69,
  socket: { data: (_, data, port, address) => void (data[1] === RRQ || data[1] === WRQ ? transfer(data, port, address) : undefined) },
});
writeFileSync(at('ready'), '');

// The TFTP client against a server in memory: RFC 1350, 2347, 2348, and what goes wrong.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { ERROR, OPCODE, TftpTransfer } from '../../../board/linux/tftp.ts';
import { put16, u16 } from '../../../firmware/bytes/integers.ts';
import { fromUtf8, utf8 } from '../../../firmware/bytes/text.ts';
import { NEVER } from '../../../firmware/bytes/time.ts';

type Result = Uint8Array | { readonly refused: string };
interface Client {
  readonly transfer: TftpTransfer;
  readonly sent: { readonly to: 'request' | 'transfer'; readonly datagram: Uint8Array }[];
  readonly progress: number[];
  readonly results: Result[];
}

function client(direction: ConstructorParameters<typeof TftpTransfer>[2], file = 'a.cfg'): Client {
  const sent: Client['sent'] = [];
  const progress: number[] = [];
  const results: Result[] = [];
  const transfer = new TftpTransfer({ send: (to, datagram) => sent.push({ to, datagram: datagram.slice() }), progress: (bytes) => progress.push(bytes), done: (result) => results.push(result) }, file, direction);
  return { transfer, sent, progress, results };
}
const READ = { kind: 'read' } as const;
const packet = (opcode: number, number: number, body: Uint8Array = new Uint8Array(0)): Uint8Array => {
  const out = new Uint8Array(4 + body.length);
  put16(out, 0, opcode);
  put16(out, 2, number);
  out.set(body, 4);
  return out;
};
const oack = (...words: string[]): Uint8Array => Uint8Array.of(0, OPCODE.OACK, ...utf8(words.map((word) => `${word}\0`).join('')));
const content = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7) & 255);
const last = (c: Client): Uint8Array => c.sent.at(-1)?.datagram ?? new Uint8Array(0);

/** Serves `file` in blocks of `size` until the client has it; the number of blocks. */
function serve(c: Client, file: Uint8Array, size: number): number {
  let block = 0;
  do {
    block++;
    c.transfer.receive(packet(OPCODE.DATA, block & 0xffff, file.subarray((block - 1) * size, block * size)), 0);
    assert.equal([u16(last(c), 0), u16(last(c), 2)], [OPCODE.ACK, block & 0xffff]);
  } while (c.results.length === 0 && block < 200_000);
  return block;
}

const tftp = suite('tftp');

tftp('the request names the file, octet mode and the options', () => {
  const c = client(READ, 'dir/boot.cfg');
  c.transfer.start(0);
  assert.is(c.sent[0]?.to, 'request');
  assert.is(u16(last(c), 0), OPCODE.RRQ);
  assert.is(fromUtf8(last(c).subarray(2)), 'dir/boot.cfg\0octet\0blksize\x001428\0tsize\x000\0');
});

tftp('a server that takes the options is acknowledged with block 0 and read in large blocks', () => {
  const c = client(READ);
  c.transfer.start(0);
  c.transfer.receive(oack('BLKSIZE', '1428', 'tsize', '3000'), 0);
  assert.equal([...last(c)], [0, OPCODE.ACK, 0, 0]);
  const file = content(3000);
  assert.is(serve(c, file, 1428), 3);
  assert.equal(c.results, [file]);
  assert.equal(c.progress, [1428, 2856, 3000]);
  assert.is(c.transfer.deadline(), NEVER);
});

tftp('a server that ignores the options is read in blocks of 512', () => {
  const c = client(READ);
  c.transfer.start(0);
  const file = content(1024);
  assert.is(serve(c, file, 512), 3, 'a last block without octets ends a file of whole blocks');
  assert.equal(c.results, [file]);
});

tftp('a server that refuses the options is asked again without them', () => {
  const c = client(READ);
  c.transfer.start(0);
  c.transfer.receive(packet(OPCODE.ERROR, ERROR.OptionRefused, utf8('no options\0')), 0);
  assert.is(c.sent.length, 2);
  assert.is(c.sent[1]?.to, 'request');
  assert.is(fromUtf8(last(c).subarray(2)), 'a.cfg\0octet\0');
  serve(c, content(10), 512);
  assert.equal(c.results, [content(10)]);
});

tftp('a block size larger than asked for is refused', () => {
  const c = client(READ);
  c.transfer.start(0);
  c.transfer.receive(oack('blksize', '9000'), 0);
  assert.equal([u16(last(c), 0), u16(last(c), 2)], [OPCODE.ERROR, ERROR.OptionRefused]);
  assert.match(JSON.stringify(c.results), /block size that was not asked for/);
});

tftp('the server\'s words are shown, made safe for a terminal; known codes have words of their own', () => {
  const c = client(READ);
  c.transfer.start(0);
  c.transfer.receive(packet(OPCODE.ERROR, ERROR.FileNotFound, utf8('gone\x1b[2J\0rest')), 0);
  assert.equal(c.results, [{ refused: 'The TFTP server refused: gone\\x1b[2J' }]);
  const d = client(READ);
  d.transfer.start(0);
  d.transfer.receive(packet(OPCODE.ERROR, ERROR.DiskFull), 0);
  assert.equal(d.results, [{ refused: 'The TFTP server refused: its disk is full' }]);
});

tftp('a lost block is asked for again after 1, 2, 4, 8, 8 s, then the transfer fails', () => {
  const c = client(READ);
  c.transfer.start(0);
  const times: number[] = [];
  let now = 0;
  while (c.results.length === 0) {
    now = c.transfer.deadline();
    times.push(now);
    c.transfer.tick(now);
  }
  assert.equal(times, [1000, 3000, 7000, 15_000, 23_000, 31_000]);
  assert.is(c.sent.length, 6);
  assert.equal(c.results, [{ refused: 'The TFTP server does not answer' }]);
});

tftp('a tick before the time does nothing; an answer starts the time over', () => {
  const c = client(READ);
  c.transfer.start(0);
  c.transfer.tick(999);
  assert.is(c.sent.length, 1);
  c.transfer.receive(oack('tsize', '5'), 900);
  assert.is(c.transfer.deadline(), 1900);
});

tftp('a block that comes twice is acknowledged twice and kept once; older ones are not answered', () => {
  const c = client(READ);
  c.transfer.start(0);
  const block = packet(OPCODE.DATA, 1, content(512));
  c.transfer.receive(block, 0);
  c.transfer.receive(block, 0);
  assert.is(c.sent.length, 3);
  c.transfer.receive(packet(OPCODE.DATA, 2, content(512)), 0);
  c.transfer.receive(block, 0);
  assert.is(c.sent.length, 4);
  c.transfer.receive(packet(OPCODE.DATA, 3, content(1)), 0);
  assert.is((c.results[0] as Uint8Array).length, 1025);
});

tftp('a doubled acknowledgement does not double what is sent', () => {
  const c = client({ kind: 'write', data: content(2000) });
  c.transfer.start(0);
  assert.is(u16(last(c), 0), OPCODE.WRQ);
  c.transfer.receive(packet(OPCODE.ACK, 0), 0);
  c.transfer.receive(packet(OPCODE.ACK, 1), 0);
  const before = c.sent.length;
  c.transfer.receive(packet(OPCODE.ACK, 1), 0);
  assert.is(c.sent.length, before);
});

tftp('an upload sends the file in blocks and ends with the acknowledgement of the short one', () => {
  for (const size of [0, 511, 512, 1024, 1500]) {
    const file = content(size);
    const c = client({ kind: 'write', data: file });
    c.transfer.start(0);
    const got: number[] = [];
    for (let block = 0; c.results.length === 0; block++) {
      c.transfer.receive(packet(OPCODE.ACK, block), 0);
      if (c.results.length > 0) break;
      assert.equal([u16(last(c), 0), u16(last(c), 2)], [OPCODE.DATA, block + 1]);
      got.push(...last(c).subarray(4));
    }
    assert.equal(Uint8Array.from(got), file, `${size} octets`);
    assert.equal(c.results, [new Uint8Array(0)]);
  }
});

tftp('block numbers wrap after 65535, both ways', () => {
  const file = content(8 * 65_600 + 3);
  const c = client(READ);
  c.transfer.start(0);
  c.transfer.receive(oack('blksize', '8'), 0);
  assert.is(serve(c, file, 8), 65_601);
  assert.equal(c.results, [file]);
  const up = client({ kind: 'write', data: file });
  up.transfer.start(0);
  up.transfer.receive(oack('blksize', '8'), 0);
  let blocks = 0;
  while (up.results.length === 0) up.transfer.receive(packet(OPCODE.ACK, ++blocks & 0xffff), 0);
  assert.is(blocks, 65_601);
});

tftp('cancelling tells the server and calls nothing back', () => {
  const c = client(READ);
  c.transfer.start(0);
  c.transfer.receive(oack('tsize', '5'), 0);
  c.transfer.cancel();
  assert.is(u16(last(c), 0), OPCODE.ERROR);
  c.transfer.receive(packet(OPCODE.DATA, 1, content(3)), 0);
  c.transfer.tick(100_000);
  assert.equal(c.results, []);
});

tftp('datagrams that are cut, unknown or out of place change nothing', () => {
  const c = client(READ);
  c.transfer.start(0);
  for (const bad of [new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(0, 3, 0), packet(0, 1), packet(9, 1), packet(OPCODE.ACK, 0), packet(OPCODE.DATA, 7, content(5)), packet(OPCODE.DATA, 1, content(513))]) c.transfer.receive(bad, 0);
  assert.equal([c.sent.length, c.results.length], [1, 0]);
  serve(c, content(5), 512);
  assert.equal(c.results, [content(5)]);
});

tftp.run();

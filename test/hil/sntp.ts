// A time server (RFC 4330) whose clock is ahead by the seconds of its first argument; the second is the address it answers on.

/** Seconds from 1900 to 1970. */
const ERA = 2_208_988_800;
const SERVER = (4 << 3) | 4;
const STRATUM = 2;

const [ahead = '0', hostname = '0.0.0.0'] = process.argv.slice(2);

function stamp(view: DataView, at: number): void {
  const now = Date.now() / 1000 + Number(ahead) + ERA;
  view.setUint32(at, Math.floor(now) % 2 ** 32);
  view.setUint32(at + 4, Math.floor((now % 1) * 2 ** 32));
}

void Bun.udpSocket({
  hostname,
  port: 123,
  socket: {
    data(socket, asked, port, address) {
      if (asked.length < 48) return;
      const answer = new Uint8Array(48);
      const view = new DataView(answer.buffer);
      answer.set([SERVER, STRATUM, 6, 0xec]);
      answer.set([127, 0, 0, 1], 12);
      stamp(view, 16);
      answer.set(asked.subarray(40, 48), 24);
      stamp(view, 32);
      stamp(view, 40);
      socket.send(answer, port, address);
    },
  },
});

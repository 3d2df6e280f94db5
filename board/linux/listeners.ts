// TCP server sockets for telnet.

import type { Refusal } from '../../firmware/hal/dataplane.ts';
import type { Listeners, Stream } from '../../firmware/hal/io.ts';
import { type SocketData, SocketStream } from './stream.ts';
import { codeOf, socketError, textOf } from './failure.ts';

function reason(port: number, error: unknown): string {
  const code = codeOf(error);
  if (code === 'EADDRINUSE') return `TCP port ${port} is in use by another program`;
  if (code === 'EACCES') return `TCP port ${port} needs the right to bind ports below 1024 (CAP_NET_BIND_SERVICE)`;
  return `TCP port ${port} cannot be served: ${textOf(error)}`;
}

/** Server sockets on all IPv4 addresses of the box. */
export class TcpListeners implements Listeners {
  listen(port: number, accept: (stream: Stream) => void): { stop(): void } | Refusal {
    const streams = new Set<SocketStream>();
    try {
      const server = Bun.listen<SocketData>({
        hostname: '0.0.0.0',
        port,
        socket: {
          open(socket) {
            const stream = new SocketStream(socket, { terminal: true, from: `${socket.remoteAddress}:${socket.remotePort}` });
            socket.data = { stream };
            streams.add(stream);
            accept(stream);
          },
          data(socket, data) {
            socket.data.stream?.received(data);
          },
          drain(socket) {
            socket.data.stream?.drained();
          },
          close(socket) {
            const stream = socket.data.stream;
            if (stream === undefined) return;
            streams.delete(stream);
            stream.ended();
          },
          error: socketError,
        },
      });
      return {
        stop() {
          server.stop();
          for (const stream of streams) stream.close();
        },
      };
    } catch (error) {
      return { refused: reason(port, error) };
    }
  }
}

// The command socket: a console, or commands with their output, for programs on the same machine that may open it (0700).
// A client sends one line of JSON that says what it wants. For a console the octets follow; for commands come lines of JSON.

import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { Stream } from '../../firmware/hal/io.ts';
import { codeOf, socketError, textOf } from './failure.ts';
import { type SocketData, SocketStream } from './stream.ts';

/** The first line from a client. */
export type Request = { readonly want: 'console' | 'login'; readonly terminal: boolean; readonly columns: number } | { readonly want: 'commands'; readonly commands: readonly string[] };
/** Lines to a client that wanted commands; the last has `failed`: whether one of them gave an Error. */
export type Reply = { readonly print: string } | { readonly failed: boolean };

/** What the router does for its clients. */
export interface CommandServer {
  attach(stream: Stream): void;
  /** Somebody from the network, whom the router's login judges. */
  login(stream: Stream): void;
  run(command: string, print: (text: string) => void, done: (failed: boolean) => void): void;
}

const LONGEST_REQUEST = 1 << 20;
/** Of a terminal that does not say. */
const COLUMNS = 80;

/** The folder for what belongs to the running router, inside the flash folder. */
export const runFolder = (flash: string): string => join(flash, 'run');
export const socketPath = (flash: string): string => join(runFolder(flash), 'console.sock');

function parseRequest(line: string): Request | undefined {
  try {
    const asked: unknown = JSON.parse(line);
    if (typeof asked !== 'object' || asked === null || !('want' in asked)) return undefined;
    if (asked.want === 'console' || asked.want === 'login') {
      const columns = 'columns' in asked && typeof asked.columns === 'number' ? asked.columns : COLUMNS;
      return { want: asked.want, terminal: 'terminal' in asked && asked.terminal === true, columns };
    }
    if (asked.want !== 'commands' || !('commands' in asked) || !Array.isArray(asked.commands)) return undefined;
    return { want: 'commands', commands: asked.commands.map(String) };
  } catch {
    return undefined;
  }
}

interface ClientData extends SocketData {
  /** What came before the end of the request's line. */
  request: Buffer;
}

/** Serves the socket in `flash`; the sentence why it cannot. A socket that a crash left there is taken over. */
export function serveCommands(flash: string, server: CommandServer): { close(): void } | string {
  const path = socketPath(flash);
  try {
    mkdirSync(runFolder(flash), { recursive: true, mode: 0o700 });
    chmodSync(runFolder(flash), 0o700);
    rmSync(path, { force: true });
    const listener = Bun.listen<ClientData>({
      unix: path,
      allowHalfOpen: true,
      socket: {
        open(socket) {
          socket.data = { stream: undefined, request: Buffer.alloc(0) };
        },
        data(socket, data) {
          const { stream } = socket.data;
          if (stream !== undefined) return stream.received(data);
          const request = Buffer.concat([socket.data.request, data]);
          const end = request.indexOf('\n');
          if (end < 0 && request.length < LONGEST_REQUEST) {
            socket.data.request = request;
            return;
          }
          const asked = end < 0 ? undefined : parseRequest(request.toString('utf8', 0, end));
          if (asked === undefined) return socket.terminate();
          const begun = new SocketStream(socket, asked.want !== 'commands' ? { terminal: asked.terminal, from: asked.want === 'login' ? 'ssh' : 'cli', columns: asked.columns } : { terminal: false, from: 'cli' });
          socket.data = { stream: begun, request: Buffer.alloc(0) };
          if (asked.want === 'commands') return answer(begun, asked.commands, server);
          if (asked.want === 'login') server.login(begun);
          else server.attach(begun);
          if (end + 1 < request.length) begun.received(request.subarray(end + 1));
        },
        drain: (socket) => socket.data.stream?.drained(),
        end(socket) {
          const { stream } = socket.data;
          if (stream === undefined) return void socket.end();
          stream.inputEnded();
          if (stream.terminal) stream.close();
        },
        close: (socket) => socket.data.stream?.ended(),
        error: socketError,
      },
    });
    chmodSync(path, 0o700);
    return {
      close() {
        listener.stop(true);
        rmSync(path, { force: true });
      },
    };
  } catch (error) {
    if (codeOf(error) === 'EROFS') return `No command socket on a read-only flash folder (${path})`;
    return `The command socket ${path} cannot be made: ${textOf(error)}`;
  }
}

/** Runs commands one after the other and tells what they print. */
function answer(stream: SocketStream, commands: readonly string[], server: CommandServer): void {
  const tell = (reply: Reply): void => stream.write(Buffer.from(`${JSON.stringify(reply)}\n`));
  let anyFailed = false;
  const next = (at: number): void => {
    const command = commands[at];
    if (command === undefined) {
      tell({ failed: anyFailed });
      stream.close();
      return;
    }
    server.run(command, (text) => tell({ print: text }), (failed) => {
      anyFailed ||= failed;
      next(at + 1);
    });
  };
  next(0);
}

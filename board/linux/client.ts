// The other end of the command socket: `hashi cli`, and the lab's console.

import type { Socket } from 'bun';

import { codeOf, socketError, textOf } from './failure.ts';
import { socketPath, type Reply, type Request } from './command-socket.ts';
import { StdioConsole } from './console.ts';

interface Connection {
  write(data: Uint8Array): void;
  /** No more input; the other side still answers. */
  finish(): void;
}

interface Handlers {
  data(data: Uint8Array): void;
  close(): void;
}

/** Connects to the router of a flash folder; the sentence why not. */
async function connect(flash: string, request: Request, on: Handlers): Promise<Connection | string> {
  const path = socketPath(flash);
  let waiting: Uint8Array[] = [];
  let finishing = false;
  const flush = (socket: Socket): void => {
    while (waiting.length > 0) {
      const first = waiting[0] ?? new Uint8Array(0);
      const taken = socket.write(first);
      if (taken < first.length) {
        waiting[0] = first.subarray(Math.max(0, taken));
        return;
      }
      waiting.shift();
    }
    if (finishing) socket.shutdown();
  };
  try {
    const socket = await Bun.connect({
      unix: path,
      allowHalfOpen: true,
      socket: {
        data: (_, data) => on.data(data),
        drain: flush,
        end: (ended) => void ended.end(),
        close: () => on.close(),
        error: socketError,
      },
    });
    const connection: Connection = {
      write(data) {
        waiting.push(data.slice());
        if (waiting.length === 1) flush(socket);
      },
      finish() {
        finishing = true;
        if (waiting.length === 0) socket.shutdown();
      },
    };
    connection.write(Buffer.from(`${JSON.stringify(request)}\n`));
    return connection;
  } catch (error) {
    waiting = [];
    if (/ENOENT|ECONNREFUSED/.test(codeOf(error))) return `No router runs on ${flash} (nothing answers at ${path})`;
    if (codeOf(error) === 'EACCES') return `${path} may be opened by the router's user only`;
    return `The router on ${flash} cannot be reached: ${textOf(error)}`;
  }
}

/** Whether a router answers on a flash folder. */
export async function reachable(flash: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: socketPath(flash), socket: { data() {}, error() {} } });
    socket.terminate();
    return true;
  } catch {
    // Nothing there, or what a killed router left.
    return false;
  }
}

/** Runs commands and prints what the console would. The exit code: 1 where one gave an Error or the router ended meanwhile. */
export async function runCommands(flash: string, commands: readonly string[], print: { out(text: string): void; error(text: string): void }): Promise<number> {
  return new Promise((done) => {
    let text = '';
    let code = 1;
    const decoder = new TextDecoder();
    const take = (line: string): void => {
      const reply: Reply = JSON.parse(line);
      if ('print' in reply) print.out(reply.print);
      else code = reply.failed ? 1 : 0;
    };
    const on: Handlers = {
      data(data) {
        text += decoder.decode(data, { stream: true });
        const lines = text.split('\n');
        text = lines.pop() ?? '';
        for (const line of lines) take(line);
      },
      close: () => done(code),
    };
    connect(flash, { want: 'commands', commands }, on).then((connection) => {
      if (typeof connection !== 'string') return;
      print.error(connection);
      done(1);
    }, (error: unknown) => {
      print.error(textOf(error));
      done(1);
    });
  });
}

/** Joins this process's terminal or pipe to the router's console until either ends. The sentence why that was not possible. */
export async function attachStdio(flash: string, want: 'console' | 'login' = 'console'): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stdio = new StdioConsole('cli');
  const connection = await connect(flash, { want, terminal: stdio.terminal, columns: stdio.columns }, { data: (data) => stdio.write(data), close: resolve });
  if (typeof connection === 'string') {
    stdio.close();
    return connection;
  }
  stdio.onData = (data) => connection.write(data);
  stdio.onClose = () => connection.finish();
  stdio.begin();
  await promise;
  await stdio.flushed();
  stdio.close();
  return undefined;
}

// LOAD and UPLOAD: TFTP on a UDP socket, HTTP by fetch.

import type { Ipv4 } from '../../firmware/bytes/ip.ts';
import { formatIpv4 } from '../../firmware/bytes/ip.ts';
import { NEVER } from '../../firmware/bytes/time.ts';
import type { Refusal } from '../../firmware/hal/dataplane.ts';
import type { Transfer } from '../../firmware/hal/io.ts';
import { monotonic } from './clock.ts';
import { codeOf, socketError, textOf } from './failure.ts';
import { TftpTransfer } from './tftp.ts';

const TFTP_PORT = 69;
const HTTP_SILENCE_MS = 30_000;
const LARGEST_FILE = 256 << 20;

type Method = 'tftp' | 'http';
type Job = { readonly server: Ipv4; readonly file: string; readonly upload: Uint8Array | undefined; progress(bytes: number): void };
type Done = (result: Uint8Array | Refusal) => void;

/** `ports`: the servers' ports, other than the well-known ones in tests. */
export class LinuxTransfer implements Transfer {
  readonly #ports: { readonly tftp: number; readonly http: number };

  constructor(ports: { readonly tftp: number; readonly http: number } = { tftp: TFTP_PORT, http: 80 }) {
    this.#ports = ports;
  }

  load(method: Method, server: Ipv4, file: string, done: Done, progress: (bytes: number) => void): { cancel(): void } {
    return this.#run(method, { server, file, upload: undefined, progress }, done);
  }

  upload(method: Method, server: Ipv4, file: string, data: Uint8Array, done: (result: Refusal | undefined) => void): { cancel(): void } {
    return this.#run(method, { server, file, upload: data.slice(), progress: () => {} }, (result) => done('refused' in result ? result : undefined));
  }

  #run(method: Method, job: Job, done: Done): { cancel(): void } {
    return method === 'tftp' ? runTftp(job, this.#ports.tftp, done) : runHttp(job, this.#ports.http, done);
  }
}

function runTftp(job: Job, requestPort: number, done: Done): { cancel(): void } {
  const server = formatIpv4(job.server);
  let socket: Bun.udp.Socket<'buffer'> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let transferPort = 0;
  let over = false;
  const close = (): void => {
    over = true;
    clearTimeout(timer);
    socket?.close();
  };
  const finish = (result: Uint8Array | Refusal): void => {
    if (over) return;
    close();
    done(result);
  };
  const transfer = new TftpTransfer(
    {
      send(to, datagram) {
        try {
          socket?.send(datagram, to === 'request' ? requestPort : transferPort, server);
        } catch (error) {
          if (/ENETUNREACH|EHOSTUNREACH/.test(codeOf(error))) queueMicrotask(() => finish({ refused: `There is no route to ${server}` }));
        }
      },
      progress: job.progress,
      // The last acknowledgement is on its way; the socket closes after it.
      done: finish,
    },
    job.file,
    job.upload === undefined ? { kind: 'read' } : { kind: 'write', data: job.upload },
  );
  const arm = (): void => {
    clearTimeout(timer);
    const deadline = transfer.deadline();
    if (over || deadline === NEVER) return;
    timer = setTimeout(() => {
      transfer.tick(monotonic());
      arm();
    }, Math.max(0, deadline - monotonic()));
  };
  Bun.udpSocket({
    hostname: '0.0.0.0',
    socket: {
      data(_, datagram, port, address) {
        // RFC 1350 4: the first answer fixes the server's transfer identifier; others are not of this transfer.
        if (over || address !== server || (transferPort !== 0 && port !== transferPort)) return;
        transferPort = port;
        transfer.receive(datagram, monotonic());
        arm();
      },
      error: socketError,
    },
  }).then(
    (opened) => {
      if (over) return opened.close();
      socket = opened;
      transfer.start(monotonic());
      arm();
    },
    (error: unknown) => finish({ refused: `No UDP socket for the transfer: ${textOf(error)}` }),
  );
  return {
    cancel() {
      transfer.cancel();
      close();
    },
  };
}

function runHttp(job: Job, port: number, done: Done): { cancel(): void } {
  const abort = new AbortController();
  const path = job.file.split('/').map(encodeURIComponent).join('/');
  const address = `http://${formatIpv4(job.server)}:${port}/${path.replace(/^\//, '')}`;
  let cancelled = false;
  let silence: ReturnType<typeof setTimeout> | undefined;
  const heard = (): void => {
    clearTimeout(silence);
    silence = setTimeout(() => abort.abort(new Error('The HTTP server does not answer')), HTTP_SILENCE_MS);
  };
  const run = async (): Promise<Uint8Array | Refusal> => {
    heard();
    const init: RequestInit = { signal: abort.signal, redirect: 'follow', ...(job.upload === undefined ? {} : { method: 'PUT', body: new Uint8Array(job.upload) }) };
    const response = await fetch(address, init);
    if (!response.ok) return { refused: `The HTTP server refused: ${response.status} ${response.statusText}`.trim() };
    if (job.upload !== undefined || response.body === null) return new Uint8Array(0);
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of response.body) {
      heard();
      parts.push(part);
      bytes += part.length;
      if (bytes > LARGEST_FILE) return { refused: `The file is larger than ${LARGEST_FILE >> 20} MB` };
      job.progress(bytes);
    }
    return Uint8Array.from(Buffer.concat(parts));
  };
  const finish = (result: Uint8Array | Refusal): void => {
    clearTimeout(silence);
    // Frees the connection where the answer was not read to its end.
    abort.abort();
    if (!cancelled) done(result);
  };
  run().then(finish, (error: unknown) => {
    const code = codeOf(error);
    if (/ConnectionRefused|ECONNREFUSED/.test(code)) return finish({ refused: `${formatIpv4(job.server)} has no HTTP server on port ${port}` });
    finish({ refused: `The transfer failed: ${textOf(error)}` });
  });
  return {
    cancel() {
      cancelled = true;
      clearTimeout(silence);
      abort.abort();
    },
  };
}

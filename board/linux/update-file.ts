// The head of an update file: what follows and who says so. 4096 octets: a line of JSON, a line with its ed25519 signature
// (RFC 8032, base64; "-" for none), line feeds; then the file system of the slot.

import { createPublicKey, verify } from 'node:crypto';

/** Octets before the file system. */
export const HEADER = 4096;
const FORMAT = 'hashi-update-1';

/** What an update is. */
export interface Manifest {
  /** The board it is for. */
  readonly board: string;
  readonly version: string;
  readonly kernel: string;
  /** Octets and SHA-256 (hexadecimal) of the file system. */
  readonly size: number;
  readonly sha256: string;
}

/** The line that is signed. */
export const manifestText = ({ board, version, kernel, size, sha256 }: Manifest): string => JSON.stringify({ format: FORMAT, board, version, kernel, size, sha256 });

export interface UpdateHead extends Manifest {
  readonly signature: 'none' | 'good' | 'bad' | 'unknown key';
}

const text = (value: unknown, pattern: RegExp): value is string => typeof value === 'string' && pattern.test(value);

/** Reads a head; `key` is the PEM text of the public key, undefined where this build has none. A text says what is wrong. */
export function readHead(head: Uint8Array, key: string | undefined): UpdateHead | string {
  const [line = '', signature = ''] = Buffer.from(head.subarray(0, HEADER)).toString('utf8').split('\n');
  let said: unknown;
  try {
    said = JSON.parse(line);
  } catch {
    return 'it is no update file';
  }
  if (typeof said !== 'object' || said === null || !('format' in said) || said.format !== FORMAT) return 'it is no update file of a kind this release knows';
  const { board, version, kernel, size, sha256 }: Record<string, unknown> = { ...said };
  const name = /^[\w.+~-]{1,64}$/;
  if (!text(board, name) || !text(version, name) || !text(kernel, name) || !text(sha256, /^[0-9a-f]{64}$/) || typeof size !== 'number' || !Number.isSafeInteger(size) || size <= 0) return 'its head is malformed';
  return { board, version, kernel, size, sha256, signature: judge(line, signature, key) };
}

function judge(line: string, signature: string, key: string | undefined): UpdateHead['signature'] {
  if (signature === '-') return 'none';
  if (key === undefined) return 'unknown key';
  try {
    return verify(null, Buffer.from(line), createPublicKey(key), Buffer.from(signature, 'base64')) ? 'good' : 'bad';
  } catch {
    return 'bad';
  }
}

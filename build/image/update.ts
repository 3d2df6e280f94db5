// The update file: one line of JSON that says what follows, its signature, then the slot's file system as it is written.
// The reader is board/linux/update-file.ts.

import { createHash, createPrivateKey, sign } from 'node:crypto';
import { closeSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';

import { HEADER, type Manifest, manifestText } from '../../board/linux/update-file.ts';

export interface UpdateOptions {
  readonly slot: string;
  readonly file: string;
  readonly board: string;
  readonly version: string;
  readonly kernel: string;
  /** PEM file of an ed25519 private key; undefined: the update is not signed. */
  readonly signKey: string | undefined;
}

export function writeUpdate({ slot, file, board, version, kernel, signKey }: UpdateOptions): void {
  const data = readFileSync(slot);
  const manifest: Manifest = { board, version, kernel, size: data.length, sha256: createHash('sha256').update(data).digest('hex') };
  const text = manifestText(manifest);
  const signature = signKey === undefined ? '-' : sign(null, Buffer.from(text), createPrivateKey(readFileSync(signKey))).toString('base64');
  const header = Buffer.alloc(HEADER, '\n');
  if (header.write(`${text}\n${signature}\n`) >= HEADER) throw new Error('the head of the update file is too long');
  const fd = openSync(`${file}.new`, 'w');
  try {
    writeSync(fd, header);
    writeSync(fd, data);
  } finally {
    closeSync(fd);
  }
  renameSync(`${file}.new`, file);
}

// The software bill of materials (CycloneDX 1.5): of the binary Bun, and of the image Debian's packages besides.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { SOURCE, VERSION } from '../version.ts';
import type { Lock } from './lock.ts';

interface Component {
  readonly type: 'application' | 'library' | 'operating-system' | 'firmware';
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly licenses?: readonly object[];
  readonly hashes?: readonly { readonly alg: 'SHA-256'; readonly content: string }[];
}

function bom(subject: Component, components: readonly Component[], date: number): string {
  const body = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { timestamp: new Date(date * 1000).toISOString(), component: subject, properties: [{ name: 'source', value: SOURCE }] },
    components,
  };
  return `${JSON.stringify(body, undefined, 2)}\n`;
}

const sha256 = (data: Uint8Array): Component['hashes'] => [{ alg: 'SHA-256', content: createHash('sha256').update(data).digest('hex') }];

/** What is linked into the binary: it has no other run-time dependencies. */
const inside = (): Component[] => [{ type: 'library', name: 'bun', version: Bun.version, purl: `pkg:npm/bun@${Bun.version}`, licenses: [{ license: { id: 'MIT' } }] }];

const hashi = (file: string): Component => ({ type: 'application', name: 'hashi', version: VERSION, purl: `pkg:npm/hashi@${VERSION}`, licenses: [{ license: { id: 'MIT' } }], hashes: sha256(readFileSync(file)) ?? [] });

export const binarySbom = (file: string, date: number): string => bom(hashi(file), inside(), date);

export function imageSbom(lock: Lock, names: readonly string[], image: { readonly board: string; readonly date: number; readonly binary: string }): string {
  const packages = lock.packages.filter(({ name }) => names.includes(name)).map((one): Component => ({
    type: one.name.startsWith('linux-') ? 'operating-system' : one.name === 'raspi-firmware' ? 'firmware' : 'library',
    name: one.name,
    version: one.version,
    purl: `pkg:deb/debian/${encodeURIComponent(one.name)}@${encodeURIComponent(one.version)}?arch=arm64`,
    hashes: [{ alg: 'SHA-256', content: one.sha256 }],
  }));
  return bom({ type: 'operating-system', name: `hashi-${image.board}`, version: VERSION }, [hashi(image.binary), ...inside(), ...packages], image.date);
}

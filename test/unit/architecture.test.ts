// The direction of imports and the words that the portable part must not use (what the rooms are for: README, "Structure").

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const ROOT = join(import.meta.dir, '..', '..');
const FEATURES = ['l2tp', 'l2tpv3', 'ppp', 'call', 'ip', 'nat', 'firewall', 'ipsec', 'aaa', 'dhcp', 'system'] as const;
const SHARED = ['bytes', 'hal', 'cli', 'log'] as const;
/** What each room of firmware/ may import besides itself. */
const MAY: Record<string, readonly string[]> = {
  bytes: [],
  hal: ['bytes'],
  cli: ['bytes', 'hal'],
  log: ['bytes', 'hal', 'cli'],
  config: ['bytes', 'hal', 'cli', 'log'],
  ...Object.fromEntries(FEATURES.map((room) => [room, SHARED])),
};
/** Codecs and machines: no hal but the digests and chance that authentication needs, and no throw on what a peer sent. */
const CODECS = [
  /^l2tp\/(header|avp|catalog|hidden|auth|reliable|limits|congestion|roundtrip|giveup|control|connection|contract|greeting|lac|lns|step|tunnel|session|quirks|ids)\.ts$/,
  /^ppp\/(option|frame|automaton|control|lcp|auth|authentication|pap|chap|chap-md5|mschap|ipcp|ipv6cp|network|echo|lqr|describe)\.ts$/,
  /^aaa\/(accounting|slowdown|radius\.(attribute|packet|hide|tunnel|login|exchange|dynamic))\.ts$/,
  /^ip\/(icmp|ping|trace)\.ts$/,
  /^call\/(at|hdlc|ring|pppoe\.(frame|dialer|redial|cookie|throttle|limits|services))\.ts$/,
];
/** Files where octets become numbers or a text becomes a type: the only ones that may say `as` or `!`. */
const EDGES = /^(bytes\/|hal\/|cli\/(messages|command|types|grammar|values|matcher|syntax|infer)\.ts$)|^l2tp\/ids\.ts$/;

interface Source {
  name: string;
  text: string;
  /** The text without comments and without the content of strings. */
  code: string;
  imports: string[];
}

function stripped(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''")
    .replace(/`(?:[^`\\]|\\.)*`/g, '``');
}

function sources(folder: string): Source[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => {
      const text = readFileSync(join(ROOT, folder, name), 'utf8');
      const imports = [...text.matchAll(/(?:from|import)\s+'([^']+)'/g)].map((found) => found[1] ?? '');
      return { name, text, code: stripped(text), imports };
    });
}

const firmware = sources('firmware');

test('the portable part has files in it', () => {
  assert.ok(firmware.length > 40, `${firmware.length} files`);
});

test('a room imports only from rooms below it', () => {
  const wrong: string[] = [];
  for (const file of firmware) {
    if (!file.name.includes('/')) continue;
    const room = file.name.split('/')[0] ?? '';
    const allowed = MAY[room];
    if (allowed === undefined) {
      wrong.push(`${file.name}: no such room`);
      continue;
    }
    for (const target of file.imports) {
      if (!target.startsWith('.')) {
        wrong.push(`${file.name} imports ${target}`);
        continue;
      }
      const [, ...parts] = join('/', file.name, '..', target).split('/');
      const to = parts[0] ?? '';
      if (to !== room && !allowed.includes(to)) wrong.push(`${file.name} imports ${target}`);
    }
  }
  assert.equal(wrong, []);
});

test('the portable part imports nothing from outside itself', () => {
  const wrong = firmware.flatMap((file) =>
    file.imports.filter((target) => !target.startsWith('.') || join('/', file.name, '..', target).startsWith('/..')).map((target) => `${file.name} imports ${target}`),
  );
  assert.equal(wrong, []);
});

test('the portable part has no clock, chance or waiting of its own', () => {
  // `async` alone is also a framing type of L2TP: only its use as a keyword is meant.
  const banned = /\b(await|Promise|Date|setTimeout|setInterval|queueMicrotask|console|process|Bun)\b|\basync\s*(?:function\b|\(|[\w#$]+\s*(?:\(|=>))|Math\.random/;
  const wrong = firmware.flatMap((file) => {
    const found = banned.exec(file.code);
    return found === null ? [] : [`${file.name}: ${found[0]}`];
  });
  assert.equal(wrong, []);
});

test('codecs and machines never throw and know no hal but digests and chance', () => {
  const wrong: string[] = [];
  for (const file of firmware) {
    if (!CODECS.some((pattern) => pattern.test(file.name))) continue;
    if (/\bthrow\b/.test(file.code)) wrong.push(`${file.name}: throw`);
    for (const target of file.imports) if (target.includes('/hal/') && !target.endsWith('/hal/clock.ts')) wrong.push(`${file.name} imports ${target}`);
    if (/\b(Clock|WallClock)\b/.test(file.code)) wrong.push(`${file.name}: Clock`);
  }
  assert.equal(wrong, []);
});

test('types are asserted only at byte and text edges', () => {
  const wrong: string[] = [];
  for (const file of firmware) {
    if (EDGES.test(file.name)) continue;
    for (const line of file.code.split('\n')) {
      if (/^\s*(import|export)\b.*\bas\b/.test(line)) continue;
      if (/\sas\s+(?!const\b)[A-Za-z{[(]/.test(line) || /[\w)\]]!(?=[.;,)\]\s[])(?!=)/.test(line) || /:\s*any\b|<any>/.test(line)) wrong.push(`${file.name}: ${line.trim()}`);
    }
  }
  assert.equal(wrong, []);
});

test('drivers do nothing at import but load the C library', () => {
  const wrong = sources('board').flatMap((file) => {
    if (file.name === 'main.ts' || file.name.endsWith('.worker.ts')) return [];
    return file.code
      .split('\n')
      .filter((line) => /^(await |[a-z][\w.]*\()/.test(line))
      .map((line) => `${file.name}: ${line.trim()}`);
  });
  assert.equal(wrong, []);
});

test.run();

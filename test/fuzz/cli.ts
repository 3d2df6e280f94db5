// Mutated input for what reads operators and TELNET clients: lexer, matcher, keys, line editor, TELNET. Throws at the first input
// that breaks a rule; the seed and the input are in the error.
import { fromUtf8 } from '../../firmware/bytes/text.ts';
import type { Command } from '../../firmware/cli/command.ts';
import { Utf8Decoder } from '../../firmware/cli/decoder.ts';
import { lex } from '../../firmware/cli/lexer.ts';
import { Session } from '../../firmware/cli/session.ts';
import { CommandTable } from '../../firmware/cli/table.ts';
import { TelnetStream } from '../../firmware/cli/telnet.ts';
import { writeLine } from '../../firmware/cli/write.ts';
import { generate, pick, seeded } from '../cli/grammar.generate.ts';
import { TestStream } from '../unit/cli/terminal.ts';

type Chance = () => number;

const SPECIAL = ['"', '=', ',', ' ', '#', '\u201c', '\u201d', '\u00a0', '\u3000', '\u21b5', '?', '\t', '\0', '\u001b', '{', '-', '.', '..', '""', '==', '\ud800', '\u{1f600}', 'ON', 'NONE', '4294967296', '__proto__'];
const below = (n: number, random: Chance): number => Math.floor(random() * n);

/** A line with some of its characters replaced, doubled, cut or joined with another line's. */
function mutate(line: string, other: string, random: Chance): string {
  let out = line;
  for (let i = below(4, random); i > 0; i--) {
    const at = below(out.length + 1, random);
    const kind = below(5, random);
    if (kind === 0) out = out.slice(0, at) + pick(SPECIAL, random) + out.slice(at);
    else if (kind === 1) out = out.slice(0, at) + pick(SPECIAL, random) + out.slice(at + 1);
    else if (kind === 2) out = out.slice(0, at) + out.slice(at + 1 + below(6, random));
    else if (kind === 3) out = out.slice(0, at) + other.slice(below(other.length + 1, random));
    else out = out.slice(0, at) + out.slice(Math.max(0, at - 8));
  }
  latest = out;
  return out;
}

/** The input worked on last, for errors that do not name theirs. */
let latest: string | readonly number[] = '';
export const latestInput = (): Uint8Array => (typeof latest === 'string' ? new TextEncoder().encode(latest) : Uint8Array.from(latest));

const fail = (what: string, input: unknown): never => {
  throw new Error(`${what}: ${JSON.stringify(input)}`);
};

/** Tokens stand in order inside the line, and each takes at least one character. */
function fuzzLexer(lines: readonly string[], random: Chance, count: number): void {
  for (let i = 0; i < count; i++) {
    const line = mutate(pick(lines, random), pick(lines, random), random);
    const lexed = lex(line);
    if ('severity' in lexed) continue;
    let at = 0;
    for (const { start, end } of lexed.tokens) {
      if (start < at || end <= start || end > line.length) fail('a token outside the line', line);
      at = end;
    }
  }
}

/** What is accepted prints to a line that means the same; what is not gives an error with text. Returns how many were accepted. */
function fuzzMatcher(table: CommandTable, lines: readonly string[], random: Chance, count: number): number {
  let accepted = 0;
  for (let i = 0; i < count; i++) {
    const line = mutate(pick(lines, random), pick(lines, random), random);
    const match = table.match(line, 'security');
    if (match.kind === 'error' && !/\S/.test(match.message.text)) fail('an error without text', line);
    if (match.kind !== 'command') continue;
    accepted++;
    if (accepted % 4 !== 0) continue;
    const { command, args } = match.invocation;
    const printed = writeLine(command.form.read, command.form.defaults, args);
    const again = table.match(printed, 'security');
    if (again.kind !== 'command' || again.invocation.command !== command || JSON.stringify(sorted(again.invocation.args)) !== JSON.stringify(sorted(args))) fail(`reads back otherwise as ${printed}`, line);
  }
  return accepted;
}

const sorted = (args: Readonly<Record<string, unknown>>): unknown => Object.entries(args).toSorted(([a], [b]) => (a < b ? -1 : 1));

/** `?` and TAB on broken beginnings. */
function fuzzOptions(table: CommandTable, lines: readonly string[], random: Chance, count: number): void {
  for (let i = 0; i < count; i++) {
    const line = mutate(pick(lines, random), pick(lines, random), random);
    const text = line.slice(0, below(line.length + 1, random));
    const added = table.complete(text, 'manager');
    if (added !== '' && table.options(text + added, 'manager').error !== undefined) fail('TAB made it wrong', text);
  }
}

const KEYS = ['\r', '\n', '\r\n', '\0', '\u001b', '\u001b[', '\u001b[A', '\u001b[B', '\u001b[C', '\u001b[D', '\u001b[3~', '\u001bOD', '\u007f', '\b', '\t', '?', ' ', 'c', 'q', ...Array.from({ length: 26 }, (_, i) => String.fromCharCode(i + 1)), '\u3042', '\ud800', 'show ', 'x'.repeat(90)];

/** A session on a terminal under random keys in random packets: the terminal emulator refuses what is no known sequence. */
function fuzzEditor(table: CommandTable, lines: readonly string[], random: Chance, count: number): void {
  const owner = { table, now: () => 0, systemName: () => 'R', authenticate: ({ user }: { user: string }) => ({ kind: 'accepted', user, level: 'user' }) as const, ended: () => undefined };
  for (let i = 0; i < count; ) {
    const stream = new TestStream(true, 30 + below(60, random));
    const session = new Session(stream, owner, { kind: 'console', login: { user: 'u', level: 'user' } });
    session.columns = stream.screen.width;
    for (let j = 0; j < 200 && i < count; j++, i++) {
      const typed = random() < 0.9 ? pick(KEYS, random) : pick(lines, random).slice(0, below(200, random));
      const octets = new TextEncoder().encode(typed);
      latest = typed;
      const cut = below(octets.length + 1, random);
      try {
        stream.onData(octets.subarray(0, cut));
        stream.onData(random() < 0.05 ? Uint8Array.of(below(256, random)) : octets.subarray(cut));
        if (random() < 0.02) session.print('late\u001b[2J');
      } catch (error) {
        fail(String(error), typed);
      }
      if (stream.take().length > 2_000_000) fail('far too much output', typed);
    }
    stream.onClose();
  }
}

/** Text and answers do not depend on how the octets are cut into packets, and nothing grows. */
function fuzzTelnet(random: Chance, count: number): void {
  const OCTETS = [255, 255, 255, 250, 240, 251, 252, 253, 254, 31, 1, 3, 24, 244, 246, 0, 13, 10, 65, 200];
  for (let i = 0; i < count; i++) {
    const octets = Uint8Array.from({ length: below(40, random) }, () => pick(OCTETS, random));
    latest = [...octets];
    const cut = below(octets.length + 1, random);
    const [whole, parts] = [[octets], [octets.subarray(0, cut), octets.subarray(cut)]].map((packets) => {
      const tcp = new TestStream(false);
      const telnet = new TelnetStream(tcp);
      const text: number[] = [];
      telnet.onData = (data) => text.push(...data);
      for (const packet of packets) tcp.onData(packet);
      if (text.length > octets.length || tcp.sent.length > 9 + octets.length * 7) fail('more out than in', [...octets]);
      return `${text.join()}/${tcp.sent.join()}`;
    });
    if (whole !== parts) fail('depends on the packets', [...octets, cut]);
  }
}

/** Text does not depend on how its octets are cut into packets. */
function fuzzDecoder(random: Chance, count: number): void {
  const OCTETS = [0x41, 0x80, 0xbf, 0xc2, 0xe3, 0x81, 0x82, 0xf0, 0x9f, 0x98, 0xed, 0xa0, 0xff, 0xf5, 0xc0];
  for (let i = 0; i < count; i++) {
    const octets = Uint8Array.from({ length: below(12, random) }, () => pick(OCTETS, random));
    latest = [...octets];
    const decoder = new Utf8Decoder();
    let text = '';
    for (const octet of octets) text += decoder.decode(Uint8Array.of(octet));
    text += decoder.decode(Uint8Array.of(0x2e));
    if (text !== fromUtf8(Uint8Array.of(...octets, 0x2e))) fail('depends on the packets', [...octets]);
  }
}

/** Runs about `count` inputs through all of them. Returns how many mutated lines were accepted as commands. */
export function run(commands: readonly Command[], count: number, seed: number): number {
  const table = new CommandTable(commands);
  const random = seeded(seed);
  const lines = commands.flatMap(({ form }) => [form.example, ...Array.from({ length: 3 }, () => writeLine(form.read, form.defaults, generate(form, random)))]);
  fuzzLexer(lines, random, Math.ceil(count * 0.45));
  const accepted = fuzzMatcher(table, lines, random, Math.ceil(count * 0.3));
  fuzzOptions(table, lines, random, Math.ceil(count * 0.05));
  fuzzEditor(table, lines, random, Math.ceil(count * 0.03));
  fuzzTelnet(random, Math.ceil(count * 0.07));
  fuzzDecoder(random, Math.ceil(count * 0.1));
  return accepted;
}

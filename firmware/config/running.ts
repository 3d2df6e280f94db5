// The running configuration as commands: what CREATE CONFIG writes and SHOW CONFIG DYNAMIC prints (order and form after AlliedWare).

import type { ConfigSection } from '../cli/command.ts';
import type { KeptLines } from './kept.ts';
import { splitLong } from './split.ts';

/** What is referred to comes before what refers to it. Titles that are not here follow behind, in the order in which they come. */
const ORDER = [
  'Command Handler',
  'SYSTEM',
  'SERVICE',
  'LOAD',
  'USER',
  'RADIUS',
  'TTY',
  'ASYN',
  'ETH',
  'ISDN',
  'ACC',
  'PPP templates',
  'L2TP',
  'PPP',
  'VLAN',
  'IP',
  'DHCP',
  'SNMP',
  'FIREWALL',
  'ENCO',
  'IPSEC',
  'ISAKMP',
  'LOG',
  'SCRIPT',
  'TRIGGER',
  'NTP',
  'HTTP',
  'SSH',
  'TELNET',
].map((title) => title.toUpperCase());

const rank = (title: string): number => {
  const at = ORDER.indexOf(title.toUpperCase());
  return at < 0 ? ORDER.length : at;
};

export class RunningConfig {
  readonly #built: () => readonly ConfigSection[];
  readonly #kept: KeptLines;

  /** `built` gives the sections of all rooms, in any order. */
  constructor(built: () => readonly ConfigSection[], kept: KeptLines) {
    this.#built = built;
    this.#kept = kept;
  }

  /** All sections that have lines, one for each title, in AlliedWare's order; kept lines behind those of the same section. */
  sections(): ConfigSection[] {
    const byTitle = new Map<string, { title: string; lines: string[] }>();
    const built = this.#built().map(({ title, lines }) => ({ title, lines: lines.flatMap((line) => splitLong(line)) }));
    // Kept lines stay whole: the rest of one that was cut would be a line of its own, which may mean another object.
    for (const { title, lines } of [...built, ...this.#kept.sections()]) {
      if (lines.length === 0) continue;
      const key = title.toUpperCase();
      const section = byTitle.get(key) ?? { title, lines: [] };
      byTitle.set(key, section);
      section.lines.push(...lines);
    }
    return [...byTitle.values()].sort((a, b) => rank(a.title) - rank(b.title));
  }

  /** The script, or the part of it that belongs to one module; undefined where that module has nothing to say. Ends without newline. */
  text(module?: string): string | undefined {
    const wanted = this.sections().filter(({ title }) => module === undefined || title.toUpperCase() === module.toUpperCase() || title.toUpperCase().replace(' ', '') === module.toUpperCase());
    if (module !== undefined && wanted.length === 0) return undefined;
    return wanted.flatMap(({ title, lines }) => ['', '#', `# ${title} configuration`, '#', ...lines]).join('\n');
  }
}

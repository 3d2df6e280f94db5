// Command lines of modules that this build does not have: kept as given and written back by CREATE CONFIG, so that saving loses nothing.

import type { ConfigSection } from '../cli/command.ts';

/** The section that an object's lines belong to, where it is not the object's own name. */
const SECTION: Record<string, string> = { bri: 'ISDN', lapd: 'ISDN', q931: 'ISDN', ppptemplate: 'PPP templates', service: 'SERVICE', enco: 'ENCO', http: 'HTTP', ssh: 'SSH' };

const verbOf = (line: string): string => line.slice(0, line.indexOf(' ')).toLowerCase();
const ends = (line: string): boolean => ['delete', 'destroy'].includes(verbOf(line));

/** Where `line` (full words, as the writer prints it) goes: the object's name in capitals. */
export function sectionOf(line: string): string {
  const [, object = '', next = ''] = line.toLowerCase().split(/[ =]/);
  if (object === 'ppp' && next === 'template') return 'PPP templates';
  return SECTION[object] ?? object.toUpperCase();
}

/**
 * The lines kept. ADD and CREATE stay where they were first given; SET, ENABLE and DISABLE where they were last given, as the last
 * one counts. DELETE and DESTROY are not resolved: what came before one stays before it, what comes after is a new line.
 */
export class KeptLines {
  readonly #sections = new Map<string, string[]>();

  /** Keeps one command line, in full words. */
  keep(line: string): void {
    const title = sectionOf(line);
    const lines = this.#sections.get(title) ?? [];
    this.#sections.set(title, lines);
    if (ends(line)) {
      if (lines.at(-1) !== line) lines.push(line);
      return;
    }
    const since = lines.findLastIndex(ends) + 1;
    const at = lines.indexOf(line, since);
    if (at < 0) lines.push(line);
    else if (!['add', 'create'].includes(verbOf(line))) {
      lines.splice(at, 1);
      lines.push(line);
    }
  }

  /** True where lines of the section `title` are kept ('FIREWALL'). */
  has(title: string): boolean {
    return this.#sections.has(title.toUpperCase());
  }

  sections(): ConfigSection[] {
    return [...this.#sections].map(([title, lines]) => ({ title, lines }));
  }

  clear(): void {
    this.#sections.clear();
  }
}

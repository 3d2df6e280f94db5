// Aliases: words that stand for other text on a typed line (ADD, DELETE, SHOW ALIAS of the AR740 command reference).

import { command, form, write, type Command, type ConfigSection } from '../cli/command.ts';
import { messages } from '../cli/messages.ts';

const ADD_ALIAS = form({ syntax: 'ADD ALIAS=name STRING=line', level: 'manager', example: 'ADD ALIAS=sl STRING="show log tail"', help: 'Makes a word stand for other text on lines that are typed. Scripts are not changed by aliases.' });
const DELETE_ALIAS = form({ syntax: 'DELETE ALIAS=name', level: 'manager', example: 'DELETE ALIAS=sl', help: 'Deletes an alias.' });
const SHOW_ALIAS = form({ syntax: 'SHOW ALIAS', level: 'user', example: 'SHOW ALIAS', help: 'Lists the aliases.' });

/** Lines that name aliases themselves are not changed. */
const ABOUT_ALIASES = /^\s*\S+\s+al(?:i(?:a(?:s)?)?)?\b/i;

export class Aliases {
  readonly #aliases = new Map<string, { readonly name: string; readonly text: string }>();

  get(name: string): string | undefined {
    return this.#aliases.get(name.toLowerCase())?.text;
  }

  list(): readonly { readonly name: string; readonly text: string }[] {
    return [...this.#aliases.values()];
  }

  add(name: string, text: string): void {
    this.#aliases.set(name.toLowerCase(), { name, text });
  }

  delete(name: string): void {
    this.#aliases.delete(name.toLowerCase());
  }

  /** The typed line with every whole word that is an alias replaced, once, not inside quotation marks. Call it for typed lines only, before parsing. */
  expand(line: string): string {
    if (this.#aliases.size === 0 || ABOUT_ALIASES.test(line)) return line;
    return line.replace(/"[^"]*"?|[^\s"]+/g, (word) => (word.startsWith('"') ? word : (this.get(word) ?? word)));
  }
}

/** `words`: what commands begin with. An alias of such a name would make them unusable. */
export function aliasCommands(aliases: Aliases, words: () => ReadonlySet<string>): Command[] {
  return [
    command(ADD_ALIAS, {
      verify: (a) => {
        const word = a.alias.toUpperCase();
        if (words().has(word)) return messages.script.aliasHides(a.alias, word);
        return aliases.get(a.alias) === undefined ? undefined : messages.script.aliasExists(a.alias);
      },
      apply: (a) => {
        aliases.add(a.alias, a.string);
        return messages.script.done();
      },
    }),
    command(DELETE_ALIAS, {
      verify: (a) => (aliases.get(a.alias) === undefined ? messages.script.aliasNotFound(a.alias) : undefined),
      apply: (a) => {
        aliases.delete(a.alias);
        return messages.script.done();
      },
    }),
    command(SHOW_ALIAS, {
      apply: () => {
        const rule = '-'.repeat(79);
        return { text: ['Alias            String', rule, ...aliases.list().map(({ name, text }) => `${name.padEnd(16)} ${text}`), rule].join('\n') };
      },
    }),
  ];
}

/** Command Handler section. */
export function aliasConfig(aliases: Aliases): ConfigSection[] {
  const lines = aliases.list().map(({ name, text }) => write(ADD_ALIAS, { alias: name, string: text }));
  return lines.length === 0 ? [] : [{ title: 'Command Handler', lines }];
}

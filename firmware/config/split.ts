// Cuts long commands of a configuration into CREATE or ADD + SET, as AlliedWare's own scripts do: its command line takes 121 characters.

/** Longest line that the 2.6 command line takes; longer ones that cannot be cut are written whole, and read. */
export const LINE = 121;

/** How one command is cut. */
interface SplitRule {
  /** The command up to and including its object: 'create ppp'. */
  readonly begins: string;
  /** Parameters that must stay in the first line. */
  readonly first: readonly string[];
  /** What the further lines begin with, in the place of `begins`. */
  readonly further: string;
  /** Parameters that mean something only together. */
  readonly together?: readonly (readonly string[])[];
}

const KEEPALIVE = ['lqr', 'echo'] as const;

/** In order: the first rule whose beginning fits is used. */
const RULES: readonly SplitRule[] = [
  { begins: 'create ppp template', first: ['copy'], further: 'set ppp template', together: [KEEPALIVE] },
  { begins: 'create ppp', first: ['over'], further: 'set ppp', together: [KEEPALIVE] },
  { begins: 'set ppp template', first: [], further: 'set ppp template', together: [KEEPALIVE] },
  { begins: 'set ppp', first: ['over'], further: 'set ppp', together: [KEEPALIVE] },
  { begins: 'add l2tp call', first: ['type', 'ip', 'remote', 'dial', 'subaddress'], further: 'set l2tp call' },
  { begins: 'add user', first: ['password', 'privilege', 'login'], further: 'set user', together: [['ipaddress', 'netmask']] },
  { begins: 'add ip interface', first: ['ipaddress', 'ip', 'mask'], further: 'set ip interface' },
  { begins: 'create log output', first: ['destination', 'server'], further: 'set log output' },
  { begins: 'set system', first: [], further: 'set system' },
  { begins: 'set loader', first: [], further: 'set loader' },
  { begins: 'set user', first: [], further: 'set user' },
];

/** The words of a line, blanks inside quotation marks kept. */
const wordsOf = (line: string): string[] => line.match(/(?:[^ "]|"[^"]*")+/g) ?? [];

const nameOf = (word: string): string => word.split('=')[0] ?? word;

/** `line` as it is where it fits, else cut where its command permits. Running the pieces in order does what the line does. */
export function splitLong(line: string, most = LINE): string[] {
  if (line.length <= most) return [line];
  const rule = RULES.find(({ begins }) => line.startsWith(`${begins} `) || line.startsWith(`${begins}=`));
  if (rule === undefined) return [line];
  const words = wordsOf(line);
  const depth = rule.begins.split(' ').length;
  const object = words[depth - 1] ?? '';
  const value = object.includes('=') ? object.slice(object.indexOf('=')) : '';
  const params = words.slice(depth);
  const stays = params.filter((word) => rule.first.includes(nameOf(word)));
  const units = unitsOf(params.filter((word) => !rule.first.includes(nameOf(word))), rule.together ?? []);
  const lines: string[] = [];
  let current = [`${rule.begins}${value}`, ...stays].join(' ');
  let empty = stays.length === 0 && rule.begins === rule.further;
  for (const unit of units) {
    if (!empty && current.length + 1 + unit.length > most) {
      lines.push(current);
      current = `${rule.further}${value}`;
    }
    current += ` ${unit}`;
    empty = false;
  }
  return [...lines, current];
}

/** The parameters, those that belong together joined. */
function unitsOf(params: readonly string[], together: readonly (readonly string[])[]): string[] {
  const units: string[] = [];
  const used = new Set<string>();
  for (const word of params) {
    if (used.has(word)) continue;
    const group = together.find((names) => names.includes(nameOf(word)));
    const unit = group === undefined ? [word] : params.filter((other) => group.includes(nameOf(other)));
    for (const one of unit) used.add(one);
    units.push(unit.join(' '));
  }
  return units;
}

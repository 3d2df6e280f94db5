// SHOW DEBUG: the support dump. Runs SHOW commands one after the other and joins what they print; secrets are blotted out.

import type { Context, Outcome, Pending, Text } from '../cli/command.ts';
import { printMessage, type Message } from '../cli/messages.ts';

/** What the dump holds, in this order. Commands that this build lacks answer with their error and the dump goes on. */
export const DUMP = [
  'show system',
  'show config',
  'show config dynamic',
  'show file',
  'show flash',
  'show cpu',
  'show buffer',
  'show interface',
  'show ip',
  'show ip interface',
  'show ip route',
  'show ip arp',
  'show ip pool',
  'show ip nat',
  'show ip filter',
  'show ip dns',
  'show dhcp',
  'show ppp',
  'show ppp config',
  'show ppp counter',
  'show ppp template',
  'show ppp pppoe',
  'show isdn call',
  'show acc call',
  'show radius',
  'show l2tp',
  'show l2tp call',
  'show l2tp counter',
  'show l2tp ip',
  'show l2tp user',
  'show l2tp tunnel',
  'show l2tp tunnel counter',
  'show l2tp tunnel call',
  'show user configuration',
  'show telnet',
  'show log output',
  'show log',
] as const;

const BLOTTED = '****';
/** Parameters of command lines whose values are secrets. */
const PARAMETER = /\b(\w*password|secret|key|value)=("[^"]*"?|\S+)/gi;
/** Lines like "Password ...... l2tpB". */
const FIELD = /^(\s*[A-Za-z ]*password\s*\.+ )(.+)$/gim;
/** The list under "Passwords" in SHOW L2TP: an address range and its password each. */
const LIST = /^Passwords[ ]*\n(?: *[0-9.]+(?: - [0-9.]+)? \.+ .*(?:\n|$))+/gm;

const unlessNotSet = (whole: string, label: string, value: string): string => (value.trim() === 'not set' ? whole : label + BLOTTED);

/** Without the secrets that configuration lines and SHOW outputs name. */
export const blot = (text: string): string =>
  text
    .replace(PARAMETER, (_, name: string) => `${name}=${BLOTTED}`)
    .replace(FIELD, unlessNotSet)
    .replace(LIST, (list) => list.replace(/^( *[0-9.]+(?: - [0-9.]+)? \.+ )(.+)$/gm, unlessNotSet));

const isPending = (outcome: Outcome): outcome is Pending => typeof outcome === 'object' && 'pending' in outcome;

/** Joins the outputs of `lines`; `run` is the command table with this session's rights. */
export function dump(lines: readonly string[], run: (line: string) => Outcome | undefined, done: (text: Text) => void): void {
  const parts: string[] = [];
  const note = (line: string, outcome: Message | Text | 'silent' | undefined): void => {
    const body = outcome === undefined || outcome === 'silent' ? '' : 'severity' in outcome ? printMessage(outcome) : outcome.text;
    parts.push('', `# ${line}`, blot(body));
  };
  const next = (at: number): void => {
    for (let i = at; i < lines.length; i++) {
      const line = lines[i] ?? '';
      const outcome = run(line);
      if (outcome !== undefined && isPending(outcome)) {
        const following = i + 1;
        outcome.pending((answer) => {
          note(line, answer);
          next(following);
        });
        return;
      }
      note(line, outcome);
    }
    done({ text: parts.slice(1).join('\n') });
  };
  next(0);
}

/** The session that asks, for the commands of the dump: what they print later is not part of it. */
export const quiet = (context: Context): Context => ({ ...context, print: () => {}, ask: (_prompt, _options, answer) => answer(undefined), logoff: () => {} });

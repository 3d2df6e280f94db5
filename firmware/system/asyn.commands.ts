// SET and SHOW ASYN: how many lines a page of output has on every terminal (AR740 command reference, "Operation": --More--).

import { command, form, write, type Command, type ConfigSection } from '../cli/command.ts';
import { messages } from '../cli/messages.ts';
import { PAGE } from '../cli/screen.ts';

/** The consoles as these commands see them. */
export interface AsynOwner {
  /** Lines to a page of every session, those to come included; Infinity for no paging. */
  page: number;
}

const SET_ASYN = form({ syntax: 'SET ASYN PAGE={OFF|2..1000}', level: 'manager', example: 'SET ASYN PAGE=50', help: 'Sets after how many lines output on terminals waits for a key, 22 by default. OFF prints everything at once.' });
const SHOW_ASYN = form({ syntax: 'SHOW ASYN', level: 'user', example: 'SHOW ASYN', help: 'Shows how many lines a page has.' });

export function asynCommands(owner: AsynOwner): Command[] {
  return [
    command(SET_ASYN, {
      apply: ({ page }) => {
        owner.page = page === 'OFF' ? Infinity : page.value;
        return messages.tty.done();
      },
    }),
    command(SHOW_ASYN, {
      apply: () => {
        const rule = '-'.repeat(79);
        return { text: ['ASYN Module Configuration', rule, `Page (lines) ............ ${Number.isFinite(owner.page) ? owner.page : 'OFF'}`, rule].join('\n') };
      },
    }),
  ];
}

/** ASYN section. */
export function asynConfig({ page }: AsynOwner): ConfigSection[] {
  if (page === PAGE) return [];
  return [{ title: 'ASYN', lines: [write(SET_ASYN, { page: Number.isFinite(page) ? { value: page } : 'OFF' })] }];
}

// ENABLE, DISABLE, SET and SHOW TELNET (AR740 command reference, "Terminal server"). The server itself is the console's (cli).

import { command, form, write, type Command, type ConfigSection } from '../cli/command.ts';
import { messages } from '../cli/messages.ts';

export const TELNET_PORT = 23;

/** The TELNET server as these commands see it. */
export interface TelnetOwner {
  readonly enabled: boolean;
  readonly port: number;
  /** Starts to listen; why it cannot as one sentence, undefined = listens. */
  enable(): string | undefined;
  /** Listens no more; sessions that are open stay. */
  disable(): void;
  /** Takes another port, at once where the server is enabled; why it cannot, and then the old port stays. */
  setPort(port: number): string | undefined;
  /** Who is connected: 'manager from 192.168.1.5:40123'. */
  sessions(): readonly string[];
}

const ENABLE = form({ syntax: 'ENABLE TELNET SERVER', level: 'manager', example: 'ENABLE TELNET SERVER', help: 'Accepts TELNET sessions to this router.' });
const DISABLE = form({ syntax: 'DISABLE TELNET SERVER', level: 'manager', example: 'DISABLE TELNET SERVER', help: 'Accepts no further TELNET sessions; those that are open stay.' });
const SET_TELNET = form({ syntax: 'SET TELNET LISTENPORT=1..65535', level: 'manager', example: 'SET TELNET LISTENPORT=2323', help: 'Sets the TCP port of the TELNET server, 23 by default.' });
const SHOW_TELNET = form({ syntax: 'SHOW TELNET', level: 'manager', example: 'SHOW TELNET', help: 'Shows the TELNET server and its sessions.' });

export function telnetCommands(owner: TelnetOwner): Command[] {
  return [
    command(ENABLE, {
      verify: () => (owner.enabled ? messages.system.telnetAlreadyOn() : undefined),
      apply: () => {
        const failure = owner.enable();
        return failure === undefined ? messages.system.telnetOn() : messages.system.telnetFailed(failure.replace(/\.$/, ''));
      },
    }),
    command(DISABLE, {
      verify: () => (owner.enabled ? undefined : messages.system.telnetAlreadyOff()),
      apply: () => {
        owner.disable();
        return messages.system.telnetOff();
      },
    }),
    command(SET_TELNET, {
      apply: (a) => {
        const failure = owner.setPort(a.listenport);
        return failure === undefined ? messages.system.done() : messages.system.telnetFailed(failure.replace(/\.$/, ''));
      },
    }),
    command(SHOW_TELNET, {
      apply: () => {
        const row = (label: string, value: string): string => `${`${label} `.padEnd(25, '.')} ${value}`;
        const sessions = owner.sessions();
        return {
          text: ['TELNET Module Configuration', '-'.repeat(79), row('Telnet Server', owner.enabled ? 'enabled' : 'disabled'), row('Listen Port', String(owner.port)), row('Sessions', String(sessions.length)), ...sessions.map((s) => `  ${s}`), '-'.repeat(79)].join('\n'),
        };
      },
    }),
  ];
}

/** TELNET section: the server is enabled on a new router. */
export function telnetConfig(owner: TelnetOwner): ConfigSection[] {
  const lines: string[] = [];
  if (owner.port !== TELNET_PORT) lines.push(write(SET_TELNET, { listenport: owner.port }));
  if (!owner.enabled) lines.push(write(DISABLE, {}));
  return lines.length === 0 ? [] : [{ title: 'TELNET', lines }];
}

// Commands of modules that this build does not have, gathered from their rooms: parsed in full, answered with an error, kept for CREATE CONFIG.

import type { Command } from './cli/command.ts';
import { firewallCommands } from './firewall/firewall.commands.ts';
import { ipsecCommands } from './ipsec/ipsec.commands.ts';
import { isakmpCommands } from './ipsec/isakmp.commands.ts';
import { keyCommands } from './ipsec/key.commands.ts';

const ROOMS = [
  firewallCommands, keyCommands, ipsecCommands, isakmpCommands,
];

/** `keep` stores a line in full words. */
export const laterCommands = (keep: (line: string) => void): Command[] => ROOMS.flatMap((commands) => commands({ keep }));

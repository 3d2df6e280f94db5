// The commands that are the console's own: LOGIN, LOGOFF, HELP (AR740 command reference, "Operation").

import { command, form, type Command, type Context, type Outcome } from './command.ts';
import { helpText } from './help.ts';
import { messages } from './messages.ts';
import type { CommandTable } from './table.ts';

const HELP_LOGOFF = 'Ends your session. What has not been saved with CREATE CONFIG stays in force until the next restart.';
const LOGOFF = form({ syntax: 'LOGOFF', level: 'user', example: 'LOGOFF', help: HELP_LOGOFF });
const LOGOUT = form({ syntax: 'LOGOUT', level: 'user', example: 'LOGOUT', help: HELP_LOGOFF });
const LO = form({ syntax: 'LO', level: 'user', example: 'LO', help: HELP_LOGOFF });
const HELP_LOGIN = 'Gives this session to another user, who is asked for the password.';
const LOGIN = form({ syntax: 'LOGIN [[NAME=]login-name]', level: 'user', example: 'LOGIN manager', help: HELP_LOGIN });
const LOGON = form({ syntax: 'LOGON [[NAME=]login-name]', level: 'user', example: 'LOGON manager', help: HELP_LOGIN });
const HELP = form({ syntax: 'HELP [[TOPIC=]topic] [[OBJECT=]topic] [[SUBJECT=]topic]', level: 'user', example: 'HELP ADD L2TP CALL', help: 'Explains commands: their parameters, defaults and an example each. The topic is the beginning of a command, up to three words of it, or a word in it.' });

/** The console's own commands. `table` is asked for when HELP is given: it holds these commands too. */
export function sessionCommands(table: () => CommandTable): Command[] {
  const logoff = (_: object, context: Context): Outcome => {
    context.logoff();
    return 'silent';
  };
  const login = ({ name }: { readonly name?: string | undefined }, context: Context): Outcome => {
    if (context.login === undefined) return messages.user.fromHere();
    context.login(name);
    return 'silent';
  };
  return [
    command(LOGOFF, { apply: logoff }),
    command(LOGOUT, { apply: logoff }),
    command(LO, { apply: logoff }),
    command(LOGIN, { apply: login }),
    command(LOGON, { apply: login }),
    command(HELP, { apply: ({ topic, object, subject }, context) => ({ text: helpText(table().forms(context.level), [topic, object, subject].filter((word) => word !== undefined).join(' ')) }) }),
  ];
}

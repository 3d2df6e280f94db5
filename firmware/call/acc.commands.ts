// Asynchronous calls (AlliedWare ACC chapter): read, not carried out by this build.

import { type Command, form } from '../cli/command.ts';
import { type Keeper, later } from '../cli/later.ts';

const OPTIONS = `[ASYN=0..255] [AUTHENTICATION={NONE|CHAP|PAP|USER}] [CDSCRIPT=file-name] [ENCAPSULATION={NONE|PPP}] [NUMBER=phone-number] [PASSWORD=password]
  [PPPTEMPLATE=0..31] [USERNAME=login-name]`;

const FORMS = [
  form({
    syntax: `ADD ACC CALL=call-name DIRECTION={ANSWER|ORIGINATE} ${OPTIONS}`,
    level: 'manager',
    example: 'ADD ACC CALL=dialin DIRECTION=ANSWER ENCAPSULATION=PPP PPPTEMPLATE=0',
    help: 'Defines a call on an asynchronous port: one that a modem answers or makes.',
  }),
  form({
    syntax: `SET ACC CALL=call-name [DIRECTION={ANSWER|ORIGINATE}] ${OPTIONS}`,
    level: 'manager',
    example: 'SET ACC CALL=dialin ASYN=1',
    help: 'Changes an asynchronous call; parameters not given stay as they are.',
  }),
  form({ syntax: 'DELETE ACC CALL=call-name', level: 'manager', example: 'DELETE ACC CALL=dialin', help: 'Deletes an asynchronous call.' }),
  form({ syntax: 'ACTIVATE ACC CALL=call-name', level: 'manager', example: 'ACTIVATE ACC CALL=dialin', help: 'Makes an asynchronous call.' }),
  form({ syntax: 'DEACTIVATE ACC CALL=call-name', level: 'manager', example: 'DEACTIVATE ACC CALL=dialin', help: 'Ends an asynchronous call.' }),
  form({ syntax: 'SHOW ACC CALL[=call-name]', level: 'manager', example: 'SHOW ACC CALL=dialin', help: 'Shows asynchronous calls.' }),
];

export const accCommands = (keeper: Keeper): Command[] => FORMS.map((one) => later(one, keeper));

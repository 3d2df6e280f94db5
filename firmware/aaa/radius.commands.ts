// RADIUS servers (AlliedWare Operation chapter, "User authentication"): read, not carried out by this build.

import { type Command, form } from '../cli/command.ts';
import { type Keeper, later } from '../cli/later.ts';

const FORMS = [
  form({
    syntax: 'ADD RADIUS SERVER=ipadd SECRET=secret [PORT=port] [ACCPORT=port] [LOCAL={1..15|NONE}]',
    level: 'manager',
    example: 'ADD RADIUS SERVER=192.0.2.9 SECRET=s3cret',
    help: 'Adds a RADIUS server. Usual ports are 1645 and for accounting 1646.',
  }),
  form({ syntax: 'DELETE RADIUS SERVER=ipadd', level: 'manager', example: 'DELETE RADIUS SERVER=192.0.2.9', help: 'Forgets a RADIUS server.' }),
  form({
    syntax: 'SET RADIUS [TIMEOUT=1..15] [RETRANSMIT=1..5] [DEADTIME=0..1440]',
    level: 'manager',
    example: 'SET RADIUS TIMEOUT=6 RETRANSMIT=3',
    help: 'Seconds until a request is repeated, how often, and for how many minutes a silent server is not asked.',
  }),
  form({ syntax: 'SHOW RADIUS', level: 'manager', example: 'SHOW RADIUS', help: 'Shows the RADIUS servers.' }),
];

export const radiusCommands = (keeper: Keeper): Command[] => FORMS.map((one) => later(one, keeper));

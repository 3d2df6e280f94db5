// Encryption keys (AlliedWare Compression and Encryption chapter, CREATE ENCO KEY): read, not carried out by this build.

import { type Command, form } from '../cli/command.ts';
import { type Keeper, later } from '../cli/later.ts';

const FORMS = [
  form({
    syntax: `CREATE ENCO KEY=0..65535 TYPE={DES|3DES2KEY|3DESINNER|3DESOUTER|AES128|AES192|AES256|GENERAL|RSA} [DESCRIPTION=string(1..25)] [FILE=file-name]
      [FORMAT={HEX|NIQ|SSH}] [IPADDRESS=ipadd] [LENGTH=2..2048] [MODULE=name] [{RANDOM|VALUE=secret}]`,
    level: 'manager',
    example: 'CREATE ENCO KEY=1 TYPE=GENERAL VALUE="pre shared"',
    help: 'Stores a key: by its value, at random, or from a file. A key that two routers share is TYPE=GENERAL.',
  }),
  form({ syntax: 'DESTROY ENCO KEY=0..65535', level: 'manager', example: 'DESTROY ENCO KEY=1', help: 'Forgets a key.' }),
  form({ syntax: 'SHOW ENCO KEY[=0..65535]', level: 'manager', example: 'SHOW ENCO KEY', help: 'Shows which keys there are.' }),
];

export const keyCommands = (keeper: Keeper): Command[] => FORMS.map((one) => later(one, keeper));

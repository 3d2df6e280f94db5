// ISDN calls (AlliedWare ISDN chapter): read, not carried out by this build.

import { type Command, form } from '../cli/command.ts';
import { type Keeper, later } from '../cli/later.ts';

const OPTIONS = `[ALTNUMBER=phone-number] [CALLBACK={ON|OFF}] [CALLINGNUMBER=phone-number] [CALLINGSUBADDRESS=subaddress] [CBDELAY=0..100]
  [CHECKCLI={OFF|PRESENT|REQUIRED}] [CHECKSUB={OFF|LOCAL|REMOTE}] [CHECKUSER={OFF|LOCAL|REMOTE}] [DIRECTION={IN|OUT|BOTH}] [HOLDUP=0..7200] [INANY={ON|OFF}]
  [INCLI={ON|OFF|0..99}] [INSUB={OFF|LOCAL|REMOTE}] [INTPREF={interface|NONE}] [INTREQ={interface|NONE}] [INUSER={OFF|LOCAL|REMOTE}] [KEEPUP={ON|OFF}]
  [LOGIN={ALL|CHAP|NONE|PAP-RADIUS|PAP-TACACS|RADIUS|TACACS|USER}] [OUTCLI={OFF|CALLING|INTERFACE|NONUMBER}] [OUTSUB={OFF|LOCAL|REMOTE}]
  [OUTUSER={OFF|LOCAL|REMOTE}] [PASSWORD=password] [PPPTEMPLATE=0..31] [PRIORITY=0..99] [RATE={56K|64K}] [REMOTECALL=call-name] [RETRYN1=0..10] [RETRYN2=0..5]
  [RETRYT1=5..120] [RETRYT2=300..1200] [SUBADDRESS=subaddress] [USER={ATTACH|PPP}] [USERNAME=login-name]`;

const FORMS = [
  form({
    syntax: `ADD ISDN CALL=call-name NUMBER=phone-number PRECEDENCE={IN|OUT} ${OPTIONS}`,
    level: 'manager',
    example: 'ADD ISDN CALL=rmt NUMBER=0 PRECEDENCE=IN INANY=ON INTREQ=bri0 USER=PPP PPPTEMPLATE=0',
    help: 'Defines a call on an ISDN port: whom to call, and which calls that come in belong to it. With USER=PPP and a template each caller gets a PPP interface.',
  }),
  form({
    syntax: `SET ISDN CALL=call-name [NUMBER=phone-number] [PRECEDENCE={IN|OUT}] ${OPTIONS}`,
    level: 'manager',
    example: 'SET ISDN CALL=rmt HOLDUP=60',
    help: 'Changes an ISDN call; parameters not given stay as they are.',
  }),
  form({ syntax: 'DELETE ISDN CALL=call-name', level: 'manager', example: 'DELETE ISDN CALL=rmt', help: 'Deletes an ISDN call.' }),
  form({ syntax: 'ENABLE ISDN CALL=call-name', level: 'manager', example: 'ENABLE ISDN CALL=rmt', help: 'Lets an ISDN call be made again.' }),
  form({ syntax: 'DISABLE ISDN CALL=call-name', level: 'manager', example: 'DISABLE ISDN CALL=rmt', help: 'Lets an ISDN call not be made.' }),
  form({ syntax: 'ACTIVATE ISDN CALL=call-name', level: 'manager', example: 'ACTIVATE ISDN CALL=rmt', help: 'Makes an ISDN call.' }),
  form({ syntax: 'DEACTIVATE ISDN CALL=call-name', level: 'manager', example: 'DEACTIVATE ISDN CALL=rmt', help: 'Ends an ISDN call.' }),
  form({ syntax: 'SHOW ISDN CALL[=call-name]', level: 'manager', example: 'SHOW ISDN CALL=rmt', help: 'Shows ISDN calls.' }),
];

export const isdnCommands = (keeper: Keeper): Command[] => FORMS.map((one) => later(one, keeper));

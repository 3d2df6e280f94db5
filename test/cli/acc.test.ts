// ACC CALL commands as the operator types them, what they show, and the configuration they come back as.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { DialRig } from '../sim/calls-dial.rig.ts';

const OK = 'Info (146003): Operation successful.';

test('what is written of a call with all its parameters makes the same call again', () => {
  const rig = new DialRig('asyn1');
  const line = 'ADD ACC CALL=all DIRECTION=ORIGINATE ASYN=1 AUTHENTICATION=CHAP CDSCRIPT=dial.scp ENCAPSULATION=NONE NUMBER=031 PASSWORD="two words" PPPTEMPLATE=31 USERNAME=hq';
  assert.is(rig.say(line), OK);
  const lines = rig.config();
  assert.equal(lines, [
    'add acc call=all direction=originate asyn=1 authentication=chap cdscript=dial.scp encapsulation=none number=031 password="two words" ppptemplate=31 username=hq',
  ]);
  const again = new DialRig('asyn1');
  for (const one of lines) assert.is(again.say(one), OK);
  assert.equal(again.config(), lines);
});

test('SET ACC CALL changes what it names and leaves the rest', () => {
  const rig = new DialRig('asyn1');
  rig.say('ADD ACC CALL=dialin DIRECTION=ANSWER ENCAPSULATION=PPP PPPTEMPLATE=0');
  assert.is(rig.say('SET ACC CALL=dialin ASYN=1 AUTHEN=CHAP'), OK);
  assert.equal(rig.config(), ['add acc call=dialin direction=answer asyn=1 authentication=chap ppptemplate=0']);
});

const REFUSED: [string, string][] = [
  ['ADD ACC CALL=dialin DIRECTION=ANSWER', 'Error (346040): ACC call dialin already exists; SET ACC CALL changes it.'],
  ['ADD ACC CALL=new', 'Error (335260): Parameter "DIRECTION" missing'],
  ['ADD ACC CALL=new DIRECTION=ORIGINATE', 'Error (346052): Parameter "NUMBER" is required with DIRECTION=ORIGINATE.'],
  ['SET ACC CALL=dialin ASYN=asyn1', 'Error (335261): Value "asyn1" not valid for parameter "ASYN"'],
  ['SET ACC CALL=dialin', 'Error (335276): Nothing to set'],
  ['DELETE ACC CALL', 'Error (335259): Value missing for parameter "CALL"'],
  ['DELETE ACC CALL=other', 'Error (346041): ACC call other not found.'],
  ['ACTIVATE ACC CALL=a.b', 'Error (335261): Value "a.b" not valid for parameter "CALL"'],
  ['ACTIVATE ACC CALL=dialin', 'Error (346047): ACC call dialin cannot be made: its DIRECTION is ANSWER.'],
  ['DEACTIVATE ACC CALL=dialin', 'Warning (246044): ACC call dialin is not active.'],
  ['SHOW ACC CALL=a-b', 'Error (335261): Value "a-b" not valid for parameter "CALL"'],
];
for (const [line, answer] of REFUSED) {
  test(`"${line}" is answered with why not`, () => {
    const rig = new DialRig('asyn1');
    rig.say('ADD ACC CALL=dialin DIRECTION=ANSWER PPPTEMPLATE=0');
    const before = rig.config();
    assert.ok(rig.say(line).startsWith(answer), rig.say(line));
    assert.equal(rig.config(), before);
  });
}

test('SHOW ACC CALL lists the calls, and one with its line and its parameters', () => {
  const rig = new DialRig('asyn1');
  assert.is(rig.say('SHOW ACC CALL'), 'Info (146004): There are no ACC calls.');
  rig.say('ADD ACC CALL=dialin DIRECTION=ANSWER PPPTEMPLATE=0');
  const rule = '-'.repeat(79);
  assert.equal(rig.say('SHOW ACC CALL').split('\n'), [
    'ACC Call Information',
    rule,
    'Name            Number               Remote call     Direction Prec    State',
    rule,
    'dialin          -                    -               ANSWER    -       idle',
    rule,
  ]);
  const user = rig.ready('asyn1');
  user.modem.ring('', '');
  rig.pass(5000);
  assert.match(rig.say('SHOW ACC CALL=dialin'), /^Name : dialin\nState \.+ up\nPPP over ACC-dialin \.+ ppp1\nLine \.+ asyn1, online\n/);
});

test('a call with ENCAPSULATION=NONE is not answered, and the log says why', () => {
  const rig = new DialRig('asyn1');
  rig.say('ADD ACC CALL=tty DIRECTION=ANSWER ENCAPSULATION=NONE');
  const user = rig.ready('asyn1');
  user.modem.ring('', '');
  rig.pass(5000);
  assert.equal(user.events, []);
  assert.match(rig.log.at(-1) ?? '', /not answered: ACC-tty: ENCAPSULATION=NONE: terminal sessions over calls are not available/);
});

test.run();

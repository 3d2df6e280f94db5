// ISDN CALL commands as the operator types them, what they show, and the configuration they come back as.

import { test } from 'uvu';
import * as assert from 'uvu/assert';

import { DialRig } from '../sim/calls-dial.rig.ts';

const OK = 'Info (137003): Operation successful.';
const SEED = 'ADD ISDN CALL=rmt NUMBER=0 PRECEDENCE=IN INANY=ON INTREQ=bri0 USER=PPP PPPTEMPLATE=0';

test('ADD ISDN CALL takes the line of the remote-access example and writes it back', () => {
  const rig = new DialRig('bri0');
  assert.is(rig.say(SEED), OK);
  assert.equal(rig.config(), ['add isdn call=rmt number=0 precedence=in inany=on intreq=bri0 ppptemplate=0 user=ppp']);
});

const EVERYTHING =
  'ALTNUMBER=069 CALLBACK=ON CALLINGNUMBER=031 CALLINGSUBADDRESS=5 CBDELAY=7 CHECKCLI=PRESENT CHECKSUB=LOCAL CHECKUSER=REMOTE DIRECTION=OUT HOLDUP=60 INANY=ON INCLI=7 ' +
  'INSUB=REMOTE INTPREF=bri1 INTREQ=bri0 INUSER=LOCAL KEEPUP=ON LOGIN=PAP-RADIUS OUTCLI=CALLING OUTSUB=LOCAL OUTUSER=REMOTE PASSWORD="two words" PPPTEMPLATE=31 PRIORITY=99 ' +
  'RATE=56K REMOTECALL=far RETRYN1=10 RETRYN2=5 RETRYT1=5 RETRYT2=1200 SUBADDRESS=10 USER=PPP USERNAME=hq@example';

test('what is written of a call with all its parameters makes the same call again', () => {
  const rig = new DialRig('bri0');
  assert.is(rig.say(`ADD ISDN CALL=all NUMBER=03-1234 PRECEDENCE=OUT ${EVERYTHING}`), OK);
  assert.is(rig.say('DISABLE ISDN CALL=all'), OK);
  const lines = rig.config();
  for (const word of EVERYTHING.match(/[A-Z0-9]+(?==)/g) ?? []) assert.ok(lines.some((line) => line.includes(` ${word.toLowerCase()}=`)), word);
  const again = new DialRig('bri0');
  for (const line of lines) assert.is(again.say(line), OK, line);
  assert.equal(again.config(), lines);
  assert.is(again.say('SHOW ISDN CALL=all'), rig.say('SHOW ISDN CALL=all'));
});

test('SET ISDN CALL changes what it names and leaves the rest', () => {
  const rig = new DialRig('bri0');
  rig.say(SEED);
  assert.is(rig.say('SET ISDN CALL=RMT HOLDUP=60 INTREQ=NONE'), OK);
  assert.equal(rig.config(), ['add isdn call=rmt number=0 precedence=in holdup=60 inany=on ppptemplate=0 user=ppp']);
  assert.match(rig.say('SET ISDN CALL=rmt'), /^Error \(335276\): Nothing to set/);
});

const REFUSED: [string, string][] = [
  ['ADD ISDN CALL=rmt NUMBER=1 PRECEDENCE=IN', 'Error (337040): ISDN call rmt already exists; SET ISDN CALL changes it.'],
  ['ADD ISDN CALL=new NUMBER=1', 'Error (335260): Parameter "PRECEDENCE" missing'],
  ['ADD ISDN CALL=new NUMBER=1 PRECEDENCE=IN USER=PPP', 'Error (337052): Parameter "PPPTEMPLATE" is required with USER=PPP.'],
  ['ADD ISDN CALL=new NUMBER=1a PRECEDENCE=IN', 'Error (335261): Value "1a" not valid for parameter "NUMBER"'],
  ['SET ISDN CALL=rmt HOLDUP=7201', 'Error (335261): Value "7201" not valid for parameter "HOLDUP"'],
  ['SET ISDN CALL=other HOLDUP=1', 'Error (337041): ISDN call other not found.'],
  ['SHOW ISDN CALL=other', 'Error (337041): ISDN call other not found.'],
  ['SHOW ISDN CALL=sixteen_letters_', 'Error (335261): Value "sixteen_letters_" not valid for parameter "CALL"'],
  ['DELETE ISDN CALL', 'Error (335259): Value missing for parameter "CALL"'],
  ['DELETE ISDN CALL=other', 'Error (337041): ISDN call other not found.'],
  ['ENABLE ISDN CALL="a b"', 'Error (335261): Value "a b" not valid for parameter "CALL"'],
  ['ENABLE ISDN CALL=rmt', 'Warning (237045): ISDN call rmt is already enabled.'],
  ['DISABLE ISDN CALL=rmt NOW', 'Error (335257): Parameter "NOW" not recognised'],
  ['ACTIVATE ISDN', 'Error (335260): Parameter "CALL" missing'],
  ['ACTIVATE ISDN CALL=rmt', 'Error (337047): ISDN call rmt cannot be made: no line of bri0 is connected.'],
  ['DEACTIVATE ISDN CALL=rmt', 'Warning (237044): ISDN call rmt is not active.'],
  ['DEACTIVATE ISDN CALL=', 'Error (335259): Value missing for parameter "CALL"'],
];
for (const [line, answer] of REFUSED) {
  test(`"${line}" is answered with why not`, () => {
    const rig = new DialRig('bri0');
    rig.say(SEED);
    const before = rig.config();
    assert.ok(rig.say(line).startsWith(answer), rig.say(line));
    assert.equal(rig.config(), before);
  });
}

test('a call that a static interface is over is not deleted, and a disabled one is neither made nor answered', () => {
  const rig = new DialRig('bri0');
  rig.say('ADD ISDN CALL=toi NUMBER=031 PRECEDENCE=OUT INANY=ON');
  assert.is(rig.say('ACTIVATE ISDN CALL=toi'), 'Error (337047): ISDN call toi cannot be made: no PPP interface is over it (CREATE PPP OVER=ISDN-toi) and no PPP template answers for it.');
  rig.interfaces.set('isdn-toi', { name: 'ppp0', enabled: true });
  assert.is(rig.say('DELETE ISDN CALL=toi'), 'Error (337042): ISDN call toi is in use by interface ppp0; destroy the interface or end the call first.');
  rig.say('DISABLE ISDN CALL=toi');
  assert.equal(rig.config(), ['add isdn call=toi number=031 precedence=out inany=on', 'disable isdn call=toi']);
  const far = rig.ready('bri0');
  rig.dial.want('ISDN-toi', rig.world.now);
  far.modem.ring('', '');
  rig.pass(20_000);
  assert.equal([far.dialled, far.events], [[], []]);
  assert.is(rig.say('ACTIVATE ISDN CALL=toi'), 'Error (337047): ISDN call toi cannot be made: it is disabled.');
  assert.is(rig.say('ENABLE ISDN CALL=toi'), OK);
  rig.pass(100);
  assert.equal(far.dialled, ['031']);
});

test('SHOW ISDN CALL lists the calls, and one with its line, its interface and its parameters', () => {
  const rig = new DialRig('bri0');
  assert.is(rig.say('SHOW ISDN CALL'), 'Info (137004): There are no ISDN calls.');
  rig.say(SEED);
  rig.say('ADD ISDN CALL=fifteen_letters NUMBER=0312345678901234567890123456789 PRECEDENCE=OUT REMOTECALL=fifteen_letters DIRECTION=OUT');
  const user = rig.ready('bri0');
  user.modem.ring('031', '');
  rig.pass(1000);
  const rule = '-'.repeat(79);
  assert.equal(rig.say('SHOW ISDN CALL').split('\n'), [
    'ISDN Call Information',
    rule,
    'Name            Number               Remote call     Direction Prec    State',
    rule,
    'rmt             0                    -               BOTH      IN      up',
    'fifteen_letters 0312345678901234567890123456789 fifteen_letters OUT OUT idle',
    rule,
  ]);
  const one = rig.say('SHOW ISDN CALL=rmt').split('\n');
  assert.equal(one.slice(0, 6), [
    'Name : rmt',
    'State .................... up',
    'PPP over ISDN-rmt ........ ppp1',
    'Line ..................... bri0, online',
    'Frames ................... 0 received',
    rule,
  ]);
  assert.ok(one.includes('INANY .................... on'));
  assert.ok(one.includes('PASSWORD ................. not set'));
  rig.say('SET ISDN CALL=rmt PASSWORD=geheim');
  assert.ok(rig.say('SHOW ISDN CALL=rmt').includes('PASSWORD ................. (set)'));
  assert.not.match(rig.say('SHOW ISDN CALL=rmt'), /geheim/);
});

test('SHOW ISDN CALL counts what was damaged on the line', () => {
  const rig = new DialRig('bri0');
  rig.say(SEED);
  const user = rig.ready('bri0');
  user.modem.ring('', '');
  rig.pass(1000);
  user.send(Uint8Array.of(0xc0, 0x21, 1, 1, 0, 4));
  user.modem.send(Uint8Array.of(0x7e, 1, 2, 3, 4, 5, 6, 0x7e, 0xff, 0x7d, 0x7e));
  rig.pass(10);
  assert.match(rig.say('SHOW ISDN CALL=rmt'), /Frames \.+ 1 received, 1 aborted, 1 bad check\n/);
});

test.run();

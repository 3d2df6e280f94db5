// Every reason a call gives for not being up is provoked once, and its sentence names what an operator can act on.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ADMISSION } from '../../../firmware/l2tp/admission.ts';
import { type ReasonKind, type Unreachable, sentence } from '../../../firmware/l2tp/reason.ts';
import { B, type Node, configure, ip, pair, underlayOf, withRaw } from './world.ts';

const test = suite('Reasons of a call');
const SCCRP = { type: 'SCCRP', protocolVersion: 0x0100, framingCapabilities: 3, hostName: 'raw', assignedTunnelId: 5 } as const;

/** What SHOW L2TP CALL prints behind Status. */
const status = (node: Node, call = 'remote'): string => node.server.callStatus(node.now).find((s) => s.call.name === call)?.waiting ?? '(up or not wanted)';
const kind = (node: Node): ReasonKind | undefined => node.server.reasonOf('remote')?.kind;

/** Each provokes one reason and returns the node that has it, and what Status must look like. */
const PROVOKE: Readonly<Record<ReasonKind, () => readonly [Node, RegExp]>> = {
  'opening tunnel': () => {
    const { a } = withRaw();
    a.add({ name: 'remote', remote: 'remote', ip: B });
    a.want('remote');
    return [a, /^opening a tunnel to 2\.2\.2\.2$/];
  },
  ringing: () => {
    const { world, a, peer } = withRaw();
    peer.onMessage = (message) => {
      if (message.type === 'SCCRQ') peer.send(SCCRP);
    };
    a.add({ name: 'remote', remote: 'remote', ip: B });
    a.want('remote');
    world.run(3000);
    return [a, /^waiting for 2\.2\.2\.2 to take the call$/];
  },
  'module disabled': () => {
    const { a, world } = withRaw();
    a.server.disable(a.now);
    a.add({ name: 'remote', remote: 'remote', ip: B });
    a.want('remote');
    world.run(10_000);
    return [a, /^the L2TP module is not enabled \(ENABLE L2TP\)$/];
  },
  passive: () => {
    const { a } = withRaw();
    a.add({ name: 'remote', remote: 'remote', ip: '0.0.0.0' });
    a.want('remote');
    return [a, /^waiting for the peer to call \(IP=0\.0\.0\.0\)$/];
  },
  'no route': () => {
    const { a, world } = withRaw();
    a.route = () => undefined;
    a.add({ name: 'remote', remote: 'remote', ip: B });
    a.want('remote');
    world.run(30_000);
    return [a, /^waiting for a route to 2\.2\.2\.2(; calling again in \d s)?$/];
  },
  'route through itself': () => {
    const { a } = withRaw();
    a.route = () => ({ name: 'ppp1', source: ip('10.0.0.1'), mtu: 1460 });
    a.add({ name: 'remote', remote: 'remote', ip: B });
    a.want('remote');
    return [a, /^the route to 2\.2\.2\.2 leads into ppp1, which this call carries/];
  },
  deactivated: () => {
    const { a } = withRaw();
    a.add({ name: 'remote', remote: 'remote', ip: B });
    a.want('remote');
    a.server.deactivate('remote', a.now);
    return [a, /^deactivated by the operator \(ACTIVATE L2TP CALL=remote calls again\)$/];
  },
  'no answer': () => {
    const { world, wire, a } = withRaw();
    wire.up = false;
    a.add({ name: 'remote', remote: 'remote', ip: B });
    a.want('remote');
    world.run(60_000, () => kind(a) === 'no answer');
    return [a, /^no answer from 2\.2\.2\.2: SCCRQ sent \d times, nothing heard from it; calling again in 1 s$/];
  },
  unreachable: () => {
    const { world, a, peer } = withRaw();
    // The kernel of a host where nothing listens on 1701 answers with ICMP.
    peer.board.plane.unlisten(peer.underlay);
    a.add({ name: 'remote', remote: 'remote', ip: B });
    a.want('remote');
    world.run(500);
    return [a, /^2\.2\.2\.2 says that nothing listens on UDP port 1701 \(is L2TP enabled there\?\)/];
  },
  stalled: () => {
    const { world, a } = withRaw();
    a.add({ name: 'remote', remote: 'remote', ip: B });
    a.want('remote');
    world.run(120_000, () => kind(a) === 'stalled');
    return [a, /^2\.2\.2\.2 acknowledges but does not go on with the set-up \(wait-ctl-reply\); calling again/];
  },
  'line lost': () => {
    const { world, wire, a, b } = pair();
    configure({ a, b });
    a.want('remote');
    world.run(2000);
    wire.up = false;
    world.run(150_000, () => kind(a) === 'line lost');
    return [a, /^2\.2\.2\.2 stopped answering: HELLO sent \d times without acknowledgement; calling again/];
  },
  'password needed': () => {
    const { world, a, b } = pair();
    configure({ a, b }, { a: { password: undefined } });
    a.want('remote');
    world.run(500);
    return [a, /^2\.2\.2\.2 asks for a password and the call has none \(SET L2TP CALL PASSWORD=\)/];
  },
  'not authorised': () => {
    const { world, a, b } = pair();
    configure({ a, b }, { a: { password: 'wrong' } });
    a.want('remote');
    world.run(500);
    return [a, /^2\.2\.2\.2 does not accept our password; calling again/];
  },
  'tunnel refused': () => {
    const { world, a, peer } = withRaw();
    peer.onMessage = (message) => {
      if (message.type === 'SCCRQ') peer.send({ type: 'StopCCN', assignedTunnelId: 5, resultCode: { code: 2, error: 4, message: 'full\u0007' } }, { tunnel: message.assignedTunnelId });
    };
    a.add({ name: 'remote', remote: 'remote', ip: B });
    a.want('remote');
    world.run(100);
    return [a, /^2\.2\.2\.2 refused the tunnel: error, insufficient resources, "full\\x07"; calling again/];
  },
  'tunnel closed': () => {
    const { world, a, b } = pair();
    configure({ a, b });
    a.want('remote');
    world.run(2000);
    b.server.disable(b.now);
    world.run(100);
    return [a, /^2\.2\.2\.2 closed the tunnel: it is being shut down; calling again/];
  },
  'call refused': () => {
    const { world, a } = pair();
    a.add({ name: 'remote', remote: 'nobody', ip: B });
    a.want('remote');
    world.run(500);
    return [a, /^2\.2\.2\.2 refused the call: invalid destination, "there is no call "nobody""; calling again/];
  },
  'call ended': () => {
    const { world, a, b } = pair();
    configure({ a, b });
    a.want('remote');
    world.run(2000);
    b.links.get('remote')?.hangUp('LCP is down', b.now);
    world.run(100);
    return [a, /^2\.2\.2\.2 ended the call: loss of carrier, "LCP is down"; calling again/];
  },
  'protocol error': () => {
    const { world, a, peer } = withRaw();
    peer.onMessage = (message) => {
      if (message.type === 'SCCRQ') peer.send({ ...SCCRP, protocolVersion: 0x0200 });
    };
    a.add({ name: 'remote', remote: 'remote', ip: B });
    a.want('remote');
    world.run(100);
    return [a, /^protocol error with 2\.2\.2\.2: protocol version 2\.0; calling again/];
  },
  replaced: () => {
    const { world, a, b } = pair();
    configure({ a, b });
    a.want('remote');
    b.want('remote');
    world.run(2000);
    // The reason lives for one moment, between the old session and the new one: the interface is told.
    b.server.calls.add({ ...(b.server.calls.get('remote') ?? fail()), name: 'again', remote: 'remote' });
    b.users = { remote: { name: 'ppp1', enabled: true }, again: { name: 'ppp2', enabled: true } };
    a.server.setCall('remote', { password: 'l2tpB' }, a.now);
    b.want('again');
    world.run(500);
    assert.ok(a.events.includes('down remote: 2.2.2.2 called again, it must have restarted'));
    return [a, /./];
  },
  'hung up': () => {
    const { world, a, b } = pair();
    configure({ a, b });
    a.want('remote');
    world.run(2000);
    a.links.get('remote')?.hangUp('the peer did not answer LCP', a.now);
    return [a, /^the peer did not answer LCP; calling again in 1 s$/];
  },
  plane: () => {
    const { world, a, b } = pair();
    configure({ a, b });
    a.board.plane.attach = () => ({ refused: 'the table of sessions is full' });
    a.want('remote');
    world.run(500);
    return [a, /^the data plane cannot carry the call: the table of sessions is full; calling again/];
  },
  'too many': () => {
    const { world, a, b } = pair(1, { a: { limits: { ...ADMISSION, sessions: 0 } } });
    configure({ a, b });
    a.want('remote');
    world.run(500);
    return [a, /^this router has too many L2TP calls already; calling again/];
  },
};

for (const reason of Object.keys(PROVOKE) as ReasonKind[]) {
  test(`SHOW L2TP CALL says it in one sentence: ${reason}`, () => {
    const [node, expected] = PROVOKE[reason]();
    if (reason === 'replaced') return;
    assert.is(kind(node), reason);
    assert.match(status(node), expected);
    assert.not.match(status(node), '\n');
  });
}

/** For each thing that ICMP may call unreachable: a code of its type 3 that says so, and the sentence. */
const ICMP: Readonly<Record<Unreachable, readonly [code: number, expected: RegExp]>> = {
  port: [3, /^2\.2\.2\.2 says that nothing listens on UDP port 1701 \(is L2TP enabled there\?\)/],
  host: [1, /^2\.2\.2\.2 cannot be reached: host unreachable, says ICMP \(is it up\?\)/],
  network: [0, /^2\.2\.2\.2 cannot be reached: network unreachable, says ICMP \(is the way there routed all along\?\)/],
  prohibited: [13, /^2\.2\.2\.2 cannot be reached: a filter on the way refuses UDP port 1701, says ICMP/],
  destination: [-1, /^2\.2\.2\.2 cannot be reached, says ICMP/],
};

for (const [what, [code, expected]] of Object.entries(ICMP)) {
  test(`A call says what ICMP says is unreachable, at once and when it has given up: ${what}`, () => {
    const { world, wire, a } = withRaw();
    wire.up = false;
    a.add({ name: 'remote', remote: 'remote', ip: B });
    a.want('remote');
    world.run(100);
    a.server.punt([{ kind: 'unreachable', underlay: underlayOf(a), peer: ip(B), peerPort: 1701, mtu: 0, code }], a.now);
    assert.match(status(a), expected);
    world.run(60_000, () => /calling again/.test(status(a)));
    assert.is(kind(a), 'unreachable');
    assert.match(status(a), expected);
  });
}

test('A peer that cannot prove the password is named as such', () => {
  assert.is(sentence({ kind: 'not authorised', peer: ip(B), by: 'us' }), '2.2.2.2 could not prove that it knows the password');
});

test('The log has one line for each failure, and no password', () => {
  const { world, a, b } = pair();
  configure({ a, b }, { a: { password: 'topsecret' } });
  a.want('remote');
  world.run(10_000);
  const lines = a.log.map((event) => event.text);
  assert.ok(lines.some((line) => /^call remote: 2\.2\.2\.2 does not accept our password; calling again in \d+ s$/.test(line)));
  assert.not.match([...lines, ...b.log.map((event) => event.text)].join('\n'), /topsecret|l2tpA|l2tpB/);
});

test('A wrong password is counted by both ends as a failed authentication', () => {
  const { world, a, b } = pair();
  configure({ a, b }, { a: { password: 'wrong' } });
  a.want('remote');
  world.run(500);
  assert.is(a.server.module().failedAuthentications, 1);
  assert.is(b.server.module().failedAuthentications, 1);
});

test('A route that appears is used at once when the router says so', () => {
  const { world, a, b } = pair();
  configure({ a, b });
  a.route = () => undefined;
  a.want('remote');
  world.run(1100);
  a.route = undefined;
  a.server.routesChanged(a.now);
  assert.ok(world.run(300, () => a.links.size === 1));
});

function fail(): never {
  throw new Error('no such call');
}

test.run();

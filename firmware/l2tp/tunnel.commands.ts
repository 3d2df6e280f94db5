// SHOW L2TP TUNNEL in all its forms (AR740 command reference 2.6).

import { type Args, type Command, type Outcome, command, form } from '../cli/command.ts';
import { type Message, messages } from '../cli/messages.ts';
import type { L2tpServer } from './server.ts';
import { showCallCounters, showTunnelCall, showTunnelCalls, showTunnelCounters, showTunnels } from './tunnel.show.ts';

const SHOW_TUNNEL = form({
  syntax: 'SHOW L2TP TUNNEL[=tunnel-id] [CALL[=call-id]] [COUNTER]',
  level: 'manager',
  example: 'SHOW L2TP TUNNEL COUNTER',
  help: 'Shows tunnels and the calls in them; CALL shows calls alone, CALL=id all of one, COUNTER what was counted. The IDs are those of this router.',
});

type Wanted = Args<typeof SHOW_TUNNEL>;

export const tunnelCommands = (server: L2tpServer): Command[] => [
  command(SHOW_TUNNEL, { verify: (a) => missing(server, a), apply: (a) => show(server, a) }),
];

function missing(server: L2tpServer, { tunnel, call }: Wanted): Message | undefined {
  const tunnels = server.tunnels().filter((t) => typeof tunnel !== 'number' || t.id === tunnel);
  if (typeof tunnel === 'number' && tunnels.length === 0) return messages.l2tp.tunnelNotFound(tunnel);
  if (typeof call !== 'number' || tunnels.some((t) => t.calls.some((c) => c.id === call))) return undefined;
  return messages.l2tp.sessionNotFound(call);
}

function show(server: L2tpServer, { tunnel, call, counter }: Wanted): Outcome {
  const tunnels = server.tunnels().filter((t) => typeof tunnel !== 'number' || t.id === tunnel);
  if (tunnels.length === 0) return messages.l2tp.noTunnels();
  if (call === undefined) return { text: counter === true ? showTunnelCounters(tunnels) : showTunnels(tunnels) };
  const calls = tunnels.flatMap((t) => t.calls).filter((c) => typeof call !== 'number' || c.id === call);
  const [one] = calls;
  if (one === undefined) return messages.l2tp.noSessions();
  if (counter === true) return { text: showCallCounters(calls) };
  return { text: typeof call === 'number' ? showTunnelCall(one) : showTunnelCalls(calls) };
}

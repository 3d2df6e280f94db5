// Living in a network namespace other than the one started in.

import { closeSync, openSync } from 'node:fs';

import { textOf } from './failure.ts';
import { SystemError } from './ffi/errno.ts';
import { CLONE, enterNetwork, executeSelf, openNamespace, unshare } from './ffi/exec.ts';
import { RouteClient } from './netlink/route.ts';

/** Where ip-netns(8) keeps the namespaces it names. */
export const NAMED = '/run/netns';

/** Sets the loopback interface of the calling thread's namespace up. */
export function loopbackUp(): void {
  const route = new RouteClient();
  const loopback = route.link('lo');
  if (loopback !== undefined) route.setLink(loopback.index, { up: true });
  route.close();
}

/**
 * Becomes this program again with `args` inside the namespace `name` of ip-netns(8), a file of one, or a 'new' one. Returns only
 * with the sentence why that is refused.
 */
export function enterNamespace(name: string, args: readonly string[]): string {
  const file = name.includes('/') ? name : `${NAMED}/${name}`;
  try {
    if (name === 'new') {
      unshare(CLONE.NEWNET);
      loopbackUp();
    } else {
      closeSync(openSync(file, 'r'));
      enterNetwork(openNamespace(file));
    }
  } catch (error) {
    const denied = error instanceof SystemError && error.errno === 1;
    return denied ? `Network namespaces need CAP_SYS_ADMIN here: ${error.message}` : `The network namespace ${name} cannot be entered: ${textOf(error)}`;
  }
  return executeSelf(args);
}

/** Runs `body` with the calling thread in another network namespace. Sockets made in it stay there; no await inside. */
export function within<T>(namespace: number, body: () => T): T {
  const own = openNamespace();
  enterNetwork(namespace);
  try {
    return body();
  } finally {
    enterNetwork(own);
    closeSync(own);
  }
}

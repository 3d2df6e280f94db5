// What the operating system says when it refuses something, and one sentence for it.

/** The errno name that node and Bun put on an error ('ENOENT'), or ''. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The text of anything thrown. */
export const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * The `error` handler of Bun's sockets. It is called for what the system refuses (reset connections, ICMP errors: `close` follows,
 * or best effort ends), but also for what our own handlers throw, which must not be swallowed: that is thrown again outside.
 * Stream sockets give themselves and the error, UDP sockets the error alone.
 */
export function socketError(first: unknown, second?: unknown): void {
  const error = second ?? first;
  if (codeOf(error) !== '') return;
  setImmediate(() => {
    throw error;
  });
}

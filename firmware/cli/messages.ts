// The catalogue of everything the router answers with a number: "Info (169003): ...", "Warning (2...)", "Error (3...)".
// Number = severity digit, module id, three-digit message (AR740 2.6 does not pad the module). Numbers are unique.

export type Severity = 'info' | 'warning' | 'error';

/** One answer to a command. */
export interface Message {
  readonly severity: Severity;
  /** As printed: severity digit, module, message. */
  readonly number: number;
  readonly text: string;
}

type Entry = readonly [severity: Severity, number: number, text: string];
const DIGIT: Record<Severity, number> = { info: 1, warning: 2, error: 3 };
const WORD: Record<Severity, string> = { info: 'Info', warning: 'Warning', error: 'Error' };

/** Turns a module's texts into functions; {0}, {1} .. in a text are replaced by the arguments in order. */
function module<const T extends Record<string, Entry>>(id: number, entries: T): { [K in keyof T]: (...values: (string | number)[]) => Message } {
  const out: Record<string, (...values: (string | number)[]) => Message> = {};
  for (const [name, [severity, number, text]] of Object.entries(entries)) {
    const printed = Number(`${DIGIT[severity]}${id}${String(number).padStart(3, '0')}`);
    out[name] = (...values) => ({ severity, number: printed, text: text.replace(/\{(\d)\}/g, (_, i: string) => String(values[Number(i)] ?? '')) });
  }
  return out as { [K in keyof T]: (...values: (string | number)[]) => Message };
}

/** The line the console prints. */
export const printMessage = (m: Message): string => `${WORD[m.severity]} (${m.number}): ${m.text}`;

// Module ids: alliedTelesis enterprise MIB branch numbers where known; see build/reference.md.
export const messages = {
  /** The command handler itself: parsing errors. */
  parser: module(35, {
    unknownCommand: ['error', 256, 'Unknown command "{0}".'],
    unknownParameter: ['error', 257, 'Parameter "{0}" not recognised.'],
    ambiguous: ['error', 258, 'Parameter "{0}" is ambiguous{1}.'],
    valueMissing: ['error', 259, 'Value missing for parameter "{0}".'],
    parameterMissing: ['error', 260, 'Parameter "{0}" missing.'],
    badValue: ['error', 261, 'Value "{0}" not valid for parameter "{1}"{2}.'],
    repeated: ['error', 262, 'Parameter "{0}" repeated.'],
    conflict: ['error', 263, 'Parameters "{0}" and "{1}" conflict.'],
    notBuilt: ['error', 264, '{0} is not available in this build.'],
  }),
  // [ppp] section: edited by the PPP room only
  ppp: module(3, {
    done: ['info', 3, 'Operation successful.'],
  }),
  // [ip] section: edited by the IP room only
  ip: module(5, {
    done: ['info', 3, 'Operation successful.'],
  }),
  // [system] section: SYSTEM, TIME, CPU, TELNET, RESTART
  system: module(34, {
    done: ['info', 3, 'Operation successful.'],
  }),
  // [user] section
  user: module(45, {
    done: ['info', 3, 'Operation successful.'],
  }),
  // [loader] section: LOAD, UPLOAD
  loader: module(48, {
    done: ['info', 3, 'Operation successful.'],
  }),
  // [config] section: CREATE/SET CONFIG
  config: module(49, {
    done: ['info', 3, 'Operation successful.'],
  }),
  // [script] section
  script: module(55, {
    done: ['info', 3, 'Operation successful.'],
  }),
  // [file] section
  file: module(56, {
    done: ['info', 3, 'Operation successful.'],
  }),
  // [log] section
  log: module(57, {
    done: ['info', 3, 'Operation successful.'],
  }),
  // [l2tp] section: edited by the L2TP room only
  l2tp: module(69, {
    done: ['info', 3, 'Operation successful.'],
    noTunnels: ['info', 4, 'There are no L2TP tunnels.'],
    noCalls: ['info', 5, 'There are no L2TP calls.'],
    noRanges: ['info', 6, 'There are no L2TP IP ranges.'],
    noUsers: ['info', 7, 'There are no L2TP users.'],
    noSessions: ['info', 8, 'There are no calls in L2TP tunnels.'],
    enabledAlready: ['warning', 20, 'The L2TP module is already enabled.'],
    disabledAlready: ['warning', 21, 'The L2TP module is already disabled.'],
    otherPort: ['warning', 22, '{0} L2TP uses port {1} instead: peers whose filters or IPsec policies name port 1701 will not accept it.'],
    callActive: ['warning', 23, 'Call {0} is already active.'],
    callNotActive: ['warning', 24, 'Call {0} is not active.'],
    callPassive: ['error', 30, 'Call {0} has IP=0.0.0.0: it waits for its peer and never calls out.'],
    notEnabled: ['error', 31, 'The L2TP module is not enabled; give ENABLE L2TP first.'],
    callExists: ['error', 40, 'Call {0} already exists; SET L2TP CALL changes it.'],
    callNotFound: ['error', 41, 'Call {0} not found.'],
    callInUse: ['error', 42, 'Call {0} is in use by interface {1}; destroy the interface first.'],
    sessionNotFound: ['error', 43, 'No active call has the ID {0}.'],
    tunnelNotFound: ['error', 44, 'No tunnel has the ID {0}.'],
    notWith: ['error', 50, 'Parameter "{0}" is not permitted with {1}.'],
    onlyWith: ['error', 51, 'Parameter "{0}" is permitted only with {1}.'],
    neededWith: ['error', 52, 'Parameter "{0}" is required with {1}.'],
    rangeReversed: ['error', 53, 'IP range {0} ends below its start.'],
    passwordExists: ['error', 54, 'A password for {0} exists already; delete it first.'],
    passwordNotFound: ['error', 55, 'There is no password for {0}.'],
    rangeExists: ['error', 56, 'IP range {0} exists already; delete it first.'],
    rangeNotFound: ['error', 57, 'IP range {0} not found.'],
    userExists: ['error', 58, 'L2TP user {0} exists already; SET L2TP USER changes it.'],
    userNotFound: ['error', 59, 'L2TP user {0} not found.'],
    cannotListen: ['error', 60, 'L2TP cannot start: {0}'],
  }),
};

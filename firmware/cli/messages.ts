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
    unknownParameter: ['error', 257, 'Parameter "{0}" not recognised{1}.'],
    ambiguous: ['error', 258, 'Parameter "{0}" is ambiguous{1}.'],
    valueMissing: ['error', 259, 'Value missing for parameter "{0}"{1}.'],
    parameterMissing: ['error', 260, 'Parameter "{0}" missing{1}.'],
    badValue: ['error', 261, 'Value "{0}" not valid for parameter "{1}"{2}.'],
    repeated: ['error', 262, 'Parameter "{0}" repeated.'],
    conflict: ['error', 263, 'Parameters "{0}" and "{1}" conflict.'],
    notBuilt: ['error', 264, '{0} is not available in this build.'],
    ambiguousCommand: ['error', 265, 'Command "{0}" is ambiguous{1}.'],
    noValue: ['error', 266, 'Parameter "{0}" takes no value.'],
    oneMissing: ['error', 267, 'Parameter missing; {0}.'],
    together: ['error', 268, 'Parameter "{0}" is permitted only together with "{1}".'],
    openQuote: ['error', 269, 'Quotation mark without its partner.'],
    strayQuote: ['error', 270, 'Quotation mark inside a value; quotation marks may stand only around a whole value.'],
    tooLong: ['error', 271, 'Line longer than {0} characters.'],
    control: ['error', 272, 'Line holds a control character (code {0}).'],
    ambiguousValue: ['error', 273, 'Value "{0}" for parameter "{1}" is ambiguous{2}.'],
    cancelled: ['warning', 274, 'Command cancelled.'],
    nothingToSet: ['error', 276, 'Nothing to set: no parameter given.'],
    failed: ['error', 275, 'Internal error; the log has the details.'],
  }),
  // [ppp] section: edited by the PPP room only
  ppp: module(3, {
    done: ['info', 3, 'Operation successful.'],
    none: ['info', 4, 'There are no PPP interfaces.'],
    alreadyEnabled: ['warning', 256, 'Interface ppp{0} is already enabled.'],
    alreadyDisabled: ['warning', 257, 'Interface ppp{0} is already disabled.'],
    alreadyOpen: ['warning', 258, 'Interface ppp{0} is already open.'],
    notFound: ['error', 259, 'Interface ppp{0} not found.'],
    exists: ['error', 260, 'Interface ppp{0} already exists.'],
    layerUsed: ['error', 261, 'Layer {0} is already in use by {1}.'],
    otherLayer: ['error', 262, 'Interface ppp{0} runs over {1}, not over {2}: DESTROY and CREATE it to change the layer.'],
    echoAndLqr: ['error', 263, 'ECHO and LQR cannot both be on: turn one of them off.'],
    inUse: ['error', 264, 'Interface ppp{0} is in use by IP: DELETE IP INTERFACE=ppp{0} first.'],
    noDevice: ['error', 265, 'Interface ppp{0} could not be made: {1}'],
    disabled: ['error', 266, 'Interface ppp{0} is disabled: ENABLE PPP={0} first.'],
    noMultilink: ['error', 267, 'Interface ppp{0} has its link over {1}: further links (multilink) are not available in this build.'],
    onlyLink: ['error', 268, '{1} is the only link of interface ppp{0}: DESTROY PPP={0} removes both.'],
    noTemplates: ['info', 5, 'There are no PPP templates.'],
    noDatabase: ['warning', 270, 'Template {0} is stored, but LOGIN={1} is not available in this build: its callers are refused.'],
    templateNotFound: ['error', 271, 'PPP template {0} not found.'],
    templateExists: ['error', 272, 'PPP template {0} already exists; SET PPP TEMPLATE changes it.'],
    templateInUse: ['error', 273, 'PPP template {0} is in use by {1}.'],
    dynamic: ['error', 274, 'Interface ppp{0} is dynamic: made from PPP template {1} for a caller. RESET PPP={0} ends it.'],
    noSuchLink: ['error', 269, 'Interface ppp{0} has no link over {1}.'],
  }),
  // [ip] section: edited by the IP room only
  ip: module(5, {
    done: ['info', 3, 'Operation successful.'],
    interfaceAdded: ['info', 275, 'interface successfully added.'],
    interfaceSet: ['info', 276, 'interface successfully modified.'],
    interfaceDeleted: ['info', 277, 'interface successfully deleted.'],
    interfaceEnabled: ['info', 278, 'interface has been enabled.'],
    interfaceDisabled: ['info', 279, 'interface has been disabled.'],
    interfaceReset: ['info', 280, 'interface has been reset.'],
    routeAdded: ['info', 281, 'IP route successfully added.'],
    routeSet: ['info', 282, 'IP route successfully modified.'],
    routeDeleted: ['info', 283, 'IP route successfully deleted.'],
    reset: ['info', 286, 'IP module has been reset.'],
    enabled: ['info', 287, 'IP module has been enabled.'],
    disabled: ['info', 288, 'IP module has been disabled.'],
    alreadyEnabled: ['warning', 289, '{0} is already enabled.'],
    alreadyDisabled: ['warning', 290, '{0} is already disabled.'],
    waits: ['warning', 291, 'Stored, but without effect so far: {0}.'],
    noProbe: ['warning', 292, 'No {0} is in progress.'],
    noPort: ['error', 300, 'Interface {0} does not exist{1}.'],
    noInterface: ['error', 301, 'IP interface {0} not found{1}.'],
    interfaceExists: ['error', 302, 'IP interface {0} already exists; SET IP INTERFACE changes it.'],
    addressTaken: ['error', 303, 'Address {0} is that of IP interface {1}.'],
    routeExists: ['error', 304, 'IP route {0} through {1} already exists; SET IP ROUTE changes it.'],
    noRoute: ['error', 305, 'IP route {0} through {1} not found.'],
    nothingToSet: ['error', 306, 'Nothing to set: no parameter given.'],
    probeRuns: ['error', 307, 'A {0} is in progress; STOP {1} ends it.'],
    noReply: ['error', 308, 'No reply from {0}.'],
    notReached: ['error', 309, '{0} was not reached.'],
    unreached: ['error', 310, '{0}.'],
    stopped: ['info', 311, '{0} stopped.'],
    noArp: ['error', 312, 'No learned ARP entry for {0}.'],
    noPools: ['info', 314, 'There are no IP pools.'],
    noPool: ['error', 315, 'IP pool {0} not found.'],
    poolExists: ['error', 316, 'IP pool {0} already exists.'],
    poolInUse: ['error', 317, 'IP pool {0} is in use by {1}.'],
    arpStays: ['error', 313, 'Not all ARP entries were forgotten: {0}.'],
    filterEmpty: ['warning', 330, 'IP filter {0} has no entries: it lets nothing in{1}.'],
    notInForce: ['error', 331, 'Stored, but not in force: {0}.'],
    noFilters: ['info', 332, 'There are no IP filters.'],
    noFilter: ['error', 333, 'IP filter {0} not found{1}.'],
    noFilterEntry: ['error', 334, 'IP filter {0} has no entry {1}; permitted: {2}.'],
    filterFull: ['error', 335, 'IP filter {0} has {1} entries already.'],
    onlyWith: ['error', 336, 'Parameter "{0}" is permitted only with {1}.'],
    neededWith: ['error', 337, 'Parameter "{0}" is required with {1}.'],
    natEnabled: ['info', 340, 'IP NAT has been enabled.'],
    natDisabled: ['info', 341, 'IP NAT has been disabled.'],
    natAdded: ['info', 342, 'IP NAT successfully added.'],
    natDeleted: ['info', 343, 'IP NAT successfully deleted.'],
    natClash: ['error', 344, 'Translation {0} says otherwise already; DELETE IP NAT ends it.'],
    natExists: ['error', 345, 'Translation {0} already exists.'],
    noNat: ['error', 346, 'Translation {0} not found.'],
  }),
  // [tty] section: ASYN
  tty: module(33, {
    done: ['info', 3, 'Operation successful.'],
  }),
  // [system] section: SYSTEM, TIME, CPU, TELNET, RESTART
  system: module(34, {
    done: ['info', 3, 'Operation successful.'],
    restarting: ['info', 4, 'The router restarts.'],
    telnetOn: ['info', 5, 'TELNET server has been enabled.'],
    telnetOff: ['info', 6, 'TELNET server has been disabled.'],
    telnetAlreadyOn: ['warning', 256, 'The TELNET server is already enabled.'],
    telnetAlreadyOff: ['warning', 257, 'The TELNET server is already disabled.'],
    telnetFailed: ['error', 258, 'The TELNET server cannot start: {0}.'],
    nothingGiven: ['error', 259, 'Nothing to set: give at least one of {0}.'],
    waited: ['info', 7, 'Waited {0} s.'],
    notThere: ['error', 260, 'Interface {0} not found.'],
    unprotected: ['warning', 261, 'The configuration asks for {0}, which this build does not have: traffic passes without.'],
    notInForce: ['warning', 262, 'IP filters and NAT are not in force as configured: {0}.'],
  }),
  // [user] section
  user: module(45, {
    done: ['info', 3, 'Operation successful.'],
    passwordChanged: ['info', 5, 'Password of {0} changed.'],
    alreadyEnabled: ['warning', 256, 'User {0} is already enabled.'],
    alreadyDisabled: ['warning', 257, 'User {0} is already disabled.'],
    digestOnly: ['warning', 258, 'The password of {0} is kept as a digest: PAP can use it, CHAP cannot until the password is set again.'],
    notFound: ['error', 259, 'User {0} not found.'],
    exists: ['error', 260, 'User {0} already exists.'],
    lastManager: ['error', 261, 'User {0} is the only enabled user who may manage this router.'],
    passwordShort: ['error', 262, 'Value of parameter "PASSWORD" is too short: at least {0} characters (SET USER MINPWDLEN).'],
    incorrect: ['error', 263, 'Login incorrect.'],
    locked: ['error', 264, 'Too many failed logins: locked for {0} seconds.'],
    factoryPassword: ['error', 265, 'Login refused: the factory password is valid on the console only.'],
    passwordWrong: ['error', 266, 'The old password is wrong; the password stays as it was.'],
    passwordsDiffer: ['error', 267, 'The two new passwords differ; the password stays as it was.'],
    cancelled: ['error', 268, 'Cancelled.'],
    notAUser: ['error', 269, '{0} is not in the user database; SET USER=name PASSWORD=.. sets the password of another user.'],
    maskAlone: ['error', 270, 'Parameter "NETMASK" needs "IPADDRESS".'],
    maskHoles: ['error', 271, 'Value "{0}" not valid for parameter "NETMASK"; permitted: a mask like 255.255.255.0.'],
    nothingGiven: ['error', 274, 'Nothing to set: give at least one of {0}.'],
    fromHere: ['error', 272, 'LOGIN is for consoles and TELNET sessions.'],
    passwordForm: ['error', 273, 'A password has 1 to 32 printable characters, none of them a quotation mark.'],
  }),
  // [loader] section: LOAD, UPLOAD
  loader: module(48, {
    done: ['info', 3, 'Operation successful.'],
    loaded: ['info', 4, '{0} loaded into {1}: {2} bytes.'],
    uploaded: ['info', 5, '{0} uploaded to {1}: {2} bytes.'],
    nothing: ['warning', 256, 'No transfer is running.'],
    nothingGiven: ['error', 265, 'Nothing to set: give at least one of {0}.'],
    noServer: ['error', 257, 'Parameter "SERVER" missing, and SET LOADER names none.'],
    noFile: ['error', 258, 'Parameter "FILE" missing, and SET LOADER names none.'],
    method: ['error', 259, 'METHOD={0} is not available in this build; permitted: TFTP, HTTP.'],
    busy: ['error', 260, 'A transfer of {0} is running; RESET LOADER stops it.'],
    failed: ['error', 261, 'Transfer of {0} failed: {1}.'],
    stopped: ['error', 262, 'Transfer of {0} stopped.'],
    badName: ['error', 263, 'The name {0} cannot be used in flash; give one like boot.cfg by DESTFILE.'],
    tooBig: ['error', 264, '{0} has {1} bytes; {2} are free in flash.'],
    scheduled: ['info', 6, 'The transfer of {0} starts in {1} seconds.'],
  }),
  // [config] section: CREATE/SET CONFIG
  config: module(49, {
    done: ['info', 3, 'Operation successful.'],
    noConfig: ['warning', 256, 'File {0} does not exist yet; without it the router starts with factory settings.'],
    notConfig: ['error', 257, 'File {0} is not a configuration; permitted: names that end in .cfg or .scp.'],
    notFound: ['error', 258, 'File {0} not found.'],
    noModule: ['error', 260, 'Module "{0}" has no configuration; permitted: {1}.'],
  }),
  // [script] section
  script: module(55, {
    done: ['info', 3, 'Operation successful.'],
    notFound: ['error', 256, 'Script {0} not found.'],
    notScript: ['error', 257, 'File {0} is not a script; permitted: names that end in .scp or .cfg.'],
    running: ['error', 258, 'Script {0} is already running.'],
    notRunning: ['error', 259, 'Script {0} is not running.'],
    ended: ['info', 4, 'Script {0} has ended; commands: {1}, errors: {2}.'],
    lineMissing: ['error', 260, 'Script {0} has no line {1}; permitted: 1..{2}.'],
    aliasExists: ['error', 262, 'Alias {0} already exists.'],
    aliasHides: ['error', 265, 'Alias {0} would hide the command word {1}.'],
    aliasNotFound: ['error', 263, 'Alias {0} not found.'],
    tooDeep: ['error', 264, 'Script {0} not started: {1} scripts are running already.'],
  }),
  // [file] section
  file: module(56, {
    done: ['info', 3, 'Operation successful.'],
    notFound: ['error', 256, 'File {0} not found.'],
    exists: ['error', 257, 'File {0} already exists.'],
    noDevice: ['error', 260, 'Device {0} is not there; permitted: flash.'],
    failed: ['error', 261, 'File {0}: {1}.'],
    inUse: ['error', 262, 'File {0} is in use by {1}.'],
  }),
  // [log] section
  log: module(57, {
    done: ['info', 3, 'Operation successful.'],
    enabled: ['info', 4, 'LOG module has been enabled.'],
    disabled: ['info', 5, 'LOG module has been disabled.'],
    alreadyEnabled: ['warning', 256, 'LOG is already enabled.'],
    alreadyDisabled: ['warning', 257, 'LOG is already disabled.'],
    outputExists: ['error', 258, 'LOG output {0} already exists.'],
    outputNotFound: ['error', 259, 'LOG output {0} not found.'],
    serverMissing: ['error', 260, 'Parameter "SERVER" missing: DESTINATION=SYSLOG needs it.'],
    serverForeign: ['error', 261, 'Parameters "SERVER" and "DESTINATION={0}" conflict.'],
    emptyFilter: ['error', 262, 'A filter needs ALL or at least one of SEVERITY, MODULE, TYPE, SUBTYPE.'],
    outputNotMemory: ['error', 263, 'LOG output {0} keeps no messages: its destination is {1}.'],
    filterMissing: ['error', 264, 'LOG output {0} has no filter {1}.'],
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
    passwordExists: ['error', 54, 'A password for {0} already exists; delete it first.'],
    passwordNotFound: ['error', 55, 'There is no password for {0}.'],
    rangeExists: ['error', 56, 'IP range {0} already exists; delete it first.'],
    rangeNotFound: ['error', 57, 'IP range {0} not found.'],
    userExists: ['error', 58, 'L2TP user {0} already exists; SET L2TP USER changes it.'],
    userNotFound: ['error', 59, 'L2TP user {0} not found.'],
    cannotListen: ['error', 60, 'L2TP cannot start: {0}'],
  }),
};

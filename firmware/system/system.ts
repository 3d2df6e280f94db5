// The router's own names, its uptime, and what SHOW SYSTEM prints (layout after AlliedWare, identity ours).

import { wrap } from '../bytes/text.ts';
import type { Millis } from '../bytes/time.ts';
import type { Clock, WallClock } from '../hal/clock.ts';
import type { Flash } from '../hal/flash.ts';
import type { System } from '../hal/system.ts';
import { formatDate, formatSpan, formatTime } from '../log/calendar.ts';

/** The Host Name until SET SYSTEM NAME. */
export const DEFAULT_NAME = 'hashi';

/** SET SYSTEM; empty = not set. */
export interface SystemSettings {
  readonly name: string;
  readonly location: string;
  readonly contact: string;
  readonly territory: string;
  readonly distinguishedName: string;
}

export const SYSTEM_DEFAULTS: SystemSettings = { name: '', location: '', contact: '', territory: 'japan', distinguishedName: '' };

/** What the system is told about the rest of the router. */
export interface SystemParts {
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly system: System;
  readonly flash: Flash;
  /** 'sim', 'user': the data plane. */
  readonly plane: string;
  /** The two lines of SHOW CONFIG. */
  bootConfig(): string;
  /** What a manager must know at each login, one line each: a firewall asked for that this build lacks. */
  warnings(): readonly string[];
}

export class SystemState {
  readonly #parts: SystemParts;
  readonly #started: Millis;
  settings: SystemSettings = SYSTEM_DEFAULTS;

  constructor(parts: SystemParts) {
    this.#parts = parts;
    this.#started = parts.clock.now();
  }

  /** What peers and syslog servers are told: the system name, 'hashi' until it is set. */
  get hostName(): string {
    return this.settings.name === '' ? DEFAULT_NAME : this.settings.name;
  }

  /** Milliseconds since start. */
  uptime(): Millis {
    return this.#parts.clock.now() - this.#started;
  }

  /** 'hashi 0.1.0 21-Nov-2026': SysDescription. */
  get description(): string {
    const { version, released } = this.#parts.system;
    return `hashi version ${version} ${released}`;
  }

  show(): string {
    const { system, wall, flash, plane } = this.#parts;
    const rule = '-'.repeat(80);
    const now = wall.now();
    const up = this.uptime();
    const { memoryTotal } = system.usage();
    const kilo = (octets: number): string => `${String(Math.round(octets / 1024)).padStart(6)} kB`;
    const { settings } = this;
    const warnings = this.#parts.warnings();
    return [
      `${'Router System Status'.padEnd(47)}Time ${formatTime(now)} Date ${formatDate(now)}.`,
      'Board       ID  Bay Board Name                        Rev   Serial number',
      rule,
      `${'Base'.padEnd(12)}${'0'.padEnd(8)}${system.board.slice(0, 33).padEnd(34)}${'-'.padEnd(6)}${system.serial}`,
      rule,
      `Memory -   DRAM : ${kilo(memoryTotal)}   FLASH : ${kilo(flash.space().total)}`,
      rule,
      'SysDescription',
      this.description,
      'SysContact',
      settings.contact,
      'SysLocation',
      settings.location,
      'SysName',
      settings.name,
      ...(settings.distinguishedName === '' ? [] : ['SysDistName', settings.distinguishedName]),
      'SysUpTime',
      `${Math.floor(up / 10)} ( ${formatSpan(up)} )`,
      `Software Version: ${system.version} ${system.released}`,
      `Release Version : ${system.version} ${system.released}`,
      'Patch Installed : NONE',
      `Kernel          : ${system.kernel}`,
      `Data Plane      : ${plane}`,
      ...(system.sensors?.() ?? []).map(({ label, value }) => `${label.padEnd(16)}: ${value}`),
      `Territory       : ${settings.territory}`,
      'Help File       : help.hlp',
      this.#parts.bootConfig(),
      'Security Mode   : Disabled',
      ...(warnings.length === 0 ? [] : ['', ...warnings.flatMap((line) => wrap(`Warning: ${line}`, 79))]),
    ].join('\n');
  }
}

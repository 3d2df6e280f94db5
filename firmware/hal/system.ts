// The box itself.

export interface Usage {
  /** CPU time the box spent working since start, and the time passed, in milliseconds: two readings give a percentage. */
  readonly busy: number;
  readonly elapsed: number;
  /** Octets of memory in the box and free in it, and held by this process. */
  readonly memoryTotal: number;
  readonly memoryFree: number;
  readonly memoryOurs: number;
}

export interface System {
  /** 'hashi host', 'Raspberry Pi 4 Model B Rev 1.4': what SHOW SYSTEM prints as board name. */
  readonly board: string;
  readonly serial: string;
  readonly kernel: string;
  readonly version: string;
  /** Date of the release as dd-mmm-yyyy. */
  readonly released: string;
  usage(): Usage;
  /** Further lines of SHOW SYSTEM: temperature, throttling; only what the hardware tells. */
  sensors?(): readonly { readonly label: string; readonly value: string }[];
  /** RESTART REBOOT: exits 0 on a host, reboots a board. */
  reboot(): void;
}

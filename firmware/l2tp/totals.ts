// The counters of SHOW L2TP COUNTER: what all tunnels and all ports counted together since the start or RESET L2TP COUNTER.

import type { UnderlayCounters } from '../hal/dataplane.ts';
import { addTunnel, controlOf, refusedBy, underlayData } from './counters.ts';
import { type ControlCounters, type DataCounters, type DiscardCounters, addControl, addData, noControl, noData } from './snapshot.ts';
import type { Tunnels } from './tunnels.ts';

export interface Counted {
  readonly control: ControlCounters;
  readonly data: DataCounters;
  readonly discards: DiscardCounters;
  readonly failedAuthentications: number;
}

const noDiscards = (): DiscardCounters => ({ disabled: 0, filtered: 0, noSuchTunnel: 0, noSuchCall: 0, malformed: 0 });

export class Totals {
  readonly #tunnels: Tunnels;
  /** Of ports that are no longer served. */
  readonly #past = { data: noData(), discards: noDiscards() };
  /** What RESET L2TP COUNTER subtracts; control messages have baselines of their own, by tunnel. */
  #zero = { data: noData(), discards: noDiscards(), failedAuthentications: 0 };

  constructor(tunnels: Tunnels) {
    this.#tunnels = tunnels;
  }

  /** A port is given back: keeps what it counted. */
  retire(port: UnderlayCounters): void {
    addData(this.#past.data, underlayData(port));
    addDiscards(this.#past.discards, port);
  }

  /** `port`: the counters of the port that is served now. */
  since(port: UnderlayCounters | undefined): Counted {
    const all = this.#all(port);
    const { data, discards, failedAuthentications } = this.#zero;
    return {
      control: all.control,
      data: {
        in: all.data.in - data.in, inWithData: all.data.inWithData - data.inWithData, inNoData: all.data.inNoData - data.inNoData,
        processed: all.data.processed - data.processed, inOrder: all.data.inOrder - data.inOrder, outOfOrder: all.data.outOfOrder - data.outOfOrder,
        orderDiscarded: all.data.orderDiscarded - data.orderDiscarded, out: all.data.out - data.out, outWithData: all.data.outWithData - data.outWithData,
        outNoData: all.data.outNoData - data.outNoData,
      },
      discards: {
        disabled: all.discards.disabled - discards.disabled, filtered: all.discards.filtered - discards.filtered,
        noSuchTunnel: all.discards.noSuchTunnel - discards.noSuchTunnel, noSuchCall: all.discards.noSuchCall - discards.noSuchCall,
        malformed: all.discards.malformed - discards.malformed,
      },
      failedAuthentications: all.failedAuthentications - failedAuthentications,
    };
  }

  /** RESET L2TP COUNTER: all begin at zero again, those of open tunnels too. */
  reset(port: UnderlayCounters | undefined): void {
    this.#zero = this.#all(port);
    Object.assign(this.#tunnels.past, noControl());
    for (const entry of this.#tunnels.all()) entry.baseline = controlOf(entry.tunnel);
  }

  #all(port: UnderlayCounters | undefined): Counted {
    const tunnels = this.#tunnels;
    const control = noControl();
    const data = noData();
    const discards = { ...this.#past.discards };
    addControl(control, tunnels.past);
    addDiscards(discards, { ...tunnels.discards, filtered: 0 });
    discards.disabled += tunnels.discards.disabled;
    for (const entry of tunnels.all()) {
      addTunnel(control, entry);
      const refused = refusedBy(entry.tunnel);
      discards.noSuchCall += refused.noSuchCall;
      discards.malformed += refused.malformed;
    }
    addData(data, this.#past.data);
    if (port !== undefined) {
      addData(data, underlayData(port));
      addDiscards(discards, port);
    }
    return { control, data, discards, failedAuthentications: tunnels.failedAuthentications };
  }
}

/** What the data plane and the tunnels count alike; only we know of messages that came while the module was disabled. */
function addDiscards(into: DiscardCounters, from: Omit<DiscardCounters, 'disabled'>): void {
  into.filtered += from.filtered;
  into.noSuchTunnel += from.noSuchTunnel;
  into.noSuchCall += from.noSuchCall;
  into.malformed += from.malformed;
}

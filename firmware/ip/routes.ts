// Static routes as the operator configures them (AlliedWare ADD/SET/DELETE IP ROUTE).

import { ANY_IPV4, type Ipv4 } from '../bytes/ip.ts';
import type { Millis } from '../bytes/time.ts';

/** Which route: two of one destination may differ in interface and next hop. */
export interface RouteKey {
  readonly destination: Ipv4;
  /** Prefix length 0..32. */
  readonly length: number;
  /** IP interface, as interfaceName gives it. */
  readonly interface: string;
  /** 0.0.0.0 = directly on the interface. */
  readonly nexthop: Ipv4;
}

/** What SET IP ROUTE changes. */
export interface RouteSettings {
  /** 1..16 */
  readonly metric1: number;
  /** 1..65535 */
  readonly metric2: number | undefined;
  /** 0..7; kept only. */
  readonly policy: number;
  /** 0..65535, lower wins. */
  readonly preference: number;
  /** 1..65535; kept only. */
  readonly tag: number | undefined;
  /** Circuit name or DLCI; kept only. */
  readonly circuit: string | undefined;
  readonly dlci: number | undefined;
}

export interface Route extends RouteKey, RouteSettings {
  /** When it was added or last set. */
  readonly since: Millis;
}

/** Preference of a static route that names none: 360 for the default route, else 60. */
export const defaultPreference = (key: RouteKey): number => (key.destination === ANY_IPV4 && key.length === 0 ? 360 : 60);

export const sameRoute = (a: RouteKey, b: RouteKey): boolean =>
  a.destination === b.destination && a.length === b.length && a.interface === b.interface && a.nexthop === b.nexthop;

type Ranked = Pick<RouteSettings, 'preference' | 'metric1' | 'metric2'>;

/** Rank of a route among those to one destination: lower wins. Preference first, then METRIC1, then METRIC2. */
export const rank = (a: Ranked, b: Ranked): number => a.preference - b.preference || a.metric1 - b.metric1 || (a.metric2 ?? 1) - (b.metric2 ?? 1);

/** Routes by destination, then prefix length, then rank: the order of SHOW IP ROUTE. */
export const byDestination = (a: RouteKey & Ranked, b: RouteKey & Ranked): number => a.destination - b.destination || a.length - b.length || rank(a, b);

/** Kernel metrics left between two pairs of preference and METRIC1, for routes that are equal in both. */
const METRIC_STEP = 16;
const METRIC1_MOST = 16;

/**
 * The kernel's metric for a route that stands `place` among those of one destination with the same preference and METRIC1
 * (equal metrics to one destination would replace each other there). 1..2^24.
 */
export const kernelMetric = (route: RouteSettings, place: number): number =>
  (route.preference * METRIC1_MOST + route.metric1 - 1) * METRIC_STEP + Math.min(place, METRIC_STEP - 1) + 1;

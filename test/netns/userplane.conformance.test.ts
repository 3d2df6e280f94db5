// The data plane conformance suite on the user plane, in namespaces on the real kernel.

import { dataPlane } from '../conformance/dataplane.ts';
import { missing, when } from '../needs.ts';
import { PlaneBench, Wire } from './plane.bench.ts';

const NEEDS = ['root', 'tun', 'netns', 'ethtool'] as const;
const wire = new Wire();
if (missing(...NEEDS) === undefined) await wire.up();

dataPlane(
  'user',
  async () => new PlaneBench(wire),
  {
    add: (tests, title, body) => when(NEEDS, tests, title, body),
    end: () => wire.down(),
  },
);

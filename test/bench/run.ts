// npm run bench: all measurements in one run, each in a process of its own. Arguments choose: npm run bench -- control plane

import { existsSync } from 'node:fs';
import { join } from 'node:path';

const PARTS = ['control', 'plane', 'storm', 'boot'] as const;
const wanted = process.argv.slice(2);
let failed = 0;
for (const part of PARTS) {
  const file = join(import.meta.dir, `${part}.ts`);
  if ((wanted.length > 0 && !wanted.includes(part)) || !existsSync(file)) continue;
  console.log(`\n${part}`);
  const child = Bun.spawn([process.execPath, file], { stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
  if ((await child.exited) !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);

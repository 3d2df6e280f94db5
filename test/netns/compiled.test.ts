// The compiled binary: one file that runs anywhere, with its workers and scripts inside and deaf to what lies around it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

import { when } from '../needs.ts';
import { must, run } from '../network.ts';

const ROOT = join(import.meta.dir, '..', '..');
const BINARY = join(ROOT, 'build', 'out', `hashi-linux-${process.arch}`);
const compiled = suite('compiled');
const folder = mkdtempSync(join(tmpdir(), 'hs-cmp-'));
compiled.after(() => rmSync(folder, { recursive: true, force: true }));

compiled('npm run build makes a binary of this machine\'s kind that tells its version', async () => {
  const built = await must([process.execPath, 'build/compile.ts', process.arch], { seconds: 120 });
  assert.match(built, /build\/out\/hashi-linux-\w+: \d+ MB/);
  assert.match(await must([BINARY, 'version']), /^\d+\.\d+\.\d+\n$/);
  assert.is((await run([process.execPath, 'build/compile.ts', 'vax'])).code, 2);
});

compiled('a .env file or bunfig.toml where it is started changes nothing', async () => {
  writeFileSync(join(folder, '.env'), 'NODE_OPTIONS=--nonsense\n');
  writeFileSync(join(folder, 'bunfig.toml'), 'preload = ["./evil.ts"]\n');
  writeFileSync(join(folder, 'evil.ts'), 'console.log("evil"); process.exit(7);\n');
  const child = Bun.spawn([BINARY, 'version'], { cwd: folder, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const output = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
  assert.is(await child.exited, 0);
  assert.match(output, /^\d+\.\d+\.\d+\n$/);
});

when(['root', 'tun', 'netns'], compiled, 'the binary proves the lab from any folder: data plane worker and scripts are inside', async () => {
  const child = Bun.spawn([BINARY, 'lab', 'static', '--check'], { cwd: folder, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const output = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
  assert.is(await child.exited, 0, output);
  assert.is(output.match(/^ok /gm)?.length, 10, output);
});

compiled.run();

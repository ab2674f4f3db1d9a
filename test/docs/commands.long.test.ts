/**
 * README's session beside `npx fedimg dev` and `npx fedimg sample`, and then the commands of all other pages in the same shell:
 * `npx mocha test/docs/commands.long.test.ts`.
 */

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findTemporalBinary } from '../../src/local/temporal/binary.js';
import { checkout, runShell } from './checkout.js';
import { awsTools } from '../support/python-tools.js';
import { iamOf } from '../policies/shipped.js';
import type { Act } from './session.js';
import { SESSION } from './session.js';

/** Notes each command that ends with another status or is never ready, and goes on. */
function lineOf({ page, run = page ?? '', status = 0, ready }: Act): string {
  const shown = `'${run.replaceAll("'", "'\\''")}'`;
  const head = `echo "## "${shown} >&2`;
  const note = (what: string) => `printf '%s: ${what}\\n' ${shown} $got >> wrong.txt`;
  if (ready !== undefined) {
    return `${head}
: > served.log; ${run} < /dev/null > served.log 2>&1 & served=$!
for try in $(seq 300); do grep -q '${ready}' served.log && break; kill -0 $served || break; sleep 0.2; done
cat served.log >&2; grep -q '${ready}' served.log || { got=; ${note('is not ready')}; }
kill -TERM $served || true; wait $served || true`;
  }
  return `${head}
got=0; ${run} < /dev/null || got=$?
[ $got = ${status} ] || ${note(`status %s, wanted ${status}`)}`;
}

const BEGIN = `
npx fedimg dev > dev.log 2>&1 &
dev=$!
until [ -e ~/.local/state/fedimg/dev/dev.env ]; do kill -0 $dev || { cat dev.log; exit 1; }; sleep 1; done
source ~/.local/state/fedimg/dev/dev.env
npx fedimg sample > sample.log 2>&1 &
sample=$!
until [ -e sample/message.json ]; do kill -0 $sample || { cat sample.log; exit 1; }; sleep 1; done
cp sample/composes/*/compose/Cloud/x86_64/images/*AmazonEC2*.raw.xz sample/composes/my-image.raw.xz
`;

describe('the commands of the pages, beside a local stack', function () {
  this.timeout(1_200_000);

  it('have the results that the pages promise', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fedimg-test-commands-'));
    try {
      const [aws, temporal] = await Promise.all([
        awsTools(),
        findTemporalBinary({ log: () => undefined }),
      ]);
      const PATH = await checkout(folder, [
        join(folder, 'node_modules/.bin'),
        aws,
        dirname(temporal.path),
      ]);
      await writeFile(join(folder, 'iam.json'), JSON.stringify(await iamOf()));
      await writeFile(join(folder, 'wrong.txt'), '');
      const script = [BEGIN, ...SESSION.map(lineOf)].join('\n');
      const { status, output } = await runShell(script, folder, {
        PATH,
        HOME: join(folder, 'home'),
        AWS_EC2_METADATA_DISABLED: 'true',
        npm_config_update_notifier: 'false',
      });
      const wrong = await readFile(join(folder, 'wrong.txt'), 'utf8');
      if (status !== 0 || wrong !== '') console.error(output);
      assert.deepEqual([status, wrong], [0, '']);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

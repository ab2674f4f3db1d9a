import assert from 'node:assert/strict';
import { shares } from './all-kinds.js';

/** Another one each run: what fails names it, and the command that repeats it. */
const SEED = Number(process.env['FEDIMG_FUZZ_SEED'] ?? Date.now() % 1_000_000);
/** `npm run fuzz:long` tries a million. */
const INPUTS = 6_000;

const all = await shares(INPUTS);

describe('it never happens that', () => {
  for (const { kind, inputs } of all) {
    it(`${kind.title} (${kind.name})`, async () => {
      const report = await kind.run({ seed: SEED, inputs });
      const again = `npm run fuzz -- --kind ${kind.name} --seed ${SEED}`;
      const { failure } = report;
      if (failure !== undefined) assert.fail(`${again} --path ${failure.path}\n${failure.message}`);
      assert(
        report.accepted + report.rejected >= inputs,
        `${report.accepted} accepted, ${report.rejected} rejected`,
      );
      assert(report.accepted > 0 || kind.refusesAll, 'what refuses everything checks nothing');
      assert(report.rejected > 0 || kind.refusesNone, 'what refuses nothing checks nothing');
    });
  }
});

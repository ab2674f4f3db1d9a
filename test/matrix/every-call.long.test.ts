/** The full matrix (`npm run matrix:full`): every call of every step under every fault that it can have. */

import assert from 'node:assert/strict';
import type { Case } from './expansion.js';
import { casesOf, pairsOf } from './expansion.js';
import type { CellResult } from './lab.js';
import { Lab } from './lab.js';
import type { Result } from './report.js';
import { markdownReport } from './report.js';
import { STEPS } from './steps.js';
import { MATRIX } from './table.js';

const PAIRS = Number(process.env['FEDIMG_MATRIX_PAIRS'] ?? 300);
const SEED = Number(process.env['FEDIMG_MATRIX_SEED'] ?? 1);
/** Only these steps; all by default. */
const ROWS = process.env['FEDIMG_MATRIX_ROWS']?.split(',').map(Number);
const ABREAST = Number(process.env['FEDIMG_MATRIX_ABREAST'] ?? 6);
const SELECTED = process.argv.some((word) => /^(?:-g|-f|--grep|--fgrep)(?:=|$)/.test(word));

// The titles are those of the calls that are really made, so these are measured before.
await defineFullMatrix();

async function defineFullMatrix(): Promise<void> {
  const lab = await Lab.open();
  const cases: Case[] = [];
  for (const row of MATRIX) {
    if (!STEPS.some((step) => step.row === row.row)) continue;
    if (ROWS !== undefined && !ROWS.includes(row.row)) continue;
    cases.push(...casesOf(row, await lab.reference(row.row), SEED));
  }
  const all = [...cases, ...pairsOf(cases, PAIRS, SEED)];

  describe(`the fault matrix, every call: ${cases.length} cells and ${PAIRS} pairs`, () => {
    const running = new Map<Case, Promise<CellResult>>();
    const results: Result[] = [];
    const start = (one: Case): Promise<CellResult> => {
      const result = running.get(one) ?? lab.run(one.fault, one.alongside);
      result.catch(() => undefined);
      running.set(one, result);
      return result;
    };
    const queue = [...all];
    const lane = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await start(next).catch(() => undefined);
      }
    };
    after(async () => {
      await Promise.allSettled(running.values());
      await lab.close();
      console.log(markdownReport(results));
    });
    for (const one of all) {
      it(one.title, async () => {
        if (!SELECTED && running.size === 0) for (let n = 0; n < ABREAST; n += 1) void lane();
        const result = await start(one).catch((error: unknown) => error as Error);
        const wrong = result instanceof Error ? [String(result)] : result.wrong;
        results.push({ of: one, passed: wrong.length === 0 });
        const again = `FEDIMG_MATRIX_SEED=${SEED} npx mocha test/matrix/every-call.long.test.ts -g '${one.title}'`;
        const ended = result instanceof Error ? 'an error' : result.outcome;
        assert.deepEqual(wrong, [], `ended as ${ended}; again: ${again}`);
      });
    }
  });
}

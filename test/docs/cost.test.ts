/** docs/cost.md: its formula gives what `fedimg plan` prints. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { planLines } from '../../src/commands/view/plan-view.js';
import { summaryOf } from '../../src/model/plan/plan-summary.js';
import type { ImagePlan } from '../../src/model/plan/plan.js';
import { somePlan, someRegion, someRequest } from '../support/images.js';
import { TREE } from './shell-blocks.js';

const MIB = 1024 ** 2;
const HVM = { virt: 'hvm', volumeType: 'gp2' } as const;
const PARAVIRTUAL = { virt: 'paravirtual', volumeType: 'gp2' } as const;

interface Subject {
  readonly raw: number;
  readonly download: number;
  readonly copies: number;
  readonly tests: number;
  readonly timeout: number;
}

interface Cost {
  readonly hours: number;
  readonly once: number;
  readonly month: number;
}

async function page(): Promise<string> {
  return readFile(join(TREE, 'docs/cost.md'), 'utf8');
}

/** The lines of the page as they are, each with the values of those before it. */
async function byFormula(subject: Subject): Promise<Cost> {
  const [, formula = ''] = /```formula\n([\s\S]*?)```/.exec(await page()) ?? [];
  const values: Record<string, number> = { ...subject };
  for (const line of formula.trim().split('\n')) {
    const [, name = '', expression = ''] = /^(\w+)\s*= ([\w\s.()+*/-]+)$/.exec(line) ?? [];
    assert(name !== '', line);
    values[name] = runInNewContext(expression, { ...values }) as number;
  }
  const { hours = NaN, once = NaN, month = NaN } = values;
  return { hours, once, month };
}

function planOf({ raw, download, copies, tests, timeout }: Subject): ImagePlan {
  const plan = somePlan(someRequest(), { workflowId: 'image/a/b/c', runId: 'run' });
  const variants = [HVM, PARAVIRTUAL].slice(0, tests);
  return {
    ...plan,
    rawSizeBytes: raw * MIB,
    compressedSizeBytes: download * MIB,
    copies: Array.from({ length: copies }, (_, index) => someRegion(`region-${index + 1}`)),
    test: { ...plan.test, variants, timeoutSeconds: timeout },
  };
}

function dollars(usd: number): string {
  return `$${Math.max(0.01, usd).toFixed(2)}`;
}

/** As `plan` prints them. */
function printed(subject: Subject): {
  readonly once: string;
  readonly month: string;
  readonly hours: string;
} {
  const lines = planLines(summaryOf(planOf(subject)), (_style, text) => text);
  const about = lines.find((line) => line.startsWith('about ')) ?? '';
  const [, once = '', hours = '', month = ''] =
    /about (\$[\d.]+) once \(([\d.]+) instance hours.*about (\$[\d.]+) a month/.exec(about) ?? [];
  return { once, hours, month };
}

describe('docs/cost.md', () => {
  it('has the formula of what plan prints', async () => {
    for (const raw of [256, 5120, 64 * 1024]) {
      for (const copies of [0, 1, 16, 33]) {
        for (const tests of [1, 2]) {
          const subject = { raw, download: raw / 10, copies, tests, timeout: 1200 + raw };
          const { hours, once, month } = await byFormula(subject);
          assert.deepEqual(
            printed(subject),
            { once: dollars(once), hours: hours.toFixed(1), month: dollars(month) },
            JSON.stringify(subject),
          );
        }
      }
    }
  });

  it('has examples that plan would print', async () => {
    const examples = [
      ...(await page()).matchAll(
        /^\| (x86_64|aarch64), (\d+) MiB raw, (\d+) MiB compressed \| (\d+) \| (\$[\d.]+) \| (\$[\d.]+) \|$/gm,
      ),
    ];
    assert(examples.length >= 3, String(examples.length));
    for (const [line, arch, raw, download, regions, once, month] of examples) {
      const subject = {
        ...{ raw: Number(raw), download: Number(download), copies: Number(regions) - 1 },
        ...{ tests: arch === 'x86_64' ? 2 : 1, timeout: 1200 },
      };
      const planned = printed(subject);
      assert.deepEqual([once, month], [planned.once, planned.month], line);
    }
  });
});

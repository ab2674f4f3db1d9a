/** The last result of `npm run stack`, in docs/production.md. */

import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../docs/production.md', import.meta.url));
const BEGIN = '<!-- result of npm run stack -->';
const END = '<!-- end of the result -->';

/** One line for each event of the run, with the seconds since its begin. */
export class Timeline {
  readonly #beginMs = Date.now();
  readonly #lines: string[] = [];

  add(text: string): void {
    const line = `${this.seconds().toFixed(0).padStart(4)} s  ${text}`;
    this.#lines.push(line);
    console.error(line);
  }

  seconds(): number {
    return (Date.now() - this.#beginMs) / 1000;
  }

  text(): string {
    return this.#lines.join('\n');
  }
}

/** Replaces the result in the page. */
export async function writeResult(timeline: Timeline): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`${PAGE} lacks ${BEGIN} or ${END}`);
  const date = new Date().toISOString().slice(0, 10);
  const text = `\nOn ${date}, on two cores, \`npm run stack\` printed:\n\n\`\`\`\n${timeline.text()}\n\`\`\`\n`;
  await writeFile(PAGE, `${before}${BEGIN}\n${text}\n${END}${after}`);
}

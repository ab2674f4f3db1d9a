/** The shell commands of a page. */

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export const TREE = fileURLToPath(new URL('../..', import.meta.url));

export interface Block {
  /** Of the first line of commands in the page. */
  readonly line: number;
  readonly text: string;
}

/** Blocks that are fenced with `sh`. */
export async function shellBlocks(page: string): Promise<Block[]> {
  const lines = (await readFile(`${TREE}${page}`, 'utf8')).split('\n');
  const blocks: Block[] = [];
  let begin: number | undefined;
  for (const [index, line] of lines.entries()) {
    if (begin === undefined) {
      if (/^\s*```sh$/.test(line)) begin = index + 1;
    } else if (/^\s*```$/.test(line)) {
      blocks.push({ line: begin + 1, text: lines.slice(begin, index).join('\n') });
      begin = undefined;
    }
  }
  return blocks;
}

/** Every command that the pages show: in blocks of shell, and as code in a sentence or a table. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shellBlocks, TREE } from './shell-blocks.js';

export interface PageCommand {
  readonly page: string;
  /** Without a comment, on one line. */
  readonly text: string;
}

const PROGRAM =
  /^(?:npx |npm |node |fedimg |temporal |aws |promtool |cfn-lint |terraform |journalctl |systemctl |curl )/;

export async function allPages(): Promise<string[]> {
  const docs = (await readdir(join(TREE, 'docs'))).filter((name) => name.endsWith('.md'));
  return [
    'README.md',
    'CONTRIBUTING.md',
    'test/chaos/README.md',
    ...docs.map((one) => `docs/${one}`),
  ];
}

/** Of all pages but getting-started.md, which is run as a whole. */
export async function pageCommands(): Promise<PageCommand[]> {
  const pages = (await allPages()).filter((page) => !page.endsWith('getting-started.md'));
  const found = await Promise.all(
    pages.map(async (page) => {
      const blocks = await shellBlocks(page);
      const lines = blocks.flatMap(({ text }) => commandsOf(text));
      return [...lines, ...(await inlineCommands(page))].map((text) => ({ page, text }));
    }),
  );
  return found.flat();
}

function commandsOf(text: string): string[] {
  return text
    .replaceAll(/\s*\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.replace(/\s+# .*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

async function inlineCommands(page: string): Promise<string[]> {
  const text = (await readFile(join(TREE, page), 'utf8')).replaceAll(/^```[\s\S]*?^```$/gm, '');
  return [...text.matchAll(/`([^`\n]+(?:\n[^`\n]+)?)`/g)]
    .map(([, code = '']) => code.replaceAll(/\s+/g, ' ').trim())
    .filter((code) => PROGRAM.test(code));
}

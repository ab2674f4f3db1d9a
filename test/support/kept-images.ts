/** Disk images that tests share: the same sizes and seed give the same bytes, so one test makes them for all. */

import { createHash, randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageMaker } from '../../src/local/compose-server/sample-compose.js';
import { makeImage } from '../../src/local/compose-server/sample-compose.js';
import type { CompressedImage } from '../../src/local/disk-image/xz-file.js';
import { suiteFolder } from './suite.js';

/** In place of `makeImage`. The raw file is shared, so a test must not change it; the compressed one is its own. */
export const keptImage: ImageMaker = async (options) => {
  const { file, architecture, sizeBytes, dataBytes, seed } = options;
  const bytesOf = JSON.stringify([architecture, sizeBytes, dataBytes, seed]);
  const key = createHash('sha256').update(bytesOf).digest('hex');
  const kept = join(suiteFolder(), `image-${key}`);
  const image = (await readKept(kept)) ?? (await keep(kept, options));
  await rm(file, { force: true });
  await link(join(kept, 'raw'), file);
  await copyFile(join(kept, 'raw.xz'), `${file}.xz`);
  return { ...image, file: `${file}.xz` };
};

async function readKept(kept: string): Promise<CompressedImage | undefined> {
  try {
    return JSON.parse(await readFile(join(kept, 'image.json'), 'utf8')) as CompressedImage;
  } catch {
    return undefined;
  }
}

/** Two processes may make the same image at once: the first to rename its folder keeps it. */
async function keep(kept: string, options: Parameters<ImageMaker>[0]): Promise<CompressedImage> {
  const own = `${kept}-${randomUUID()}`;
  await mkdir(own);
  const image = await makeImage({ ...options, file: join(own, 'raw') });
  await writeFile(join(own, 'image.json'), JSON.stringify(image));
  await rename(own, kept).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    await rm(own, { recursive: true });
  });
  return image;
}

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { siteFiles } from '../../src/dashboard/site/site-pages.js';
import { ForeignFileError, writeSite } from '../../src/dashboard/site/write-site.js';
import { REGIONS, someRecords } from './overviews.js';

async function inFolder(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'fedimg-site-'));
  try {
    await body(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

describe('the static catalogue', () => {
  it('has only links that lead to its own files or to the AWS console', () => {
    const files = siteFiles({ records: someRecords() });
    assert(files.has('index.html'), 'no index.html');
    assert.equal([...files.keys()].filter((name) => name.startsWith('images/')).length, 4);
    assert.equal(
      [...files.keys()].filter((name) => name.startsWith('regions/')).length,
      REGIONS.length,
    );
    for (const [name, text] of files) {
      if (!name.endsWith('.html')) continue;
      const links = [...text.matchAll(/(?:href|src)="([^"#]+)/g)].map(([, link]) => link ?? '');
      for (const link of links.filter(
        (one) => !one.startsWith('https://console.aws.amazon.com/'),
      )) {
        assert(!link.startsWith('/'), `${name} links to ${link}, which breaks below a path`);
        assert(files.has(normalize(join(dirname(name), link))), `${name} links to ${link}`);
      }
    }
  });

  it('holds no script from data, whatever an image is called', () => {
    const name = '</script><script>alert(1)</script>"../../../etc/x';
    const records = someRecords().map((one, index) => ({
      ...one,
      image: `${name}${index % 2}`,
      release: name,
    }));
    const files = siteFiles({ records });
    for (const [file, text] of files) {
      assert.match(file, /^(?:(?:images|regions)\/)?[A-Za-z0-9_-][A-Za-z0-9._-]*$/);
      if (!file.endsWith('.html')) continue;
      assert.equal(text.match(/<script/g)?.length, 1, file);
      assert.match(text, /<script src="(?:\.\.\/)?page\.js" defer><\/script>/);
      assert.match(text, /content="default-src &#39;none&#39;; script-src &#39;self&#39;/);
    }
  });

  it('does not list private AMIs', () => {
    const records = someRecords().map((one) => ({ ...one, public: one.release === '44' }));
    const json = siteFiles({ records }).get('amis.json') ?? '';
    assert(json.includes('"release": "44"'), json);
    assert(!json.includes('"release": "43"'), json);
  });

  it('replaces its own files and removes stale ones, and leaves those of others', async () => {
    await inFolder(async (directory) => {
      await writeFile(join(directory, 'robots.txt'), 'mine');
      await writeSite(directory, siteFiles({ records: someRecords() }));
      const fewer = someRecords().filter(({ release }) => release === '44');
      const { removed } = await writeSite(directory, siteFiles({ records: fewer }));
      assert.equal(removed, 2);
      assert.equal((await readdir(join(directory, 'images'))).length, 2);
      assert.equal(await readFile(join(directory, 'robots.txt'), 'utf8'), 'mine');
      const all = await readdir(directory, { recursive: true });
      assert.deepEqual(
        all.filter((name) => name.endsWith('.tmp')),
        [],
      );
    });
  });

  it('changes no file in a folder that is the home of another site', async () => {
    await inFolder(async (directory) => {
      await writeFile(join(directory, 'index.html'), 'mine');
      const files = siteFiles({ records: someRecords() });
      await assert.rejects(writeSite(directory, files), ForeignFileError);
      assert.deepEqual(await readdir(directory), ['index.html']);
      assert.equal(await readFile(join(directory, 'index.html'), 'utf8'), 'mine');
    });
  });

  it('does not follow a list of files that leads out of its folder', async () => {
    await inFolder(async (directory) => {
      const outside = join(directory, 'outside.html');
      await writeFile(outside, 'mine');
      const site = join(directory, 'site');
      await writeSite(site, new Map([['index.html', 'a']]));
      await writeFile(
        join(site, '.fedimg-site.json'),
        JSON.stringify({ files: ['../outside.html', 'index.html'] }),
      );
      await writeSite(site, new Map([['index.html', 'b']]));
      assert.equal(await readFile(outside, 'utf8'), 'mine');
      assert.equal(await readFile(join(site, 'index.html'), 'utf8'), 'b');
    });
  });
});

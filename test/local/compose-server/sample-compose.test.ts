import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeSampleCompose } from '../../../src/local/compose-server/sample-compose.js';
import { digestFile } from '../../../src/local/disk-image/xz-file.js';
import { useTempDir } from '../temp-dir.js';

interface Listed {
  path: string;
  type: string;
  format: string;
  subvariant: string;
  size: number;
  checksums: { sha256: string };
}

describe('a sample compose', () => {
  const tempDir = useTempDir();
  const write = (composeId: string) =>
    writeSampleCompose({
      directory: path.join(tempDir(), 'served'),
      rawDirectory: path.join(tempDir(), 'raw'),
      composeId,
      baseUrl: 'http://127.0.0.1:8080',
      rawSizeBytes: 32 * 1024 * 1024,
      dataBytes: 64 * 1024,
    });

  it('is a tree as pungi writes it, and every file matches its metadata', async () => {
    const compose = await write('Fedora-Cloud-43-20251021.0');
    const top = path.join(tempDir(), 'served', 'Fedora-Cloud-43-20251021.0');
    assert.equal(await readFile(path.join(top, 'STATUS'), 'utf8'), 'FINISHED\n');
    assert.equal(await readFile(path.join(top, 'COMPOSE_ID'), 'utf8'), compose.composeId);
    const read = async (name: string): Promise<{ payload: Record<string, unknown> }> =>
      JSON.parse(await readFile(path.join(top, 'compose/metadata', name), 'utf8')) as {
        payload: Record<string, unknown>;
      };
    for (const name of ['composeinfo.json', 'images.json', 'rpms.json']) {
      const head = (await read(name)).payload['compose'] as Record<string, unknown>;
      assert.equal(head['id'], compose.composeId);
    }
    const images = (await read('images.json')).payload['images'] as {
      Cloud: Record<string, Listed[]>;
    };
    assert.deepEqual(Object.keys(images.Cloud), ['x86_64', 'aarch64']);
    for (const [arch, listed] of Object.entries(images.Cloud)) {
      for (const one of listed) {
        const digest = await digestFile(path.join(top, 'compose', one.path));
        assert.deepEqual(digest, { sizeBytes: one.size, sha256: one.checksums.sha256 }, one.path);
      }
      const picked = listed.filter(
        (one) =>
          one.type === 'raw-xz' && one.format === 'raw.xz' && one.subvariant === 'Cloud_Base',
      );
      const name = `Fedora-Cloud-Base-AmazonEC2-43-20251021.0.${arch}.raw.xz`;
      assert.deepEqual(
        picked.map((one) => one.path),
        [`Cloud/${arch}/images/${name}`],
      );
      assert.equal(listed.length, 5);
      const folder = path.join(top, `compose/Cloud/${arch}/images`);
      const sums = await readFile(
        path.join(folder, `Fedora-Cloud-43-20251021.0-${arch}-CHECKSUM`),
        'utf8',
      );
      assert.ok(sums.includes(`SHA256 (${name}) = ${picked[0]?.checksums.sha256}`), sums);
    }
  });

  it('returns what a publisher must find: the two images, with both of their checksums', async () => {
    const { images, location } = await write('Fedora-Cloud-43-20251021.0');
    assert.deepEqual(
      images.map(({ architecture }) => architecture),
      ['x86_64', 'aarch64'],
    );
    for (const image of images) {
      assert.equal(
        image.url,
        `${location}/Cloud/${image.architecture}/images/${image.name}.raw.xz`,
      );
      assert.equal((await digestFile(image.file)).sha256, image.sha256);
      const raw = await digestFile(image.rawFile);
      assert.deepEqual(raw, { sizeBytes: image.rawSizeBytes, sha256: image.rawSha256 });
    }
    assert.notEqual(images[0]?.rawSha256, images[1]?.rawSha256);
    assert.deepEqual(await readdir(path.join(tempDir(), 'raw')), [
      'Fedora-Cloud-Base-AmazonEC2-43-20251021.0.aarch64.raw',
      'Fedora-Cloud-Base-AmazonEC2-43-20251021.0.x86_64.raw',
    ]);
  });

  it('has every field of a status message', async () => {
    const { message } = await write('Fedora-Cloud-43-20251021.0');
    assert.deepEqual(message, {
      status: 'FINISHED',
      compose_id: 'Fedora-Cloud-43-20251021.0',
      location: 'http://127.0.0.1:8080/Fedora-Cloud-43-20251021.0/compose',
      compose_date: '20251021',
      compose_type: 'production',
      compose_respin: 0,
      compose_label: 'RC-20251021.0',
      release_short: 'Fedora-Cloud',
      release_name: 'Fedora-Cloud',
      release_version: '43',
      release_type: 'ga',
      release_is_layered: false,
    });
  });

  it('has no label for a nightly build, and the suffix of the build in its file names', async () => {
    const { message, images } = await write('Fedora-Rawhide-20251021.n.3');
    assert.equal(message.compose_label, null);
    assert.equal(message.compose_type, 'nightly');
    assert.equal(images[0]?.name, 'Fedora-Cloud-Base-AmazonEC2-Rawhide-20251021.n.3.x86_64');
  });

  it('is refused for an id that is not a compose id', async () => {
    await assert.rejects(write('../Fedora'), /is not a compose id. It must look like/);
    assert.equal(existsSync(path.join(tempDir(), 'served')), false);
  });
});

import assert from 'node:assert/strict';
import type { Arch } from '../../src/model/compose/compose.js';
import { checksumPaths, parseChecksumFile } from '../../src/fetch/checksum-file.js';
import type { ComposeImages } from '../../src/fetch/compose-metadata.js';
import { readComposeImages } from '../../src/fetch/compose-metadata.js';
import { MetadataError } from '../../src/fetch/errors.js';
import { startServer } from './local-server.js';

const SHA = '91a3fa8f'.repeat(8);
const COMPOSE = 'Fedora-43-20251021.0';
const FILE = 'Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64.raw.xz';
const PATH = `Cloud/x86_64/images/${FILE}`;
/** In the form of Fedora's released files, which are clear-signed. */
const SIGNED = `-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

# ${FILE}: 592568816 bytes
SHA256 (${FILE}) = ${SHA}
# other.qcow2: 7 bytes
SHA256 (other.qcow2) = ${'00'.repeat(32)}
-----BEGIN PGP SIGNATURE-----

iQIzBAEBCAAdFiEE
-----END PGP SIGNATURE-----
`;

describe('a CHECKSUM file', () => {
  it('is read in the form that Fedora signs, with the sizes of its comments', () => {
    const sums = parseChecksumFile(SIGNED);
    assert.deepEqual(sums.get(FILE), { sha256: SHA, sizeBytes: 592_568_816 });
    assert.equal(sums.size, 2);
  });

  it('is read also in the form of sha256sum', () => {
    const sums = parseChecksumFile(`${SHA.toUpperCase()}  a.raw.xz\r\n${SHA} *b.raw.xz\r\n`);
    assert.deepEqual([...sums.keys()], ['a.raw.xz', 'b.raw.xz']);
    assert.equal(sums.get('a.raw.xz')?.sha256, SHA);
  });

  it('with two checksums for one file has none for it: one of them is wrong', () => {
    const twice = `SHA256 (a) = ${SHA}\nSHA256 (a) = ${'11'.repeat(32)}\n`;
    assert.equal(parseChecksumFile(twice).has('a'), false);
    assert.equal(parseChecksumFile(`SHA256 (a) = ${SHA}\nSHA256 (a) = ${SHA}`).has('a'), true);
  });

  /** Rows: compose, label, architecture; the name that Fedora's pungi gave the file. */
  const named = [
    ['Fedora-44-20260414.0', 'RC-1.7', 'aarch64', 'Fedora-Cloud-44-1.7-aarch64'],
    ['Fedora-43-20250915.0', 'Beta-1.3', 'x86_64', 'Fedora-Cloud-43_Beta-1.3-x86_64'],
    [
      'Fedora-Rawhide-20251102.n.0',
      undefined,
      'x86_64',
      'Fedora-Cloud-images-Rawhide-x86_64-20251102.n.0',
    ],
    ['Fedora-Cloud-43-20251021.0', 'RC-20251021.0', 'x86_64', 'Fedora-Cloud-43-20251021.0-x86_64'],
  ] as const;
  for (const [composeId, label, arch, name] of named) {
    it(`is looked up under the name that pungi gives it: ${name}`, () => {
      const path = `Cloud/${arch}/images/a.raw.xz`;
      const [first] = checksumPaths({ composeId, label, path, arch });
      assert.equal(first, `Cloud/${arch}/images/${name}-CHECKSUM`);
    });
  }

  it('of a nightly before 2024 is found, too: its name lacks the word images', () => {
    const file = { composeId: 'Fedora-Rawhide-20230102.n.0', path: PATH, arch: 'x86_64' };
    const old = 'Cloud/x86_64/images/Fedora-Cloud-Rawhide-x86_64-20230102.n.0-CHECKSUM';
    assert(checksumPaths(file).includes(old), checksumPaths(file).join('\n'));
  });
});

interface Tree {
  readonly checksums?: object;
  readonly size?: number;
  readonly files?: Readonly<Record<string, string>>;
}

async function read({ checksums = {}, size = 592_568_816, files = {} }: Tree): Promise<{
  readonly images: ComposeImages['images'];
  readonly asked: string[];
}> {
  const image = {
    ...{ arch: 'x86_64', type: 'raw-xz', format: 'raw.xz', subvariant: 'Cloud_Base' },
    ...{ path: PATH, size, checksums },
  };
  const images = JSON.stringify({
    header: { type: 'productmd.images', version: '1.2' },
    payload: { compose: { id: COMPOSE }, images: { Cloud: { x86_64: [image] } } },
  });
  const served = new Map(Object.entries({ ...files, '/metadata/images.json': images }));
  const server = await startServer((request, response) => {
    const body = served.get(request.url ?? '');
    response.statusCode = body === undefined ? 404 : 200;
    response.end(body);
  });
  const arches: Arch[] = ['x86_64'];
  const selection = { subvariants: ['Cloud_Base'], types: ['raw-xz'], arches };
  try {
    const read = await readComposeImages(
      { composeId: COMPOSE, location: server.base, label: 'RC-1.6', selection },
      { policy: server.policy },
    );
    return { images: read.images, asked: server.requests.map((request) => request.path) };
  } finally {
    await server.close();
  }
}

const BY_LABEL = '/Cloud/x86_64/images/Fedora-Cloud-43-1.6-x86_64-CHECKSUM';
const BY_DATE = '/Cloud/x86_64/images/Fedora-Cloud-43-20251021.0-x86_64-CHECKSUM';

describe('an image whose metadata has no checksum', () => {
  it('gets the checksum of the CHECKSUM file beside it', async () => {
    const { images, asked } = await read({ files: { [BY_DATE]: SIGNED } });
    assert.deepEqual(
      images.map(({ sha256 }) => sha256),
      [SHA],
    );
    assert.deepEqual(asked, ['/metadata/images.json', BY_LABEL, BY_DATE]);
  });

  it('is refused when the CHECKSUM files lack it, too: every published image is checked', async () => {
    for (const files of [{}, { [BY_LABEL]: 'SHA256 (other) = 00\n' }]) {
      await assert.rejects(read({ files }), (error) => {
        assert(error instanceof MetadataError, String(error));
        assert.match(error.message, /no sha256 .* CHECKSUM file beside it/);
        return true;
      });
    }
  });

  it('is refused when its CHECKSUM file names another size', async () => {
    await assert.rejects(read({ size: 5, files: { [BY_LABEL]: SIGNED } }), /has 5 bytes here and/);
  });
});

describe('an image whose metadata has a checksum', () => {
  it('causes no request for a CHECKSUM file', async () => {
    const sha256 = '22'.repeat(32);
    const { images, asked } = await read({ checksums: { sha256 }, files: { [BY_LABEL]: SIGNED } });
    assert.equal(images[0]?.sha256, sha256);
    assert.deepEqual(asked, ['/metadata/images.json']);
  });

  it('of another form than sha256 is refused, and not replaced by another', async () => {
    const bad = read({ checksums: { sha256: 'abc' }, files: { [BY_LABEL]: SIGNED } });
    await assert.rejects(bad, /no sha256/);
  });
});

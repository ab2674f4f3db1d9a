import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Arch } from '../../src/model/compose/compose.js';
import {
  imageEntries,
  readComposeImages,
  usable,
  type ComposeImages,
} from '../../src/fetch/compose-metadata.js';
import { selectImages } from '../../src/model/compose/productmd.js';
import { MetadataError, SourceError, UrlRefusedError } from '../../src/fetch/errors.js';
import { startServer, type LocalServer } from './local-server.js';

const composeId = 'Fedora-Cloud-39-20231130.0';
const selection = {
  subvariants: ['Cloud_Base'],
  types: ['raw-xz'],
  arches: ['x86_64', 'aarch64'] as Arch[],
};

function image(arch: string, format: string, subvariant = 'Cloud_Base'): object {
  const name = `Fedora-Cloud-Base-39-20231130.0.${arch}.${format}`;
  return {
    ...{ arch, bootable: false, disc_count: 1, disc_number: 1, implant_md5: null, volume_id: '' },
    ...{ format, type: format.replace('.', '-'), subvariant, mtime: 1_701_326_607 },
    checksums: { sha256: '0986'.repeat(16) },
    path: `Cloud/${arch}/images/${name}`,
    size: 594_280_448,
  };
}

/** As `readComposeImages` does it, without the server. */
function pick(document: unknown): ComposeImages {
  const entries = imageEntries(document, composeId, 'images.json');
  return usable(selectImages(entries, selection, 'https://x'), 'images.json');
}

/** In the shape of the excerpt that Fedora publishes. */
function metadata(id = composeId): object {
  const arches = ['aarch64', 'x86_64', 's390x'];
  const byArch = arches.map(
    (arch) => [arch, [image(arch, 'qcow2'), image(arch, 'raw.xz')]] as const,
  );
  return {
    header: { type: 'productmd.images', version: '1.2' },
    payload: {
      compose: { date: '20231130', id, respin: 0, type: 'production' },
      images: { Cloud: Object.fromEntries(byArch), Server: { src: [] } },
    },
  };
}

describe('the metadata of a compose', () => {
  let server: LocalServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  const read = async (body: string, location?: string): Promise<ComposeImages> => {
    server = await startServer((_, response) => response.end(body));
    const { base, policy } = server;
    return readComposeImages(
      { composeId, location: location ?? `${base}compose/`, selection },
      { policy },
    );
  };

  it('gives the images that are to be published', async () => {
    const { images, absent } = await read(JSON.stringify(metadata()));
    assert.deepEqual(absent, []);
    assert.deepEqual(
      server?.requests.map(({ path }) => path),
      ['/compose/metadata/images.json'],
    );
    assert.deepEqual(images.map(({ arch, url, name }) => ({ arch, url, name }))[1], {
      arch: 'aarch64',
      url: `${server?.base}compose/Cloud/aarch64/images/Fedora-Cloud-Base-39-20231130.0.aarch64.raw.xz`,
      name: 'Fedora-Cloud-Base-39-20231130.0.aarch64',
    });
  });

  it('of another compose is refused: a link may lead to a newer one', async () => {
    const other = JSON.stringify(metadata('Fedora-Cloud-39-20231201.0'));
    await assert.rejects(read(other), (error) => {
      assert.ok(error instanceof MetadataError, String(error));
      assert.match(error.message, /does not belong to .*20231130\.0 but to .*20231201\.0/);
      return error.code === 'COMPOSE_MISMATCH' && !error.retryable;
    });
  });

  it('from a location that is not allowed is not fetched', async () => {
    for (const location of ['http://169.254.169.254/compose', 'https://x/../y']) {
      await assert.rejects(read('{}', location), UrlRefusedError);
      assert.equal(server?.connections(), 0);
      await server?.close();
    }
  });

  it('of a wrong shape is refused with the key, in printable characters', () => {
    const shown = (value: unknown): string => {
      try {
        pick(value);
      } catch (error) {
        assert.ok(error instanceof MetadataError, String(error));
        assert.match(error.message, /^[\x20-\x7e]*$/);
        return error.message;
      }
      return 'accepted';
    };
    assert.match(shown([]), /not a productmd image list/);
    const whole = metadata() as { header: object; payload: object };
    assert.match(shown({ ...whole, header: { version: '3.0' } }), /header\.version/);
    assert.match(shown({ ...whole, header: { type: 'productmd.rpms', version: '1.2' } }), /type/);
    const hostile = { ...whole.payload, images: { '\u001b[2J': { '\u202e': 5 } } };
    assert.match(shown({ ...whole, payload: hostile }), /\\u\{1b\}/);
    assert.equal(shown(whole), 'accepted');
  });

  it('never crashes the reader, for any content', () => {
    const anyImage = fc.record(
      { arch: fc.constantFrom('x86_64', 'aarch64'), type: fc.constant('raw-xz') },
      { requiredKeys: [] },
    );
    const small = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
    const entry = fc
      .tuple(anyImage, small, fc.jsonValue({ maxDepth: 1 }), fc.string())
      .map(([known, unknown, checksums, path]) => ({
        ...image('x86_64', 'raw.xz'),
        ...unknown,
        ...known,
        checksums,
        path,
      }));
    const few = { maxKeys: 2 };
    const byArch = fc.dictionary(fc.string(), fc.array(entry, { maxLength: 3 }), few);
    const images = fc.dictionary(fc.string(), byArch, few);
    const whole = metadata() as { payload: object };
    fc.assert(
      fc.property(fc.oneof(images, fc.jsonValue({ maxDepth: 3 })), (value) => {
        const document = { ...whole, payload: { ...whole.payload, images: value } };
        try {
          const { length } = pick(document).images;
          assert.ok(length <= 2, String(length));
        } catch (error) {
          assert.ok(error instanceof SourceError, String(error));
        }
        assert.equal(Object.keys(Object.prototype).length, 0);
      }),
      { numRuns: 2000 },
    );
  });
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { SampleCompose, SampleImage } from '../../src/local/compose-server/sample-compose.js';
import { EC2_UTILITY_EXCEPTION, EC2_SERVICE_EXCEPTION } from '../../src/model/errors.js';
import type { ImageRequest } from '../../src/model/plan/plan.js';
import { assertNothingLeft, failureOf } from '../support/expectations.js';
import type { LocalPublisher } from '../support/local-publisher.js';
import { usePublisher } from '../support/use-publisher.js';

const run = promisify(execFile);

/** A request for the image by hand, with what the compose says of it, or something else. */
function requestFor(
  compose: SampleCompose,
  image: SampleImage,
  overrides: Partial<ImageRequest['image']> = {},
): ImageRequest {
  const { subvariant, url, sha256, sizeBytes, name } = image;
  return {
    composeId: compose.composeId,
    release: '43',
    image: { subvariant, arch: 'x86_64', url, sha256, sizeBytes, name, ...overrides },
  };
}

interface Refusal {
  readonly type: string;
  readonly message: RegExp;
  readonly code: string;
}

type Spoil = (
  image: SampleImage,
) => Promise<Partial<ImageRequest['image']>> | Partial<ImageRequest['image']>;

/** Publishes an image that cannot be, and looks at the reason and at what is left. */
async function refused(publisher: LocalPublisher, spoil: Spoil, expected: Refusal): Promise<void> {
  // Each gets a file of its own, with the same bytes.
  const compose = await publisher.compose({ architectures: ['x86_64'], seed: 'compose 1' });
  const [image] = compose.images;
  assert(image, 'no image');
  const overrides = await spoil(image);
  const handle = await publisher.publish(requestFor(compose, image, overrides));
  const failure = await failureOf(handle.result());
  assert.equal(failure.type, expected.type);
  assert.match(failure.message, expected.message);
  assert.equal((failure.details?.[0] as { code: string }).code, expected.code);
  await assertNothingLeft(publisher);
}

async function sha256Of(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

describe('an image that cannot be published', () => {
  const open = usePublisher({});

  it('is refused before its volume is written when the checksum is another', async () => {
    const wrong = 'f'.repeat(64);
    await refused(open(), () => ({ sha256: wrong }), {
      type: EC2_UTILITY_EXCEPTION,
      message: new RegExp(`has sha256 [0-9a-f]{64}, wanted ${wrong}`),
      code: 'checksum-mismatch',
    });
  });

  it('launches nothing when the file is truncated on the server', async () => {
    await refused(
      open(),
      async (image) => {
        await truncate(image.file, Math.floor(image.sizeBytes / 2));
        return {};
      },
      { type: EC2_SERVICE_EXCEPTION, message: /its end is missing/, code: 'TRUNCATED' },
    );
  });

  it('launches nothing when the server answers a page instead of an xz', async () => {
    await refused(
      open(),
      async (image) => {
        await writeFile(image.file, '<html>please log in</html>'.repeat(100));
        return {};
      },
      { type: EC2_SERVICE_EXCEPTION, message: /is not an xz file/, code: 'NOT_XZ' },
    );
  });

  it('launches nothing when the file is not there', async () => {
    await refused(open(), (image) => ({ url: image.url.replace('.raw.xz', '-gone.raw.xz') }), {
      type: EC2_SERVICE_EXCEPTION,
      message: /404/,
      code: 'NOT_FOUND',
    });
  });
});

describe('an image that cannot be published, on a server without ranges', () => {
  const open = usePublisher({ ranges: false, utility: ['fallback_volume_size_gib = 1'] });

  it('finds a truncated file too', async () => {
    await refused(
      open(),
      async (image) => {
        await truncate(image.file, Math.floor(image.sizeBytes / 2));
        return { sha256: await sha256Of(image.file) };
      },
      { type: EC2_UTILITY_EXCEPTION, message: /xz ended with status/, code: 'corrupt-xz' },
    );
  });

  it('refuses a raw image that is larger than the configured size', async () => {
    await refused(
      open(),
      async (image) => {
        // A raw image of 1 GiB and 64 MiB: an xz file may have many streams (xz(1), "Concatenation and padding").
        const stream = `${image.file}.stream`;
        await run('bash', ['-c', `head -c ${64 * 1024 ** 2} /dev/zero | xz -0 > '${stream}'`]);
        await writeFile(image.file, Buffer.concat(Array(17).fill(await readFile(stream))));
        return { sha256: await sha256Of(image.file) };
      },
      {
        type: EC2_UTILITY_EXCEPTION,
        message: /larger than the volume's/,
        code: 'larger-than-said',
      },
    );
  });
});

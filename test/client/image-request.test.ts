import assert from 'node:assert/strict';
import { ClientError } from '../../src/client/errors.js';
import { imageRequestByHand, releaseOf } from '../../src/client/image-request.js';
import { uiBaseUrl, workflowUrl } from '../../src/client/ui-link.js';

const url = 'https://dl.example/a/Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64.raw.xz';

describe('an image that is published by hand', () => {
  it('takes name and release from its URL, and has a hash only when one is given', () => {
    assert.deepEqual(imageRequestByHand({ url, arch: 'x86_64' }), {
      composeId: 'Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64',
      release: '43',
      image: {
        subvariant: 'by-hand',
        arch: 'x86_64',
        url,
        sha256: '',
        sizeBytes: 0,
        name: 'Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64',
      },
    });
  });

  it('belongs to the given compose and takes its release', () => {
    const compose = 'Fedora-Cloud-44-20261122.0';
    const hash = 'AB'.repeat(32);
    const request = imageRequestByHand({ url, arch: 'x86_64', compose, sha256: hash });
    assert.deepEqual([request.composeId, request.release], [compose, '44']);
    assert.equal(request.image.sha256, 'ab'.repeat(32));
    assert.equal(imageRequestByHand({ url, arch: 'x86_64', compose, release: '45' }).release, '45');
  });

  it('finds the release in names of Fedora, and none in other names', () => {
    const releases: [string, string | undefined][] = [
      ['Fedora-Cloud-Base-AmazonEC2.x86_64-40-1.14', '40'],
      ['Fedora-Cloud-Base-AmazonEC2-Rawhide-20251022.n.0.aarch64', 'Rawhide'],
      ['Fedora-Cloud-Base-23-20150922.x86_64', '23'],
      ['Fedora-Cloud-Base-eln-20251022.n.0.x86_64', 'eln'],
      ['disk', undefined],
      ['disk-20251022', undefined],
    ];
    for (const [name, release] of releases) assert.equal(releaseOf(name), release, name);
    assert.equal(
      imageRequestByHand({ url: 'http://h/disk.raw.xz', arch: 'x86_64' }).release,
      'unknown',
    );
  });

  it('has the name of its file, not that of its URL', () => {
    const quoted = imageRequestByHand({ url: 'http://h/c6%2Bbeta.x86_64.raw.xz', arch: 'x86_64' });
    assert.equal(quoted.image.name, 'c6+beta.x86_64');
    assert.equal(quoted.image.url, 'http://h/c6%2Bbeta.x86_64.raw.xz');
  });

  it('with a wrong name is not said to lack a suffix that it has', () => {
    for (const file of ["a'b.raw.xz", 'a%2Fb.raw.xz', '%zz.raw.xz', '.raw.xz']) {
      assert.throws(
        () => imageRequestByHand({ url: `http://h/${file}`, arch: 'x86_64' }),
        (error: unknown) => error instanceof ClientError && /^Rename the file/.test(error.next),
        file,
      );
    }
  });

  it('is refused before a run starts when an argument is wrong', () => {
    const wrong = [
      { url: 'disk.raw.xz' },
      { url: 'file:///disk.raw.xz' },
      { url: 'https://user:secret@h/disk.raw.xz' },
      { url: 'https://h/disk.qcow2' },
      { url: 'https://h/.raw.xz' },
      { url: "https://h/a'b.raw.xz" },
      { url, sha256: 'f00' },
      { url, compose: 'no-compose' },
      { url, release: 'a b' },
    ];
    for (const image of wrong) {
      assert.throws(
        () => imageRequestByHand({ arch: 'x86_64', ...image }),
        (error: unknown) => error instanceof ClientError && error.kind === 'configuration',
        JSON.stringify(image),
      );
    }
  });
});

describe('links into the Temporal UI', () => {
  it('lead to the UI of the server', () => {
    const bases: [string, NodeJS.ProcessEnv, string | undefined][] = [
      ['127.0.0.1:7233', {}, 'http://127.0.0.1:8233'],
      ['localhost:7233', {}, 'http://127.0.0.1:8233'],
      // Another port may be a tunnel, and its UI anywhere: a link that leads nowhere is worse than none.
      ['localhost:9000', {}, undefined],
      ['temporal.example.org:7233', {}, undefined],
      ['temporal.example.org:7233', { TEMPORAL_UI_URL: 'https://t.example/' }, 'https://t.example'],
      ['ns.acct.tmprl.cloud:7233', {}, 'https://cloud.temporal.io'],
    ];
    for (const [address, env, base] of bases) assert.equal(uiBaseUrl({ env, address }), base);
    const stackUiUrl = 'http://127.0.0.1:4711';
    assert.equal(uiBaseUrl({ env: {}, address: '127.0.0.1:4710', stackUiUrl }), stackUiUrl);
  });

  it('survive the slashes of workflow ids', () => {
    const run = { namespace: 'default', workflowId: 'image/a/b/x86_64', runId: 'r' };
    assert.equal(
      workflowUrl('http://ui', run),
      'http://ui/namespaces/default/workflows/image%2Fa%2Fb%2Fx86_64/r/timeline',
    );
  });
});

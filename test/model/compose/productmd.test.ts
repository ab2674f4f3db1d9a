import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Arch } from '../../../src/model/compose/compose.js';
import type { ProductmdImage } from '../../../src/model/compose/image-location.js';
import {
  checkImagePath,
  selectImages,
  type SelectedImages,
} from '../../../src/model/compose/productmd.js';

const location = 'https://kojipkgs.fedoraproject.org/compose/43/Fedora-43-20251021.0/compose';
const selection = {
  subvariants: ['Cloud_Base'],
  types: ['raw-xz'],
  arches: ['aarch64', 'x86_64'] as Arch[],
};

function entry(arch: string, change: object = {}): ProductmdImage {
  return {
    arch,
    type: 'raw-xz',
    format: 'raw.xz',
    subvariant: 'Cloud_Base',
    path: `Cloud/${arch}/images/Fedora-Cloud-Base-AmazonEC2-43-1.6.${arch}.raw.xz`,
    size: 592_568_816,
    checksums: { sha256: 'AB'.repeat(32) },
    ...change,
  };
}

function select(...entries: ProductmdImage[]): SelectedImages {
  return selectImages(entries, selection, location);
}

describe('the images of a compose', () => {
  it('are those of the wanted subvariant, type and architecture', () => {
    const { images, absent, problems } = select(
      entry('aarch64'),
      entry('x86_64', { type: 'qcow2', format: 'qcow2', path: 'x.qcow2' }),
      entry('x86_64', { subvariant: 'Cloud_Base_UKI' }),
      entry('ppc64le'),
      entry('x86_64', { subvariant: 'Server' }),
      entry('x86_64'),
    );
    assert.deepEqual({ absent, problems }, { absent: [], problems: [] });
    assert.deepEqual(images, [
      {
        subvariant: 'Cloud_Base',
        arch: 'x86_64',
        url: `${location}/Cloud/x86_64/images/Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64.raw.xz`,
        sha256: 'ab'.repeat(32),
        sizeBytes: 592_568_816,
        name: 'Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64',
      },
      {
        subvariant: 'Cloud_Base',
        arch: 'aarch64',
        url: `${location}/Cloud/aarch64/images/Fedora-Cloud-Base-AmazonEC2-43-1.6.aarch64.raw.xz`,
        sha256: 'ab'.repeat(32),
        sizeBytes: 592_568_816,
        name: 'Fedora-Cloud-Base-AmazonEC2-43-1.6.aarch64',
      },
    ]);
  });

  it('of productmd 2.0 are read from their location objects', () => {
    const { path, size, ...rest } = entry('x86_64', { checksums: undefined });
    const at = (url: unknown) => ({
      ...rest,
      location: { url, size, checksum: `sha256:${'AB'.repeat(32)}`, local_path: path },
    });
    const expected = select(entry('x86_64'));
    for (const url of [path, `${location}/${String(path)}`]) {
      assert.deepEqual(select(at(url)), expected);
    }
    for (const url of ['oci://quay.io/fedora/cloud:43@sha256:ab', 'https://cdn.example/a.raw.xz']) {
      const { images, problems } = select(at(url));
      assert.deepEqual(images, []);
      assert.match(problems.join(), new RegExp(`x86_64 image .* is stored elsewhere, at "${url}"`));
    }
  });

  it('that an incomplete compose lacks are named as absent', () => {
    const { images, absent } = select(entry('x86_64'));
    assert.equal(images.length, 1);
    assert.deepEqual(absent, [{ subvariant: 'Cloud_Base', arch: 'aarch64' }]);
  });

  it('do not include unified kernel images, and no other format with the type raw-xz', () => {
    const uki = entry('x86_64', { subvariant: 'Cloud_Base_UKI', path: 'uki.raw.xz' });
    const other = entry('x86_64', { format: 'qcow2' });
    assert.deepEqual(select(uki, other).images, []);
  });

  it('are at most one for each architecture', () => {
    const other = entry('x86_64', { path: 'Cloud/x86_64/images/Fedora-Cloud-Base-43.raw.xz' });
    assert.match(
      select(other, { ...other, path: 'Cloud/other.raw.xz' }).problems.join(),
      /several images claim to be Cloud_Base for x86_64/,
    );
    const { images } = select(other, entry('x86_64'));
    assert.deepEqual(
      images.map(({ name }) => name),
      ['Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64'],
    );
    assert.equal(select(other, other).images.length, 1);
  });

  it('are all refused, with a reason, when one has a bad checksum, size or path', () => {
    const changes: [change: object, reason: RegExp][] = [
      [{ checksums: { md5: 'x' } }, /no sha256/],
      [{ checksums: { sha256: 'zz'.repeat(32) } }, /no sha256/],
      [{ checksums: Object.create({ sha256: 'ab'.repeat(32) }) as object }, /no sha256/],
      [{ checksums: null }, /no sha256/],
      [{ size: 0 }, /a size that is not/],
      [{ size: -1 }, /a size that is not/],
      [{ size: 1.5 }, /a size that is not/],
      [{ size: '592568816' }, /a size that is not/],
      [{ size: 2 ** 60 }, /a size that is not/],
      [{ path: '/etc/passwd.raw.xz' }, /not a plain relative path/],
      [{ path: 7 }, /not a plain relative path/],
    ];
    for (const [change, reason] of changes) {
      assert.match(select(entry('x86_64', change)).problems.join(), reason);
    }
  });
});

describe('the path of an image', () => {
  it('is refused when it could leave the compose, or be read as more than a path', () => {
    const refused = [
      '../x.raw.xz',
      'a/../x.raw.xz',
      'a/./x.raw.xz',
      'a//x.raw.xz',
      '/x.raw.xz',
      'x.raw.xz/',
      '.raw.xz',
      'a/.raw.xz',
      'a/.hidden.raw.xz',
      '-o/x.raw.xz',
      'a/-x.raw.xz',
      'a\\x.raw.xz',
      'a/%2e%2e/x.raw.xz',
      'a b.raw.xz',
      'a\n.raw.xz',
      'a.raw.xz\n',
      "a';reboot;'.raw.xz",
      '$(id).raw.xz',
      '`id`.raw.xz',
      'a?x.raw.xz',
      'a#x.raw.xz',
      'a:x.raw.xz',
      '\u202ea.raw.xz',
      'a.RAW.XZ',
      'a.raw.xz.exe',
      `${'a'.repeat(600)}.raw.xz`,
      '',
      null,
    ];
    for (const path of refused) assert.equal(checkImagePath(path), undefined, String(path));
    assert.ok(
      checkImagePath('Cloud/x86_64/images/Fedora-1.raw.xz'),
      "no checkImagePath('Cloud/x86_64/images/Fedora-1.raw.xz')",
    );
  });

  it('that is accepted stays below its compose when a URL parser resolves it', () => {
    const piece = fc.constantFrom(
      '/',
      '..',
      '.',
      'a',
      '-',
      '%2e',
      '~',
      '+',
      ':',
      '?',
      '#',
      '\\',
      '\t',
      'é',
    );
    let passed = 0;
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
        const path = checkImagePath(`${pieces.join('')}.raw.xz`);
        if (path === undefined) return;
        passed += 1;
        assert.equal(new URL(path, `${location}/`).href, `${location}/${path}`);
      }),
      { numRuns: 3000 },
    );
    assert.ok(passed > 20, `only ${passed} passed`);
  });
});

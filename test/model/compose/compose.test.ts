import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseComposeId } from '../../../src/model/compose/compose.js';

describe('a compose id', () => {
  it('has the parts that productmd put together', () => {
    const cases: [id: string, short: string, version: string, rest: string][] = [
      ['Fedora-Cloud-43-20251021.0', 'Fedora-Cloud', '43', 'ga production 20251021 0'],
      ['Fedora-28-20180425.0', 'Fedora', '28', 'ga production 20180425 0'],
      ['Fedora-Rawhide-20251021.n.1', 'Fedora', 'Rawhide', 'ga nightly 20251021 1'],
      ['Fedora-eln-20240229.n.0', 'Fedora', 'eln', 'ga nightly 20240229 0'],
      ['Fedora-27-updates-20171201.3', 'Fedora', '27', 'updates production 20171201 3'],
      [
        'Fedora-27-updates-testing-20180123.t.12',
        'Fedora',
        '27',
        'updates-testing test 20180123 12',
      ],
      ['RHEL-9.4-20240101.ci.0', 'RHEL', '9.4', 'ga ci 20240101 0'],
      ['RHEL-9.4-20240101.d.0', 'RHEL', '9.4', 'ga development 20240101 0'],
    ];
    for (const [id, short, version, rest] of cases) {
      const parsed = parseComposeId(id);
      assert.ok(parsed, id);
      assert.deepEqual([parsed.id, parsed.short, parsed.version], [id, short, version]);
      const { releaseType, composeType, date, respin } = parsed;
      assert.equal(`${releaseType} ${composeType} ${date} ${respin}`, rest);
    }
  });

  it('of a layered product gives the product, not its base', () => {
    const cases: [id: string, product: string, base: string | undefined][] = [
      ['Tools-1.0-RHEL-7-20200101.0', 'Tools 1.0 ga', 'RHEL 7'],
      ['Fedora-Atomic-27-Fedora-27-20180101.n.0', 'Fedora-Atomic 27 ga', 'Fedora 27'],
      ['Tools-1.0-updates-RHEL-7.4-eus-20200101.0', 'Tools 1.0 updates', 'RHEL 7.4'],
      ['Fedora-Cloud-43-20251021.0', 'Fedora-Cloud 43 ga', undefined],
    ];
    for (const [id, product, base] of cases) {
      const parsed = parseComposeId(id);
      assert.ok(parsed, id);
      assert.equal(`${parsed.short} ${parsed.version} ${parsed.releaseType}`, product);
      assert.equal(parsed.base && `${parsed.base.short} ${parsed.base.version}`, base);
    }
  });

  it('in another form is refused, so that it becomes no workflow id, tag or path', () => {
    const none = [
      '',
      'Fedora',
      'Fedora-43',
      'Fedora-20251021.0',
      'Fedora-Cloud-43-20251021',
      'Fedora-Cloud-43-2025102.0',
      'Fedora-Cloud-43-20251321.0',
      'Fedora-Cloud-43-20250229.0',
      'Fedora-Cloud-43-20251021.01',
      'Fedora-Cloud-43-20251021.x.0',
      'Fedora-Cloud-43-20251021.0\n',
      ' Fedora-Cloud-43-20251021.0',
      '../Fedora-Cloud-43-20251021.0',
      'Fedora/Cloud-43-20251021.0',
      'Fedora-Cloud-$(id)-20251021.0',
      'Fed\u043era-Cloud-43-20251021.0',
      '-Cloud-43-20251021.0',
      '43-20251021.0',
      'Fedora--43-20251021.0',
      `${'F'.repeat(100)}-43-20251021.0`,
    ];
    for (const id of none) assert.equal(parseComposeId(id), undefined, id);
  });

  it('can be put together from its parts', () => {
    const types = ['', '-updates', '-updates-testing', '-eus'];
    const parts = fc.record({
      short: fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,8}(-[A-Za-z][A-Za-z0-9]{0,8})?$/),
      version: fc.stringMatching(/^(\d{1,3}(\.\d{1,2})?|Rawhide|eln)$/),
      type: fc.constantFrom(...types),
      date: fc.date({
        min: new Date('2000-01-01'),
        max: new Date('2099-12-31'),
        noInvalidDate: true,
      }),
      suffix: fc.constantFrom('', '.n', '.t', '.ci', '.d'),
      respin: fc.nat(9999),
    });
    fc.assert(
      fc.property(parts, ({ short, version, type, date, suffix, respin }) => {
        const day = date.toISOString().slice(0, 10).replaceAll('-', '');
        const parsed = parseComposeId(`${short}-${version}${type}-${day}${suffix}.${respin}`);
        assert.ok(parsed, 'no parsed');
        assert.deepEqual(
          [parsed.short, parsed.version, parsed.date, parsed.respin, parsed.releaseType],
          [short, version, day, respin, type === '' ? 'ga' : type.slice(1)],
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('is parsed in time that grows with its length only', () => {
    const piece = fc.constantFrom(
      'a',
      '-',
      '.',
      '9',
      'Fedora',
      '20251021',
      '.n.',
      ' ',
      '\u0000',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const parsed = parseComposeId(pieces.join(''));
        if (parsed) assert.match(parsed.id, /^[A-Za-z0-9._-]{1,100}$/);
      }),
      { numRuns: 2000 },
    );
    const started = process.cpuUsage();
    parseComposeId(`${'a-'.repeat(49)}!`);
    parseComposeId(`${'a'.repeat(5_000_000)}`);
    const { user } = process.cpuUsage(started);
    assert.ok(user < 1_000_000, `${user} µs`);
  });
});

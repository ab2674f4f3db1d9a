import assert from 'node:assert/strict';
import { leftOutTags, parseLeftOut, parseVariants } from '../../../src/model/plan/plan-tags.js';
import type { TaggedAmi } from '../../../src/model/catalogue/tagged-amis.js';
import { recordsOfTags } from '../../../src/model/catalogue/tagged-amis.js';
import { TAG } from '../../../src/model/ids/tags.js';
import { variantKey, variantsOf } from '../../../src/model/ids/variant.js';
import { someRegion } from '../../support/images.js';
import { someTaggedAmi } from '../../support/records.js';

const ALL = variantsOf(['hvm', 'paravirtual'], ['standard', 'gp2']);
const everyVariant = (regionName: string): TaggedAmi[] =>
  ALL.map((variant) => someTaggedAmi({ region: regionName, variant }));
const recordsOf = (amis: readonly TaggedAmi[]) => recordsOfTags(amis, 'test').records;

describe('the catalogue, when only tags are left', () => {
  it('shows an AMI as tested only if its variant was booted', () => {
    const tested = recordsOf(everyVariant('us-east-1')).filter((record) => record.tested);
    assert.deepEqual(tested.map(variantKey), ['hvm-standard']);
  });

  it('leaves out the AMIs of a run that is under way, and of a failed test that is kept for inspection', () => {
    const tags = { [TAG.state]: 'unfinished' };
    assert.deepEqual(recordsOf([someTaggedAmi({ tags, isPublic: false })]), []);
    const kept = { ...tags, [TAG.keepUntil]: '2026-01-01T00:00:00.000Z' };
    assert.deepEqual(recordsOf([someTaggedAmi({ tags: kept, isPublic: false })]), []);
  });

  it('lists public AMIs that their run could not mark, and results that stay private', () => {
    const unmarked = someTaggedAmi({ tags: { [TAG.state]: 'unfinished' } });
    assert.equal(recordsOf([unmarked]).filter(({ ami }) => ami !== null).length, 1);
    const hidden = recordsOf([someTaggedAmi({ isPublic: false })]);
    assert.deepEqual([hidden[0]?.ami, hidden[0]?.public], ['ami-hvm-standard-us-east-1', false]);
  });

  it('shows an AMI that somebody has deregistered by hand as missing', () => {
    const [, ...rest] = everyVariant('us-east-1');
    const missing = recordsOf(rest).filter(({ ami }) => ami === null);
    assert.deepEqual(missing.map(variantKey), ['hvm-standard']);
    assert.equal(missing[0]?.reason, 'EC2 lists no such AMI in us-east-1');
    assert.equal(missing[0]?.name, 'image-hvm-standard-us-east-1');
  });

  it('shows the plan’s reason why a region has no paravirtual AMIs', () => {
    const [hvm, pv] = [ALL.slice(0, 2), ALL.slice(2)];
    const region = 'eu-west-3';
    const plan = {
      wanted: hvm.map((variant) => ({ variant, name: '', description: '' })),
      leftOut: pv.map((variant) => ({ variant, name: '', reason: '' })),
    };
    const there = hvm.map((variant) => someTaggedAmi({ region, variant, plan }));
    const missing = recordsOf(there).filter(({ ami }) => ami === null);
    assert.deepEqual(missing.map(variantKey), ['paravirtual-standard', 'paravirtual-gp2']);
    assert(
      missing.every(({ reason }) => reason === 'EC2 lists no PV kernel (AKI) in eu-west-3'),
      JSON.stringify(missing),
    );
    assert.equal(missing[0]?.name, 'image-paravirtual-standard-eu-west-3');
  });

  it('ignores the note on a left-out region that has its AMIs by now', () => {
    const variants = ALL.map(variantKey).join(' ');
    const noted = leftOutTags(
      [
        { regionName: 'eu-west-1', variants, reason: 'the quota: 5 of 5' },
        { regionName: 'sa-east-1', variants, reason: 'the quota: 5 of 5' },
      ],
      25,
    );
    const [first, ...others] = everyVariant('us-east-1');
    assert(first, 'no first');
    const home = [{ ...first, tags: { ...first.tags, ...noted } }, ...others];
    const records = recordsOf([...home, ...everyVariant('eu-west-1')]);
    const missing = records.filter(({ ami }) => ami === null);
    assert.deepEqual([...new Set(missing.map(({ region }) => region))], ['sa-east-1']);
    assert.equal(missing.length, 4);
    assert(
      missing.every(({ reason }) => reason === 'the quota: 5 of 5'),
      JSON.stringify(missing),
    );
  });

  it('reports AMIs of an unknown image, instead of skipping them', () => {
    const broken = someTaggedAmi({ tags: { [TAG.image]: undefined } });
    const { records, illegible } = recordsOfTags([broken], 'test');
    assert.deepEqual([records, illegible], [[], [broken]]);
    assert.equal(recordsOfTags([someTaggedAmi()], 'other').illegible.length, 1);
  });

  it('keeps two images of one compose apart', () => {
    const amis = ['x86_64', 'aarch64'].map((arch) => someTaggedAmi({ origin: { arch } }));
    const made = recordsOf(amis).filter(({ ami }) => ami !== null);
    assert.deepEqual(made.map(({ arch }) => arch).sort(), ['aarch64', 'x86_64']);
  });
});

describe('the notes on left-out regions', () => {
  it('fit into the tags that EC2 accepts, for any length of reasons and list', () => {
    const regions = Array.from({ length: 60 }, (_none, index) => ({
      regionName: `ap-northeast-${index}`,
      variants: ALL.map(variantKey).join(' '),
      reason: `a reason\nof two lines: ${'x'.repeat(600)}`,
    }));
    const tags = leftOutTags(regions, 5);
    assert.equal(Object.keys(tags).length, 5, 'as many as there is room for');
    for (const [key, value] of Object.entries(tags)) {
      assert(key.length <= 128 && value.length <= 256, `${key}: ${value.length}`);
    }
    const [first] = parseLeftOut(tags);
    assert.equal(first?.regionName, 'ap-northeast-0');
    assert.equal(parseVariants(first.variants).length, 4);
    assert.match(first.reason, /^a reason of two lines: x+…$/);
  });

  it('are read without harm when somebody has edited them', () => {
    const edited = { 'fedimg:left-out:': '', 'fedimg:left-out:eu-west-1': 'nonsense', other: 'x' };
    assert.deepEqual(
      parseLeftOut(edited).flatMap(({ variants }) => parseVariants(variants)),
      [],
    );
    const tags = { ...someTaggedAmi().tags, ...edited, [TAG.variants]: 'hvm-gp9 - hvm-' };
    const [only, ...rest] = recordsOf([{ ...someTaggedAmi(), tags }]);
    assert.equal(only?.ami, 'ami-hvm-standard-us-east-1');
    assert.deepEqual(rest, []);
  });

  it('have the variants of the plan, wanted and left out', () => {
    const plan = someRegion('eu-west-1');
    const tags = someTaggedAmi({ plan }).tags;
    assert.equal(
      tags[TAG.variants],
      plan.wanted.map(({ variant }) => variantKey(variant)).join(' '),
    );
  });
});

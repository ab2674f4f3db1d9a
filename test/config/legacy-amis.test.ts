import assert from 'node:assert/strict';
import { eachWithLegacyImports, SCRIPT, withAmis } from './legacy-imports.js';
import { FEDORA_2015, FEDORA_2018, LEAST_OLD } from './legacy-samples.js';

describe('a configuration of the old fedimg', () => {
  const { importText, load, notesOn } = eachWithLegacyImports();

  it("takes the utility instance's AMI from the first line of the list, not from the last", async () => {
    const { amis } = await load(FEDORA_2015);
    assert.deepEqual(amis[0], {
      region: 'us-east-1',
      ami: 'ami-be6a98d6',
      arch: 'x86_64',
      aki: 'aki-919dcaf8',
    });
    assert.deepEqual(amis.map(({ region }) => region).slice(1, 3), [
      'ap-northeast-1',
      'ap-southeast-1',
    ]);
  });

  it('launches the utility instance from an x86_64 AMI also when the list begins with i386', async () => {
    const { amis } = await load(
      withAmis('us-west-2|i386|ami-25cab815|aki-f08f11c0', 'us-east-1|x86_64|ami-be6a98d6|'),
    );
    assert.deepEqual(amis, [{ region: 'us-east-1', ami: 'ami-be6a98d6', arch: 'x86_64' }]);
    const [note] = await notesOn(FEDORA_2015, 'aws.amis').then((all) =>
      all.filter((one) => one.includes('i386')),
    );
    assert.match(note ?? '', /^32 .*left out.*\(us-east-1, ap-northeast-1, .*, us-west-2\)/);
  });

  it('publishes only to the regions of the old list', async () => {
    const { publish } = await load(LEAST_OLD);
    assert.deepEqual(publish.regions, ['eu-west-1', 'us-east-1']);
    const { toml } = await importText(FEDORA_2018, SCRIPT);
    assert.match(toml, /regions = \[\n {2}"us-east-1",\n {2}"ap-northeast-2",/);
    assert.equal(toml.match(/"us-east-1"/g)?.length, 2, 'once as home, once in the list');
  });

  it('is imported with a note when the old file has one region only', async () => {
    const old = '[aws]\nbase_region = us-east-1\ntest = /bin/true\n';
    const { publish } = await load(old);
    assert.deepEqual(publish.regions, ['us-east-1']);
    const notes = await notesOn(old, 'aws.base_region');
    assert(
      notes.some((note) => /there only; .*regions in \[publish\] to "all"/.test(note)),
      notes.join('\n'),
    );
  });

  it('keeps the kernel of each region, and not that of its i386 line', async () => {
    const { amis } = await load(FEDORA_2015);
    assert.equal(amis.find(({ region }) => region === 'us-west-2')?.aki, 'aki-fc8f11cc');
    assert(
      amis.every(({ aki }) => aki !== undefined),
      JSON.stringify(amis),
    );
  });

  it('is read in each form that the AMI list had', async () => {
    for (const line of [
      'us-east-1|x86_64|ami-be6a98d6|aki-919dcaf8',
      'us-east-1|RHEL|6.5|x86_64|ami-be6a98d6|aki-919dcaf8',
      'us-east-1,RHEL,6.5,x86_64,ami-be6a98d6,aki-919dcaf8',
      ' us-east-1 | x86_64 | ami-be6a98d6 | aki-919dcaf8 ',
    ]) {
      const { amis } = await load(withAmis(line));
      const [item] = amis;
      assert.deepEqual(
        [item.region, item.ami, item.aki],
        ['us-east-1', 'ami-be6a98d6', 'aki-919dcaf8'],
      );
    }
    const { amis } = await load(withAmis('us-east-1|Fedora|20|x86_64|ami-1337187a'));
    assert.deepEqual(amis, [{ region: 'us-east-1', ami: 'ami-1337187a', arch: 'x86_64' }]);
  });

  it('keeps a region whose AMI id has a typing error', async () => {
    const { amis } = await load(FEDORA_2015);
    assert.equal(amis.length, 9);
    assert.deepEqual(amis[3], {
      region: 'ap-southeast-2',
      ami: 'al2023',
      arch: 'x86_64',
      aki: 'aki-c362fff9',
    });
    const notes = await notesOn(FEDORA_2015, 'aws.amis');
    assert(
      notes.some((note) => /^26 .*"ami-41ra8f7b", which is not an AMI/.test(note)),
      notes.join('\n'),
    );
  });

  it('is imported with a note on each line of the list that cannot be used', async () => {
    const notes = await notesOn(
      withAmis(
        'us-east-1|x86_64|ami-be6a98d6|aki-x',
        '# eu-west-1|x86_64|ami-81f23cf6|aki-52a34525',
        'moon-1|x86_64|ami-81f23cf6|aki-52a34525',
        'eu-west-1|sparc|ami-81f23cf6|aki-52a34525',
        'us-east-1|x86_64|ami-79daa849|aki-fc8f11cc',
        'eu-west-1',
        'a|b|c|d|e|f|g',
      ),
      'aws.amis',
    );
    const expected = [
      /^5 .*"aki-x", which is not a kernel/,
      /^6 .*a comment within the list/,
      /^7 .*without a region \("moon-1"\)/,
      /^8 .*unknown architecture \("sparc"\)/,
      /^9 .*lists us-east-1 once more/,
      /^10 .*not an item \(region\|arch\|ami\|aki\)/,
      /^11 .*not an item/,
    ];
    assert.equal(notes.length, expected.length, notes.join('\n'));
    expected.forEach((pattern, index) => assert.match(notes[index] ?? '', pattern));
  });

  it('is imported with a warning of a first AMI that today’s instance types cannot launch', async () => {
    const [note] = await notesOn(LEAST_OLD, 'aws.amis');
    assert.match(note ?? '', /ami-81f23cf6.*paravirtual.*put "al2023" into the first/);
    assert.deepEqual(await notesOn(withAmis('us-east-1|x86_64|ami-be6a98d6|'), 'aws.amis'), []);
  });
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import { loadConfig } from '../../src/config/load.js';
import { ConfigError } from '../../src/config/problems.js';
import { configSchema } from '../../src/config/schema.js';
import { VOLUME_TYPES } from '../../src/model/ids/variant.js';
import { eachWithConfigFolder, LEAST } from './config-files.js';

describe('a configuration', () => {
  const folder = eachWithConfigFolder();

  it('of an AMI list and a test script has sensible defaults for all other keys', async () => {
    const config = await folder().load(LEAST);
    assert.deepEqual(config.amis, [{ region: 'us-east-1', ami: 'al2023', arch: 'x86_64' }]);
    assert.equal(config.deployment, 'fedimg');
    assert.equal(config.publish.regions, 'all');
    assert.equal(config.publish.regionPatienceMs, 7_200_000);
    assert.deepEqual(config.publish.volumeTypes, ['standard', 'gp2']);
    assert.deepEqual(config.test.variants, ['hvm-standard', 'paravirtual-standard']);
    assert.equal(config.test.script, join(folder().path, 'smoke.sh'));
    assert.ok(config.utility.instanceTypes.length > 1, String(config.utility.instanceTypes.length));
    assert.equal(config.source.maxRawSizeBytes, 64 * 1024 ** 3);
    assert.deepEqual(config.composes.arches, ['x86_64', 'aarch64']);
  });

  it('may use the words of EC2, and derives some values from others', async () => {
    const config = await folder().load(`
      ${LEAST.replace('x86_64', 'arm64')}
      variants = ["all"]
      [publish]
      volume_types = ["gp3"]
      region_patience = "1h30m"
      [source]
      allow = ["http://127.0.0.1:8080", "dl.fedoraproject.org"]
    `);
    assert.equal(config.amis[0].arch, 'aarch64');
    assert.match(config.utility.instanceTypes[0] ?? '', /^c7g\./);
    assert.deepEqual(config.test.variants, ['hvm-gp3', 'paravirtual-gp3']);
    assert.equal(config.publish.regionPatienceMs, 5_400_000);
    assert.deepEqual(config.source.allow, [
      'http://127.0.0.1:8080/',
      'https://dl.fedoraproject.org/',
    ]);
  });

  it('that is wrong is reported with key, line, what is allowed and what to do', async () => {
    const cases: [text: string, complaint: string | RegExp][] = [
      [
        `${LEAST}[publish]\nvolume_type = ["gp2"]`,
        /^fedimg\.toml:9:1: publish\.volume_type: is unknown; did you mean "volume_types"\?; allowed: regions, /,
      ],
      [`deploymnt = "x"\n${LEAST}`, /^fedimg\.toml:1:1: deploymnt: .*did you mean "deployment"\?/],
      [`${LEAST}[publsh]\n`, /^fedimg\.toml:8:2: publsh: is unknown; did you mean "publish"/],
      [
        `${LEAST}[publish]\npublic = "yes"`,
        'fedimg.toml:9:1: publish.public: is "yes"; allowed: true or false',
      ],
      [
        `${LEAST}[publish]\nvolume_types = ["gp2", "gp1"]`,
        'fedimg.toml:9:24: publish.volume_types[1]: is "gp1"; did you mean "gp3"?; allowed: "gp3", "gp2", "standard"',
      ],
      [
        `amis = []\n[test]\nscript = "smoke.sh"`,
        /^fedimg\.toml:1:1: amis: is empty; .*add an \[\[amis\]\]/,
      ],
      [`[test]\nscript = "smoke.sh"`, /^fedimg\.toml:1:1: amis: is missing: .*add an \[\[amis\]\]/],
      [
        `${LEAST}[[amis]]\nregion = "us-east-1"\nami = "al2023"\narch = "x86_64"`,
        'fedimg.toml:9:1: amis[1].region: lists us-east-1 x86_64 twice (item 1 has it already); keep one of the two',
      ],
      [
        `${LEAST}[[amis]]\nregion = "us-east-1"\nami = "ami-1"\narch = "x86_64"`,
        /^fedimg\.toml:9:1: amis\[1\]\.region: lists us-east-1 x86_64 twice/,
      ],
      [
        LEAST.replace('al2023', 'ami-xyz'),
        /^fedimg\.toml:4:1: amis\[0\]\.ami: is not an AMI; allowed: /,
      ],
      [
        LEAST.replace('smoke.sh', 'none.sh'),
        /^fedimg\.toml:7:1: test\.script: is .*none\.sh, which does not exist; create it/,
      ],
      [LEAST.replace('smoke.sh', '.'), /test\.script: is .*, which is not a file; name a script/],
      [LEAST.replace(/\[test][^]*/, ''), /^fedimg\.toml:1:1: test\.script: is missing/],
      [
        LEAST.replace('script = "smoke.sh"', 'timeout = "1m"'),
        /^fedimg\.toml:6:2: test\.script: is missing/,
      ],
      [
        `${LEAST}timeout = "1 hour"`,
        /^fedimg\.toml:8:1: test\.timeout: is not a duration; use 90s, 30m or 2h; allowed: 10s to 24h/,
      ],
      [`${LEAST}timeout = "1s"`, /test\.timeout: is out of bounds; allowed: 10s to 24h/],
      [`${LEAST}timeout = 60`, 'fedimg.toml:8:1: test.timeout: is 60; allowed: a string in quotes'],
      [
        `${LEAST}variants = ["hvm-gp3"]`,
        /test\.variants\[0\]: tests hvm-gp3, which \[publish\] does not register/,
      ],
      [`${LEAST}variants = ["paravirtual-gp2"]`, /test\.variants: has no HVM variant, so aarch64/],
      [`${LEAST}[publish]\nregions = []`, /publish\.regions: is too short a list/],
      [
        `${LEAST}[publish]\nregions = "most"`,
        /publish\.regions: is "most"; allowed: "all" or a list/,
      ],
      [
        `${LEAST}[publish]\nregions = ["us-east-1", 5]`,
        /^fedimg\.toml:9:25: publish\.regions\[1\]: is 5/,
      ],
      [
        `${LEAST}[publish]\nregions = ["us-east-1", "us-east-1"]`,
        /regions\[1\]: repeats "us-east-1"/,
      ],
      [
        `${LEAST}[publish]\nregions = ["us-east-1"]\nrequired_regions = ["eu-west-1"]`,
        /required_regions\[0\]: requires eu-west-1, which is not in regions; add it/,
      ],
      [
        `${LEAST}[publish]\napproval = "before-copy"\n[copy]\nstart = "with-test"`,
        /copy\.start: begins the copies before the approval .*use "after-test", or publish\.approval = "before-publish"/,
      ],
      [
        `${LEAST}[publish]\nexclude_regions = ["us-east-1"]`,
        /exclude_regions\[0\]: excludes us-east-1, the home region/,
      ],
      [
        `${LEAST}[publish]\nvirtualization_types = ["paravirtual"]`,
        /virtualization_types: lacks "hvm", the only type of aarch64/,
      ],
      [`${LEAST}[publish]\nimage_name = "{image}-{virt}"`, /image_name: lacks \{volume_type\}/],
      [
        `${LEAST}[publish]\nimage_name = "{virt}-{volume_type}"`,
        /image_name: is the same for different images/,
      ],
      [
        `${LEAST}[publish]\nimage_name = "{imag}"`,
        /unknown placeholder \{imag\}; allowed: \{image\} /,
      ],
      [`${LEAST}[publish]\nimage_name = "{image}{virt}{volume_type}{"`, /has a single brace/],
      [
        `${LEAST}[publish]\nimage_name = "{image}:{virt}{volume_type}"`,
        /a character that EC2 does not allow/,
      ],
      [
        `${LEAST}[publish]\nimage_name = "{image}{virt}{volume_type}${'x'.repeat(80)}"`,
        /EC2 allows 3 to 128; it would be, for example/,
      ],
      [`${LEAST}[publish]\ndescription = "ü"`, /description: has characters other than/],
      [
        `${LEAST}[utility]\nsubnet = "subnet-12345678"\nzones = ["us-east-1a"]`,
        /zones: stands beside subnet/,
      ],
      [
        `${LEAST}[utility]\nzones = ["eu-west-1a"]`,
        /zones\[0\]: is not in the home region us-east-1/,
      ],
      [
        `${LEAST}[utility]\ninstance_profile = "a b"`,
        /instance_profile: is not an instance profile/,
      ],
      [`${LEAST}[utility]\ndead_man_minutes = 5`, /dead_man_minutes: is 5; allowed: at least 10/],
      [`${LEAST}[source]\nallow = ["https://*/"]`, /source\.allow\[0\]: has a wildcard/],
      [`${LEAST}[source]\nallow = []`, /source\.allow: is too short/],
      [
        `${LEAST}[source]\nprivate_networks = ["10.0.0.0/40"]`,
        /private_networks\[0\]: has a wrong prefix/,
      ],
      [`${LEAST}[source]\nmax_raw_gib = 2.5`, /max_raw_gib: is 2\.5; allowed: a whole number/],
      [`${LEAST}[timing]\nscale = 0.0`, /timing\.scale: is 0; allowed: at least 0\.001/],
      [
        `${LEAST}[test.instance_types]\narm64 = ["c7g.large"]`,
        /test\.instance_types\.arm64: is unknown/,
      ],
      ['a = ', /^fedimg\.toml:1:\d+: .*correct the TOML here/],
      ['a = 1\na = 2', /^fedimg\.toml:2:1: .*multiple times/],
    ];
    for (const [text, expected] of cases) {
      const complaints = await folder().complaintsAbout(text);
      const found = complaints.some((line) =>
        typeof expected === 'string' ? line === expected : expected.test(line),
      );
      assert.ok(found, `${text}\nwas answered with\n${complaints.join('\n')}`);
    }
  });

  it('may have every volume type that the model knows', async () => {
    for (const type of VOLUME_TYPES) {
      const config = await folder().load(
        `${LEAST}variants = ["hvm-${type}"]\n[publish]\nvolume_types = ["${type}"]\n[utility]\nvolume_type = "${type}"`,
      );
      assert.deepEqual(config.publish.volumeTypes, [type]);
      assert.deepEqual(config.test.variants, [`hvm-${type}`]);
      assert.equal(config.utility.volumeType, type);
    }
  });

  it('with many problems is reported with all of them, in the order of the lines', async () => {
    const complaints = await folder().complaintsAbout(`
deployment = 5
amis = [{ region = "x", ami = "y", arch = "z" }]
[publish]
regions = "none"
required_regions = ["eu-west-1", "eu-west-1"]
[test]
script = "none.sh"
timeot = "1m"
[source]
allow = ["ftp://x/", "https://u@x/"]
[timing]
scale = "fast"
`);
    assert.deepEqual(
      complaints.map((line) => line.split(': ')[1]),
      [
        'deployment',
        'amis[0].region',
        'amis[0].ami',
        'amis[0].arch',
        'publish.regions',
        'publish.required_regions[1]',
        'test.script',
        'test.timeot',
        'source.allow[0]',
        'source.allow[1]',
        'timing.scale',
      ],
    );
  });

  it('is quoted with the wrong line and a mark below the wrong value', async () => {
    await folder().write('fedimg.toml', `${LEAST}[publish]\nvolume_types = ["gp9"]\n`);
    await assert.rejects(loadConfig({ env: {}, cwd: folder().path }), (error) => {
      assert.ok(error instanceof ConfigError, String(error));
      const [, quote, mark] = error.message.split('\n');
      assert.equal(quote, '  9 | volume_types = ["gp9"]');
      assert.equal(mark?.indexOf('^'), quote?.indexOf('"gp9"'));
      const [problem] = error.problems;
      assert.deepEqual([problem?.line, problem?.column], [9, 17]);
      return true;
    });
  });

  it('reaches no prototype through its keys', async () => {
    const complaints = await folder().complaintsAbout(
      `${LEAST}[__proto__]\ndeployment = "x"\n[constructor.prototype]\nevil = 1\n[publish.__proto__]\npublic = false`,
    );
    assert.equal(complaints.length, 3, complaints.join('\n'));
    assert.equal(({} as { evil?: number }).evil, undefined);
  });

  it('gives each deployment a task queue of its own, and refuses a name that begins workflow ids', async () => {
    const { deployment, worker } = await folder().load(`deployment = "staging"\n${LEAST}`);
    assert.deepEqual([deployment, worker.taskQueue], ['staging', 'staging']);
    assert.equal((await folder().load(LEAST)).worker.taskQueue, 'fedimg');
    for (const name of ['compose', 'image', 'sweep']) {
      const [complaint] = await folder().complaintsAbout(`deployment = "${name}"\n${LEAST}`);
      assert.match(complaint ?? '', /deployment: .*must not be compose or image or sweep/);
    }
  });

  it('never makes the model itself fail, for any values', () => {
    const keys = ['amis', 'publish', 'utility', 'test', 'source', 'composes', 'worker', 'timing'];
    const inner = [
      ...['region', 'ami', 'arch', 'aki', 'regions', 'exclude_regions', 'required_regions'],
      ...['volume_types', 'virtualization_types', 'variants', 'zones', 'subnet', 'arches', 'allow'],
      ...['instance_types', 'script', 'image_name', 'private_networks', '__proto__'],
    ];
    const words = fc.constantFrom('us-east-1', 'x86_64', 'hvm', 'gp2', 'all', 'first-hvm', '', 'x');
    const json = fc.jsonValue({ maxDepth: 1 });
    const value = fc.oneof(words, fc.array(fc.oneof(words, json), { maxLength: 3 }), json);
    const table = fc.dictionary(fc.constantFrom(...inner), value, { maxKeys: 5 });
    const section = fc.oneof(table, fc.array(table, { maxLength: 3 }), value);
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), section), (document) => {
        configSchema.safeParse(document);
      }),
      { numRuns: 2000 },
    );
  });
});

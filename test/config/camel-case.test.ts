import assert from 'node:assert/strict';
import { camelCased, Duration, type CamelCased } from '../../src/config/camel-case.js';

/** Compiles only where the two types are one. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;

interface Table {
  ena: boolean;
  imds_v2: boolean;
  max_raw_gib: number;
  region_patience: Duration;
  ca_file?: string | undefined;
  instance_types: { x86_64: string[] };
}

interface Renamed {
  ena: boolean;
  imdsV2: boolean;
  maxRawGiB: number;
  regionPatienceMs: number;
  caFile?: string;
  instanceTypes: { x86_64: string[] };
}

describe('a table of the configuration', () => {
  const isSame: Same<CamelCased<Table>, Renamed> = true;

  it('has its keys in the words of the code, and its durations in milliseconds', () => {
    const renamed: Renamed = camelCased<Table>({
      ena: true,
      imds_v2: false,
      max_raw_gib: 64,
      region_patience: new Duration(7_200_000),
      ca_file: '/ca.pem',
      instance_types: { x86_64: ['c6i.large'] },
    });
    assert.ok(isSame, 'isSame is false');
    assert.deepEqual(renamed, {
      ena: true,
      imdsV2: false,
      maxRawGiB: 64,
      regionPatienceMs: 7_200_000,
      caFile: '/ca.pem',
      instanceTypes: { x86_64: ['c6i.large'] },
    });
  });

  it('lacks the optional keys that the file lacks', () => {
    assert.deepEqual(Object.keys(camelCased({ subnet: undefined, zones: [] })), ['zones']);
  });
});

/** What a run is configured to do, apart from its faults. */

/** Where images are written and tested. */
export const HOME = 'us-east-1';

const THREE = [HOME, 'eu-west-1', 'us-east-2'];

interface Settings {
  readonly regions: readonly string[];
  /** Otherwise the test exits with 3, and all that was made is undone. */
  readonly testPasses: boolean;
  /** Failed regions wait for the operator, and the image waits for an approval before its publication. */
  readonly waitsForOperator: boolean;
  readonly strategy: 'instance' | 'ebs-direct';
  readonly copyStart: 'after-test' | 'with-test';
}

const PLAIN: Settings = {
  regions: THREE,
  testPasses: true,
  waitsForOperator: false,
  strategy: 'instance',
  copyStart: 'after-test',
};

export const SCENARIOS = {
  pass: PLAIN,
  'test-fails': { ...PLAIN, testPasses: false },
  wide: { ...PLAIN, regions: [...THREE, 'us-west-2', 'ap-southeast-1', 'eu-central-1'] },
  held: { ...PLAIN, waitsForOperator: true },
  direct: { ...PLAIN, regions: [HOME, 'eu-west-1'], strategy: 'ebs-direct' },
  early: { ...PLAIN, copyStart: 'with-test' },
  'early-fails': { ...PLAIN, copyStart: 'with-test', testPasses: false },
} as const satisfies Readonly<Record<string, Settings>>;

export type Scenario = keyof typeof SCENARIOS;

export function settingsOf(scenario: Scenario): Settings {
  return SCENARIOS[scenario];
}

/** An AMI becomes public without a test of its bytes. */

import type { Mutant } from '../mutant.js';
import { LEFT_OUT, PUBLISHED, REPEATABLE, WHOLE } from './test-files.js';

export const GATE: readonly Mutant[] = [
  {
    name: 'a package of the SSM agent with a bad signature is installed',
    invariant: 'I14',
    file: 'src/guest/ssm-user-data.sh',
    find: '  verify "$package.sig" "$package" || return\n',
    replace: '',
    tests: ['test/guest/ssm-agent.test.ts'],
  },
  {
    name: 'the test of an HVM AMI makes paravirtual ones public, too',
    invariant: 'I3',
    file: 'src/activities/publish.ts',
    find: '.filter(({ virt }) => !virts.has(virt)),',
    replace: '.filter(({ virt }) => !virts.has(virt) && virt !== virt),',
    tests: [REPEATABLE],
  },
  {
    name: 'a virtualization type that an earlier run could not test is wanted again',
    invariant: 'I7',
    file: 'src/activities/plan/earlier-evidence.ts',
    find: '  if (passed.size === 0) return [];',
    replace: '  if (passed.size >= 0) return [];',
    tests: [PUBLISHED],
  },
  {
    name: 'a paravirtual AMI that cannot be tested fails its image',
    invariant: 'I9',
    file: 'src/workflows/publish/untested.ts',
    find: 'return home.amis.some(({ variant }) => variant.virt !== virt);',
    replace: 'return home.amis.length < 0;',
    tests: ['test/workflows/publish/untested.test.ts'],
  },
  {
    name: 'a test that exits with another status than 0 passes',
    invariant: 'I3',
    file: 'src/activities/test.ts',
    find: 'if (record.exitStatus !== 0) throw testFailed(input, record);',
    replace: '',
    tests: [WHOLE, 'test/incidents/console-transport.test.ts'],
  },
  {
    name: 'publication does not ask for a passed test',
    invariant: 'I3',
    file: 'src/activities/publish.ts',
    find: '    refuseUntested(input);\n',
    replace: '',
    tests: [REPEATABLE],
  },
  {
    name: 'publication does not look whether these are the tested bytes',
    invariant: 'I3',
    file: 'src/activities/publish.ts',
    find: '    await refuseOthers(ec2, input, { snapshots, amis }, signal);\n',
    replace: '',
    tests: [REPEATABLE],
  },
  {
    name: 'the required regions are published after the others',
    invariant: 'I3',
    file: 'src/workflows/publish/publish-regions.ts',
    find: '    regions.filter((region) => isRequired(region) && !isHome(region)),\n    regions.filter(isHome),\n',
    replace: '    regions.filter(isRequired),\n',
    tests: [LEFT_OUT, 'test/workflows/incidents.test.ts'],
  },
];

/** A cancel, a hold, an approval or a completion is not what the operator asked for. */

import type { Mutant } from '../mutant.js';
import { HELD, LEFT, OPERATOR, PUBLISHED } from './test-files.js';

export const CANCEL: readonly Mutant[] = [
  {
    name: 'a queued attempt publishes although its run is to be cancelled',
    invariant: 'I16',
    file: 'src/activities/publish.ts',
    find: '    await refuseEndingRun(runs, ec2.name);\n',
    replace: '',
    tests: ['test/activities/publish.test.ts'],
  },
  {
    name: 'a cancel that no worker has handled is not seen',
    invariant: 'I16',
    file: 'src/worker/workflow-runs.ts',
    find: "return isCancelled ? 'cancelled' : undefined;",
    replace: 'return undefined;',
    tests: ['test/worker/workflow-runs.test.ts'],
  },
];

export const HANDS: readonly Mutant[] = [
  {
    name: 'a failed region is undone at once instead of waiting for the operator',
    invariant: 'I9',
    file: 'src/workflows/publish/held-region.ts',
    find: 'if (operatorPatienceMs === 0) return false;',
    replace: 'if (operatorPatienceMs >= 0) return false;',
    tests: [HELD],
  },
  {
    name: 'a required region that failed does not hold the publication',
    invariant: 'I6',
    file: 'src/workflows/publish/copy-regions.ts',
    find: '(region ?? (await held))',
    replace: 'region',
    tests: [HELD],
  },
  {
    name: 'a run ends without the regions that the operator has retried',
    invariant: 'I6',
    file: 'src/workflows/publish/publish-regions.ts',
    find: '  await publication.late.publishEach((region) => act(publication, region, tested));\n',
    replace: '',
    tests: [HELD],
  },
  {
    name: 'a retry does not wait for the undo of its region',
    invariant: 'I6',
    file: 'src/workflows/publish/copy-regions.ts',
    find: '    await publication.undone(regionName);\n    // Skipped again meanwhile.\n',
    replace: '',
    tests: [HELD],
  },
  {
    name: 'an approval opens the gate of an image that needs none, and the act is not refused',
    invariant: 'I6',
    file: 'src/workflows/publish/operator.ts',
    find: "if (this.#run.approval() === 'none') {",
    replace: "if (this.#run.approval() === 'before-copy') {",
    tests: [OPERATOR],
  },
  {
    name: 'an image is published without the approval that its plan wants',
    invariant: 'I3',
    file: 'src/workflows/publish-image.ts',
    find: "  await publication.run.operator.approved('before-publish', 'publish');\n",
    replace: '',
    tests: [OPERATOR],
  },
  {
    name: 'a pause does not hold the next step',
    invariant: 'I6',
    file: 'src/workflows/publish/image-run.ts',
    find: '    await this.operator.resumed(step);\n',
    replace: '',
    tests: [OPERATOR],
  },
  {
    name: 'a completion does not ask for the evidence of a passed test',
    invariant: 'I3',
    file: 'src/activities/plan/earlier-evidence.ts',
    find: 'if (needed.length === 0 || open.length > 0) {',
    replace: 'if (needed.length === 0) {',
    tests: [PUBLISHED],
  },
  {
    name: 'an AMI of other bytes under the name is adopted',
    invariant: 'I4',
    file: 'src/activities/left-over.ts',
    find: 'const key = { ...imageKey(origin), [TAG.sha256]: origin.sha256 };',
    replace: 'const key = { ...imageKey(origin) };',
    tests: [PUBLISHED],
  },
  {
    name: 'what a run under way has made is adopted by another run',
    invariant: 'I8',
    file: 'src/activities/left-over.ts',
    find: "return run !== undefined && (await runs.stateOf(run)).state === 'closed';",
    replace: 'return run !== undefined;',
    tests: [PUBLISHED, LEFT],
  },
  {
    name: "an adopted AMI stays the closed run's, and the undo does not find it",
    invariant: 'I1',
    file: 'src/activities/earlier-amis.ts',
    find: "await addTags(ec2, [image, snapshot], { ...own, [TAG.adoptedFrom]: from ?? '' }, signal);",
    replace: "await addTags(ec2, [image, snapshot], { [TAG.adoptedFrom]: from ?? '' }, signal);",
    tests: [PUBLISHED],
  },
  {
    name: 'a partly published compose is left as it is',
    invariant: 'I7',
    file: 'src/client/start.ts',
    find: "status.outcome === 'ended' || status.outcome === 'partly-published';",
    replace: "status.outcome === 'ended';",
    tests: ['test/client/retry.test.ts'],
  },
];

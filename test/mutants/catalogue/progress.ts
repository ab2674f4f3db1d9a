/** A run waits for ever, or does not go on with a newer build. */

import type { Mutant } from '../mutant.js';
import { GIVEN_UP, LEFT_OUT, REPEATABLE, WORKFLOW } from './test-files.js';

export const PROGRESS: readonly Mutant[] = [
  {
    name: 'what AWS refuses is tried for hours',
    invariant: 'I9',
    file: 'src/model/errors.ts',
    find: "  return failureClass === 'refused' || failureClass === 'lost' || failureClass === 'capacity';",
    replace: "  return failureClass === 'lost' || failureClass === 'capacity';",
    tests: [REPEATABLE, GIVEN_UP],
  },
  {
    name: 'one region that never ends holds up all others',
    invariant: 'I9',
    file: 'src/workflows/publish/copy-regions.ts',
    find: 'withinPatience(boundMs(plan), PATIENCE, () =>',
    replace: 'withinPatience(boundMs(plan) * 1_000_000, PATIENCE, () =>',
    tests: [LEFT_OUT],
  },
  {
    name: 'a snapshot that failed is waited for all the same',
    invariant: 'I9',
    file: 'src/aws/snapshots.ts',
    find: "        State === 'error' ? failed(ec2, snapshotId",
    replace: '        State === undefined ? failed(ec2, snapshotId',
    tests: [GIVEN_UP, 'test/matrix/matrix.test.ts'],
  },
];

/** What AWS or Temporal would refuse later is found before the first write: else a run fails, or waits for ever. */
export const FORESIGHT: readonly Mutant[] = [
  {
    name: 'AMIs that are public already do not count against the quota',
    invariant: 'I9',
    file: 'src/model/plan/public-amis.ts',
    find: 'return there + ahead + needed;',
    replace: 'return ahead + needed;',
    tests: ['test/activities/plan/quota.test.ts'],
  },
  {
    name: 'the images of a compose do not know of each other, and all take the same room of the quota',
    invariant: 'I9',
    file: 'src/activities/plan/quota.ts',
    find: 'if (publicNames.length + ahead + more <= value) ahead += more;',
    replace: 'void more;',
    tests: ['test/activities/plan/quota.test.ts'],
  },
  {
    name: 'the AMIs that this worker has just published are not counted against the quota',
    invariant: 'I9',
    file: 'src/activities/publish.ts',
    find: 'facts.region(ec2.name).publicAmiNames.forget();',
    replace: 'void facts;',
    tests: ['test/activities/plan/quota.test.ts'],
  },
  {
    name: 'a block on public access that the operator has lifted is believed for a minute',
    invariant: 'I9',
    file: 'src/aws/shared-answer.ts',
    find: ' && options.isKept?.(answer) !== false;',
    replace: ';',
    tests: ['test/aws/shared-answer.test.ts'],
  },
  {
    name: 'a deprecated AMI of another owner is not asked for',
    invariant: 'I9',
    file: 'src/aws/account.ts',
    find: "{ IncludeDeprecated: true, Filters: [{ Name: 'image-id', Values: [id] }] }",
    replace: "{ Filters: [{ Name: 'image-id', Values: [id] }] }",
    tests: ['test/aws/listing.test.ts', 'test/activities/plan/utility-plan.test.ts'],
  },
  {
    name: 'a taken name in a region of the copies is found only after the copy',
    invariant: 'I9',
    file: 'src/activities/plan/ami-names.ts',
    find: 'if (foreign === undefined) return { refusal: undefined, areFree };',
    replace: 'if (foreign !== null) return { refusal: undefined, areFree };',
    tests: ['test/activities/plan/ami-names.test.ts'],
  },
  {
    name: 'a run sets a search attribute that the namespace lacks, and waits for ever',
    invariant: 'I9',
    file: 'src/workflows/usable-attributes.ts',
    find: 'return this.#names?.has(name) === true;',
    replace: 'return this.#names?.has(name) !== undefined;',
    tests: ['test/search-attributes.test.ts'],
  },
  {
    name: 'a publication is refused in a namespace that lacks a search attribute',
    invariant: 'I9',
    file: 'src/client/attributes.ts',
    find: 'return pairs.filter(({ key }) => usable.includes(key.name));',
    replace: 'return pairs.filter(({ key }) => usable.includes(key.name) || true);',
    tests: ['test/search-attributes.test.ts'],
  },
  {
    name: "the operator's tags are on no resource when it is created",
    invariant: 'I9',
    file: 'src/model/ids/tags.ts',
    find: '    ...origin.ownTags,\n',
    replace: '',
    tests: ['test/activities/own-tags.test.ts'],
  },
  {
    name: 'the calls of AWS do not go through the proxy of the environment',
    invariant: 'I9',
    file: 'src/aws/region-access.ts',
    find: "return { ...limits, httpAgent: agents['http:'], httpsAgent: agents['https:'] };",
    replace: 'void agents;\n      return limits;',
    tests: ['test/proxy/through-a-proxy.test.ts'],
  },
  {
    name: 'the metadata service of the instance is asked through the proxy',
    invariant: 'I9',
    file: 'src/proxy/environment.ts',
    find: "LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');\n",
    replace: '',
    tests: ['test/proxy/environment.test.ts'],
  },
  {
    name: 'the network interface of an instance has no tags',
    invariant: 'I9',
    file: 'src/aws/instances.ts',
    find: "        tagSpecification('network-interface', request.tags),\n",
    replace: '',
    tests: ['test/activities/own-tags.test.ts'],
  },
];

export const REPLAY: readonly Mutant[] = [
  {
    name: 'the utility instance is retired only when the first test instance is there',
    invariant: 'I10',
    file: 'src/workflows/publish-image.ts',
    find: "  return publication.run.step('retire', async () => {\n",
    replace: "  return publication.run.step('retire', async () => {\n    await launched;\n",
    tests: ['test/replay', WORKFLOW],
  },
  {
    name: 'a clean-up asks something new of runs that began before it was there',
    invariant: 'I10',
    file: 'src/workflows/publish/keep-failed-test.ts',
    find: 'test.keepFailedMs === undefined || ',
    replace: '',
    tests: ['test/replay'],
  },
];

/** The planted bugs: at least two for each invariant of docs/reliability.md. */

import type { Mutant } from './mutant.js';

const REPEATABLE = 'test/activities/repeatable.test.ts';
const PUBLISHED = 'test/activities/plan/earlier-publication.test.ts';
const WORKFLOW = 'test/workflows/publish-image.test.ts';
const OPERATOR = 'test/workflows/operator.test.ts';
const WHOLE = 'test/incidents/whole-compose.test.ts';
const LATE = 'test/incidents/late-listings.test.ts';
const TWO = 'test/incidents/two-attempts.test.ts';
const GUEST = 'test/guest/write-image.test.ts';
const SWEEP = 'test/activities/sweep/sweep.test.ts';
const LEFT = 'test/activities/left-over.test.ts';
const SURPLUS = 'test/activities/surplus.test.ts';
const WIRE = 'test/messaging/wire-message.test.ts';
const SENDER = 'test/messaging/sender.test.ts';
const CONSUMER = 'test/messaging/consumer.test.ts';
const LISTENER = 'test/messaging/listener.test.ts';
const SECRETS = 'test/properties/secrets.test.ts';

const LEAKS: readonly Mutant[] = [
  {
    name: 'the undo of the utility instance is registered only after the launch',
    invariant: 'I1',
    file: 'src/workflows/publish-image.ts',
    find: "    undo.register(regionName, 'utility');\n",
    replace: '',
    tests: [WORKFLOW, WHOLE],
  },
  {
    name: 'a cancelled run is not undone',
    invariant: 'I1',
    file: 'src/workflows/publish/undo-stack.ts',
    find: 'return CancellationScope.nonCancellable(() => this.#undo(regionName, [...steps].reverse()));',
    replace: 'return this.#undo(regionName, [...steps].reverse());',
    tests: [WORKFLOW],
  },
  {
    name: 'the undo forgets snapshots',
    invariant: 'I1',
    file: 'src/activities/undo.ts',
    find: 'for (const { SnapshotId } of snapshots ?? []) {',
    replace: 'for (const { SnapshotId } of [] as { SnapshotId?: string }[]) {',
    tests: [REPEATABLE],
  },
  {
    name: 'a snapshot that failed after its maker was killed is left behind',
    invariant: 'I1',
    file: 'src/aws/snapshots.ts',
    find: "      if (State === 'error') await deleteUnused(",
    replace: "      if (State === 'pending') await deleteUnused(",
    tests: [REPEATABLE],
  },
  {
    name: 'a volume that its deletion does not find is taken for deleted',
    invariant: 'I1',
    file: 'src/aws/volumes.ts',
    find: 'if (isGone) return;',
    replace: 'return;',
    tests: ['test/incidents/late-listings.test.ts'],
  },
  {
    name: 'the undo ends when AWS refuses the credentials',
    invariant: 'I1',
    file: 'src/aws/errors.ts',
    find: "const CREDENTIALS = new Set([\n  'AuthFailure',\n",
    replace: 'const CREDENTIALS = new Set([\n',
    tests: ['test/incidents/refused-credentials.test.ts'],
  },
  {
    name: 'a region that the undo could not look at counts as removed',
    invariant: 'I6',
    file: 'src/workflows/publish/image-run.ts',
    find: 'const isGone = undone.left.length === 0 && !isUnseen;',
    replace: 'const isGone = !isUnseen;',
    tests: ['test/workflows/cancel.test.ts'],
  },
  {
    name: 'the file with the credentials is read once in the life of a worker',
    invariant: 'I9',
    file: 'src/aws/credentials.ts',
    find: ', ignoreCache: true',
    replace: '',
    tests: ['test/aws/credentials.test.ts'],
  },
  {
    name: 'one look is proof enough that nothing is left',
    invariant: 'I1',
    file: 'src/activities/undo.ts',
    find: 'await repeatRounds(ec2, run, { signal, isOver });',
    replace: 'await run();\n    void isOver;',
    tests: [LATE],
  },
];

const DUPLICATES: readonly Mutant[] = [
  {
    name: 'a snapshot of an earlier attempt is not looked for',
    invariant: 'I2',
    file: 'src/aws/snapshots.ts',
    find: "    const usable = found.filter(({ State }) => State !== 'error');",
    replace: "    const usable = found.filter(({ State }) => State === 'error');",
    tests: [REPEATABLE],
  },
  {
    name: 'each launch has a client token of its own',
    invariant: 'I2',
    file: 'src/aws/instances.ts',
    find: 'ClientToken: request.token(placement),',
    replace: 'ClientToken: `${request.token(placement).slice(0, 40)}${Date.now()}`,',
    tests: [LATE, TWO],
  },
  {
    name: 'the SDK repeats a copy whose answer was lost',
    invariant: 'I2',
    file: 'src/aws/snapshots.ts',
    find: 'const { SnapshotId } = await ec2.ec2Once.send(\n      new CopySnapshotCommand({',
    replace: 'const { SnapshotId } = await ec2.ec2.send(\n      new CopySnapshotCommand({',
    tests: [REPEATABLE],
  },
  {
    name: 'an attempt does not wait until the copy of its predecessor is listed',
    invariant: 'I2',
    file: 'src/aws/snapshots.ts',
    find: 'return untilVisible(ec2, look, { signal, mayExist });',
    replace: 'void mayExist;\n  return untilVisible(ec2, look, { signal, mayExist: false });',
    tests: [LATE],
  },
];

const GATE: readonly Mutant[] = [
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
    tests: [WORKFLOW, 'test/workflows/incidents.test.ts'],
  },
];

const BYTES: readonly Mutant[] = [
  {
    name: 'the checksum of the download is not compared',
    invariant: 'I4',
    file: 'src/guest/write-image.sh',
    find: '[ "$sha256" = - ] || [ "$got_sha256" = "$sha256" ] ||',
    replace: 'true ||',
    tests: ['test/incidents/unusable-images.test.ts'],
  },
  {
    name: "the decompressor's exit status is lost in the pipe",
    invariant: 'I4',
    file: 'src/guest/write-image.sh',
    find: '[ "${codes[0]}" -eq 0 ] ||',
    replace: 'true ||',
    tests: [GUEST],
  },
  {
    name: 'what was written is not read back',
    invariant: 'I4',
    file: 'src/guest/write-image.sh',
    find: '  [ "$got" = "$raw_sha256" ] ||',
    replace: '  true ||',
    tests: [GUEST],
  },
  {
    name: 'a volume that was lost is written on where the first writer stopped',
    invariant: 'I4',
    file: 'src/workflows/publish-image.ts',
    find: 'return await act(generation);',
    replace: 'return await act(0);',
    tests: [WORKFLOW],
  },
];

const MESSAGES: readonly Mutant[] = [
  {
    name: 'an upload completes without a message that it began',
    invariant: 'I5',
    file: 'src/workflows/publish/announce-changes.ts',
    find: "...(step === 'utility' ? uploadAnnouncements(plan, 'started') : [])",
    replace: '',
    tests: [WORKFLOW, 'test/chaos/chaos.long.test.ts'],
  },
  {
    name: 'a test is said to have passed when it begins',
    invariant: 'I5',
    file: 'src/workflows/publish/announce-changes.ts',
    find: "running: 'started'",
    replace: "running: 'completed'",
    tests: [WORKFLOW, 'test/chaos/chaos.long.test.ts'],
  },
  {
    name: 'a run closes before its last message is accepted',
    invariant: 'I5',
    file: 'src/workflows/publish/announcements.ts',
    find: '    await CancellationScope.nonCancellable(async () => this.#sending);\n',
    replace: '    await Promise.resolve();\n',
    tests: [WORKFLOW, 'test/workflows/incidents.test.ts'],
  },
  {
    name: 'a region whose publication fails is not reported',
    invariant: 'I5',
    file: 'src/workflows/publish/announce-changes.ts',
    find: 'return [...published, leftOutAnnouncement(plannedRun(plan), after)];',
    replace: 'return published;',
    tests: [WORKFLOW],
  },
  {
    name: 'AMIs that stay public in a left-out region are not reported',
    invariant: 'I5',
    file: 'src/workflows/publish/announce-changes.ts',
    find: 'const published = publishAnnouncements(plan, kept);',
    replace: 'const published = publishAnnouncements(plan, kept.slice(kept.length));',
    tests: [WORKFLOW],
  },
  {
    name: 'a copy that failed is reported as a copy',
    invariant: 'I5',
    file: 'src/workflows/publish/announce-changes.ts',
    find: "case 'copying failed':\n      return [leftOutAnnouncement(plannedRun(plan), after)];",
    replace:
      "case 'copying failed':\n      return copyAnnouncements(plan, before.amis, before.amis);",
    tests: ['test/workflows/publish/announce-changes.test.ts'],
  },
  {
    name: 'a run that fails before its plan ends in silence',
    invariant: 'I5',
    file: 'src/workflows/publish/finish.ts',
    find: 'announcements.add(runAnnouncement(subject, outcome, { regions: [], reason }));',
    replace: 'void [subject, runAnnouncement];',
    tests: ['test/workflows/messages.test.ts'],
  },
  {
    name: 'each attempt sends a message under another id',
    invariant: 'I5',
    file: 'src/messaging/wire-message.ts',
    find: 'messageId: messageId(key),',
    replace: 'messageId: messageId(key + String(Math.random())),',
    tests: [WIRE],
  },
  {
    name: 'a message that reaches no queue counts as sent',
    invariant: 'I5',
    file: 'src/messaging/sender.ts',
    find: '{ ...properties, mandatory: true }',
    replace: '{ ...properties, mandatory: false }',
    tests: [SENDER],
  },
  {
    name: 'a message counts as sent before the broker has it',
    invariant: 'I5',
    file: 'src/messaging/sender.ts',
    find: "      channel.on('return', onReturn).on('error', onError);\n",
    replace: "      channel.on('return', onReturn).on('error', onError);\n      settle();\n",
    tests: [SENDER],
  },
  {
    name: 'a topic that is refused holds up all messages behind it',
    invariant: 'I5',
    file: 'src/messaging/errors.ts',
    find: "return this.fault === 'refused' || this.fault === 'invalid';",
    replace: "return this.fault === 'invalid';",
    tests: [SENDER],
  },
  {
    name: 'a compose is acknowledged before Temporal has it',
    invariant: 'I9',
    file: 'src/client/compose-listener.ts',
    find: "if (await this.#isTaken(message, log)) return 'done';",
    replace: "if ((await this.#isTaken(message, log)) || holdMs > 0) return 'done';",
    tests: [LISTENER],
  },
  {
    name: 'the last acknowledgement is overtaken by the end of the connection',
    invariant: 'I9',
    file: 'src/messaging/consumer.ts',
    find: '      await channel.close().catch(() => undefined);\n',
    replace: '',
    tests: [CONSUMER],
  },
];

const RECORD: readonly Mutant[] = [
  {
    name: 'a region that failed is not in the final record',
    invariant: 'I6',
    file: 'src/workflows/publish/image-result.ts',
    find: "      .filter(({ state }) => state === 'failed' || state === 'left-out')",
    replace: "      .filter(({ state }) => state === 'left-out')",
    tests: [WORKFLOW],
  },
  {
    name: 'AMIs of a failed region are on record as public before EC2 was asked',
    invariant: 'I6',
    file: 'src/workflows/publish/leave-out.ts',
    find: "state: 'failed', amis: [], reason,",
    replace: "state: 'failed', reason,",
    tests: [WORKFLOW],
  },
  {
    name: 'a run with a missing region calls itself published',
    invariant: 'I6',
    file: 'src/workflows/publish/finish.ts',
    find: "  const outcome = isPartial(run) ? 'partly-published' : 'published';",
    replace: "  const outcome = isPartial(run) ? 'published' : 'published';",
    tests: [WORKFLOW],
  },
];

const ONCE: readonly Mutant[] = [
  {
    name: 'only the home region is asked whose names are taken',
    invariant: 'I7',
    file: 'src/activities/plan/earlier-publication.ts',
    find: 'const needed = [home, ...others.filter(({ required }) => required)];',
    replace: 'const needed = [home];',
    tests: [PUBLISHED],
  },
  {
    name: 'an image that is complete and private is made again by the next run',
    invariant: 'I7',
    file: 'src/activities/plan/earlier-publication.ts',
    find: '=== RESULT_STATE.complete;',
    replace: "=== 'never';",
    tests: [PUBLISHED],
  },
  {
    name: 'an image that is published already is published again once its run is forgotten',
    invariant: 'I7',
    file: 'src/activities/plan/earlier-publication.ts',
    find: 'const isHomeComplete = atHome.length > 0 && atHome.length >= home.wanted.length;',
    replace: 'const isHomeComplete = atHome.length < 0;',
    tests: [PUBLISHED],
  },
  {
    name: 'a compose that was published may be started again',
    invariant: 'I7',
    file: 'src/client/start.ts',
    find: "return await send(session, message, { ...options, reuse: 'ALLOW_DUPLICATE_FAILED_ONLY' });",
    replace: "return await send(session, message, { ...options, reuse: 'ALLOW_DUPLICATE' });",
    tests: ['test/client/start.test.ts'],
  },
];

const RADIUS: readonly Mutant[] = [
  {
    name: 'the undo believes an AMI to be private that became public a moment ago',
    invariant: 'I8',
    file: 'src/activities/undo.ts',
    find: 'if (input.mayBePublic === true)',
    replace: 'if (input.mayBePublic === undefined)',
    tests: ['test/incidents/late-listings.test.ts'],
  },
  {
    name: 'the undo is not told that AMIs may be public already',
    invariant: 'I8',
    file: 'src/workflows/publish/publish-regions.ts',
    find: '  undo.mayBePublic(regionName);\n',
    replace: '',
    tests: ['test/workflows/incidents.test.ts', 'test/incidents/public-quota.test.ts'],
  },
  {
    name: 'the undo removes what is public',
    invariant: 'I8',
    file: 'src/activities/undo.ts',
    find: 'for (const image of images.filter((one) => !kept.includes(one))) {',
    replace: 'for (const image of images) {',
    tests: [REPEATABLE],
  },
  {
    name: 'the undo goes by the step alone, and not by the run',
    invariant: 'I8',
    file: 'src/model/ids/tags.ts',
    find: 'return { ...runKey(origin), [TAG.step]: step };',
    replace: 'return { ...installationKey(origin), [TAG.step]: step };',
    tests: [REPEATABLE],
  },
  {
    name: 'AMIs are looked up by name among those of all accounts',
    invariant: 'I8',
    file: 'src/aws/images.ts',
    find: "return listImages(ec2.ec2, { Owners: ['self'], Filters }, signal);\n}\n\nexport async function findImages(",
    replace:
      'return listImages(ec2.ec2, { Filters }, signal);\n}\n\nexport async function findImages(',
    tests: [LATE],
  },
];

const SWEPT: readonly Mutant[] = [
  {
    name: 'the sweep takes what another deployment made',
    invariant: 'I8',
    file: 'src/model/sweep/stray.ts',
    find: ' && a.deployment === b.deployment',
    replace: '',
    tests: [SWEEP],
  },
  {
    name: 'a worker on a new Temporal server sweeps the live runs of another one',
    invariant: 'I8',
    file: 'src/model/sweep/stray.ts',
    find: 'a.cluster === b.cluster && ',
    replace: '',
    tests: [SWEEP],
  },
  {
    name: 'the sweep of one namespace takes what runs of another namespace made',
    invariant: 'I8',
    file: 'src/model/sweep/stray.ts',
    find: 'a.namespace === b.namespace && ',
    replace: '',
    tests: [SWEEP],
  },
  {
    name: 'the sweep judges the runs of other installations',
    invariant: 'I8',
    file: 'src/model/sweep/stray.ts',
    find: 'return named !== undefined && isSame(named, own) ? namedRun(tags) : undefined;',
    replace: 'return named !== undefined && isSame(named, own) ? namedRun(tags) : namedRun(tags);',
    tests: [SWEEP],
  },
  {
    name: 'a run closes without its last look',
    invariant: 'I1',
    file: 'src/workflows/publish/finish.ts',
    find: "  await lookOnceMore(publication, ['published', 'private', 'failed']);\n",
    replace: '',
    tests: [WORKFLOW],
  },
  {
    name: 'the last look removes the snapshots that the result lists',
    invariant: 'I1',
    file: 'src/activities/surplus.ts',
    find: 'return !isKept && !this.#options.result.ids.includes(id);',
    replace: 'return !isKept;',
    tests: [SURPLUS],
  },
  {
    name: 'the last look removes a snapshot that an AMI needs',
    invariant: 'I1',
    file: 'src/activities/surplus.ts',
    find: 'return users.length > 0 || isSnapshotPublic(this.#ec2, id, signal);',
    replace: 'return users.length > 99;',
    tests: [SURPLUS],
  },
  {
    name: 'the last look removes public AMIs',
    invariant: 'I1',
    file: 'src/activities/surplus.ts',
    find: 'const isKept = isPublic || ',
    replace: 'const isKept = ',
    tests: [SURPLUS],
  },
  {
    name: 'the sweep takes what a running workflow has just made',
    invariant: 'I8',
    file: 'src/model/sweep/stray.ts',
    find: "  if (run.state === 'open') return kept('run-open', 'its run is under way');\n",
    replace: '',
    tests: [SWEEP],
  },
  {
    name: 'the sweep removes results once Temporal has forgotten their run',
    invariant: 'I8',
    file: 'src/model/sweep/stray.ts',
    find: "    return kept('result', 'it is marked as a result of its run');\n",
    replace: '    return undefined;\n',
    tests: [SWEEP],
  },
  {
    name: 'a Temporal that does not answer is taken for one that knows no run',
    invariant: 'I8',
    file: 'src/activities/sweep/stray-judge.ts',
    find: '      if (signal.aborted) throw error;\n',
    replace: "      if (!signal.aborted) return { state: 'unknown' };\n",
    tests: [SWEEP],
  },
  {
    name: 'the sweep keeps a snapshot that became public without its AMI',
    invariant: 'I1',
    file: 'src/activities/sweep/stray-judge.ts',
    find: 'if (!isUnfinished && (await',
    replace: 'if ((await',
    tests: [SWEEP],
  },
  {
    name: 'the sweep never looks at snapshots',
    invariant: 'I1',
    file: 'src/activities/sweep/find-strays.ts',
    find: '    for (const resource of resources) {\n      try {',
    replace:
      "    for (const resource of resources.filter(({ type }) => type !== 'snapshot')) {\n      try {",
    tests: [SWEEP],
  },
];

const PROGRESS: readonly Mutant[] = [
  {
    name: 'what AWS refuses is tried for hours',
    invariant: 'I9',
    file: 'src/model/errors.ts',
    find: "  return failureClass === 'refused' || failureClass === 'lost' || failureClass === 'capacity';",
    replace: "  return failureClass === 'lost' || failureClass === 'capacity';",
    tests: [REPEATABLE, LATE],
  },
  {
    name: 'one region that never ends holds up all others',
    invariant: 'I9',
    file: 'src/workflows/publish/copy-regions.ts',
    find: 'CancellationScope.withTimeout(plan.regionPatienceMs, () =>',
    replace: 'CancellationScope.withTimeout(plan.regionPatienceMs * 1_000_000, () =>',
    tests: [WORKFLOW],
  },
  {
    name: 'a snapshot that failed is waited for all the same',
    invariant: 'I9',
    file: 'src/aws/snapshots.ts',
    find: "        State === 'error' ? failed(ec2, snapshotId",
    replace: '        State === undefined ? failed(ec2, snapshotId',
    tests: [LATE, 'test/matrix/matrix.test.ts'],
  },
];

const REPLAY: readonly Mutant[] = [
  {
    name: 'the test is taken before the utility instance is retired',
    invariant: 'I10',
    file: 'src/workflows/publish-image.ts',
    find: '    const instance = await retire(publication, pair, home);\n    const tests = await test(publication, home, instance);\n',
    replace:
      '    const tests = await test(publication, home, undefined);\n    await retire(publication, pair, home);\n',
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

const FENCING: readonly Mutant[] = [
  {
    name: 'an attempt that woke beside its successor goes on acting',
    invariant: 'I11',
    file: 'src/activities/attempt/fence.ts',
    find: 'await heldLease()?.held();',
    replace: 'await Promise.resolve();',
    tests: ['test/activities/attempt/fence.test.ts'],
  },
  {
    name: 'the heartbeat of the attempt before counts for the one after it',
    invariant: 'I11',
    file: 'src/activities/attempt/lease.ts',
    find: 'if (lease !== this.#id) return;\n',
    replace: '',
    tests: ['test/activities/attempt/fence.test.ts'],
  },
  {
    name: 'work that was handed to a paused worker is begun beside its next attempt',
    invariant: 'I11',
    file: 'src/activities/attempt/lease.ts',
    find: 'if (this.#recordedMs === undefined) await this.#proved();\n',
    replace: '',
    tests: ['test/activities/attempt/fence.test.ts', 'test/worker/lease-watch.test.ts'],
  },
  {
    name: 'an attempt goes on that Temporal has given up',
    invariant: 'I11',
    file: 'src/activities/attempt/fence.ts',
    find: 'if (current?.attempt !== attempt) lease.lose();',
    replace: 'if (current === undefined) continue;',
    tests: ['test/activities/attempt/fence.test.ts'],
  },
  {
    name: 'a call that an attempt has left behind passes when the attempt has ended',
    invariant: 'I11',
    file: 'src/activities/attempt/fence.ts',
    find: '    lease.lose();\n  }',
    replace: '  }',
    tests: ['test/activities/attempt/fence.test.ts'],
  },
  {
    name: 'a lease stands still while its machine is suspended',
    invariant: 'I11',
    file: 'src/activities/attempt/lease-clock.ts',
    find: 'return awakeMs + sleptMs;',
    replace: 'return awakeMs;',
    tests: ['test/activities/attempt/fence.test.ts'],
  },
  {
    name: 'two writers write to one volume',
    invariant: 'I11',
    file: 'src/guest/write-image.sh',
    find: 'flock -n 9 || exit 75\n',
    replace: '',
    tests: [GUEST, TWO],
  },
];

const THRIFT: readonly Mutant[] = [
  {
    name: 'a region that throttles is asked as often as before',
    invariant: 'I12',
    file: 'src/aws/shared-poll.ts',
    find: 'intervalMs = Math.min(intervalMs * 2, Math.max(INTERVAL_MS_MAX, this.#options.intervalMs));',
    replace: 'intervalMs = this.#options.intervalMs;',
    tests: ['test/aws/shared-poll.test.ts', LATE],
  },
  {
    name: 'the utility instance has no dead-man timer',
    invariant: 'I12',
    file: 'src/guest/dead-man-timer.sh',
    find: 'shutdown -P "+$1"',
    replace: 'true',
    tests: [LATE],
  },
  {
    name: 'a reboot forgets the dead-man timer',
    invariant: 'I12',
    file: 'src/guest/dead-man-timer.sh',
    find: 'chmod 755 ',
    replace: 'true ',
    tests: [LATE],
  },
  {
    name: 'an instance that shuts down is only stopped',
    invariant: 'I12',
    file: 'src/activities/instance-input.ts',
    find: "    InstanceInitiatedShutdownBehavior: 'terminate',",
    replace: "    InstanceInitiatedShutdownBehavior: 'stop',",
    tests: [LATE],
  },
];

const SILENCE: readonly Mutant[] = [
  {
    name: 'history takes a test whose output grows as it is escaped',
    invariant: 'I13',
    file: 'src/activities/test.ts',
    find: 'output: readableOutput(result.output).slice(-OUTPUT_BYTES_MAX),',
    replace: 'output: readableOutput(result.output),',
    tests: ['test/incidents/test-instance.test.ts'],
  },
  {
    name: 'where a signed redirect leads to is frozen in history',
    invariant: 'I13',
    file: 'src/activities/plan/plan.ts',
    find: "downloadUrl: new URL(size.url).search === '' ? size.url : image.url,",
    replace: 'downloadUrl: size.url,',
    tests: ['test/incidents/signed-redirect.test.ts'],
  },
  {
    name: 'a signed query stands in the error of a download',
    invariant: 'I13',
    file: 'src/model/redact.ts',
    find: '${target.slice(0, query)}?${REDACTED}${target.slice(end)}',
    replace: '${target}${target.slice(end)}',
    tests: [SECRETS],
  },
  {
    name: 'an answer of AWS that quotes the request is stored as the cause of a failure',
    invariant: 'I13',
    file: 'src/activities/attempt/interceptor.ts',
    find: '{ cause: redactedError(error) }',
    replace: '{ cause: error }',
    tests: [SECRETS],
  },
  {
    name: 'the log of a worker has the token of a refused request',
    invariant: 'I13',
    file: 'src/commands/shared/log.ts',
    find: 'return { level, hooks: { streamWrite: redacted } };',
    replace: 'return { level, hooks: { streamWrite: (line) => line || redacted(line) } };',
    tests: [SECRETS],
  },
];

const DATA: readonly Mutant[] = [
  {
    name: 'an argument of a guest script is quoted carelessly',
    invariant: 'I14',
    file: 'src/guest/guest-script.ts',
    find: "  return `'${value.replaceAll(\"'\", `'\\\\''`)}'`;",
    replace: "  return `'${value}'`;",
    tests: ['test/guest/guest.test.ts'],
  },
  {
    name: 'control characters of a test reach the terminal',
    invariant: 'I14',
    file: 'src/activities/test.ts',
    find: 'output: readableOutput(result.output).slice(-OUTPUT_BYTES_MAX),',
    replace: 'output: result.output.slice(-OUTPUT_BYTES_MAX),',
    tests: ['test/incidents/test-instance.test.ts'],
  },
];

const PROVENANCE: readonly Mutant[] = [
  {
    name: 'an AMI does not say which bytes it holds',
    invariant: 'I15',
    file: 'src/model/ids/tags.ts',
    find: `    [TAG.variant]: variantKey(options.variant),
    [TAG.rawSha256]: options.rawSha256,`,
    replace: '    [TAG.variant]: variantKey(options.variant),',
    tests: [REPEATABLE],
  },
  {
    name: 'a call does not say who made it',
    invariant: 'I15',
    file: 'src/aws/call-gate.ts',
    find: '          if (sender !== undefined) {',
    replace: '          if (sender === undefined) {',
    tests: ['test/activities/attempt/fence.test.ts'],
  },
];

const CANCEL: readonly Mutant[] = [
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

const HANDS: readonly Mutant[] = [
  {
    name: 'a failed region is undone at once instead of waiting for the operator',
    invariant: 'I9',
    file: 'src/workflows/publish/held-region.ts',
    find: 'if (operatorPatienceMs === 0) return false;',
    replace: 'if (operatorPatienceMs >= 0) return false;',
    tests: [OPERATOR],
  },
  {
    name: 'a required region that failed does not hold the publication',
    invariant: 'I6',
    file: 'src/workflows/publish/copy-regions.ts',
    find: '(region ?? (await held))',
    replace: 'region',
    tests: [OPERATOR],
  },
  {
    name: 'a run ends without the regions that the operator has retried',
    invariant: 'I6',
    file: 'src/workflows/publish/publish-regions.ts',
    find: '  await publication.late.publishEach((region) => act(publication, region, tested));\n',
    replace: '',
    tests: [OPERATOR],
  },
  {
    name: 'a retry does not wait for the undo of its region',
    invariant: 'I6',
    file: 'src/workflows/publish/copy-regions.ts',
    find: '    await publication.undone(regionName);\n',
    replace: '',
    tests: [OPERATOR],
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
    file: 'src/activities/plan/earlier-publication.ts',
    find: 'if (testVariants.length === 0 || open.length > 0) {',
    replace: 'if (testVariants.length === 0) {',
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

/** What AWS or Temporal would refuse later is found before the first write: else a run fails, or waits for ever. */
const FORESIGHT: readonly Mutant[] = [
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
    find: 'if (images.length + ahead + more <= value) ahead += more;',
    replace: 'void more;',
    tests: ['test/activities/plan/quota.test.ts'],
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
    find: 'if (foreign === undefined) return undefined;',
    replace: 'if (foreign !== null) return undefined;',
    tests: ['test/activities/plan/ami-names.test.ts'],
  },
  {
    name: 'a publication starts in a namespace that lacks a search attribute',
    invariant: 'I9',
    file: 'src/search-attributes.ts',
    find: 'if (missing.length === 0) return;',
    replace: 'if (missing.length >= 0) return;',
    tests: ['test/search-attributes.test.ts'],
  },
];

export const CATALOGUE: readonly Mutant[] = [
  ...LEAKS,
  ...DUPLICATES,
  ...GATE,
  ...BYTES,
  ...MESSAGES,
  ...RECORD,
  ...ONCE,
  ...RADIUS,
  ...SWEPT,
  ...PROGRESS,
  ...FORESIGHT,
  ...REPLAY,
  ...FENCING,
  ...THRIFT,
  ...SILENCE,
  ...DATA,
  ...PROVENANCE,
  ...CANCEL,
  ...HANDS,
];

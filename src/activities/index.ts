/** All activities, bound to what they need. */

import type { Activities } from './activities.js';
import { announce } from './announce.js';
import type { ActivityContext } from './attempt/context.js';
import { copySnapshot, copyToRegion } from './copy.js';
import { findStrays } from './sweep/find-strays.js';
import { publishRegion } from './publish.js';
import { keepFailed } from './keep-failed.js';
import { keepRegion } from './keep-region.js';
import { leaveOutUntested } from './leave-out-untested.js';
import { noteLeftOut } from './note-left-out.js';
import { sendNotification } from './notify.js';
import { planImage } from './plan/plan.js';
import { planSweep } from './sweep/plan-sweep.js';
import { readCompose } from './read-compose.js';
import { registerImages } from './register.js';
import { removeStrays } from './sweep/remove-strays.js';
import { snapshotVolume } from './snapshot.js';
import { removeSurplus } from './surplus.js';
import { terminateInstance } from './retire.js';
import { launchTestInstance, runTest } from './test.js';
import { undoRegion } from './undo.js';
import { launchUtilityInstance } from './utility.js';
import { writeImage } from './write.js';
import { writeDirect } from './write-direct/write-direct.js';

export type { Activities } from './activities.js';

export function createActivities(context: ActivityContext): Activities {
  return {
    usableAttributes: () => Promise.resolve(context.usableAttributes()),
    readCompose: (message) => readCompose(context, message),
    planImage: (input) => planImage(context, input),
    launchUtilityInstance: (input) => launchUtilityInstance(context, input),
    writeImage: (input) => writeImage(context, input),
    writeDirect: (input) => writeDirect(context, input),
    snapshotVolume: (input) => snapshotVolume(context, input),
    registerImages: (input) => registerImages(context, input),
    terminateInstance: (instance) => terminateInstance(context, instance),
    launchTestInstance: (input) => launchTestInstance(context, input),
    runTest: (input) => runTest(context, input),
    leaveOutUntested: (input) => leaveOutUntested(context, input),
    copySnapshot: (input) => copySnapshot(context, input),
    copyToRegion: (input) => copyToRegion(context, input),
    publishRegion: (input) => publishRegion(context, input),
    keepRegion: (input) => keepRegion(context, input),
    noteLeftOut: (input) => noteLeftOut(context, input),
    keepFailed: (input) => keepFailed(context, input),
    undoRegion: (input) => undoRegion(context, input),
    removeSurplus: (input) => removeSurplus(context, input),
    announce: (announcements) => announce(context, announcements),
    sendNotification: (input) => sendNotification(context, input),
    planSweep: (deployment) => planSweep(context, deployment),
    findStrays: (input) => findStrays(context, input),
    removeStrays: (input) => removeStrays(context, input),
  };
}

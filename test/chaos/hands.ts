/** What the faults of a schedule do to the processes, the run and the cloud of one lane. */

import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { HEARTBEAT_TIMEOUT_MS } from '../../src/model/progress/heartbeat.js';
import { CloudControl } from '../support/cloud-control.js';
import type { Crew } from './crew.js';
import { TIME_SCALE } from './crew.js';
import type { Hands } from './disturber.js';
import { insist } from './disturber.js';
import type { Lane, OwnCloud } from './lane.js';
import { operatorActs } from './operator.js';
import { sweepOnce } from './sweeping.js';

export interface Place {
  readonly lane: Lane;
  readonly crew: Crew;
  readonly cloud: OwnCloud;
}

export function handsOn({ lane, crew, cloud }: Place, handle: () => WorkflowHandle): Hands {
  const replace = async (door: string, end: (door: string) => Promise<unknown> | undefined) => {
    await end(door);
    await crew.start();
  };
  let outage: Promise<void> | undefined;
  return {
    kill: (door: string) => replace(door, (one) => crew.worker(one)?.kill()),
    // The next one is started when the old one is asked to go, as service managers do.
    stop: async (door: string) => {
      await Promise.all([crew.worker(door)?.stop(), crew.start()]);
    },
    pauseBesideAnother: async (door: string) => {
      const worker = crew.worker(door);
      worker?.pause();
      await (
        await crew.start()
      )?.ready;
      await delay(HEARTBEAT_TIMEOUT_MS * TIME_SCALE * 1.3);
      worker?.resume();
    },
    restartTemporal: async (downMs: number) => {
      // One outage at a time; a second one that is asked for meanwhile is this one.
      outage ??= (async () => {
        await lane.temporal.crash();
        await delay(downMs);
        await lane.temporal.restart();
      })();
      await outage;
      outage = undefined;
    },
    refuseCredentials: async (code: string, lastsMs: number) => {
      const rule = { action: '*', kind: 'refusal', code, status: 401, count: 0, lastsMs } as const;
      await new CloudControl(cloud.simulator.url).addFault(rule);
    },
    sweep: async (installation) => {
      const by = installation === 'own' ? { ...lane, crew } : await lane.elsewhere(cloud);
      await sweepOnce(by.temporal.client, by.crew.taskQueue);
    },
    act: (kind, fault) => operatorActs(handle(), kind, fault),
    cancel: async () => {
      await insist(() => handle().cancel());
    },
    terminate: async () => {
      await insist(() => handle().terminate('chaos'));
    },
  };
}

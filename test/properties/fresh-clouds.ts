/** Clouds for hostile requests: without machines, and thrown away before what they keep adds up. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCloud, type OpenCloud } from '../../src/simulator/open-cloud.js';
import { FakeMachineFactory } from '../simulator/fake-machine.js';
import type { Target, Verdict } from './input-kind.js';

export const KEYS = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'test/secret+key' };
const ignoreBackground = (): void => undefined;

/** A cloud that is thrown away every so often, so that what it was made to keep does not add up. */
export async function withFreshClouds<T>(
  inputsEach: number,
  check: (cloud: OpenCloud['cloud'], input: T) => Promise<Verdict> | Verdict,
): Promise<Target<T>> {
  let opened: { readonly cloud: OpenCloud; readonly directory: string; left: number } | undefined;
  const close = async (): Promise<void> => {
    if (opened === undefined) return;
    await opened.cloud.close();
    await rm(opened.directory, { recursive: true, force: true });
    opened = undefined;
  };
  const open = async (): Promise<NonNullable<typeof opened>> => {
    const directory = await mkdtemp(join(tmpdir(), 'fedimg-hostile-cloud-'));
    const options = {
      stateDir: directory,
      latency: 'instant',
      seed: 1,
      machineFactory: new FakeMachineFactory(),
    } as const;
    return { cloud: openCloud({ ...options, log: ignoreBackground }), directory, left: inputsEach };
  };
  opened = await open();
  return {
    check: async (input) => {
      if (opened === undefined || opened.left <= 0) {
        await close();
        opened = await open();
      }
      opened.left -= 1;
      return check(opened.cloud.cloud, input);
    },
    close,
  };
}

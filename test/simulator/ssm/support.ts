/** The SSM half over a cloud whose machines and time are the test's own. */

import { promises as fs } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import type { Clock } from '../../../src/simulator/clock.js';
import type { Cloud } from '../../../src/simulator/cloud.js';
import { openCloud, type OpenCloud } from '../../../src/simulator/open-cloud.js';
import type {
  CommandRequest,
  CommandResult,
  Machine,
} from '../../../src/simulator/machine/machine.js';
import { CloudError } from '../../../src/simulator/errors.js';
import { ssmService } from '../../../src/simulator/ssm/service.js';
import type { InstanceRecord, Tags } from '../../../src/simulator/store/state.js';

export const region = 'eu-west-1';

export interface ManualClock extends Clock {
  /** Lets time pass, and everything that is due happen. */
  advance(ms: number): Promise<void>;
}

export function createManualClock(): ManualClock {
  let nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
  let closed = false;
  const sleepers = new Set<() => void>();
  const due = new Map<symbol, { atMs: number; action: () => void }>();
  const schedule = (delayMs: number, action: () => void): (() => void) => {
    const key = Symbol();
    due.set(key, { atMs: nowMs + Math.max(0, delayMs), action });
    return () => due.delete(key);
  };
  return {
    now: () => nowMs,
    schedule,
    sleep: (delayMs) =>
      new Promise((resolve) => {
        if (closed) return resolve();
        sleepers.add(resolve);
        schedule(delayMs, resolve);
      }),
    hold: () => ({ release: () => undefined, pauseFor: (waiting) => waiting }),
    holdDuring: (work) => work,
    close: () => {
      closed = true;
      due.clear();
      for (const wake of sleepers) wake();
    },
    advance: async (ms) => {
      const endMs = nowMs + ms;
      for (;;) {
        await settle();
        const next = [...due].sort(([, one], [, other]) => one.atMs - other.atMs)[0];
        if (next === undefined || next[1].atMs > endMs) break;
        due.delete(next[0]);
        nowMs = Math.max(nowMs, next[1].atMs);
        next[1].action();
      }
      nowMs = endMs;
      await settle();
    },
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A machine whose commands end when the test ends them. */
export interface ScriptedMachine extends Machine {
  online: boolean;
  readonly requests: CommandRequest[];
  finish(result: Partial<CommandResult>): void;
}

function scriptedMachine(): ScriptedMachine {
  const waiting: ((result: CommandResult) => void)[] = [];
  const machine = {
    online: true,
    requests: [] as CommandRequest[],
    agentOnline: () => machine.online,
    run: (request: CommandRequest) => {
      machine.requests.push(request);
      return new Promise<CommandResult>((resolve) => {
        waiting.push(resolve);
        request.signal.addEventListener('abort', () =>
          resolve({ outcome: 'cancelled', exitCode: 137, stdout: '', stderr: '' }),
        );
      });
    },
    finish: (result: Partial<CommandResult>) =>
      waiting.shift()?.({ outcome: 'exited', exitCode: 0, stdout: '', stderr: '', ...result }),
    destroy: () => {
      const gone: CommandResult = {
        outcome: 'instance-gone',
        exitCode: -1,
        stdout: '',
        stderr: '',
      };
      for (const resolve of waiting.splice(0)) resolve(gone);
      return Promise.resolve();
    },
  };
  return machine as unknown as ScriptedMachine;
}

export interface SsmBench {
  readonly cloud: Cloud;
  readonly clock: ManualClock;
  readonly directory: string;
  addNode(id: string, tags?: Tags): ScriptedMachine;
  call(action: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Fails unless the answer is 200. */
  ok(action: string, body: unknown): Promise<Record<string, unknown>>;
  /** The error's code; fails without one. */
  error(action: string, body: unknown): Promise<string>;
  send(instanceId: string, extra?: Record<string, unknown>): Promise<string>;
  invocation(commandId: string, instanceId: string): Promise<Record<string, unknown>>;
  close(keepState?: boolean): Promise<void>;
}

export async function openSsmBench(
  options: { directory?: string; consistencyLagMs?: number } = {},
): Promise<SsmBench> {
  const directory = options.directory ?? (await fs.mkdtemp(path.join(os.tmpdir(), 'ssm-bench-')));
  const opened: OpenCloud = openCloud({
    stateDir: directory,
    latency: 'instant',
    settings: { consistencyLagMs: options.consistencyLagMs ?? 0 },
    machineFactory: {
      create: () => Promise.resolve(scriptedMachine()),
      resume: () => Promise.resolve(scriptedMachine()),
    },
  });
  const clock = createManualClock();
  const cloud: Cloud = { ...opened.cloud, clock };

  const bench: SsmBench = {
    cloud,
    clock,
    directory,
    addNode: (id, tags = {}) => {
      const machine = scriptedMachine();
      cloud.machines.set(id, machine);
      const record = {
        id,
        region,
        seq: cloud.nextSeq(),
        createdAt: 0,
        visibleAt: 0,
        tags,
        state: 'running',
        boot: 'up',
        os: 'amazon-linux-2023',
        privateIp: '172.31.0.9',
        volumeIds: [],
      };
      cloud.instances.put(record as unknown as InstanceRecord);
      return machine;
    },
    call: async (action, body) => {
      const { status, text } = await answerOf(cloud, action, body);
      cloud.store.flush();
      return { status, body: JSON.parse(text) as Record<string, unknown> };
    },
    ok: async (action, body) => {
      const answer = await bench.call(action, body);
      if (answer.status !== 200) throw new Error(`${action}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    error: async (action, body) => {
      const answer = await bench.call(action, body);
      if (answer.status < 400)
        throw new Error(`${action} succeeded: ${JSON.stringify(answer.body)}`);
      return String(answer.body['__type']);
    },
    send: async (instanceId, extra = {}) => {
      const body = await bench.ok('SendCommand', {
        InstanceIds: [instanceId],
        DocumentName: 'AWS-RunShellScript',
        Parameters: { commands: ['echo one', 'echo two'] },
        ...extra,
      });
      return String((body['Command'] as Record<string, unknown>)['CommandId']);
    },
    invocation: (CommandId, InstanceId) =>
      bench.ok('GetCommandInvocation', { CommandId, InstanceId }),
    close: async (keepState = false) => {
      const closing = opened.close();
      clock.close();
      await closing;
      if (!keepState) await fs.rm(directory, { recursive: true, force: true });
    },
  };
  return bench;
}

/** As over HTTP: the status, and the body as text. */
async function answerOf(
  cloud: Cloud,
  action: string,
  json: unknown,
): Promise<{ status: number; text: string }> {
  const { actions, protocol, unknownAction } = ssmService;
  const content = { action, parameters: new Map(), flat: new Map(), json };
  try {
    const run = actions.get(action);
    if (run === undefined) throw unknownAction(action);
    const fields = await run({
      ...content,
      cloud,
      region,
      principal: '',
      changed: [],
      resources: [],
    });
    return { status: 200, text: protocol.writeAnswer({ action, requestId: 'id', fields }) };
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    return { status: error.status, text: protocol.writeError(error, 'id') };
  }
}

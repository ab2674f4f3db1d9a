/** A client of the local cloud's own pages below `/_fedimg/`: its faults, its log, what it holds. */

import assert from 'node:assert/strict';
import type {
  CallCount,
  CloudSettings,
  Decision,
  Effect,
  FaultRule,
  FaultStatus,
  ListedResource,
} from '../../src/simulator/index.js';

export class CloudControl {
  readonly #url: string;

  /** `url` is the cloud's endpoint. */
  constructor(url: string) {
    this.#url = `${url}/_fedimg`;
  }

  /** Puts these fault rules in place of all earlier ones. */
  async setFaults(rules: readonly Partial<FaultRule>[]): Promise<void> {
    await this.#request('faults', { method: 'PUT', body: JSON.stringify(rules) });
  }

  /** Changes these settings of the account, and leaves the others. */
  async changeSettings(changes: Partial<CloudSettings>): Promise<void> {
    await this.#request('settings', { method: 'PUT', body: JSON.stringify(changes) });
  }

  /** Beside the rules that are there. */
  async addFault(rule: Partial<FaultRule>): Promise<void> {
    await this.#request('faults', { method: 'POST', body: JSON.stringify(rule) });
  }

  async faults(): Promise<FaultStatus[]> {
    return (await this.#json('faults')) as FaultStatus[];
  }

  /** All that is not gone, of one type where it is named. */
  async resources(type?: ListedResource['type']): Promise<ListedResource[]> {
    const all = (await this.#json('resources')) as ListedResource[];
    return type === undefined ? all : all.filter((one) => one.type === type);
  }

  /** Each question that calls put to the policies so far, once. */
  async decisions(): Promise<Decision[]> {
    return (await this.#json('iam/decisions')) as Decision[];
  }

  async calls(): Promise<CallCount[]> {
    return (await this.#json('calls')) as CallCount[];
  }

  /** How many calls of an action the cloud has had, whatever their result. */
  async countOf(action: string): Promise<number> {
    const counts = (await this.calls()).filter((one) => one.action === action);
    return counts.reduce((sum, { count }) => sum + count, 0);
  }

  /** What each call did, in order. */
  async effects(): Promise<Effect[]> {
    const text = await (await this.#request('effects')).text();
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Effect);
  }

  /** A snapshot's bytes, or the first `byteCount` of them. */
  async snapshotBytes(regionName: string, id: string, byteCount?: number): Promise<Response> {
    const headers = byteCount === undefined ? {} : { range: `bytes=0-${byteCount - 1}` };
    return this.#request(`snapshots/${regionName}/${id}`, { headers });
  }

  async #json(path: string): Promise<unknown> {
    return (await this.#request(path)).json();
  }

  async #request(path: string, init?: RequestInit): Promise<Response> {
    const answer = await fetch(`${this.#url}/${path}`, init);
    if (!answer.ok) assert.fail(`${path}: ${await answer.text()}`);
    return answer;
  }
}

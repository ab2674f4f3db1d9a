/** Prometheus of Debian's package, with fedimg's rules and the jobs of ops/prometheus/prometheus.yml at this run's ports. */

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChildProcesses } from '../../src/local/processes/child-processes.js';
import { reserveFreePort } from '../../src/local/processes/free-port.js';

const RULES = fileURLToPath(new URL('../../ops/prometheus/fedimg.rules.yml', import.meta.url));
const READY_TIMEOUT_MS = 60_000;

interface Answer<T> {
  readonly data: T;
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export class Prometheus {
  readonly #url: string;
  readonly #targets: string;

  private constructor(url: string, targets: string) {
    this.#url = url;
    this.#targets = targets;
  }

  static async start(processes: ChildProcesses, directory: string): Promise<Prometheus> {
    const folder = path.join(directory, 'prometheus');
    await mkdir(folder, { recursive: true });
    const targets = path.join(folder, 'targets.json');
    await writeFile(targets, '[]');
    const config = {
      global: { scrape_interval: '2s', evaluation_interval: '2s' },
      rule_files: [RULES],
      scrape_configs: ['fedimg-worker', 'fedimg-listener', 'temporal'].map((job_name) => ({
        job_name,
        file_sd_configs: [{ files: [targets], refresh_interval: '1s' }],
        relabel_configs: [{ source_labels: ['of'], regex: job_name, action: 'keep' }],
      })),
    };
    // YAML has JSON in it.
    await writeFile(path.join(folder, 'prometheus.yml'), JSON.stringify(config));
    const address = `127.0.0.1:${await reserveFreePort()}`;
    const child = processes.start({
      name: 'prometheus',
      command: 'prometheus',
      args: [
        `--config.file=${path.join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${path.join(folder, 'data')}`,
        `--web.listen-address=${address}`,
      ],
      cwd: folder,
    });
    const url = `http://${address}`;
    const isReady = async (): Promise<boolean> => (await fetch(`${url}/-/ready`)).ok;
    await child.waitUntilReady(isReady, { timeoutMs: READY_TIMEOUT_MS, intervalMs: 200 });
    return new Prometheus(url, targets);
  }

  /** What it scrapes from now on: addresses by job. */
  async scrape(jobs: Readonly<Record<string, readonly string[]>>): Promise<void> {
    const groups = Object.entries(jobs).map(([of, targets]) => ({ targets, labels: { of } }));
    await writeFile(this.#targets, JSON.stringify(groups));
  }

  async query(query: string): Promise<readonly Sample[]> {
    const { result } = await this.#get<{ readonly result: readonly Sample[] }>(
      `query?query=${encodeURIComponent(query)}`,
    );
    return result;
  }

  /** Rules that Prometheus could not evaluate. */
  async brokenRules(): Promise<readonly string[]> {
    const { groups } = await this.#get<{
      readonly groups: readonly {
        readonly rules: readonly { readonly name: string; readonly health: string }[];
      }[];
    }>('rules');
    const rules = groups.flatMap((group) => group.rules);
    if (rules.length === 0) return ['Prometheus has no rules'];
    return rules.filter(({ health }) => health === 'err').map(({ name }) => name);
  }

  async #get<T>(what: string): Promise<T> {
    const response = await fetch(`${this.#url}/api/v1/${what}`);
    if (!response.ok) throw new Error(`Prometheus answers ${response.status} to ${what}`);
    return ((await response.json()) as Answer<T>).data;
  }
}

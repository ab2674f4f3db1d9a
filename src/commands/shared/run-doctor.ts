/** All checks of `fedimg doctor`, area by area. */

import { withoutTemporal } from '../../model/ids/installation.js';
import { setMaxListeners } from 'node:events';
import type { Config } from '../../config/schema.js';
import { loadConfig } from '../../config/load.js';
import { checkTemporal } from '../../client/doctor.js';
import { readStackNote } from '../../local/stack-note.js';
import { findOnPath } from '../../local/processes/tools.js';
import type { Check } from '../../model/check.js';
import { failure, ok, warning } from '../../model/check.js';
import { serviceHost } from '../../model/partition.js';
import { checkNotify } from './check-notify.js';
import { configOfUser } from './with-session.js';

/** The programs that `fedimg demo` and `fedimg dev` start. A worker runs without these programs. */
const LOCAL_TOOLS = ['bash', 'curl', 'git', 'xz'];

const REQUEST_TIMEOUT_MS = 10_000;

export async function runDoctor(options: {
  readonly config: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}): Promise<Check[]> {
  const { env } = options;
  const { checks, config } = await readConfig(options);
  const installation =
    config === undefined
      ? undefined
      : {
          deployment: config.deployment,
          taskQueue: config.worker.taskQueue,
          isSweeping: config.sweep.enabled,
        };
  const fallback = await readStackNote(env);
  const areas = await Promise.all([
    checkTools(env),
    checkTemporal({ env, fallback, codec: config?.temporal.codec }, installation),
    ...(config === undefined
      ? []
      : [
          checkProxy(config),
          checkAws(config),
          checkBroker(config),
          checkNotify(config.notify, env),
        ]),
  ]);
  return [...checks, ...areas.flat()];
}

async function readConfig(options: {
  readonly config: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}): Promise<{ readonly checks: readonly Check[]; readonly config?: Config }> {
  const { env } = options;
  try {
    const path = await configOfUser(options);
    const { config, file } = await loadConfig({ ...path, env, cwd: process.cwd() });
    return {
      config,
      checks: [ok('configuration', 'file', `${file}, deployment ${config.deployment}`)],
    };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ConfigError') throw error;
    const next =
      'Correct it; fedimg.sample.toml explains each key. AWS and the broker are not checked without it.';
    return { checks: [failure('configuration', 'file', error.message, next)] };
  }
}

async function checkTools(env: NodeJS.ProcessEnv): Promise<Check[]> {
  const found = await Promise.all(LOCAL_TOOLS.map((tool) => findOnPath(tool, env)));
  const missing = LOCAL_TOOLS.filter((_, index) => found[index] === undefined);
  const node = checkNode(process.versions.node);
  if (missing.length === 0) return [node, ok('tools', 'on the PATH', LOCAL_TOOLS.join(', '))];
  const next = `Install ${missing.join(', ')}: only fedimg demo and fedimg dev need it.`;
  return [node, warning('tools', 'on the PATH', `missing: ${missing.join(', ')}`, next)];
}

/** Older ones get no security updates, and AWS's SDK ends its support of 20 in January 2027. */
const NODE_SUPPORTED = 22;

export function checkNode(version: string): Check {
  if (Number.parseInt(version, 10) >= NODE_SUPPORTED) return ok('tools', 'Node.js', version);
  const next = "Install Node 24: AWS's SDK ends its support of Node 20 in January 2027.";
  return warning('tools', 'Node.js', `${version} is past its end of life`, next);
}

/** The way to EC2 and to each allowed server; the other checks show whether it works. */
async function checkProxy({ amis, source }: Config): Promise<Check[]> {
  const [{ proxyFor }, { shownProxy }] = await Promise.all([
    import('../../proxy/environment.js'),
    import('../../proxy/proxy-error.js'),
  ]);
  const ec2 = `https://${serviceHost('ec2', amis[0].region)}/`;
  const targets = [process.env['AWS_ENDPOINT_URL_EC2'] ?? process.env['AWS_ENDPOINT_URL'] ?? ec2];
  try {
    const ways = [...targets, ...source.allow].map((text) => {
      const url = new URL(text);
      const proxy = proxyFor(url);
      return `${url.host} ${proxy === undefined ? 'directly' : `through ${shownProxy(proxy)}`}`;
    });
    return [ok('network', 'proxy', [...new Set(ways)].join(', '))];
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ProxyError') throw error;
    const { next } = error as Error & { readonly next: string };
    return [failure('network', 'proxy', error.message, next)];
  }
}

async function checkAws(config: Config): Promise<Check[]> {
  const [{ AccountFacts }, { Aws, scaledAwsSettings }, { createUrlPolicy }, { checkAccount }] =
    await Promise.all([
      import('../../aws/account-facts.js'),
      import('../../aws/region-access.js'),
      import('../../fetch/url-policy.js'),
      import('../../activities/plan/account-checks.js'),
    ]);
  const aws = new Aws(scaledAwsSettings(1, { requestTimeoutMs: REQUEST_TIMEOUT_MS }));
  const urlPolicy = createUrlPolicy(config.source);
  const context = {
    facts: new AccountFacts(aws),
    ...{ aws, config, urlPolicy, installation: withoutTemporal(config.deployment) },
    gaveUp: () => 'it did not answer now',
    // The checks look at no run.
    isClosed: () => Promise.resolve(false),
  };
  const { signal } = new AbortController();
  // Every call under way adds a listener, and Node warns above ten.
  setMaxListeners(0, signal);
  try {
    return await checkAccount(context, signal);
  } finally {
    aws.destroy();
  }
}

async function checkBroker({ messaging }: Config): Promise<Check[]> {
  const { url } = messaging;
  if (url === undefined) {
    return [ok('broker', 'connection', 'no messaging.url is set: messages go to the log')];
  }
  const { connectBroker, endConnection, shownUrl } = await import('../../messaging/connection.js');
  try {
    await endConnection(await connectBroker({ ...messaging, url }, 'fedimg doctor'));
    return [ok('broker', 'connection', `${shownUrl(url)} accepts the login`)];
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'BrokerError') throw error;
    const { next } = error as Error & { readonly next: string };
    return [failure('broker', 'connection', error.message, next)];
  }
}

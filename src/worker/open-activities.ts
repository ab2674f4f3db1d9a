/** All activities with what they act through: the clients of AWS, the allow-list of URLs, the messages' way out. */

import type { Activities } from '../activities/activities.js';
import type { ActivityContext } from '../activities/attempt/context.js';
import { attemptGate } from '../activities/attempt/fence.js';
import { createActivities } from '../activities/index.js';
import type { AwsAccess, AwsSettings } from '../aws/region-access.js';
import { AccountFacts } from '../aws/account-facts.js';
import { Aws, scaledAwsSettings } from '../aws/region-access.js';
import type { CallObserver } from '../aws/call-observer.js';
import { deliver } from '../notify/deliver.js';
import type { Config } from '../config/schema.js';
import type { UrlPolicy } from '../fetch/url-policy.js';
import { createUrlPolicy } from '../fetch/url-policy.js';
import { packageVersion } from '../package-version.js';
import { wantedAttributes } from '../search-attributes.js';

/** What a test sets; in production the environment and the configuration say it. */
export interface ActivityOverrides {
  /** Endpoint, credentials and clock. */
  readonly access?: Omit<AwsAccess, 'gate'>;
  /** In place of the scaled defaults. */
  readonly awsSettings?: Partial<AwsSettings>;
  readonly urlPolicy?: UrlPolicy;
}

export interface OpenActivities {
  readonly activities: Activities;
  readonly aws: Aws;
  /** Closes the connections to AWS. */
  readonly close: () => void;
}

/** Needs no Temporal server: a test can run these activities one by one. */
export function openActivities(
  {
    config,
    installation,
    runs,
    send,
    notify,
    observer,
    usableAttributes = () => Object.keys(wantedAttributes),
  }: Pick<ActivityContext, 'installation' | 'runs' | 'send'> & {
    readonly config: Config;
    /** In place of the configured channels. */
    readonly notify?: ActivityContext['notify'];
    /** All of them where a test does not say otherwise. */
    readonly usableAttributes?: ActivityContext['usableAttributes'];
    /** Sees each request to AWS. */
    readonly observer?: CallObserver | undefined;
  },
  overrides: ActivityOverrides = {},
): OpenActivities {
  const { pollIntervalMs, commandPollIntervalMs, scale } = config.timing;
  const given = {
    ...(pollIntervalMs === undefined ? { adaptiveLooks: true } : { pollIntervalMs }),
    ...(commandPollIntervalMs === undefined ? {} : { commandPollIntervalMs }),
  };
  const { access = {}, awsSettings = {}, urlPolicy = createUrlPolicy(config.source) } = overrides;
  const aws = new Aws(scaledAwsSettings(scale, { ...given, ...awsSettings }), {
    ...access,
    gate: attemptGate(packageVersion()),
    ...(observer === undefined ? {} : { observer }),
  });
  const activities = createActivities({
    aws,
    facts: new AccountFacts(aws),
    clock: aws.clock,
    config,
    installation,
    urlPolicy,
    runs,
    usableAttributes,
    send,
    notify: notify ?? ((input, signal) => deliver(config.notify, input, { env: {}, signal })),
  });
  return { activities, aws, close: () => aws.destroy() };
}

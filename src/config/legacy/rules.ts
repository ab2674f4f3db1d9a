/** Every key that the old fedimg read, 0.3 to 2.4: the new key, or why there is none. */
import {
  takeAmis,
  takeBaseRegion,
  takeRegions,
  takeRemoval,
  takeTest,
  takeVolumeSize,
  takeVolumeTypes,
  type Take,
} from './findings.js';

/** `becomes` names keys of the new configuration. */
export type Rule =
  | { readonly becomes: string; readonly take: Take }
  | { readonly becomes?: never; readonly why: string; readonly next: string };

const NOTHING = 'nothing to do';

const SSH: Rule = { why: 'instances are reached over SSM, not as a user over SSH', next: NOTHING };
const KEY: Rule = {
  why: 'instances are reached over SSM, without a key',
  next: 'when the old fedimg is gone, delete the key and the security group "ssh", which is open to everybody',
};
const CREDENTIALS: Rule = {
  why: "it was not copied: credentials come from AWS's default chain",
  next: 'give the worker a role or a profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
};
const ROOT_SIZE: Rule = { why: 'an AMI is as large as its image', next: NOTHING };
const DOWNLOAD: Rule = { why: 'the utility instance downloads, not this machine', next: NOTHING };
const BUCKET: Rule = {
  why: 'the utility instance writes the image to a volume, without a bucket',
  next: 'when the old fedimg is gone, remove the bucket',
};
const ELSEWHERE: Rule = {
  why: 'fedimg publishes to EC2 only, as the old fedimg did',
  next: 'nothing to do, but look for a password there before you share the old file',
};
const REMOVAL: Rule = { becomes: 'test.keep_failed', take: takeRemoval };
const VOLUME_SIZE: Rule = {
  becomes: 'utility.fallback_volume_size_gib',
  take: takeVolumeSize,
};

/** By `section.key`; `section.*` is every other key of its section. */
export const RULES: Readonly<Record<string, Rule>> = {
  'general.clean_up_on_failure': REMOVAL,
  'general.delete_image_on_failure': REMOVAL,
  'general.delete_images_on_failure': REMOVAL,
  'general.process_count': {
    why: 'a worker publishes all images at the same time, and Temporal queues the rest',
    next: 'to limit it, set max_concurrent_activities in [worker]',
  },
  'general.active_services': { why: 'EC2 is the only service', next: NOTHING },
  'general.local_download_dir': DOWNLOAD,
  'general.download_progress': DOWNLOAD,

  'koji.server': {
    why: 'fedimg learns of composes from their status messages, not from Koji',
    next: 'set [messaging] and start fedimg listen, or send the messages: fedimg compose signal FILE',
  },
  'koji.base_task_url': {
    why: 'images are fetched from the location of their compose',
    next: 'add its server to source.allow, unless it is kojipkgs or dl.fedoraproject.org',
  },

  'aws.amis': { becomes: '[[amis]], publish.regions', take: takeAmis },
  'aws.base_region': { becomes: '[[amis]]', take: takeBaseRegion },
  'aws.regions': { becomes: 'publish.regions', take: takeRegions },
  'aws.volume_types': { becomes: 'publish.volume_types', take: takeVolumeTypes },
  'aws.util_volume_size': VOLUME_SIZE,
  'aws.volume_size': VOLUME_SIZE,
  'aws.test_volume_size': ROOT_SIZE,
  'aws.root_volume_size': ROOT_SIZE,
  'aws.test': { becomes: 'test.script', take: takeTest },
  'aws.access_id': CREDENTIALS,
  'aws.secret_key': CREDENTIALS,
  'aws.iam_profile': {
    why: 'the old fedimg never used it, and it may not be an instance profile',
    next: 'set instance_profile in [utility] and [test]; docs/iam.md has their roles',
  },
  'aws.util_username': SSH,
  'aws.test_username': SSH,
  'aws.keyname': KEY,
  'aws.keypath': KEY,
  'aws.pubkeypath': KEY,
  'aws.volume_via_s3': BUCKET,
  'aws.bucket_name': BUCKET,
  'aws.delete_resources': { why: 'a run always removes its temporary resources', next: NOTHING },

  'rackspace.*': ELSEWHERE,
  'gce.*': ELSEWHERE,
  'hp.*': ELSEWHERE,
};

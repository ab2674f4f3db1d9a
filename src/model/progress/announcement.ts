/** The messages about the AMIs of an image, in the forms that readers of the old fedimg and of today's uploader know. */

import type { ImagePlan, RegisteredAmi } from '../plan/plan.js';
import { bareUrl } from '../printable.js';
import type { TestRecord } from './test-record.js';
import type { Variant } from '../ids/variant.js';
import { ec2Arch, HVM_VARIANT_KEYS, variantKey } from '../ids/variant.js';

type ImageTopic = 'image.upload' | 'image.test' | 'image.copy' | 'image.publish';
/** fedimg's own: about whole runs and about regions. The last word of the topic says what happened. */
type RunTopic = 'run.v1' | 'region.v1';
/** One for each message schema. A topic is a kind, or begins with one. */
export type AnnouncementKind = ImageTopic | RunTopic | 'published.v1.aws';
export type AnnouncementTopic = ImageTopic | `${RunTopic | 'published.v1.aws'}.${string}`;
export type AnnouncementStatus = 'started' | 'completed' | 'failed';

export interface Announcement {
  readonly topic: AnnouncementTopic;
  /** The same for each repetition of a message, so that a consumer sees it once. */
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** When the change happened, ISO 8601; set when the message is queued. */
  readonly at?: string;
}

function base(plan: ImagePlan, regionName: string): Record<string, unknown> {
  return {
    image_name: plan.origin.image,
    image_url: bareUrl(plan.url),
    destination: regionName,
    service: 'EC2',
    compose: plan.origin.composeId,
  };
}

function extraOf(variant: Variant): Record<string, unknown> {
  return { virt_type: variant.virt, vol_type: variant.volumeType };
}

function keyOf(plan: ImagePlan, ...parts: readonly string[]): string {
  return [plan.origin.workflowId, plan.origin.runId, ...parts].join('/');
}

export function uploadAnnouncements(
  plan: ImagePlan,
  status: AnnouncementStatus,
  amis: readonly RegisteredAmi[] = [],
): Announcement[] {
  return plan.home.wanted.map(({ variant, name }) => {
    const made = amis.find((ami) => ami.name === name);
    const id = status === 'completed' && made !== undefined ? { id: made.ami } : {};
    return {
      topic: 'image.upload',
      key: keyOf(plan, 'upload', variant.virt, variant.volumeType, status),
      body: { ...base(plan, plan.homeRegion), status, extra: { ...id, ...extraOf(variant) } },
    };
  });
}

export function testAnnouncement(
  plan: ImagePlan,
  ami: RegisteredAmi,
  status: AnnouncementStatus,
  record?: Pick<TestRecord, 'output'>,
): Announcement {
  const data = status === 'failed' && record !== undefined ? { data: record.output } : {};
  return {
    topic: 'image.test',
    key: keyOf(plan, 'test', ami.variant.virt, ami.variant.volumeType, status),
    body: {
      ...base(plan, ami.regionName),
      status,
      extra: { id: ami.ami, ...extraOf(ami.variant), ...data },
    },
  };
}

/** One message for each copy that is available. It has no status: fedmsg_meta reads every such message as a success. */
export function copyAnnouncements(
  plan: ImagePlan,
  copies: readonly RegisteredAmi[],
  /** The home region's AMIs. */
  sources: readonly RegisteredAmi[],
): Announcement[] {
  return copies.map(({ regionName, variant, ami }) => {
    const { compose, ...rest } = base(plan, regionName);
    const source = amiOf(variant, sources);
    return {
      topic: 'image.copy',
      key: keyOf(plan, 'copy', regionName, variant.virt, variant.volumeType),
      body: {
        ...rest,
        compose_id: compose,
        architecture: ec2Arch(plan.arch),
        extra: {
          id: ami,
          ...extraOf(variant),
          // A home region without a PV kernel has no paravirtual AMI, but its snapshot serves for the copy.
          ...(source === undefined ? {} : { source_image_id: source.ami }),
        },
      },
    };
  });
}

function amiOf(wanted: Variant, amis: readonly RegisteredAmi[]): RegisteredAmi | undefined {
  return amis.find(({ variant }) => variantKey(variant) === variantKey(wanted));
}

/** One message for each AMI that is public. It has no status: its readers take every such AMI as public. */
export function publishAnnouncements(
  plan: ImagePlan,
  amis: readonly RegisteredAmi[],
): Announcement[] {
  return amis.map(({ regionName, variant, ami }) => ({
    topic: 'image.publish',
    key: keyOf(plan, 'publish', regionName, variant.virt, variant.volumeType),
    body: {
      ...base(plan, regionName),
      architecture: ec2Arch(plan.arch),
      extra: { id: ami, ...extraOf(variant) },
    },
  }));
}

/** One message with an AMI of each region, in the form that Fedora's consumers read; [] for a release without a number. */
export function publishedEverywhere(
  plan: ImagePlan,
  amis: readonly RegisteredAmi[],
): Announcement[] {
  const { publishedAs, origin, arch } = plan;
  const ofVariant = (key: string) => amis.filter(({ variant }) => variantKey(variant) === key);
  const chosen = HVM_VARIANT_KEYS.map(ofVariant).reduce(
    (best, one) => (one.length > best.length ? one : best),
    [],
  );
  if (publishedAs === undefined || chosen.length === 0) return [];
  const { milestone, subvariant, imageName, release } = publishedAs;
  return [
    {
      topic: `published.v1.aws.${milestone}.${subvariant}.${arch}`,
      key: keyOf(plan, 'published', arch),
      body: {
        architecture: arch,
        compose_id: origin.composeId,
        image_name: imageName,
        regions: Object.fromEntries(chosen.map(({ regionName, ami }) => [regionName, ami])),
        release,
        subvariant,
      },
    },
  ];
}

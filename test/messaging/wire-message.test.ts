import assert from 'node:assert/strict';
import { BrokerError } from '../../src/messaging/errors.js';
import { messageId, wireMessage } from '../../src/messaging/wire-message.js';
import type { Announcement } from '../../src/model/progress/announcement.js';
import { uploadAnnouncements } from '../../src/model/progress/announcement.js';
import type { RunEvent } from '../../src/model/progress/run-announcement.js';
import {
  leftOutAnnouncement,
  plannedRun,
  runAnnouncement,
} from '../../src/model/progress/run-announcement.js';
import { someRequest, somePlan } from '../support/images.js';

const UPLOAD: Announcement = {
  topic: 'image.upload',
  key: 'image/Fedora-Cloud-43-20251021.0/Cloud_Base/x86_64/run/upload/hvm/gp2/completed',
  at: '2025-10-21T05:06:07.891Z',
  body: {
    image_name: 'Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64',
    image_url: 'https://kojipkgs.fedoraproject.org/compose/x.raw.xz',
    destination: 'us-east-1',
    service: 'EC2',
    status: 'completed',
    compose: 'Fedora-Cloud-43-20251021.0',
    extra: { id: 'ami-0123456789abcdef0', virt_type: 'hvm', vol_type: 'gp2' },
  },
};

const AWS: Announcement = {
  topic: 'published.v1.aws.rc.Cloud_Base.aarch64',
  key: 'image/c/Cloud_Base/aarch64/run/published/aarch64',
  body: {
    architecture: 'aarch64',
    compose_id: 'Fedora-43-20251021.0',
    image_name: 'Fedora-Cloud-Base-AmazonEC2.aarch64-43-1.6',
    regions: { 'us-east-1': 'ami-0123456789abcdef0' },
    release: 43,
    subvariant: 'Cloud_Base',
  },
};

const VARIANT = { virt_type: 'hvm', vol_type: 'gp2' };
const PUBLISH: Announcement = {
  topic: 'image.publish',
  key: 'image/c/Cloud_Base/aarch64/run/publish/us-east-1/hvm/gp2',
  body: {
    image_name: 'Fedora-Cloud-Base-AmazonEC2-43-1.6.aarch64',
    image_url: 'https://kojipkgs.fedoraproject.org/compose/x.raw.xz',
    destination: 'us-east-1',
    service: 'EC2',
    compose: 'Fedora-43-20251021.0',
    architecture: 'arm64',
    extra: { id: 'ami-0123456789abcdef0', ...VARIANT },
  },
};

const wire = (announcement: Announcement) =>
  wireMessage(announcement, { topicPrefix: 'org.fedoraproject.stg' });

function extra(change: object): Announcement {
  const { extra: before } = UPLOAD.body as { extra: object };
  return { ...UPLOAD, body: { ...UPLOAD.body, extra: { ...before, ...change } } };
}

describe('a message on the wire', () => {
  it('contains no signature and no login of a URL: anyone can read the bus', () => {
    const ids = { workflowId: 'w', runId: 'r' };
    const url = 'https://me:word@bucket.example/a.raw.xz?X-Amz-Signature=SECRET#part';
    const plan = somePlan(someRequest(), ids, { url });
    for (const announcement of uploadAnnouncements(plan, 'started')) {
      assert.equal(announcement.body['image_url'], 'https://bucket.example/a.raw.xz');
      assert.doesNotMatch(wire(announcement).content.toString(), /SECRET|me:word/);
    }
  });

  it('has the topic, the properties and the headers that Fedora’s consumers look for', () => {
    const { routingKey, properties, content } = wire(UPLOAD);
    assert.equal(routingKey, 'org.fedoraproject.stg.fedimg.image.upload');
    assert.deepEqual(JSON.parse(content.toString()), UPLOAD.body);
    const { messageId: id, ...rest } = properties;
    assert.match(
      String(id),
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    assert.deepEqual(rest, {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      deliveryMode: 2,
      headers: {
        fedora_messaging_schema: 'base.message',
        fedora_messaging_severity: 20,
        'sent-at': '2025-10-21T05:06:07+00:00',
        priority: 0,
      },
    });
  });

  it('names the schema of today’s AWS messages without a suffix, and the package that has it', () => {
    const { routingKey, properties } = wire(AWS);
    const topic = 'fedora_image_uploader.published.v1.aws.rc.Cloud_Base.aarch64';
    assert.equal(routingKey, `org.fedoraproject.stg.${topic}`);
    const headers = properties.headers as Record<string, unknown>;
    assert.equal(headers['fedora_messaging_schema'], 'fedora_image_uploader.published.v1.aws');
    assert.equal(headers['fedora_messaging_schema_package'], 'fedora_image_uploader_messages');
  });

  it('of a run and of a region names the schema and the package that has it', () => {
    const subject = plannedRun(somePlan(someRequest(), { workflowId: 'w', runId: 'r' }));
    const failed = { region: 'eu-west-1', state: 'failed', reason: 'full', amis: [] } as const;
    const of = (announcement: Announcement) => {
      const { routingKey, properties } = wire(announcement);
      const headers = properties.headers as Record<string, unknown>;
      return [
        routingKey.slice('org.fedoraproject.stg.'.length),
        headers['fedora_messaging_schema'],
        headers['fedora_messaging_schema_package'],
        headers['fedora_messaging_severity'],
      ];
    };
    const run = (event: RunEvent) => of(runAnnouncement(subject, event, { regions: [failed] }));
    const [schema, inPackage] = ['fedimg.run.v1', 'fedimg_messages'];
    assert.deepEqual(run('started'), ['fedimg.run.v1.started', schema, inPackage, 20]);
    assert.deepEqual(run('partly-published'), [
      ...['fedimg.run.v1.partly-published', schema, inPackage, 30],
    ]);
    assert.deepEqual(run('failed'), ['fedimg.run.v1.failed', schema, inPackage, 40]);
    assert.deepEqual(of(leftOutAnnouncement(subject, failed)), [
      ...['fedimg.region.v1.left-out', 'fedimg.region.v1', inPackage, 30],
    ]);
  });

  it('has the same id each time it is sent, and another one for each change of state', () => {
    assert.equal(wire(UPLOAD).properties.messageId, wire({ ...UPLOAD }).properties.messageId);
    const ids = ['a/started', 'a/completed', 'b/started'].map(messageId);
    assert.equal(new Set(ids).size, 3);
  });

  it('of a failure has the severity error', () => {
    const withoutId = extra({ id: undefined });
    const failed = { ...withoutId, body: { ...withoutId.body, status: 'failed' } };
    const headers = wire(failed).properties.headers as Record<string, unknown>;
    assert.equal(headers['fedora_messaging_severity'], 40);
  });

  const broken: [string, Announcement][] = [
    ['a completed upload without its AMI', extra({ id: undefined })],
    [
      'an upload that has begun with an AMI',
      { ...UPLOAD, body: { ...UPLOAD.body, status: 'started' } },
    ],
    ['an id that is not an AMI', extra({ id: 'snap-0123456789abcdef0' })],
    [
      'a status on a topic of successes',
      { ...PUBLISH, body: { ...PUBLISH.body, status: 'failed' } },
    ],
    ['a publication without its AMI', { ...PUBLISH, body: { ...PUBLISH.body, extra: VARIANT } }],
    ['an unknown key', { ...UPLOAD, body: { ...UPLOAD.body, secret: 'x' } }],
    ['an unknown topic', { ...UPLOAD, topic: 'image.gone' as 'image.copy' }],
    ['a release that is not a number', { ...AWS, body: { ...AWS.body, release: 'Rawhide' } }],
    ['EC2’s name of an architecture', { ...AWS, body: { ...AWS.body, architecture: 'arm64' } }],
    ['a topic beyond 255 bytes', { ...AWS, topic: `published.v1.aws.${'x'.repeat(250)}` }],
  ];
  for (const [title, announcement] of broken) {
    it(`with ${title} is refused before it is sent: a consumer would drop it`, () => {
      assert.throws(
        () => wire(announcement),
        (error) => error instanceof BrokerError && error.fault === 'invalid' && error.isFinal,
      );
    });
  }
});

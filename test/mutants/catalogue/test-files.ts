/** The test files that several planted bugs name. */

export const REPEATABLE = 'test/activities/repeatable.test.ts';
export const PUBLISHED = 'test/activities/plan/earlier-publication.test.ts';
export const WORKFLOW = 'test/workflows/publish-image.test.ts';
export const LEFT_OUT = 'test/workflows/left-out-regions.test.ts';
export const WRITE_STEP = 'test/workflows/write-step.test.ts';
export const OPERATOR = 'test/workflows/operator.test.ts';
export const HELD = 'test/workflows/publish/held-region.test.ts';
export const WHOLE = 'test/incidents/whole-compose.test.ts';
export const LATE = 'test/incidents/late-listings.test.ts';
export const GIVEN_UP = 'test/incidents/given-up-resources.test.ts';
export const TWO = 'test/incidents/two-attempts.test.ts';
export const EARLY = 'test/workflows/publish/early-copies.test.ts';
export const GUEST = 'test/guest/write-image.test.ts';
export const SWEEP = 'test/activities/sweep/sweep.test.ts';
export const LEFT = 'test/activities/left-over.test.ts';
export const SURPLUS = 'test/activities/surplus.test.ts';
export const WIRE = 'test/messaging/wire-message.test.ts';
export const SENDER = 'test/messaging/sender.test.ts';
export const CONSUMER = 'test/messaging/consumer.test.ts';
export const LISTENER = 'test/messaging/listener.test.ts';
export const SECRETS = 'test/properties/secrets.test.ts';
export const DIRECT = 'test/activities/write-direct.test.ts';

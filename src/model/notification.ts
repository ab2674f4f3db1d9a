/** A notification to people: the events, the facts of one, and the templates of its texts. */

export const NOTIFICATION_EVENTS = [
  'failed',
  'partly-published',
  'waiting-for-approval',
  'silence',
] as const;
export type NotificationEvent = (typeof NOTIFICATION_EVENTS)[number];

export const CHANNELS = ['webhook', 'mail'] as const;
export type Channel = (typeof CHANNELS)[number];

/** One thing that a person should know. All texts are printable and have no secrets. */
export interface Notification {
  /** The same for each repetition: Temporal starts one delivery for a key. */
  readonly key: string;
  readonly event: NotificationEvent;
  readonly deployment: string;
  /** One line: what happened to what. */
  readonly title: string;
  readonly reason?: string;
  /** What the operator can do. */
  readonly next?: string;
  readonly compose?: string;
  readonly image?: string;
  readonly arch?: string;
  /** The workflow's id. */
  readonly workflow?: string;
  /** The run's page in the Temporal UI. */
  readonly link?: string;
  /** When it happened, ISO 8601. */
  readonly at: string;
}

/** What a template may name, each with its meaning. */
export const PLACEHOLDERS = {
  text: 'all of it as readable lines',
  title: 'what happened, in one line',
  event: NOTIFICATION_EVENTS.join(', '),
  deployment: 'name of the deployment',
  reason: 'why',
  next: 'what to do next',
  compose: 'id of the compose',
  image: 'name of the image',
  arch: 'architecture of the image',
  workflow: 'id of the workflow',
  link: "address of the run's page in the Temporal UI",
  at: 'when it happened',
} as const satisfies Readonly<Record<string, string>>;
type Placeholder = keyof typeof PLACEHOLDERS;

const PLACEHOLDER = /\{([a-z]+)\}/g;

/** Names that a template has and fedimg does not know. */
export function unknownPlaceholders(template: string): string[] {
  const names = [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
  return names.filter((name) => !Object.hasOwn(PLACEHOLDERS, name));
}

/** Fills a template; what the notification does not have is empty. `escape` fits a value into its place. */
export function filled(
  template: string,
  notification: Notification,
  escape: (value: string) => string = (value) => value,
): string {
  return template.replace(PLACEHOLDER, (whole, name: string) =>
    Object.hasOwn(PLACEHOLDERS, name) ? escape(valueOf(notification, name as Placeholder)) : whole,
  );
}

function valueOf(notification: Notification, name: Placeholder): string {
  return name === 'text' ? notificationText(notification) : (notification[name] ?? '');
}

/** All facts for a person, one a line, the most important first. */
export function notificationText(notification: Notification): string {
  const { title, reason, next, workflow, link, deployment, at } = notification;
  const lines = [
    [title],
    reason === undefined ? [] : [`Why: ${reason}`],
    next === undefined ? [] : [`Next: ${next}`],
    link === undefined ? (workflow === undefined ? [] : [`Workflow: ${workflow}`]) : [link],
    [`Deployment ${deployment}, ${at}`],
  ];
  return lines.flat().join('\n');
}

/** A notification that `fedimg notify test` sends. */
export function sampleNotification(deployment: string, now: Date): Notification {
  return {
    key: `test/${now.getTime()}`,
    event: 'failed',
    deployment,
    title: `Test of the notifications of deployment ${deployment}`,
    reason: '`fedimg notify test` was run; no image has failed',
    next: 'You can ignore this message.',
    at: now.toISOString(),
  };
}

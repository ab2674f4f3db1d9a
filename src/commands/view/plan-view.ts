/** A plan as lines for a terminal. */

import type { PlanSummary, PlannedRegion } from '../../model/plan/plan-summary.js';
import { formatBytes, formatColumns, printableData } from './format.js';
import type { Paint } from './terminal.js';

/** As the configuration names them. */
const TRANSPORT_TEXT: Readonly<Record<string, string>> = {
  auto: 'SSM, or over the console where the image cannot have the agent',
  ssm: 'SSM',
  console: 'the console',
};

/** One image: what it is, its regions against their quotas, its AMIs by name, and what it takes. */
export function planLines(read: PlanSummary, paint: Paint): string[] {
  const plan = printableData(read);
  const title = paint('bold', `${plan.image} (${plan.arch})`);
  if (plan.published)
    return [title, 'An earlier run has published this image; a run changes nothing.'];
  return [
    title,
    ...factLines(plan),
    '',
    ...regionTable(plan, paint),
    '',
    ...amiTable(plan, paint),
    '',
    totalLine(plan),
    aboutLine(plan),
    ...plan.warnings.map((warning) => paint('yellow', `! ${warning}`)),
  ];
}

function factLines({ url, home, utility, test, tags, ...plan }: PlanSummary): string[] {
  const ownTags = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  const raw =
    plan.rawSizeBytes === null ? 'raw size not known' : `${formatBytes(plan.rawSizeBytes)} raw`;
  const compressed =
    plan.compressedSizeBytes === null
      ? ''
      : `, ${formatBytes(plan.compressedSizeBytes)} compressed`;
  return formatColumns([
    ['image', `${url} (${raw}${compressed})`],
    ['home region', home],
    utility === null
      ? ['write', 'by the worker, through the EBS direct APIs']
      : ['utility instance', `from ${utility.ami}, as ${utility.instanceTypes.join(' or ')}`],
    [
      'test',
      `of ${test.variants.join(', ')} over ${TRANSPORT_TEXT[test.transport] ?? test.transport}, as ${test.instanceTypes.join(' or ')}`,
    ],
    ...(ownTags.length === 0 ? [] : [['tags', ownTags.join(', ')]]),
    ['result', plan.public ? 'public AMIs and snapshots' : 'private AMIs and snapshots'],
  ]);
}

function regionTable({ regions }: PlanSummary, paint: Paint): string[] {
  const head = ['REGION', 'AMIS', 'QUOTA OF PUBLIC AMIS', 'NOTE'];
  const rows = regions.map((region) => [
    region.region,
    region.reason === null ? String(region.amis.length) : paint('yellow', '-'),
    quotaText(region),
    noteOf(region, paint),
  ]);
  return formatColumns([head.map((cell) => paint('dim', cell)), ...rows]);
}

function quotaText({ quota }: PlannedRegion): string {
  if (quota === null) return '-';
  const assumed = quota.assumed === undefined ? '' : ' (assumed)';
  const ahead = quota.ahead === 0 ? '' : ` + ${quota.ahead}`;
  return `${quota.there}${ahead} + ${quota.needed} of ${quota.quota}${assumed}`;
}

function noteOf({ reason, required, leftOut }: PlannedRegion, paint: Paint): string {
  if (reason !== null) return paint('yellow', `left out: ${reason}`);
  const [first] = leftOut;
  const without =
    first === undefined
      ? []
      : [`without ${leftOut.map(({ variant }) => variant).join(', ')}: ${first.reason}`];
  return [...(required ? ['required'] : []), ...without].join('; ');
}

function amiTable({ regions }: PlanSummary, paint: Paint): string[] {
  const head = ['REGION', 'VARIANT', 'NAME'];
  const made = regions.flatMap(({ region, amis }) =>
    amis.map(({ variant, name }) => [region, variant, name]),
  );
  return formatColumns([head.map((cell) => paint('dim', cell)), ...made]);
}

function totalLine({ regions }: PlanSummary): string {
  const used = regions.filter(({ amis }) => amis.length > 0);
  const amis = used.reduce((sum, region) => sum + region.amis.length, 0);
  const leftOut = regions.length - used.length;
  const rest = leftOut === 0 ? '' : `; ${leftOut} regions left out`;
  return `${amis} AMIs and ${used.length} snapshots in ${used.length} regions${rest}`;
}

/** `about 40 minutes; about $0.05 once (0.3 instance hours), and at most $4.25 a month (85.0 GiB of snapshots)` */
function aboutLine({ about }: PlanSummary): string {
  const { seconds, onceUsd, monthlyUsd, instanceHours, snapshotGib } = about;
  const time = `${Math.ceil(seconds / 60)} minutes`;
  if (onceUsd === null || monthlyUsd === null) {
    return `about ${time}; ${instanceHours.toFixed(1)} instance hours, then at most ${snapshotGib.toFixed(1)} GiB of snapshots`;
  }
  return `about ${time}; about ${dollars(onceUsd)} once (${instanceHours.toFixed(1)} instance hours, transfer), then at most about ${dollars(monthlyUsd)} a month (${snapshotGib.toFixed(1)} GiB of snapshots)`;
}

function dollars(usd: number): string {
  return `$${Math.max(0.01, usd).toFixed(2)}`;
}

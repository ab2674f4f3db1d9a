/** The list of composes and images. */

import { idOf } from '../../model/status/commands.js';
import type { Publication } from '../../client/publications.js';
import type { ImageOverview, Overview } from '../../model/status/overview.js';
import { formatColumns, formatElapsed, formatTime, printableData } from './format.js';
import { stateOf } from './screen.js';

export function listLines(publications: readonly Publication[], nowMs: number): string[] {
  const rows = publications.map((publication) => {
    const end = publication.closedAt === null ? nowMs : Date.parse(publication.closedAt);
    return [
      idOf(publication),
      publication.kind,
      publication.execution.toLowerCase(),
      publication.phase ?? '',
      formatTime(publication.startedAt),
      formatElapsed(end - Date.parse(publication.startedAt)),
    ];
  });
  return formatColumns([['ID', 'KIND', 'STATE', 'PHASE', 'STARTED (UTC)', 'TOOK'], ...rows]);
}

/** With the images of each compose, and why they need a look. */
export function overviewListLines(overviews: readonly Overview[], nowMs: number): string[] {
  const rows = printableData(overviews).flatMap((one) => [
    overviewRow(one.id, one, nowMs),
    ...(one.kind === 'image' ? [] : one.images.map((image) => imageRow(image, nowMs))),
  ]);
  return formatColumns([['ID', 'STATE', 'STEP', 'STARTED (UTC)', 'TOOK', 'ATTENTION'], ...rows]);
}

function imageRow(image: ImageOverview, nowMs: number): string[] {
  return overviewRow(`  ${image.arch ?? ''} ${image.image}`, image, nowMs);
}

function overviewRow(name: string, one: Overview, nowMs: number): string[] {
  const end = one.closedAt === null ? nowMs : Date.parse(one.closedAt);
  const step = one.kind === 'image' && one.outcome === 'running' ? (one.step ?? '') : '';
  const why = one.attention === null ? '' : `${one.attention}: ${one.reason ?? ''}`;
  const took = formatElapsed(end - Date.parse(one.startedAt));
  return [name, stateOf(one), step, formatTime(one.startedAt), took, why];
}

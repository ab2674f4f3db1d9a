/** The pages for reading, and the same data as JSON. */

import type { Context, Hono } from 'hono';
import { amiRow } from '../../client/amis.js';
import type { Publication } from '../../client/publications.js';
import { parseComposeId } from '../../model/compose/compose.js';
import type { AmiRecord } from '../../model/progress/progress.js';
import type { ComposeOverview, ImageOverview, Overview } from '../../model/status/overview.js';
import { attentionOf } from '../board/attention.js';
import type { BoardSource, BoardView } from '../board/board.js';
import type { Catalogue } from '../board/catalogue.js';
import { Memory } from '../board/memory.js';
import { newestOf } from '../board/reading.js';
import { findOverview } from '../board/shown.js';
import { atomFeed } from '../feed.js';
import type { AmiChoice } from '../pages/amis.js';
import { amisPage, chosenRecords } from '../pages/amis.js';
import { composePage } from '../pages/compose.js';
import { composesPage } from '../pages/composes.js';
import type { ImageHistoryView } from '../pages/image.js';
import { imagePage } from '../pages/image.js';
import type { Page } from '../pages/layout.js';
import { layout } from '../pages/layout.js';
import { withQuery } from '../pages/paths.js';
import type { OwnAddress } from './security.js';
import { SharedPages } from './shared-pages.js';
import type { Visits } from './visits.js';

interface PageOptions {
  readonly source: BoardSource;
  readonly catalogue: Catalogue;
  readonly own: OwnAddress;
  readonly visits: Visits;
}

/** An older compose or run is read for its visitors, once in this time. */
const OLD_KEPT_MS = 2_000;
const HISTORY_MAX = 20;

export function addPages(app: Hono, { source, catalogue, own, visits }: PageOptions): void {
  const old = new Memory<Overview>(OLD_KEPT_MS);
  const shared = new SharedPages(visits);
  const show = async (context: Context, page: Page) =>
    context.html(layout(page, await visits.contextOf(context)));

  const overviewOf = async (workflowId: string, runId: string | undefined, view: BoardView) => {
    const known = findOverview(view, workflowId);
    if (known !== undefined && (runId === undefined || known.runId === runId)) return known;
    return old.get(`${workflowId} ${runId ?? ''}`, () => source.read({ workflowId, runId }));
  };

  const composes = async (context: Context) => {
    const pageContext = await visits.contextOf(context);
    const { overviews, readAt, trouble } = pageContext.board;
    const release = context.req.query('release') || undefined;
    const arch = context.req.query('arch') || undefined;
    const chosen = narrowed(overviews, { release, arch });
    if (visits.wantsJson(context)) return context.json({ readAt, trouble, publications: chosen });
    const attention = attentionOf(overviews, pageContext.nowMs);
    const choices = [
      {
        name: 'release',
        label: 'Release',
        values: unique(overviews.map(releaseOf)),
        chosen: release,
      },
      {
        name: 'arch',
        label: 'Architecture',
        values: unique(imagesOf(overviews).map((one) => one.arch)),
        chosen: arch,
      },
    ];
    return context.html(
      layout(composesPage({ attention, overviews: chosen, choices }, pageContext), pageContext),
    );
  };
  app.get('/', shared.share(composes));
  app.get('/index.json', shared.share(composes));

  const publication = (idOf: (rest: string) => string) => async (context: Context) => {
    const pageContext = await visits.contextOf(context);
    const rest = decoded(new URL(context.req.url).pathname)
      .replace(/^\/[a-z]+\//, '')
      .replace(/\.json$/, '');
    const id = source.workflowIdOf(idOf(rest));
    const overview = await overviewOf(id, context.req.query('run') || undefined, pageContext.board);
    if (visits.wantsJson(context)) return context.json(overview);
    const page =
      overview.kind === 'compose'
        ? composePage(overview, pageContext)
        : imagePage(overview, historyOf(overview, pageContext.board.runs), pageContext);
    return context.html(layout(page, pageContext));
  };
  app.get('/compose/:id{.+}', shared.share(publication((rest) => `compose/${rest}`)));
  app.get('/image/:id{.+}', shared.share(publication((rest) => `image/${rest}`)));

  const amis = async (context: Context) => {
    const { board } = await visits.contextOf(context);
    const view = await catalogue.look(markOf(board));
    const choice = choiceOf(context);
    if (!visits.wantsJson(context)) return show(context, amisPage(view, choice));
    const isChosen = Object.entries(choice).some(
      ([key, value]) => key !== 'page' && value !== undefined,
    );
    const records = isChosen ? chosenRecords(view.records, choice) : view.records;
    return context.json(records.map((record) => amiRow(record, catalogue.source.linkOf)));
  };
  app.get('/amis', shared.share(amis));
  app.get('/amis.json', shared.share(amis));

  app.get('/feed.atom', async (context) => {
    const { board } = await visits.contextOf(context);
    const { records } = await catalogue.look(markOf(board));
    const base = (own.publicUrl ?? new URL(context.req.url)).origin;
    const feed = atomFeed(records, {
      self: `${base}/feed.atom`,
      pageOf: ({ compose, arch }) => `${base}${withQuery('/amis', { compose, arch })}`,
      publishedAt: (record) => closedAt(record, board.runs),
    });
    return context.body(feed, 200, { 'content-type': 'application/atom+xml; charset=utf-8' });
  });
}

/** A path that is not valid UTF-8 names no workflow. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function imagesOf(overviews: readonly Overview[]): ImageOverview[] {
  return overviews.flatMap((one) => (one.kind === 'compose' ? one.images : [one]));
}

function releaseOf(overview: Overview): string | null {
  if (overview.release !== null) return overview.release;
  const id = parseComposeId(overview.compose ?? '');
  return id?.version ?? null;
}

function unique(values: readonly (string | null)[]): string[] {
  return [...new Set(values.flatMap((value) => value ?? []))].sort();
}

/** The publications of a release, and of composes only the images of an architecture. */
function narrowed(
  overviews: readonly Overview[],
  { release, arch }: { readonly release: string | undefined; readonly arch: string | undefined },
): Overview[] {
  const ofRelease = overviews.filter((one) => release === undefined || releaseOf(one) === release);
  if (arch === undefined) return ofRelease;
  return ofRelease.flatMap((one): Overview[] => {
    if (one.kind === 'image') return one.arch === arch ? [one] : [];
    const images = one.images.filter((image) => image.arch === arch);
    return images.length === 0 ? [] : [{ ...one, images } satisfies ComposeOverview];
  });
}

/** Runs of the image, and the newest runs of the same subvariant and architecture elsewhere. */
function historyOf(image: ImageOverview, runs: readonly Publication[]): ImageHistoryView {
  const ending = (id: string) => id.split('/').slice(-2).join('/');
  const isImage = (run: Publication) => run.kind === 'image';
  const own = runs.filter((run) => run.workflowId === image.workflowId);
  const others = newestOf(runs.filter(isImage)).filter(
    (run) =>
      run.workflowId !== image.workflowId && ending(run.workflowId) === ending(image.workflowId),
  );
  return { runs: own.slice(0, HISTORY_MAX), others: others.slice(0, HISTORY_MAX) };
}

function choiceOf(context: Context): AmiChoice {
  const { release, arch, region, variant, compose, page } = context.req.query();
  const given = (text: string | undefined) => text || undefined;
  return {
    ...{ release: given(release), arch: given(arch), region: given(region) },
    ...{ variant: given(variant), compose: given(compose) },
    page: /^\d{1,4}$/.test(page ?? '') ? Number(page) : 1,
  };
}

/** Changes when a run begins or ends, and when a region becomes public. */
function markOf({ runs, overviews }: BoardView): string {
  const ended = runs.map(({ runId, execution }) => `${runId} ${execution}`);
  const open = imagesOf(overviews).map(
    ({ runId, regions }) =>
      `${runId} ${regions.filter(({ state }) => state === 'published').length}`,
  );
  return [...ended, ...open].join('\n');
}

function closedAt({ run }: AmiRecord, runs: readonly Publication[]): string | undefined {
  return runs.find(({ runId }) => runId === run?.runId)?.closedAt ?? undefined;
}

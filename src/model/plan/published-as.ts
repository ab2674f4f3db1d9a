/** The name of an image in messages to Fedora's consumers: one name an architecture. */

import type { Arch, ComposeId } from '../compose/compose.js';
import { parseComposeId } from '../compose/compose.js';

export interface PublishedAs {
  /** `Fedora-Cloud-Base-AmazonEC2.x86_64-43-1.6`; fedoraproject.org/cloud looks for exactly this. */
  readonly imageName: string;
  /** A number for Rawhide, too: consumers accept only numbers. */
  readonly release: number;
  /** The word in the topic: `rc`, `beta`, `branched`, `rawhide`, `nightly`. wikitcms and others look for exactly this. */
  readonly milestone: string;
  readonly subvariant: string;
}

interface Published {
  readonly composeId: string;
  readonly subvariant: string;
  readonly arch: Arch;
  /** `RC-1.6`; dailies have one with a date, `RC-20251021.0`. */
  readonly label?: string | undefined;
}

/** The label of a candidate for a release or its Beta. The labels of daily composes have a date instead. */
export const NUMBERED_LABEL = /^(RC|Beta)-(\d{1,2}\.\d{1,3})$/;

/** Undefined when the release has no number: Rawhide's is known only from the configuration. */
export function publishedAs(
  { composeId, subvariant, arch, label }: Published,
  rawhideRelease: number | undefined,
): PublishedAs | undefined {
  const id = parseComposeId(composeId);
  if (id === undefined) return undefined;
  const isRawhide = id.version === 'Rawhide';
  const release = isRawhide ? rawhideRelease : Number(id.version);
  if (release === undefined || !Number.isSafeInteger(release) || release <= 0) return undefined;
  const { milestone, build } = candidateOf(label) ?? dailyOf(id, isRawhide);
  const [distribution = ''] = id.short.split('-');
  const product = [distribution, ...subvariant.split('_'), 'AmazonEC2'].join('-');
  return {
    imageName: `${product}.${arch}-${id.version}-${build}`,
    release,
    milestone,
    subvariant,
  };
}

/** How a compose stands to its release, and the last part of the image's name. */
interface Stage {
  readonly milestone: string;
  readonly build: string;
}

function candidateOf(label: string | undefined): Stage | undefined {
  const [, name, number] = NUMBERED_LABEL.exec(label ?? '') ?? [];
  if (name === undefined || number === undefined) return undefined;
  const build = name === 'Beta' ? `Prerelease-${number}` : number;
  return { milestone: name.toLowerCase(), build };
}

/** The name of a daily compose has its date without the suffix of the type. */
function dailyOf({ composeType, date, respin }: ComposeId, isRawhide: boolean): Stage {
  const build = `${date}.${respin}`;
  if (isRawhide) return { milestone: 'rawhide', build };
  switch (composeType) {
    case 'production':
      // Fedora makes these after the release.
      return { milestone: 'nightly', build };
    case 'nightly':
      return { milestone: 'branched', build: `Prerelease-${build}` };
    default:
      // Readers of the milestones do not look for these composes.
      return { milestone: composeType, build: `Prerelease-${build}` };
  }
}

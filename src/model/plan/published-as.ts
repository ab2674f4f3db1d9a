/** The name of an image in messages to Fedora's consumers: one name an architecture. */

import type { Arch } from '../compose/compose.js';
import { parseComposeId } from '../compose/compose.js';

export interface PublishedAs {
  /** `Fedora-Cloud-Base-AmazonEC2.x86_64-43-1.6`; fedoraproject.org/cloud looks for exactly this. */
  readonly imageName: string;
  /** A number for Rawhide, too: consumers accept only numbers. */
  readonly release: number;
  /** `43`, `nightly` or `rawhide`: the word in the topic. */
  readonly stream: string;
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
  const [, milestone, number] = NUMBERED_LABEL.exec(label ?? '') ?? [];
  const build =
    number === undefined
      ? composeId.slice(composeId.indexOf(id.date))
      : milestone === 'Beta'
        ? `Prerelease-${number}`
        : number;
  const [distribution = ''] = id.short.split('-');
  const product = [distribution, ...subvariant.split('_'), 'AmazonEC2'].join('-');
  return {
    imageName: `${product}.${arch}-${id.version}-${build}`,
    release,
    stream: isRawhide ? 'rawhide' : number === undefined ? 'nightly' : String(release),
    subvariant,
  };
}

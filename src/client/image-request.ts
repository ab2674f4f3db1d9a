/** The request for one image that is published by hand, without the metadata of a compose. */

import { COMPOSE_ID_CHARS_MAX, parseComposeId } from '../model/compose/compose.js';
import type { Arch } from '../model/compose/compose.js';
import type { ImageRequest } from '../model/plan/plan.js';
import { isName } from '../model/ids/name.js';
import { BY_HAND } from '../model/ids/workflow-ids.js';
import { printableAscii, printableUrl } from '../model/printable.js';
import { ClientError } from './errors.js';

export interface ImageByHand {
  readonly url: string;
  readonly arch: Arch;
  /** Of the compressed file; without it the download is not verified. */
  readonly sha256?: string | undefined;
  /** Of the compressed file. */
  readonly sizeBytes?: number | undefined;
  /** The compose that it belongs to; default: the image's name. */
  readonly compose?: string | undefined;
  /** Default: from the compose's id or the image's name. */
  readonly release?: string | undefined;
}

const SUFFIX = '.raw.xz';
const RELEASE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** Throws a `ClientError` of kind `configuration` that names the wrong argument. */
export function imageRequestByHand(image: ImageByHand): ImageRequest {
  const name = imageName(image.url);
  const sha256 = image.sha256?.toLowerCase();
  if (sha256 !== undefined && !SHA256.test(sha256)) {
    throw wrong('--sha256 must have 64 hexadecimal digits', 'Give it as sha256sum prints it.');
  }
  const compose = image.compose === undefined ? undefined : parseComposeId(image.compose);
  if (image.compose !== undefined && compose === undefined) {
    throw wrong(
      `${shown(image.compose)} is not a compose id`,
      'Give one such as Fedora-Cloud-43-20251021.0.',
    );
  }
  const release = image.release ?? compose?.version ?? releaseOf(name) ?? 'unknown';
  if (!RELEASE.test(release)) {
    throw wrong(`${shown(release)} is not a release`, 'Give one such as 43 or Rawhide.');
  }
  return {
    composeId: compose?.id ?? name.slice(0, COMPOSE_ID_CHARS_MAX),
    release,
    image: {
      subvariant: BY_HAND,
      arch: image.arch,
      url: image.url,
      // Empty: the plan then has no hash to compare with.
      sha256: sha256 ?? '',
      sizeBytes: image.sizeBytes ?? 0,
      name,
    },
  };
}

/** The file's name without `.raw.xz`. */
function imageName(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol)) {
    throw wrong(
      `${printableUrl(url)} is not an http or https URL`,
      'Serve the file, and allow its URL in [source].',
    );
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw wrong(
      'the URL contains a user name or a password',
      'Serve the file without credentials.',
    );
  }
  const file = fileName(parsed.pathname);
  if (!file.endsWith(SUFFIX)) {
    throw wrong(
      `${file === '' ? 'the URL' : shown(file)} is not the name of a raw disk image`,
      'The name must end in .raw.xz; compress a raw image with `xz -T0 disk.raw`.',
    );
  }
  const name = file.slice(0, -SUFFIX.length);
  if (!isName(name)) {
    throw wrong(
      `${shown(file)} has a name that AMIs and tags cannot carry`,
      'Rename the file: a letter or a digit first, then letters, digits and . _ + ~ - only, at most 200 before .raw.xz.',
    );
  }
  return name;
}

/** The last segment of a URL's path, as the file is called: `c6+beta` of `c6%2Bbeta`. */
function fileName(pathname: string): string {
  const segment = pathname.slice(pathname.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(segment);
  } catch {
    // `%` without two digits behind it.
    return segment;
  }
}

/** `43` of `Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64`, `Rawhide` of `…-Rawhide-20251022.n.0.x86_64`. */
export function releaseOf(name: string): string | undefined {
  return /-(\d{1,3}|Rawhide|ELN|eln)(?=[-_.]|$)/.exec(name)?.[1];
}

/** An argument for an error message, cut to a readable length. */
function shown(text: string): string {
  return printableAscii(text.length > 200 ? `${text.slice(0, 200)}...` : text);
}

function wrong(what: string, next: string): ClientError {
  return new ClientError('configuration', `This image cannot be published: ${what}`, next);
}

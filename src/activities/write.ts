/** The image onto the blank volume: downloaded, verified, written, read back, all on the utility instance. */

import { wholeNumber } from '../guest/unit-report.js';
import { EC2_UTILITY_EXCEPTION, ServiceError } from '../model/errors.js';
import { resolveUrl } from '../fetch/resolve-url.js';
import type { WriteImageInput, WrittenImage } from './activities.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating } from './attempt/heartbeat.js';
import { runUnit } from './guest-unit.js';

const TOOLS = [
  ...['awk', 'base64', 'blockdev', 'cmp', 'curl', 'dd', 'flock', 'head', 'lsblk', 'mkfifo', 'od'],
  ...['sed', 'seq', 'sha256sum', 'stat', 'systemctl', 'systemd-run', 'tee', 'tr', 'xz'],
];

const GIB = 1024 ** 3;

/** What the operator can do about each of the program's own failures. */
const NEW_VOLUME =
  'Publish it again, which makes a new volume; tell AWS when it happens once more.';

const NEXT: Readonly<Record<string, string>> = {
  'checksum-mismatch':
    'Compare the wanted checksum (from the metadata of the compose, or --sha256) with the file on the server, have the wrong one mended, and publish again.',
  'not-xz': 'See what the server answers for this URL: it may be a page that says why.',
  'corrupt-xz': 'Compare the file on the server with its checksum; have it uploaded again.',
  'larger-than-said':
    'Have the file made again; without range requests, raise utility.fallback_volume_size_gib.',
  'shorter-than-said': 'Have the file made again: its index does not fit its contents.',
  'no-integrity-check':
    'Publish it again with --sha256, or compress it with a check, as xz does by default.',
  'too-slow': 'Have the server or its network mended, or lower source.min_rate_bytes_per_second.',
  'disk-full': 'The file is larger than its server said; publish again.',
  'write-error': NEW_VOLUME,
  'read-back': NEW_VOLUME,
  unreadable: NEW_VOLUME,
  'not-blank': NEW_VOLUME,
};

export function writeImage(
  { aws, urlPolicy }: ActivityContext,
  input: WriteImageInput,
): Promise<WrittenImage> {
  const { utility, sha256, rawSizeBytes, compressedSizeBytes } = input;
  const ec2 = aws.region(utility.regionName);
  const first = { version: 1, kind: 'write', phase: 'start', bytes: 0, totalBytes: 0 } as const;
  return heartbeating(first, async (report, signal) => {
    // Only now, and never into history: what a redirect leads to may be signed, and not for long.
    const url = await resolveUrl(input.url, { policy: urlPolicy, signal });
    const values = await runUnit(
      ec2,
      {
        instanceId: utility.instanceId,
        name: `fedimg-write-${utility.volumeId}`,
        program: 'write-image',
        args: [
          utility.volumeId,
          utility.volumeSizeGiB * GIB,
          url,
          sha256 ?? '-',
          compressedSizeBytes ?? '-',
          rawSizeBytes ?? '-',
          input.minRateBytesPerSecond,
        ],
        tools: TOOLS,
        errorType: EC2_UTILITY_EXCEPTION,
      },
      report,
      signal,
    );
    if (values.get('status') !== 'ok') throw writeFailed(input, values);
    return writtenImage(values);
  });
}

function writtenImage(values: ReadonlyMap<string, string>): WrittenImage {
  const sha256 = values.get('sha256') ?? '';
  const rawSha256 = values.get('raw_sha256') ?? '';
  const rawSizeBytes = wholeNumber(values.get('raw_bytes'));
  const isHash = (text: string) => /^[0-9a-f]{64}$/.test(text);
  if (!isHash(sha256) || !isHash(rawSha256) || rawSizeBytes === undefined) {
    throw new TypeError('the write ended without hashes and size');
  }
  return { sha256, rawSha256, rawSizeBytes };
}

function writeFailed(input: WriteImageInput, values: ReadonlyMap<string, string>): ServiceError {
  const code = values.get('code') ?? 'unknown';
  const { instanceId, regionName } = input.utility;
  return new ServiceError(
    EC2_UTILITY_EXCEPTION,
    `${input.url}: ${values.get('message') ?? 'the write failed without a reason'}`,
    {
      code,
      class: 'refused',
      next: NEXT[code] ?? 'Read the message; publish again when its cause is mended.',
      region: regionName,
      resource: instanceId,
    },
  );
}

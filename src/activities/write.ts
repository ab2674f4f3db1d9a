/** Writes the image to the blank volume: the utility instance downloads, verifies, writes and reads it back. */

import { wholeNumber } from '../guest/unit-report.js';
import { EC2_UTILITY_EXCEPTION, ServiceError } from '../model/errors.js';
import { resolveUrl } from '../fetch/resolve-url.js';
import type { WriteImageInput, WrittenImage } from './shapes/image.js';
import type { ActivityContext } from './attempt/context.js';
import { heartbeating } from './attempt/heartbeat.js';
import { runUnit } from './guest-unit.js';

/** What write-image.sh and the scripts around it call, but for what every system has. */
export const WRITE_TOOLS = [
  ...['awk', 'base64', 'blockdev', 'curl', 'dd', 'flock', 'head', 'lsblk', 'mkfifo', 'od'],
  ...['sed', 'seq', 'sha256sum', 'stat', 'systemctl', 'systemd-run', 'tee', 'tr', 'xz'],
];

const GIB = 1024 ** 3;

const ANEW = 'Publish again, which writes the image anew; if this repeats, ask AWS support.';

/** What the operator can do about each failure of a write, by its code. */
const NEXT: Readonly<Record<string, string>> = {
  'checksum-mismatch':
    'Compare the wanted checksum (from the metadata of the compose, or --sha256) with the file on the server, correct the wrong one, and publish again.',
  'not-xz': 'Look at what the server sends for this URL: it may be an error page.',
  'corrupt-xz':
    'Compare the file on the server with its checksum, upload it again, and publish again.',
  'larger-than-said':
    'Make the file again; if its server answers no range requests, raise utility.fallback_volume_size_gib.',
  'shorter-than-said': 'Make the file again: its index does not match its contents.',
  'no-integrity-check':
    'Publish again with --sha256, or compress the image with a check, as xz does by default.',
  'too-slow': 'Make the server or its network faster, or lower source.min_rate_bytes_per_second.',
  'disk-full': 'The file is larger than its server announced; publish again.',
  'write-error': ANEW,
  'read-back': ANEW,
  unreadable: ANEW,
  'not-blank': ANEW,
  'xz-memory':
    'Compress the image with a smaller dictionary, as `xz -9` or less does; or use write.strategy = "instance".',
};

export function writeImage(
  { aws, urlPolicy }: ActivityContext,
  input: WriteImageInput,
): Promise<WrittenImage> {
  const { utility, sha256, rawSizeBytes, compressedSizeBytes } = input;
  const ec2 = aws.region(utility.regionName);
  const first = { version: 1, kind: 'write', phase: 'start', bytes: 0, totalBytes: 0 } as const;
  return heartbeating(first, async (report, signal) => {
    // Resolved here and never kept in history: a redirect may lead to a signed URL that expires soon.
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
        tools: WRITE_TOOLS,
        errorType: EC2_UTILITY_EXCEPTION,
      },
      report,
      signal,
    );
    if (values.get('status') !== 'ok') {
      const { instanceId: resource, regionName: region } = utility;
      throw writeRefused(
        input.url,
        { region, resource },
        {
          code: values.get('code') ?? 'unknown',
          message: values.get('message') ?? 'the write failed without a reason',
        },
      );
    }
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

/** Final: the image or its file must be changed first. The words are the same for both strategies. */
export function writeRefused(
  url: string,
  where: { readonly region: string; readonly resource: string },
  { code, message }: { readonly code: string; readonly message: string },
): ServiceError {
  return new ServiceError(EC2_UTILITY_EXCEPTION, `${url}: ${message}`, {
    code,
    class: 'refused',
    next: NEXT[code] ?? 'Read the message, correct its cause, and publish again.',
    ...where,
  });
}

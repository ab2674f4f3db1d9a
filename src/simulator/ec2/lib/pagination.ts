/** MaxResults and NextToken (EC2 developer guide, "Pagination"). */

import { CloudError, invalidValue } from '../../errors.js';

interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken: string | undefined;
}

export interface PageRequest {
  readonly maxResults: number | undefined;
  readonly nextToken: string | undefined;
  /** The least and the most that MaxResults may be. */
  readonly range: readonly [min: number, max: number];
}

/**
 * One page of what is in order of creation. The token names the last item shown, not an offset, so a
 * deletion between two pages skips no item.
 */
export function paginate<T extends { readonly seq: number }>(
  records: readonly T[],
  request: PageRequest,
): Page<T> {
  const { maxResults, nextToken, range } = request;
  if (maxResults !== undefined && (maxResults < range[0] || maxResults > range[1])) {
    throw invalidValue(
      `Value ( ${maxResults} ) for parameter maxResults is invalid. Expecting a value between ${range[0]} and ${range[1]}.`,
    );
  }
  const after = nextToken === undefined ? -Infinity : readToken(nextToken);
  const rest = nextToken === undefined ? records : records.filter((record) => record.seq > after);
  if (maxResults === undefined || rest.length <= maxResults) {
    return { items: rest, nextToken: undefined };
  }
  const items = rest.slice(0, maxResults);
  return { items, nextToken: writeToken(items.at(-1)?.seq ?? 0) };
}

function writeToken(seq: number): string {
  return Buffer.from(JSON.stringify({ v: 1, after: seq })).toString('base64url');
}

function readToken(token: string): number {
  try {
    const parsed = JSON.parse(Buffer.from(token, 'base64url').toString()) as unknown;
    if (typeof parsed === 'object' && parsed !== null && 'after' in parsed && 'v' in parsed) {
      if (typeof parsed.after === 'number' && Number.isFinite(parsed.after)) return parsed.after;
    }
  } catch {
    // Reported below, as any other token that is not ours.
  }
  throw new CloudError('InvalidNextToken', 'The specified pagination token is invalid');
}

/** Ids and MaxResults exclude each other (DescribeInstances, DescribeVolumes, ...: MaxResults). */
export function refuseIdsWithPage(
  ids: readonly string[],
  maxResults: number | undefined,
  name: string,
): void {
  if (ids.length > 0 && maxResults !== undefined) {
    throw new CloudError(
      'InvalidParameterCombination',
      `The parameter ${name} cannot be used with the parameter maxResults`,
    );
  }
}

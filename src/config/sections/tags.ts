/** `[tags]`: the operator's own tags, on every resource from its creation. */
import { z } from 'zod';
import { OWN_TAGS_MAX, tagKeyProblem, TAGS_PER_RESOURCE } from '../../model/ids/own-tags.js';
import { isRecord } from '../cross-check.js';
import { tagValueTemplateProblem } from '../templates.js';

export const tagsSchema = z
  .record(z.string(), z.string())
  .superRefine((tags: unknown, context) => {
    if (!isRecord(tags)) return;
    const keys = Object.keys(tags);
    const report = (path: string[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    keys.forEach((key, index) => {
      const value = tags[key];
      const valueProblem = typeof value === 'string' ? tagValueTemplateProblem(value) : undefined;
      const problem = tagKeyProblem(key) ?? caseProblem(key, keys.slice(0, index)) ?? valueProblem;
      if (problem !== undefined) report([key], problem);
    });
    const tooMany = keys[OWN_TAGS_MAX];
    if (tooMany !== undefined) {
      report(
        [tooMany],
        `is one tag too many (${keys.length}); allowed: ${OWN_TAGS_MAX}; EC2 takes ${TAGS_PER_RESOURCE} for each resource, and fedimg needs the others`,
      );
    }
  })
  .describe('Tags of your own, on every resource from its creation. Values may have placeholders.');

/** IAM compares the keys of tags without case, so it could not tell these two apart. */
function caseProblem(key: string, before: readonly string[]): string | undefined {
  const same = before.find((one) => one.toLowerCase() === key.toLowerCase());
  return same === undefined
    ? undefined
    : `differs from ${same} only in case, and IAM does not distinguish them; remove one of the two`;
}

/** The operator's own tags. */
export type TagsConfig = z.output<typeof tagsSchema>;

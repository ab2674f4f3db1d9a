/** Templates in the configuration, checked at start, so that no run fails because of a bad name. */
import { z } from 'zod';
import {
  amiDescriptionProblem,
  amiNameProblem,
  LONGEST_VALUES,
  PLACEHOLDERS,
  placeholdersIn,
  renderTemplate,
} from '../model/ids/name-template.js';
import { tagValueProblem } from '../model/ids/own-tags.js';

const ALLOWED = `allowed: ${Object.keys(PLACEHOLDERS)
  .map((name) => `{${name}}`)
  .join(' ')}`;

function placeholderProblem(template: string): string | undefined {
  const unknown = placeholdersIn(template).find((name) => !Object.hasOwn(PLACEHOLDERS, name));
  if (unknown !== undefined) return `has the unknown placeholder {${unknown}}; ${ALLOWED}`;
  if (/[{}]/.test(template.replace(/\{[^{}]*\}/g, ''))) return `has a single brace; ${ALLOWED}`;
  return undefined;
}

/** A name must differ between variants and images: EC2 takes one AMI for each name. */
function distinctnessProblem(template: string): string | undefined {
  const names = new Set(placeholdersIn(template));
  const missing = names.has('virt') || names.has('virt_label') ? [] : ['virt_label'];
  if (!names.has('volume_type')) missing.push('volume_type');
  if (missing[0] !== undefined) {
    return `lacks {${missing[0]}}: the variants would share one name; add it`;
  }
  if (
    names.has('image') ||
    (names.has('compose') && names.has('subvariant') && names.has('arch'))
  ) {
    return undefined;
  }
  return 'is the same for different images; add {image}, or {compose}, {subvariant} and {arch}';
}

function template(problem: (text: string) => string | undefined): z.ZodString {
  return z.string().superRefine((text, context) => {
    const found = problem(text);
    if (found !== undefined) context.addIssue({ code: 'custom', message: found });
  });
}

/** A template that gives every variant of every image an AMI name that EC2 accepts. */
export function imageNameTemplate(): z.ZodString {
  return template(
    (text) =>
      placeholderProblem(text) ??
      distinctnessProblem(text) ??
      withExample(amiNameProblem, renderTemplate(text, LONGEST_VALUES)),
  );
}

/** A template that gives an AMI description that EC2 accepts. */
export function descriptionTemplate(): z.ZodString {
  return template(
    (text) =>
      placeholderProblem(text) ??
      withExample(amiDescriptionProblem, renderTemplate(text, LONGEST_VALUES)),
  );
}

/** An instance and a snapshot have no variant. */
const OF_A_VARIANT = ['virt', 'virt_label', 'volume_type'];

/** The problem with a tag's value that may have placeholders, or undefined. */
export function tagValueTemplateProblem(text: string): string | undefined {
  const ofVariant = placeholdersIn(text).find((name) => OF_A_VARIANT.includes(name));
  if (ofVariant !== undefined) {
    return `has {${ofVariant}}, which only AMIs have, and the tag is on every resource; remove it`;
  }
  const literal = text.replace(/\{[^{}]*\}/g, '');
  return (
    placeholderProblem(text) ??
    withExample((value) => tagValueProblem(value, literal), renderTemplate(text, LONGEST_VALUES))
  );
}

function withExample(
  problem: (rendered: string) => string | undefined,
  rendered: string,
): string | undefined {
  const found = problem(rendered);
  return found === undefined ? undefined : `${found}; it would be, for example, "${rendered}"`;
}

/** Templates in the configuration, checked at start, so that no run fails because of a bad name. */
import { z } from 'zod';
import {
  amiDescriptionProblem,
  amiNameProblem,
  PLACEHOLDERS,
  placeholdersIn,
  renderTemplate,
  type PlaceholderValues,
} from '../model/ids/name-template.js';

/** The longest values in Fedora's composes: a template that fits these fits in practice. */
const LONGEST: PlaceholderValues = {
  image: 'Fedora-Cloud-Base-AmazonEC2-Rawhide-20251021.n.0.aarch64',
  compose: 'Fedora-Rawhide-20251021.n.0',
  short: 'Fedora-Cloud',
  version: 'Rawhide',
  date: '20251021',
  subvariant: 'Cloud_Base',
  arch: 'aarch64',
  virt: 'paravirtual',
  virt_label: 'HVM',
  volume_type: 'standard',
  region: 'ap-northeast-1',
};

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
      withExample(amiNameProblem, renderTemplate(text, LONGEST)),
  );
}

/** A template that gives an AMI description that EC2 accepts. */
export function descriptionTemplate(): z.ZodString {
  return template(
    (text) =>
      placeholderProblem(text) ?? withExample(amiDescriptionProblem, renderTemplate(text, LONGEST)),
  );
}

function withExample(
  problem: (rendered: string) => string | undefined,
  rendered: string,
): string | undefined {
  const found = problem(rendered);
  return found === undefined ? undefined : `${found}; it would be, for example, "${rendered}"`;
}

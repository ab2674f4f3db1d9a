/** The forms of the operator's acts: each says what it changes and asks for a reason, before a button does it. */

import type { NextAct, Overview } from '../../model/status/overview.js';
import type { OperatorAction } from '../../model/progress/operator.js';
import type { PageContext } from './layout.js';
import type { Content, Markup } from './markup.js';
import { markup, when } from './markup.js';

interface Form {
  readonly action: OperatorAction;
  readonly subject: Overview;
  readonly regions: readonly string[];
}

const LABELS: Readonly<Record<OperatorAction, string>> = {
  retry: 'Retry',
  skip: 'Skip',
  approve: 'Approve',
  pause: 'Pause',
  resume: 'Resume',
  cancel: 'Cancel',
};

const EFFECTS: Readonly<Record<OperatorAction, string>> = {
  retry: 'fedimg tries again what failed or was left out. What is public stays unchanged.',
  skip: 'fedimg leaves the regions out and publishes the others. A later retry adds them.',
  approve: 'The run goes on with the step that waits.',
  pause: 'The run finishes the work under way and does not begin the next step.',
  resume: 'The run goes on with its next step.',
  cancel: 'The run ends and removes everything that is not public. This cannot be taken back.',
};

/** The next acts of an item: buttons for who may act, and always the command lines. */
export function nextActs(
  next: readonly NextAct[],
  subject: Overview,
  context: PageContext,
): Content {
  if (next.length === 0) return undefined;
  const forms = next.flatMap((one) => formOf(one, subject) ?? []);
  const commands = next.map(
    ({ command, what }) => markup`<li>${copyable(command)} <span class="muted">${what}</span></li>`,
  );
  return markup`<div class="acts">${forms.map((form) => actForm(form, context))}</div><ul class="commands">${commands}</ul>`;
}

function formOf({ act, regions }: NextAct, subject: Overview): Form | undefined {
  switch (act) {
    case 'approve':
    case 'resume':
    case 'retry':
    case 'skip':
      return { action: act, subject, regions };
    default:
      return undefined;
  }
}

/** Pause or resume, and cancel: what one can do with any run under way. */
export function runActs(subject: Overview, context: PageContext): Content {
  if (subject.outcome !== 'running' || subject.isCancelling) return undefined;
  const isHeld = subject.kind === 'image' && subject.hold?.for === 'resume';
  const actions: OperatorAction[] = [isHeld ? 'resume' : 'pause', 'cancel'];
  const forms = actions.map((action) => actForm({ action, subject, regions: [] }, context));
  return markup`<div class="acts">${forms}</div>`;
}

/** Empty for a visitor who may only read. */
export function actForm({ action, subject, regions }: Form, { actor, path }: PageContext): Content {
  if (actor === null) return undefined;
  const where =
    regions.length === 0
      ? ''
      : ` ${regions.length > 3 ? `${regions.length} regions` : regions.join(', ')}`;
  const id = `reason-${action}-${subject.runId}-${regions.join('-')}`;
  return markup`<details class="act" id="act-${id}"><summary>${LABELS[action]}${where}</summary>
<form method="post" action="/acts">
<p>${EFFECTS[action]}</p>
${hidden('csrf', actor.csrf)}${hidden('action', action)}${hidden('id', subject.workflowId)}${hidden('to', path)}
${regions.map((region) => hidden('region', region))}
<label for="${id}">Reason <span class="muted">(the record keeps it)</span></label>
<input id="${id}" name="reason" maxlength="200" autocomplete="off">
<button${when(action === 'cancel', () => markup` class="danger"`)}>${LABELS[action]}${where}</button>
</form></details>`;
}

function hidden(name: string, value: string): Markup {
  return markup`<input type="hidden" name="${name}" value="${value}">`;
}

/** Text with a button that copies it; the button appears with the script. */
export function copyable(text: string, label = text): Markup {
  return markup`<span class="copyable"><code>${text}</code><button type="button" class="copy" data-copy="${text}" hidden aria-label="Copy ${label}"></button></span>`;
}

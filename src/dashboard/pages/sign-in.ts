/** Where a visitor shows the token, once, to be allowed to act. */

import type { Page } from './layout.js';
import { markup, when } from './markup.js';

export function signInPage(to: string, refusal?: string): Page {
  const content = markup`<h1>Sign in to act</h1>
<p>Reading needs no token. Retry, skip, approve, pause, resume and cancel need it.</p>
${when(refusal !== undefined, () => markup`<p class="notice bad" role="alert">${refusal}</p>`)}
<form method="post" action="/sign-in" class="stacked">
<input type="hidden" name="to" value="${to}">
<label for="by">Your name <span class="muted">(the record of each act keeps it)</span></label>
<input id="by" name="by" required maxlength="200" autocomplete="username">
<label for="token">Token</label>
<input id="token" name="token" type="password" required autocomplete="current-password">
<p class="muted">The command that started this page names the file of the token, or has printed it.</p>
<button>Sign in</button>
</form>`;
  return { title: 'Sign in', place: 'none', isLive: false, content };
}

import assert from 'node:assert/strict';
import { isOwnHost } from '../../src/dashboard/server/security.js';
import { ownPath } from '../../src/dashboard/server/visits.js';
import type { TestDashboard, TestDashboardOptions } from './overviews.js';
import { someCompose, someImage, testDashboard, withSickRegion } from './overviews.js';

const HOST = '127.0.0.1:8300';
const OWN = { host: HOST, origin: `http://${HOST}`, 'sec-fetch-site': 'same-origin' };
const TOKEN = 'a-long-token-of-the-tests';
const IMAGE = withSickRegion(someImage({ outcome: 'running' }));
const OVERVIEWS = [someCompose({ outcome: 'running', images: [IMAGE] })];
const RETRY = { action: 'retry', id: IMAGE.workflowId, region: 'ap-east-1', to: '/' };

async function withDashboard(
  options: TestDashboardOptions,
  body: (dashboard: TestDashboard) => Promise<void>,
): Promise<void> {
  const dashboard = testDashboard({ overviews: OVERVIEWS, ...options });
  try {
    await body(dashboard);
  } finally {
    await dashboard.close();
  }
}

function post(
  { app }: TestDashboard,
  path: string,
  form: Readonly<Record<string, string>>,
  headers: Record<string, string> = OWN,
): Promise<Response> {
  const body = new URLSearchParams(form);
  return Promise.resolve(app.request(path, { method: 'POST', body, headers }));
}

/** The visitor's cookie and the token of the forms. */
async function signedIn(dashboard: TestDashboard): Promise<{ cookie: string; csrf: string }> {
  const response = await post(dashboard, '/sign-in', { by: 'ann@desk', token: TOKEN, to: '/' });
  assert.equal(response.status, 303);
  const set = response.headers.get('set-cookie') ?? '';
  assert.match(set, /HttpOnly/);
  assert.match(set, /SameSite=Strict/);
  const cookie = set.split(';')[0] ?? '';
  const page = await dashboard.app.request('/', { headers: { host: HOST, cookie } });
  const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())?.[1];
  assert(csrf !== undefined, 'no token');
  return { cookie, csrf };
}

const withToken: TestDashboardOptions = { acts: { kind: 'token', token: TOKEN } };

describe('an act through the dashboard', () => {
  it('does what its form says, and the record names the visitor and the reason', async () => {
    await withDashboard(withToken, async (dashboard) => {
      const { cookie, csrf } = await signedIn(dashboard);
      const form = { ...RETRY, csrf, reason: 'the quota is raised' };
      const response = await post(dashboard, '/acts', form, { ...OWN, cookie });
      assert.equal(response.status, 303);
      assert.deepEqual(dashboard.acts, [
        {
          ...{ action: 'retry', id: IMAGE.workflowId, regions: ['ap-east-1'] },
          ...{ by: 'ann@desk', reason: 'the quota is raised' },
        },
      ]);
      const to = response.headers.get('location') ?? '';
      const page = await dashboard.app.request(to, { headers: { host: HOST, cookie } });
      assert.match(await page.text(), /role="status">retry image\/.*: done/);
    });
  });

  it('is refused by default, without a token, with a wrong one, and after signing out', async () => {
    await withDashboard({}, async (dashboard) => {
      assert.equal((await post(dashboard, '/acts', RETRY)).status, 403);
      assert.equal((await post(dashboard, '/sign-in', { by: 'x', token: '' })).status, 404);
      assert.deepEqual(dashboard.acts, []);
    });
    await withDashboard(withToken, async (dashboard) => {
      assert.equal((await post(dashboard, '/acts', RETRY)).status, 403);
      const wrong = await post(dashboard, '/sign-in', { by: 'ann', token: `${TOKEN}x`, to: '/' });
      assert.equal(wrong.status, 403);
      assert.equal(wrong.headers.get('set-cookie'), null);
      const forged = { ...OWN, cookie: 'fedimg=forged' };
      assert.equal((await post(dashboard, '/acts', RETRY, forged)).status, 403);
      const { cookie, csrf } = await signedIn(dashboard);
      await post(dashboard, '/sign-out', { csrf }, { ...OWN, cookie });
      const late = await post(dashboard, '/acts', { ...RETRY, csrf }, { ...OWN, cookie });
      assert.equal(late.status, 403);
      assert.deepEqual(dashboard.acts, []);
    });
  });

  it('is refused when another site sends it with the cookie of a visitor', async () => {
    await withDashboard(withToken, async (dashboard) => {
      const { cookie, csrf } = await signedIn(dashboard);
      const own = { ...OWN, cookie };
      const foreign: Record<string, string>[] = [
        { ...own, origin: 'https://evil.example' },
        { ...own, origin: 'null' },
        { ...own, 'sec-fetch-site': 'cross-site' },
        { ...own, 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:9999' },
        { host: HOST, cookie },
      ];
      for (const headers of foreign) {
        const response = await post(dashboard, '/acts', { ...RETRY, csrf }, headers);
        assert.equal(response.status, 403, JSON.stringify(headers));
      }
      const noForm = await post(dashboard, '/acts', RETRY, own);
      assert.equal(noForm.status, 403, 'without the token of the form');
      const get = await dashboard.app.request(`/acts?action=cancel&id=x&csrf=${csrf}`, {
        headers: own,
      });
      assert.equal(get.status, 404);
      assert.deepEqual(dashboard.acts, []);
    });
  });

  it('is refused for an unknown act, a strange region and a reason that a record cannot show', async () => {
    await withDashboard(withToken, async (dashboard) => {
      const { cookie, csrf } = await signedIn(dashboard);
      const bad = [
        { action: 'terminate' },
        { region: '$(id)' },
        { id: '' },
        { reason: 'a\u202eb' },
        { reason: 'x'.repeat(201) },
      ];
      for (const wrong of bad) {
        const form = { ...RETRY, csrf, ...wrong };
        const response = await post(dashboard, '/acts', form, { ...OWN, cookie });
        assert.equal(response.status, 400, JSON.stringify(wrong).slice(0, 80));
      }
      for (const body of ['{"action":"retry"}', `reason=${'x'.repeat(20_000)}`]) {
        const headers = { ...OWN, cookie, 'content-length': String(body.length) };
        const response = await dashboard.app.request('/acts', { method: 'POST', body, headers });
        assert([400, 413].includes(response.status), String(response.status));
      }
      assert.deepEqual(dashboard.acts, []);
    });
  });

  it("is recorded under the name that the proxy gives, on the proxy's address only", async () => {
    const publicUrl = new URL('https://fedimg.example');
    const acts = { kind: 'header', header: 'X-Remote-User' } as const;
    await withDashboard({ acts, publicUrl }, async (dashboard) => {
      const visitor = { host: 'fedimg.example', 'x-remote-user': 'ann' };
      const page = await (await dashboard.app.request('/', { headers: visitor })).text();
      const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
      const own = { ...visitor, origin: 'https://fedimg.example' };
      assert.equal((await post(dashboard, '/acts', { ...RETRY, csrf }, own)).status, 303);
      assert.equal(dashboard.acts[0]?.by, 'ann');
      const other = { ...own, 'x-remote-user': 'bob' };
      assert.equal((await post(dashboard, '/acts', { ...RETRY, csrf }, other)).status, 403);
      const unnamed = { host: own.host, origin: own.origin };
      assert.equal((await post(dashboard, '/acts', { ...RETRY, csrf }, unnamed)).status, 403);
      assert.equal(dashboard.acts.length, 1);
    });
  });
});

describe('the dashboard under a name that is not its own', () => {
  it('answers to loopback, its own address and its public one; a rebound name gets no page', async () => {
    const own = { hostname: '10.0.0.5', publicUrl: new URL('https://fedimg.example') };
    for (const host of [
      'localhost:8300',
      '127.0.0.1',
      '[::1]:8300',
      '10.0.0.5:8300',
      'fedimg.example',
    ]) {
      assert(isOwnHost(host, own), host);
    }
    for (const host of [
      'evil.example',
      'fedimg.example.evil.example',
      '127.0.0.1.evil.example',
      '',
      undefined,
    ]) {
      assert(!isOwnHost(host, own), host);
    }
    await withDashboard({}, async ({ app }) => {
      const response = await app.request('/', { headers: { host: 'evil.example' } });
      assert.equal(response.status, 421);
      assert(!(await response.text()).includes('Fedora'), 'the answer shows a compose');
    });
  });

  it('leads back only to its own pages after an act', () => {
    assert.equal(ownPath('/compose/x?notice=1'), '/compose/x?notice=1');
    for (const to of [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example',
      'javascript:x',
      '/a\r\nSet-Cookie: x',
      '',
    ]) {
      assert.equal(ownPath(to), '/', to);
    }
  });
});

describe("the answers' headers", () => {
  it('allow no inline code, no frame and no other server', async () => {
    await withDashboard({}, async ({ app }) => {
      const { headers } = await app.request('/', { headers: { host: HOST } });
      const policy = headers.get('content-security-policy') ?? '';
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /script-src 'self'(?:;|$)/);
      assert.match(policy, /style-src 'self'(?:;|$)/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.match(policy, /report-uri \/csp-report/);
      assert(!policy.includes('unsafe'), policy);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('x-frame-options'), 'DENY');
      assert.equal(headers.get('referrer-policy'), 'same-origin');
      assert.match(headers.get('cache-control') ?? '', /no-store/);
    });
  });

  it('keep what browsers report about the policy, as one printable line', async () => {
    await withDashboard({}, async ({ app, reports }) => {
      const body = '{"csp-report":{"blocked-uri":"\u001b[2J"}}\n'.repeat(3);
      const response = await app.request('/csp-report', {
        method: 'POST',
        body,
        headers: { host: HOST },
      });
      assert.equal(response.status, 204);
      assert.equal(reports.count, 1);
      assert(!/\p{Cc}/u.test(reports.kept[0] ?? '\n'), JSON.stringify(reports.kept));
    });
  });
});

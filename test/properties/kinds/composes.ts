/** What a message bus and a compose's server say of a compose: ids, status messages, images.json. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DEFAULT_DEPLOYMENT } from '../../../src/model/ids/installation.js';
import { idOf } from '../../../src/commands/shared/again.js';
import { composeMetadata } from '../../../src/local/compose-server/compose-metadata.js';
import { parseComposeId } from '../../../src/model/compose/compose.js';
import { isMessageOf, parseComposeMessage } from '../../../src/model/compose/compose-message.js';
import { selectImages } from '../../../src/model/compose/productmd.js';
import { amiNameProblem } from '../../../src/model/ids/name-template.js';
import {
  composeWorkflowId,
  deploymentOf,
  imageWorkflowId,
  workflowIdOf,
} from '../../../src/model/ids/workflow-ids.js';
import { imageEntries, usable, type ComposeImages } from '../../../src/fetch/compose-metadata.js';
import { MetadataError } from '../../../src/fetch/errors.js';
import { DEFAULT_BOUNDS, JsonError, parseStrictJson } from '../../../src/fetch/strict-json.js';
import { hostileJsonText, poisonedJson } from '../hostile-json.js';
import { around } from '../hostile-text.js';
import { inputKind, verdictOf, type Verdict } from '../input-kind.js';
import { assertPlainLine, readable } from '../output-safety.js';

const COMPOSE_ID = 'Fedora-Cloud-43-20251021.0';
const LOCATION = `https://kojipkgs.fedoraproject.org/compose/cloud/${COMPOSE_ID}/compose`;

const goodComposeId = fc.oneof(
  fc.constantFrom(COMPOSE_ID, 'Fedora-Rawhide-20240229.n.3', 'Fedora-ELN-20251021.ci.12'),
  fc
    .tuple(
      fc.constantFrom('Fedora', 'Fedora-Cloud', 'F', 'Fedora-43', 'updates'),
      fc.constantFrom('43', 'Rawhide', '9.2', 'eln', 'updates', '43-updates', '43-updates-testing'),
      fc.constantFrom('20251021', '20240229', '20230229', '19991231', '20251301', '00000000'),
      fc.constantFrom('', '.n', '.t', '.ci', '.d', '.x'),
      fc.nat({ max: 20_000 }),
    )
    .map(
      ([short, version, date, suffix, respin]) => `${short}-${version}-${date}${suffix}.${respin}`,
    ),
);

const composeIds = inputKind({
  name: 'compose-id',
  title: 'a text that only looks like a compose id becomes a workflow id, a tag and a path',
  weight: 6,
  input: around(goodComposeId),
  open: () => ({
    check: (id) => {
      const parsed = parseComposeId(id);
      if (parsed === undefined) return 'rejected';
      assert.match(id, /^[A-Za-z][A-Za-z0-9._-]{0,99}$/);
      assert(!id.includes('..') || !id.split('/').includes('..'), id);
      const type = parsed.releaseType === 'ga' ? '' : `-${parsed.releaseType}`;
      const again = `${parsed.short}-${parsed.version}${type}-${parsed.date}`;
      assert(id.startsWith(again) && id.endsWith(`.${parsed.respin}`), 'its parts make it again');
      for (const deployment of [DEFAULT_DEPLOYMENT, 'staging']) {
        const workflowId = composeWorkflowId(deployment, id);
        assert.equal(workflowIdOf(deployment, id), workflowId);
        assert.equal(workflowIdOf(deployment, workflowId), workflowId);
        assert.equal(deploymentOf(workflowId), deployment);
        assert.equal(idOf({ kind: 'compose', workflowId }), id);
      }
      return 'accepted';
    },
  }),
});

const MESSAGE = {
  status: 'FINISHED',
  compose_id: COMPOSE_ID,
  location: LOCATION,
  compose_label: 'RC-1.7',
  compose_respin: 0,
  release_is_layered: false,
};

const composeMessages = inputKind({
  name: 'compose-message',
  title:
    'a message on the bus makes the worker read from, or write to, a place that its sender chose',
  weight: 8,
  input: fc.oneof(
    poisonedJson(MESSAGE),
    poisonedJson({ topic: 'org.fedoraproject.prod.pungi', body: MESSAGE }),
    poisonedJson({ msg: MESSAGE, body: [] }),
    around(fc.constant(LOCATION)).map((location) => ({ ...MESSAGE, location })),
    around(fc.constant(COMPOSE_ID)).map((id) => ({ ...MESSAGE, compose_id: id })),
  ),
  open: () => ({
    check: (input): Verdict => {
      const parsed = parseComposeMessage(input);
      if (parsed.kind === 'ignored') {
        assertPlainLine(parsed.reason);
        return 'rejected';
      }
      if (parsed.kind === 'invalid') {
        assert(parsed.problems.length > 0, 'refused without a reason');
        parsed.problems.forEach(assertPlainLine);
        return 'rejected';
      }
      const { composeId, location, label = '' } = parsed.message;
      assert(parseComposeId(composeId) !== undefined, composeId);
      assertPlainLine(label);
      if (location !== undefined) assertPlainPlace(location);
      return 'accepted';
    },
  }),
});

const signals = inputKind({
  name: 'signal',
  title: 'a malformed signal stops a compose for ever, or makes it publish another one',
  weight: 3,
  input: fc.oneof(
    {
      weight: 5,
      arbitrary: poisonedJson({ composeId: COMPOSE_ID, status: 'FINISHED', location: LOCATION }),
    },
    {
      weight: 1,
      arbitrary: poisonedJson({ composeId: COMPOSE_ID, status: 'STARTED', label: 'RC-1.7' }),
    },
  ),
  open: () => ({
    check: (payload) => {
      if (!isMessageOf(COMPOSE_ID, payload)) return 'rejected';
      assert.equal(payload.composeId, COMPOSE_ID);
      if (payload.location) assertPlainPlace(payload.location.replace(/\/+$/, ''));
      return 'accepted';
    },
  }),
});

/** A place that every URL parser reads in the same way. */
function assertPlainPlace(location: string): void {
  assert.match(location, /^https?:\/\/[A-Za-z0-9.:[\]-]+(?:\/[A-Za-z0-9._~+@=,-]+)*$/);
  assert(!/\/\.{1,2}(?:\/|$)/.test(location), 'it leaves its folder');
}

/** All that makes strict JSON stricter than JSON. */
const STRICTER =
  /deeper than|more than \d+ values|__proto__|twice|has no value|too large|continues/;

const strictJson = inputKind({
  name: 'strict-json',
  title: 'an untrusted JSON document exhausts the stack, or has two meanings for two parsers',
  weight: 6,
  input: hostileJsonText({
    header: { version: '1.2' },
    payload: [1, -0.5e3, 'x\\"y', null, { a: [] }],
  }),
  open: () => ({
    check: (text) =>
      verdictOf(
        () => parseStrictJson(text, { ...DEFAULT_BOUNDS, valuesMax: 2_000 }),
        (error) => {
          if (!(error instanceof JsonError)) return false;
          assertPlainLine(error.message);
          // What JSON itself takes is refused for one of our own reasons only.
          if (isJson(text)) assert.match(error.message, STRICTER);
          return true;
        },
        (value) => {
          assert.equal(JSON.stringify(value), JSON.stringify(JSON.parse(text)));
          assert.equal(keysIn(value), keysWrittenIn(text), 'a key stands there twice');
        },
      ),
  }),
});

function keysIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, below) => sum + keysIn(below), own);
}

function keysWrittenIn(text: string): number {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"\s*(:?)/g)].filter(([, colon]) => colon === ':')
    .length;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const file = (architecture: 'x86_64' | 'aarch64') => ({
  variant: 'Cloud',
  architecture,
  subvariant: 'Cloud_Base',
  type: 'raw-xz',
  format: 'raw.xz',
  path: `Cloud/${architecture}/images/Fedora-Cloud-Base-AmazonEC2-43-1.6.${architecture}.raw.xz`,
  sizeBytes: 487_000_000,
  sha256: 'ab'.repeat(32),
});
const METADATA = JSON.parse(
  JSON.stringify(composeMetadata(COMPOSE_ID, [file('x86_64'), file('aarch64')])['images.json']),
) as Parameters<typeof hostileJsonText>[0];
const SELECTION = {
  subvariants: ['Cloud_Base'],
  types: ['raw-xz'],
  arches: ['x86_64', 'aarch64'],
} as const;

/** The fields of an image that become something, each by its own grammar. */
const hostileEntry = fc
  .record({
    path: around(fc.constant(file('x86_64').path)),
    sha256: around(fc.constant('ab'.repeat(32))),
    sizeBytes: fc.constantFrom(487_000_000, 0, -1, 1.5, 2 ** 53),
    way: fc.nat({ max: 3 }),
  })
  .map(({ path, sha256, sizeBytes, way }) => {
    const poison = [{ path }, { sha256 }, { sizeBytes }, { path, sha256, sizeBytes }][way];
    const files = [{ ...file('x86_64'), ...poison }, file('aarch64')];
    return JSON.stringify(composeMetadata(COMPOSE_ID, files)['images.json']);
  });

const composeMetadataKind = inputKind({
  name: 'compose-metadata',
  title: 'a file name in images.json becomes a path outside of the compose, a tag, or a command',
  weight: 10,
  input: fc.oneof(
    { weight: 2, arbitrary: hostileJsonText(METADATA) },
    { weight: 1, arbitrary: hostileEntry },
  ),
  open: () => ({
    check: (text) =>
      verdictOf(
        () => {
          const entries = imageEntries(parseStrictJson(text), COMPOSE_ID, 'images.json');
          return usable(selectImages(entries, SELECTION, LOCATION), 'images.json');
        },
        readable(MetadataError, JsonError),
        ({ images, absent }) => {
          assert.equal(images.length + absent.length, 2, 'each wanted image is there or told');
          images.forEach(assertBelowCompose);
        },
      ),
  }),
});

function assertBelowCompose(image: ComposeImages['images'][number]): void {
  const { url, name, sha256, sizeBytes, arch, subvariant } = image;
  assert(url.startsWith(`${LOCATION}/`), url);
  assert.equal(new URL(url).href, url, 'another parser reads another URL');
  assert.equal(new URL(url).pathname.split('/').at(-1), `${name}.raw.xz`);
  assert.match(name, /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,199}$/);
  assert.match(sha256, /^[0-9a-f]{64}$/);
  assert(Number.isSafeInteger(sizeBytes) && sizeBytes > 0, `${sizeBytes} bytes`);
  assert(
    ['x86_64', 'aarch64'].includes(arch) && subvariant === 'Cloud_Base',
    `${subvariant} ${arch}`,
  );
  const workflowId = imageWorkflowId(DEFAULT_DEPLOYMENT, {
    composeId: COMPOSE_ID,
    subvariant,
    arch,
  });
  assert.equal(workflowId.split('/').length, 4);
  const problem = amiNameProblem(name);
  if (problem !== undefined) assertPlainLine(problem);
}

export const kinds = [composeIds, composeMessages, signals, strictJson, composeMetadataKind];

/** Inputs that become names: of AMIs, tags, workflow ids, and the request that an operator types. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DEFAULT_DEPLOYMENT } from '../../../src/model/ids/installation.js';
import { clientToken } from '../../../src/aws/client-token.js';
import { ClientError } from '../../../src/client/errors.js';
import { imageRequestByHand, type ImageByHand } from '../../../src/client/image-request.js';
import { quoted as inQuery } from '../../../src/client/publications.js';
import { problemOf, renderProblem } from '../../../src/commands/shared/problem.js';
import { shellQuoted } from '../../../src/commands/shared/again.js';
import { ARCHES } from '../../../src/model/compose/compose.js';
import {
  amiDescriptionProblem,
  amiNameProblem,
  PLACEHOLDERS,
  placeholdersIn,
  renderTemplate,
  type PlaceholderValues,
} from '../../../src/model/ids/name-template.js';
import { checkImagePath } from '../../../src/model/compose/productmd.js';
import { imageWorkflowId, workflowIdOf } from '../../../src/model/ids/workflow-ids.js';
import { around, hostileText } from '../hostile-text.js';
import { inputKind, verdictOf, type Verdict } from '../input-kind.js';
import { assertPlainLine, assertPlainText, readable } from '../output-safety.js';

const GOOD_PATH = 'Cloud/x86_64/images/Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64.raw.xz';

const imagePaths = inputKind({
  name: 'file-name',
  title: 'a file name with ../ or $(...) in it becomes the name of an image',
  weight: 8,
  input: around(fc.constantFrom(GOOD_PATH, 'a.raw.xz', 'Cloud/a+b~c_d-e.raw.xz')),
  open: () => ({
    check: (path) => {
      const checked = checkImagePath(path);
      if (checked === undefined) return 'rejected';
      assert.equal(checked, path);
      assert.match(path, /^[A-Za-z0-9._+~/-]{8,512}$/);
      assert.equal(new URL(path, 'https://a/b/').pathname, `/b/${path}`, 'it leaves its folder');
      assert(!/\.(?:\/|$)/.test(path), 'a name that ends in a dot is another one elsewhere');
      // No wildcard of an EC2 filter: a look-up by tag must find this image alone.
      assert(!/[*?\\]/.test(path), path);
      return 'accepted';
    },
  }),
});

const values = fc.record(
  Object.fromEntries(
    Object.keys(PLACEHOLDERS).map((name) => [name, around(fc.constantFrom('43', '{image}', '$&'))]),
  ),
) as unknown as fc.Arbitrary<PlaceholderValues>;

const amiNames = inputKind({
  name: 'ami-name',
  title: 'a value with {braces} or $& in it writes itself into the name of an AMI',
  weight: 6,
  input: fc.tuple(
    around(fc.constantFrom('{image}-{region}-{virt_label}-{volume_type}-0', 'a {compose}')),
    values,
  ),
  open: () => ({
    check: ([template, all]) => {
      const rendered = renderTemplate(template, all);
      const known = placeholdersIn(template).filter((name) => Object.hasOwn(all, name));
      const expected = template.split(/(\{[^{}]*\})/).map((part) => {
        const name = part.slice(1, -1);
        return part.startsWith('{') && known.includes(name) && part.endsWith('}')
          ? all[name as keyof PlaceholderValues]
          : part;
      });
      assert.equal(rendered, expected.join(''), 'each value stands once, as it is');
      const problem = amiNameProblem(rendered);
      const described = amiDescriptionProblem(rendered);
      for (const found of [problem, described]) if (found !== undefined) assertPlainLine(found);
      if (described === undefined) assert.match(rendered, /^[\x20-\x7e]{0,255}$/);
      if (problem !== undefined) return 'rejected';
      assert.match(rendered, /^[A-Za-z0-9()[\] ./'@_-]{3,128}$/);
      return 'accepted';
    },
  }),
});

const GOOD_URL = `https://dl.fedoraproject.org/pub/${GOOD_PATH}`;
const maybe = (good: string): fc.Arbitrary<string | undefined> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 2, arbitrary: fc.constant(good) },
    { weight: 1, arbitrary: around(fc.constant(good)) },
  );

const byHand = inputKind({
  name: 'image-by-hand',
  title: 'a mistyped argument with an escape sequence in it clears the screen of the operator',
  weight: 8,
  input: fc.record({
    url: around(fc.constant(GOOD_URL)),
    arch: fc.constantFrom(...ARCHES),
    sha256: maybe('AB'.repeat(32)),
    compose: maybe('Fedora-Cloud-43-20251021.0'),
    release: maybe('43'),
  }),
  open: () => ({
    check: (image: ImageByHand): Verdict | Promise<Verdict> => {
      const shown = (error: unknown): boolean => {
        assertPlainText(renderProblem(problemOf(error), { error, verbose: true }));
        return readable(ClientError)(error);
      };
      return verdictOf(
        () => imageRequestByHand(image),
        shown,
        (request) => {
          const { name, sha256 } = request.image;
          assert.match(name, /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,199}$/);
          assert.match(sha256, /^(?:[0-9a-f]{64})?$/);
          assert.match(request.composeId, /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}$/);
          assert.match(request.release, /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/);
          const id = imageWorkflowId(DEFAULT_DEPLOYMENT, { composeId: name, ...request.image });
          assert.equal(id.split('/').length, 4);
          assert.equal(workflowIdOf(DEFAULT_DEPLOYMENT, id), id);
          assert.equal(workflowIdOf(DEFAULT_DEPLOYMENT, id.slice('image/'.length)), id);
        },
      );
    },
  }),
});

const ids = inputKind({
  name: 'id-argument',
  refusesNone: true,
  title: 'an id with a quote in it asks Temporal for other runs',
  weight: 4,
  input: fc.tuple(
    around(fc.constantFrom('Fedora-Cloud-43-20251021.0', 'image/a/b/x86_64')),
    hostileText,
  ),
  open: () => ({
    check: ([id, other]) => {
      // Temporal's visibility queries: a backslash escapes in a string of double quotes.
      const query = inQuery(id);
      assert.match(query, /^"(?:[^"\\]|\\["\\])*"$/su);
      assert.equal(query.slice(1, -1).replaceAll(/\\(["\\])/g, '$1'), id);
      assert.match(shellQuoted(id), /^(?:[\w@%+=:,./-]+|'(?:[^']|'\\'')*')$/su);
      assert.match(clientToken(id, other), /^[0-9a-f]{64}$/);
      if (id !== other) assert.notEqual(clientToken(id, other), clientToken(other, id));
      for (const deployment of [DEFAULT_DEPLOYMENT, 'staging']) {
        const workflowId = workflowIdOf(deployment, id);
        assert.equal(workflowIdOf(deployment, workflowId), workflowId);
      }
      return 'accepted';
    },
  }),
});

export const kinds = [imagePaths, amiNames, byHand, ids];

/** Configurations of the old fedimg, as ten years of hands and templates left them. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LegacyConfigError, noteText, type ImportNote } from '../../../src/config/legacy/errors.js';
import { importLegacy } from '../../../src/config/legacy/import.js';
import { RULES } from '../../../src/config/legacy/rules.js';
import { makeConfigFolder } from '../../config/config-files.js';
import { FEDORA_2015, FEDORA_2018, LEAST_OLD, SECRETS } from '../../config/legacy-samples.js';
import { around, hostileKey, hostileText, shortHostileText } from '../hostile-text.js';
import { inputKind, verdictOf } from '../input-kind.js';
import { assertHarmless, assertPlainLine, readable } from '../output-safety.js';

const knownKey = fc.constantFrom(...Object.keys(RULES).map((name) => name.split('.')));

/** One more key in a good file: a known one with any value, or any one. */
const withEntry = fc
  .tuple(
    fc.oneof(knownKey, fc.tuple(fc.constantFrom('aws', 'x', 'DEFAULT'), hostileKey)),
    fc.constantFrom(' = ', ':', '=\n  ', ''),
    hostileText,
    fc.constantFrom('\n', '\n ', '\n# '),
  )
  .map(
    ([[section = '', key = ''], sign, value, end]) =>
      `${LEAST_OLD}[${section}]\n${key}${sign}${value}${end}${value}\n`,
  );

/** A list of which some items are hostile in one field. */
const withList = fc
  .array(
    fc.tuple(fc.nat({ max: 12 }), shortHostileText).map(([at, piece]) => {
      const fields = ['us-west-2', 'RHEL', '6.5', 'x86_64', 'ami-79daa849', 'aki-fc8f11cc'];
      if (at < fields.length) fields[at] = piece;
      return fields.join('|');
    }),
    { maxLength: 5 },
  )
  .map((items) => LEAST_OLD.replace(/amis = [^]*/, () => `amis = ${items.join('\n ')}\n`));

const withTest = hostileText.map((command) =>
  LEAST_OLD.replace(/test = .*/, () => `test = ${command}`),
);

/** As long as it may be: of unknown keys, of one key, of items. */
const long = fc
  .constantFrom('a=\n', 'keypaht = 1\n', ' us-east-1|x86_64|a|b\n', '[a]\n')
  .map(
    (line) =>
      `${LEAST_OLD}${line.repeat(Math.floor((64 * 1024 - LEAST_OLD.length) / line.length))}`,
  );

const legacyTexts = inputKind({
  name: 'old-config',
  title:
    'an old fedimg.cfg becomes a configuration that no worker loads, or that shows its secrets',
  weight: 3,
  sound: [FEDORA_2015, LEAST_OLD],
  input: fc.oneof(
    { weight: 5, arbitrary: around(fc.constantFrom(FEDORA_2015, FEDORA_2018, LEAST_OLD)) },
    { weight: 4, arbitrary: withEntry },
    { weight: 4, arbitrary: withList },
    { weight: 3, arbitrary: withTest },
    { weight: 1, arbitrary: long },
  ),
  open: async () => {
    const folder = await makeConfigFolder();
    return {
      check: (text) =>
        verdictOf(
          () => importLegacy(Buffer.from(text)),
          (error) => {
            if (error instanceof LegacyConfigError) assertNotes(error.notes, error.message);
            return readable(LegacyConfigError)(error);
          },
          async ({ toml, script, notes }) => {
            assertHarmless(toml);
            assertHarmless(script?.text ?? '');
            assertNotes(notes, toml);
            await folder.write(script?.name ?? '', script?.text ?? '');
            const { amis, publish } = await folder.load(toml);
            assert(publish.regions.includes(amis[0].region), 'the home region is not among them');
          },
        ),
      close: () => folder.remove(),
    };
  },
});

function assertNotes(notes: readonly ImportNote[], rest: string): void {
  const lines = notes.map(noteText);
  for (const line of lines) assertPlainLine(line);
  const all = [rest, ...lines].join('\n').toLowerCase();
  for (const secret of SECRETS) assert(!all.includes(secret.toLowerCase()), 'a secret is shown');
}

export const kinds = [legacyTexts];

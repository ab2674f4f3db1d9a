/** Reading forms and writing XML, whatever comes. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { openCloud } from '../../../src/simulator/open-cloud.js';
import { ec2Actions } from '../../../src/simulator/ec2/actions.js';
import { CloudError } from '../../../src/simulator/errors.js';
import { globMatcher } from '../../../src/simulator/faults/glob.js';
import { decodeForm, nestParameters } from '../../../src/simulator/http/query-protocol.js';
import { ec2Service } from '../../../src/simulator/ec2/service.js';
import { escapeXml } from '../../../src/simulator/http/xml.js';
import { FakeMachineFactory } from '../fake-machine.js';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** XML 1.0, 2.2: characters. */
function isForbiddenInXml(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  const isControl = code < 0x20 && !'\t\n\r'.includes(character);
  return isControl || (code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff;
}

describe('simulator: query protocol', () => {
  it('nests numbered and named parameters', () => {
    const tree = nestParameters(decodeForm('Filter.1.Name=a+b&Filter.1.Value.2=%26&Action=X'));
    const filter = (tree.get('Filter') as Map<string, Map<string, unknown>>).get('1');
    assert.equal(filter?.get('Name'), 'a b');
    assert.deepEqual(filter.get('Value'), new Map([['2', '&']]));
  });

  it('either reads a form or refuses it as EC2 does, never anything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (form) => {
        try {
          nestParameters(decodeForm(form));
        } catch (error) {
          assert.ok(error instanceof CloudError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('writes XML without a character that XML forbids', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        const body = ec2Service.protocol.writeAnswer({
          action: 'X',
          requestId: 'id',
          fields: { value: text, list: [text] },
        });
        assert.deepEqual([...body].filter(isForbiddenInXml), []);
        assert.doesNotMatch(escapeXml(text), /[<>"']/);
      }),
      { numRuns: 1000 },
    );
  });

  it('matches wildcards as a plain search of all splits does', () => {
    const matches = (pattern: string, text: string): boolean => {
      if (pattern === '') return text === '';
      const [first] = pattern;
      const rest = pattern.slice(1);
      if (first === '*')
        return matches(rest, text) || (text !== '' && matches(pattern, text.slice(1)));
      return text !== '' && (first === '?' || first === text[0]) && matches(rest, text.slice(1));
    };
    const word = (letters: string): fc.Arbitrary<string> =>
      fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 });
    fc.assert(
      fc.property(word('ab*?'), word('ab'), (pattern, text) => {
        assert.equal(globMatcher(pattern)(text), matches(pattern, text));
      }),
      { numRuns: 2000 },
    );
  });

  it('answers every action’s generated parameters with a result or EC2’s error, and never breaks', async () => {
    const stateDir = await fs.mkdtemp(path.join(os.tmpdir(), 'fedimg-fuzz-'));
    const logged: string[] = [];
    const { cloud, close } = openCloud({
      stateDir,
      latency: 'instant',
      machineFactory: new FakeMachineFactory(),
      log: (line) => logged.push(line),
    });
    const names = [
      'ImageId',
      'InstanceId',
      'VolumeId',
      'SnapshotId',
      'Name',
      'Attribute',
      'Value',
      'Filter',
      'Tag',
      'TagSpecification',
      'BlockDeviceMapping',
      'Ebs',
      'ResourceType',
      'Key',
      'MinCount',
      'MaxCount',
      'MaxResults',
      'Size',
      'AvailabilityZone',
      'ClientToken',
      'UserData',
      'GroupName',
      'ResourceId',
      'SourceRegion',
      '1',
      '2',
      '__proto__',
      'x',
    ];
    const values = [
      '',
      '1',
      '-5',
      '5',
      '99999999999999',
      'true',
      'all',
      'us-east-1',
      'us-east-1a',
      'i-0123456789abcdef0',
      'vol-1',
      'snap-x',
      'name',
      'tag:',
      'tag:a',
      '\u0000',
      '*',
      '<x>',
    ];
    const pair = fc.tuple(
      fc
        .array(fc.constantFrom(...names), { minLength: 1, maxLength: 5 })
        .map((parts) => parts.join('.')),
      fc.constantFrom(...values),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ec2Actions.keys()),
        fc.array(pair, { maxLength: 6 }),
        async (action, pairs) => {
          try {
            const call = { cloud, region: 'us-east-1', action, changed: [], resources: [] };
            await ec2Actions.get(action)?.run(call, nestParameters(pairs));
          } catch (error) {
            assert.ok(error instanceof CloudError, `${action}: ${String(error)}`);
          }
          cloud.store.flush();
        },
      ),
      { numRuns: 3000 },
    );
    await close();
    await fs.rm(stateDir, { recursive: true, force: true });
    assert.deepEqual(logged, []);
  });
});

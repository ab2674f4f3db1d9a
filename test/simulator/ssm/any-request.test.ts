/** Whatever JSON is sent to SSM, it answers. */

import assert from 'node:assert/strict';
import fc from 'fast-check';

import { openSsmBench, type SsmBench } from './support.js';

const node = 'i-0123456789abcdef0';

describe('a request', () => {
  let bench: SsmBench;
  before(async () => {
    bench = await openSsmBench();
    bench.addNode(node, { Name: 'x' });
  });
  after(() => bench.close());

  it('of any JSON to any action is answered with 200 or 400', async () => {
    const actions = [
      'SendCommand',
      'GetCommandInvocation',
      'ListCommandInvocations',
      'ListCommands',
      'CancelCommand',
      'DescribeInstanceInformation',
      'GetParameter',
      'GetParameters',
      'GetParametersByPath',
      'PutParameter',
      'DeleteParameter',
      'DescribeDocument',
      '__proto__',
    ];
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(node, '$LATEST', '/aws/service', ['a'], [{ Key: 'tag:x' }], [null], {
        commands: [{}],
      }),
    );
    const members = fc.constantFrom(
      'InstanceIds',
      'Targets',
      'DocumentName',
      'Parameters',
      'TimeoutSeconds',
      'CommandId',
      'InstanceId',
      'Filters',
      'MaxResults',
      'NextToken',
      'Name',
      'Names',
      'Path',
      'Value',
      'Type',
      'Tags',
      '__proto__',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...actions),
        fc.oneof(fc.jsonValue(), fc.dictionary(members, value)),
        async (action, body) => {
          const answer = await bench.call(action, body);
          assert.ok(answer.status === 200 || answer.status === 400, JSON.stringify(answer));
        },
      ),
      { numRuns: 1500 },
    );
  });
});

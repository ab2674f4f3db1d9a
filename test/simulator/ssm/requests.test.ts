/** What SSM answers to requests that are wrong: AWS's errors, never a crash. */

import assert from 'node:assert/strict';

import { openSsmBench, type SsmBench } from './support.js';

const node = 'i-0123456789abcdef0';
const good = {
  InstanceIds: [node],
  DocumentName: 'AWS-RunShellScript',
  Parameters: { commands: ['true'] },
};

describe('a request', () => {
  let bench: SsmBench;
  before(async () => {
    bench = await openSsmBench();
    bench.addNode(node, { Name: 'x' });
  });
  after(() => bench.close());

  const cases: [title: string, action: string, body: unknown, code: string][] = [
    ['of an unknown action', 'SendCommands', good, 'UnknownOperationException'],
    ['of an action that only Object has', 'constructor', good, 'UnknownOperationException'],
    ['whose body is a list', 'SendCommand', [], 'SerializationException'],
    ['whose body is text', 'SendCommand', 'x', 'SerializationException'],
    ['with a number for a text', 'SendCommand', { ...good, Comment: 1 }, 'SerializationException'],
    [
      'with a text for a list',
      'SendCommand',
      { ...good, InstanceIds: node },
      'SerializationException',
    ],
    [
      'with a text for a number',
      'SendCommand',
      { ...good, TimeoutSeconds: '60' },
      'SerializationException',
    ],
    [
      'with a text for a parameter’s list',
      'SendCommand',
      { ...good, Parameters: { commands: 'true' } },
      'SerializationException',
    ],
    ['without a document', 'SendCommand', { InstanceIds: [node] }, 'ValidationException'],
    [
      'with TimeoutSeconds below 30',
      'SendCommand',
      { ...good, TimeoutSeconds: 29 },
      'ValidationException',
    ],
    [
      'with TimeoutSeconds above 2592000',
      'SendCommand',
      { ...good, TimeoutSeconds: 2_592_001 },
      'ValidationException',
    ],
    [
      'with a comment above 100 characters',
      'SendCommand',
      { ...good, Comment: 'x'.repeat(101) },
      'ValidationException',
    ],
    [
      'with a malformed instance id',
      'SendCommand',
      { ...good, InstanceIds: ['i-1'] },
      'ValidationException',
    ],
    [
      'with 51 instance ids',
      'SendCommand',
      { ...good, InstanceIds: Array.from({ length: 51 }, () => node) },
      'ValidationException',
    ],
    [
      'with an instance twice',
      'SendCommand',
      { ...good, InstanceIds: [node, node] },
      'DuplicateInstanceId',
    ],
    [
      'with neither instances nor targets',
      'SendCommand',
      { ...good, InstanceIds: [] },
      'InvalidInstanceId',
    ],
    [
      'with instances and targets',
      'SendCommand',
      { ...good, Targets: [{ Key: 'tag:a', Values: ['b'] }] },
      'ValidationException',
    ],
    [
      'with another document',
      'SendCommand',
      { ...good, DocumentName: 'AWS-RunPowerShellScript' },
      'InvalidDocument',
    ],
    [
      'with another version',
      'SendCommand',
      { ...good, DocumentVersion: '2' },
      'InvalidDocumentVersion',
    ],
    [
      'with an unknown parameter',
      'SendCommand',
      { ...good, Parameters: { commands: ['a'], x: ['b'] } },
      'InvalidParameters',
    ],
    ['without commands', 'SendCommand', { ...good, Parameters: {} }, 'InvalidParameters'],
    [
      'with executionTimeout 0',
      'SendCommand',
      { ...good, Parameters: { commands: ['a'], executionTimeout: ['0'] } },
      'InvalidParameters',
    ],
    [
      'with executionTimeout above 172800',
      'SendCommand',
      { ...good, Parameters: { commands: ['a'], executionTimeout: ['172801'] } },
      'InvalidParameters',
    ],
    [
      'with more than 64 KB of commands',
      'SendCommand',
      { ...good, Parameters: { commands: ['x'.repeat(65_537)] } },
      'MaxDocumentSizeExceeded',
    ],
    [
      'with MaxErrors of no form',
      'SendCommand',
      { ...good, MaxErrors: '-1' },
      'ValidationException',
    ],
    ['for an invocation without ids', 'GetCommandInvocation', {}, 'ValidationException'],
    [
      'for an invocation that is not there',
      'GetCommandInvocation',
      { CommandId: 'a'.repeat(36), InstanceId: node },
      'InvocationDoesNotExist',
    ],
    [
      'for a command id of the wrong length',
      'GetCommandInvocation',
      { CommandId: 'a', InstanceId: node },
      'ValidationException',
    ],
    [
      'for pages that are too large',
      'ListCommandInvocations',
      { MaxResults: 51 },
      'ValidationException',
    ],
    [
      'for pages that are too small',
      'DescribeInstanceInformation',
      { MaxResults: 4 },
      'ValidationException',
    ],
    [
      'with an unknown filter',
      'DescribeInstanceInformation',
      { Filters: [{ Key: 'Color', Values: ['x'] }] },
      'InvalidFilterKey',
    ],
    [
      'with an unknown ping status',
      'DescribeInstanceInformation',
      { Filters: [{ Key: 'PingStatus', Values: ['Off'] }] },
      'InvalidInstanceInformationFilterValue',
    ],
    [
      'with both kinds of filters',
      'DescribeInstanceInformation',
      {
        Filters: [{ Key: 'InstanceIds', Values: [node] }],
        InstanceInformationFilterList: [{ key: 'InstanceIds', valueSet: [node] }],
      },
      'ValidationException',
    ],
    [
      'with a tag filter beside another',
      'DescribeInstanceInformation',
      {
        Filters: [
          { Key: 'InstanceIds', Values: [node] },
          { Key: 'tag:Name', Values: ['x'] },
        ],
      },
      'ValidationException',
    ],
    [
      'for a parameter that is not there',
      'GetParameter',
      { Name: '/no/such' },
      'ParameterNotFound',
    ],
    [
      'for a parameter’s version that is not there',
      'GetParameter',
      { Name: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64:9' },
      'ParameterVersionNotFound',
    ],
    [
      'for a parameter with a blank in its name',
      'GetParameter',
      { Name: '/no such' },
      'ValidationException',
    ],
    [
      'for eleven parameters',
      'GetParameters',
      { Names: Array.from({ length: 11 }, (_, index) => `/p${index}`) },
      'ValidationException',
    ],
    ['for a path without its slash', 'GetParametersByPath', { Path: 'aws' }, 'ValidationException'],
    [
      'to write below /aws',
      'PutParameter',
      { Name: '/aws/x', Value: 'v', Type: 'String' },
      'ValidationException',
    ],
    [
      'to write without a type',
      'PutParameter',
      { Name: '/own/untyped', Value: 'v' },
      'ValidationException',
    ],
    ['to delete what is not there', 'DeleteParameter', { Name: '/own/none' }, 'ParameterNotFound'],
    ['for another document’s description', 'DescribeDocument', { Name: 'Own' }, 'InvalidDocument'],
  ];
  for (const [title, action, body, code] of cases) {
    it(`${title} is a ${code}`, async () => {
      const answer = await bench.call(action, body);
      assert.equal(answer.status, 400);
      assert.equal(answer.body['__type'], code);
      assert.equal(typeof answer.body['message'], 'string');
    });
  }

  it('that breaks two constraints names both, as AWS does', async () => {
    const answer = await bench.call('SendCommand', {
      ...good,
      TimeoutSeconds: 1,
      Comment: 'x'.repeat(101),
    });
    assert.match(
      String(answer.body['message']),
      /^2 validation errors detected: Value '1' at 'timeoutSeconds' failed to satisfy constraint: Member must have value greater than or equal to 30; Value 'x+' at 'comment'/,
    );
  });
});

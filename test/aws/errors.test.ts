import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { classifyAwsError } from '../../src/aws/errors.js';
import { Aws, AWS_DEFAULTS } from '../../src/aws/region-access.js';

const credentials = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'secret' };

async function thrownBy(endpoint: string): Promise<unknown> {
  const aws = new Aws(AWS_DEFAULTS, { endpoint, credentials });
  try {
    await aws.region('us-east-1').ec2Once.send(new DescribeRegionsCommand({}));
  } catch (error) {
    return error;
  } finally {
    aws.destroy();
  }
  throw new assert.AssertionError({ message: 'the call did not fail' });
}

async function withServer(
  answer: Parameters<typeof createServer>[1] & object,
  body: (endpoint: string) => Promise<void>,
): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function awsError(name: string, status: number, message = name): Error {
  const $fault = status >= 500 ? 'server' : 'client';
  return Object.assign(new Error(message), { name, $fault, $metadata: { httpStatusCode: status } });
}

/** As EC2, SSM, STS and the SDK name it. */
const CREDENTIAL_CODES = [
  'AuthFailure',
  'UnrecognizedClientException',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'MissingAuthenticationToken',
  'CredentialsProviderError',
];

describe('an error of AWS', () => {
  it('is never final without an answer of AWS', async () => {
    let endpoint = '';
    await withServer(
      () => undefined,
      (url) => Promise.resolve(void (endpoint = url)),
    );
    assert.equal(classifyAwsError(await thrownBy(endpoint))?.class, 'unreachable');
  });

  it('is never final when the answer broke off', async () => {
    await withServer(
      (_request, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('<DescribeRegionsResponse>');
        setImmediate(() => response.destroy());
      },
      async (endpoint) => {
        assert.equal(classifyAwsError(await thrownBy(endpoint))?.class, 'unreachable');
      },
    );
  });

  it('has the class that decides what happens next', () => {
    const classes: readonly [Error, string][] = [
      [awsError('RequestLimitExceeded', 503), 'throttled'],
      [awsError('InsufficientInstanceCapacity', 500), 'capacity'],
      [awsError('InvalidParameterValue', 400, "Invalid value 'x' for InstanceType."), 'capacity'],
      [
        awsError(
          'InvalidParameterCombination',
          400,
          "The instance type 'm1.small' does not support the specified virtualization type.",
        ),
        'capacity',
      ],
      [
        awsError(
          'InvalidParameterCombination',
          400,
          'Network interfaces and an instance-level subnet ID may not be specified on the same request',
        ),
        'refused',
      ],
      [awsError('Unsupported', 400), 'capacity'],
      [awsError('InvalidParameterValue', 400, 'iamInstanceProfile.name is invalid'), 'not-yet'],
      [awsError('InvalidParameterValue', 400, 'Invalid device name'), 'refused'],
      [awsError('VcpuLimitExceeded', 400), 'not-yet'],
      [awsError('IncorrectState', 400), 'not-yet'],
      [awsError('InvalidSnapshot.NotFound', 400), 'not-yet'],
      [awsError('InvalidSubnetID.NotFound', 400), 'refused'],
      [awsError('InvalidVolume.NotFound', 400), 'lost'],
      [awsError('IdempotentInstanceTerminated', 400), 'lost'],
      [awsError('UnauthorizedOperation', 403), 'refused'],
      [awsError('NotAuthorized', 400), 'refused'],
      [awsError('RequestTimeoutException', 408), 'unreachable'],
      [awsError('RequestAbortedException', 400), 'unreachable'],
      [awsError('SomethingNew', 502), 'unreachable'],
      [awsError('SomethingNew', 400), 'refused'],
      [awsError('AuthFailure', 403, 'Not authorized for image:ami-1'), 'refused'],
      [awsError('OptInRequired', 401), 'refused'],
      ...CREDENTIAL_CODES.map((code): [Error, string] => [awsError(code, 400), 'credentials']),
    ];
    for (const [error, expected] of classes) {
      assert.equal(classifyAwsError(error)?.class, expected, `${error.name}: ${error.message}`);
    }
  });

  it('never says that nothing is to do when the credentials are refused', () => {
    for (const code of CREDENTIAL_CODES) {
      const { next = '' } = classifyAwsError(awsError(code, 400)) ?? {};
      assert.match(next, /aws sts get-caller-identity|finds no credentials/, code);
      assert.doesNotMatch(next, /need not do anything/);
    }
  });

  it('names the action and the region that a policy forbids', async () => {
    const refusing =
      (message: string): Parameters<typeof createServer>[1] & object =>
      (_request, response) => {
        response.writeHead(403, { 'content-type': 'text/xml' });
        response.end(
          `<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>${message}</Message></Error></Errors><RequestID>1</RequestID></Response>`,
        );
      };
    const failureOf = async (message: string) => {
      let thrown: unknown;
      await withServer(refusing(message), async (endpoint) => {
        thrown = await thrownBy(endpoint);
      });
      return classifyAwsError(thrown);
    };
    const plain = await failureOf('You are not authorized to perform this operation.');
    assert.equal(plain?.class, 'refused');
    assert.match(plain.message, /^UnauthorizedOperation: ec2:DescribeRegions in us-east-1: /);
    assert.match(plain.next, /^Allow ec2:DescribeRegions in us-east-1: docs\/iam\.md/);
    const tagging = await failureOf('User: u is not authorized to perform: ec2:CreateTags on r');
    assert.match(tagging?.next ?? '', /^Allow ec2:CreateTags in us-east-1/);
  });

  it('is distinguished from a bug of our own', () => {
    assert.equal(classifyAwsError(new TypeError('undefined is no function')), undefined);
  });
});

import assert from 'node:assert/strict';
import { redacted, redactedError } from '../../src/model/redact.js';

describe('a text from outside', () => {
  it('loses its secrets, and stays readable', () => {
    const texts: readonly [string, string][] = [
      [
        "'AKIA/20261130/us-east-1/ec2/aws4_request' not a valid key=value pair in Authorization header: 'AWS4-HMAC-SHA256 Credential=AKIA/x, Signature=0a1b'.",
        "'AKIA/20261130/us-east-1/ec2/aws4_request' not a valid key=value pair in Authorization header: '[redacted]'.",
      ],
      ['Credential=AKIA/x, Signature=0a1b;', 'Credential=[redacted], Signature=[redacted];'],
      ['x-amz-security-token:IQoJb3\nhost:ec2', 'x-amz-security-token:[redacted]\nhost:ec2'],
      ['{"SessionToken":"abc","k":"v"}', '{"SessionToken":"[redacted]","k":"v"}'],
      ['<SessionToken>abc</SessionToken>', '<SessionToken>[redacted]</SessionToken>'],
      ['aws_secret_access_key = a/b+c', 'aws_secret_access_key = [redacted]'],
      ['amqps://u:p/a@ss@host:5671/v', 'amqps://[redacted]@host:5671/v'],
      ['see https://h/a.raw.xz?X-Amz-Signature=0a, or', 'see https://h/a.raw.xz?[redacted], or'],
      [
        'to=https%3A%2F%2Fh%3FX-Amz-Signature%3D0a',
        'to=https%3A%2F%2Fh%3FX-Amz-Signature%3D[redacted]',
      ],
      ['key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'key [redacted]'],
    ];
    for (const [text, expected] of texts) {
      assert.equal(redacted(text), expected);
      assert.equal(redacted(expected), expected, 'a second time changes it');
    }
  });

  it('keeps what only looks like a secret', () => {
    const texts = [
      'ClientToken=0a1b NextToken=3 is not the token of a page',
      `sha1 ${'0a1b2'.repeat(8)}, sha256 ${'0a1b'.repeat(16)}`,
      'the tag fedimg:run of ami-0123456789abcdef0 in us-east-1',
      'https://[::1]:8080/composes/Fedora-Cloud-43-20251021.0/a@b.raw.xz',
    ];
    for (const text of texts) assert.equal(redacted(text), text);
  });

  it('is read in a moment however hostile it is', () => {
    const parts = ['authorization ', 'https://', '"\\', '-----BEGIN ', 'Signature=', 'x@', '?;'];
    const began = performance.now();
    for (const part of parts) redacted(part.repeat(20_000));
    assert(performance.now() - began < 5_000, 'took more than five seconds');
  });
});

describe('an error that is stored', () => {
  it('has no secret in its message, its stack and its causes', () => {
    const cause = new Error('Signature=0a1b');
    const error = new TypeError('password=hunter2', { cause });
    const copy = redactedError(error);
    assert.equal(copy.name, 'TypeError');
    const shown = [copy.message, copy.stack, (copy.cause as Error).message].join('\n');
    assert.doesNotMatch(shown, /hunter2|0a1b/);
    assert.match(copy.stack ?? '', /redact\.test\.ts/, 'the place is still there');
  });
});

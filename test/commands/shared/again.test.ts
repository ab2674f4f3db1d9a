import assert from 'node:assert/strict';
import { imageRequestByHand } from '../../../src/client/image-request.js';
import { againCommand } from '../../../src/commands/shared/again.js';
import { someImageStatus } from '../view/statuses.js';

describe('the command that publishes an image again', () => {
  const again = (name: string, compose?: string): string | undefined => {
    const url = `https://dl.example/${name}.raw.xz`;
    const request = imageRequestByHand({ url, arch: 'x86_64', compose });
    return againCommand(someImageStatus({ child: false, request }));
  };

  it('has no --compose for an image without one, however long its name is', () => {
    for (const name of ['disk', 'd'.repeat(100), 'd'.repeat(101), 'd'.repeat(200)]) {
      assert.equal(again(name), `fedimg publish https://dl.example/${name}.raw.xz --arch x86_64`);
    }
  });

  it('has the compose that was named', () => {
    assert.match(
      again('d'.repeat(150), 'Fedora-Cloud-43-20251021.0') ?? '',
      /--compose Fedora-Cloud-43-20251021\.0 --release 43$/,
    );
  });
});

import assert from 'node:assert/strict';
import { noteComposeStarted } from '../../src/commands/shared/compose-started.js';
import { createTerminal } from '../../src/commands/view/terminal.js';

describe('a compose that is signalled again', () => {
  const noted = (outcome: 'published' | 'partly-published'): string => {
    let text = '';
    const stream = { write: (line: string) => (text += line) };
    const terminal = createTerminal({ stdout: stream, stderr: stream, env: {}, color: 'never' });
    const composeId = 'Fedora-Cloud-43-20251021.0';
    const location = 'https://kojipkgs.example/c/compose';
    noteComposeStarted(
      terminal,
      { composeId, status: 'FINISHED', location },
      {
        workflowId: `compose/${composeId}`,
        runId: 'r',
        state: 'published',
        link: null,
        warning: null,
        outcome,
      },
    );
    return text;
  };

  it('is called partly published when regions are missing', () => {
    assert.match(noted('published'), /already published, no change/);
    assert.match(noted('partly-published'), /partly published before/);
    assert.match(noted('partly-published'), /fedimg amis --compose Fedora-Cloud-43-20251021\.0/);
    assert.doesNotMatch(noted('partly-published'), /already published,/);
  });
});

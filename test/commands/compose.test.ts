import assert from 'node:assert/strict';
import { sayComposeStarted } from '../../src/commands/shared/compose-started.js';
import { createTerminal } from '../../src/commands/view/terminal.js';

describe('a compose that is signalled once more', () => {
  const said = (outcome: 'published' | 'partly-published'): string => {
    let text = '';
    const stream = { write: (line: string) => (text += line) };
    const terminal = createTerminal({ stdout: stream, stderr: stream, env: {}, color: 'never' });
    const composeId = 'Fedora-Cloud-43-20251021.0';
    const location = 'https://kojipkgs.example/c/compose';
    sayComposeStarted(
      terminal,
      { composeId, status: 'FINISHED', location },
      { workflowId: `compose/${composeId}`, runId: 'r', state: 'published', link: null, outcome },
    );
    return text;
  };

  it('is not called published where regions are missing', () => {
    assert.match(said('published'), /already published, nothing to do/);
    assert.match(said('partly-published'), /published in part/);
    assert.match(said('partly-published'), /fedimg amis --compose Fedora-Cloud-43-20251021\.0/);
    assert.doesNotMatch(said('partly-published'), /already published,/);
  });
});

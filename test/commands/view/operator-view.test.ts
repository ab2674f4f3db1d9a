import assert from 'node:assert/strict';
import { EXIT, exitCodeOfStatus } from '../../../src/commands/shared/exit-codes.js';
import { statusLines } from '../../../src/commands/view/status-view.js';
import type { ImageStatus } from '../../../src/client/status.js';
import { NOW_MS, regionsIn, someImageStatus, someProgress } from './statuses.js';

const ID = 'image/Fedora-Cloud-43-20251021.0/Cloud_Base/x86_64';
const SINCE = '2026-11-22T14:02:10.000Z';

function textOf(status: ImageStatus): string {
  const options = {
    paint: (_style: unknown, text: string) => text,
    nowMs: NOW_MS,
  };
  return statusLines(status, options).join('\n');
}

describe('the status of an image that waits for a person', () => {
  it('names the command that approves it, and exits with 9', () => {
    const hold = { for: 'approval', before: 'copy', since: SINCE } as const;
    const status = someImageStatus({ progress: someProgress({ hold }) });
    assert.match(
      textOf(status),
      new RegExp(`waits for approval before the step copy[^]*: +fedimg approve ${ID}`),
    );
    assert.equal(exitCodeOfStatus(status), EXIT.waitingForApproval);
    assert.equal(exitCodeOfStatus(someImageStatus()), EXIT.stillRunning);
  });

  it('names who paused it and why, and the command that resumes it', () => {
    const hold = { for: 'resume', before: 'test', since: SINCE } as const;
    const acts = [{ action: 'pause', by: 'ann@desk', reason: 'QA first', at: SINCE }] as const;
    const status = someImageStatus({ progress: someProgress({ hold, acts }) });
    assert.match(
      textOf(status),
      new RegExp(`paused by ann@desk \\(QA first\\) [^]*: +fedimg resume ${ID}`),
    );
    assert.match(textOf(status), /14:02:10 UTC {2}pause by ann@desk \(QA first\)/);
    assert.equal(exitCodeOfStatus(status), EXIT.stillRunning);
  });

  it('names the commands for its failed regions', () => {
    const regions = regionsIn({
      'us-east-1': 'published',
      'sa-east-1': 'waiting-for-operator',
      'ap-east-1': 'waiting-for-operator',
    });
    const text = textOf(someImageStatus({ progress: someProgress({ regions }) }));
    const options = '--region sa-east-1 --region ap-east-1';
    assert(text.includes(`fedimg retry ${ID} ${options}`), text);
    assert(text.includes(`fedimg skip ${ID} ${options}`), text);
  });

  it('names the command that adds what a closed run left out', () => {
    const regions = regionsIn({ 'us-east-1': 'published', 'sa-east-1': 'failed' }, 'quota');
    const status = someImageStatus({
      outcome: 'partly-published',
      progress: someProgress({ outcome: 'partly-published', regions }),
    });
    const text = textOf(status);
    assert(text.includes(`complete sa-east-1:  fedimg retry ${ID} --region sa-east-1`), text);
    assert.equal(exitCodeOfStatus(status), EXIT.partlyPublished);
  });
});

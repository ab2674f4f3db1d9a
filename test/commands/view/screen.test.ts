import assert from 'node:assert/strict';
import type { PublicationStatus } from '../../../src/client/status.js';
import { fitted, visibleWidth, wrapped } from '../../../src/commands/view/fit.js';
import { createProgressDisplay } from '../../../src/commands/view/progress-display.js';
import { screenLines } from '../../../src/commands/view/screen.js';
import { createTerminal } from '../../../src/commands/view/terminal.js';
import type { RegionState } from '../../../src/model/progress/progress.js';
import { waitingSteps } from '../../../src/model/progress/progress.js';
import { overviewOf } from '../../../src/model/status/compose-overview.js';
import {
  MOVING,
  NOW_MS,
  regionsIn,
  someComposeStatus,
  someImageStatus,
  someProgress,
} from './statuses.js';

const COLOURS = { stdout: { write: () => true }, stderr: { write: () => true }, env: {} };
const { paint } = createTerminal({ ...COLOURS, color: 'always' });

function screen(status: PublicationStatus, columns: number, rows = 40, coloured = false): string[] {
  const plain = (_style: unknown, text: string) => text;
  const options = {
    nowMs: NOW_MS,
    columns,
    rows,
    rates: new Map(),
    paint: coloured ? paint : plain,
  };
  const hint =
    'Ctrl-C only stops watching; to resume: fedimg status Fedora-Cloud-43-20251021.0 --watch';
  return screenLines({ overview: overviewOf(status), messages: ['14:02:01 copy'], hint }, options);
}

const REGIONS = Array.from({ length: 17 }, (_, index) => `ap-southeast-${index + 1}`);
const states = (state: RegionState) => Object.fromEntries(REGIONS.map((region) => [region, state]));

function copying(others: RegionState = 'copying'): PublicationStatus {
  const regions = regionsIn({ ...states(others), 'ap-southeast-3': 'waiting-for-operator' });
  const steps = {
    ...waitingSteps(),
    copy: { state: 'running', startedAt: '2026-11-22T14:02:00.000Z' },
  } as const;
  const progress = someProgress({ steps, regions, expectedSeconds: { copy: 900 } });
  const images = ['x86_64', 'aarch64'].map((arch) =>
    someImageStatus({ arch, runId: arch, progress }),
  );
  return someComposeStatus({ images });
}

describe('the screen of a watch', () => {
  for (const columns of [60, 80, 100, 200]) {
    for (const rows of [8, 24, 60]) {
      it(`fits ${columns} columns and ${rows} rows`, () => {
        for (const coloured of [false, true]) {
          const lines = screen(copying(), columns, rows, coloured);
          assert(lines.length < rows, `${lines.length} lines`);
          for (const line of lines) assert(visibleWidth(line) <= columns, line);
        }
      });
    }
  }

  it('shows the time that a step has taken and is expected to take', () => {
    assert.match(screen(copying(), 100).join('\n'), /^ {2}copy {2}0:20 of about 15:00$/m);
  });

  it('shows no time of the step while only the operator can let it go on', () => {
    const text = screen(copying('copied'), 100).join('\n');
    assert.match(text, /ap-southeast-3 waits for you/);
    assert.doesNotMatch(text, /^ {2}copy {2}/m);
  });

  it('keeps a whole command readable in 60 columns', () => {
    const text = screen(copying(), 60, 60)
      .join('\n')
      .replaceAll(/\n {4}/g, ' ');
    assert.match(
      text,
      /fedimg retry image\/Fedora-Cloud-43-20251021\.0\/Cloud_Base\/x86_64 --region ap-southeast-3/,
    );
  });

  it('says how long it waits for an agent, of how long, and which try it is', () => {
    const heartbeat = {
      version: 1,
      kind: 'wait',
      phase: 'the SSM agent of i-0123456789abcdef0',
      since: '2026-11-22T14:01:10.000Z',
      limitSeconds: 120,
      instance: { number: 1, of: 2 },
      detail: 'Kernel panic - not syncing',
    } as const;
    const activity = {
      id: '1',
      type: 'runTest',
      attempt: 1,
      heartbeat,
      lastFailure: null,
      wait: MOVING,
    };
    const status = someImageStatus({ activities: [{ ...activity, nextAttemptAt: null }] });
    const text = screen(status, 100).join('\n');
    assert.match(
      text,
      /waiting for the SSM agent of i-0123456789abcdef0, 1:10 of 2:00, try 1 of 2$/m,
    );
    assert.match(text, /^ +\| Kernel panic - not syncing$/m);
  });

  it('says that no worker answers', () => {
    const note =
      'no worker polls task queue fedimg: start one with this configuration (`fedimg worker`)';
    assert.match(
      screen(someImageStatus({ note }), 200).join('\n'),
      /no worker polls task queue fedimg/,
    );
  });

  it('draws the lines below a new line again', () => {
    let output = '';
    const stderr = {
      isTTY: true,
      columns: 80,
      rows: 40,
      write: (text: string) => (output += text),
    };
    const terminal = createTerminal({ stdout: stderr, stderr, env: {}, color: 'never' });
    const display = createProgressDisplay(terminal, 'the hint');
    const images = [someImageStatus()];
    display.update(someComposeStatus({ images }));
    const drawn = output.length;
    display.update(someComposeStatus({ images, note: 'no worker answers' }));
    display.end();
    assert.match(output.slice(drawn), /no worker answers[^]*the hint/);
  });

  it('leaves the terminal clean: the cursor is shown and no line stays', () => {
    let output = '';
    const stderr = {
      isTTY: true,
      columns: 80,
      rows: 24,
      write: (text: string) => (output += text),
    };
    const display = createProgressDisplay(
      createTerminal({ stdout: stderr, stderr, env: {}, color: 'never' }),
    );
    display.update(copying());
    const drawn = output.length;
    display.end();
    display.end();
    // eslint-disable-next-line no-control-regex
    assert.match(output.slice(drawn), /\u001b\[2K/);
  });
});

describe('a line that is too long', () => {
  it('ends with its colours', () => {
    const line = fitted(paint('red', 'a long red line'), 8);
    assert.equal(visibleWidth(line), 8);
    assert.equal(line, `${paint('red', 'a long ')}…`);
  });

  it('is cut and broken between whole characters: half of one is a sign that terminals cannot show', () => {
    const line = '\u{1f600}'.repeat(10);
    assert.equal(fitted(line, 8), `${'\u{1f600}'.repeat(3)}…`);
    assert.deepEqual(wrapped(line, 16, ''), ['\u{1f600}'.repeat(8), '\u{1f600}'.repeat(2)]);
  });

  it('is broken at spaces, and inside a word only when the word is longer than a line', () => {
    assert.deepEqual(wrapped('  ! aaa bbb ccc', 9, '    '), ['  ! aaa', '    bbb', '    ccc']);
    assert.deepEqual(wrapped('a bcdefgh', 6, '  '), ['a bcde', '  fgh']);
  });
});

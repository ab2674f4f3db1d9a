/** Shows a publication's progress on stderr: redrawn in place on a terminal, as plain lines elsewhere. */

import { createLogUpdate } from 'log-update';
import type { PublicationStatus } from '../../client/status.js';
import { PlainProgress } from './plain-progress.js';
import { liveLines } from './status-view.js';
import type { TransferRates } from './step-text.js';
import type { Terminal } from './terminal.js';

export interface ProgressDisplay {
  update(status: PublicationStatus): void;
  /** Prints a line above the moving part. */
  note(line: string): void;
  /** Ends the redrawing, so that other output can follow. Safe to repeat. */
  end(): void;
}

/** On a terminal, `hint` is shown below the moving part. */
export function createProgressDisplay(terminal: Terminal, hint?: string): ProgressDisplay {
  return terminal.stderr.isTTY === true ? liveDisplay(terminal, hint) : plainDisplay(terminal);
}

export const noDisplay: ProgressDisplay = {
  update: () => undefined,
  note: () => undefined,
  end: () => undefined,
};

function liveDisplay(terminal: Terminal, hint: string | undefined): ProgressDisplay {
  const redraw = createLogUpdate(terminal.stderr as NodeJS.WriteStream);
  const rates: TransferRates = new Map();
  let shown = '';
  return {
    update: (status) => {
      const lines = liveLines(status, { paint: terminal.paintNote, nowMs: Date.now(), rates });
      const below = hint === undefined ? [] : [terminal.paintNote('dim', hint)];
      shown = [...lines.map((line) => fitted(line, terminal)), ...below].join('\n');
      redraw(shown);
    },
    note: (line) => {
      redraw.clear();
      terminal.note(line);
      if (shown !== '') redraw(shown);
    },
    end: () => {
      if (shown === '') return;
      shown = '';
      redraw.done();
    },
  };
}

/** Cuts a line to the terminal's width; not a coloured one, because that could cut a colour code. */
function fitted(line: string, { stderr }: Terminal): string {
  const width = stderr.columns ?? 80;
  return line.length <= width || line.includes('\u001b') ? line : `${line.slice(0, width - 1)}…`;
}

function plainDisplay(terminal: Terminal): ProgressDisplay {
  const progress = new PlainProgress();
  return {
    update: (status) => {
      for (const line of progress.update(status, Date.now())) terminal.note(line);
    },
    note: (line) => terminal.note(line),
    end: () => undefined,
  };
}

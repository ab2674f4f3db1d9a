/** Shows a publication's progress on stderr: redrawn in place on a terminal, as plain lines elsewhere. */

import { createLogUpdate } from 'log-update';
import type { PublicationStatus } from '../../client/status.js';
import { overviewOf } from '../../model/status/compose-overview.js';
import type { Overview } from '../../model/status/overview.js';
import { PlainProgress } from './plain-progress.js';
import { screenLines } from './screen.js';
import type { Terminal } from './terminal.js';
import type { TransferRates } from './work-text.js';

export interface ProgressDisplay {
  update(status: PublicationStatus): void;
  /** Prints a line above the moving part. */
  note(line: string): void;
  /** Ends the redrawing and clears the moving part, so that other output can follow. Safe to repeat. */
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

/** Elapsed times move also while Temporal is being read. */
const REDRAW_MS = 500;
const MESSAGES_KEPT = 20;

function liveDisplay(terminal: Terminal, hint: string | undefined): ProgressDisplay {
  const { stderr } = terminal;
  const redraw = createLogUpdate(stderr as NodeJS.WriteStream);
  const rates: TransferRates = new Map();
  const log = new PlainProgress();
  const messages: string[] = [];
  let overview: Overview | undefined;
  let note: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let drawn = 0;
  const draw = (): void => {
    if (overview === undefined) return;
    const { columns = 80, rows = 24 } = stderr;
    const options = { paint: terminal.paintNote, nowMs: Date.now(), rates, columns, rows };
    const lines = screenLines({ overview, messages, hint, note }, options);
    // log-update 7 writes only the changed lines, and does not move those below a new line.
    if (lines.length !== drawn) redraw.clear();
    drawn = lines.length;
    redraw(lines.join('\n'));
  };
  return {
    update: (status) => {
      const now = new Date();
      note = undefined;
      overview = overviewOf(status);
      const time = now.toISOString().slice(11, 19);
      // One image is named in the first line.
      const own = overview.kind === 'image' ? `${overview.image}: ` : '';
      const lines = log.update(status, now.getTime());
      messages.push(...lines.map((line) => `${time} ${line.replace(own, '')}`));
      messages.splice(0, messages.length - MESSAGES_KEPT);
      timer ??= setInterval(draw, REDRAW_MS).unref();
      draw();
    },
    note: (line) => {
      note = line;
      if (overview === undefined) terminal.note(line);
      else draw();
    },
    end: () => {
      clearInterval(timer);
      if (overview === undefined) return;
      overview = undefined;
      redraw.clear();
      redraw.done();
    },
  };
}

function plainDisplay(terminal: Terminal): ProgressDisplay {
  const progress = new PlainProgress();
  let noted: string | undefined;
  return {
    update: (status) => {
      noted = undefined;
      for (const line of progress.update(status, Date.now())) terminal.note(line);
    },
    note: (line) => {
      // The length of an outage changes each second: one line is enough.
      if (noted === undefined) terminal.note(line);
      noted = line;
    },
    end: () => undefined,
  };
}

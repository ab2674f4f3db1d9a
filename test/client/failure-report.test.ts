import assert from 'node:assert/strict';
import { ApplicationFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { failureReport } from '../../src/client/failure-report.js';

describe('the report of a failure', () => {
  it('says of a worker that was killed what happened, and not which time-out passed', () => {
    const killed = new TimeoutFailure('activity Heartbeat timeout', undefined, 'HEARTBEAT');
    const { type, message } = failureReport(killed);
    assert.equal(type, 'Timeout');
    assert.match(message, /worker .* stopped, or was cut off from Temporal/);
  });

  it("leaves Temporal's own words on any other time-out", () => {
    const slow = new TimeoutFailure('activity StartToClose timeout', undefined, 'START_TO_CLOSE');
    assert.equal(failureReport(slow).message, 'activity StartToClose timeout');
  });

  it('says what the last attempt ran into, and not only that time is up', () => {
    const last = ApplicationFailure.create({ message: 'activity readCompose is not registered' });
    // As the SDK decodes it: the constructor takes no cause.
    const over = (cause: Error) =>
      Object.assign(new TimeoutFailure('time is up', undefined, 'SCHEDULE_TO_CLOSE'), { cause });
    assert.equal(failureReport(over(last)).message, last.message);
    const killed = new TimeoutFailure('activity Heartbeat timeout', undefined, 'HEARTBEAT');
    assert.match(failureReport(over(killed)).message, /worker .* stopped/);
  });

  it('of a terminated run names a command that shows what stays for now, and until when', () => {
    const { next = '' } = failureReport(new TerminatedFailure('by an operator'));
    // Without --verbose, what a sweep keeps is only counted.
    assert.match(next, /fedimg sweep --dry-run --verbose/);
  });
});

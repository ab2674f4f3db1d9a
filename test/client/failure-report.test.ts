import assert from 'node:assert/strict';
import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { failureReport } from '../../src/client/failure-report.js';

describe('the report of a failure', () => {
  it('reports that a worker stopped, not which time-out passed', () => {
    const killed = new TimeoutFailure('activity Heartbeat timeout', undefined, 'HEARTBEAT');
    const { type, message } = failureReport(killed);
    assert.equal(type, 'Timeout');
    assert.match(message, /worker .* stopped, or lost its connection to Temporal/);
  });

  it("keeps Temporal's own message for any other time-out", () => {
    const slow = new TimeoutFailure('activity StartToClose timeout', undefined, 'START_TO_CLOSE');
    assert.equal(failureReport(slow).message, 'activity StartToClose timeout');
  });

  it('has the failure of the last attempt, not only the time-out', () => {
    const last = ApplicationFailure.create({ message: 'activity readCompose is not registered' });
    // As the SDK decodes it: the constructor takes no cause.
    const over = (cause: Error) =>
      Object.assign(new TimeoutFailure('time is up', undefined, 'SCHEDULE_TO_CLOSE'), { cause });
    assert.equal(failureReport(over(last)).message, last.message);
    const killed = new TimeoutFailure('activity Heartbeat timeout', undefined, 'HEARTBEAT');
    assert.match(failureReport(over(killed)).message, /worker .* stopped/);
  });

  it('has, for a terminated run, the command that shows what is left and until when', () => {
    const { next = '' } = failureReport(new TerminatedFailure('by an operator'));
    // Without --verbose, what a sweep keeps is only counted.
    assert.match(next, /fedimg sweep --dry-run --verbose/);
  });

  it('does not blame EC2 for a mistake in the configuration', () => {
    const failed = (code: string) =>
      ApplicationFailure.create({
        type: 'EC2ServiceException',
        message: 'the AMI name "a+b" has a character that EC2 does not allow',
        details: [{ code, class: 'refused', next: 'Change publish.image_name.' }],
      });
    assert.equal(failureReport(failed('ami-name')).type, 'ConfigurationError');
    assert.equal(failureReport(failed('snapshot-failed')).type, 'EC2ServiceException');
  });

  it('calls nothing removed that a cancelled run may have left', () => {
    const { message } = failureReport(new CancelledFailure('cancelled'));
    assert.doesNotMatch(message, /removed/);
    assert.match(message, /fedimg sweep --dry-run/);
  });
});

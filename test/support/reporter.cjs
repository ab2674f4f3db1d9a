/** Mocha's own report, and after it one line that a machine reads. */

const { reporters } = require('mocha');

class CountingReporter extends reporters.Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    const skipped = pending === 0 ? '' : `, ${pending} skipped`;
    console.log(`${passes} passed, ${failures} failed${skipped}`);
  }
}

module.exports = CountingReporter;

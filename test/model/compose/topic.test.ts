import assert from 'node:assert/strict';
import { matchesTopic } from '../../../src/model/compose/topic.js';

describe('the pattern of a binding', () => {
  const takes = (pattern: string, topic: string) => matchesTopic(pattern, topic);

  it('matches its own topic, and no longer or shorter one', () => {
    assert(takes('org.stg.pungi', 'org.stg.pungi'));
    assert(!takes('org.stg.pungi', 'org.stg.pungi.more'));
    assert(!takes('org.stg.pungi', 'org.stg'));
    assert(!takes('org.stg.pungi', 'org.stg.copr'));
  });

  it('matches one word with a star', () => {
    assert(takes('org.*.pungi', 'org.stg.pungi'));
    assert(!takes('org.*.pungi', 'org.pungi'));
    assert(!takes('org.*.pungi', 'org.a.b.pungi'));
  });

  it('matches any number of words, also zero, with a hash', () => {
    for (const topic of ['pungi', 'org.pungi', 'org.stg.pungi']) assert(takes('#.pungi', topic));
    assert(takes('#', ''));
    assert(takes('org.#.pungi.#', 'org.pungi.compose.status'));
    assert(!takes('#.pungi', 'org.pungi.compose'));
  });
});

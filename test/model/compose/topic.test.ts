import assert from 'node:assert/strict';
import { matchesTopic } from '../../../src/model/compose/topic.js';

describe('the pattern of a binding', () => {
  const takes = (pattern: string, topic: string) => matchesTopic(pattern, topic);

  it('matches its own topic, and no longer or shorter one', () => {
    assert(
      takes('org.stg.pungi', 'org.stg.pungi'),
      "takes('org.stg.pungi', 'org.stg.pungi') is false",
    );
    assert(
      !takes('org.stg.pungi', 'org.stg.pungi.more'),
      "takes('org.stg.pungi', 'org.stg.pungi.more') is true",
    );
    assert(!takes('org.stg.pungi', 'org.stg'), "takes('org.stg.pungi', 'org.stg') is true");
    assert(
      !takes('org.stg.pungi', 'org.stg.copr'),
      "takes('org.stg.pungi', 'org.stg.copr') is true",
    );
  });

  it('matches one word with a star', () => {
    assert(takes('org.*.pungi', 'org.stg.pungi'), "takes('org.*.pungi', 'org.stg.pungi') is false");
    assert(!takes('org.*.pungi', 'org.pungi'), "takes('org.*.pungi', 'org.pungi') is true");
    assert(!takes('org.*.pungi', 'org.a.b.pungi'), "takes('org.*.pungi', 'org.a.b.pungi') is true");
  });

  it('matches any number of words, also zero, with a hash', () => {
    for (const topic of ['pungi', 'org.pungi', 'org.stg.pungi'])
      assert(takes('#.pungi', topic), "takes('#.pungi', topic) is false");
    assert(takes('#', ''), "takes('#', '') is false");
    assert(
      takes('org.#.pungi.#', 'org.pungi.compose.status'),
      "takes('org.#.pungi.#', 'org.pungi.compose.status') is false",
    );
    assert(!takes('#.pungi', 'org.pungi.compose'), "takes('#.pungi', 'org.pungi.compose') is true");
  });
});

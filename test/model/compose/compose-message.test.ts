import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  isMessageOf,
  normalizeLocation,
  parseComposeMessage,
} from '../../../src/model/compose/compose-message.js';

const location = 'https://kojipkgs.fedoraproject.org/compose/28/latest-Fedora-28/compose';
/** As Fedora's bus carried it; its short name contradicts its id. */
const real = {
  status: 'FINISHED',
  compose_id: 'Fedora-28-20180425.0',
  location,
  compose_date: '20180425',
  compose_type: 'production',
  compose_respin: 0,
  compose_label: 'RC-20180425.0',
  release_short: 'Fedora-Cloud',
  release_name: 'Fedora-Cloud',
  release_version: '28',
  release_type: 'ga',
  release_is_layered: false,
};

function problemsOf(change: object): string[] {
  const parsed = parseComposeMessage({ ...real, ...change });
  assert.equal(parsed.kind, 'invalid', JSON.stringify(change));
  return parsed.kind === 'invalid' ? parsed.problems : [];
}

describe('a compose message', () => {
  it("is read in the forms of Fedora's bus, bare or in an envelope", () => {
    const message = {
      composeId: 'Fedora-28-20180425.0',
      status: 'FINISHED',
      location,
      label: 'RC-20180425.0',
    };
    const bridged = { topic: 'x', body: { msg_id: '2018-1', i: 1, topic: 'x', msg: real } };
    const element = { msg_id: '2018-1', timestamp: 1524700000.0, topic: 'x', msg: real };
    for (const input of [
      real,
      { topic: 'x', body: real },
      { msg: real, msg_id: '1' },
      bridged,
      element,
      { ...element, msg: bridged.body },
      { count: 1, pages: 1, total: 1, raw_messages: [element] },
    ]) {
      assert.deepEqual(parseComposeMessage(input), { kind: 'message', message });
    }
  });

  it('of a page of datagrepper is the newest one: an older one could doom the compose again', () => {
    const of = (timestamp: number, status: string) => ({ timestamp, msg: { ...real, status } });
    const two = [of(2, 'FINISHED_INCOMPLETE'), of(1, 'STARTED')];
    for (const raw_messages of [two, two.toReversed()]) {
      const parsed = parseComposeMessage({ raw_messages });
      assert(parsed.kind === 'message', parsed.kind);
      assert.equal(parsed.message.status, 'FINISHED_INCOMPLETE');
    }
  });

  it('of a page with several composes is refused: fedimg must not choose one', () => {
    const other = { msg: { ...real, compose_id: 'Fedora-28-20180426.0' } };
    for (const [raw_messages, problem] of [
      [[{ msg: real }, other], /messages about 2 composes; give one element of raw_messages/],
      [[], /has no message/],
    ] as const) {
      const parsed = parseComposeMessage({ raw_messages });
      assert(parsed.kind === 'invalid', parsed.kind);
      assert.match(parsed.problems.join(), problem);
    }
  });

  it('of 2015 has three fields; one with status STARTED may lack its location', () => {
    const old = { status: 'FINISHED_INCOMPLETE', compose_id: real.compose_id, location };
    const parsed = parseComposeMessage(old);
    assert.ok(parsed.kind === 'message', parsed.kind);
    assert.deepEqual(parsed.message, {
      composeId: real.compose_id,
      status: 'FINISHED_INCOMPLETE',
      location,
    });
    for (const status of ['STARTED', 'DOOMED', 'TERMINATED']) {
      const input = { status, compose_id: real.compose_id, location: null, compose_label: null };
      assert.deepEqual(parseComposeMessage(input), {
        kind: 'message',
        message: { composeId: real.compose_id, status },
      });
    }
  });

  it('with an unused status is ignored, not refused', () => {
    const parsed = parseComposeMessage({ ...real, status: 'POST_PHASE' });
    assert.equal(parsed.kind, 'ignored');
  });

  it('is refused with all its problems at once', () => {
    const problems = problemsOf({ compose_id: 'x', location: 'y', status: 3, compose_label: '-' });
    assert.equal(problems.length, 4);
  });

  it('is refused when a field could become a path, a shell word or a terminal command', () => {
    problemsOf({ compose_id: 'Fedora-$(reboot)-20180425.0' });
    problemsOf({ compose_id: '../../etc-1-20180425.0' });
    problemsOf({ compose_label: 'RC-1.0\u001b[2J' });
    problemsOf({ status: 'FINISHED\n' });
    problemsOf({ location: undefined });
    const shown = problemsOf({ compose_id: '\u001b[2J\u202e\nx', status: 'é'.repeat(200) }).join(
      '',
    );
    assert.match(shown, /^[\x20-\x7e]*$/);
    assert.ok(shown.length < 800, String(shown.length));
  });

  it('reads no field from a prototype, and changes no prototype', () => {
    const input: unknown = JSON.parse('{"__proto__":{"status":"FINISHED"},"compose_id":"x"}');
    assert.equal(parseComposeMessage(Object.create(real)).kind, 'invalid');
    assert.equal(parseComposeMessage(input).kind, 'invalid');
    assert.equal(({} as { status?: string }).status, undefined);
  });

  it('never throws, and accepts only its grammar', () => {
    const field = fc.oneof(fc.string(), fc.jsonValue(), fc.constantFrom(...Object.values(real)));
    const body = fc.record(
      { status: field, compose_id: field, location: field, compose_label: field, body: field },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(body, fc.jsonValue(), fc.anything()), (input) => {
        const parsed = parseComposeMessage(input);
        if (parsed.kind !== 'message') return;
        assert.match(JSON.stringify(parsed.message), /^[\x20-\x7e]*$/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the location of a compose', () => {
  it('loses its last slash, and the doubled slashes that locations of 2015 have', () => {
    assert.equal(normalizeLocation(`${location}//`), location);
    assert.equal(
      normalizeLocation('http://kojipkgs.fedoraproject.org//compose//branched//x/compose'),
      'http://kojipkgs.fedoraproject.org/compose/branched/x/compose',
    );
    assert.equal(normalizeLocation('http://127.0.0.1:8080/'), 'http://127.0.0.1:8080');
    assert.equal(normalizeLocation('http://[::1]:8080/a'), 'http://[::1]:8080/a');
  });

  it('of a signal has no doubled slashes: its sender has removed them', () => {
    const composeId = real.compose_id;
    const signal = { composeId, status: 'FINISHED', location };
    assert(isMessageOf(composeId, signal), 'isMessageOf(composeId, signal) is false');
    const doubled = location.replace('/compose/', '//compose/');
    assert(
      !isMessageOf(composeId, { ...signal, location: doubled }),
      'isMessageOf(composeId, { ...signal, location: doubled }) is true',
    );
  });

  it('is refused when a URL parser could read it in another way', () => {
    const refused = [
      `${location}/../x`,
      `${location}/./x`,
      `${location}/%2e%2e/x`,
      `${location}?a`,
      `${location}#a`,
      `${location} `,
      `${location}\n`,
      'https://u:p@kojipkgs.fedoraproject.org/x',
      'https://kojipkgs.fedoraproject.org\\x',
      'https://-x/',
      'ftp://kojipkgs.fedoraproject.org/x',
      'file:///etc',
      '/mnt/koji/compose',
      `https://x/${'a'.repeat(1100)}`,
    ];
    for (const text of refused) assert.equal(normalizeLocation(text), undefined, text);
  });

  it('that is accepted is the same after a URL parser', () => {
    const piece = fc.constantFrom(
      '/',
      '..',
      '.',
      'a',
      '%2e',
      '@',
      ':',
      '?',
      '#',
      '\\',
      ' ',
      '+',
      'é',
      '~',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        const normal = normalizeLocation(`https://koji.example/${pieces.join('')}`);
        if (normal === undefined) return;
        assert.equal(new URL(`${normal}/x`).href, `${normal}/x`);
      }),
      { numRuns: 2000 },
    );
  });
});

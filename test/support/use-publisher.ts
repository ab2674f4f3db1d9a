/** One publisher for all tests of a `describe`: its start and its first calls to every region cost as much as a short run. */

import type { LocalPublisher, PublisherOptions } from './local-publisher.js';
import { withPublisher } from './local-publisher.js';

/** Opens it before the tests and closes it after them; each test leaves it as it wants to find it. */
export function usePublisher(options: PublisherOptions): () => LocalPublisher {
  let publisher: LocalPublisher | undefined;
  let end = (): void => undefined;
  let ended = Promise.resolve();
  before(async () => {
    await new Promise<void>((resolve, reject) => {
      ended = withPublisher(options, async (opened) => {
        publisher = opened;
        const over = new Promise<void>((settle) => (end = settle));
        resolve();
        await over;
      });
      ended.catch(reject);
    });
  });
  after(async () => {
    end();
    await ended;
  });
  return () => {
    if (publisher === undefined) throw new Error('the publisher is open only while tests run');
    return publisher;
  };
}

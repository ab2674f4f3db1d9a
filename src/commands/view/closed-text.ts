/** The end of an image in a few words. */

import type { ImageOverview } from '../../model/status/overview.js';
import { countRegions } from './work-text.js';

export function closedText(image: ImageOverview): string {
  const { done, total } = countRegions(image);
  const regions = total === 0 ? '' : ` in ${done} of ${total} regions`;
  switch (image.outcome) {
    case 'published':
    case 'partly-published':
    case 'already-published':
      return `${image.outcome.replace('-', ' ')}${regions}${unsentText(image)}`;
    default:
      return [image.outcome, failureText(image)].filter((part) => part !== '').join(': ');
  }
}

function unsentText({ unsent: { length } }: ImageOverview): string {
  return length === 0 ? '' : `, ${length} ${length === 1 ? 'message' : 'messages'} not accepted`;
}

/** The failure without the image's name, which the line has already. */
function failureText({ failure, image }: ImageOverview): string {
  const message = failure?.message ?? '';
  const name = `${image}: `;
  return message.startsWith(name) ? message.slice(name.length) : message;
}

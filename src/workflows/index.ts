/** The workflows that the worker registers. */

export { compose } from './compose.js';
export { notify } from './notify.js';
export { publishImage } from './publish-image.js';
export { sweep } from './sweep.js';

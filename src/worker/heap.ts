/** How much garbage the heaps of a worker keep before V8 collects it. */

import { setFlagsFromString } from 'node:v8';

/**
 * Of what lives. By default V8 lets a heap grow to four times that: the answers of AWS for many images at once live long
 * enough to leave the young generation, and then they stay until then. V8 reads the flag at each collection.
 */
const GROWTH_PERCENT = 50;

/** Of the young generation's two halves, in MiB: 16 by default. Workflows run in a thread of their own, and need less. */
const SEMI_SPACE_MIB = 4;

/**
 * For the heaps of all threads of this process; the young generation only of threads that begin later. The memory of a
 * worker stays near what it needs, for a little more CPU.
 */
export function keepHeapsSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  setFlagsFromString(`--max-semi-space-size=${SEMI_SPACE_MIB}`);
}

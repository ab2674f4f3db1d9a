/** Adds to each log line of an activity the region that it works in. */

import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { regionOf } from '../activities/attempt/interceptor.js';

export const logRegion: ActivityInterceptorsFactory = () => {
  let region: string | undefined;
  return {
    inbound: {
      execute: (input, next) => {
        region = regionOf(input.args[0]);
        return next(input);
      },
    },
    outbound: {
      getLogAttributes: (input, next) => ({
        ...next(input),
        ...(region === undefined ? {} : { region }),
      }),
    },
  };
};

/** Which Temporal server is downloaded, and the interface of a download. */

/** Version of the command line: its server is 1.32.0, its UI 2.54.1. A binary on the PATH may have any version. */
export const temporalCliVersion = '1.9.1';

export interface DownloadOptions {
  /** Takes one line for the user, without a line end. */
  log: (line: string) => void;
  env?: NodeJS.ProcessEnv | undefined;
  signal?: AbortSignal | undefined;
}

/** Puts the binary of `temporalCliVersion` anywhere below `folder` and returns its path, or throws. */
export type TemporalDownload = (folder: string, options: DownloadOptions) => Promise<string>;

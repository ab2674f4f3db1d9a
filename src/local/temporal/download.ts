/** What is downloaded when this machine has no Temporal server, and what a download is. */

/** Version of the command line: its server is 1.32.0, its UI 2.54.1. One on the PATH may be of any version. */
export const temporalCliVersion = '1.9.1';

export interface DownloadOptions {
  /** Takes one line for the user, without a line end. */
  log: (line: string) => void;
  env?: NodeJS.ProcessEnv | undefined;
  signal?: AbortSignal | undefined;
}

/** Puts the binary of `temporalCliVersion` anywhere below `folder` and returns its path, or throws. */
export type TemporalDownload = (folder: string, options: DownloadOptions) => Promise<string>;

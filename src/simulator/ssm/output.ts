/** Cuts a command's output as the SSM agent and the API do. Lengths are characters. */

/** API reference, GetCommandInvocation: StandardOutputContent, StandardErrorContent. */
const standardOutputMax = 24_000;
const standardErrorMax = 8_000;
/** API reference, CommandPlugin: Output. */
const pluginOutputMax = 2_500;

/** The markers of the agent (iohandler.go). */
const prefixMarker = '--output truncated--';
const errorTitle = '\n----------ERROR-------\n';
const outputMarker = '\n---Output truncated---';
const errorMarker = '\n---Error truncated----';

export function cutStandardOutput(text: string): string {
  return prefixOf(text, standardOutputMax);
}

export function cutStandardError(text: string): string {
  return prefixOf(text, standardErrorMax);
}

/** The agent's StringPrefix: what is as long as the limit is cut already, and the marker counts. */
function prefixOf(text: string, max: number): string {
  return text.length < max ? text : text.slice(0, max - prefixMarker.length) + prefixMarker;
}

/** Both streams in one, as ListCommandInvocations shows them (the agent's TruncateOutput). */
export function joinOutput(stdout: string, stderr: string): string {
  const title = stderr === '' ? '' : errorTitle;
  const space = pluginOutputMax - title.length;
  if (stdout.length + stderr.length < space) return stdout + title + stderr;
  if (stdout.length > space / 2 && stderr.length > space / 2) {
    const half = Math.floor((space - errorMarker.length - outputMarker.length) / 2);
    return stdout.slice(0, half) + outputMarker + title + stderr.slice(0, half) + errorMarker;
  }
  if (stdout.length <= space / 2) {
    const left = space - errorMarker.length - stdout.length;
    return stdout + title + stderr.slice(0, left) + errorMarker;
  }
  return (
    stdout.slice(0, space - outputMarker.length - stderr.length) + outputMarker + title + stderr
  );
}

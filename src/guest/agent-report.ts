/** What a test instance's console says about its SSM agent, and about a boot that found nothing. */

export interface AgentReport {
  /** As `ssm-user-data.sh` names it: `installed`, `no-network`, `bad-signature`. */
  readonly code: string;
  readonly text: string;
}

/** The last line that `ssm-user-data.sh` has printed; the image prints to the same console. */
export function parseAgentReport(console: string): AgentReport | undefined {
  const lines = console.matchAll(/^fedimg-agent: ([a-z-]{1,30}): ([\x20-\x7e]{0,500})\r?$/gm);
  const [, code, text] = [...lines].at(-1) ?? [];
  return code === undefined || text === undefined ? undefined : { code, text };
}

export function isAgentThere({ code }: AgentReport): boolean {
  return code === 'installed' || code === 'present';
}

/**
 * GRUB Legacy, on which PV-GRUB rests, ends with `Error 15: File not found` and the like (GRUB manual 0.97, "Stage 2
 * errors"), or with its prompt when there is no menu.
 */
export function pvGrubError(console: string): string | undefined {
  const [error] = /^Error \d{1,2}: [\x20-\x7e]{1,100}/m.exec(console) ?? [];
  if (error !== undefined) return error;
  return /^grub(?:dom)?> *$/m.test(console.replaceAll('\r', '')) ? 'no menu' : undefined;
}

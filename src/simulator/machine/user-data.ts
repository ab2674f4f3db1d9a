/** Reads user-data as cloud-init does: which scripts run at the first boot, and the warnings about the rest. */

export interface UserDataScript {
  /** `part-001` and so on, or `runcmd`. */
  readonly name: string;
  readonly text: string;
}

export interface UserDataPlan {
  /** Run early, at every boot (cloud-init, module bootcmd). */
  readonly early: readonly UserDataScript[];
  /** Run once for each instance (modules runcmd and scripts-user). */
  readonly once: readonly UserDataScript[];
  /** What goes to the console because it was not understood. */
  readonly warnings: readonly string[];
}

interface Part {
  readonly contentType: string | undefined;
  readonly text: string;
}

/** cloud-init documentation, "User data formats": the first line, or the MIME type, is the format. */
export function planUserData(userData: string | undefined): UserDataPlan {
  const early: UserDataScript[] = [];
  const once: UserDataScript[] = [];
  const scripts: UserDataScript[] = [];
  const warnings: string[] = [];
  if (userData === undefined || userData.trim() === '') return { early, once, warnings };

  for (const [index, part] of partsOf(userData).entries()) {
    const name = `part-${String(index + 1).padStart(3, '0')}`;
    const kind = kindOf(part);
    if (kind === 'script') scripts.push({ name, text: part.text });
    else if (kind === 'boothook') early.push({ name, text: part.text });
    else if (kind === 'cloud-config') {
      const config = parseCloudConfig(part.text);
      warnings.push(...config.warnings);
      if (config.bootcmd.length > 0) early.push(commandScript('bootcmd', config.bootcmd));
      if (config.runcmd.length > 0) once.push(commandScript('runcmd', config.runcmd));
    } else if (kind === 'unsupported') {
      warnings.push(
        `local cloud: user-data that starts with '${firstLine(part)}' is not simulated`,
      );
    } else {
      warnings.push(
        `__init__.py[WARNING]: Unhandled non-multipart (text/x-not-multipart) userdata: 'b'${firstLine(part)}'...'`,
      );
    }
  }
  // cc_runcmd writes a script that scripts-user runs before the parts: "runcmd" sorts behind "part-001".
  return { early, once: [...scripts, ...once], warnings };
}

function kindOf(part: Part): 'script' | 'cloud-config' | 'boothook' | 'unsupported' | 'unknown' {
  const start = firstLine(part);
  if (part.contentType?.startsWith('text/x-shellscript') === true) return 'script';
  if (part.contentType === 'text/cloud-config') return 'cloud-config';
  if (part.contentType === 'text/cloud-boothook') return 'boothook';
  if (start.startsWith('#!')) return 'script';
  if (start === '#cloud-config') return 'cloud-config';
  if (start === '#cloud-boothook') return 'boothook';
  const others = ['#include', '## template:', '#part-handler', '#cloud-config-archive', '#upstart'];
  if (others.some((prefix) => start.startsWith(prefix)) || part.text.startsWith('\u001f')) {
    return 'unsupported';
  }
  return 'unknown';
}

function firstLine(part: Part): string {
  return (part.text.split('\n', 1)[0] ?? '').trimEnd().slice(0, 80);
}

/** Splits a multipart MIME message; anything else is one part. */
function partsOf(userData: string): Part[] {
  const text = userData.replaceAll('\r\n', '\n');
  const head = text.split('\n\n', 1)[0] ?? '';
  const boundary = /^content-type:\s*multipart\/[^;]+;[^]*?boundary="?([^"\n;]+)"?/im.exec(
    head,
  )?.[1];
  if (boundary === undefined) return [{ contentType: undefined, text: userData }];
  const parts: Part[] = [];
  for (const piece of text.split(`--${boundary}`).slice(1)) {
    if (piece.startsWith('--')) break;
    const body = piece.replace(/^\n/, '');
    const end = body.indexOf('\n\n');
    const headers = end < 0 ? '' : body.slice(0, end);
    const content = end < 0 ? body : body.slice(end + 2);
    const contentType = /^content-type:\s*([^;\s]+)/im.exec(headers)?.[1]?.toLowerCase();
    const base64 = /^content-transfer-encoding:\s*base64/im.test(headers);
    parts.push({
      contentType,
      text: base64 ? Buffer.from(content, 'base64').toString('utf8') : content,
    });
  }
  return parts;
}

interface CloudConfig {
  readonly runcmd: readonly string[];
  readonly bootcmd: readonly string[];
  readonly warnings: readonly string[];
}

/** The part of cloud-config that is lists of commands; every other key is named as not simulated. */
export function parseCloudConfig(text: string): CloudConfig {
  const lists: Record<string, string[]> = { runcmd: [], bootcmd: [] };
  const warnings: string[] = [];
  const lines = text.split('\n');
  let key: string | undefined;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const top = /^([A-Za-z_][\w-]*):\s*(.*)$/.exec(line);
    if (top !== null) {
      key = top[1] ?? '';
      if (lists[key] === undefined) {
        warnings.push(`local cloud: cloud-config key '${key}' is not simulated`);
      } else if (top[2] !== '') {
        warnings.push(`local cloud: cloud-config key '${key}' must be a list, one item a line`);
      }
      continue;
    }
    const commands = key === undefined ? undefined : lists[key];
    if (commands === undefined) continue;
    const item = /^(\s*)-\s+(.*)$/.exec(line);
    if (item === null) {
      warnings.push(`local cloud: cloud-config line ${at + 1} was not understood: ${line.trim()}`);
      continue;
    }
    const value = (item[2] ?? '').trim();
    if (/^[|>][+-]?$/.test(value)) {
      const block = blockAfter(lines, at, (item[1] ?? '').length);
      commands.push(block.lines.join(value.startsWith('>') ? ' ' : '\n'));
      at = block.last;
    } else commands.push(commandOf(value));
  }
  return { runcmd: lists['runcmd'] ?? [], bootcmd: lists['bootcmd'] ?? [], warnings };
}

/** The lines of a block scalar, without their common indentation. */
function blockAfter(
  lines: string[],
  at: number,
  indent: number,
): { lines: string[]; last: number } {
  const block: string[] = [];
  let last = at;
  for (let next = at + 1; next < lines.length; next += 1) {
    const line = lines[next] ?? '';
    if (line.trim() !== '' && line.search(/\S/) <= indent) break;
    block.push(line);
    last = next;
  }
  const depth = Math.min(
    ...block.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)),
  );
  return { lines: block.map((line) => line.slice(Number.isFinite(depth) ? depth : 0)), last };
}

/** A list is an argument vector, anything else a line of shell (cloud-init, module runcmd). */
function commandOf(value: string): string {
  if (value.startsWith('[') && value.endsWith(']')) {
    const words = [
      ...value.slice(1, -1).matchAll(/\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^,]+)\s*(?:,|$)/g),
    ];
    return words.map((word) => `'${unquote(word[1] ?? '').replaceAll("'", `'\\''`)}'`).join(' ');
  }
  return unquote(value);
}

function unquote(value: string): string {
  const text = value.trim();
  if (text.startsWith("'") && text.endsWith("'") && text.length > 1) {
    return text.slice(1, -1).replaceAll("''", "'");
  }
  if (text.startsWith('"') && text.endsWith('"') && text.length > 1) {
    return text
      .slice(1, -1)
      .replace(/\\(["\\])/g, '$1')
      .replaceAll('\\n', '\n');
  }
  return text.replace(/\s+#.*$/, '');
}

function commandScript(name: string, commands: readonly string[]): UserDataScript {
  return { name, text: `#!/bin/sh\n${commands.join('\n')}\n` };
}

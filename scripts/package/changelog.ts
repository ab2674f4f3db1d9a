/** The part of CHANGELOG.md about one version. */

/** Without its heading; undefined when the version has no heading with a date. */
export function changesOf(changelog: string, version: string): string | undefined {
  const escaped = version.replaceAll('.', '\\.');
  const heading = new RegExp(`^## \\[${escaped}\\] - \\d{4}-\\d{2}-\\d{2}\\n`, 'm').exec(changelog);
  if (heading === null) return undefined;
  const rest = changelog.slice(heading.index + heading[0].length);
  const end = rest.search(/^## \[/m);
  return `${(end < 0 ? rest : rest.slice(0, end)).trim()}\n`;
}

/** Writes CloudFormation's YAML: the values of JSON, and the functions `Ref`, `Fn::Sub`, `Fn::GetAtt`. */

/** A value with one of CloudFormation's short tags: `!Ref Name`. */
export class Tagged {
  readonly tag: string;
  readonly value: string;

  constructor(tag: string, value: string) {
    this.tag = tag;
    this.value = value;
  }
}

export const ref = (name: string): Tagged => new Tagged('!Ref', name);
export const substitute = (text: string): Tagged => new Tagged('!Sub', text);
export const attribute = (path: string): Tagged => new Tagged('!GetAtt', path);
export function writeYaml(value: unknown, indent = 0): string {
  const space = ' '.repeat(indent);
  if (value instanceof Tagged) {
    return ` ${value.tag} ${JSON.stringify(value.value)}\n`;
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []\n';
    return `\n${value.map((one) => `${space}-${item(one, indent)}`).join('')}`;
  }
  if (typeof value === 'object' && value !== null) {
    const lines = Object.entries(value).map(
      ([key, below]) => `${space}${nameOf(key)}:${writeYaml(below, indent + 2)}`,
    );
    return `\n${lines.join('')}`;
  }
  return ` ${JSON.stringify(value)}\n`;
}

/** The first member of an object stands on the line of its dash. */
function item(value: unknown, indent: number): string {
  const text = writeYaml(value, indent + 2);
  const isObject = typeof value === 'object' && value !== null && !(value instanceof Tagged);
  return isObject ? ` ${text.slice(1).trimStart()}` : text;
}

function nameOf(key: string): string {
  return /^[A-Za-z][\w]*$/.test(key) ? key : JSON.stringify(key);
}

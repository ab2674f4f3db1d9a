/** Topics of AMQP: words between dots. */

/** Whether a binding's pattern takes a topic: `*` is one word, `#` any number of them. */
export function matchesTopic(pattern: string, topic: string): boolean {
  return matches(pattern.split('.'), topic.split('.'));
}

function matches(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === '#') {
    return matches(rest, words) || (words.length > 0 && matches(pattern, words.slice(1)));
  }
  return words.length > 0 && (first === '*' || first === words[0]) && matches(rest, words.slice(1));
}

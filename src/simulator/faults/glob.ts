/** Wildcards `*` and `?`, matched in time proportional to pattern times text for every pattern. */

/** A backslash makes the next character literal. */
export function globMatcher(pattern: string): (text: string) => boolean {
  const symbols: { kind: 'any' | 'one' | 'literal'; character: string }[] = [];
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern.charAt(index);
    if (character === '*') symbols.push({ kind: 'any', character });
    else if (character === '?') symbols.push({ kind: 'one', character });
    else if (character === '\\' && index + 1 < pattern.length) {
      symbols.push({ kind: 'literal', character: pattern.charAt((index += 1)) });
    } else symbols.push({ kind: 'literal', character });
  }

  return (text) => {
    let at = 0;
    let symbolAt = 0;
    // Where the last star was, and how much it has swallowed: enough to go back, no recursion needed.
    let starAt = -1;
    let swallowedTo = 0;
    while (at < text.length) {
      const symbol = symbols[symbolAt];
      if (symbol?.kind === 'any') {
        starAt = symbolAt++;
        swallowedTo = at;
      } else if (symbol?.kind === 'one' || symbol?.character === text.charAt(at)) {
        symbolAt += 1;
        at += 1;
      } else if (starAt >= 0) {
        symbolAt = starAt + 1;
        at = swallowedTo += 1;
      } else return false;
    }
    return symbols.slice(symbolAt).every((symbol) => symbol.kind === 'any');
  };
}

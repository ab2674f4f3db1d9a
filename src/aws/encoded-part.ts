/** The part of EC2's refusals that only STS can read. */

const LABEL = 'Encoded authorization failure message: ';

/** EC2's refusals end in a thousand characters for `aws sts decode-authorization-message`; what they say is before it. */
export function withoutEncodedPart(message: string): string {
  // Not by one expression: one that also takes the spaces before needs the square of a long text's length.
  const at = message.indexOf(LABEL);
  if (at < 0) return message;
  const rest = message.slice(at + LABEL.length).replace(/^\S+/, '');
  return `${message.slice(0, at).trimEnd()}${rest}`;
}

/** The part of EC2's refusals that only STS can read. */

/** EC2's refusals end in a thousand characters for `aws sts decode-authorization-message`; what they say is before it. */
export function withoutEncodedPart(message: string): string {
  // The look-behind lets a long run of blanks be tried once, not from each of them.
  return message.replace(/(?<!\s)\s*Encoded authorization failure message: \S+/, '');
}

/** The part of EC2's refusals that only STS can read. */

/** EC2's refusals end in a thousand characters for `aws sts decode-authorization-message`; what they say is before it. */
export function withoutEncodedPart(message: string): string {
  return message.replace(/\s*Encoded authorization failure message: \S+/, '');
}

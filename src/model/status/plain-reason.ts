/** The words of the SDK, of Node and of gRPC as sentences for people; the error itself stays in the worker's log. */

/** The first that fits is taken; `$1` is its group. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/connect ECONNREFUSED (\S+)/, 'the server at $1 refuses the connection'],
  [/getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (\S+)/, 'the name $1 cannot be resolved'],
  [/(?:read |write )?ECONNRESET|socket hang up/, 'the server closed the connection'],
  [/connect ETIMEDOUT (\S+)/, 'the server at $1 does not answer'],
  [/ETIMEDOUT|ESOCKETTIMEDOUT/, 'the server does not answer'],
  [/EHOSTUNREACH (\S+)/, 'no route leads to $1'],
  [/ENETUNREACH/, 'the network cannot be reached'],
  [/EPIPE/, 'the server closed the connection'],
  [
    /unable to (?:get local issuer|verify the first) certificate|self.signed certificate/i,
    "the server's certificate is not trusted",
  ],
  [/certificate has expired/i, "the server's certificate has expired"],
  [
    /(?:Client|SDK) network socket disconnected before secure TLS/,
    'the server closed the connection before TLS was ready',
  ],
];

/** `@smithy/node-http-handler - [ERROR] Request did not complete within 30000 ms` and the like. */
const HANDLER = /@(?:smithy|aws-sdk)\/[\w-]+ ?[-:] ?(?:\[(?:ERROR|WARN)\] )?/g;
/** Timeouts of `@smithy/node-http-handler`, each with its milliseconds. */
const LATE: readonly (readonly [RegExp, string])[] = [
  [
    /the request socket did not establish a connection .*? timeout of (\d+) ms\.?/,
    'no connection within',
  ],
  [
    /a request has exceeded the configured (\d+) ms requestTimeout\.?(?: Init client requestHandler.*)?/,
    'no answer within',
  ],
  [
    /the request socket timed out after (\d+) ms of inactivity(?: \([^)]*\))?\.?/,
    'no answer within',
  ],
];

/** A failure's message without the jargon of a library. Messages of fedimg itself stay as they are. */
export function plainReason(message: string): string {
  const bare = message.replace(HANDLER, '');
  const worded = LATE.reduce(
    (text, [pattern, words]) =>
      text.replace(pattern, (_all, ms: string) => `${words} ${Number(ms) / 1_000} s`),
    bare,
  );
  const known = WORDS.find(([pattern]) => pattern.test(worded));
  return known === undefined ? worded : worded.replace(known[0], known[1]);
}

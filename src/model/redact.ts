/** Removes secrets from a text that comes from outside: AWS's errors echo the request, and URLs carry signatures. */

const REDACTED = '[redacted]';

/** Between a name and its value, also inside JSON that is quoted in JSON, XML, an HTTP header, or a query in another query. */
const IS = String.raw`["'\\]{0,16}\s?(?:[:=>]|%3[ad])\s?["'\\]{0,16}`;

/** Ends where a quoted text ends, so that a line of JSON stays JSON. */
const VALUE = String.raw`[^\s"'\\,;&<>]+`;

/** Names of values that are secret wherever they stand. */
const SECRET_NAMES = [
  'x-amz-(?:security-token|signature|credential|s3session-token)',
  'x-goog-(?:signature|credential)',
  'secret[-_ ]?access[-_ ]?key',
  '(?:session|security|access|refresh|auth|bearer)[-_]?token',
  'client[-_]?secret',
  'private[-_]?key',
  'api[-_]?key',
  'passw(?:or)?d',
];

/** Shorter names, which are also ends of others such as `ClientToken`, or words of a sentence. */
const SECRET_WORDS = ['credential', 'signature', 'sig', 'token', 'secret', 'awsaccesskeyid'];

const NAMED = new RegExp(`(${SECRET_NAMES.join('|')})(${IS})${VALUE}`, 'gi');
const NAMED_BY_A_WORD = new RegExp(
  String.raw`(?<![a-z])(${SECRET_WORDS.join('|')})(["'\\]{0,16}(?:=|%3d)["'\\]{0,16})${VALUE}`,
  'gi',
);
const HEADER = new RegExp(
  String.raw`((?:proxy-)?authorization(?: header)?|(?:set-)?cookie)(${IS})[^"'\\\r\n<>]+`,
  'gi',
);
const BEARER = /\b(bearer\s+)[\w.~+/=-]{12,}/gi;
const JSON_WEB_TOKEN = /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*/g;
/** Each opens as one of these: they hold the same header. */
const SESSION_TOKEN = /(?<![\w+/])(?:FwoG|FQoG|IQoJ|AQoD|AQoE)[\w+/=%-]{32,}/g;
const PRIVATE_KEY = /(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)(?:[A-Za-z0-9+/=\s]|\\[nr])*/g;
/** IAM user guide, access keys: a secret access key has 40 characters. */
const FORTY_CHARACTERS = /(?<![\w/+=.-])[A-Za-z0-9/+]{40}(?![\w/+=.-])/g;
const URL_IN_TEXT = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)([^\s"'<>\\]+)/gi;

/** The text without credentials, signatures, tokens, and the queries of URLs. Safe to repeat. */
export function redacted(text: string): string {
  return text
    .replace(URL_IN_TEXT, (_url, scheme: string, rest: string) => scheme + redactedUrl(rest))
    .replace(HEADER, `$1$2${REDACTED}`)
    .replace(NAMED, `$1$2${REDACTED}`)
    .replace(NAMED_BY_A_WORD, `$1$2${REDACTED}`)
    .replace(BEARER, `$1${REDACTED}`)
    .replace(JSON_WEB_TOKEN, REDACTED)
    .replace(SESSION_TOKEN, REDACTED)
    .replace(PRIVATE_KEY, `$1${REDACTED}`)
    .replace(FORTY_CHARACTERS, (run) => (isMixed(run) ? REDACTED : run));
}

/** A hash in hexadecimal has letters of one case; a name of forty letters has no digit. */
function isMixed(text: string): boolean {
  return /[a-z]/.test(text) && /[A-Z]/.test(text) && /[0-9+/]/.test(text);
}

/** `rest` begins behind `https://`. */
function redactedUrl(rest: string): string {
  const [, authority = ''] = /^([^/?#]*)/.exec(rest) ?? [];
  // A password may hold a slash: then a colon comes first that opens no port.
  const host = authority.replace(/^\[[^\]]*\]/, '');
  const isCut = /:(?!\d*$)/.test(host) && !host.includes('@');
  const at = (isCut ? rest : authority).lastIndexOf('@');
  const user = at < 0 ? '' : `${REDACTED}@`;
  const target = rest.slice(at + 1);
  const query = target.search(/[?#]/);
  if (query < 0) return `${user}${target}`;
  // The end of a sentence is not part of the query.
  let end = target.length;
  while ('.,;:)'.includes(target.charAt(end - 1))) end -= 1;
  return `${user}${target.slice(0, query)}?${REDACTED}${target.slice(end)}`;
}

/** A copy of an error and of its causes without secrets: Temporal stores message and stack of all of them. */
export function redactedError(error: Error, depthMax = 5): Error {
  const { cause } = error;
  const below =
    cause instanceof Error && depthMax > 0 ? { cause: redactedError(cause, depthMax - 1) } : {};
  const copy = new Error(redacted(error.message), below);
  copy.name = error.name;
  copy.stack = redacted(error.stack ?? '');
  return copy;
}

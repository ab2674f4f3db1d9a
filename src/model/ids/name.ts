/** The one grammar for the names of images, composes and files: of metadata, of operators and of clients. */

const NAME = /^[A-Za-z0-9][A-Za-z0-9._+~-]{0,199}$/;

/** Whether a text is safe as one segment of a path, of a URL and of a workflow id. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

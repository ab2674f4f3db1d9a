/** Reads the local cloud's own interface, `/_fedimg/`. */

/** The JSON of `/_fedimg/NAME`; throws on any HTTP error. */
export async function readControl<T>(simulatorUrl: string, name: string): Promise<T> {
  const url = `${simulatorUrl}/_fedimg/${name}`;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return (await response.json()) as T;
}

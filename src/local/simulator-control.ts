/** What the local cloud tells of itself, beside the AWS APIs. */

/** The answer of `/_fedimg/NAME`; rejects when there is none. */
export async function readControl<T>(simulatorUrl: string, name: string): Promise<T> {
  const url = `${simulatorUrl}/_fedimg/${name}`;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return (await response.json()) as T;
}

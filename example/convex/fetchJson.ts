/**
 * A failed request throws, because what an action returns is cached: an error page would be served
 * as the answer until the entry expires, while nothing is stored for an action that throws.
 */
export async function fetchJson(url: URL, init?: RequestInit): Promise<unknown> {
  const response = await fetch(url, init);
  if (!response.ok) {
    throw new Error(
      `${url.origin}${url.pathname} answered ${response.status}: ${await response.text()}`,
    );
  }
  return await response.json();
}

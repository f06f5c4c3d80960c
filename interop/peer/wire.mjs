// Between node's http and Fedify's Request and Response; keeps what crosses.

/** What crossed, in order: {direction, method, url, status, type, signedBy, headers (of a POST), body}. */
export const crossed = [];

const MOST = 10_000;
const JSON_TYPE = /json/;

function keep(entry) {
  if (crossed.length < MOST) crossed.push(entry);
}

/** Listens on an ephemeral port of loopback. */
export function listen(server) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server.address().port));
  });
}

export async function readBody(incoming, most = 1024 * 1024) {
  const chunks = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > most) throw new Error("body too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A listener for node's http server that answers with `fetch`. */
export function serve(fetch) {
  return async (incoming, outgoing) => {
    try {
      const url = `http://${incoming.headers.host}${incoming.url}`;
      const headers = new Headers();
      for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
        headers.append(incoming.rawHeaders[i], incoming.rawHeaders[i + 1]);
      }
      const body = await readBody(incoming);
      const hasBody = incoming.method !== "GET" && incoming.method !== "HEAD";
      const request = new Request(url, { method: incoming.method, headers, body: hasBody ? body : undefined });
      const response = await fetch(request);
      const answer = Buffer.from(await response.arrayBuffer());
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      outgoing.end(answer);
      if (hasBody) {
        keep({
          direction: "in",
          method: incoming.method,
          url,
          status: response.status,
          type: headers.get("content-type"),
          signedBy: signedBy(headers),
          headers: [...headers],
          body: body.toString("utf8"),
          answer: answer.toString("utf8").slice(0, 2000),
        });
      } else if (response.ok && JSON_TYPE.test(response.headers.get("content-type") ?? "")) {
        keep({
          direction: "served",
          method: incoming.method,
          url,
          status: response.status,
          type: response.headers.get("content-type"),
          signedBy: signedBy(headers),
          body: answer.toString("utf8"),
        });
      }
    } catch (error) {
      outgoing.writeHead(500, { "content-type": "text/plain" });
      outgoing.end(String(error));
    }
  };
}

/** Which kind of signature a request came with. */
function signedBy(headers) {
  if (headers.has("signature-input")) return "rfc9421";
  return headers.has("signature") ? "cavage" : null;
}

/**
 * Watches what Fedify fetches and posts.
 *
 * Fedify asks WebFinger by https only. For an address of loopback the same request goes by http instead: the
 * one thing in which this peer differs from what its users run.
 */
export function watchFetch(origin) {
  const original = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const request = new Request(plain(input), init);
    const body = request.method === "POST" ? await request.clone().text() : null;
    const response = await original(request);
    const type = response.headers.get("content-type");
    const isOwn = request.url.startsWith(origin);
    if (body != null) {
      const answer = await response.clone().text();
      keep({
        direction: "out",
        method: "POST",
        url: request.url,
        status: response.status,
        type: request.headers.get("content-type"),
        signedBy: signedBy(request.headers),
        headers: [...request.headers],
        body,
        answer: answer.slice(0, 2000),
      });
    } else if (!isOwn && JSON_TYPE.test(type ?? "")) {
      keep({
        direction: "fetched",
        method: request.method,
        url: request.url,
        status: response.status,
        type,
        signedBy: signedBy(request.headers),
        body: await response.clone().text(),
      });
    }
    return response;
  };
}

function plain(input) {
  const url = input instanceof Request ? input.url : String(input);
  const https = /^https:\/\/(127\.0\.0\.1|localhost)(:\d+)?\/\.well-known\/webfinger\?/;
  if (!https.test(url)) return input;
  const http = url.replace(/^https:/, "http:");
  return input instanceof Request ? new Request(http, input) : http;
}

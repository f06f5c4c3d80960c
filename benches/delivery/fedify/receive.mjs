// Fedify receives: an inbox with one listener, for the bench of inboxes. Whom it knows comes as one line of JSON. It says
// what it is and its port; then answers `settled N` with what it has handled, and ends when its standard input closes.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { createFederation, MemoryKvStore } from "@fedify/fedify";
import { Create, Delete } from "@fedify/vocab";
import { getDocumentLoader } from "@fedify/vocab-runtime";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const hear = async () => {
  const { value, done } = await lines.next();
  if (done) process.exit(0);
  return value;
};
const about = JSON.parse(await hear());
const people = new Map(about.people.map((person) => [person.id, person]));

const seen = new Set();
const report = { handled: 0, twice: 0, asked: 0 };

/** Everybody who is known, without a request; nobody else. */
async function load(url) {
  const document = people.get(url.split("#")[0]);
  if (document == null) {
    report.asked += 1;
    throw new Error(`${url} cannot be had`);
  }
  return { document, documentUrl: url, contextUrl: null };
}

const federation = createFederation({
  kv: new MemoryKvStore(),
  origin: about.base,
  documentLoaderFactory: () => load,
  authenticatedDocumentLoaderFactory: () => load,
  // It brings the usual contexts along.
  contextLoaderFactory: () => getDocumentLoader(),
});
federation.setActorDispatcher("/users/{identifier}", () => null);
federation
  .setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .on(Create, (_ctx, create) => {
    const id = create.id.href;
    if (seen.has(id)) {
      report.twice += 1;
      return;
    }
    seen.add(id);
    report.handled += 1;
  })
  .on(Delete, () => {});

const server = createServer(async (incoming, outgoing) => {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const request = new Request(`${about.base}${incoming.url}`, {
    method: incoming.method,
    headers: incoming.headers,
    body: Buffer.concat(chunks),
  });
  const response = await federation.fetch(request, { contextData: undefined });
  const body = Buffer.from(await response.arrayBuffer());
  outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), "content-length": body.length });
  outgoing.end(body);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const { version } = JSON.parse(await readFile(new URL("node_modules/@fedify/fedify/package.json", import.meta.url)));
console.log(`Fedify ${version} on node ${process.versions.node}`);
console.log(server.address().port);
for (;;) {
  await hear();
  console.log(JSON.stringify(report));
}

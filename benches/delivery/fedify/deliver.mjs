// Fedify delivers one activity to all inboxes: `sendActivity` through its queue in SQLite, so many at once. What and where
// comes as one line of JSON. It says `ready`, begins when it hears `go`, and ends when its standard input closes.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { createFederation, MemoryKvStore, ParallelMessageQueue } from "@fedify/fedify";
import { SqliteMessageQueue } from "@fedify/sqlite";
import { Create, Note, Person, PUBLIC_COLLECTION } from "@fedify/vocab";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const hear = async () => {
  const { value, done } = await lines.next();
  if (done) process.exit(0);
  return value;
};
const about = JSON.parse(await hear());

const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const der = Buffer.from(about.pem.replaceAll(/-----.*-----/g, ""), "base64");
const privateKey = await crypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]);
const { kty, n, e } = await crypto.subtle.exportKey("jwk", privateKey);
const publicKey = await crypto.subtle.importKey("jwk", { kty, n, e }, algorithm, true, ["verify"]);

const database = new DatabaseSync(about.file);
const federation = createFederation({
  kv: new MemoryKvStore(),
  queue: new ParallelMessageQueue(new SqliteMessageQueue(database), about.inFlight),
  origin: "https://social.example",
  allowPrivateAddress: true,
});
federation
  .setActorDispatcher("/users/{identifier}", async (ctx, identifier) => {
    const [pair] = await ctx.getActorKeyPairs(identifier);
    return new Person({ id: ctx.getActorUri(identifier), publicKey: pair.cryptographicKey });
  })
  .setKeyPairsDispatcher(() => [{ privateKey, publicKey }]);
federation.setInboxListeners("/users/{identifier}/inbox", "/inbox");

const stop = new AbortController();
federation.startQueue(undefined, { signal: stop.signal }).catch(() => {});
const { version } = JSON.parse(await readFile(new URL("node_modules/@fedify/fedify/package.json", import.meta.url)));
console.log(`Fedify ${version} on node ${process.versions.node}`);
const { synchronous } = database.prepare("PRAGMA synchronous").get();
if (synchronous !== 2) throw new Error(`synchronous is ${synchronous}`);
console.log("ready");

await hear();
const actor = new URL(about.actor);
const note = new Note({ id: new URL(about.note), attribution: actor, content: about.content, to: PUBLIC_COLLECTION });
const create = new Create({ id: new URL(about.id), actor, object: note, to: PUBLIC_COLLECTION });
const recipients = about.inboxes.map((inbox) => ({ id: new URL(`${inbox}#actor`), inboxId: new URL(inbox) }));
const ctx = federation.createContext(new URL("https://social.example/"), undefined);
await ctx.sendActivity({ identifier: "alice" }, recipients, create);

await hear();
stop.abort();
console.log("done");
await hear();

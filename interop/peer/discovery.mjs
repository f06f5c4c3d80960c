// One actor on Fedify, to be asked for over and over: benches/discovery measures how fast it answers. What to say of
// the actor comes as one line of JSON; one line goes, with the port. It ends when its standard input closes.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { createFederation, generateCryptoKeyPair, MemoryKvStore } from "@fedify/fedify";
import { Endpoints, Image, Person, PropertyValue } from "@fedify/vocab";
import { Temporal } from "@js-temporal/polyfill";
import { listen } from "./wire.mjs";

const input = createInterface({ input: process.stdin });
const about = JSON.parse(await new Promise((resolve) => input.once("line", resolve)));

const federation = createFederation({ kv: new MemoryKvStore(), origin: about.base });
const keys = [await generateCryptoKeyPair("RSASSA-PKCS1-v1_5")];

federation
  .setActorDispatcher("/users/{identifier}", async (ctx, identifier) => {
    if (identifier !== about.username) return null;
    const [pair] = await ctx.getActorKeyPairs(identifier);
    return new Person({
      id: ctx.getActorUri(identifier),
      preferredUsername: identifier,
      name: about.name,
      summary: about.summary,
      url: new URL(about.url),
      inbox: ctx.getInboxUri(identifier),
      outbox: ctx.getOutboxUri(identifier),
      followers: ctx.getFollowersUri(identifier),
      following: ctx.getFollowingUri(identifier),
      featured: ctx.getFeaturedUri(identifier),
      manuallyApprovesFollowers: false,
      discoverable: true,
      indexable: true,
      endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
      publicKey: pair.cryptographicKey,
      attachments: about.fields.map(([name, value]) => new PropertyValue({ name, value })),
      icon: new Image({ mediaType: "image/png", url: new URL(about.icon) }),
      image: new Image({ mediaType: "image/png", url: new URL(about.image) }),
      published: Temporal.Instant.from(about.published),
    });
  })
  .setKeyPairsDispatcher((_ctx, identifier) => (identifier === about.username ? keys : []));
federation.setInboxListeners("/users/{identifier}/inbox", "/inbox");
federation.setOutboxDispatcher("/users/{identifier}/outbox", () => ({ items: [] }));
federation.setFollowersDispatcher("/users/{identifier}/followers", () => ({ items: [] }));
federation.setFollowingDispatcher("/users/{identifier}/following", () => ({ items: [] }));
federation.setFeaturedDispatcher("/users/{identifier}/collections/featured", () => ({ items: [] }));

const server = createServer(async (incoming, outgoing) => {
  const request = new Request(`${about.base}${incoming.url}`, { headers: incoming.headers });
  const response = await federation.fetch(request, { contextData: undefined });
  const body = Buffer.from(await response.arrayBuffer());
  outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), "content-length": body.length });
  outgoing.end(body);
});
const port = await listen(server);

input.on("close", () => process.exit(0));
const { version } = JSON.parse(await readFile(new URL("node_modules/@fedify/fedify/package.json", import.meta.url)));
console.log(JSON.stringify({ port, software: `Fedify ${version} on node ${process.versions.node}` }));

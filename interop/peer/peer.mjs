// Somebody on Fedify, and the account to which they move: a peer that others wrote, for interop runs.
//
// Prints one line of JSON with its ports, is driven through a control API on a second port (control.mjs), and
// ends when its standard input closes. Everything is in memory. Fedify verifies every signature; private
// addresses are allowed, because all of this happens on loopback.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { generateCryptoKeyPair, createFederation, MemoryKvStore } from "@fedify/fedify";
import {
  Accept, Activity, Announce, Block, Create, Delete, Endpoints, Follow, Like, Move, Note, Person, PUBLIC_COLLECTION, Reject,
  Undo, Update,
} from "@fedify/vocab";
import { configure, getStreamSink } from "@logtape/logtape";
import { Writable } from "node:stream";
import { commands, control } from "./control.mjs";
import { crossed, listen, serve, watchFetch } from "./wire.mjs";

const { values: options } = parseArgs({
  options: {
    name: { type: "string", default: "fedi" },
    "first-knock": { type: "string", default: "rfc9421" },
    log: { type: "boolean", default: false },
  },
});

if (options.log) {
  await configure({
    sinks: { stderr: getStreamSink(Writable.toWeb(process.stderr)) },
    loggers: [{ category: "fedify", sinks: ["stderr"], lowestLevel: "debug" }],
  });
}

const identifier = options.name;
/** Where it moves to. */
const elsewhere = `${identifier}-elsewhere`;
// The port is part of every id, so it has to be known before the first one.
const server = createServer();
const origin = `http://127.0.0.1:${await listen(server)}`;

const state = {
  /** What was verified and handled: {type, id, actor, object, inner, content, inReplyTo}. */
  received: [],
  /** Followers by actor id. */
  followers: new Map(),
  /** Whom we follow, by actor id: "pending", "accepted" or "rejected". */
  following: new Map(),
  /** Who follows the account to which we move, by actor id. */
  followedElsewhere: new Set(),
  /** Whither we moved. */
  movedTo: null,
  /** The Follow of each follower, by actor id. */
  requests: new Map(),
  /** Who blocks us, by actor id. */
  blockedBy: new Set(),
  /** What we call ourselves. */
  name: `${options.name} on Fedify`,
  /** Our notes by id: {note, recipient, deleted}. */
  notes: new Map(),
  /** Errors of listeners. */
  errors: [],
};

watchFetch(origin);

const federation = createFederation({
  kv: new MemoryKvStore(),
  origin,
  allowPrivateAddress: true,
  skipSignatureVerification: false,
  firstKnock: options["first-knock"],
  userAgent: { software: "interop-peer/0.0.0", url: `${origin}/` },
});

const keys = [await generateCryptoKeyPair("RSASSA-PKCS1-v1_5"), await generateCryptoKeyPair("Ed25519")];

federation
  .setActorDispatcher("/users/{identifier}", async (ctx, id) => {
    if (id !== identifier && id !== elsewhere) return null;
    return person(ctx, id, await ctx.getActorKeyPairs(id));
  })
  .setKeyPairsDispatcher((_ctx, id) => (id === identifier || id === elsewhere ? keys : []));

function person(ctx, id, pairs) {
  return new Person({
    id: ctx.getActorUri(id),
    preferredUsername: id,
    name: id === elsewhere ? "elsewhere" : state.name,
    aliases: id === elsewhere ? [ctx.getActorUri(identifier)] : [],
    successor: id === elsewhere ? null : state.movedTo,
    summary: "<p>A peer for interop runs.</p>",
    url: ctx.getActorUri(id),
    inbox: ctx.getInboxUri(id),
    outbox: ctx.getOutboxUri(id),
    followers: ctx.getFollowersUri(id),
    following: ctx.getFollowingUri(id),
    endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
    manuallyApprovesFollowers: false,
    publicKey: pairs[0].cryptographicKey,
    assertionMethods: pairs.map((pair) => pair.multikey),
  });
}

federation.setObjectDispatcher(Note, "/notes/{id}", (ctx, { id }) => {
  const entry = state.notes.get(ctx.getObjectUri(Note, { id }).href);
  return entry == null || entry.deleted ? null : entry.note;
});

federation
  .setFollowersDispatcher("/users/{identifier}/followers", (_ctx, id) => ({
    items: id === identifier ? [...state.followers.values()] : [],
  }))
  .setCounter((_ctx, id) => (id === identifier ? state.followers.size : state.followedElsewhere.size));

federation
  .setFollowingDispatcher("/users/{identifier}/following", () => ({
    items: [...state.following].filter(([, s]) => s === "accepted").map(([id]) => new URL(id)),
  }))
  .setCounter(() => state.following.size);

federation
  .setOutboxDispatcher("/users/{identifier}/outbox", (ctx, id) => ({
    items: [...state.notes.values()].filter((entry) => !entry.deleted).map(({ note }) =>
      new Create({
        id: new URL(`${note.id.href}#create`),
        actor: ctx.getActorUri(id),
        object: note,
        to: PUBLIC_COLLECTION,
      })
    ),
  }))
  .setCounter(() => state.notes.size);

federation.setNodeInfoDispatcher("/nodeinfo/2.1", () => ({
  software: { name: "interop-peer", version: "0.0.0" },
  protocols: ["activitypub"],
  usage: { users: { total: 1 }, localPosts: state.notes.size, localComments: 0 },
}));

/** Notes what a listener was given. Listeners run only after Fedify has verified who sent it. */
async function record(ctx, activity) {
  // An Accept embeds the Follow of another origin. It is believed as far as the handlers below check it: by ids.
  const inner = await activity.getObject({ ...ctx, crossOrigin: "trust" }).catch(() => null);
  state.received.push({
    type: activity.constructor.name,
    id: activity.id?.href ?? null,
    actor: activity.actorId?.href ?? null,
    object: activity.objectId?.href ?? (inner instanceof Activity ? inner.objectId?.href : null) ?? null,
    inner: inner == null ? null : inner.constructor.name,
    innerObject: inner instanceof Activity ? inner.objectId?.href ?? null : null,
    name: inner?.name?.toString() ?? null,
    content: inner?.content?.toString() ?? null,
    inReplyTo: inner?.replyTargetId?.href ?? null,
  });
  return inner;
}

federation
  .setInboxListeners("/users/{identifier}/inbox", "/inbox")
  .setSharedKeyDispatcher(() => ({ identifier }))
  .on(Follow, async (ctx, follow) => {
    await record(ctx, follow);
    const whom = ctx.parseUri(follow.objectId)?.identifier;
    const follower = await follow.getActor(ctx);
    if (follower?.id == null || follower.inboxId == null) return;
    if (whom === elsewhere) {
      state.followedElsewhere.add(follower.id.href);
      const id = new URL(`#accepts/${crypto.randomUUID()}`, follow.objectId);
      const accept = new Accept({ id, actor: follow.objectId, object: follow });
      return await ctx.sendActivity({ identifier: elsewhere }, follower, accept);
    }
    if (whom !== identifier) return;
    state.followers.set(follower.id.href, {
      id: follower.id,
      inboxId: follower.inboxId,
      endpoints: follower.endpoints,
    });
    state.requests.set(follower.id.href, { follow, follower });
    const accept = new Accept({
      id: new URL(`#accepts/${crypto.randomUUID()}`, ctx.getActorUri(identifier)),
      actor: follow.objectId,
      object: follow,
    });
    await ctx.sendActivity({ identifier }, follower, accept);
  })
  .on(Accept, async (ctx, accept) => {
    const follow = await record(ctx, accept);
    // Only whom we asked can accept.
    if (follow instanceof Follow && follow.actorId?.href === ctx.getActorUri(identifier).href
      && follow.objectId?.href === accept.actorId?.href && state.following.has(accept.actorId.href)) {
      state.following.set(accept.actorId.href, "accepted");
    }
  })
  .on(Reject, async (ctx, reject) => {
    await record(ctx, reject);
    if (state.following.has(reject.actorId?.href)) state.following.set(reject.actorId.href, "rejected");
  })
  .on(Block, async (ctx, block) => {
    await record(ctx, block);
    if (ctx.parseUri(block.objectId)?.identifier !== identifier) return;
    state.blockedBy.add(block.actorId.href);
    state.followers.delete(block.actorId.href);
    state.following.delete(block.actorId.href);
  })
  .on(Move, async (ctx, move) => {
    await record(ctx, move);
    if (move.objectId?.href !== move.actorId?.href || move.targetId == null) return;
    await verbs.followOn({ from: move.actorId.href, to: move.targetId.href });
  })
  .on(Create, record)
  .on(Update, record)
  .on(Delete, record)
  .on(Like, record)
  .on(Announce, record)
  .on(Undo, async (ctx, undo) => {
    const inner = await record(ctx, undo);
    if (inner instanceof Follow && inner.actorId?.href === undo.actorId?.href) {
      state.followers.delete(undo.actorId.href);
    }
    if (inner instanceof Block && inner.actorId?.href === undo.actorId?.href) {
      state.blockedBy.delete(undo.actorId.href);
    }
  })
  .onError((_ctx, error) => {
    state.errors.push(String(error?.stack ?? error));
  });

server.on("request", serve((request) => federation.fetch(request, { contextData: undefined })));

const controlServer = createServer();
const controlPort = await listen(controlServer);
const context = () => federation.createContext(new URL(origin), undefined);
const verbs = commands({ context, identifier, elsewhere, state, crossed, person });
controlServer.on("request", control(verbs));

process.stdin.resume();
for (const event of ["end", "close"]) process.stdin.on(event, () => process.exit(0));
const { version } = JSON.parse(await readFile(new URL("node_modules/@fedify/fedify/package.json", import.meta.url)));
console.log(JSON.stringify({
  software: `Fedify ${version} on node ${process.versions.node}`,
  base: origin,
  control: `http://127.0.0.1:${controlPort}`,
  handle: `@${identifier}@${new URL(origin).host}`,
  actor: context().getActorUri(identifier).href,
}));

// What the driver can have the peer do and ask it: POST /control/VERB with a JSON object, JSON back.
import { Temporal } from "@js-temporal/polyfill";
import { Announce, Block, Create, Delete, Follow, Like, Mention, Move, Note, PUBLIC_COLLECTION, Reject, Tombstone, Undo, Update, isActor } from "@fedify/vocab";
import { readBody } from "./wire.mjs";

class Refused extends Error {}

/** A listener for node's http server. */
export function control(verbs) {
  return async (incoming, outgoing) => {
    const answer = (status, value) => {
      outgoing.writeHead(status, { "content-type": "application/json" });
      outgoing.end(JSON.stringify(value));
    };
    try {
      const verb = verbs[incoming.url.replace(/^\/control\//, "")];
      if (verb == null || incoming.method !== "POST") return answer(404, { error: "no such verb" });
      const body = (await readBody(incoming)).toString("utf8");
      answer(200, (await verb(body === "" ? {} : JSON.parse(body))) ?? {});
    } catch (error) {
      answer(error instanceof Refused ? 422 : 500, { error: String(error?.stack ?? error) });
    }
  };
}

/** What the peer can do. */
export function commands({ context, identifier, elsewhere, state, crossed, person }) {
  const ctx = context();
  const self = ctx.getActorUri(identifier);
  const fresh = (kind) => new URL(`#${kind}/${crypto.randomUUID()}`, self);
  /** Activities that may be undone, by what they are about. */
  const done = { Follow: new Map(), Like: new Map(), Announce: new Map(), Block: new Map() };

  async function find(idOrHandle) {
    const loader = await ctx.getDocumentLoader({ identifier });
    const object = await ctx.lookupObject(idOrHandle, { documentLoader: loader });
    if (object == null) throw new Refused(`${idOrHandle} was not found`);
    return object;
  }
  async function findActor(idOrHandle) {
    const actor = await find(idOrHandle);
    if (!isActor(actor)) throw new Refused(`${idOrHandle} is no actor`);
    return actor;
  }
  async function findAuthor(object) {
    const author = await object.getAttribution(ctx);
    if (author?.id == null) throw new Refused(`${object.id?.href} has no author`);
    return author;
  }
  const toOne = (recipient, activity) => ctx.sendActivity({ identifier }, recipient, activity);
  const toFollowers = (activity) =>
    ctx.sendActivity({ identifier }, "followers", activity, { preferSharedInbox: true });
  /** To the followers and to one more, who may be none of them. */
  async function publish(activity, recipient) {
    await toFollowers(activity);
    if (recipient != null && !state.followers.has(recipient.id.href)) await toOne(recipient, activity);
  }
  const audience = { to: PUBLIC_COLLECTION, cc: ctx.getFollowersUri(identifier) };

  async function undo(type, key) {
    const entry = done[type].get(key);
    if (entry == null) throw new Refused(`no ${type} of ${key} to undo`);
    done[type].delete(key);
    const activity = new Undo({ id: fresh("undo"), actor: self, object: entry.activity, ...entry.addressing });
    await (entry.isPublic ? publish(activity, entry.recipient) : toOne(entry.recipient, activity));
    return { id: activity.id.href };
  }

  return {
    async lookup({ handle }) {
      const object = await find(handle);
      return {
        id: object.id?.href ?? null,
        type: object.constructor.name,
        name: object.name?.toString() ?? null,
        username: object.preferredUsername?.toString() ?? null,
        inbox: object.inboxId?.href ?? null,
        sharedInbox: object.endpoints?.sharedInbox?.href ?? null,
        content: object.content?.toString() ?? null,
        author: object.attributionId?.href ?? null,
        inReplyTo: object.replyTargetId?.href ?? null,
      };
    },
    async follow({ actor }) {
      const recipient = await findActor(actor);
      const activity = new Follow({ id: fresh("follow"), actor: self, object: recipient.id });
      state.following.set(recipient.id.href, "pending");
      done.Follow.set(recipient.id.href, { activity, recipient });
      await toOne(recipient, activity);
      return { id: activity.id.href, actor: recipient.id.href };
    },
    async unfollow({ actor }) {
      const recipient = await findActor(actor);
      state.following.delete(recipient.id.href);
      return await undo("Follow", recipient.id.href);
    },
    async post({ content, inReplyTo }) {
      const parent = inReplyTo == null ? null : await find(inReplyTo);
      const recipient = parent == null ? null : await findAuthor(parent);
      const cc = [ctx.getFollowersUri(identifier), ...(recipient == null ? [] : [recipient.id])];
      const note = new Note({
        id: ctx.getObjectUri(Note, { id: crypto.randomUUID() }),
        attribution: self,
        content: `<p>${content}</p>`,
        mediaType: "text/html",
        replyTarget: parent?.id ?? null,
        tags: recipient == null ? [] : [
          new Mention({ href: recipient.id, name: `@${recipient.preferredUsername}@${recipient.id.host}` }),
        ],
        published: Temporal.Now.instant(),
        to: PUBLIC_COLLECTION,
        ccs: cc,
      });
      state.notes.set(note.id.href, { note, recipient, deleted: false });
      await publish(
        new Create({ id: new URL("#create", note.id), actor: self, object: note, published: note.published, to: PUBLIC_COLLECTION, ccs: cc }),
        recipient,
      );
      return { id: note.id.href };
    },
    async update({ id, content }) {
      const entry = state.notes.get(id);
      if (entry == null) throw new Refused(`${id} is none of our notes`);
      entry.note = entry.note.clone({ content: `<p>${content}</p>`, updated: Temporal.Now.instant() });
      await publish(new Update({ id: new URL(`#update/${crypto.randomUUID()}`, id), actor: self, object: entry.note, ...audience }), entry.recipient);
      return { id };
    },
    async delete({ id }) {
      const entry = state.notes.get(id);
      if (entry == null) throw new Refused(`${id} is none of our notes`);
      entry.deleted = true;
      const activity = new Delete({ id: new URL("#delete", id), actor: self, object: new Tombstone({ id: new URL(id) }), ...audience });
      await publish(activity, entry.recipient);
      return { id };
    },
    async like({ object }) {
      const target = await find(object);
      const recipient = await findAuthor(target);
      const activity = new Like({ id: fresh("like"), actor: self, object: target.id });
      done.Like.set(target.id.href, { activity, recipient });
      await toOne(recipient, activity);
      return { id: activity.id.href };
    },
    unlike: ({ object }) => undo("Like", object),
    async announce({ object }) {
      const target = await find(object);
      const recipient = await findAuthor(target);
      const addressing = { to: PUBLIC_COLLECTION, ccs: [ctx.getFollowersUri(identifier), recipient.id] };
      const activity = new Announce({ id: fresh("announce"), actor: self, object: target.id, published: Temporal.Now.instant(), ...addressing });
      done.Announce.set(target.id.href, { activity, recipient, addressing, isPublic: true });
      await publish(activity, recipient);
      return { id: activity.id.href };
    },
    unannounce: ({ object }) => undo("Announce", object),
    async rename({ name }) {
      state.name = name;
      const object = person(ctx, identifier, await ctx.getActorKeyPairs(identifier));
      await toFollowers(new Update({ id: fresh("update"), actor: self, object, to: PUBLIC_COLLECTION }));
    },
    async reject({ actor }) {
      const request = state.requests.get(actor);
      if (request == null) throw new Refused(`${actor} does not follow`);
      state.followers.delete(actor);
      await toOne(request.follower, new Reject({ id: fresh("reject"), actor: self, object: request.follow }));
    },
    async block({ actor }) {
      const recipient = await findActor(actor);
      const activity = new Block({ id: fresh("block"), actor: self, object: recipient.id });
      done.Block.set(recipient.id.href, { activity, recipient });
      state.followers.delete(recipient.id.href);
      state.following.delete(recipient.id.href);
      await toOne(recipient, activity);
    },
    unblock: ({ actor }) => undo("Block", actor),
    async move() {
      state.movedTo = ctx.getActorUri(elsewhere);
      await toFollowers(new Move({
        id: fresh("move"), actor: self, object: self, target: state.movedTo, to: ctx.getFollowersUri(identifier),
      }));
      return { id: state.movedTo.href };
    },
    /** Somebody moved: whom we followed there we follow on, if the new account names the old one. */
    async followOn({ from, to }) {
      const target = await findActor(to);
      if (!state.following.has(from) || !target.aliasIds.some((alias) => alias.href === from)) return {};
      await this.follow({ actor: target.id.href });
      return await this.unfollow({ actor: from });
    },
    /** What was verified and handled so far. */
    received: () => ({ received: state.received, errors: state.errors }),
    state: () => ({
      followers: [...state.followers.keys()],
      followedElsewhere: [...state.followedElsewhere],
      following: Object.fromEntries(state.following),
      notes: [...state.notes.keys()],
      blockedBy: [...state.blockedBy],
    }),
    /** All that crossed: requests, answers, documents. */
    crossed: () => ({ crossed }),
  };
}

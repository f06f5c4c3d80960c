"""One actor on apkit: a peer that others wrote, for interop runs.

Prints one line of JSON with its ports, is driven by POST /control/VERB on a second port (the verbs are those of
../peer/control.mjs), and ends when its standard input closes. Everything is in memory. apkit verifies every
signature, reads every activity and writes and signs what is sent; the handlers only write down what they are given.
WebFinger requests to loopback go by http, because apkit asks by https only, and no context is fetched for Linked Data
Signatures: in these two things this peer differs from what its users run.
"""

import argparse
import asyncio
import json
import logging
import socket
import sys
import uuid
import warnings
from datetime import datetime, timezone
from importlib.metadata import version

import apmodel
import uvicorn
from apkit.client import _common
from apkit.client.asyncio.client import ActivityPubClient
from apkit.config import AppConfig
from apkit.server.app import ActivityPubServer
from apkit.types import ActorKey
from apmodel._core._jsonjd.loader import create_document_loader
from apmodel.vocab import activity as kinds
from apsig import LDSignature, ProofVerifier
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pyld import jsonld

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
CONTEXT = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"]
ALIASES = {name: {"@id": f"as:{name}", "@type": "@id"} for name in ("alsoKnownAs", "movedTo")}
ACTIVITY_JSON = "application/activity+json"

options = argparse.ArgumentParser()
options.add_argument("--name", default="apkit")
options.add_argument("--log", action="store_true")
options = options.parse_args()

# apkit logs to the standard output, on which the first line is ours.
logging.disable(logging.CRITICAL)
if not options.log:
    warnings.simplefilter("ignore")
if options.log:
    logging.disable(logging.NOTSET)
    for name in ("activitypub.server.inbox", "activitypub.server.inbox.helper"):
        logging.getLogger(name).handlers = [logging.StreamHandler(sys.stderr)]
        logging.getLogger(name).setLevel(logging.DEBUG)


def listen():
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(128)
    return sock


# The port is part of every id, so it has to be known before the first one.
server_socket, control_socket = listen(), listen()
host = f"127.0.0.1:{server_socket.getsockname()[1]}"
origin = f"http://{host}"
me = f"{origin}/users/{options.name}"
followers_of_me = f"{me}/followers"

private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
public_pem = private_key.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
).decode()
keys = [ActorKey(key_id=f"{me}#main-key", private_key=private_key)]
# Where it moves to.
elsewhere = f"{me}-elsewhere"
keys_elsewhere = [ActorKey(key_id=f"{elsewhere}#main-key", private_key=private_key)]

crossed = []
received = []
errors = []
followers = {}  # inboxes, by the follower's id
requests = {}  # the Follow of each of them
following = {}  # "pending", "accepted" or "rejected", by id
notes = {}  # our notes, by id; None where they were deleted
recipients = {}  # the inbox of whom a note answers, by the note's id
done = {}  # what may be undone, by type and object
profile = {"name": f"{options.name} on apkit"}
blocked_by = set()
followed_elsewhere = set()

_webfinger_url = _common.build_webfinger_url
_common.build_webfinger_url = lambda host, resource: _webfinger_url(host, resource).replace("https://127.0.0.1", "http://127.0.0.1")


# apsig has the context of Linked Data Signatures from another address than apkit ships it under.
_load = create_document_loader()
_old_security = "https://w3c-ccg.github.io/security-vocab/contexts/security-v1.jsonld"
jsonld.set_document_loader(lambda url, options: _load(CONTEXT[1] if url == _old_security else url, options))


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def fresh(kind):
    return f"{me}#{kind}/{uuid.uuid4()}"


# What others ask and post


async def actor_keys(_identifier):
    return keys


app = ActivityPubServer(apkit_config=AppConfig(actor_keys=actor_keys))
app.inbox("/users/{identifier}/inbox", "/inbox")


def document(value, status=200):
    return JSONResponse(value, status_code=status, media_type=ACTIVITY_JSON)


@app.webfinger
async def webfinger(_request, resource):
    if resource.username not in (options.name, f"{options.name}-elsewhere") or resource.host != host:
        return Response(status_code=404)
    link = {"rel": "self", "type": ACTIVITY_JSON, "href": f"{origin}/users/{resource.username}"}
    return JSONResponse({"subject": str(resource), "links": [link]}, media_type="application/jrd+json")


def person(id):
    return {
        "id": id, "type": "Person", "preferredUsername": id.rsplit("/", 1)[1], "url": id, "inbox": f"{id}/inbox",
        "outbox": f"{id}/outbox", "followers": f"{id}/followers", "following": f"{id}/following",
        "endpoints": {"sharedInbox": f"{origin}/inbox"}, "manuallyApprovesFollowers": False,
        "publicKey": {"id": f"{id}#main-key", "owner": id, "publicKeyPem": public_pem},
        **(profile if id == me else {"name": "elsewhere", "alsoKnownAs": [me]}),
    }


@app.get("/users/{identifier}")
async def actor(identifier: str):
    id = f"{origin}/users/{identifier}"
    if id not in (me, elsewhere):
        return Response(status_code=404)
    return document({"@context": [*CONTEXT, ALIASES], **person(id)})


@app.get("/users/{identifier}/{collection}")
async def collection(identifier: str, collection: str):
    items = {
        "followers": list(followers),
        "following": [id for id, state in following.items() if state == "accepted"],
        "outbox": [create(note) for note in notes.values() if note],
    }.get(collection)
    if identifier != options.name or items is None:
        return Response(status_code=404)
    return document({
        "@context": CONTEXT[0], "id": f"{me}/{collection}", "type": "OrderedCollection",
        "totalItems": len(items), "orderedItems": items,
    })


@app.get("/notes/{id}")
async def note(id: str):
    note = notes.get(f"{origin}/notes/{id}")
    return document({"@context": CONTEXT[0], **note}) if note else Response(status_code=404)


def id_of(value):
    return value.get("id") if isinstance(value, dict) else value


async def record(ctx):
    """Runs only after apkit has verified who sent it, and has read it as the type that is written down."""
    activity = await ctx.request.json()
    inner = activity.get("object")
    embedded = inner if isinstance(inner, dict) else {}
    # Of what it takes back a peer on apkit says the id and the type.
    known = next((before for before in received if before["id"] == id_of(inner)), {})
    received.append({
        "type": type(ctx.activity).__name__, "id": activity.get("id"), "actor": id_of(activity.get("actor")),
        "object": id_of(inner), "inner": embedded.get("type"),
        "innerObject": id_of(embedded.get("object")) or known.get("object"), "name": embedded.get("name"),
        "content": embedded.get("content"), "inReplyTo": id_of(embedded.get("inReplyTo")),
    })
    return activity, embedded


async def handle(ctx):
    try:
        activity, embedded = await record(ctx)
        sender = id_of(activity.get("actor"))
        match activity["type"]:
            case "Follow" if id_of(activity["object"]) == me:
                followers[sender] = await inbox_of(sender)
                requests[sender] = activity
                await send({"type": "Accept", "id": fresh("accepts"), "actor": me, "object": activity}, [followers[sender]])
            case "Follow" if id_of(activity["object"]) == elsewhere:
                followed_elsewhere.add(sender)
                accept = {"type": "Accept", "id": fresh("accepts"), "actor": elsewhere, "object": activity}
                await send(accept, [await inbox_of(sender)], keys_elsewhere)
            # Whom we followed there we follow on, if the new account names the old one.
            case "Move" if id_of(activity["object"]) == sender and sender in following:
                target = id_of(activity["target"])
                if sender in (await fetch(target)).get("alsoKnownAs", []):
                    await verbs.follow(target)
                    await verbs.unfollow(sender)
            case "Block" if id_of(activity["object"]) == me:
                blocked_by.add(sender)
                followers.pop(sender, None)
                following.pop(sender, None)
            # Only whom we asked can answer.
            case "Accept" if sender in following:
                following[sender] = "accepted"
            case "Reject" if sender in following:
                following[sender] = "rejected"
            case "Undo" if embedded.get("type") == "Follow" and id_of(embedded.get("actor", sender)) == sender:
                followers.pop(sender, None)
            case "Undo" if embedded.get("type") == "Block" and id_of(embedded.get("actor", sender)) == sender:
                blocked_by.discard(sender)
    except Exception as error:
        errors.append(f"{type(error).__name__}: {error}")
        raise
    return Response(status_code=202)


for name in kinds.__all__:
    app.on(getattr(kinds, name), handle)


class Watched:
    """Keeps what is posted to the inboxes, and what is answered."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["method"] != "POST":
            return await self.app(scope, receive, send)
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]]
        names = dict(headers)
        entry = {
            "direction": "in", "method": "POST", "url": f"{origin}{scope['path']}", "status": 500,
            "type": names.get("content-type"), "signedBy": signed_by(names), "headers": headers,
            "body": body.decode(errors="replace"),
        }
        sent = False

        async def replay():
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def watch(message):
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
                crossed.append(entry)
            await send(message)

        await self.app(scope, replay, watch)


def signed_by(headers):
    if "signature-input" in headers:
        return "rfc9421"
    return "cavage" if "signature" in headers else None


# What we ask and post


async def fetch(url):
    async with ActivityPubClient() as client:
        async with client.get(url, headers={"Accept": ACTIVITY_JSON}) as answer:
            if not answer.ok:
                raise ValueError(f"{url} answered {answer.status}")
            return await answer.json(content_type=None)


async def inbox_of(actor):
    async with ActivityPubClient() as client:
        found = await client.actor.fetch(actor)
    return found.inbox


async def send(activity, inboxes, keys=keys):
    """Through apkit's own types: what it makes of an activity is what goes out. Of what is taken back, for example, the id and the
    type, and not whom and what it was about."""
    body = apmodel.to_dict(apmodel.load({"@context": CONTEXT[0], **activity}))
    statuses = []
    async with ActivityPubClient() as client:
        for inbox in dict.fromkeys(inboxes):
            posting = client.post(inbox, json=body, headers={"Content-Type": ACTIVITY_JSON}, signatures=keys, sign_with=["draft-cavage"])
            async with posting as answer:
                headers = {name.lower(): value for name, value in answer.request_info.headers.items()}
                crossed.append({
                    "direction": "out", "method": "POST", "url": inbox, "status": answer.status,
                    "type": headers.get("content-type"), "signedBy": signed_by(headers), "headers": list(headers.items()),
                    "body": json.dumps(body), "answer": (await answer.text())[:2000],
                })
                statuses.append(answer.status)
    return {"id": activity["id"], "statuses": statuses}


def create(note):
    return {
        "type": "Create", "id": f"{note['id']}#create", "actor": me, "object": note, "published": note["published"],
        "to": note["to"], "cc": note["cc"],
    }


async def publish(activity, recipient=None):
    return await send(activity, [*followers.values(), *([recipient] if recipient else [])])


async def undo(kind, object):
    activity, inboxes = done.pop((kind, object))
    return await send({"type": "Undo", "id": fresh("undo"), "actor": me, "object": activity}, inboxes)


async def author_inbox(note):
    return await inbox_of(id_of((await fetch(note))["attributedTo"]))


class Verbs:
    async def lookup(self, handle):
        username, host = handle.lstrip("@").split("@")
        async with ActivityPubClient() as client:
            found = await client.actor.resolve(username, host)
            link = next(link for link in found.links if link.rel == "self")
            actor = await client.actor.fetch(link.href)
        return {"id": actor.id, "username": actor.preferred_username}

    async def follow(self, actor):
        activity = {"type": "Follow", "id": fresh("follow"), "actor": me, "object": actor}
        inbox = await inbox_of(actor)
        following[actor] = "pending"
        done["Follow", actor] = (activity, [inbox])
        return await send(activity, [inbox])

    async def unfollow(self, actor):
        following.pop(actor, None)
        return await undo("Follow", actor)

    async def post(self, content, inReplyTo=None):
        parent = await fetch(inReplyTo) if inReplyTo else None
        author = id_of(parent["attributedTo"]) if parent else None
        note = {
            "type": "Note", "id": f"{origin}/notes/{uuid.uuid4()}", "attributedTo": me, "content": f"<p>{content}</p>",
            "published": now(), "to": [PUBLIC], "cc": [followers_of_me, *([author] if author else [])],
        }
        if author:
            note |= {"inReplyTo": inReplyTo, "tag": [{"type": "Mention", "href": author, "name": "@" + author}]}
            recipients[note["id"]] = await inbox_of(author)
        notes[note["id"]] = note
        await publish(create(note), recipients.get(note["id"]))
        return {"id": note["id"]}

    async def update(self, id, content):
        notes[id] = {**notes[id], "content": f"<p>{content}</p>", "updated": now()}
        audience = {"to": notes[id]["to"], "cc": notes[id]["cc"]}
        return await publish({"type": "Update", "id": f"{id}#update/{uuid.uuid4()}", "actor": me, "object": notes[id], **audience}, recipients.get(id))

    async def delete(self, id):
        audience = {"to": notes[id]["to"], "cc": notes[id]["cc"]}
        notes[id] = None
        return await publish({"type": "Delete", "id": f"{id}#delete", "actor": me, "object": {"type": "Tombstone", "id": id}, **audience}, recipients.get(id))

    async def like(self, object):
        activity = {"type": "Like", "id": fresh("like"), "actor": me, "object": object}
        done["Like", object] = (activity, [await author_inbox(object)])
        return await send(*done["Like", object])

    async def unlike(self, object):
        return await undo("Like", object)

    async def announce(self, object):
        activity = {
            "type": "Announce", "id": fresh("announce"), "actor": me, "object": object, "published": now(),
            "to": [PUBLIC], "cc": [followers_of_me],
        }
        done["Announce", object] = (activity, [*followers.values(), await author_inbox(object)])
        return await send(*done["Announce", object])

    async def unannounce(self, object):
        return await undo("Announce", object)

    async def rename(self, name):
        profile["name"] = name
        return await publish({"type": "Update", "id": fresh("update"), "actor": me, "object": person(me), "to": [PUBLIC]})

    async def reject(self, actor):
        inbox = followers.pop(actor)
        return await send({"type": "Reject", "id": fresh("reject"), "actor": me, "object": requests.pop(actor)}, [inbox])

    async def block(self, actor):
        activity = {"type": "Block", "id": fresh("block"), "actor": me, "object": actor}
        followers.pop(actor, None)
        following.pop(actor, None)
        done["Block", actor] = (activity, [await inbox_of(actor)])
        return await send(*done["Block", actor])

    async def unblock(self, actor):
        return await undo("Block", actor)

    async def move(self):
        profile["movedTo"] = elsewhere
        activity = {"type": "Move", "id": fresh("move"), "actor": me, "object": me, "target": elsewhere, "to": [followers_of_me]}
        await publish(activity)
        return {"id": elsewhere}

    async def send(self, type, object, inbox):
        """An activity of any type that apkit knows."""
        activity = {"type": type, "id": fresh(type.lower()), "actor": me, "object": object}
        if type in ("Add", "Remove"):
            activity |= {"object": next((id for id, note in notes.items() if note), me), "target": f"{me}/featured"}
        return await send(activity, [inbox])

    async def types(self):
        return {"types": list(kinds.__all__)}

    async def judge(self, document):
        """What apsig says of a document, by which apkit verifies, with the key that apkit's inbox does not find. As FEP-8b32 has it
        a proof is made without the signature that covers it."""
        async with ActivityPubClient() as client:
            actor = await client.actor.fetch(id_of(document["actor"]))
        said = {}
        if "signature" in document:
            key = actor.get_key(document["signature"]["creator"]).public_key
            said["signature"] = LDSignature().verify(document, key) is not None
        if "proof" in document:
            unsigned = {name: value for name, value in document.items() if name != "signature"}
            key = actor.get_key(document["proof"]["verificationMethod"]).public_key
            said["proof"] = ProofVerifier(key).verify(unsigned) is not None
        return said

    async def received(self):
        return {"received": received, "errors": errors}

    async def state(self):
        return {
            "followers": list(followers), "following": following, "notes": list(notes), "blockedBy": list(blocked_by),
            "followedElsewhere": list(followed_elsewhere),
        }

    async def crossed(self):
        return {"crossed": crossed}


verbs = Verbs()
control = FastAPI()


@control.post("/control/{verb}")
async def run(verb: str, request: Request):
    try:
        body = await request.body()
        arguments = {name: value for name, value in json.loads(body or b"{}").items() if value is not None}
        return JSONResponse(await getattr(verbs, verb)(**arguments))
    except Exception as error:
        return JSONResponse({"error": f"{type(error).__name__}: {error}"}, status_code=500)


async def main():
    settings = {"log_config": None, "lifespan": "off", "access_log": False}
    servers = [
        (uvicorn.Server(uvicorn.Config(Watched(app), **settings)), server_socket),
        (uvicorn.Server(uvicorn.Config(control, **settings)), control_socket),
    ]
    print(json.dumps({
        "software": f"apkit {version('apkit')} on Python {sys.version.split()[0]}", "base": origin,
        "control": f"http://127.0.0.1:{control_socket.getsockname()[1]}",
        "handle": f"@{options.name}@{host}", "actor": me,
        # Its types take an object for `inReplyTo`, and no id: such a Note is none, and what holds it is answered 400.
        "cannot": {"Create (reply)": "apkit reads no inReplyTo that is an id"},
        # Its inbox finds the key of no proof and of no Linked Data Signature: it has the key's document, and wants the key.
        "judges": True,
    }), flush=True)
    running = asyncio.gather(*(server.serve(sockets=[sock]) for server, sock in servers))
    await asyncio.to_thread(sys.stdin.buffer.read)
    for server, _ in servers:
        server.should_exit = True
    await running


app.setup()
asyncio.run(main())

// Fedify's own signRequest and verifyRequest on request: a line of JSON comes, a line of JSON goes. Nothing is
// fetched: the keys come with the first line. It ends when its standard input closes.
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { signRequest, verifyRequestDetailed } from "@fedify/fedify";
import { CryptographicKey } from "@fedify/vocab";
import { Temporal } from "@js-temporal/polyfill";

const keys = new Map();
let currentTime;

const der = (pem) => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");

async function start({ keys: given, now }) {
  currentTime = Temporal.Instant.fromEpochMilliseconds(now * 1000);
  for (const { id, private: secret, public: published, rsa } of given) {
    const algorithm = rsa ? { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } : { name: "Ed25519" };
    const publicKey = await crypto.subtle.importKey("spki", der(published), algorithm, true, ["verify"]);
    const key = new CryptographicKey({ id: new URL(id), owner: new URL("https://a.example/users/alice"), publicKey });
    keys.set(id, {
      privateKey: await crypto.subtle.importKey("pkcs8", der(secret), algorithm, true, ["sign"]),
      document: await key.toJsonLd(),
    });
  }
  const { version } = JSON.parse(await readFile(new URL("node_modules/@fedify/fedify/package.json", import.meta.url)));
  return { software: `Fedify ${version} on node ${process.versions.node}` };
}

/** Where Fedify looks a key up. */
async function documentLoader(url) {
  const key = keys.get(url);
  if (key == null) throw new Error(`nothing is fetched: ${url}`);
  return { contextUrl: null, documentUrl: url, document: key.document };
}

/** A key is parsed once, as a server does. */
const cached = new Map();
const keyCache = {
  get: async (id) => cached.get(id.href),
  set: async (id, key) => void cached.set(id.href, key),
};

function request({ method, url, headers, body }) {
  const all = new Headers();
  for (const [name, value] of headers) all.append(name, value);
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(url, { method, headers: all, body: hasBody ? Buffer.from(body, "base64") : undefined });
}

async function sign(question) {
  const { privateKey } = keys.get(question.key);
  const options = { spec: question.spec, currentTime };
  if (question.components.length > 0 || question.nonce != null) {
    const names = ["@method", "@target-uri", ...question.components];
    options.rfc9421 = { components: names.map((value) => ({ value, params: {} })), nonce: question.nonce ?? undefined };
  }
  const signed = await signRequest(request(question), privateKey, new URL(question.key), options);
  return { url: signed.url, headers: [...signed.headers] };
}

async function verify(question) {
  const { spec } = question;
  const result = await verifyRequestDetailed(request(question), { spec, documentLoader, keyCache, currentTime });
  return { verified: result.verified, reason: result.verified ? null : result.reason };
}

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  let answer;
  try {
    answer = question.keys != null
      ? await start(question)
      : await (question.operation === "sign" ? sign : verify)(question);
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

// What the tests have in common: the system that is running, and the services of clients.yaml in it.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const { NotifyClient } = require("notifications-node-client");

const ready = JSON.parse(fs.readFileSync(process.env.NOTIFY_READY_FILE, "utf8"));
const baseUrl = ready.base_url;
const nowhere = "7b4f3a04-0000-4000-8000-000000000000";
const values = { name: "Jo", day: "Monday", colour: "blue" };

const serviceOf = (name = "Clients") => ready.world.services[name];
const keyOf = (key = "live", service = "Clients") => serviceOf(service).api_keys[key].api_key;
const templateOf = (name = "Bin day", service = "Clients") => serviceOf(service).templates[name].id;
const clientFor = (key, service) => new NotifyClient(baseUrl, keyOf(key, service));
const idsOf = (messages) => messages.map((message) => message.id);

// Return what users of the client look at after a refusal.
async function refused(promise) {
  const error = await promise.then(
    (answer) => assert.fail(`should be refused, and is answered with ${answer.status ?? answer}`),
    (reason) => reason,
  );
  assert.ok(error.response, `should be refused by the API, and not like this: ${error.stack ?? error}`);
  assert.equal(error.response.status, error.response.data.status_code);
  return [error.response.data.status_code, error.response.data.errors];
}

const badRequest = (message, error = "BadRequestError") => [400, [{ error, message }]];
const notFound = [404, [{ error: "NoResultFound", message: "No result found" }]];

// Return a message as it is read back once it has come to this status.
async function followed(client, id, status = "delivered") {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const { data } = await client.getNotificationById(id);
    if (data.status === status) return data;
    assert.ok(Date.now() < deadline, `${id} should become ${status}, and is ${data.status}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// Return what a provider's simulator was given.
async function handedOver(provider, query) {
  const answer = await fetch(`${ready.simulators[provider]}/_simulator/messages?${new URLSearchParams(query)}`);
  return (await answer.json()).messages.map((message) => message.content);
}

module.exports = {
  NotifyClient,
  badRequest,
  baseUrl,
  clientFor,
  followed,
  handedOver,
  idsOf,
  keyOf,
  notFound,
  nowhere,
  refused,
  serviceOf,
  templateOf,
  values,
};

"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { badRequest, baseUrl, clientFor, idsOf, nowhere, refused, serviceOf } = require("./world");

test("received texts are shown as they came", async () => {
  const { received_text_messages: texts, links } = (await clientFor().getReceivedTexts()).data;
  const said = texts.map((text) => `${text.user_number}: ${text.content}`).sort();
  assert.deepEqual(said, [
    "447700900204: Thank you",
    "447700900204: Which bin is it?",
    "447700900205: The blue one – merci 🗑",
  ]);
  for (const text of texts) {
    assert.deepEqual(text, {
      id: text.id,
      content: text.content,
      created_at: text.created_at,
      notify_number: "07700900203",
      service_id: serviceOf().id,
      user_number: text.user_number,
    });
  }
  const current = `${baseUrl}/v2/received-text-messages`;
  assert.deepEqual(links, { current, next: `${current}?older_than=${texts.at(-1).id}` });
});

test("received texts are read on from any of them", async () => {
  const client = clientFor();
  const { received_text_messages: texts } = (await client.getReceivedTexts()).data;
  const older = async (id) => (await client.getReceivedTexts(id)).data;
  assert.deepEqual((await older(texts[0].id)).received_text_messages, texts.slice(1));
  const end = await older(texts.at(-1).id);
  assert.deepEqual(end.received_text_messages, []);
  assert.deepEqual(Object.keys(end.links), ["current"]);
  assert.deepEqual((await older(nowhere)).received_text_messages, []);
  assert.deepEqual(
    await refused(client.getReceivedTexts("x")),
    badRequest("older_than is not a valid UUID", "ValidationError"),
  );
});

test("across the edge of a page every text comes once", async () => {
  const client = clientFor("test", "Clients of many pages");
  const { received_text_messages: page } = (await client.getReceivedTexts()).data;
  const { received_text_messages: rest } = (await client.getReceivedTexts(page.at(-1).id)).data;
  assert.deepEqual([page.length, rest.length], [250, 10]);
  assert.equal(new Set(idsOf([...page, ...rest])).size, 260);
});

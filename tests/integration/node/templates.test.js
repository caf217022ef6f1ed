"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { badRequest, clientFor, notFound, nowhere, refused, templateOf, values } = require("./world");

test("a template is read, and each of its versions", async () => {
  const client = clientFor();
  const template = templateOf();
  const bodies = [
    "Your bins go out.",
    "Your bins go out on ((day)).",
    "((name)), put your ((colour)) bin out on ((day)).",
  ];
  for (const [index, body] of bodies.entries()) {
    const { data } = await client.getTemplateByIdAndVersion(template, index + 1);
    assert.equal(data.body, body);
    assert.equal(data.version, index + 1);
  }
  const { data: newest } = await client.getTemplateById(template);
  assert.deepEqual(newest, (await client.getTemplateByIdAndVersion(template, 3)).data);
  assert.equal(newest.name, "Bin day");
  assert.equal(newest.type, "sms");
  assert.equal(newest.subject, null);
  assert.deepEqual(newest.personalisation, {
    colour: { required: true },
    day: { required: true },
    name: { required: true },
  });
});

test("what there is not is not found", async () => {
  const client = clientFor();
  assert.deepEqual(await refused(client.getTemplateByIdAndVersion(templateOf(), 4)), notFound);
  assert.deepEqual(await refused(client.getTemplateById(nowhere)), notFound);
  assert.deepEqual(
    await refused(client.getTemplateById("x")),
    badRequest("id is not a valid UUID", "ValidationError"),
  );
});

test("templates are listed by type, without the archived one, which can be read", async () => {
  const client = clientFor();
  const namesOf = async (type) => (await client.getAllTemplates(type)).data.templates.map((template) => template.name);
  assert.deepEqual(await namesOf(), ["Bin day", "Missed collection", "Yearly calendar"]);
  assert.deepEqual(await namesOf("sms"), ["Bin day"]);
  assert.deepEqual(await namesOf("email"), ["Missed collection"]);
  assert.deepEqual(await namesOf("letter"), ["Yearly calendar"]);
  assert.equal((await client.getTemplateById(templateOf("Strike"))).data.name, "Strike");
  assert.deepEqual(
    await refused(client.getAllTemplates("pigeon")),
    badRequest("type pigeon is not one of [sms, email, letter]", "ValidationError"),
  );
});

test("a preview shows what would be sent", async () => {
  const client = clientFor();
  const { data: text } = await client.previewTemplateById(templateOf(), values);
  assert.deepEqual(text, {
    body: "Jo, put your blue bin out on Monday.",
    html: null,
    id: templateOf(),
    postage: null,
    subject: null,
    type: "sms",
    version: 3,
  });
  const { data: email } = await client.previewTemplateById(templateOf("Missed collection"), values);
  assert.equal(email.subject, "Sorry, Jo");
  assert.match(email.html, /We come again on Monday\.<\/p>/);
});

test("a preview without values is one of a template that needs none", async () => {
  const client = clientFor();
  const { data } = await client.previewTemplateById(templateOf("Strike"));
  assert.equal(data.body, "There is no collection this week.");
  assert.deepEqual(
    await refused(client.previewTemplateById(templateOf())),
    badRequest("Missing personalisation: name, colour, day"),
  );
  assert.deepEqual(
    await refused(client.previewTemplateById(templateOf(), "Jo")),
    badRequest("personalisation Jo is not of type object", "ValidationError"),
  );
});

"use strict";

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { test } = require("node:test");
const { badRequest, baseUrl, clientFor, followed, handedOver, refused, serviceOf, templateOf, values } = require("./world");

test("a text with everything that can be said is sent, and read back until delivered", async () => {
  const client = clientFor();
  const template = templateOf();
  const { status, data: sent } = await client.sendSms(template, "07700 900123", {
    personalisation: values,
    reference: "everything",
    smsSenderId: serviceOf().sms_senders.SECOND.id,
  });
  assert.equal(status, 201);
  assert.deepEqual(sent, {
    id: sent.id,
    reference: "everything",
    content: { body: "Jo, put your blue bin out on Monday.", from_number: "SECOND" },
    scheduled_for: null,
    template: { id: template, uri: `${baseUrl}/services/${serviceOf().id}/templates/${template}`, version: 3 },
    uri: `${baseUrl}/v2/notifications/${sent.id}`,
  });
  const found = await followed(client, sent.id);
  assert.equal(found.phone_number, "07700 900123");
  assert.equal(found.body, sent.content.body);
  assert.equal(found.cost_details.billable_sms_fragments, 1);
  const senders = [
    ...(await handedOver("mmg", { reference: sent.id })).map((text) => text.sender),
    ...(await handedOver("firetext", { reference: sent.id })).map((text) => text.from),
  ];
  assert.deepEqual(senders, ["SECOND"]);
});

test("an email with everything that can be said is sent, and read back until delivered", async () => {
  const client = clientFor();
  const recipient = `${randomUUID()}@example.com`;
  const unsubscribe = "https://www.example.com/unsubscribe";
  const { data: sent } = await client.sendEmail(templateOf("Missed collection"), recipient, {
    personalisation: { name: "Jo", day: "please [click](https://evil.link)" },
    reference: "everything",
    emailReplyToId: serviceOf().reply_tos["second@example.gov.uk"].id,
    oneClickUnsubscribeURL: unsubscribe,
    sanitiseContentFor: ["day", "name"],
  });
  assert.equal(sent.reference, "everything");
  assert.deepEqual(sent.content, {
    subject: "Sorry, Jo",
    body: "# Sorry, Jo\n\nWe come again on please \\[click\\]\\(\\).",
    from_email: "clients@notify.example",
    one_click_unsubscribe_url: unsubscribe,
  });
  assert.deepEqual(sent.sanitised_content, {
    day: { unsanitised: "please [click](https://evil.link)", sanitised: "please \\[click\\]\\(\\)" },
  });
  const found = await followed(client, sent.id);
  assert.equal(found.one_click_unsubscribe_url, unsubscribe);
  const [email, ...more] = await handedOver("ses", { to: recipient });
  assert.deepEqual(email.reply_to, ["second@example.gov.uk"]);
  assert.deepEqual(more, []);
});

test("senders are the default ones unless said", async () => {
  const client = clientFor();
  const recipient = `${randomUUID()}@example.com`;
  const { data: text } = await client.sendSms(templateOf(), "07700 900123", { personalisation: values });
  assert.equal(text.content.from_number, "FIRST");
  assert.equal(text.reference, null);
  const { data: email } = await client.sendEmail(templateOf("Missed collection"), recipient, { personalisation: values });
  assert.equal(email.content.one_click_unsubscribe_url, null);
  assert.deepEqual(email.sanitised_content, {});
  await followed(client, email.id);
  assert.deepEqual((await handedOver("ses", { to: recipient })).map((each) => each.reply_to), [["first@example.gov.uk"]]);
});

test("a message without any options is sent", async () => {
  const client = clientFor("live", "Clients on trial");
  const { data: sent } = await client.sendSms(templateOf("Bin day", "Clients on trial"), "07700 900201");
  assert.equal(sent.content.body, "Your bins go out.");
});

test("a test key ends as the number says", async () => {
  const client = clientFor("test");
  for (const [number, status] of [
    ["07700900003", "temporary-failure"],
    ["07700900002", "permanent-failure"],
    ["07700900123", "delivered"],
  ]) {
    const { data: sent } = await client.sendSms(templateOf(), number, { personalisation: values });
    await followed(client, sent.id, status);
  }
});

test("a team key, and a service on trial, write to the team and the guest list only", async () => {
  const onTrial = "Clients on trial";
  const cases = [
    [clientFor("team"), templateOf(), "Can’t send to this recipient using a team-only API key"],
    [
      clientFor("live", onTrial),
      templateOf("Bin day", onTrial),
      "Can’t send to this recipient when service is in trial mode – see https://www.notifications.service.gov.uk/trial-mode",
    ],
  ];
  for (const [client, template, message] of cases) {
    for (const friend of ["07700 900201", "07700 900202"]) {
      const { data: sent } = await client.sendSms(template, friend, { personalisation: values });
      await followed(client, sent.id);
    }
    assert.deepEqual(
      await refused(client.sendSms(template, "07700 900123", { personalisation: values })),
      badRequest(message),
    );
  }
});

test("letters are refused in known words", async () => {
  const client = clientFor();
  const template = templateOf("Yearly calendar");
  const personalisation = {
    name: "Jo",
    address_line_1: "Jo Bloggs",
    address_line_2: "1 High Street",
    postcode: "SW1A 1AA",
  };
  const notAllowed = badRequest("Service is not allowed to send letters");
  assert.deepEqual(await refused(client.sendLetter(template, { personalisation, reference: "a letter" })), notAllowed);
  assert.deepEqual(
    await refused(client.sendLetter(template)),
    badRequest("personalisation is a required property", "ValidationError"),
  );
  const pdf = Buffer.from("%PDF-1.7\n");
  assert.deepEqual(await refused(client.sendPrecompiledLetter("a letter", pdf)), notAllowed);
  assert.deepEqual(await refused(client.sendPrecompiledLetter("a letter", pdf.toString(), "first")), notAllowed);
  assert.deepEqual(
    await refused(client.sendPrecompiledLetter("a letter", pdf, "pigeon")),
    badRequest("postage invalid. It must be either first, second or economy.", "ValidationError"),
  );
  assert.throws(
    () => client.sendPrecompiledLetter("a letter", Buffer.alloc(5 * 1024 * 1024 + 1)),
    (thrown) => thrown === "File is larger than 5MB.",
  );
});

test("an option that the client does not know is refused before anything is sent", async () => {
  const client = clientFor();
  const unknown = { message: /Options \["replyTo"\] not recognised/ };
  await assert.rejects(client.sendSms(templateOf(), "07700900123", { replyTo: "x" }), unknown);
  await assert.rejects(client.sendEmail(templateOf(), "jo@example.com", { replyTo: "x" }), unknown);
  await assert.rejects(client.sendLetter(templateOf(), { replyTo: "x" }), unknown);
});

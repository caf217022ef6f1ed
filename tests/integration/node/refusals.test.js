"use strict";

const assert = require("node:assert/strict");
const { once } = require("node:events");
const http = require("node:http");
const { test } = require("node:test");
const { NotifyClient, badRequest, baseUrl, clientFor, keyOf, nowhere, refused, serviceOf, templateOf, values } = require("./world");

test("what is wrong with a message is said", async () => {
  const client = clientFor();
  const personalisation = values;
  assert.deepEqual(
    await refused(client.sendSms(templateOf(), "07700900123")),
    badRequest("Missing personalisation: name, colour, day"),
  );
  assert.deepEqual(await refused(client.sendSms("bins", "0790090012x")), [
    400,
    [
      { error: "ValidationError", message: "phone_number Must not contain letters or symbols" },
      { error: "ValidationError", message: "template_id is not a valid UUID" },
    ],
  ]);
  assert.deepEqual(await refused(client.sendSms(nowhere, "07700900123")), badRequest("Template not found"));
  assert.deepEqual(
    await refused(client.sendSms(templateOf("Strike"), "07700900123")),
    badRequest("Template has been deleted"),
  );
  assert.deepEqual(
    await refused(client.sendEmail(templateOf(), "jo@example.com")),
    badRequest("sms template is not suitable for email notification"),
  );
  assert.deepEqual(
    await refused(client.sendSms(templateOf(), "07700900123", { personalisation, smsSenderId: nowhere })),
    badRequest(`sms_sender_id ${nowhere} does not exist in database for service id ${serviceOf().id}`),
  );
  assert.deepEqual(
    await refused(
      client.sendEmail(templateOf("Missed collection"), "jo@example.com", { personalisation, emailReplyToId: nowhere }),
    ),
    badRequest(`email_reply_to_id ${nowhere} does not exist in database for service id ${serviceOf().id}`),
  );
});

test("a key that does not open says why", async () => {
  for (const [key, message] of [
    [keyOf("withdrawn"), "Invalid token: API key revoked"],
    [`live-${serviceOf().id}-${nowhere}`, "Invalid token: API key not found"],
    [`live-${nowhere}-${nowhere}`, "Invalid token: service not found"],
    [`${"x".repeat(36)}-${nowhere}`, "Invalid token: service id is not the right data type"],
  ]) {
    const client = new NotifyClient(baseUrl, key);
    const denied = [403, [{ error: "AuthError", message }]];
    assert.deepEqual(await refused(client.getAllTemplates()), denied);
    assert.deepEqual(await refused(client.sendSms(templateOf(), "07700900123")), denied);
    assert.deepEqual(await refused(client.getPdfForLetterNotification(nowhere)), denied);
  }
});

test("a service in a hurry is told its rate", async () => {
  const service = "Clients in a hurry";
  const client = clientFor("live", service);
  const hurry = async () => {
    for (let sent = 0; sent < 5; sent += 1) await client.sendSms(templateOf("Bin day", service), "07700900123");
  };
  const message = "Exceeded rate limit for key type LIVE of 1 requests per 60 seconds";
  assert.deepEqual(await refused(hurry()), [429, [{ error: "RateLimitError", message }]]);
});

test("a service that has used up its day is told its limit", async () => {
  const service = "Clients without texts";
  const client = clientFor("live", service);
  const message = "Exceeded send limits (sms: 0) for today";
  assert.deepEqual(await refused(client.sendSms(templateOf("Bin day", service), "07700900123")), [
    429,
    [{ error: "TooManyRequestsError", message }],
  ]);
});

test("where nobody listens there is no response", async () => {
  const server = http.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  const client = new NotifyClient(`http://127.0.0.1:${port}`, keyOf());
  await assert.rejects(client.getAllTemplates(), (error) => {
    assert.equal(error.code, "ECONNREFUSED");
    assert.equal(error.response, undefined);
    return true;
  });
});

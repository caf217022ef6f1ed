"use strict";

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { test } = require("node:test");
const { badRequest, clientFor, followed, idsOf, notFound, nowhere, refused, templateOf, values } = require("./world");

const STATUSES =
  "cancelled, created, sending, sent, delivered, pending, failed, technical-failure, temporary-failure, " +
  "permanent-failure, pending-virus-check, validation-failed, virus-scan-failed, returned-letter, accepted, received";

test("a choice of messages is listed", async () => {
  const client = clientFor("test");
  const reference = randomUUID();
  const options = { personalisation: values, reference };
  const delivered = (await client.sendSms(templateOf(), "07700900123", options)).data.id;
  const failed = (await client.sendSms(templateOf(), "07700900002", options)).data.id;
  const email = (await client.sendEmail(templateOf("Missed collection"), "jo@example.com", options)).data.id;
  await followed(client, delivered);
  await followed(client, failed, "permanent-failure");
  await followed(client, email);

  const listed = async (type, status, olderThan) =>
    idsOf((await client.getNotifications(type, status, reference, olderThan)).data.notifications);
  assert.deepEqual(await listed(), [email, failed, delivered]);
  assert.deepEqual(await listed("sms"), [failed, delivered]);
  assert.deepEqual(await listed("letter"), []);
  assert.deepEqual(await listed(null, "delivered"), [email, delivered]);
  assert.deepEqual(await listed(null, "failed"), [failed]);
  assert.deepEqual(await listed(null, null, email), [failed, delivered]);
  assert.deepEqual(await listed("sms", "received", email), [delivered]);
  assert.deepEqual(await listed(["sms"], ["received"], email), [delivered]);
  const { notifications } = (await client.getNotifications(null, null, reference)).data;
  for (const message of notifications) {
    assert.deepEqual(message, (await client.getNotificationById(message.id)).data);
  }
});

test("several values in one filter are refused, since the client joins them with commas", async () => {
  const client = clientFor();
  assert.deepEqual(
    await refused(client.getNotifications(null, ["created", "sending"])),
    badRequest(`status created,sending is not one of [${STATUSES}]`, "ValidationError"),
  );
  assert.deepEqual(
    await refused(client.getNotifications(["sms", "email"])),
    badRequest("template_type sms,email is not one of [sms, email, letter]", "ValidationError"),
  );
});

test("each thing wrong with a filter is an error of its own", async () => {
  assert.deepEqual(await refused(clientFor().getNotifications("pigeon", "lost", "a reference", "x")), [
    400,
    [
      { error: "ValidationError", message: `status lost is not one of [${STATUSES}]` },
      { error: "ValidationError", message: "template_type pigeon is not one of [sms, email, letter]" },
      { error: "ValidationError", message: "older_than is not a valid UUID" },
    ],
  ]);
});

// Return all messages of the service of many pages, and how many came on each page.
async function readThrough(...choice) {
  const client = clientFor("test", "Clients of many pages");
  const pages = [];
  let older;
  for (;;) {
    const { notifications, links } = (await client.getNotifications(...choice, older)).data;
    pages.push(notifications);
    if (notifications.length === 0) {
      assert.deepEqual(Object.keys(links), ["current"]);
      return { messages: pages.flat(), sizes: pages.map((page) => page.length) };
    }
    older = new URL(links.next).searchParams.get("older_than");
    assert.equal(older, notifications.at(-1).id);
  }
}

test("across the edges of pages every message comes once", async () => {
  const { messages, sizes } = await readThrough(null, null, null);
  assert.deepEqual(sizes, [250, 10, 0]);
  assert.equal(new Set(idsOf(messages)).size, 260);
});

test("the choice is kept from page to page, and a page that is just full is the last", async () => {
  const { messages, sizes } = await readThrough("sms", null, "page");
  assert.deepEqual(sizes, [250, 0]);
  assert.ok(messages.every((message) => message.reference === "page"));
  assert.deepEqual((await readThrough("sms", null, "rest")).sizes, [10, 0]);
});

test("what there is not is not found", async () => {
  const client = clientFor();
  assert.deepEqual(await refused(client.getNotificationById(nowhere)), notFound);
  assert.deepEqual(
    await refused(client.getNotificationById("x")),
    badRequest("notification_id is not a valid UUID", "ValidationError"),
  );
});

test("why there is no PDF is said in JSON", async () => {
  const client = clientFor("test");
  const { data: sent } = await client.sendSms(templateOf(), "07700900123", { personalisation: values });
  assert.deepEqual(
    await refused(client.getPdfForLetterNotification(sent.id)),
    badRequest("Notification is not a letter"),
  );
  assert.deepEqual(await refused(client.getPdfForLetterNotification(nowhere)), notFound);
});

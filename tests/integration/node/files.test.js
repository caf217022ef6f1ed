"use strict";

const assert = require("node:assert/strict");
const { randomUUID } = require("node:crypto");
const { test } = require("node:test");
const { badRequest, clientFor, handedOver, refused, serviceOf, templateOf } = require("./world");

const PDF = Buffer.concat([Buffer.from("%PDF-1.7\n"), Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))]);

const send = (client, file, to = `${randomUUID()}@example.com`) =>
  client.sendEmail(templateOf("Missed collection"), to, { personalisation: { name: "Jo", day: file } });
const uploadsFor = async (to) =>
  (await handedOver("documents", { to: serviceOf().id })).filter((upload) => upload.confirmation_email === to);

test("a file is prepared with all that can be said of it, or with nothing", () => {
  const client = clientFor();
  assert.deepEqual(client.prepareUpload(Buffer.from("x")), {
    file: "eA==",
    filename: null,
    confirm_email_before_download: null,
    retention_period: null,
  });
  assert.deepEqual(client.prepareUpload("x", {}), client.prepareUpload(Buffer.from("x")));
  const options = { filename: "bins.csv", confirmEmailBeforeDownload: false, retentionPeriod: "4 weeks" };
  assert.deepEqual(client.prepareUpload("x", options), {
    file: "eA==",
    filename: "bins.csv",
    confirm_email_before_download: false,
    retention_period: "4 weeks",
  });
  assert.throws(
    () => client.prepareUpload(Buffer.alloc(2 * 1024 * 1024 + 1)),
    (thrown) => thrown === "File is larger than 2MB.",
  );
});

test("a file is downloaded as it was sent", async () => {
  const client = clientFor();
  const to = `${randomUUID()}@example.com`;
  const options = { filename: "bins.pdf", confirmEmailBeforeDownload: true, retentionPeriod: "4 weeks" };
  const { data: sent } = await send(client, client.prepareUpload(PDF, options), to);
  const [url] = sent.content.body.match(/http\S+\/d\/\S+(?=\.$)/m);
  const downloaded = Buffer.from(await (await fetch(url)).arrayBuffer());
  assert.deepEqual(downloaded, PDF);
  const [upload, ...more] = await uploadsFor(to);
  assert.equal(upload.filename, "bins.pdf");
  assert.equal(upload.retention_period, "4 weeks");
  assert.deepEqual(more, []);
});

test("the recipient is asked for the address unless said", async () => {
  const client = clientFor();
  const asked = `${randomUUID()}@example.com`;
  await send(client, client.prepareUpload(PDF), asked);
  assert.equal((await uploadsFor(asked)).length, 1);
  const trusted = `${randomUUID()}@example.com`;
  await send(client, client.prepareUpload(PDF, { confirmEmailBeforeDownload: false }), trusted);
  assert.deepEqual(await uploadsFor(trusted), []);
});

test("a file that will not do is refused in known words", async () => {
  const client = clientFor();
  for (const [options, message] of [
    [{ filename: "bins" }, "filename `filename` must end with a file extension. For example, filename.csv"],
    [
      { confirmEmailBeforeDownload: "x" },
      "confirm_email_before_download Unsupported value for confirm_email_before_download: x." +
        " Use a boolean true or false value.",
    ],
    [
      { retentionPeriod: "79 weeks" },
      "retention_period Unsupported value for retention_period: 79 weeks. Supported periods are from 1 to 78 weeks.",
    ],
  ]) {
    assert.deepEqual(
      await refused(send(client, client.prepareUpload(PDF, options))),
      badRequest(message, "ValidationError"),
    );
  }
  assert.deepEqual(
    await refused(
      client.sendSms(templateOf(), "07700900123", {
        personalisation: { name: "Jo", colour: "blue", day: client.prepareUpload(PDF) },
      }),
    ),
    badRequest("Can only send a file by email"),
  );
});

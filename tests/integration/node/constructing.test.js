"use strict";

const assert = require("node:assert/strict");
const { once } = require("node:events");
const fs = require("node:fs");
const http = require("node:http");
const { test } = require("node:test");
const axios = require("axios");
const { NotifyClient, baseUrl, clientFor, keyOf, serviceOf, templateOf } = require("./world");

const PRODUCTION = "https://api.notifications.service.gov.uk";

test("each form of the constructor makes a client that is let in", async () => {
  const key = keyOf();
  const secret = key.slice(-36);
  const serviceId = serviceOf().id;
  for (const [client, urlBase] of [
    [new NotifyClient(baseUrl, key), baseUrl],
    [new NotifyClient(baseUrl, serviceId, key), baseUrl],
    [new NotifyClient(baseUrl, serviceId, secret), baseUrl],
    [new NotifyClient(key), PRODUCTION],
    [new NotifyClient(serviceId, key), PRODUCTION],
  ]) {
    const asked = [];
    // Who gives no address means the original; the same request is asked here.
    client.setClient((request) => {
      asked.push(request.url);
      return axios({ ...request, url: request.url.replace(PRODUCTION, baseUrl) });
    });
    const { status, data } = await client.getTemplateById(templateOf());
    assert.equal(status, 200);
    assert.equal(data.id, templateOf());
    assert.deepEqual(asked, [`${urlBase}/v2/template/${templateOf()}`]);
  }
});

test("another axios can be set", async () => {
  const client = clientFor();
  client.setClient(axios.create({ timeout: 30_000, headers: { "X-B3-TraceId": "463ac35c9f6413ad48485a3953bb6124" } }));
  const { headers } = await client.getAllTemplates();
  assert.equal(headers["x-b3-traceid"], "463ac35c9f6413ad48485a3953bb6124");
});

test("requests go through a proxy", async () => {
  const seen = [];
  const proxy = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const { method, headers } = request;
    const onward = http.request(request.url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  try {
    const client = clientFor();
    client.setProxy({ protocol: "http", host: "127.0.0.1", port: proxy.address().port });
    assert.equal((await client.getTemplateById(templateOf())).data.id, templateOf());
    const { data } = await client.previewTemplateById(templateOf("Strike"));
    assert.equal(data.body, "There is no collection this week.");
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
  assert.deepEqual(seen, [
    `GET ${baseUrl}/v2/template/${templateOf()}`,
    `POST ${baseUrl}/v2/template/${templateOf("Strike")}/preview`,
  ]);
});

test("every public method of the client is called in these tests", () => {
  const tests = fs.readdirSync(__dirname).filter((name) => name.endsWith(".test.js"));
  const called = tests.map((name) => fs.readFileSync(`${__dirname}/${name}`, "utf8")).join("\n");
  const methods = Object.keys(NotifyClient.prototype);
  assert.ok(methods.includes("sendSms"));
  assert.deepEqual(methods.filter((method) => !called.includes(`client.${method}(`)), []);
});

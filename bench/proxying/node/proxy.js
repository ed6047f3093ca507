// node proxy.js PORT UPSTREAM ISSUER: ports of this machine.
const http = require("http");
const express = require("express");
const { auth } = require("express-openid-connect");
const { createProxyMiddleware } = require("http-proxy-middleware");

const [port, upstream, issuer] = process.argv.slice(2);
const app = express();
app.get("/ready", (request, response) => response.send("ready"));
app.use(
  auth({
    authRequired: true,
    idpLogout: false,
    issuerBaseURL: `http://127.0.0.1:${issuer}`,
    baseURL: `http://127.0.0.1:${port}`,
    clientID: "bench",
    clientSecret: "bench-secret-0123456789abcdef",
    secret: "0123456789abcdef0123456789abcdef",
    authorizationParams: { response_type: "code", scope: "openid read_events free_busy_write" },
    routes: { callback: "/callback" },
  }),
);
app.use(
  "/",
  createProxyMiddleware({
    target: `http://127.0.0.1:${upstream}`,
    changeOrigin: true,
    agent: new http.Agent({ keepAlive: true, maxSockets: 256 }),
    on: {
      proxyReq: (outgoing, request) => {
        outgoing.setHeader("Authorization", `Bearer ${request.oidc.accessToken.access_token}`);
      },
      proxyRes: (answer) => {
        answer.headers["cronofy-access-mode"] = "free_busy";
      },
    },
  }),
);
app.listen(Number(port), "127.0.0.1");

// openid-client: fields in the form (its default), PKCE and state, which it insists on.
import assert from 'node:assert/strict';
import * as client from 'openid-client';

export default ({ gateway, callback, client_id, client_secret, wrong_secret, scope, visit, known, keep }) => {
  const configure = (secret) => {
    const server = {
      issuer: gateway,
      authorization_endpoint: `${gateway}/oauth/authorize`,
      token_endpoint: `${gateway}/oauth/token`,
      revocation_endpoint: `${gateway}/oauth/token/revoke`
    };
    const config = new client.Configuration(server, client_id, secret);
    client.allowInsecureRequests(config); // loopback speaks plain http
    return config;
  };
  const config = configure(client_secret);

  return {
    send: (method, url, body) => {
      const headers = new Headers(body ? { 'Content-Type': 'application/json' } : {});
      return client.fetchProtectedResource(config, known.access, url, method, body, headers);
    },
    async authorize() {
      known.verifier = client.randomPKCECodeVerifier();
      known.state = client.randomState();
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: callback,
        scope,
        state: known.state,
        code_challenge: await client.calculatePKCECodeChallenge(known.verifier),
        code_challenge_method: 'S256'
      });
      known.back = await visit(url);
    },
    async exchange_code() {
      const checks = { pkceCodeVerifier: known.verifier, expectedState: known.state };
      const other = { ...checks, expectedState: client.randomState() };
      await assert.rejects(client.authorizationCodeGrant(config, known.back, other), (told) => /state/.test(told.cause));
      await keep(await client.authorizationCodeGrant(config, known.back, checks));
    },
    async refresh_token() {
      await keep(await client.refreshTokenGrant(config, known.renewal));
    },
    async wrong_secret() {
      const refused = client.refreshTokenGrant(configure(wrong_secret), known.renewal);
      await assert.rejects(refused, { name: 'ResponseBodyError', error: 'invalid_client', status: 400 });
    },
    async revoke_token() {
      await client.tokenRevocation(config, known.renewal, { token_type_hint: 'refresh_token' });
    }
  };
};

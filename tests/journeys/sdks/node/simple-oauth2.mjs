// simple-oauth2: HTTP Basic (its default) and its own default paths but one. It makes no calls of an API; fetch does.
import assert from 'node:assert/strict';
import { AuthorizationCode } from 'simple-oauth2';

export default ({ gateway, callback, client_id, client_secret, wrong_secret, scope, visit, known, keep }) => {
  const configure = (secret) =>
    new AuthorizationCode({
      client: { id: client_id, secret },
      auth: { tokenHost: gateway, revokePath: '/oauth/token/revoke' }
    });
  const client = configure(client_secret);

  return {
    send: (method, url, body) => {
      const headers = { Authorization: `Bearer ${known.access}`, ...(body && { 'Content-Type': 'application/json' }) };
      return fetch(url, { method, body, headers });
    },
    async authorize() {
      known.back = await visit(client.authorizeURL({ redirect_uri: callback, scope, state: 'a state' }));
      assert.equal(known.back.searchParams.get('state'), 'a state'); // the library leaves this check to the app
    },
    async exchange_code() {
      known.tokens = await client.getToken({ code: known.back.searchParams.get('code'), redirect_uri: callback, scope });
      await keep(known.tokens.token);
    },
    async refresh_token() {
      known.tokens = await known.tokens.refresh();
      await keep(known.tokens.token);
    },
    async wrong_secret() {
      const refused = configure(wrong_secret).createToken(known.tokens.token).refresh();
      await assert.rejects(refused, (told) => {
        assert.equal(told.output.statusCode, 401);
        return told.data.payload.error === 'invalid_client';
      });
    },
    async revoke_token() {
      await known.tokens.revoke('refresh_token');
    }
  };
};

import { html } from 'hono/html';
import { layout, type Html } from './layout.ts';

/** The form that asks for a token. `error` says why the last try failed. */
export function loginPage({
  next,
  error,
}: {
  readonly next: string;
  readonly error: string | null;
}): Html {
  return layout({
    title: 'Log in',
    main: html`<form method="post" action="/login" class="login panel">
      <p class="brand">beat</p>
      <h1>Log in</h1>
      ${error !== null && html`<p role="alert" class="error">${error}</p>`}
      <input type="hidden" name="next" value="${next}" />
      <label for="token">Token</label>
      <input
        id="token"
        name="token"
        type="password"
        required
        autofocus
        autocomplete="current-password"
        aria-describedby="token-help"
      />
      <p id="token-help" class="help">
        The read token shows everything; the change token also sends commands.
      </p>
      <label for="name">Your name <span class="optional">(optional)</span></label>
      <input
        id="name"
        name="name"
        maxlength="100"
        autocomplete="username"
        aria-describedby="name-help"
      />
      <p id="name-help" class="help">The audit log shows it beside your commands.</p>
      <button class="primary">Log in</button>
    </form>`,
  });
}

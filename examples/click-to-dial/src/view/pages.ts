// The two pages: signing in, and the directory with the phone.
import { callList, type CallView } from './calls-view.ts';
import { type Html, html } from './html.ts';
import { avatar, peopleList, type PersonView } from './people-view.ts';

/** What the pages say about the server. */
export interface SiteView {
  readonly domain: string;
  /** `127.0.0.1:5060`, for people with a softphone; `undefined` when there is no such port. */
  readonly sipAddress?: string;
  /** The version of the style sheet and script, so that browsers may keep them. */
  readonly assetVersion: string;
}

/** What the login page shows besides itself. */
export interface LoginView {
  readonly demo: readonly { readonly name: string; readonly displayName: string }[];
  /** Why the last attempt failed. */
  readonly error?: string;
  readonly name?: string;
  /** Whether the sign-up form is what failed. */
  readonly signUp?: boolean;
}

/** What the directory shows. */
export interface DirectoryView {
  readonly me: { readonly name: string; readonly displayName: string };
  readonly people: readonly PersonView[];
  readonly calls: readonly CallView[];
  readonly demo: readonly { readonly name: string; readonly displayName: string }[];
  /** Something that could not be done. */
  readonly alert?: string;
}

/** The page before signing in. */
export function loginPage(site: SiteView, view: LoginView): string {
  return shell(
    site,
    'Sign in',
    html`<main class="login">
      <section class="hero">
        <span class="logo" aria-hidden="true"><span class="icon phone"></span></span>
        <h1>Click to dial</h1>
        <p class="lead">Choose a name and press <b>Call</b>. Your phone rings, then theirs, and you are connected.</p>
        <ol class="steps">
          <li>
            <span><b>Sign in</b> as Alice. The page brings a phone with it.</span>
          </li>
          <li>
            <span><b>Open a second tab</b> as Bob.</span>
          </li>
          <li>
            <span><b>Call.</b> Answer in both tabs, and hear each other.</span>
          </li>
        </ol>
      </section>
      <section class="card" aria-labelledby="signin">
        <h2 id="signin">Sign in</h2>
        ${view.error !== undefined && html`<p class="alert" role="alert">${view.error}</p>`}
        <ul class="accounts">
          ${view.demo.map((person) => account(person, view.name))}
        </ul>
        ${otherAccount(view)}
      </section>
    </main>`,
  );
}

/** Signing in under a name of one's own, or making one. */
function otherAccount(view: LoginView): Html {
  const isDemo = view.demo.some((each) => each.name === view.name);
  const open = view.signUp === true || (view.name !== undefined && !isDemo);
  return html`<details ${open && html`open`}>
    <summary>Another name</summary>
    <form method="post" action="/login" class="fields">
      <label
        >Name<input
          name="name"
          autocomplete="username"
          required
          maxlength="32"
          autocapitalize="none"
          value="${view.signUp === true ? '' : (view.name ?? '')}"
      /></label>
      <label>Password<input name="password" type="password" autocomplete="current-password" required /></label>
      <button type="submit" class="primary">Sign in</button>
    </form>
    <form method="post" action="/signup" class="fields">
      <p class="hint">New here? Choose a name and a password.</p>
      <label
        >Name<input
          name="name"
          autocomplete="username"
          required
          maxlength="32"
          autocapitalize="none"
          pattern="[a-zA-Z][a-zA-Z0-9._\\-]*"
          value="${view.signUp === true ? (view.name ?? '') : ''}"
      /></label>
      <label>Shown as<input name="displayName" maxlength="64" autocomplete="nickname" /></label>
      <label>Password<input name="password" type="password" autocomplete="new-password" required /></label>
      <button type="submit">Create account</button>
    </form>
  </details>`;
}

function account(person: { name: string; displayName: string }, wanted: string | undefined): Html {
  return html`<li>
    <form method="post" action="/login">
      <input type="hidden" name="name" value="${person.name}" /><input
        type="hidden"
        name="password"
        value="${person.name}"
      />
      <button type="submit" class="account" ${wanted === person.name && html`autofocus`}>
        ${avatar(person.name, person.displayName)}
        <span class="who"
          ><span class="name">${person.displayName}</span><span class="contact">password: ${person.name}</span></span
        >
        <span class="go" aria-hidden="true">→</span>
      </button>
    </form>
  </li>`;
}

/** The page after signing in. */
export function directoryPage(site: SiteView, view: DirectoryView): string {
  const { me } = view;
  return shell(
    site,
    me.displayName,
    html`<header class="bar">
        <span class="logo small" aria-hidden="true"><span class="icon phone"></span></span>
        <b class="product">Click to dial</b><span class="domain">${site.domain}</span>
        <span class="spacer"></span>
        <span class="link" id="link" role="status" hidden>Reconnecting …</span>
        ${avatar(me.name, me.displayName)}<span class="signed">${me.displayName}</span>
        <form method="post" action="/logout">
          <input type="hidden" name="as" value="${me.name}" /><button type="submit" class="small">Sign out</button>
        </form>
      </header>
      <main class="board">
        <p class="alert" id="alert" role="alert" ${view.alert === undefined && html`hidden`}>${view.alert ?? ''}</p>
        <section class="card people" aria-labelledby="people-title">
          <h2 id="people-title">People</h2>
          <ul id="people" class="rows">
            ${peopleList(view.people, me.name)}
          </ul>
          <div class="second-tab">
            <p class="hint">Try it alone: open a second tab as somebody else.</p>
            <div class="chips">${view.demo.filter((each) => each.name !== me.name).map(secondTab)}</div>
          </div>
        </section>
        <section class="card calls" aria-labelledby="calls-title">
          <h2 id="calls-title">Calls</h2>
          <ul id="calls" class="rows">
            ${callList(view.calls, me.name)}
          </ul>
        </section>
        <div class="side">
          ${phoneCard()} ${site.sipAddress !== undefined && softphoneHelp(site, me.name, site.sipAddress)}
        </div>
      </main>
      <p id="live" class="hidden" aria-live="polite"></p>
      <audio id="remote-audio" autoplay></audio>
      <div id="me" hidden data-name="${me.name}" data-display-name="${me.displayName}"></div>`,
    html`<script type="module" src="/assets/page.js?v=${site.assetVersion}"></script>`,
  );
}

function secondTab(person: { name: string; displayName: string }): Html {
  return html`<form method="post" action="/login" target="_blank">
    <input type="hidden" name="name" value="${person.name}" /><input
      type="hidden"
      name="password"
      value="${person.name}"
    />
    <button type="submit" class="chip">${avatar(person.name, person.displayName)}${person.displayName} ↗</button>
  </form>`;
}

function phoneCard(): Html {
  return html`<section class="card phone" id="phone" data-state="off" aria-labelledby="phone-title">
    <h2 id="phone-title">Your phone</h2>
    <noscript><p class="hint">The phone in the page needs JavaScript. A softphone works without it.</p></noscript>
    <div id="phone-screen" class="screen">
      <p class="word" id="phone-state">Starting …</p>
      <p class="detail" id="phone-detail">&nbsp;</p>
      <div class="meter" id="meter" aria-hidden="true"><span></span></div>
    </div>
    <div class="keys">
      <button type="button" class="answer" id="answer" hidden>
        <span class="icon phone" aria-hidden="true"></span>Answer
      </button>
      <button type="button" class="danger" id="hangup" hidden>
        <span class="icon phone-down" aria-hidden="true"></span><span id="hangup-label">Hang up</span>
      </button>
      <button type="button" class="small" id="mute" aria-pressed="false" hidden>Mute</button>
    </div>
    <fieldset class="source">
      <legend>The others hear</legend>
      <label
        ><input type="radio" name="source" value="microphone" id="source-microphone" /><span>Microphone</span></label
      >
      <label><input type="radio" name="source" value="tone" id="source-tone" /><span>Test tone</span></label>
    </fieldset>
    <p class="hint" id="source-hint" hidden></p>
  </section>`;
}

function softphoneHelp(site: SiteView, name: string, address: string): Html {
  return html`<details class="card help">
    <summary>Use a softphone instead</summary>
    <dl>
      <dt>Server or proxy</dt>
      <dd><code>${address}</code> (UDP or TCP)</dd>
      <dt>User name</dt>
      <dd><code>${name}</code></dd>
      <dt>Password</dt>
      <dd>the one you signed in with</dd>
      <dt>Domain</dt>
      <dd><code>${site.domain}</code></dd>
    </dl>
    <p class="hint">
      Both phones of a call must be browsers, or both ordinary softphones: their media do not fit together otherwise. Of
      several phones, the one registered last is called.
    </p>
  </details>`;
}

/** A page that only says that something is not there. */
export function errorPage(site: SiteView, title: string, text: string): string {
  return shell(
    site,
    title,
    html`<main class="login">
      <section class="card">
        <h1>${title}</h1>
        <p>${text}</p>
        <p><a href="/">To the first page</a></p>
      </section>
    </main>`,
  );
}

function shell(site: SiteView, title: string, body: Html, script: Html = html``): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Click to dial</title>
        <link rel="icon" href="/assets/icon.svg?v=${site.assetVersion}" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/page.css?v=${site.assetVersion}" />
        ${script}
      </head>
      <body>
        ${body}
      </body>
    </html>`.text;
}

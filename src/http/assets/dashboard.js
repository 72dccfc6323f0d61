// Countdowns, and live updates: when the server reports a change, the parts of the page that are marked with data-live
// are replaced by those of a fresh copy. Without this script the pages show the same, as of when they were loaded.

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
];

function formatSpan(ms) {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const first = UNITS.findIndex(([, size]) => seconds >= size);
  if (first < 0) return '0 s';
  const [unit, size] = UNITS[first];
  const [nextUnit, nextSize] = UNITS[first + 1] ?? ['', 0];
  const rest = nextSize === 0 ? 0 : Math.floor((seconds % size) / nextSize);
  return `${Math.floor(seconds / size)} ${unit}${rest > 0 ? ` ${rest} ${nextUnit}` : ''}`;
}

function describeDistance(ms) {
  if (Math.abs(ms) < 1_000) return 'now';
  return ms > 0 ? `in ${formatSpan(ms)}` : `${formatSpan(-ms)} ago`;
}

function updateCountdowns() {
  for (const element of document.querySelectorAll('[data-relative]')) {
    const left = Date.parse(element.dateTime) - Date.now();
    const text = describeDistance(left);
    if (element.textContent !== text) element.textContent = text;
  }
}

/** How to find the element with the focus again after its part of the page was replaced. */
function describeFocus() {
  const element = document.activeElement;
  if (!element?.closest('[data-live]')) return null;
  if (element.id) return `#${CSS.escape(element.id)}`;
  const href = element.getAttribute('href');
  return href === null ? null : `a[href="${CSS.escape(href)}"]`;
}

async function refresh() {
  const response = await fetch(location.href, { headers: { Accept: 'text/html' } });
  if (!response.ok || response.redirected) return;
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
  const focus = describeFocus();
  for (const part of document.querySelectorAll('[data-live]')) {
    const replacement = fresh.getElementById(part.id);
    for (const { id } of part.querySelectorAll('details[open][id]'))
      replacement?.querySelector(`#${CSS.escape(id)}`)?.setAttribute('open', '');
    if (replacement && replacement.innerHTML !== part.innerHTML) {
      part.replaceChildren(...replacement.childNodes);
    }
  }
  if (focus) document.querySelector(focus)?.focus({ preventScroll: true });
  updateCountdowns();
}

let refreshing = Promise.resolve();
let scheduled = false;
let refreshTook = 0;

/** Several changes at once cause one refresh; refreshes take at most a sixth of the time. */
function requestRefresh() {
  if (scheduled) return;
  scheduled = true;
  refreshing = refreshing
    .then(() => new Promise((resolve) => setTimeout(resolve, Math.max(100, 5 * refreshTook))))
    .then(async () => {
      scheduled = false;
      const started = Date.now();
      await refresh();
      refreshTook = Date.now() - started;
    })
    .catch(() => {});
}

let source = null;

/**
 * Opens the stream of a page that is visible. A browser opens six connections to a server, and keeps pages that were left:
 * with a stream of each of them, no other page could be loaded.
 */
function follow() {
  if (source || document.hidden) return;
  const shown = document.querySelector('[data-events]')?.dataset.events ?? '';
  const stream = new EventSource(`/api/events?${shown}`);
  source = stream;
  const connection = document.querySelector('#connection');
  for (const type of ['status', 'audit', 'instances']) stream.addEventListener(type, requestRefresh);
  if (document.getElementById('day')) stream.addEventListener('day', requestRefresh);
  // The stream reports changes from here on; the page may lack some that were made before.
  stream.addEventListener('ready', () => {
    connection.textContent = 'Live';
    requestRefresh();
  });
  stream.addEventListener('error', () => {
    connection.textContent = 'Connection lost; trying again';
    // The browser gives up after an answer such as 503.
    if (stream.readyState !== EventSource.CLOSED) return;
    source = null;
    void followAgain();
  });
}

function unfollow() {
  source?.close();
  source = null;
}

/** After the end of the session the login page takes over, and leads back. */
async function followAgain() {
  const status = await fetch('/api/events', { method: 'HEAD' }).then(
    (response) => response.status,
    () => null,
  );
  if (status !== 401) return void setTimeout(follow, 5_000);
  const next = location.pathname + location.search;
  location.assign(`/login?${new URLSearchParams({ next })}`);
}

updateCountdowns();
setInterval(updateCountdowns, 1_000);
document.addEventListener('visibilitychange', () => (document.hidden ? unfollow() : follow()));
addEventListener('pagehide', unfollow);
addEventListener('pageshow', follow);
follow();

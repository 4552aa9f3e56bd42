// Keeps a page up to date and sends what its buttons and forms ask for. It draws nothing itself: the server renders the
// page and sends it again when it has changed, and this puts what has changed in place. Where no stream arrives, as behind a
// proxy that holds answers back, it asks every few seconds. A page that nobody looks at asks for nothing.

const patienceMs = 8000;
/** How often it asks, milliseconds; 0: the page does not change. */
let everyMs = Number(document.body.dataset.every ?? 0) * 1000;
const elements = {
  live: document.getElementById('live-state'),
  trouble: document.getElementById('trouble'),
  said: document.getElementById('said'),
};
/** Elements whose request is on its way: they are left as they are. */
const busy = new Set();
let troubledSince = null;
let round = 0;

// ── What has changed ────────────────────────────────────────────────────────────────────────────────────────────

/** Makes `old` like `fresh`, keeping every element that is still there: focus, open details and transitions survive. */
function morph(old, fresh) {
  if (busy.has(old)) return;
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !(old.tagName === 'DETAILS' && name === 'open'))
      old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes)
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  morphChildren(old, fresh);
}

function morphChildren(old, fresh) {
  const keyed = new Map(
    [...old.children].filter((child) => child.dataset.key).map((child) => [child.dataset.key, child]),
  );
  let at = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const key = next.dataset?.key;
    const match = key ? keyed.get(key) : at;
    const fits = match && match.nodeName === next.nodeName && (match.dataset?.key ?? '') === (key ?? '');
    if (!fits) {
      old.insertBefore(document.importNode(next, true), at);
      continue;
    }
    if (match === at) at = at.nextSibling;
    else old.insertBefore(match, at);
    if (next.nodeType === Node.ELEMENT_NODE) morph(match, next);
    else if (match.nodeValue !== next.nodeValue) match.nodeValue = next.nodeValue;
  }
  while (at) {
    const next = at.nextSibling;
    if (!busy.has(at)) at.remove();
    at = next;
  }
}

/** Puts a page in place of what is shown. */
function show(text) {
  const fresh = new DOMParser().parseFromString(text, 'text/html');
  // The page is there: it has other parts than the one that said that it would come.
  if (document.getElementById('counting') && !fresh.getElementById('counting')) return location.reload();
  for (const section of document.querySelectorAll('[data-live]')) {
    const next = fresh.getElementById(section.id);
    if (next) morph(section, next);
  }
  if (document.title !== fresh.title) document.title = fresh.title;
  everyMs = Number(fresh.body.dataset.every ?? 0) * 1000;
  shownAt = Number(fresh.body.dataset.now);
  aheadMs = shownAt - Date.now();
  troubled(null);
}

async function refresh() {
  round += 1;
  const mine = round;
  try {
    const response = await fetch(location.pathname + location.search, {
      headers: { accept: 'text/html' },
      signal: AbortSignal.timeout(patienceMs),
    });
    if (new URL(response.url).pathname === '/login') return sessionEnded();
    if (response.redirected) return location.assign(response.url);
    const text = await response.text();
    if (response.status >= 500) throw new Error(faultIn(text) ?? `The server answered ${response.status}`);
    if (mine === round) show(text);
  } catch (error) {
    if (mine === round) troubled(error);
  }
}

let isEnded = false;

/** Leads to the login and back here; where something is typed in it stays, and says so first. */
function sessionEnded() {
  isEnded = true;
  everyMs = 0;
  const login = `/login?${new URLSearchParams({ ended: 'yes', to: location.pathname + location.search })}`;
  if (!isTypedIn()) return location.assign(login);
  const { trouble } = elements;
  const link = Object.assign(document.createElement('a'), { href: login, textContent: 'Log in again' });
  trouble.replaceChildren('Your session has ended. What you typed is still here: copy it first. ', link);
  trouble.hidden = false;
  trouble.scrollIntoView({ block: 'center' });
}

function isTypedIn() {
  return [...document.querySelectorAll('main textarea, main input:not([type=checkbox], [type=hidden])')].some(
    ({ value, defaultValue }) => value !== defaultValue,
  );
}

function faultIn(text) {
  return new DOMParser().parseFromString(text, 'text/html').getElementById('fault')?.textContent;
}

function troubled(error) {
  const { live, trouble } = elements;
  if (!error) {
    troubledSince = null;
    trouble.hidden = true;
    live.className = 'live';
    live.lastElementChild.textContent = 'Live';
    return;
  }
  troubledSince ??= new Date();
  const what =
    error instanceof TypeError
      ? 'The server cannot be reached'
      : error.name === 'TimeoutError'
        ? 'The server does not answer'
        : error.message;
  const text = `${what} since ${troubledSince.toLocaleTimeString()}. Below is how things stood then. Trying again …`;
  if (trouble.textContent !== text) trouble.textContent = text;
  trouble.hidden = false;
  live.className = 'live off';
  live.lastElementChild.textContent = 'Not connected';
}

// ── As it changes ───────────────────────────────────────────────────────────────────────────────────────────────

/** A stream that says nothing for so long does not arrive: the server sends something every 15 seconds. */
const silenceMs = { first: 5000, later: 40_000 };
const retryMs = { first: 1000, longest: 60_000 };
const stream = { source: null, isHeard: false, heardAt: 0, failures: 0, retryAt: 0 };

function openStream() {
  const source = new EventSource(location.pathname + location.search);
  Object.assign(stream, { source, isHeard: false, heardAt: Date.now() });
  const on = (event, act) =>
    source.addEventListener(event, ({ data }) => {
      if (source !== stream.source) return;
      Object.assign(stream, { isHeard: true, heardAt: Date.now(), failures: 0 });
      act(JSON.parse(data));
    });
  on('hello', () => {});
  on('beat', () => {});
  on('page', (text) => {
    round += 1; // an answer that is on its way is older
    show(text);
  });
  on('trouble', (sentence) => troubled(new Error(sentence)));
  on('end', (why) => {
    closeStream();
    if (why === 'login') refresh();
    if (why === 'stop') retryLater();
  });
  // The browser would try again at once and for ever, and not at all after some answers.
  source.addEventListener('error', () => source === stream.source && retryLater());
}

function closeStream() {
  stream.source?.close();
  Object.assign(stream, { source: null, isHeard: false });
}

/** After twice as long each time, and not when all others try. */
function retryLater() {
  closeStream();
  const delay = Math.min(retryMs.first * 2 ** stream.failures, retryMs.longest);
  stream.failures += 1;
  stream.retryAt = Date.now() + delay * (0.5 + Math.random());
}

function keepStream() {
  const { source, isHeard, heardAt, retryAt } = stream;
  if (!source) {
    if (Date.now() >= retryAt) openStream();
  } else if (Date.now() - heardAt > (isHeard ? silenceMs.later : silenceMs.first)) {
    // It will not arrive the next time either.
    if (!isHeard) stream.failures = Math.max(stream.failures, 6);
    retryLater();
  }
}

let askedAt = Date.now();

async function keepUp() {
  while (everyMs > 0) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (document.hidden) continue;
    tellTimes();
    keepStream();
    if (stream.isHeard || Date.now() - askedAt < everyMs) continue;
    askedAt = Date.now();
    await refresh();
  }
  closeStream();
  elements.live.hidden = true;
}

function lookedAt() {
  if (everyMs === 0) return;
  if (document.hidden) return closeStream();
  Object.assign(stream, { failures: 0, retryAt: 0 });
  tellTimes();
  keepStream();
  refresh();
}

// ── How long ago ────────────────────────────────────────────────────────────────────────────────────────────────

/** When the server read what is shown, by its clock. */
let shownAt = Number(document.body.dataset.now);
/** How far the clock of the server is ahead of this one. */
let aheadMs = shownAt - Date.now();

function tellTimes() {
  for (const time of document.querySelectorAll('time[data-ago]')) {
    const text = ago((Date.now() + aheadMs - Date.parse(time.dateTime)) / 1000);
    if (time.textContent !== text) time.textContent = text;
  }
}

/** As the server says it. */
function ago(seconds) {
  if (seconds < -1) return `in ${duration(-seconds)}`;
  return seconds < 2 ? 'just now' : `${duration(seconds)} ago`;
}

function duration(seconds) {
  if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toFixed(seconds < 1 ? 1 : 0)} s`;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

// ── What a person asks for ──────────────────────────────────────────────────────────────────────────────────────

let silence;

function say(text, tone) {
  clearTimeout(silence);
  elements.said.className = tone;
  elements.said.textContent = text;
  silence = setTimeout(() => {
    elements.said.className = '';
  }, 6000);
}

async function send(element, address, init, done) {
  busy.add(element);
  element.setAttribute('aria-busy', 'true');
  try {
    const response = await fetch(address, { method: 'POST', ...init });
    const answer = await response.json().catch(() => null);
    if (response.status === 401) return sessionEnded();
    if (response.ok) {
      say(sentence(answer, done), 'good');
      element.closest('details.ask')?.removeAttribute('open');
    } else say(answer?.detail ?? `The server answered ${response.status}`, 'bad');
  } catch {
    say('The server cannot be reached. Nothing was done.', 'bad');
  } finally {
    busy.delete(element);
    element.removeAttribute('aria-busy');
    if (!isEnded) await refresh();
  }
}

/** What a form says, as the JSON of a request: `data-body` with its fields laid over. Fields left empty are left out. */
function bodyOf(form) {
  const body = JSON.parse(form.dataset.body || '{}');
  const { asOf } = form.dataset;
  if (asOf) body[asOf] = new Date(shownAt).toISOString();
  for (const field of form.elements) {
    if (!field.name || (field.type === 'checkbox' && !field.checked)) continue;
    const empty = field.value === '' ? (field.dataset.empty === 'null' ? null : undefined) : field.value;
    const value = field.type === 'checkbox' ? true : field.type === 'number' && empty ? Number(empty) : empty;
    if (value !== undefined) body[field.name] = value;
  }
  return body;
}

const asJson = (body) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** What was done, in the answer's own figures where it has some. */
function sentence(answer, done) {
  if (answer?.results) return replayed(answer);
  if (answer?.result && answer.result !== 'opened') return `Opened again, with faults: ${answer.error}`;
  if (answer?.customers === 0 && Object.keys(answer).length === 1)
    return 'Nothing was done: it has changed meanwhile';
  if (!answer?.cannot) return done;
  const { deliveries, records, touched, requests, cannot } = answer;
  const parts = [];
  if (deliveries.due) parts.push(`${deliveries.due} sent again`);
  if (deliveries.waiting) parts.push(`${deliveries.waiting} waited already`);
  if (records.received)
    parts.push(`${records.received - records.rejected} of ${records.received} taken in again`);
  if (touched) parts.push(`${touched} to be read again`);
  if (requests.replayed)
    parts.push(
      `${requests.replayed - requests.rejected} of ${requests.replayed} requests opened without faults`,
    );
  for (const { letters, reason } of cannot) parts.push(`${letters} cannot be: ${reason}`);
  return parts.join('; ') || 'There was nothing to try again';
}

function replayed({ requests, opened, cannot, next }) {
  const parts = [];
  if (requests) parts.push(`${opened} of ${requests} opened without faults`);
  for (const { requests: left, reason } of cannot) parts.push(`${left} were not: ${reason}`);
  if (next !== null) parts.push('there are more, for "tributary webhooks replay"');
  return parts.join('; ') || 'There was nothing to open again';
}

document.addEventListener('click', (event) => {
  for (const open of document.querySelectorAll('details.ask[open]'))
    if (!open.contains(event.target)) open.removeAttribute('open');
  const button = event.target.closest('[data-post]');
  if (!button || busy.has(button)) return;
  const { post, method = 'POST', body, done, confirm: question } = button.dataset;
  if (question && !confirm(question)) return;
  send(button, post, { method, ...(body && asJson(JSON.parse(body))) }, done);
});

document.addEventListener('submit', (event) => {
  const form = event.target;
  const { api, method = 'POST', done, confirm: question } = form.dataset;
  if (isEnded && form.method === 'post') {
    event.preventDefault();
    return sessionEnded();
  }
  if (!api) return;
  event.preventDefault();
  if (busy.has(form) || (question && !confirm(question))) return;
  send(form, api, { method, ...asJson(bodyOf(form)) }, done);
});

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    const open = event.target.closest('details.ask[open]');
    open?.removeAttribute('open');
    open?.querySelector('summary').focus();
  }
  if (event.key === '/' && !event.target.closest('input, textarea, select')) {
    const field = document.querySelector('input[type=search]');
    if (field) event.preventDefault();
    field?.focus();
  }
});

document.addEventListener('change', (event) => {
  const { files, dataset } = event.target;
  if (!dataset.import || !files?.length) return;
  const [file] = files;
  const address = `${dataset.import}?name=${encodeURIComponent(file.name.slice(-200))}`;
  send(
    event.target.parentElement,
    address,
    { headers: { 'content-type': 'text/csv' }, body: file },
    `${file.name} is being imported`,
  );
  event.target.value = '';
});

if (everyMs > 0) {
  document.addEventListener('visibilitychange', lookedAt);
  if (!document.hidden) openStream();
  keepUp();
} else if (elements.live) elements.live.hidden = true;

// The service worker: it keeps the files of one version of the page, so that the page loads without a network. It never
// answers or keeps requests to a server (v1/), and its scope is the folder in which it is. While there is a network, files
// come from it, so a new version is shown at once.
//
// site.go replaces three names: VERSION, FILES with the names of the files to keep at once, and LATER with the names of the
// files to keep when they are first used.

const PATIENCE = 4000; // milliseconds to wait for the network if the file is kept
const OURS = `fieldlww ${new URL(registration.scope).pathname} `; // other sites of this origin have other names
const NAME = OURS + VERSION;

addEventListener('install', (event) => event.waitUntil(install()));
addEventListener('activate', (event) => event.waitUntil(activate()));
addEventListener('fetch', (event) => {
  const name = nameOf(event.request);
  if (FILES.includes(name) || LATER.includes(name)) event.respondWith(answer(event, name));
});

async function keep(cache, name, network) {
  const copy = (await network).clone();
  if (copy.ok) await cache.put(name, copy);
}

async function install() {
  const cache = await caches.open(NAME);
  await cache.addAll(FILES.map((name) => new Request(name || './', { cache: 'no-cache' })));
  await skipWaiting();
}

async function activate() {
  const all = await caches.keys();
  await Promise.all(all.filter((name) => name.startsWith(OURS) && name !== NAME).map((name) => caches.delete(name)));
  await clients.claim();
}

/** nameOf returns the name of a file of the page, '' for the page itself, or null for everything else. */
function nameOf({ method, url }) {
  const { href } = new URL('.', registration.scope);
  const { origin, pathname } = new URL(url);
  const address = origin + pathname;
  if (method !== 'GET' || !address.startsWith(href)) return null;
  const name = address.slice(href.length);
  return name === 'index.html' ? '' : name;
}

async function answer(event, name) {
  const cache = await caches.open(NAME);
  const kept = await cache.match(name || './', { ignoreVary: true });
  const network = fetch(event.request);
  if (LATER.includes(name)) event.waitUntil(keep(cache, name, network).catch(() => {})); // the page gets the answer without it too
  if (!kept) return network;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  const came = await Promise.race([network, late]).catch(() => undefined);
  return came?.ok ? came : kept;
}

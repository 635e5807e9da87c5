// Lets the page load without a network.

/** keepOffline registers the service worker, which keeps the files of the page. It rejects if the browser has none here. */
export async function keepOffline() {
  if (!navigator.serviceWorker) throw new Error('no service workers');
  await navigator.serviceWorker.register('sw.js');
}

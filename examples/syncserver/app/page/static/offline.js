// Lets the page load without its server.

/** keepOffline registers the service worker, which keeps the files of the page. If it cannot, the page says so. */
export async function keepOffline() {
  try {
    if (!isSecureContext) throw new Error('it was not loaded over HTTPS');
    await navigator.serviceWorker.register('sw.js');
  } catch (error) {
    const told = document.createElement('p');
    told.textContent = `This page cannot be loaded offline: ${error.message}. Its data is kept in this browser.`;
    document.querySelector('.legend').append(told);
  }
}

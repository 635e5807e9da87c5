// Measures a visit to the page from its beginning. The first card that is shown is edited at once.
// All times are milliseconds since the navigation.
globalThis.visit = async (tasks) => {
  const at = {};
  const find = (id) => document.querySelector(`[data-testid="${id}"]`);
  const counted = () => [...document.querySelectorAll('[data-testid^="column-"] .count')].reduce((sum, e) => sum + Number(e.textContent), 0);
  const edit = (due) => {
    const day = due.value === '2027-01-01' ? '2027-01-02' : '2027-01-01';
    due.value = day;
    due.dispatchEvent(new Event('change'));
    if (due.value !== day) throw new Error('the page did not accept an edit'); // it shows the stored value again
    at.usable = performance.now();
  };
  await new Promise((resolve, reject) => {
    const observer = new MutationObserver(() => {
      if (!at.card && find('task-due')) {
        at.card = performance.now();
        const painted = () => Promise.resolve(find('task-due')).then(edit).catch(reject);
        requestAnimationFrame(() => requestAnimationFrame(painted)); // browsers prefer frames, like the input of users, to timers
      }
      if (counted() < tasks) return;
      at.complete = performance.now();
      observer.disconnect();
      resolve();
    });
    observer.observe(document, { subtree: true, childList: true, characterData: true });
  });
  const requests = () => performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'));
  const pull = () => requests().find((r) => r.name.includes('/v1/pull'));
  while (!at.usable || !pull()) await new Promise((resolve) => setTimeout(resolve, 20)); // a request is listed once it has ended
  at.paint = performance.getEntriesByName('first-contentful-paint')[0].startTime;
  at.pull = pull().startTime;
  return { at, requests: requests().map((r) => ({ name: new URL(r.name).pathname, begun: r.startTime, bytes: r.transferSize })) };
};

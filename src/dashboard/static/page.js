/** The only script: copies text, lets durations run, and replaces what has changed on a live page. */
(() => {
  'use strict';

  /* Copy buttons. */
  const showButtons = (root) => {
    for (const button of root.querySelectorAll('button.copy')) button.hidden = !navigator.clipboard;
  };
  document.addEventListener('click', async (event) => {
    const button = event.target instanceof Element ? event.target.closest('button.copy') : null;
    if (button === null) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy ?? '');
      button.classList.add('copied');
      setTimeout(() => button.classList.remove('copied'), 1200);
    } catch {
      button.classList.add('refused');
    }
  });
  showButtons(document);

  /* Durations since a point in time, in the words of the server. */
  const elapsed = (ms) => {
    const seconds = Math.max(0, Math.round(ms / 1000));
    if (seconds < 60) return `${seconds}s`;
    const minutes = Math.floor(seconds / 60);
    const two = (number) => String(number).padStart(2, '0');
    if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`;
    return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
  };
  let aheadMs = 0;
  const tick = () => {
    for (const time of document.querySelectorAll('time[data-since]')) {
      const text = elapsed(Date.now() + aheadMs - Date.parse(time.dataset.since));
      if (time.textContent !== text) time.textContent = text;
    }
  };
  setInterval(tick, 1000);

  /* Live pages. */
  const address = document.body.dataset.events;
  if (address === undefined || !('EventSource' in window)) return;
  const policy = window.trustedTypes?.createPolicy('page', { createHTML: (text) => text });
  const parsed = (text) =>
    new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, 'text/html');

  const keyOf = (node) => (node.nodeType === 1 ? `${node.nodeName}#${node.id}` : node.nodeName);
  const isSame = (one, other) =>
    one !== undefined && other !== undefined && keyOf(one) === keyOf(other);

  /** Makes `old` like `fresh` and keeps what the visitor has opened, typed and selected. */
  const morph = (old, fresh) => {
    if (old.nodeType !== 1) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    if (old.hasAttribute('data-keep')) return;
    if (old.dataset.since !== undefined && old.dataset.since === fresh.dataset.since) return;
    const kept =
      old.nodeName === 'DETAILS' ? ['open'] : old.matches('button.copy') ? ['hidden', 'class'] : [];
    for (const { name } of [...old.attributes]) {
      if (!kept.includes(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (!kept.includes(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    const wanted = [...fresh.childNodes];
    wanted.forEach((child, index) => {
      const here = old.childNodes[index];
      if (isSame(here, child)) return morph(here, child);
      const later = child.id
        ? [...old.childNodes].slice(index).find((one) => isSame(one, child))
        : undefined;
      if (later !== undefined) {
        old.insertBefore(later, here ?? null);
        return morph(later, child);
      }
      old.insertBefore(document.importNode(child, true), here ?? null);
    });
    while (old.childNodes.length > wanted.length) old.lastChild.remove();
  };

  const live = document.getElementById('live');
  const show = (tone, text) => {
    if (live === null) return;
    live.hidden = false;
    live.className = `sign ${tone}`;
    live.textContent = text;
  };

  /* The number of the state on the page; it grows with each change. */
  let shown = Number(document.body.dataset.version);
  let wanted = shown;
  let isLoading = false;
  const load = async () => {
    if (isLoading || wanted <= shown) return;
    isLoading = true;
    try {
      const response = await fetch(location.href, { headers: { accept: 'text/html' } });
      if (!response.ok) throw new Error(String(response.status));
      const date = Date.parse(response.headers.get('date') ?? '');
      if (Math.abs(date - Date.now()) > 2000) aheadMs = date - Date.now();
      const fresh = parsed(await response.text());
      for (const id of ['health', 'announcement', 'main']) {
        const [old, next] = [document.getElementById(id), fresh.getElementById(id)];
        if (old !== null && next !== null) morph(old, next);
      }
      document.title = fresh.title;
      showButtons(document);
      shown = Number(fresh.body.dataset.version);
      show('good', '● live');
    } catch {
      show('warn', '○ not live: the page cannot be loaded');
      await new Promise((resolve) => setTimeout(resolve, 2000));
    } finally {
      isLoading = false;
    }
    // The state may have changed while this one was loaded.
    void load();
  };

  const source = new EventSource(address);
  source.addEventListener('state', (event) => {
    const { version, isStale } = JSON.parse(event.data);
    wanted = version;
    show(isStale ? 'warn' : 'good', isStale ? '○ Temporal does not answer' : '● live');
    void load();
  });
  source.addEventListener('error', () => {
    // Another server may answer next, with numbers of its own.
    shown = -Infinity;
    show('warn', '○ not live: connecting again');
  });
})();

// Light or dark, and whether the suggestions are shown. Both are remembered.

const THEME = 'fieldlww-theme';
const HINTS = 'fieldlww-hints-open';

/** startAppearance restores the theme that was chosen last, or uses the theme of the system. */
export function startAppearance() {
  startTheme();
  startHints();
}

function startTheme() {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const button = document.getElementById('theme');
  const draw = () => {
    const theme = localStorage.getItem(THEME) ?? (dark.matches ? 'dark' : 'light');
    document.documentElement.dataset.theme = theme;
    button.textContent = theme === 'dark' ? 'Light theme' : 'Dark theme';
  };
  button.addEventListener('click', () => {
    localStorage.setItem(THEME, document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
    draw();
  });
  dark.addEventListener('change', draw);
  draw();
}

function startHints() {
  const hints = document.getElementById('hints');
  const show = document.getElementById('show-hints');
  const hide = document.getElementById('hide-hints');
  const draw = () => {
    const open = localStorage.getItem(HINTS) === 'true';
    hints.hidden = !open;
    show.hidden = open;
  };
  const set = (open, focus) => {
    localStorage.setItem(HINTS, open);
    draw();
    focus.focus();
  };
  hide.addEventListener('click', () => set(false, show));
  show.addEventListener('click', () => set(true, hide));
  draw();
}

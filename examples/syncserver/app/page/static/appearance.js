// Light or dark.

const THEME = 'fieldlww-theme';

/** startAppearance restores the theme that was chosen last, or uses the theme of the system. */
export function startAppearance() {
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

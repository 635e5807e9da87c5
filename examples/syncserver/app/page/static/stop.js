// One stop of the Tab key for a card. Enter goes into the card, where the Tab key reaches its controls, and Escape goes
// back to it.

const CONTROLS = 'button, input, select, textarea';

/** oneStop makes a card one stop. Enter moves the focus to its first control. */
export function oneStop(card, first) {
  const reach = (inside) => {
    for (const control of card.querySelectorAll(CONTROLS)) control.tabIndex = inside ? 0 : -1;
  };
  card.tabIndex = 0;
  reach(false);
  card.addEventListener('focusin', ({ target }) => reach(target !== card));
  card.addEventListener('focusout', ({ relatedTarget }) => card.contains(relatedTarget) || reach(false));
  card.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.target === card) {
      event.preventDefault();
      first.focus();
    } else if (event.key === 'Escape' && event.target !== card) card.focus();
  });
}

/** labelStop tells a screen reader what the card is, and how to go in. */
export function labelStop(card, text) {
  card.setAttribute('aria-label', `${text}. Press Enter to change it`);
}

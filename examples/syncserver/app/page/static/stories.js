// The stories that the page can play, each as a function of the stage. They use ordinary edits, and the server is the
// real one. This script is loaded when the first story is played.

import { firstDay, nextFree, slotAt } from './rooms.js';
import { dayOf } from './zone.js';
import { Stage, Stuck, TITLES } from './stage.js';

export { Stuck };

const [, BLUE, RED, WHITE, GREEN] = TITLES;

// others returns titles that differ from the present one, the preferred ones first: a story may be played again.
const others = ({ left }, id, ...preferred) => [...preferred, ...TITLES].filter((title) => title !== left.replica.tables.tasks.get(id).data.title.value);

/** play plays a story. It rejects with Stuck if the story cannot go on. */
export const play = (name, page) => STORIES[name](new Stage(page));

const STORIES = { edit: editOneField, book: bookOneRoom, clock: breakClock, lose: loseAnswer };

async function editOneField(stage) {
  const { left, right } = stage;
  const id = await stage.task();
  const [first, second] = others(stage, id, BLUE, RED);
  stage.offline(left, right);
  await stage.say('Both devices go offline.');
  await stage.say(`${stage.name(right)} renames a task.`);
  await stage.rename(right, id, first);
  await stage.say(`Then ${stage.name(left)} renames it too, without having seen that.`);
  await stage.rename(left, id, second);
  await stage.say('Each edit waits on its own device: the cards are dashed.');
  stage.online(right);
  await stage.say(`${stage.name(right)} is online again, and sends its edit.`);
  stage.online(left);
  await stage.settled('tasks', id, 'title');
  await stage.say('So is the other one. The later edit won, on both sides.');
  await stage.explain(left, id, 'title', 'The mark says why it won, and what it replaced.');
}

async function bookOneRoom(stage) {
  const { left, right } = stage;
  const slot = nextFree(slotAt('Room B', firstDay(), 9), [...left.replica.tables.meetings.values()]);
  if (!slot) throw new Stuck();
  stage.day.set(dayOf(slot.start));
  stage.offline(left, right);
  await stage.say('Both devices go offline.');
  const ids = [];
  for (const [panel, title] of [[left, 'Planning'], [right, 'Budget']]) {
    const id = panel.replica.newId();
    ids.push(id);
    panel.replica.edit('meetings', id, { title, host: stage.name(panel).split(/['’]s /)[0], slot });
    await stage.until(() => stage.control(panel, id));
    stage.show(stage.control(panel, id));
    await stage.say(`${stage.name(panel)} books Room B for “${title}”.`);
  }
  stage.online(left, right);
  const banner = ({ replica, element }) => {
    const conflict = replica.violations.find((v) => ids.includes(v.recordId));
    return conflict && element.querySelector(`.violation[data-id="${CSS.escape(conflict.id)}"]`);
  };
  await stage.until(() => stage.panels.every(banner));
  stage.show(banner(right));
  await stage.say('Back online, both bookings are there. Nothing was refused or lost.');
  await stage.say('A banner on each device asks people to settle it.');
  banner(right).querySelector('[data-testid="violation-move"]').click();
  await stage.settled('meetings', ids[1], 'slot');
  await stage.until(() => !stage.panels.some(banner));
  stage.show(stage.control(right, ids[1]));
  await stage.say('One click moves a meeting. The conflict is gone on both sides.');
}

async function breakClock(stage) {
  const { left, right } = stage;
  const id = await stage.task();
  const [first, second] = others(stage, id, WHITE, GREEN);
  stage.show(left.part.clock);
  left.setClock(60);
  await stage.say(`The clock of ${stage.name(left)} is set an hour ahead.`);
  await stage.rename(left, id, first);
  await stage.until(() => left.replica.waiting === 0 && left.replica.offset !== 0);
  await stage.say('The answer of the server shows that this clock is wrong.');
  await stage.say('The device corrects its time, and stamps its edit again.');
  await stage.settled('tasks', id, 'title');
  await stage.say(`Now ${stage.name(right)} renames the same task.`);
  await stage.rename(right, id, second);
  await stage.settled('tasks', id, 'title');
  await stage.say('Its edit really is later, so it stands. The wrong clock did not win.');
}

async function loseAnswer(stage) {
  const { left, right } = stage;
  const id = await stage.task();
  const [title] = others(stage, id, RED);
  await stage.say(`${stage.name(left)} sends an edit, and the answer gets lost.`);
  left.sync.loseAnswer(true);
  left.sync.addEventListener('lost', () => stage.offline(left), { once: true });
  await stage.rename(left, id, title);
  await stage.until(() => !left.replica.device.online);
  await stage.until(() => right.replica.tables.tasks.get(id).data.title.value === title);
  stage.show(stage.control(right, id));
  await stage.say(`The server has stored it: ${stage.name(right)} shows it.`);
  stage.show(stage.control(left, id));
  await stage.say(`${stage.name(left)} cannot know that, so its edit still waits.`);
  stage.online(left);
  await stage.settled('tasks', id, 'title');
  await stage.say('It sends the edit again. Nothing happens twice, and nothing is lost.');
}

package browsertest_test

import (
	"fmt"
	"slices"
	"strings"
)

// text returns the text of the element in the panel that has the given test ID.
func (p *panel) text(name string) string {
	p.t.Helper()
	return eval[string](p.screen, p.find(name)+".textContent")
}

// openProjects opens the list of private projects, or closes it.
func (p *panel) openProjects(open bool) {
	p.t.Helper()
	isOpen := p.find("projects") + ".parentElement.open"
	if eval[bool](p.screen, isOpen) != open {
		p.click(p.find("projects"))
	}
	p.await("the list is open or closed", func() bool { return eval[bool](p.screen, isOpen) == open })
}

// project returns a JavaScript expression for the private project with the given name in the list.
func (p *panel) project(name string) string {
	return fmt.Sprintf(`[...%s.querySelectorAll('[data-testid="project"]')].find((e) => e.querySelector('[data-testid="project-title"]').value === %q)`, p.element(), name)
}

// member returns a JavaScript expression for a member of a project in the list.
func (p *panel) member(project, person string) string {
	return fmt.Sprintf(`[...%s?.querySelectorAll('[data-testid="member"]') ?? []].find((e) => e.firstElementChild.textContent.startsWith(%q))`, p.project(project), person)
}

// Projects returns the names of the private projects, and the members of each, as "Ben’s laptop: Reader".
func (p *panel) Projects() map[string][]string {
	p.t.Helper()
	return eval[map[string][]string](p.screen, after("project.js", fmt.Sprintf(`Object.fromEntries([...%s.querySelectorAll('[data-testid="project"]')].map((e) => [
		e.querySelector('[data-testid="project-title"]').value,
		[...e.querySelectorAll('[data-testid="member"]')].map((m) => {
			const role = m.querySelector('select');
			return m.firstElementChild.textContent + ': ' + (role ? role.selectedOptions[0].text : m.querySelector('.fixed').textContent);
		}).sort(),
	]))`, p.element())))
}

// isIn waits until the user is in the private projects with these names.
func (p *panel) isIn(names ...string) {
	p.t.Helper()
	p.await(fmt.Sprintf("the %s side is in the projects %q", p.side, names), func() bool {
		projects := p.Projects()
		for _, name := range names {
			if _, ok := projects[name]; !ok {
				return false
			}
		}
		return len(projects) == len(names)
	})
}

// MakeProject makes a private project.
func (p *panel) MakeProject(name string) {
	p.t.Helper()
	p.openProjects(true)
	p.write(p.find("project-name"), name)
	p.await("the project is made", func() bool { return len(p.Projects()[name]) == 1 })
	p.openProjects(false)
}

// Admit makes the other side a member of a project.
func (p *panel) Admit(project, person, role string) {
	p.t.Helper()
	p.openProjects(true)
	in := p.project(project)
	p.await("the person can be chosen", func() bool { return p.offers(in+`.querySelector('[data-testid="new-member"]')`, person) })
	p.pick(in+`.querySelector('[data-testid="new-member"]')`, person)
	p.pick(in+`.querySelector('[data-testid="new-role"]')`, role)
	p.click(in + `.querySelector('[data-testid="add-member"]')`)
	p.await("the person is a member", func() bool { return p.hasMember(project, person+": "+role) })
	p.openProjects(false)
}

// Promote changes the role of a member.
func (p *panel) Promote(project, person, role string) {
	p.t.Helper()
	p.openProjects(true)
	p.change(p.member(project, person)+`?.querySelector('[data-testid="member-role"]')`, role)
	p.await("the member has the role", func() bool { return p.hasMember(project, person+": "+role) })
	p.await("the server has answered", func() bool { return !strings.HasPrefix(p.text("projects-note"), "Asking") })
	p.openProjects(false)
}

// change chooses an option of a list without the keyboard and without moving the focus, once the list offers it.
func (p *panel) change(list, text string) {
	p.t.Helper()
	p.await("the list offers "+text, func() bool { return p.offers(list, text) })
	eval[any](p.screen, fmt.Sprintf(`((list) => {
		list.value = [...list.options].find((o) => o.text === %q).value;
		list.dispatchEvent(new Event('input'));
		list.dispatchEvent(new Event('change'));
	})(%s)`, text, list))
}

// Expel takes the membership away.
func (p *panel) Expel(project, person string) {
	p.t.Helper()
	p.openProjects(true)
	p.click(p.member(project, person) + `?.querySelector('[data-testid="take"]')`)
	p.await("the person is no longer a member", func() bool { return !eval[bool](p.screen, p.member(project, person)+" !== undefined") })
	p.openProjects(false)
}

func (p *panel) hasMember(project, member string) bool {
	for _, m := range p.Projects()[project] {
		if strings.ReplaceAll(m, " (you)", "") == member {
			return true
		}
	}
	return false
}

// Move puts a task into a project, or for everyone.
func (p *panel) Move(title, project string) {
	p.t.Helper()
	list := p.inTask(title, "task-project")
	p.await("the project can be chosen", func() bool { return p.offers(list, project) })
	p.pick(list, project)
}

// offers reports whether a list has an option with the given text.
func (p *panel) offers(list, text string) bool {
	return eval[bool](p.screen, fmt.Sprintf(`[...%s?.options ?? []].some((o) => o.text === %q)`, list, text))
}

// pick chooses the option of a list with the given text.
func (p *panel) pick(list, text string) {
	p.t.Helper()
	p.choose(list, eval[string](p.screen, fmt.Sprintf(`[...%s.options].find((o) => o.text === %q).value`, list, text)))
}

// counts returns the number of notices that contain a text.
func (p *panel) counts(text string) (n int) {
	p.t.Helper()
	for _, notice := range p.shown().Notices {
		if strings.Contains(notice, text) {
			n++
		}
	}
	return n
}

// isReadOnly reports whether the card of a task offers nothing that would change it.
func (p *panel) isReadOnly(title string) bool {
	p.t.Helper()
	return eval[bool](p.screen, fmt.Sprintf(`((card) => {
		const controls = [...card.querySelectorAll('input, textarea, select, .remove, .handle')].filter((e) => e.checkVisibility());
		return controls.length > 0 && controls.every((e) => e.readOnly || e.disabled) && card.querySelector('[data-testid="read-only"]').checkVisibility();
	})(%s)`, p.task(title)))
}

// isQuiet waits until the side is in sync.
func (p *panel) isQuiet() {
	p.t.Helper()
	p.await("the "+p.side+" side is in sync", func() bool { return p.shown().settled() })
}

// garden makes the private project Garden on the right side, with a task that only the right side sees.
func (s *screen) garden(title string) {
	s.t.Helper()
	s.right.MakeProject("Garden")
	s.right.AddTask(title)
	s.await("the left side has the task", func() bool { return slices.Contains(s.left.Titles(), title) })
	s.right.Move(title, "Garden")
	s.await("the task has left the left side", func() bool { return !slices.Contains(s.left.Titles(), title) })
	s.right.isQuiet()
}

// stored is what the page keeps of one side on disk.
func (p *panel) stored() string {
	p.t.Helper()
	p.saved()
	return eval[string](p.screen, fmt.Sprintf(`(async () => {
		const result = (request) => new Promise((resolve, reject) => {
			request.onsuccess = () => resolve(request.result);
			request.onerror = () => reject(request.error);
		});
		const kept = [];
		for (const { name } of await indexedDB.databases()) {
			if (!name.startsWith('fieldlww-demo-%s')) continue;
			const database = await result(indexedDB.open(name));
			for (const store of database.objectStoreNames) kept.push(JSON.stringify(await result(database.transaction(store).objectStore(store).getAll())));
			database.close();
		}
		return kept.join('\n');
	})()`, p.side))
}

package browsertest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// use lets another program merge on one side, and waits until it does.
func (p *panel) use(program string) {
	p.screen.t.Helper()
	if program == "webassembly" {
		_, err := replicaProgram() // building it takes longer than the patience of a test, on a busy machine
		require.NoError(p.screen.t, err)
	}
	p.screen.click(p.find("menu"))
	p.screen.choose(p.find("program"), program)
	p.screen.await("the program is loaded", func() bool {
		return eval[bool](p.screen, "!"+p.find("program")+".disabled")
	})
	require.Equal(p.screen.t, program, p.program())
	p.screen.click(p.find("menu"))
}

// program returns the program that merges on one side.
func (p *panel) program() string { return eval[string](p.screen, p.find("program")+".value") }

// TestPageMergesInTwoLanguages: a side goes over from the client in JavaScript to the replica in Go and back, with edits
// that wait and without losing any, and both sides have the same digest.
func TestPageMergesInTwoLanguages(t *testing.T) {
	s := visit(t)
	s.left.AddTask("Paint the fence")
	s.agree()
	s.left.Online(false)
	s.left.SetTitle("Paint the fence", "Paint it red")
	s.left.AddTask("Buy paint")
	s.left.Waits(2)
	s.left.use("webassembly")
	s.left.Waits(2)
	s.left.SetTitle("Buy paint", "Buy red paint")
	s.right.SetTitle("Paint the fence", "Paint it blue")
	s.left.Online(true)
	s.agree()
	require.ElementsMatch(t, []string{"Paint it blue", "Buy red paint"}, s.left.Titles())

	s.reload()
	require.Equal(t, "webassembly", s.left.program())
	s.left.SetTitle("Paint it blue", "Paint it green")
	s.agree()
	require.Contains(t, s.right.Why("Paint it green", "title"), "It replaced ‘Paint it blue’, written by Ben’s laptop")
	s.left.use("javascript")
	s.left.SetTitle("Buy red paint", "Buy green paint")
	s.agree()
	require.ElementsMatch(t, []string{"Paint it green", "Buy green paint"}, s.right.Titles())
}

// TestPageGoesOnWithoutTheProgram: if the program in Go cannot be loaded, the side says so and goes on with the client in
// JavaScript, now and after a reload.
func TestPageGoesOnWithoutTheProgram(t *testing.T) {
	if *webAssembly {
		t.Skip("SKIPPED, NOT PASSED: -webassembly")
	}
	s := visit(t)
	s.left.use("webassembly")
	s.network.breakProgram()
	eval[any](s, `caches.keys().then((names) => Promise.all(names.map((name) => caches.delete(name))))`) // the browser keeps the program
	s.reload()
	require.Equal(t, "javascript", s.left.program())
	s.right.click(s.right.find("menu"))
	s.right.change(s.right.find("program"), "Go (WebAssembly)") // it may be the other one again at once
	s.right.IsTold("could not be loaded")
	s.right.click(s.right.find("menu"))
	require.Equal(t, "javascript", s.right.program())
	s.right.AddTask("Paint the fence")
	s.agree()
}

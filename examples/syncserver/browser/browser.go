// Package browser drives a headless Chromium, for the tests of the page and for the load
// command.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// ErrMissing says that no Chromium is installed.
var ErrMissing = errors.New("no Chromium is installed: neither chromium, chromium-browser nor google-chrome")

// OtherMachine is a name under which a page from this machine comes, for the browser, from
// another one: over plain HTTP it lacks what browsers give to pages that they trust.
const OtherMachine = "machine.test"

// Browser is a running Chromium with a profile of its own, which is a machine of its own
// to the pages that it shows.
type Browser struct {
	ctx   context.Context
	close []func()
}

// Start starts a Chromium, which ends with the context.
func Start(ctx context.Context) (*Browser, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	profile, err := os.MkdirTemp("", "browser")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		chromedp.NoSandbox, // which root may not use
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP "+OtherMachine+" 127.0.0.1"),
		chromedp.WindowSize(1440, 1000),
	)
	allocated, stop := chromedp.NewExecAllocator(ctx, options...)
	started, cancel := chromedp.NewContext(allocated)
	b := &Browser{ctx: started, close: []func(){cancel, stop, func() { os.RemoveAll(profile) }}}
	if err := chromedp.Do(started); err != nil {
		b.Close()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return b, nil
}

// find returns the path of a Chromium.
func find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrMissing
}

// Close ends the browser and removes its profile.
func (b *Browser) Close() {
	for _, f := range b.close {
		f()
	}
}

// Tab is a page in a Browser.
type Tab struct {
	ctx    context.Context
	Close  func()
	mu     sync.Mutex
	errors []string
}

// Open opens an address in a new tab.
func (b *Browser) Open(address string) (*Tab, error) { return b.open(address) }

// OpenFresh opens an address in a tab that shares no storage with any other.
func (b *Browser) OpenFresh(address string) (*Tab, error) {
	return b.open(address, chromedp.WithNewBrowserContext())
}

func (b *Browser) open(address string, options ...chromedp.ContextOption) (*Tab, error) {
	ctx, cancel := chromedp.NewContext(b.ctx, options...)
	t := &Tab{ctx: ctx, Close: cancel}
	if err := t.open(address); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

func (t *Tab) open(address string) error {
	if err := chromedp.Do(t.ctx); err != nil { // makes the tab
		return err
	}
	if err := chromedp.Listen(t.ctx, t.listen); err != nil {
		return err
	}
	return t.Do(chromedp.Navigate(address))
}

// listen keeps what goes wrong in the page.
func (t *Tab) listen(event any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
		t.errors = append(t.errors, text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			text := "console:"
			for _, arg := range e.Args {
				text += " " + string(arg.Value)
			}
			t.errors = append(t.errors, text)
		}
	}
}

// Errors returns the exceptions that nobody caught, and what was logged as an error.
func (t *Tab) Errors() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.errors)
}

// limit is how long anything may take.
const limit = 30 * time.Second

// Do runs actions, one after the other.
func (t *Tab) Do(actions ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(t.ctx, limit)
	defer cancel()
	return chromedp.Do(ctx, actions...)
}

// Eval returns what a JavaScript expression is, or what its promise comes to.
func Eval[T any](t *Tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(t.ctx, limit)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Wait waits until a JavaScript expression is true.
func (t *Tab) Wait(condition string) error {
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		ok, err := Eval[bool](t, "Boolean("+condition+")")
		if ok {
			return nil
		}
		if time.Now().After(end) {
			return errors.Join(fmt.Errorf("it did not come to this: %s", condition), err)
		}
	}
}

// Screenshot writes a picture of what the tab shows to a file.
func (t *Tab) Screenshot(name string) error {
	ctx, cancel := context.WithTimeout(t.ctx, limit)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	return os.WriteFile(name, png, 0o644)
}

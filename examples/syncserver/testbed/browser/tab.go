package browser

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Tab is a page in a Browser. Its methods act like a user with a keyboard and a mouse.
type Tab struct {
	Close  func()
	driver driver
	mu     sync.Mutex
	errors []string
}

// driver has the operations that differ between browsers.
type driver interface {
	eval(expression string) (json.RawMessage, error)
	press(keys string, held kb.Modifier) error
	point(x, y float64, click bool) error
	reload() error
	front() error
}

// limit is how long a single operation may take. On a busy machine, the start of a browser can take more than half a minute.
const limit = 2 * time.Minute

// Eval evaluates a JavaScript expression and returns its value. If the value is a promise, Eval
// waits for it and returns its result.
func Eval[T any](t *Tab, expression string) (value T, err error) {
	text, err := t.driver.eval(expression)
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	return value, err
}

// Press presses keys one after another, as package kb names them, while the modifier is held down.
// The modifier 0 means none.
func (t *Tab) Press(keys string, held kb.Modifier) error { return t.driver.press(keys, held) }

// Click clicks at a position in the window.
func (t *Tab) Click(x, y float64) error { return t.driver.point(x, y, true) }

// Point moves the mouse to a position in the window.
func (t *Tab) Point(x, y float64) error { return t.driver.point(x, y, false) }

// Reload loads the page again.
func (t *Tab) Reload() error { return t.driver.reload() }

// Front brings the tab to the front.
func (t *Tab) Front() error { return t.driver.front() }

// Do runs Chromium actions one after another. In any other browser it returns
// errors.ErrUnsupported.
func (t *Tab) Do(actions ...chromedp.Action[chromedp.Void]) error {
	if c, ok := t.driver.(chromium); ok {
		return c.do(actions...)
	}
	return errors.ErrUnsupported
}

// Wait waits until a JavaScript expression is true.
func (t *Tab) Wait(condition string) error {
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		ok, err := Eval[bool](t, "Boolean("+condition+")")
		if ok {
			return nil
		}
		if time.Now().After(end) {
			return errors.Join(fmt.Errorf("the condition did not become true: %s", condition), err)
		}
	}
}

// fail records an error of the page.
func (t *Tab) fail(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errors = append(t.errors, text)
}

// Errors returns the uncaught exceptions of the page and the messages that it logged as errors.
func (t *Tab) Errors() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.errors)
}

// Screenshot writes a PNG image of the tab to a file. In any browser but Chromium it returns
// errors.ErrUnsupported.
func (t *Tab) Screenshot(name string) error {
	c, ok := t.driver.(chromium)
	if !ok {
		return errors.ErrUnsupported
	}
	png, err := run(c, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	return os.WriteFile(name, png, 0o644)
}

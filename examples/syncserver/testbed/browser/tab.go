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

// Tab is a page in a Browser, with the keyboard and the mouse of its user.
type Tab struct {
	Close  func()
	driver driver
	mu     sync.Mutex
	errors []string
}

// driver is what each browser does in a way of its own.
type driver interface {
	eval(expression string) (json.RawMessage, error)
	press(keys string, held kb.Modifier) error
	point(x, y float64, click bool) error
	reload() error
	front() error
}

// limit is how long anything may take.
const limit = 30 * time.Second

// Eval returns what a JavaScript expression is, or what its promise comes to.
func Eval[T any](t *Tab, expression string) (value T, err error) {
	text, err := t.driver.eval(expression)
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	return value, err
}

// Press presses keys, one after the other, as package kb names them, while another one is held
// down. Zero means that none is.
func (t *Tab) Press(keys string, held kb.Modifier) error { return t.driver.press(keys, held) }

// Click clicks at a place in the window.
func (t *Tab) Click(x, y float64) error { return t.driver.point(x, y, true) }

// Point moves the mouse to a place in the window.
func (t *Tab) Point(x, y float64) error { return t.driver.point(x, y, false) }

// Reload loads the page again.
func (t *Tab) Reload() error { return t.driver.reload() }

// Front brings the tab to the front.
func (t *Tab) Front() error { return t.driver.front() }

// Do runs actions of Chromium, one after the other. The error is errors.ErrUnsupported in another
// browser.
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
			return errors.Join(fmt.Errorf("it did not come to this: %s", condition), err)
		}
	}
}

// fail keeps what goes wrong in the page.
func (t *Tab) fail(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errors = append(t.errors, text)
}

// Errors returns the exceptions that nobody caught, and what was logged as an error.
func (t *Tab) Errors() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.errors)
}

// Screenshot writes a picture of what the tab shows to a file, in Chromium.
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

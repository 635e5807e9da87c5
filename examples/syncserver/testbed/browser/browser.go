// Package browser drives a headless Chromium or Firefox, for the tests of the page and for the
// load command.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/chromedp/chromedp"
)

// ErrMissing reports that a browser is not installed.
var ErrMissing = errors.New("the browser is not installed")

// OtherMachine is a host name that the browser resolves to this machine, but treats as another
// machine. Over plain HTTP, a page from this host is not a secure context, so it lacks the
// features that browsers reserve for secure contexts.
const OtherMachine = "machine.test"

// Browser is a running browser with its own profile. To the pages that it shows, it is a separate
// machine.
type Browser struct {
	tabs interface {
		open(address string, fresh bool) (*Tab, error)
	}
	close []func()
}

// Start starts a headless Chromium, which ends with the context.
func Start(ctx context.Context) (*Browser, error) {
	path, err := find("chromium", "chromium-browser", "google-chrome")
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
		chromedp.NoSandbox, // Chromium refuses to run its sandbox as root
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP "+OtherMachine+" 127.0.0.1"),
		chromedp.WindowSize(1440, 1000),
	)
	allocated, stop := chromedp.NewExecAllocator(ctx, options...)
	started, cancel := chromedp.NewContext(allocated)
	b := &Browser{tabs: chromium{started}, close: []func(){cancel, stop, func() { os.RemoveAll(profile) }}}
	if err := chromedp.Do(started); err != nil {
		b.Close()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return b, nil
}

// find returns the path of the first browser that is installed under one of the names.
func find(names ...string) (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: found none of %s", ErrMissing, strings.Join(names, ", "))
}

// Close ends the browser and removes its profile.
func (b *Browser) Close() {
	for _, f := range b.close {
		f()
	}
}

// Open opens an address in a new tab.
func (b *Browser) Open(address string) (*Tab, error) { return b.tabs.open(address, false) }

// OpenFresh opens an address in a new tab that shares no storage with any other tab.
func (b *Browser) OpenFresh(address string) (*Tab, error) { return b.tabs.open(address, true) }

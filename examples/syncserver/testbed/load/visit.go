package main

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdpnetwork "github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/browser"
)

//go:embed visit.js
var visitScript string

// visit is the first visit of a browser to the page, as visit.js measures it.
type visit struct {
	// At has milliseconds since the navigation.
	At struct {
		Paint    float64 // the first text was painted
		Usable   float64 // a task was shown, and the page accepted an edit of it
		Pull     float64 // the first pull was sent
		Complete float64 // the page counted all tasks
	}
	Requests []request // that have ended
}

// request is a request of the page.
type request struct {
	Name  string  // the path
	Begun float64 // in milliseconds since the navigation
	Bytes float64 // on the wire
}

// pause is the time between two visits, in which the page and the browser end what the earlier visit began.
const pause = 2 * time.Second

// visits measures the first visit of a browser to the page on a network. In the first round the browser is still
// starting, so it does not count.
func (r *run) visits(b *browser.Browser, n network) ([]figure, error) {
	var paint, usable, complete []time.Duration
	var v visit
	for i := range 1 + r.rounds {
		time.Sleep(pause)
		var err error
		if v, err = r.visit(b, n); err != nil {
			return nil, err
		}
		if i > 0 {
			paint = append(paint, milliseconds(v.At.Paint))
			usable = append(usable, milliseconds(v.At.Usable))
			complete = append(complete, milliseconds(v.At.Complete-v.At.Pull))
		}
	}
	early, earlyBytes := v.sum(func(q request) bool { return q.isFile() && q.Begun < v.At.Paint })
	files, fileBytes := v.sum(request.isFile)
	_, program := v.sum(request.isProgram)
	_, data := v.sum(func(q request) bool { return q.Name == "/v1/pull" && q.Begun < v.At.Complete })
	return []figure{
		timed("a browser: first paint", paint, 0),
		timed("a browser: a task is shown and was edited", usable, n.usable),
		timed("a browser: all data, since the pull", complete, n.complete),
		counted("files of the page asked for before the first paint", early, 0),
		counted("  their bytes", earlyBytes, mostEarly),
		counted("files of the page", files, mostFiles),
		counted("  their bytes", fileBytes, mostBytes),
		counted("bytes of WebAssembly", program, 0),
		counted("bytes of data", data, 0),
	}, nil
}

func (q request) isProgram() bool { return strings.HasSuffix(q.Name, ".wasm") }

func (q request) isFile() bool { return !strings.HasPrefix(q.Name, "/v1/") && !q.isProgram() }

// sum returns the number of some requests, and their bytes.
func (v visit) sum(is func(request) bool) (n, bytes float64) {
	for _, q := range v.Requests {
		if is(q) {
			n++
			bytes += q.Bytes
		}
	}
	return n, bytes
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// visit opens the page with one device in a tab without a history, over a network that Chromium emulates.
func (r *run) visit(b *browser.Browser, n network) (v visit, err error) {
	tab, err := b.OpenFresh("about:blank")
	if err != nil {
		return v, err
	}
	defer tab.Close()
	if err := tab.Do(emulate(n), chromedp.Navigate(r.server.URL+"/?only=left")); err != nil {
		return v, err
	}
	return browser.Eval[visit](tab, fmt.Sprintf("visit(%d)", r.tasks))
}

// emulate makes a tab use a network, and measure each document.
func emulate(n network) chromedp.Action[chromedp.Void] {
	bytes := float64(n.bytes)
	if bytes == 0 {
		bytes = -1 // as many as possible
	}
	line := &cdpnetwork.Conditions{Latency: float64(n.latency.Milliseconds()), DownloadThroughput: bytes, UploadThroughput: bytes}
	return func(ctx context.Context, t *chromedp.Target) (void chromedp.Void, err error) {
		if _, err = cdp.Call(ctx, t, cdpnetwork.Enable, cdpnetwork.EnableParams{}); err != nil {
			return void, err
		}
		rules := cdpnetwork.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*cdpnetwork.Conditions{line}}
		if _, err = cdp.Call(ctx, t, cdpnetwork.EmulateNetworkConditionsByRule, rules); err != nil {
			return void, err
		}
		_, err = cdp.Call(ctx, t, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: visitScript})
		return void, err
	}
}

package browser

import (
	"context"
	"encoding/json"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// chromium drives Chromium or one of its tabs.
type chromium struct{ ctx context.Context }

func (c chromium) open(address string, fresh bool) (*Tab, error) {
	var options []chromedp.ContextOption
	if fresh {
		options = append(options, chromedp.WithNewBrowserContext())
	}
	ctx, cancel := chromedp.NewContext(c.ctx, options...)
	t := &Tab{driver: chromium{ctx}, Close: cancel}
	if err := t.openChromium(ctx, address); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

func (t *Tab) openChromium(ctx context.Context, address string) error {
	if err := chromedp.Do(ctx); err != nil { // creates the tab
		return err
	}
	if err := chromedp.Listen(ctx, t.listen); err != nil {
		return err
	}
	return t.Do(chromedp.Navigate(address))
}

// listen records the errors of the page.
func (t *Tab) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
		t.fail(text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			text := "console:"
			for _, arg := range e.Args {
				text += " " + string(arg.Value)
			}
			t.fail(text)
		}
	}
}

func (c chromium) do(actions ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(c.ctx, limit)
	defer cancel()
	return chromedp.Do(ctx, actions...)
}

func run[T any](c chromium, action chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(c.ctx, limit)
	defer cancel()
	return chromedp.Run(ctx, action)
}

func (c chromium) eval(expression string) (json.RawMessage, error) {
	text, err := run(c, chromedp.Evaluate[string]("Promise.resolve("+expression+").then((v) => JSON.stringify(v) ?? 'null')", chromedp.EvalAwaitPromise))
	return json.RawMessage(text), err
}

func (c chromium) press(keys string, held kb.Modifier) error {
	if held == 0 {
		return c.do(chromedp.KeyEvent(keys))
	}
	return c.do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(held)))
}

func (c chromium) point(x, y float64, click bool) error {
	if click {
		return c.do(chromedp.MouseClickXY(x, y))
	}
	return c.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y))
}

func (c chromium) reload() error { return c.do(chromedp.Reload()) }

func (c chromium) front() error {
	return c.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, page.BringToFront, cdp.Empty{})
		return chromedp.Void{}, err
	})
}

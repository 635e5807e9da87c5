package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// preferences switches off background activity of Firefox that has nothing to do with the page.
const preferences = `user_pref("network.dns.localDomains", "` + OtherMachine + `");
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("services.settings.server", "data:,#remote-settings-dummy/v1");
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
`

// StartFirefox starts a headless Firefox, which ends with the context.
func StartFirefox(ctx context.Context) (*Browser, error) {
	path, err := find("firefox", "firefox-esr")
	if err != nil {
		return nil, err
	}
	profile, err := os.MkdirTemp("", "browser")
	if err != nil {
		return nil, err
	}
	f := &firefox{waiting: make(map[int]chan reply), opened: make(map[string]*Tab)}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", profile, "--width=1440", "--height=1000", "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+profile)
	b := &Browser{tabs: f, close: []func(){cancel, func() { cmd.Wait() }, func() { os.RemoveAll(profile) }}}
	err = os.WriteFile(filepath.Join(profile, "user.js"), []byte(preferences), 0o644)
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		err = f.connect(ctx, filepath.Join(profile, "WebDriverBiDiServer.json"))
	}
	if err != nil {
		b.Close()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return b, nil
}

// firefox is the connection to a Firefox, over the WebDriver BiDi protocol.
type firefox struct {
	conn    *websocket.Conn
	mu      sync.Mutex
	last    int
	waiting map[int]chan reply
	opened  map[string]*Tab // by context
}

// reply is a message from Firefox: the result of a command, or an event.
type reply struct {
	ID      int             `json:"id"`
	Type    string          `json:"type"`
	Result  json.RawMessage `json:"result"`
	Error   string          `json:"error"`
	Message string          `json:"message"`
	Params  struct {
		Level, Text string
		Source      struct{ Context string }
	} `json:"params"`
}

type params = map[string]any

// connect waits for the file that contains the port, and starts a session.
func (f *firefox) connect(ctx context.Context, portFile string) error {
	var at struct {
		Host string `json:"ws_host"`
		Port int    `json:"ws_port"`
	}
	for end := time.Now().Add(limit); at.Port == 0; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(portFile)
		if err == nil {
			err = json.Unmarshal(text, &at)
		}
		if err != nil && time.Now().After(end) {
			return err
		}
	}
	conn, _, err := websocket.Dial(ctx, fmt.Sprintf("ws://%s:%d/session", at.Host, at.Port), nil)
	if err != nil {
		return err
	}
	conn.SetReadLimit(-1)
	f.conn = conn
	go f.read(ctx)
	prompts := params{"unhandledPromptBehavior": params{"default": "accept"}}
	if err := f.call("session.new", params{"capabilities": params{"alwaysMatch": prompts}}, nil); err != nil {
		return err
	}
	return f.call("session.subscribe", params{"events": []string{"log.entryAdded"}}, nil)
}

func (f *firefox) read(ctx context.Context) {
	for {
		var r reply
		if err := wsjson.Read(ctx, f.conn, &r); err != nil {
			return
		}
		f.mu.Lock()
		waits, tab := f.waiting[r.ID], f.opened[r.Params.Source.Context]
		delete(f.waiting, r.ID)
		f.mu.Unlock()
		switch {
		case r.Type != "event" && waits != nil:
			waits <- r
		case r.Type == "event" && r.Params.Level == "error" && tab != nil:
			tab.fail(r.Params.Text)
		}
	}
}

// call sends a command and reads its result.
func (f *firefox) call(method string, p params, result any) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	answered := make(chan reply, 1)
	f.mu.Lock()
	f.last++
	id := f.last
	f.waiting[id] = answered
	f.mu.Unlock()
	if err := wsjson.Write(ctx, f.conn, params{"id": id, "method": method, "params": p}); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	case r := <-answered:
		if r.Type == "error" {
			return fmt.Errorf("%s: %s: %s", method, r.Error, r.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(r.Result, result)
	}
}

func (f *firefox) open(address string, fresh bool) (*Tab, error) {
	var made struct{ UserContext, Context string }
	create := params{"type": "tab"}
	if fresh {
		if err := f.call("browser.createUserContext", params{}, &made); err != nil {
			return nil, err
		}
		create["userContext"] = made.UserContext
	}
	if err := f.call("browsingContext.create", create, &made); err != nil {
		return nil, err
	}
	context := made.Context
	t := &Tab{driver: firefoxTab{f, context}}
	t.Close = func() { f.call("browsingContext.close", params{"context": context}, nil) }
	f.mu.Lock()
	f.opened[context] = t
	f.mu.Unlock()
	if err := f.call("browsingContext.navigate", params{"context": context, "url": address, "wait": "complete"}, nil); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// firefoxTab drives a tab of Firefox.
type firefoxTab struct {
	*firefox
	context string
}

func (t firefoxTab) eval(expression string) (json.RawMessage, error) {
	var answer struct {
		Type             string
		Result           struct{ Value string }
		ExceptionDetails struct{ Text string }
	}
	err := t.call("script.evaluate", params{
		"expression": "Promise.resolve(" + expression + ").then((v) => JSON.stringify(v) ?? 'null')",
		"target":     params{"context": t.context}, "awaitPromise": true,
	}, &answer)
	if err == nil && answer.Type == "exception" {
		err = errors.New(answer.ExceptionDetails.Text)
	}
	return json.RawMessage(answer.Result.Value), err
}

// keys maps keys of package kb to their WebDriver codes.
var keys = map[string]string{
	kb.Enter: "\ue007", kb.Tab: "\ue004", kb.Escape: "\ue00c", kb.Backspace: "\ue003", kb.End: "\ue010", kb.Home: "\ue011",
	kb.ArrowLeft: "\ue012", kb.ArrowUp: "\ue013", kb.ArrowRight: "\ue014", kb.ArrowDown: "\ue015",
}

func (t firefoxTab) press(text string, held kb.Modifier) error {
	var actions []params
	hold := map[kb.Modifier]string{kb.ModifierShift: "\ue008", kb.ModifierCtrl: "\ue009"}[held]
	if hold != "" {
		actions = append(actions, params{"type": "keyDown", "value": hold})
	}
	for _, r := range text {
		key := string(r)
		if name, ok := keys[key]; ok {
			key = name
		}
		actions = append(actions, params{"type": "keyDown", "value": key}, params{"type": "keyUp", "value": key})
	}
	if hold != "" {
		actions = append(actions, params{"type": "keyUp", "value": hold})
	}
	return t.perform(params{"type": "key", "id": "keyboard", "actions": actions})
}

func (t firefoxTab) point(x, y float64, click bool) error {
	actions := []params{{"type": "pointerMove", "x": math.Round(x), "y": math.Round(y)}}
	if click {
		actions = append(actions, params{"type": "pointerDown", "button": 0}, params{"type": "pointerUp", "button": 0})
	}
	return t.perform(params{"type": "pointer", "id": "mouse", "actions": actions})
}

func (t firefoxTab) perform(source params) error {
	return t.call("input.performActions", params{"context": t.context, "actions": []params{source}}, nil)
}

func (t firefoxTab) reload() error {
	return t.call("browsingContext.reload", params{"context": t.context, "wait": "complete"}, nil)
}

func (t firefoxTab) front() error {
	return t.call("browsingContext.activate", params{"context": t.context}, nil)
}

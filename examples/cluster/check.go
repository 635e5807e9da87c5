package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/fieldlww/fieldlww/record"
)

// check compares what is stored with what was acknowledged, and prints what it finds.
func check(ctx context.Context, t *trio, c *crew) error {
	stored, err := pullAll(ctx, t.all[0].url, c.followers[0].Token)
	if err != nil {
		return err
	}
	wanted, unanswered := 0, 0
	for _, w := range c.writers {
		n, err := w.check(stored)
		if err != nil {
			return err
		}
		unanswered += n
		wanted += len(w.acknowledged)
	}
	others := othersOf(c, stored)
	if tasks := wanted + unanswered + others; len(stored) != tasks {
		return fmt.Errorf("%d records are stored, and not %d: a record exists that no client made", len(stored), tasks)
	}
	fmt.Printf("chaos: all %d acknowledged pushes are stored, each once; without an answer, %d more are stored\n", wanted, unanswered)
	for i, f := range c.followers {
		if err := f.Pull(ctx); err != nil {
			return fmt.Errorf("the last pull from %s: %w", t.all[i].name, err)
		}
		for key, r := range stored {
			if got := f.Replica.Shown(key); !got.Equal(r) {
				return fmt.Errorf("the follower of %s has\n%s\nand should have\n%s", t.all[i].name, got.AppendJSON(nil), r.AppendJSON(nil))
			}
		}
	}
	fmt.Printf("chaos: the %d clients that pulled meanwhile, each from another server, have these %d records: one for each push, and %d that many pushes write\n", len(c.followers), len(stored), others)
	return nil
}

// check returns how many pushes of the client are stored without having been acknowledged: 0 or 1. It returns an error
// unless all acknowledged ones are stored, with both of their records.
func (w *writer) check(stored map[record.Key]record.Record) (unanswered int, err error) {
	for _, key := range w.acknowledged {
		if _, ok := stored[key]; !ok {
			return 0, fmt.Errorf("an acknowledged write is LOST: %s", key)
		}
	}
	count := w.count
	if _, ok := stored[w.pending]; ok {
		unanswered, count = 1, w.next
		w.last = w.since
	}
	if got, _ := stored[shared()].Get(w.field()); w.last != "" {
		if text, _ := got.Value.Text(); text != w.last {
			return 0, fmt.Errorf("an acknowledged write of a FIELD is lost: %s of %s is %q and should be %q", w.field(), shared(), text, w.last)
		}
	}
	if got := stored[count.Key()]; !got.Equal(count) && count.Len() > 0 {
		return 0, fmt.Errorf("a batch is TORN: the record %s is\n%s\nand should be\n%s", count.Key(), got.AppendJSON(nil), count.AppendJSON(nil))
	}
	return unanswered, nil
}

// othersOf returns how many records are stored that are not tasks of one push.
func othersOf(c *crew, stored map[record.Key]record.Record) (n int) {
	keys := []record.Key{shared()}
	for _, w := range c.writers {
		keys = append(keys, w.count.Key())
	}
	for _, key := range keys {
		if _, ok := stored[key]; ok {
			n++
		}
	}
	return n
}

// pullAll pulls all records as a new client does. It fails if a record comes twice.
func pullAll(ctx context.Context, server, token string) (map[record.Key]record.Record, error) {
	all := make(map[record.Key]record.Record)
	for cursor, more := "", true; more; {
		text, err := get(ctx, server+"/v1/pull?limit=10000&cursor="+url.QueryEscape(cursor), token)
		if err != nil {
			return nil, err
		}
		var decoder record.Decoder
		for line := range bytes.Lines(text) {
			var l struct {
				Table, Cursor string
				More          bool
			}
			if err := json.Unmarshal(line, &l); err != nil {
				return nil, err
			}
			if l.Cursor != "" {
				cursor, more = l.Cursor, l.More
			}
			if l.Table == "" {
				continue
			}
			m, err := decoder.Mutation(line)
			if err != nil {
				return nil, err
			}
			if _, ok := all[m.Data.Key()]; ok {
				return nil, fmt.Errorf("a pull brings %s twice", m.Data.Key())
			}
			all[m.Data.Key()] = m.Data
		}
	}
	return all, nil
}

// get returns the answer to a request.
func get(ctx context.Context, url, token string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", answer.StatusCode, text)
	}
	return text, err
}

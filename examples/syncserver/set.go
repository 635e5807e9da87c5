package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldlww/fieldlww/examples/syncserver/server"
	"github.com/fieldlww/fieldlww/record"
	"github.com/fieldlww/fieldlww/violation"
)

// set edits fields of a record, as a write of the server itself.
func set(ctx context.Context, s settings) error {
	key := record.Key{Table: s.words[0], ID: s.words[1]}
	changes, err := parseChanges(s.words[2:])
	if err != nil {
		return err
	}
	return onWorkspace(ctx, s, func(srv *server.Server) error {
		done, err := srv.Write(ctx, s.workspace, key, func(e *record.Edit) error {
			if e.Seen().Len() == 0 && !s.create {
				return fmt.Errorf("%s is not stored: check the table and the ID, or use -create", key)
			}
			for _, c := range changes {
				c.apply(e)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("write to %s: %w", s.workspace, err)
		}
		printWritten(done)
		return done.Report.Err
	})
}

// change is the change of a field.
type change struct {
	field string
	value record.Value
}

// parseChanges reads arguments such as done=true, title="x", due= and $deleted=true.
func parseChanges(words []string) (all []change, err error) {
	for _, word := range words {
		field, text, ok := strings.Cut(word, "=")
		if !ok || field == "" {
			return nil, fmt.Errorf("an argument is not FIELD=JSON, such as done=true: %w", errUsage)
		}
		if slices.ContainsFunc(all, func(c change) bool { return c.field == field }) {
			return nil, fmt.Errorf("the field %q occurs twice: %w", field, errUsage)
		}
		c := change{field, record.Deletion()}
		if text != "" {
			if c.value, err = record.ParseValue([]byte(text)); err != nil {
				return nil, fmt.Errorf("the value of %q is not JSON, such as true, 7 or '\"a text\"' with both quotes: %w", field, errUsage)
			}
		}
		if _, isBool := c.value.Bool(); field == record.DeletedField && !isBool {
			return nil, fmt.Errorf("%s takes true, which deletes the record, or false, which restores it: %w", field, errUsage)
		}
		all = append(all, c)
	}
	return all, nil
}

// apply makes the change in an edit.
func (c change) apply(e *record.Edit) {
	deletes, _ := c.value.Bool()
	switch {
	case c.field != record.DeletedField:
		e.Set(c.field, c.value)
	case deletes:
		e.DeleteRecord()
	default:
		e.RestoreRecord()
	}
}

// printWritten prints what a write of the server did, without values.
func printWritten(done server.Written) {
	for d := range done.Answer.Decisions() {
		fmt.Println(d)
	}
	for _, u := range done.Report.Updates {
		if v, err := violation.Parse(u.After); err == nil {
			fmt.Printf("the violation %s of %s is %s\n", v.Type, v.Record(), v.Status)
		}
	}
	fmt.Printf("stored with the sequence %d\n", done.Seq)
}

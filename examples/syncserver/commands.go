package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/fieldlww/fieldlww/examples/syncserver/server"
)

// settings holds the parsed command line. Flags may appear before the name of a command, after it,
// and after the workspace.
type settings struct {
	address, database, open, hosts string
	origins, erasures, metrics     string
	named                          bool // -erasures was given
	journal, verbose, dry, proxy   bool
	create                         bool
	retention, level               number
	command                        command
	workspace                      string   // empty for the server itself
	words                          []string // the arguments after the workspace
}

// command is a command of the program.
type command struct {
	name  string // "" for the server itself
	about string
	flags []string // the flags that have an effect
	run   func(context.Context, settings) error
	words string // the other arguments, as in the usage; [X] may be left out, and X… may be repeated
	like  string // an example of these arguments
}

// commands returns all commands, beginning with the server itself.
func commands() []command {
	return []command{
		{"", "serves the clients and the page", []string{"addr", "db", "host", "journal", "level", "metrics", "open", "origin", "proxy", "retention", "v"}, serve, "", ""},
		{"journal", "prints the journal of a workspace, for examples/replay", []string{"db"}, journal, "WORKSPACE", "demo"},
		{"audit", "derives all violations of a workspace again", []string{"db", "v"}, audit, "WORKSPACE", "demo"},
		{"repair", "restamps stored writes that are too far ahead", []string{"db", "n", "v"}, repair, "WORKSPACE", "demo"},
		{"restored", "gives each workspace a new epoch, and repeats the erasures, after a restore from a backup", []string{"db", "erasures"}, restored, "", ""},
		{"set", "sets fields of a record as the server itself; FIELD= deletes a field, and '$deleted=true' deletes the record", []string{"create", "db", "v"}, set, "WORKSPACE TABLE ID FIELD=JSON…", `demo tasks 42 'title="Buy milk"' points=3`},
		{"import", "brings rows over from another system: JSON Lines on the standard input, each an object of columns with the ID of the record as id; see IMPORTING.md", []string{"create", "db", "v"}, importRows, "WORKSPACE TABLE NAME", "demo tasks crm"},
		{"erase", "erases records of a table, with all values and field names", []string{"db", "erasures"}, erase, "WORKSPACE TABLE ID…", "demo tasks 42"},
		{"invite", "prints an invitation link to a workspace, with the host of -addr; a device that opens a link for a user acts as this user", []string{"addr", "db"}, invite, "WORKSPACE [USER]", "demo"},
		{"members", "prints the members of the buckets of a workspace, with their roles", []string{"db"}, members, "WORKSPACE", "demo"},
		{"grant", "makes a user a member of a bucket, or changes the role", []string{"db", "v"}, grant, "WORKSPACE USER BUCKET ROLE", "demo ana project/42 writer"},
		{"revoke", "ends the membership of a user in buckets", []string{"db", "v"}, revoke, "WORKSPACE USER BUCKET…", "demo ana project/42"},
		{"signout", "refuses all tokens that a user has so far", []string{"db", "v"}, signOut, "WORKSPACE USER", "demo ana"},
	}
}

// maxRetention is about 100 years. The greatest time.Duration is about 292 years.
const maxRetention = 36500

// number is the value of a flag that takes a whole number.
type number struct {
	value       int
	of          string // what it counts, such as " of days", or empty
	least, most int
}

// String implements flag.Value. The flag package also calls it on a zero number.
func (n *number) String() string { return strconv.Itoa(n.value) }

// Set implements flag.Value.
func (n *number) Set(text string) error {
	value, err := strconv.Atoi(text)
	if err != nil || value < n.least || value > n.most {
		return fmt.Errorf("it takes a whole number%s from %d to %d", n.of, n.least, n.most)
	}
	n.value = value
	return nil
}

// errUsage reports an invalid command line.
var errUsage = errors.New("run syncserver -h for help")

// parse parses a command line. If the user asks for help, parse prints it and returns
// flag.ErrHelp.
func parse(args []string, out io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("syncserver", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&s.address, "addr", "127.0.0.1:8080", "the `address` to listen on; 0.0.0.0:8080 admits other machines")
	flags.StringVar(&s.database, "db", "syncserver.db", "the `database`: a file for SQLite, or the URL of PostgreSQL (postgres://…)")
	flags.StringVar(&s.erasures, "erasures", "", "the `file` that remembers what was erased; for SQLite, the default is the name of the database followed by .erasures")
	flags.StringVar(&s.hosts, "host", "", "the host `names` that a proxy passes on in requests, separated by commas; * for any")
	flags.StringVar(&s.open, "open", "demo", "the `workspace` that anyone may join; empty for none")
	flags.BoolVar(&s.journal, "journal", true, "keep a journal of all pushes, including the values that users wrote, for the retention and in at most 1 GiB a workspace; -journal=false keeps none, and the page then shows no history")
	flags.StringVar(&s.metrics, "metrics", "", "the `address` at which Prometheus reads the metrics, at the path /metrics, such as 127.0.0.1:9090; empty for none. Anyone who can reach it can read them")
	flags.BoolVar(&s.create, "create", false, "create the workspace and, for set, the record if they do not exist")
	flags.BoolVar(&s.dry, "n", false, "list the writes to repair, and change nothing")
	flags.StringVar(&s.origins, "origin", "", "the `origins` whose web pages may use the server too, such as https://app.example.com, separated by commas")
	flags.BoolVar(&s.proxy, "proxy", false, "the server is behind a proxy: the last address in X-Forwarded-For is the client's")
	s.retention = number{value: 90, of: " of days", most: maxRetention}
	flags.Var(&s.retention, "retention", "how many `days` deleted data is kept; 0 means for ever")
	s.level = number{value: 1, least: 1, most: 2}
	flags.Var(&s.level, "level", "the `level` of purging: after the retention, 1 keeps the fact that a record was deleted, 2 keeps nothing")
	flags.BoolVar(&s.verbose, "v", false, "log every push and every decision, with all attributes")
	words, err := parseAnywhere(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		help(out, flags, words)
		return s, err
	}
	if err != nil {
		return s, fmt.Errorf("%w: %w", err, errUsage)
	}
	name := ""
	if len(words) > 0 {
		name, words = words[0], words[1:]
	}
	if s.command, err = find(name); err != nil {
		return s, err
	}
	if err := s.command.refuse(flags); err != nil {
		return s, err
	}
	if s.named = s.erasures != ""; !s.named && !server.IsPostgres(s.database) {
		s.erasures = s.database + ".erasures"
	}
	return s, s.take(words)
}

// refuse returns an error if a flag was given that has no effect.
func (c command) refuse(flags *flag.FlagSet) (err error) {
	flags.Visit(func(f *flag.Flag) {
		if !slices.Contains(c.flags, f.Name) {
			err = fmt.Errorf("%s has no flag -%s: %w", strings.TrimSpace("syncserver "+c.name), f.Name, errUsage)
		}
	})
	return err
}

// take takes the arguments of a command. Only the name of a bucket may be empty.
func (s *settings) take(words []string) error {
	c := s.command
	names := strings.Fields(c.words)
	least, most := len(names), len(names)
	for i, name := range names {
		switch {
		case strings.HasPrefix(name, "["):
			least--
		case strings.HasSuffix(name, "…"):
			most = max(most, len(words))
			names = append(names, slices.Repeat(names[i:], most-len(names))...)
		}
	}
	switch {
	case most == 0 && len(words) > 0:
		return fmt.Errorf("%s takes no arguments, but got %q: %w", c.name, words, errUsage)
	case len(words) < least || len(words) > most:
		return fmt.Errorf("%s takes %s, as in \"syncserver %s %s\", but got %q: %w", c.name, c.words, c.name, c.like, words, errUsage)
	}
	for i, word := range words {
		if word == "" && !strings.HasPrefix(names[i], "BUCKET") {
			return fmt.Errorf("%s got an empty argument for %s: %w", c.name, names[i], errUsage)
		}
	}
	if len(words) > 0 {
		s.workspace, s.words = words[0], words[1:]
	}
	return nil
}

// parseAnywhere parses flags that appear anywhere among the other arguments, the words, and returns
// the words. Each argument after -- is a word.
func parseAnywhere(flags *flag.FlagSet, args []string) (words []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return words, err
		}
		rest := flags.Args()
		if read := len(args) - len(rest); read > 0 && args[read-1] == "--" || len(rest) == 0 {
			return append(words, rest...), nil
		}
		words, args = append(words, rest[0]), rest[1:]
	}
}

// find returns the command with the given name.
func find(name string) (command, error) {
	var names []string
	for _, c := range commands() {
		if c.name == name {
			return c, nil
		}
		names = append(names, c.name)
	}
	return command{}, fmt.Errorf("unknown command %q: use one of %s, or no command to start the server: %w", name, strings.Join(names[1:], ", "), errUsage)
}

// help prints the usage of the program or of one command.
func help(out io.Writer, flags *flag.FlagSet, words []string) {
	shown := commands()
	if len(words) > 0 {
		if c, err := find(words[0]); err == nil {
			shown = []command{c}
		}
	}
	for i, c := range shown {
		start, line := "usage:", "syncserver [flags]"
		if i > 0 {
			start = "      "
		}
		if c.name != "" {
			line = strings.TrimSpace(fmt.Sprintf("syncserver %s [flags] %s", c.name, c.words))
		}
		fmt.Fprintf(out, "%s %-38s %s\n", start, line, c.about)
	}
	fmt.Fprintln(out)
	some := flag.NewFlagSet("", flag.ContinueOnError)
	some.SetOutput(out)
	flags.VisitAll(func(f *flag.Flag) {
		if slices.Contains(shown[0].flags, f.Name) {
			some.Var(f.Value, f.Name, f.Usage)
			some.Lookup(f.Name).DefValue = f.DefValue
		}
	})
	some.PrintDefaults()
}

package lawtest

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldlww/fieldlww/merge"
	"github.com/fieldlww/fieldlww/record"
)

// realHistory is the file of a real edit history, which may exist next to the checkout. It
// contains the edits that 41 authors made to the package.json files of one repository in three
// years. They worked on branches, and each author has a separate clock. Other programs computed
// the expected results.
const realHistory = "../../../../shared/data/jupyterlab-manifests.jsonl.gz"

// commit is one line of the file: the writes that one author made together, on top of the states
// of one or two parents.
type commit struct {
	Parents []int  `json:"parents"`
	Client  string `json:"client"`
	Wall    int64  `json:"wall_ms"`
	Writes  []struct {
		Record  string          `json:"record"`
		Field   string          `json:"field"`
		Value   json.RawMessage `json:"value"`
		Deleted bool            `json:"deleted"`
	} `json:"writes"`
}

// readHistory returns the commits, and the SHA-256 of the live fields at the head.
func readHistory(t *testing.T) (commits []commit, live string) {
	file, err := os.ReadFile(realHistory)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the file of the real edit history does not exist next to the checkout")
	}
	require.NoError(t, err)
	text, err := gzip.NewReader(bytes.NewReader(file))
	require.NoError(t, err)
	d := json.NewDecoder(text)
	var header struct {
		Commits int    `json:"commits"`
		Live    string `json:"live_sha256"`
	}
	require.NoError(t, d.Decode(&header))
	commits = make([]commit, header.Commits)
	for i := range commits {
		require.NoError(t, d.Decode(&commits[i]))
	}
	return commits, header.Live
}

// stamped returns the writes of each commit. The history has its own clock, which ticks on
// receive, unlike package clock. If days is set, stamps are whole days instead, so that they
// collide. If mergesWrite is not set, commits with two parents write nothing.
func stamped(commits []commit, mergesWrite, days bool) []history {
	readings := make([]int64, len(commits))
	out := make([]history, len(commits))
	for i, c := range commits {
		wall := c.Wall * 1_000_000
		var now int64
		if len(c.Parents) > 0 {
			now = readings[c.Parents[0]]
		}
		if len(c.Parents) > 1 {
			now = max(max(now, readings[c.Parents[1]])+1, wall)
		}
		if len(c.Parents) < 2 || mergesWrite {
			for _, w := range c.Writes {
				now = max(now+1, wall)
				e := entry{table: "manifests", id: w.Record, field: w.Field, time: now, deleted: w.Deleted, value: string(w.Value)}
				if days {
					e.time = c.Wall / 86_400_000 * 86_400_000 * 1_000_000
				}
				client, err := hex.DecodeString(strings.ReplaceAll(c.Client, "-", ""))
				if err != nil {
					panic(err)
				}
				copy(e.client[:], client)
				out[i] = append(out[i], e)
			}
		}
		readings[i] = now
	}
	return out
}

// published holds the figures of the history: the number of fields, the number of live fields, a
// hash of all fields with their stamps, and a hash of the live fields without stamps.
type published struct {
	leaves, live     int
	digest, liveHash string
}

func publish(state []entry) (p published) {
	var all, live []string
	quote := func(s string) string {
		text, _ := json.Marshal(s)
		return string(text)
	}
	for _, w := range state {
		line := quote(w.id) + "\t" + quote(w.field) + "\t" + w.value
		c := hex.EncodeToString(w.client[:])
		client := strings.Join([]string{c[:8], c[8:12], c[12:16], c[16:20], c[20:]}, "-")
		all = append(all, fmt.Sprintf("%s\t%d\t%s\n", line, w.time, client))
		if !w.deleted {
			live = append(live, line+"\n")
		}
	}
	hash := func(lines []string) string {
		slices.Sort(lines)
		return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(lines, ""))))
	}
	return published{len(all), len(live), hash(all), hash(live)}
}

// TestRealHistoryConvergesToPublishedState merges the real history in random orders and over
// random replicas. Every result must have the figures that other programs computed.
func TestRealHistoryConvergesToPublishedState(t *testing.T) {
	commits, live := readHistory(t)
	tests := []struct {
		name              string
		mergesWrite, days bool
		want              published
		ties              [2]int // number of fields decided by client ID, and number decided by value
	}{
		{"hybrid stamps", true, false, published{4096, 2331, "57ba4fc2dea32e79abb5e71a59da67036250eb57373af666128be0d9c0977f30", live}, [2]int{}},
		{"merge commits write nothing", false, false, published{4096, 2332, "3b94f809ddc43f4e4b8ab6eb31832c5a3ad3f3ec00fb1238b8950f9fdacadb55", ""}, [2]int{}},
		{"stamps of whole days", true, true, published{4096, 2426, "add12d0ddf56b2d6da11fb987bf707e2bb60d353226370ab60bb1d4fdb71e1cc", ""}, [2]int{20, 406}},
	}
	if testing.Short() {
		tests = tests[2:] // only the case with ties
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			writes := stamped(commits, test.mergesWrite, test.days)
			all := history(slices.Concat(writes...))
			want := all.winners()
			figures := publish(want)
			if test.want.liveHash == "" {
				figures.liveHash = ""
			}
			require.Equal(t, test.want, figures, "the oracle must reach the published figures")
			byClient, byValue := decidedBy(all)
			require.Equal(t, test.ties, [2]int{byClient, byValue})

			sum := digest(want)
			sent := ready(all)
			first := foldOf(t, sent)
			require.Equal(t, want, read(first))
			require.Equal(t, sum, first.Digest().String())
			mutations := mutationsOf(t, writes)
			seeds := uint64(20)
			if testing.Short() {
				seeds = 1
			}
			for seed := range seeds {
				rnd := rand.New(rand.NewPCG(seed, 0))
				rnd.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
				rnd.Shuffle(len(mutations), func(i, j int) { mutations[i], mutations[j] = mutations[j], mutations[i] })
				for _, c := range []merge.Collection{foldOf(t, sent), exchanged(t, mutations, rnd)} {
					require.True(t, c.Equal(first))
					require.True(t, slices.Equal(want, read(c)))
					require.Equal(t, sum, c.Digest().String())
				}
			}
		})
	}
}

// decidedBy returns the number of fields whose winner beat a write of another client at the same
// time, and the number of fields whose winner beat a write with the same stamp.
func decidedBy(h history) (byClient, byValue int) {
	places := map[[2]string]history{}
	for _, w := range h {
		places[[2]string{w.id, w.field}] = append(places[[2]string{w.id, w.field}], w)
	}
	for _, writes := range places {
		winner := writes.winners()[0]
		client, value := false, false
		for _, w := range writes {
			if w.time == winner.time && w != winner {
				value = value || w.client == winner.client
				client = client || w.client != winner.client
			}
		}
		if client {
			byClient++
		}
		if value {
			byValue++
		}
	}
	return byClient, byValue
}

// readyWrite is a write in the types of the library.
type readyWrite struct {
	key   record.Key
	field string
	value record.FieldValue
}

func ready(h history) []readyWrite {
	out := make([]readyWrite, len(h))
	for i, w := range h {
		out[i] = readyWrite{w.key(), w.field, w.fieldValue()}
	}
	return out
}

// foldOf folds all writes.
func foldOf(t *testing.T, writes []readyWrite) merge.Collection {
	var fold merge.Fold
	for _, w := range writes {
		_, err := fold.Write(w.key, w.field, w.value)
		require.NoError(t, err)
	}
	return fold.Collection()
}

// mutationsOf returns the writes as lines of JSON, with one mutation for each record that a
// commit writes.
func mutationsOf(t *testing.T, writes []history) (out [][]byte) {
	var b record.Builder
	for _, h := range writes {
		byID := map[string]map[string]record.FieldValue{}
		for _, w := range h {
			if byID[w.id] == nil {
				byID[w.id] = map[string]record.FieldValue{}
			}
			byID[w.id][w.field] = w.fieldValue()
		}
		for id, fields := range byID {
			data, err := b.Record(record.Key{Table: "manifests", ID: id}, maps.All(fields))
			require.NoError(t, err)
			out = append(out, append(record.Mutation{Data: data}.AppendJSON(nil), '\n'))
		}
	}
	slices.SortFunc(out, bytes.Compare)
	return out
}

// exchanged distributes the mutations to up to five replicas, which decode them and then exchange
// their states.
func exchanged(t *testing.T, mutations [][]byte, rnd *rand.Rand) merge.Collection {
	pushed := make([][]byte, 1+rnd.IntN(5))
	for _, m := range mutations {
		i := rnd.IntN(len(pushed))
		pushed[i] = append(pushed[i], m...)
	}
	var all merge.Collection
	for _, text := range pushed {
		c := decode(t, text)
		if rnd.IntN(2) == 0 {
			all = merge.Join(all, c)
		} else {
			all = merge.Join(c, merge.Delta(c, all))
		}
	}
	return all
}

package store

import (
	"fmt"
	"strconv"
	"strings"
)

// maxSubject is the greatest length of a subject, in bytes.
const maxSubject = 1024

// headName is the name of the head of a workspace, which is of KindRecord. No record has it, because
// names of records are hashes of 32 characters.
const headName = "h"

// subject returns the subject of a key: stream.w.workspace.kind.name, or stream.g.kind.name if the
// workspace is empty.
func (s *Store) subject(k Key) string {
	return s.workspace(k.Workspace) + string(k.Kind) + "." + encode(k.Name)
}

// state returns the subject of a copy of a state entry: see copies.go.
func (s *Store) state(k Key, copy int) string {
	return s.subject(k) + "." + strconv.Itoa(copy)
}

// head returns the subject of the head of a workspace.
func (s *Store) head(workspace string) string {
	return s.subject(Key{Workspace: workspace, Kind: KindRecord, Name: headName})
}

// kind returns the pattern of the subjects of a kind in a workspace.
func (s *Store) kind(workspace string, k Kind) string {
	return s.workspace(workspace) + string(k) + ".>"
}

// heads returns the pattern of the heads of all workspaces, except the one of the whole cluster.
func (s *Store) heads() string { return s.name + ".w.*." + string(KindRecord) + "." + headName }

// workspace returns the first tokens of the subjects of a workspace, up to the kind.
func (s *Store) workspace(name string) string {
	if name == "" {
		return s.name + ".g."
	}
	return s.name + ".w." + encode(name) + "."
}

// workspaceOf returns the workspace of a subject. It is empty for keys of the whole cluster.
func (s *Store) workspaceOf(subject string) string {
	rest, ok := strings.CutPrefix(subject, s.name+".w.")
	if !ok {
		return ""
	}
	token, _, _ := strings.Cut(rest, ".")
	return decode(token)
}

// encode turns a name into a token of a subject, which may hold neither dots, spaces nor wildcards.
func encode(name string) string {
	if name == "" {
		return "%"
	}
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; plain(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// decode reverses encode.
func decode(token string) string {
	var b strings.Builder
	for i := 0; i < len(token); i++ {
		if token[i] == '%' && i+2 < len(token) {
			c, _ := strconv.ParseUint(token[i+1:i+3], 16, 8)
			b.WriteByte(byte(c))
			i += 2
		} else if token[i] != '%' {
			b.WriteByte(token[i])
		}
	}
	return b.String()
}

// plain reports whether a byte stands for itself in a token.
func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

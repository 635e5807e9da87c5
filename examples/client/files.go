// Package client holds the files of the JavaScript client, for programs in Go that serve it to browsers. README.md
// describes the client.
package client

import (
	"embed"
	"io/fs"
)

//go:embed *.js src/*.js store/*.js
var files embed.FS

// Files returns the modules of the client: index.js, and the others under the names that package.json exports.
func Files() fs.FS { return files }

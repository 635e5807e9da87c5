// Command site writes the page as a static site, which any file server can serve. The server runs in the browser:
//
//	go run ./app/site FOLDER
//
// The folder is made if it does not exist. Files of an earlier version are replaced.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/page"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run ./app/site FOLDER")
	}
	files, err := page.Site()
	if err != nil {
		log.Fatal(err)
	}
	size := 0
	for name, content := range files {
		size += len(content)
		if err := write(filepath.Join(os.Args[1], filepath.FromSlash(name)), content); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Printf("%d files with %d kB in %s\n", len(files), size/1000, os.Args[1])
}

func write(path string, content []byte) error {
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644))
}

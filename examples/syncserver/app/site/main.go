// Command site writes the page as a static site, which any file server can serve. The server runs in the browser:
//
//	go run ./app/site FOLDER
//
// The folder is made if it does not exist. Files of an earlier version are replaced.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/fieldlww/fieldlww/examples/syncserver/app/page"
)

func main() {
	log.SetFlags(0)
	folder, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		fmt.Println(usage)
		return
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("compiling and compressing the program, which takes a minute or two the first time")
	files, err := page.Site()
	if err != nil {
		log.Fatal(err)
	}
	size := 0
	for name, content := range files {
		size += len(content)
		if err := write(filepath.Join(folder, filepath.FromSlash(name)), content); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Printf("%d files with %d kB in %s\n", len(files), size/1000, folder)
}

const usage = "usage: go run ./app/site FOLDER"

// parse returns the folder that a command line names. If the user asks for help, the error is flag.ErrHelp.
func parse(args []string) (folder string, err error) {
	flags := flag.NewFlagSet("site", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); err != nil {
		return "", err
	}
	if flags.NArg() != 1 {
		return "", errors.New(usage)
	}
	return flags.Arg(0), nil
}

func write(path string, content []byte) error {
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644))
}

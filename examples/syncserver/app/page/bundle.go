package page

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/fieldlww/fieldlww/examples/client"
	"github.com/fieldlww/fieldlww/examples/replay/timeline"
)

// The folders of the sources in the repository. The scripts of the page import the client by relative paths.
const (
	pageFolder   = "examples/syncserver/app/page/static"
	clientFolder = "examples/client"
)

// lateScripts returns the scripts that the page loads when it first needs them: for a story, a history, a lost edit, an edit
// that can be undone, a move, tags and votes, a private project, or the program in Go.
func lateScripts() []string {
	return append(siteScripts(), "history.js", "losses.js")
}

// siteScripts returns the late scripts that the static site has too. Its server keeps no journal and no lost edits.
func siteScripts() []string {
	return []string{"stories.js", "undo.js", "moves.js", "tags.js", "project.js", "webassembly.js"}
}

// historyStyle is the style of a history: of its dialog, and of the drawing.
const historyStyle = "history.css"

// darkTheme selects the page while it is dark, which may differ from the system. It must not outweigh the later rules for
// paper and high contrast.
const darkTheme = ":where(:root[data-theme=dark])"

// bundle returns the script and the style of the page, each with everything that it imports, in one small file, so that
// a browser needs few requests. The maps lead developers back to the sources.
func bundle() (map[string][]byte, error) {
	names := []string{pageFolder + "/main.js", pageFolder + "/page.css", pageFolder + "/" + historyStyle}
	for _, late := range lateScripts() {
		names = append(names, pageFolder+"/"+late)
	}
	return bundleOf(api.BuildOptions{EntryPoints: names, Sourcemap: api.SourceMapLinked})
}

// bundleOf builds entry points, each with everything that it imports, as small as possible. It returns the files by their
// names.
func bundleOf(o api.BuildOptions) (map[string][]byte, error) {
	o.Bundle, o.Target, o.Outdir = true, api.ES2022, "/"
	if o.Format == api.FormatDefault {
		o.Format = api.FormatESModule
	}
	o.MinifyWhitespace, o.MinifyIdentifiers, o.MinifySyntax = true, true, true
	o.Plugins = []api.Plugin{{Name: "embedded", Setup: readEmbedded}}
	result := api.Build(o)
	if len(result.Errors) > 0 {
		return nil, fmt.Errorf("page: %s", result.Errors[0].Text)
	}
	files := make(map[string][]byte)
	for _, f := range result.OutputFiles {
		files[path.Base(f.Path)] = f.Contents
	}
	return files, nil
}

// readEmbedded lets a build read the embedded files, and no others.
func readEmbedded(build api.PluginBuild) {
	const namespace = "embedded"
	build.OnResolve(api.OnResolveOptions{Filter: `^\.|^examples/`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		if name := strings.TrimPrefix(args.Path, "./"); name == runtimeFile || slices.Contains(lateScripts(), name) {
			return api.OnResolveResult{Path: args.Path, External: true}, nil
		}
		name := args.Path
		if args.Kind != api.ResolveEntryPoint {
			name = path.Join(path.Dir(args.Importer), args.Path)
		}
		return api.OnResolveResult{Path: name, Namespace: namespace}, nil
	})
	build.OnLoad(api.OnLoadOptions{Filter: `.`, Namespace: namespace}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		content, err := embeddedFile(args.Path)
		loader := map[string]api.Loader{".js": api.LoaderJS, ".css": api.LoaderCSS}[path.Ext(args.Path)]
		text := string(content)
		if path.Base(args.Path) == historyStyle {
			text += timeline.Style(darkTheme)
		}
		return api.OnLoadResult{Contents: &text, Loader: loader}, err
	})
}

// embeddedFile reads an embedded file by its path in the repository.
func embeddedFile(name string) ([]byte, error) {
	for folder, files := range map[string]embed.FS{pageFolder: static, siteFolder: site} {
		if name, ok := strings.CutPrefix(name, folder); ok {
			return files.ReadFile(path.Base(folder) + name)
		}
	}
	return fs.ReadFile(client.Files(), strings.TrimPrefix(name, clientFolder+"/"))
}

package page

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// siteFolder has the scripts that only the static site has.
const siteFolder = "examples/syncserver/app/page/site"

// policy is the policy of the static site, whose file server sends none. It permits the worker in which the server runs.
const policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; ` +
	`worker-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'">`

// Site returns the page as a static site: its files by their paths in a folder, which any file server can serve. The server
// runs in the browser. Site needs the go command and the source of the program for js/wasm.
func Site() (map[string][]byte, error) {
	built, err := Build() // the embedded program may be of an earlier version
	if err != nil {
		return nil, err
	}
	runtime, err := minify(string(built.Runtime))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"page/" + programFile + ".gz": built.Program, "page/" + runtimeFile: runtime}
	inputs := []api.EntryPoint{
		{InputPath: siteFolder + "/site.js", OutputPath: "main"},
		{InputPath: siteFolder + "/server.js", OutputPath: "server"},
		{InputPath: pageFolder + "/page.css", OutputPath: "page"},
	}
	for _, late := range siteScripts() {
		inputs = append(inputs, api.EntryPoint{InputPath: pageFolder + "/" + late, OutputPath: strings.TrimSuffix(late, ".js")})
	}
	scripts, err := bundleOf(api.BuildOptions{EntryPointsAdvanced: inputs})
	if err != nil {
		return nil, err
	}
	for name, content := range scripts {
		files["page/"+name] = content
	}
	for name, in := range map[string]string{"index.html": "", "icon.svg": "page/"} {
		files[in+name], _ = static.ReadFile("static/" + name) // cannot fail, because the file is embedded
	}
	html := strings.Replace(string(files["index.html"]), "<title>", policy+"\n<title>", 1)
	files["index.html"] = []byte(withoutIndents(html))
	files["sw.js"], err = serviceWorker(files, nil)
	return files, err
}

// withoutIndents returns a text without the space at the beginning of its lines.
func withoutIndents(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimLeft(line, " "))
	}
	return b.String()
}

// serviceWorker returns the script that keeps the given files, and later, when they are first used, the files with further
// names. Its version is the hash of the given files.
func serviceWorker(files map[string][]byte, later []string) ([]byte, error) {
	hash, names := sha256.New(), []string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(hash, "%s %d\n", name, len(files[name]))
		hash.Write(files[name])
		names = append(names, strings.TrimSuffix(name, "index.html")) // servers show it for the folder
	}
	list := func(names []string) string {
		text, _ := json.Marshal(append([]string{}, names...)) // names always have a JSON form
		return string(text)
	}
	scripts, err := bundleOf(api.BuildOptions{
		EntryPoints: []string{pageFolder + "/sw.js"},
		Format:      api.FormatIIFE,
		Define: map[string]string{
			"FILES": list(names), "LATER": list(later), "VERSION": fmt.Sprintf(`"%x"`, hash.Sum(nil)[:8]),
		},
	})
	return scripts["sw.js"], err
}

// minify makes a script small.
func minify(script string) ([]byte, error) {
	result := api.Transform(script, api.TransformOptions{MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true, Target: api.ES2022})
	if len(result.Errors) > 0 {
		return nil, fmt.Errorf("page: %s", result.Errors[0].Text)
	}
	return result.Code, nil
}

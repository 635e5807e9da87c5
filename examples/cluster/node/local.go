package node

import (
	"fmt"
	"path/filepath"

	"github.com/fieldlww/fieldlww/examples/syncserver/testbed/ports"
)

// Local returns the options of count nodes on this machine, in subfolders of dir, with free
// ports for their routes.
func Local(dir string, count int) ([]Options, error) {
	var all []Options
	for i := range count {
		name := fmt.Sprintf("node%d", i+1)
		all = append(all, Options{Name: name, Dir: filepath.Join(dir, name)})
	}
	if count == 1 {
		return all, nil
	}
	routes, err := ports.Reserve(count)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].Route, all[i].Peers, all[i].routes = routes.Addresses[i], routes.Addresses, routes
	}
	return all, nil
}

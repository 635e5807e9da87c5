package node

import (
	"fmt"
	"net"
	"path/filepath"
)

// Local returns the options of count nodes on this machine, in subfolders of dir, with free
// ports for their routes. Another process may take a port before the node starts.
func Local(dir string, count int) ([]Options, error) {
	var all []Options
	var routes []string
	for i := range count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer listener.Close()
		routes = append(routes, listener.Addr().String())
		name := fmt.Sprintf("node%d", i+1)
		all = append(all, Options{Name: name, Dir: filepath.Join(dir, name)})
	}
	if count == 1 {
		return all, nil
	}
	for i := range all {
		all[i].Route, all[i].Peers = routes[i], routes
	}
	return all, nil
}
